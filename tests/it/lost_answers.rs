//! F09. An answer that is lost: what was asked for was done, and is not done again.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::simulator::scene::Variant;

use crate::support::scene;

/// Plays the clean change while one kind of request fails in one way, some times; then all is well again for a while.
async fn with_fault(system: &str, how: &str, on: &str, times: u32) {
    let fault = format!(
        "[[timeline]]\nfail = {{ system = \"{system}\", how = \"{how}\", on = \"{on}\", times = {times} }}\n\n\
         [[timeline]]\ncreate_ticket = {{ key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }}\n\n\
         [[timeline]]\npass = \"1m\"\n[[timeline]]\npass = \"5m\"\n[[timeline]]\npass = \"10m\"\n"
    );
    let ticket = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
    let played = scene("clean-change").with(ticket, &fault).play(Variant::Scene).await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    let seen = (outcome.transitions.len(), outcome.comments.len(), outcome.messages.len(), outcome.replies.len());
    assert_eq!(seen, (1, 1, 1, 0), "{system} {how} on {on:?}: {}", outcome.why());
    let links = outcome.ticket.unwrap().remote_links.len();
    assert_eq!(links, 1, "{system} {how} on {on:?}");
    played.stop().await;
}

/// Every way in which a single request can fail.
const ALL: [&str; 5] = ["loses_answers", "down", "login_page", "rate_limited", "reset"];

/// Those that are tried again at once, so that people never hear of them.
const PASSING: [&str; 3] = ["loses_answers", "down", "reset"];

macro_rules! lost {
    ($($test:ident: $system:literal, $on:literal, $ways:expr);* $(;)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                for how in $ways {
                    with_fault($system, how, $on, 1).await;
                }
            }
        )*
    };
}

lost! {
    f09_of_the_transition: "jira", "POST /rest/api/3/issue/PRODCM-412/transitions", ALL;
    f09_of_the_comment: "jira", "POST /rest/api/3/issue/PRODCM-412/comment", ALL;
    f09_of_the_link: "jira", "POST /rest/api/3/issue/PRODCM-412/remotelink", ALL;
    f09_of_the_message: "slack", "POST /api/chat.postMessage", ALL;
    f09_of_the_ticket: "jira", "GET /rest/api/3/issue/", ALL;
    f09_of_the_search: "jira", "POST /rest/api/3/search/jql", PASSING;
    f09_of_the_range: "github", "/compare/", PASSING;
    f09_of_the_reviews: "github", "POST /graphql", PASSING;
    f09_of_the_scans: "github", "/code-scanning/", PASSING;
}
