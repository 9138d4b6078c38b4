//! J: tickets that are edited, moved or deleted around the moment of their approval.

use std::sync::Arc;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::model::{IssueId, TicketKey};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{EditTicket, Step, System, Variant};
use cm_bot::store::Store;

use super::stage::{TICKET, attacks, both_approve, clean, commit, step};
use super::{attack, end, is_approved};
use crate::support::{TestScene, start};

const LATE: &str = "files = { \"src/late.js\" = \"fetch('https://collect.example');\\n\" }";

/// Another commit on the release branch that nobody reviewed, with a scan of its own.
fn with_unreviewed() -> TestScene {
    let more = [step("push = { branch = \"main\", commit = \"late\" }"), step("scan = { commit = \"late\" }")];
    clean().more(&commit("late", "merged", "dana", LATE)).before(TICKET, &more.concat())
}

fn edit(field: &str) -> String {
    format!("edit_ticket = {{ ticket = \"PRODCM-412\", by = \"dana\", {field} }}")
}

/// What the audit trail says happened, in order.
async fn events(store: &Store) -> Vec<String> {
    let trail = store.trail_after(0, i64::MAX).await.unwrap();
    let event =
        |body: &str| serde_json::from_str::<serde_json::Value>(body).unwrap()["event"].as_str().unwrap().to_owned();
    trail.iter().map(|(_, body, _)| event(body)).collect()
}

fn count(events: &[String], event: &str) -> usize {
    events.iter().filter(|one| *one == event).count()
}

async fn stands_at(played: &Played, key: &str) -> Option<String> {
    let store = &played.app.context.sources.store;
    let decision = store.newest_decision(&TicketKey::parse(key).unwrap()).await.unwrap().unwrap();
    store.standing_approval(&decision.facts.ticket.id).await.unwrap().map(|standing| standing.commit.to_string())
}

