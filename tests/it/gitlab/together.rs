//! What GitLab does not tell is not known, and not known is never yes.

use super::{change, end, is_held};
use crate::support::TestScene;
use cm_bot::simulator::scene::Variant;

/// GitLab refuses some of the questions from before the ticket on.
fn without(on: &str) -> TestScene {
    let fail = format!(
        "[[timeline]]\nfail = {{ system = \"gitlab\", how = \"not_found\", on = \"{on}\" }}\n[[timeline]]\ncreate_ticket"
    );
    change().with("[[timeline]]\ncreate_ticket", &fail)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_question_that_is_not_answered_holds() {
    let pull_requests = "GitLab does not know the pull requests of the commits, or does not let cm-bot see it";
    for (on, sentence) in [
        ("/approvals", pull_requests),
        ("/reviewers", pull_requests),
        ("/versions", pull_requests),
        ("/notes", pull_requests),
        ("/merge_requests/871/commits", pull_requests),
        ("/repository/branches/", "GitLab does not know the release branch, or does not let cm-bot see it"),
        ("/events", "GitLab has no record of who pushed it"),
        ("/members/all/", "Lee Wong may not push to the repository"),
        ("/api/graphql", "GitLab does not know the commits since the last approved change"),
        ("git-upload-pack", "GitLab does not know the commits since the last approved change"),
    ] {
        is_held(without(on), &[sentence]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_waits_while_gitlab_does_not_answer_and_is_approved_when_it_does() {
    let down = "[[timeline]]\nfail = { system = \"gitlab\", how = \"down\" }\n[[timeline]]\ncreate_ticket";
    let scene = change().with("[[timeline]]\ncreate_ticket", down);
    let back = "[[timeline]]\nrecover = { system = \"gitlab\" }\n[[timeline]]\npass = \"10m\"\n[[expect]]";
    let (played, outcome) = end(scene.clone().with("[[expect]]", back), Variant::Twin).await;
    assert_eq!(outcome.transitions, ["Approve"], "{}", outcome.comment_text());
    played.stop().await;
    is_held(scene, &["GitLab did not answer when asked for"]).await;
}
