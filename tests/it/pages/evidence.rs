//! What an auditor sees of a period before asking for all of it.

use std::time::Duration;

use cm_bot::simulator::faults::Side;
use reqwest::StatusCode;

use super::{CAST, KEY, browser, happens, home, open, opens, says, with_everybody};
use crate::support::scene;

/// The month of the scenes.
const NOVEMBER: &str = "/evidence?from=2026-11-01&to=2026-11-30";

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_reads_the_numbers_the_totals_and_the_command() {
    let played = open(&with_everybody("clean-change"), |_| {}).await;
    let page = opens(&played, "aldo", "/evidence").await;
    says(&page, StatusCode::OK, "Every production change of a period, held against everything else that shows of it");
    for day in ["value=\"2026-10-01\"", "value=\"2026-10-31\""] {
        assert!(page.body.contains(day), "the month before is proposed: {}", page.body);
    }
    assert!(!page.text().contains("Control totals"), "nothing was asked for yet");
    let page = opens(&played, "aldo", NOVEMBER).await;
    for words in [
        "Production changes, 2026-11-01 to 2026-11-30",
        "tickets 2 gate answers 0 runs not watched, or not read deployments not watched, or not read",
        "Not compared: Where billing-api is deployed is not watched",
        "Changes 2 First and last ticket PRODCM-398 and PRODCM-412 SHA-256 of the sorted keys ",
        "Jira has the ticket, and cm-bot's records do not know it. 0",
        "cm-bot audit export --from 2026-11-01 --to 2026-11-30",
        "Jira, POST /rest/api/3/search/jql: project = \"PRODCM\" AND created >= ",
        "approved automatically",
    ] {
        says(&page, StatusCode::OK, words);
    }
    let to_the_change = format!("/changes/{KEY}");
    assert!(page.links().iter().any(|(to, words)| *to == to_the_change && words == KEY), "{:?}", page.links());
    assert_eq!(opens(&played, "aldo", &to_the_change).await.status, StatusCode::OK);
    let none = opens(&played, "ines", "/evidence?from=2026-09-01&to=2026-09-30").await;
    says(&none, StatusCode::OK, "tickets 0 gate answers 0");
    says(&none, StatusCode::OK, "Changes 0 First and last ticket none and none");
    played.stop().await;
}

/// What nobody may see is not even asked for.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_sees_it_and_nothing_is_asked_for_them() {
    let played = open(&with_everybody("clean-change"), |_| {}).await;
    let faults = &played.world.simulator.shared.faults;
    let _halted = faults.halt_at(("/search/jql", 1), Side::Before);
    for name in ["lee", "dana", "priya", "olga"] {
        let page = opens(&played, name, NOVEMBER).await;
        says(&page, StatusCode::FORBIDDEN, "It is for inspectors and auditors.");
        assert!(!page.text().contains("audit export"), "{name}");
    }
    let stranger = browser(&played, "somebody else");
    let page = stranger.open(home(&played).join(NOVEMBER).unwrap().as_str()).await.unwrap();
    assert!(!page.text().contains("Control totals"), "{}", page.text());
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_period_is_named_and_nothing_is_asked() {
    let played = open(&with_everybody("clean-change"), |_| {}).await;
    for (query, said) in [
        ("from=2026-11-30&to=2026-11-01", "The first day, 2026-11-30, lies after the last day, 2026-11-01."),
        ("from=soon&to=2026-11-01", "`soon` is not a day such as 2026-11-22."),
        ("from=2026-11-01", "`` is not a day such as 2026-11-22."),
        ("from=%3Cscript%3E&to=x", "`<script>` is not a day"),
        (
            "from=2020-01-01&to=2026-11-01",
            "A page shows at most 400 days; the command below writes any number: cm-bot audit export --from 2020-01-01",
        ),
    ] {
        let page = opens(&played, "aldo", &format!("/evidence?{query}")).await;
        says(&page, StatusCode::BAD_REQUEST, &format!("This is no period. {said}"));
        assert!(!page.body.contains("<script"), "{query}");
    }
    played.stop().await;
}

/// What could not be read is no zero, and is read again.
#[tokio::test(flavor = "multi_thread")]
async fn a_jira_that_does_not_answer_is_a_gap_until_it_does() {
    let played = open(&with_everybody("clean-change"), |_| {}).await;
    happens(&played, "fail = { system = \"jira\", how = \"down\" }").await;
    let page = opens(&played, "aldo", NOVEMBER).await;
    says(&page, StatusCode::OK, "tickets not known: Jira was not read");
    says(&page, StatusCode::OK, "Not compared: The tickets that were created in the period could not be read: ");
    assert!(!page.text().contains("Everything has its counterpart."), "{}", page.text());
    happens(&played, "recover = { system = \"jira\" }").await;
    says(&opens(&played, "aldo", NOVEMBER).await, StatusCode::OK, "tickets not known: Jira was not read");
    happens(&played, "pass = \"11m\"").await;
    says(&opens(&played, "aldo", NOVEMBER).await, StatusCode::OK, "tickets 2 gate answers 0");
    played.stop().await;
}

/// Whoever asks is not kept waiting, and does not make cm-bot ask everybody twice.
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_long_is_collected_once_and_shown_later() {
    let played = open(&with_everybody("clean-change"), |_| {}).await;
    let halted = played.world.simulator.shared.faults.halt_at(("/search/jql", 1), Side::Before);
    let (first, other) = tokio::join!(opens(&played, "aldo", NOVEMBER), async {
        halted.reached().await;
        opens(&played, "ines", "/evidence?from=2026-10-01&to=2026-10-31").await
    });
    says(
        &first,
        StatusCode::OK,
        "cm-bot is collecting this period. It asks Jira, GitHub and Jenkins since 2026-11-02 ",
    );
    says(&other, StatusCode::OK, "cm-bot is collecting another period, and does one at a time.");
    halted.release();
    let mut page = opens(&played, "ines", NOVEMBER).await;
    for _ in 0..200 {
        if page.text().contains("Control totals") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
        page = opens(&played, "ines", NOVEMBER).await;
    }
    says(&page, StatusCode::OK, "tickets 2 gate answers 0");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x04_a_summary_from_outside_is_inert_here_too() {
    let hostile = "<script>alert(1)</script> \\\" onclick=x </title> \\u202e ";
    let ticket = "commit = \"merged\" }\n\n[[expect]]";
    let scene = scene("first-deployment")
        .with("[[commits]]", CAST)
        .with(ticket, &format!("commit = \"merged\", summary = \"{hostile}\" }}\n\n[[expect]]"));
    let played = open(&scene, |_| {}).await;
    let page = opens(&played, "aldo", NOVEMBER).await;
    says(&page, StatusCode::OK, "<script>alert(1)</script> \" onclick=x </title>");
    for harm in ["<script", " onclick=x <", "\u{202e}"] {
        assert!(!page.body.contains(harm), "{harm}:\n{}", page.body);
    }
    played.stop().await;
}