/// The ticket was approved, then edited to an unreviewed commit: nothing of the approval is left.
async fn is_voided(played: &Played, sentence: &str) {
    let outcome = Outcome::of(played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.transitions, ["Approve", "Back to review"], "{}", outcome.comment_text());
    assert_ne!(outcome.decision["kind"], "approve", "{}", outcome.comment_text());
    let texts: Vec<String> =
        outcome.comments.iter().map(|comment| cm_bot::simulator::jira::adf_text(&comment.body)).collect();
    let said = texts.iter().filter(|text| text.contains("The approval does not count any more.")).count();
    assert_eq!(said, 1, "{texts:?}");
    assert!(texts.iter().any(|text| text.contains(sentence)), "{texts:?}");
    assert_eq!(stands_at(played, "PRODCM-412").await, None);
    let events = events(&played.app.context.sources.store).await;
    assert_eq!((count(&events, "approved_automatically"), count(&events, "approval_voided")), (1, 1), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn j01_another_commit_after_the_approval() {
    let scene = with_unreviewed().after(TICKET, &attacks(&edit("commit = \"late\"")));
    let (played, outcome) = end(scene.clone(), Variant::Scene).await;
    is_voided(&played, "The commit was ").await;
    assert!(
        outcome.comment_text().contains("by dana came to the release branch without a pull request."),
        "{}",
        outcome.comment_text()
    );
    played.stop().await;
    is_approved(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j01_a_harmless_edit_is_judged_anew_and_approved_again() {
    let scene = clean().after(TICKET, &step(&edit("fields = { build_number = \"1872\" }")));
    let (played, outcome) = end(scene, Variant::Scene).await;
    assert_eq!(outcome.transitions, ["Approve", "Back to review", "Approve"], "{}", outcome.comment_text());
    assert_eq!(outcome.verdict_words(), "Approved automatically");
    assert!(stands_at(&played, "PRODCM-412").await.is_some());
    let events = events(&played.app.context.sources.store).await;
    assert_eq!((count(&events, "approved_automatically"), count(&events, "approval_voided")), (2, 1), "{events:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j01_an_edit_that_is_taken_back_is_approved_again() {
    let there = edit("fields = { justification = \"Because of the incident of last week.\" }");
    let back = edit("fields = { justification = \"Invoices are off by fractions of a cent.\" }");
    let scene = clean()
        .with(
            TICKET,
            &TICKET.replace(" }", ", fields = { justification = \"Invoices are off by fractions of a cent.\" } }"),
        )
        .with("[[expect]]", &format!("{}{}[[expect]]", step(&there), step(&back)));
    let (played, outcome) = end(scene, Variant::Scene).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    assert!(stands_at(&played, "PRODCM-412").await.is_some());
    played.stop().await;
}

/// A human approved one commit; the ticket names another one afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn j01_an_edit_after_a_human_approved() {
    let approve = both_approve("PRODCM-412");
    let without_scan =
        clean().with(&step("scan = { commit = \"merged\" }"), "").more(&commit("late", "merged", "dana", LATE));
    let push = step("push = { branch = \"main\", commit = \"late\" }");
    let scene =
        without_scan.before(TICKET, &push).after(TICKET, &format!("{approve}{}", attacks(&edit("commit = \"late\""))));
    let (played, outcome) = end(scene.clone(), Variant::Scene).await;
    assert_eq!(outcome.transitions, ["Back to review"], "{}", outcome.comment_text());
    assert_eq!(stands_at(&played, "PRODCM-412").await, None);
    played.stop().await;
    let (played, outcome) = end(scene, Variant::Twin).await;
    assert_eq!(outcome.verdict_words(), "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)");
    assert!(stands_at(&played, "PRODCM-412").await.is_some());
    played.stop().await;
}

/// A ticket that somebody set back to review by hand is not approved behind their back.
#[tokio::test(flavor = "multi_thread")]
async fn j01_an_approval_that_a_human_took_back() {
    let back = attacks("move_ticket = { ticket = \"PRODCM-412\", by = \"sam\", to = \"Awaiting approval\" }");
    let scene = clean().after(TICKET, &format!("{back}{}", step("pass = \"1h\"")));
    let (played, outcome) = end(scene.clone(), Variant::Scene).await;
    assert_eq!(outcome.transitions, ["Approve"]);
    assert!(outcome.comment_text().contains("The ticket was set back to review after it was approved."));
    assert_eq!(outcome.ticket.as_ref().unwrap().status, "Awaiting approval");
    assert_eq!(stands_at(&played, "PRODCM-412").await, None);
    played.stop().await;
    is_approved(scene).await;
}

/// The answer to our transition is lost, and somebody sets the ticket back before we look whether it was made.
#[tokio::test(flavor = "multi_thread")]
async fn j01_an_approval_that_a_human_took_back_before_we_knew_of_it() {
    let fail = format!("fail = {{ system = \"jira\", how = \"loses_answers\", on = \"{TRANSITION}\", times = 1 }}");
    let back = attacks("move_ticket = { ticket = \"PRODCM-412\", by = \"sam\", to = \"Awaiting approval\" }");
    let scene = clean().before(TICKET, &step(&fail)).after(TICKET, &format!("{back}{}", step("pass = \"1h\"")));
    let (played, outcome) = end(scene.clone(), Variant::Scene).await;
    assert_eq!(outcome.transitions, ["Approve"], "{}", outcome.comment_text());
    assert!(outcome.comment_text().contains("The ticket was set back to review after it was approved."));
    assert_eq!(stands_at(&played, "PRODCM-412").await, None);
    let events = events(&played.app.context.sources.store).await;
    assert_eq!((count(&events, "approved_automatically"), count(&events, "approval_voided")), (1, 1), "{events:?}");
    played.stop().await;
    is_approved(scene).await;
}

/// A human approved one commit, and the ticket named another one before we looked who had approved what.
#[tokio::test(flavor = "multi_thread")]
async fn j01_an_edit_between_a_human_approval_and_our_look() {
    let approve = both_approve("PRODCM-412");
    let scene = with_unreviewed().with(&step("scan = { commit = \"merged\" }"), "").after(TICKET, &approve);
    let played = edited_before(scene.clone(), "GET /rest/api/3/issue/", 1, "late").await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    let why =
        "Somebody edited the commit and the justification after it was approved. Approve the ticket as it is now.";
    assert!(outcome.comment_text().contains(why), "{}", outcome.comment_text());
    assert_eq!(stands_at(&played, "PRODCM-412").await, None);
    played.stop().await;
    let (played, outcome) = end(scene, Variant::Twin).await;
    assert_eq!(outcome.verdict_words(), "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)");
    assert!(stands_at(&played, "PRODCM-412").await.is_some());
    played.stop().await;
}

/// Plays everything, while somebody edits the ticket just before each of the next `times` requests that contain `on`.
async fn edited_before(scene: TestScene, on: &str, times: u32, commit: &'static str) -> Played {
    let scene = scene.parsed().variant(Variant::Scene);
    let played = start("edited", scene.clone()).await;
    let (last, before) = scene.timeline.split_last().unwrap();
    for step in before.iter().flat_map(Step::parts) {
        played.world.simulator.play(&step).await.unwrap();
        settle(&played).await.unwrap();
    }
    let jira = Arc::clone(&played.world.simulator.jira);
    let sha = played.world.simulator.sha(commit).unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    let edit = move || {
        let next = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let fields = [("justification".to_owned(), format!("Invoices are off by a cent, as edit {next} says."))];
        let edit = EditTicket {
            ticket: "PRODCM-412".into(),
            by: "dana".into(),
            commit: None,
            summary: None,
            fields: fields.into(),
        };
        jira.edit_ticket(&edit, Some(&sha)).unwrap();
    };
    played.world.simulator.shared.faults.meanwhile((System::Jira, on), times, edit);
    played.world.simulator.play(last).await.unwrap();
    settle(&played).await.unwrap();
    played
}

/// Whatever is read, somebody edits the ticket before the rest is read.
#[tokio::test(flavor = "multi_thread")]
async fn j02_an_edit_while_it_is_judged() {
    let played = edited_before(with_unreviewed(), "/search/jql", 3, "late").await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert!(outcome.transitions.is_empty(), "{:?}", outcome.transitions);
    let said = outcome.comment_text();
    assert!(said.contains("by dana came to the release branch without a pull request."), "{said}");
    played.stop().await;
    // The twin: edits of the same moments that change no build.
    let played = edited_before(clean(), "/search/jql", 3, "merged").await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    assert_eq!(stands_at(&played, "PRODCM-412").await, Some(played.world.simulator.sha("merged").unwrap()));
    played.stop().await;
}

const TRANSITION: &str = "POST /rest/api/3/issue/PRODCM-412/transitions";

/// Jira has no "approve only what I have read".
#[tokio::test(flavor = "multi_thread")]
async fn j03_an_edit_between_the_last_look_and_the_transition() {
    let played = edited_before(with_unreviewed(), TRANSITION, 1, "late").await;
    is_voided(&played, "The commit was ").await;
    played.stop().await;
    // The twin: an edit of the same moment to what is clean too.
    let played = edited_before(clean(), TRANSITION, 1, "merged").await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    assert_eq!(outcome.transitions, ["Approve", "Back to review", "Approve"]);
    played.stop().await;
}

/// The answer to the transition is lost, and the ticket is edited before we look again.
#[tokio::test(flavor = "multi_thread")]
async fn j03_an_edit_after_a_transition_whose_answer_was_lost() {
    let fail = format!("fail = {{ system = \"jira\", how = \"loses_answers\", on = \"{TRANSITION}\", times = 1 }}");
    let edit = attacks(&edit("commit = \"late\""));
    let scene =
        with_unreviewed().before(TICKET, &step(&fail)).after(TICKET, &format!("{edit}{}", step("pass = \"10m\"")));
    let (played, _) = end(scene.clone(), Variant::Scene).await;
    is_voided(&played, "The commit was ").await;
    played.stop().await;
    is_approved(scene).await;
}

/// Where the workflow has no way back, people are told loudly.
#[tokio::test(flavor = "multi_thread")]
async fn j03_an_edit_that_cannot_be_set_back() {
    let scene = with_unreviewed();
    let parsed = scene.parsed().variant(Variant::Scene);
    let clock = Clock::scripted();
    let world = crate::support::world(parsed.clone(), clock.clone()).await;
    let file = world.settings_file();
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{settings}\n[jira.workflow]\nhold = \"There is no such button\"\n")).unwrap();
    let played = cm_bot::cli::demo::play::start_in("stuck", world, &clock).await.unwrap();
    for step in parsed.timeline.iter().flat_map(Step::parts) {
        played.world.simulator.play(&step).await.unwrap();
        settle(&played).await.unwrap();
    }
    let sha = played.world.simulator.sha("late").unwrap();
    let edit =
        EditTicket { ticket: "PRODCM-412".into(), by: "dana".into(), commit: None, summary: None, fields: [].into() };
    played.world.simulator.jira.edit_ticket(&edit, Some(&sha)).unwrap();
    settle(&played).await.unwrap();
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    let text = outcome.comment_text();
    assert!(text.contains("The status says approved, but nothing is approved."), "{text}");
    assert!(text.contains("There is no such button"), "{text}");
    assert!(outcome.messages[0].text.contains("Do not deploy"), "{}", outcome.messages[0].text);
    assert_eq!(stands_at(&played, "PRODCM-412").await, None);
    // A look at the ticket, once more and again, neither repeats that nor lets it count.
    let comments = outcome.comments.len();
    played
        .world
        .simulator
        .play(&scene_step("comment = { ticket = \"PRODCM-412\", by = \"dana\", text = \"?\" }"))
        .await
        .unwrap();
    played
        .app
        .context
        .sources
        .store
        .enqueue(&cm_bot::store::Job::Ticket(issue(&played).await), played.app.context.clock.now())
        .await
        .unwrap();
    settle(&played).await.unwrap();
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.comments.len(), comments);
    assert_eq!(stands_at(&played, "PRODCM-412").await, None);
    played.stop().await;
}

fn scene_step(verb: &str) -> Step {
    toml::from_str(verb).unwrap()
}

async fn issue(played: &Played) -> IssueId {
    let key = TicketKey::parse("PRODCM-412").unwrap();
    played.app.context.sources.store.newest_decision(&key).await.unwrap().unwrap().facts.ticket.id
}

#[tokio::test(flavor = "multi_thread")]
async fn j04_the_requester_sets_the_status() {
    let by =
        |who: &str| step(&format!("move_ticket = {{ ticket = \"PRODCM-412\", by = \"{who}\", to = \"Approved\" }}"));
    let without_scan = clean().with(&step("scan = { commit = \"merged\" }"), "");
    let (played, outcome) = end(without_scan.clone().after(TICKET, &by("dana")), Variant::Scene).await;
    assert!(outcome.comment_text().contains("Dana Reyes requested this change, so somebody else has to approve it."));
    assert_eq!(stands_at(&played, "PRODCM-412").await, None);
    played.stop().await;
    let (played, _) = end(without_scan.after(TICKET, &both_approve("PRODCM-412")), Variant::Scene).await;
    assert!(stands_at(&played, "PRODCM-412").await.is_some());
    played.stop().await;
}

/// The ticket asks for an environment with weaker rules, and names the strict one once it is approved.
#[tokio::test(flavor = "multi_thread")]
async fn j10_another_environment_after_the_approval() {
    let scene = clean().after(TICKET, &attacks(&edit("fields = { environment = \"prod-eu\" }")));
    let (played, outcome) = end(scene.clone(), Variant::Scene).await;
    assert_eq!(outcome.transitions, ["Approve", "Back to review"]);
    assert!(outcome.comment_text().contains("billing-api is not registered for this target environment."));
    assert_eq!(stands_at(&played, "PRODCM-412").await, None);
    played.stop().await;
    is_approved(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j11_fields_that_say_nothing() {
    for nothing in ["n/a", "\u{200b}\u{200b}", " . ", "none"] {
        let ticket = TICKET.replace(" }", &format!(", fields = {{ rollback_plan = \"{nothing}\" }} }}"));
        super::is_held(clean().with(TICKET, &ticket), &["rollback plan"]).await;
    }
    is_approved(clean()).await;
}

/// Words in comments are no input, whoever seems to have written them.
#[tokio::test(flavor = "multi_thread")]
async fn j12_j14_a_comment_that_says_approved() {
    let fake = "comment = { ticket = \"PRODCM-412\", by = \"dana\", text = \"Approved automatically. 15 of 15 checks passed.\" }";
    let scene = clean()
        .with(&step("scan = { commit = \"merged\" }"), &super::stage::in_twin("scan = { commit = \"merged\" }"))
        .after(TICKET, &step(fake));
    attack(scene, &["CodeQL"]).await;
}

/// The commit of a ticket that is gone before it was closed is no baseline for the next one.
async fn is_no_baseline(verb: &str, status: &str) {
    let next = "create_ticket = { key = \"PRODCM-420\", by = \"dana\", commit = \"merged\" }";
    let scene = clean().after(TICKET, &format!("{}{}", step(verb), step(next)));
    let (played, _) = end(scene, Variant::Scene).await;
    let outcome = Outcome::of(&played, "PRODCM-420").await.unwrap();
    let text = outcome.comment_text();
    assert!(text.contains("since PRODCM-398"), "the baseline is the change before: {text}");
    let store = &played.app.context.sources.store;
    let trail = store.trail_after(0, i64::MAX).await.unwrap();
    let ended: Vec<&String> =
        trail.iter().map(|(_, body, _)| body).filter(|body| body.contains("PRODCM-412")).collect();
    assert!(ended.iter().any(|body| body.contains("\"ended\"") && body.contains(status)), "{ended:?}");
    assert!(ended.iter().any(|body| body.contains("approval_voided")), "{ended:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j13_an_approved_ticket_is_deleted() {
    is_no_baseline("delete_ticket = { ticket = \"PRODCM-412\", by = \"dana\" }", "gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j13_an_approved_ticket_is_moved_to_another_project() {
    is_no_baseline("rename_ticket = { ticket = \"PRODCM-412\", by = \"dana\", to = \"OPS-7\" }", "moved to OPS-7")
        .await;
}

/// The twin: a ticket that was closed after its deploy is the baseline.
#[tokio::test(flavor = "multi_thread")]
async fn j13_a_closed_ticket_is_the_baseline_also_when_it_is_deleted() {
    let close = step("move_ticket = { ticket = \"PRODCM-412\", by = \"sam\", to = \"Closed\" }");
    let delete = step("delete_ticket = { ticket = \"PRODCM-412\", by = \"dana\" }");
    let next = step("create_ticket = { key = \"PRODCM-420\", by = \"dana\", commit = \"merged\" }");
    let (played, _) = end(clean().after(TICKET, &[close, delete, next].concat()), Variant::Scene).await;
    let outcome = Outcome::of(&played, "PRODCM-420").await.unwrap();
    assert!(outcome.comment_text().contains("PRODCM-412"), "{}", outcome.comment_text());
    played.stop().await;
}

/// Many tickets hide none, and they hold up their own scope alone.
#[tokio::test(flavor = "multi_thread")]
async fn j16_a_storm_of_tickets_of_another_environment() {
    let storm = (500..520).map(|number| {
        attacks(
            &TICKET
                .replace("PRODCM-412", &format!("PRODCM-{number}"))
                .replace(" }", ", fields = { environment = \"prod-eu\" } }"),
        )
    });
    let scene = clean().before(TICKET, &storm.collect::<String>());
    let (played, outcome) = end(scene, Variant::Scene).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.why());
    played.stop().await;
    // The attack on its own scope: held, and it says by how many.
    let storm = (500..520).map(|number| attacks(&TICKET.replace("PRODCM-412", &format!("PRODCM-{number}"))));
    attack(
        clean().before(TICKET, &storm.collect::<String>()),
        &["20 other tickets for the same service and environment are not finished."],
    )
    .await;
}
