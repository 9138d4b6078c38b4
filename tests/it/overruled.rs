//! Somebody overrules an approval, or takes it back, while cm-bot does not look: the newest word of people counts.

use std::time::Duration;

use cm_bot::audit::{Entry, Event};
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::model::{CommitSha, IssueId, Scope, TicketKey, Timestamp};
use cm_bot::simulator::scene::Variant;
use cm_bot::store::{Again, Approval, Store, Void};

use crate::approvals::{count, happens, moves, outcome, says, says_at_once, stands_approved, status, texts, waiting};
use crate::support::database::{fresh, open};
use crate::support::facts::NOW;
use crate::support::{play_all, scene, start, start_with};

const LOST: &str = "fail = { system = \"jira\", how = \"drops_webhooks\", times = 50 }";
const RECOVER: &str = "recover = { system = \"jira\" }";
const DELETE: &str = "delete_comment = { ticket = \"PRODCM-412\", of = \"priya\" }";

/// A clean ticket that cm-bot has approved.
async fn approved() -> Played {
    let played = start("overruled", scene("clean-change").parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    assert!(stands_approved(&played).await);
    played
}

/// A clean ticket that is decided, and not yet approved, because the search of Jira may be late.
async fn about_to_be_approved(change: impl FnOnce(&mut toml::Table)) -> Played {
    let late = |settings: &mut toml::Table| {
        let jira = settings["jira"].as_table_mut().unwrap();
        jira.insert("settle_seconds".into(), 300.into());
        change(jira);
    };
    let played = start_with(scene("clean-change").parsed().variant(Variant::Scene), late).await;
    play_all(&played).await;
    assert_eq!(status(&outcome(&played).await), "Awaiting approval");
    played
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_approve_does_not_bring_an_approval_back_that_was_taken_back() {
    let played = approved().await;
    happens(&played, LOST).await;
    moves(&played, "sam", "Awaiting approval").await;
    moves(&played, "dana", "Approved").await;
    happens(&played, RECOVER).await;
    says(&played, "dana", "/cm check").await;
    let seen = outcome(&played).await;
    assert!(!stands_approved(&played).await, "{:?}", texts(&seen));
    assert_eq!(status(&seen), "Awaiting approval", "{:?}", texts(&seen));
    assert_eq!(count(&played, "approval_voided").await, 1);
    let why =
        "The ticket left the status in which it was approved. Whoever put it there again may not approve it alone.";
    assert!(texts(&seen).iter().any(|text| text.contains(why)), "{:?}", texts(&seen));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_nobody_took_back_stands_whatever_is_said() {
    let played = approved().await;
    happens(&played, LOST).await;
    happens(&played, RECOVER).await;
    says(&played, "dana", "/cm check").await;
    assert!(stands_approved(&played).await);
    assert_eq!(status(&outcome(&played).await), "Approved");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_declined_after_its_approval_has_none_any_more() {
    let played = approved().await;
    moves(&played, "sam", "Awaiting approval").await;
    moves(&played, "sam", "Declined").await;
    assert!(!stands_approved(&played).await);
    assert_eq!(status(&outcome(&played).await), "Declined");
    played.stop().await;
}

/// Jira does not let cm-bot decline, so the word alone has to keep the ticket from being approved. Whoever deletes the comment
/// does not make it unsaid; whoever said it does, by approving.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_has_declined_is_not_approved_also_when_jira_cannot_be_told() {
    const CHANGED_HER_MIND: &str =
        "comment = { ticket = \"PRODCM-412\", by = \"priya\", text = \"/cm approve It locks nothing.\" }";
    for (then, is_approved) in [(None, false), (Some(DELETE), false), (Some(CHANGED_HER_MIND), true)] {
        let no_way = |jira: &mut toml::Table| {
            let workflow = toml::Table::from_iter([("decline".to_owned(), "Say no".into())]);
            jira.insert("workflow".into(), workflow.into());
        };
        let played = about_to_be_approved(no_way).await;
        says(&played, "priya", "/cm decline The migration locks the invoices.").await;
        for _ in 0..4 {
            happens(&played, "pass = \"5m\"").await;
        }
        assert_eq!(status(&outcome(&played).await), "Awaiting approval");
        assert!(count(&played, "decided").await <= 5, "nothing new is found again and again");
        if let Some(then) = then {
            happens(&played, then).await;
            for _ in 0..2 {
                happens(&played, "pass = \"5m\"").await;
            }
        }
        let seen = outcome(&played).await;
        let expected = if is_approved { "Approved" } else { "Awaiting approval" };
        assert_eq!(status(&seen), expected, "{then:?}: {:?}", texts(&seen));
        assert_eq!(stands_approved(&played).await, is_approved);
        played.stop().await;
    }
}

/// The answer to the transition that two people asked for is lost, and the ticket is edited before cm-bot looks for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_of_ours_that_nobody_means_any_more_is_set_back() {
    let played = waiting().await;
    says(&played, "sam", "/cm approve").await;
    let on = "POST /rest/api/3/issue/PRODCM-412/transitions";
    happens(&played, &format!("fail = {{ system = \"jira\", how = \"loses_answers\", on = \"{on}\", times = 1 }}"))
        .await;
    says_at_once(&played, "priya", "/cm approve");
    settle(&played).await.unwrap();
    assert_eq!(status(&outcome(&played).await), "Approved");
    assert!(!stands_approved(&played).await);
    happens(&played, "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { build_number = \"1872\" } }")
        .await;
    for _ in 0..3 {
        happens(&played, "pass = \"10m\"").await;
    }
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Awaiting approval", "{:?}", texts(&seen));
    assert!(!stands_approved(&played).await);
    played.stop().await;
}

/// What cm-bot approved was taken back; then those who may approve it do.
#[tokio::test(flavor = "multi_thread")]
async fn people_can_approve_a_clean_ticket_whose_approval_was_taken_back() {
    let played = approved().await;
    moves(&played, "sam", "Awaiting approval").await;
    says(&played, "sam", "/cm approve").await;
    assert_eq!(status(&outcome(&played).await), "Awaiting approval");
    says(&played, "priya", "/cm approve").await;
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Approved", "{:?}", texts(&seen));
    assert!(stands_approved(&played).await);
    assert_eq!((count(&played, "approved_automatically").await, count(&played, "approved_by_human").await), (1, 2));
    played.stop().await;
}

/// The answer to our transition is lost; the ticket is set back and edited, and is clean as it is now.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_ticket_is_judged_on_its_own_after_an_approval_that_was_taken_back_unseen() {
    let played = about_to_be_approved(|_| {}).await;
    let on = "POST /rest/api/3/issue/PRODCM-412/transitions";
    happens(&played, &format!("fail = {{ system = \"jira\", how = \"loses_answers\", on = \"{on}\", times = 1 }}"))
        .await;
    played.world.simulator.shared.clock.pass(Duration::from_secs(300));
    settle(&played).await.unwrap();
    assert_eq!(status(&outcome(&played).await), "Approved");
    moves(&played, "sam", "Awaiting approval").await;
    let edit = "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { justification = \"The totals of invoices are wrong.\" } }";
    happens(&played, edit).await;
    for _ in 0..4 {
        happens(&played, "pass = \"10m\"").await;
    }
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Approved", "{:?}", texts(&seen));
    assert!(stands_approved(&played).await);
    played.stop().await;
}

/// By two people, at a time of Jira's.
async fn give(store: &Store, at: Timestamp) {
    let approval = Approval {
        issue: IssueId::parse("10001").unwrap(),
        ticket: TicketKey::parse("PRODCM-1").unwrap(),
        scope: Scope::parse("billing-api", "production").unwrap(),
        commit: CommitSha::parse(&"a".repeat(40)).unwrap(),
        at,
        decision: None,
        by: vec![("Sam Okafor".into(), "Engineering Lead".into())],
        fingerprint: "as it was".into(),
    };
    store.record_approval(&approval, &entry("given"), &[]).await.unwrap();
}

async fn void(store: &Store, approved_at: Timestamp) {
    let (issue, commit) = (IssueId::parse("10001").unwrap(), CommitSha::parse(&"a".repeat(40)).unwrap());
    let void = Void { issue: &issue, commit: &commit, approved_at, again: Again::OnlyWhenNew };
    store.void_approval(&void, &entry("voided"), &[]).await.unwrap();
}

fn entry(status: &str) -> Entry {
    let ticket = Some(TicketKey::parse("PRODCM-1").unwrap());
    Entry { at: NOW, ticket, event: Event::Ended { status: status.to_owned() } }
}

#[tokio::test]
async fn what_was_given_again_can_be_voided_again_also_when_jira_dates_both_alike() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&fresh(folder.path()).await).await;
    let issue = IssueId::parse("10001").unwrap();
    let stands = async || store.standing_approval(&issue).await.unwrap().map(|standing| standing.at);
    let later = NOW.plus(Duration::from_secs(60));
    give(&store, NOW).await;
    void(&store, NOW).await;
    void(&store, NOW).await;
    assert_eq!(stands().await, None);
    give(&store, later).await;
    assert_eq!(stands().await, Some(later), "the time of the newest approval");
    void(&store, NOW).await;
    assert_eq!(stands().await, None);
    assert_eq!(store.trail_after(0, i64::MAX).await.unwrap().len(), 4, "each once");
}
