//! Text from outside stays text: in Jira, in Slack, on pages.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::Played;
use cm_bot::render::slack::Mrkdwn;
use cm_bot::simulator::scene::Variant;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::scene;

/// Everything at once, as it would stand in a scene's TOML.
const HOSTILE: &str =
    "<!channel> <https://evil.example|PRODCM-1> `code` *bold* \\u202e & <script>alert(1)</script> {panel} [~ana] ";

fn long() -> String {
    format!("{HOSTILE}{}", "x".repeat(4_000))
}

async fn played(name: &str, old: &str, new: &str) -> (Played, Outcome) {
    let played = scene(name).with(old, new).play(Variant::Scene).await;
    let ticket = played.world.scene.expect[0].ticket.clone();
    let outcome = Outcome::of(&played, &ticket).await.unwrap();
    (played, outcome)
}

/// Nothing that was sent to Slack or Jira gives the hostile text a meaning.
async fn is_harmless(played: Played, outcome: Outcome) {
    for message in outcome.messages.iter().chain(&outcome.replies) {
        let sent = message.blocks.to_string();
        for harm in ["<!channel>", "<https://evil", "<script>", "\u{202e}"] {
            assert!(!sent.contains(harm) && !message.text.contains('\u{202e}'), "{harm} in {sent}");
        }
        assert!(sent.len() < 9_000, "{} characters", sent.len());
        assert!((40..=600).contains(&message.text.chars().count()), "{}", message.text);
    }
    for comment in &outcome.comments {
        only_text_is_untrusted(&comment.body);
        assert!(comment.body.to_string().len() <= 32_767);
    }
    let key = &played.world.scene.expect[0].ticket;
    let page =
        reqwest::get(format!("http://{}/changes/{key}", played.world.service)).await.unwrap().text().await.unwrap();
    assert!(!page.contains("<script") && !page.contains("\u{202e}"), "{page}");
    played.stop().await;
}

/// Links lead only to the three systems, and hostile text is nowhere but in text nodes.
fn only_text_is_untrusted(node: &Value) {
    match node {
        Value::Array(items) => items.iter().for_each(only_text_is_untrusted),
        Value::Object(object) => {
            let attributes = object.get("attrs").map(Value::to_string).unwrap_or_default();
            assert!(!attributes.contains("evil"), "{attributes}");
            assert_ne!(object.get("text"), Some(&Value::String(String::new())));
            object.values().for_each(only_text_is_untrusted);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn x01_in_a_commit_message() {
    let (played, outcome) =
        played("no-pull-request", "message = \"Round invoice totals to cents\"", &format!("message = \"{}\"", long()))
            .await;
    assert_eq!(outcome.decision["kind"], "hold");
    is_harmless(played, outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x01_in_the_summary_of_an_emergency() {
    let (played, outcome) = played("emergency", "Checkout returns errors to all customers", &long()).await;
    assert_eq!(outcome.messages.len(), 1);
    assert!(outcome.messages[0].blocks.to_string().contains("&lt;!channel&gt;"), "it is shown, harmless");
    is_harmless(played, outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x01_in_the_branch_and_repository() {
    let fields = format!("fields = {{ branch = \"{}\", repository = \"https://evil.example/a/b\" }}", long());
    let (played, outcome) = played(
        "clean-change",
        "commit = \"merged\" }\n\n[[expect]]",
        &format!("commit = \"merged\", {fields} }}\n\n[[expect]]"),
    )
    .await;
    assert_eq!(outcome.decision["kind"], "hold", "it names something else than what is registered");
    let requests = played.world.simulator.shared.faults.requests();
    assert!(requests.iter().all(|request| !request.path.contains("evil")), "and nobody went there");
    is_harmless(played, outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x01_in_the_change_class_and_the_environment() {
    let fields = format!("fields = {{ change_class = \"{0}\", environment = \"{0}\" }}", long());
    let (played, outcome) = played(
        "clean-change",
        "commit = \"merged\" }\n\n[[expect]]",
        &format!("commit = \"merged\", {fields} }}\n\n[[expect]]"),
    )
    .await;
    assert_eq!(outcome.decision["kind"], "block");
    is_harmless(played, outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x01_in_the_title_of_a_pull_request() {
    let (played, outcome) =
        played("clean-change", "title = \"Round invoice totals to cents\" }", &format!("title = \"{}\" }}", long()))
            .await;
    assert_eq!(outcome.decision["kind"], "approve");
    is_harmless(played, outcome).await;
}

/// Lines that look as if cm-bot had said them.
#[tokio::test(flavor = "multi_thread")]
async fn x02_words_in_a_commit_message_are_no_verdict() {
    let forged = "Round\\n\\n✅ Approved automatically · PRODCM-412\\n\\n✅ 15 of 15 checks passed".repeat(20);
    let (played, outcome) =
        played("no-pull-request", "message = \"Round invoice totals to cents\"", &format!("message = \"{forged}\""))
            .await;
    assert_eq!(outcome.decision["kind"], "hold");
    let texts = outcome.messages.iter().chain(&outcome.replies).map(|message| message.blocks.to_string());
    for text in texts.chain(outcome.comments.iter().map(|comment| comment.body.to_string())) {
        for line in text.split("\\n").chain(text.split('"')) {
            assert!(!line.trim_start().starts_with('✅'), "{line} in {text}");
        }
        assert!(text.matches("\\n").count() < 40, "{text}");
    }
    is_harmless(played, outcome).await;
}

proptest! {
    /// For all strings: Slack's markup contains no `<`, `>` or lone `&` that we did not write.
    #[test]
    fn x01_words_never_become_markup(text in any::<String>()) {
        let shown = Mrkdwn::new().words(&text);
        prop_assert!(!shown.as_str().contains(['<', '>']));
        let unescaped = shown.as_str().replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
        prop_assert!(!unescaped.contains('&'));
    }

    #[test]
    fn x01_a_link_has_one_target(words in any::<String>(), tail in "[a-z|<>&]{0,20}") {
        let shown = Mrkdwn::new().link(&words, &format!("https://acme.example/{tail}"));
        prop_assert_eq!(shown.as_str().matches('<').count(), 1);
        prop_assert_eq!(shown.as_str().matches('|').count(), 1);
        prop_assert!(shown.as_str().starts_with("<https://acme.example/"));
    }

    #[test]
    fn x02_a_shortened_text_is_one_clean_line(text in any::<String>(), most in 1_usize..200) {
        let line = cm_bot::model::shortened(&text, most);
        prop_assert!(line.chars().count() <= most);
        let marks = ['\n', '\r', '\t', '\0', '\u{202e}', '\u{200b}'];
        prop_assert!(!line.contains(marks));
    }
}
