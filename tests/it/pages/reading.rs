//! What the pages say, and that text from outside stays text on each of them.

use cm_bot::audit::draw::Population;
use cm_bot::cli::demo::play::Played;
use cm_bot::model::Month;
use cm_bot::store::RecordedDraw;
use reqwest::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{CAST, KEY, browser, deciding_in, happens, home, open, opens, says, with_everybody};
use crate::support::{TestScene, scene, verified};

async fn deciding(name: &str) -> Played {
    deciding_in(&with_everybody(name)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_waits_for_them_first() {
    let played = deciding("first-deployment").await;
    let page = opens(&played, "priya", "/").await;
    says(&page, StatusCode::OK, "PRODCM-412: billing-api to prod-us, build 1871 of commit");
    says(&page, StatusCode::OK, "Approve or decline it. Waiting for 2 of 2 approvals.");
    let page = opens(&played, "dana", "/").await;
    says(&page, StatusCode::OK, "Nothing needs you. Everything that waits");
    says(&page, StatusCode::OK, "Priya Nair, Zoe Hart, Sam Okafor");
    played.stop().await;
    let blocked = deciding("no-rollback-plan").await;
    says(
        &opens(&blocked, "dana", "/").await,
        StatusCode::OK,
        "Fix what stands in the way of your change. Blocked: 1 of ",
    );
    says(&opens(&blocked, "priya", "/").await, StatusCode::OK, "Nothing needs you.");
    blocked.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_change_says_how_it_was_judged_and_what_differs() {
    let played = deciding("no-rollback-plan").await;
    let plan = "fields = { rollback_plan = \"Deploy the build before with the same job; no data is lost by it.\" }";
    happens(&played, &format!("edit_ticket = {{ ticket = \"{KEY}\", by = \"dana\", {plan} }}")).await;
    let page = opens(&played, "lee", "/changes/PRODCM-412").await;
    says(&page, StatusCode::OK, "from evaluation 1 to 2");
    let compared = browser(&played, "lee").follow(&page, "from evaluation 1 to 2").await.unwrap();
    says(
        &compared,
        StatusCode::OK,
        "The verdict was \u{201c}blocked\u{201d} and is \u{201c}approved automatically\u{201d}.",
    );
    says(&compared, StatusCode::OK, "The rollback plan was ");
    says(&compared, StatusCode::OK, "FAILED");
    let same = opens(&played, "lee", "/changes/PRODCM-412/compare?from=2&to=2").await;
    says(&same, StatusCode::OK, "Both say the same of the same ticket.");
    for nowhere in [
        "/changes/PRODCM-412/compare?from=2&to=9",
        "/changes/PRODCM-9",
        "/changes/..%2f..%2fetc",
        "/inspection/2026-10",
        "/nowhere",
    ] {
        assert_eq!(opens(&played, "ines", nowhere).await.status, StatusCode::NOT_FOUND, "{nowhere}");
    }
    played.stop().await;
}

/// Whoever downloads a record can hold it against the audit trail.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_downloaded_is_what_the_audit_trail_vouches_for() {
    let played = deciding("clean-change").await;
    let trail = verified(&played.app.context.sources.store).await;
    let mut decided = trail.iter().map(|(_, body, _)| serde_json::from_str::<Value>(body).unwrap());
    let decided = decided.rfind(|entry| entry["event"] == "decided" && entry["ticket"] == KEY).unwrap();
    for (file, key) in [("facts.json", "facts_sha256"), ("decision.json", "decision_sha256")] {
        let path = format!("/changes/PRODCM-412/evaluations/{}/{file}", decided["evaluation"]);
        let page = opens(&played, "aldo", &path).await;
        assert_eq!(page.headers["content-type"], "application/json");
        assert!(page.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        assert_eq!(Value::from(hex::encode(Sha256::digest(&page.body))), decided[key], "{file}");
    }
    assert_eq!(
        opens(&played, "aldo", "/changes/PRODCM-412/evaluations/1/people.toml").await.status,
        StatusCode::NOT_FOUND
    );
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_somebody_approved_is_answered_and_nothing_comes_of_it() {
    let played = deciding("push-after-approval").await;
    let before = verified(&played.app.context.sources.store).await.len();
    let ask = |by: &str| format!("/changes/PRODCM-412/what-if?pull_request=871&by={by}");
    let page = opens(&played, "dana", &ask("Lee+Wong")).await;
    says(&page, StatusCode::OK, "What would be if Lee Wong approved pull request 871 now, at its last commit");
    says(&page, StatusCode::OK, "Now: blocked Then: approved automatically No longer in the way");
    let page = opens(&played, "dana", &ask("Dana+Reyes")).await;
    says(&page, StatusCode::OK, "Now: blocked Then: blocked");
    says(&opens(&played, "dana", &ask("Nobody")).await, StatusCode::OK, "The change has no such pull request");
    assert_eq!(verified(&played.app.context.sources.store).await.len(), before + 1, "but that Dana has signed in");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_under_other_criteria_is_answered_too() {
    let played = deciding("no-rollback-plan").await;
    let page = opens(&played, "dana", "/changes/PRODCM-412/what-if").await;
    let text = played.app.context.policy.texts.criteria.clone();
    let mut criteria: toml::Table = text.parse().unwrap();
    criteria["switched_off"] = toml::Value::Array(vec!["required_fields".into()]);
    let other = toml::to_string(&criteria).unwrap();
    let send = async |criteria: &str| {
        browser(&played, "dana").send(&page, "Suppose these", &[("criteria", criteria)]).await.unwrap()
    };
    says(&send(&other).await, StatusCode::OK, "Now: blocked Then: approved automatically");
    says(&send("version = 3").await, StatusCode::OK, "These criteria cannot be used.");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emergencies_show_their_clock_and_what_is_missing() {
    let played = open(&scene("emergency"), |_| {}).await;
    let page = opens(&played, "alex", "/emergencies").await;
    says(&page, StatusCode::OK, " left, due 2026-11-03 ");
    says(&page, StatusCode::OK, "missing: How it is kept from happening again");
    happens(&played, "pass = \"30h\"").await;
    says(&opens(&played, "alex", "/emergencies").await, StatusCode::OK, "Overdue for ");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x04_text_from_outside_is_inert_on_every_page() {
    let hostile = "<script>alert(1)</script> \\\" onclick=x </textarea></title> \\u202e ";
    let scene = scene("first-deployment")
        .with("[[commits]]", CAST)
        .with("message = \"Add invoice totals\"", &format!("message = \"{hostile}\""))
        .with("title = \"Round invoice totals to cents\" }", &format!("title = \"{hostile}\" }}"))
        .with("commit = \"merged\" }\n\n[[expect]]", &format!("commit = \"merged\", summary = \"{hostile}\", fields = {{ justification = \"{hostile}\", links = \"{hostile}\" }} }}\n\n[[expect]]"));
    let played = deciding_in(&scene).await;
    let page = opens(&played, "priya", "/changes/PRODCM-412").await;
    let words = "<script>alert(1)</script> \" onclick=x </textarea></title>";
    browser(&played, "priya").send(&page, "Approve PRODCM-412", &[("note", words)]).await.unwrap();
    cm_bot::cli::demo::play::settle(&played).await.unwrap();
    happens(&played, &format!("edit_ticket = {{ ticket = \"{KEY}\", by = \"dana\", fields = {{ rollback_plan = \"{hostile}, and then the build before\" }} }}")).await;
    for path in [
        "/",
        "/changes",
        "/changes/PRODCM-412",
        "/changes/PRODCM-412/compare?from=1&to=2",
        "/changes/PRODCM-412/what-if?pull_request=871&by=%3Cscript%3E",
        "/emergencies",
        "/changes/%3Cscript%3E",
    ] {
        let page = opens(&played, "priya", path).await;
        for harm in ["<script", " onclick=x <", "\u{202e}"] {
            assert!(!page.body.contains(harm), "{harm} at {path}:\n{}", page.body);
        }
        assert_eq!(page.body.matches("<title>").count(), 1, "{path}");
    }
    let other = opens(&played, "priya", "/changes/PRODCM-412/what-if").await;
    let answer = browser(&played, "priya")
        .send(&other, "Suppose these", &[("criteria", "</textarea><script>alert(1)</script>")])
        .await
        .unwrap();
    assert!(!answer.body.contains("<script"), "{}", answer.body);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_marked_up_for_everybody() {
    let played = deciding("first-deployment").await;
    for (name, path) in [
        ("priya", "/"),
        ("priya", "/changes"),
        ("priya", "/changes/PRODCM-412"),
        ("priya", "/changes/PRODCM-412/what-if"),
        ("ines", "/inspection"),
        ("aldo", "/evidence?from=2026-11-01&to=2026-11-30"),
        ("olga", "/health"),
        ("lee", "/emergencies"),
        ("lee", "/health"),
    ] {
        let page = opens(&played, name, path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self';")
                && policy.ends_with("form-action 'self'; frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(page.headers["cache-control"], "no-store");
        for mark in ["<html lang=\"en\">", "<a class=\"skip\" href=\"#content\">", "<main id=\"content\"", "<h1"] {
            assert_eq!(page.body.matches(mark).count(), 1, "{mark} at {path}");
        }
        assert!(!page.body.contains(" style=") && !page.body.contains("<script"), "{path}");
        assert_eq!(
            page.body.matches("<th").count(),
            page.body.matches("<th scope=").count() + page.body.matches("<thead").count(),
            "{path}"
        );
    }
    let gone = reqwest::get(format!("{}style.css", home(&played))).await.unwrap();
    assert_eq!(gone.status(), StatusCode::OK, "nobody signs in for the style sheet");
    played.stop().await;
}

/// A month that is over, with what was drawn of it.
async fn inspected() -> Played {
    inspected_in(&with_everybody("clean-change")).await
}

async fn inspected_in(scene: &TestScene) -> Played {
    let played = deciding_in(scene).await;
    let (month, store) = (Month::parse("2026-11").unwrap(), &played.app.context.sources.store);
    happens(&played, "pass = \"800h\"").await;
    let now = played.app.context.clock.now();
    let members = cm_bot::gather::inspection::members(store, month).await.unwrap();
    let population = Population::of(month, members);
    assert!(store.close_population(&population, now).await.unwrap());
    let draw = population.draw("6 4 1 3 6 2 5 5 1 4", 5);
    let tickets = draw.drawn.iter().map(|one| one.ticket.clone()).collect();
    let (entropy, by) = ("6 4 1 3 6 2 5 5 1 4".to_owned(), "Aldo Conti".to_owned());
    let recorded = RecordedDraw { number: 1, entropy, brought_by: by, reason: None, size: 5, tickets };
    assert!(store.record_draw((month, &recorded), (&draw, None), now).await.unwrap());
    played
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inspector_records_what_was_found_and_nobody_else_does() {
    let played = inspected().await;
    let page = opens(&played, "ines", "/inspection/2026-11").await;
    says(&page, StatusCode::OK, "Drawn by lot");
    says(&page, StatusCode::OK, "PRODCM-412 drawn to inspect");
    says(&opens(&played, "ines", "/").await, StatusCode::OK, "Inspect what was drawn: 1 left.");
    assert!(
        opens(&played, "aldo", "/inspection/2026-11").await.form("Record the result").is_none(),
        "an auditor only reads"
    );
    assert_eq!(opens(&played, "priya", "/inspection/2026-11").await.status, StatusCode::FORBIDDEN);
    let send = async |ticket: &str, note: &str| {
        let values = [("ticket", ticket), ("result", "sound"), ("note", note)];
        browser(&played, "ines").send(&page, "Record the result", &values).await.unwrap()
    };
    says(
        &send("PRODCM-9", "Read it.").await,
        StatusCode::CONFLICT,
        "Nothing was recorded. This change is not among what is inspected",
    );
    says(&send(KEY, "").await, StatusCode::CONFLICT, "Nothing was recorded. A result needs a change");
    says(&send(KEY, "Read the reviews and the <b>scan</b>.").await, StatusCode::OK, "Your result is recorded");
    let page = opens(&played, "aldo", "/inspection/2026-11").await;
    says(&page, StatusCode::OK, "PRODCM-412 drawn sound Read the reviews and the <b>scan</b>. Ines Ruiz,");
    assert_eq!(super::count(&played, "inspected").await, 1);
    says(&opens(&played, "ines", "/").await, StatusCode::OK, "Nothing needs you.");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_inspects_a_change_that_they_worked_on() {
    let both = with_everybody("clean-change")
        .with("full_name = \"Dana Reyes\"", "full_name = \"Dana Reyes\"\nroles = [\"inspector\"]")
        .with("key = \"PRODCM-412\", by = \"dana\"", "key = \"PRODCM-412\", by = \"lee\"");
    let played = inspected_in(&both).await;
    let values = [("ticket", KEY), ("result", "sound"), ("note", "All is well.")];
    let page = opens(&played, "dana", "/inspection/2026-11").await;
    let answer = browser(&played, "dana").send(&page, "Record the result", &values).await.unwrap();
    says(&answer, StatusCode::CONFLICT, "You worked on this change, so somebody else has to inspect it.");
    let page = opens(&played, "ines", "/inspection/2026-11").await;
    let answer = browser(&played, "ines").send(&page, "Record the result", &values).await.unwrap();
    says(&answer, StatusCode::OK, "Your result is recorded");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_inspects_a_change_that_they_requested() {
    let both = with_everybody("clean-change")
        .with("full_name = \"Dana Reyes\"", "full_name = \"Dana Reyes\"\nroles = [\"inspector\"]");
    let played = deciding_in(&both).await;
    let (month, store) = (Month::parse("2026-11").unwrap(), &played.app.context.sources.store);
    happens(&played, "pass = \"800h\"").await;
    let population = Population::of(month, cm_bot::gather::inspection::members(store, month).await.unwrap());
    let now = played.app.context.clock.now();
    store.close_population(&population, now).await.unwrap();
    let draw = population.draw("1 2 3", 5);
    let tickets = draw.drawn.iter().map(|one| one.ticket.clone()).collect();
    let recorded = RecordedDraw {
        number: 1,
        entropy: "1 2 3".into(),
        brought_by: "Aldo Conti".into(),
        reason: None,
        size: 5,
        tickets,
    };
    store.record_draw((month, &recorded), (&draw, None), now).await.unwrap();
    let values = [("ticket", KEY), ("result", "sound"), ("note", "All is well.")];
    let page = opens(&played, "dana", "/inspection/2026-11").await;
    let answer = browser(&played, "dana").send(&page, "Record the result", &values).await.unwrap();
    says(&answer, StatusCode::CONFLICT, "You requested this change, so somebody else has to inspect it.");
    let page = opens(&played, "ines", "/inspection/2026-11").await;
    let answer = browser(&played, "ines").send(&page, "Record the result", &values).await.unwrap();
    says(&answer, StatusCode::OK, "Your result is recorded");
    played.stop().await;
}
