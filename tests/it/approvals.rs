//! People approve, decline and ask in Jira; cm-bot keeps up, and nothing counts that should not.

use std::sync::Arc;
use std::time::Duration;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle, start_in};
use cm_bot::model::TicketKey;
use cm_bot::simulator::jira::adf_text;
use cm_bot::simulator::scene::{Comment, EditTicket, MoveTicket, Step, System, Variant};

use crate::support::{TestScene, play_all, scene, start, start_with, verified};

/// The ticket that waits for two people, before anybody has said anything.
pub async fn waiting() -> Played {
    waiting_in(scene("first-deployment")).await
}

async fn waiting_in(scene: TestScene) -> Played {
    let played = start("people approve", scene.parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    played
}

pub async fn happens(played: &Played, verb: &str) {
    let step: Step = toml::from_str(verb).unwrap();
    played.world.simulator.play(&step).await.unwrap();
    settle(played).await.unwrap();
}

pub async fn says(played: &Played, by: &str, text: &str) {
    happens(played, &format!("comment = {{ ticket = \"PRODCM-412\", by = \"{by}\", text = \"{text}\" }}")).await;
}

pub async fn moves(played: &Played, by: &str, to: &str) {
    happens(played, &format!("move_ticket = {{ ticket = \"PRODCM-412\", by = \"{by}\", to = \"{to}\" }}")).await;
}

/// Says something at once, without waiting for what comes of it.
pub fn says_at_once(played: &Played, by: &str, text: &str) {
    let comment = Comment { ticket: "PRODCM-412".into(), by: by.into(), text: text.into() };
    played.world.simulator.jira.comment(&comment).unwrap();
}

pub async fn outcome(played: &Played) -> Outcome {
    Outcome::of(played, "PRODCM-412").await.unwrap()
}

pub fn status(outcome: &Outcome) -> &str {
    &outcome.ticket.as_ref().unwrap().status
}

/// Every comment of cm-bot as text.
pub fn texts(outcome: &Outcome) -> Vec<String> {
    outcome.comments.iter().map(|comment| adf_text(&comment.body)).collect()
}

pub async fn stands_approved(played: &Played) -> bool {
    let store = &played.app.context.sources.store;
    let key = TicketKey::parse("PRODCM-412").unwrap();
    let decision = store.newest_decision(&key).await.unwrap().unwrap();
    store.standing_approval(&decision.facts.ticket.id).await.unwrap().is_some()
}

/// How often something happened, by the audit trail.
pub async fn count(played: &Played, event: &str) -> usize {
    let trail = verified(&played.app.context.sources.store).await;
    trail.iter().filter(|(_, body, _)| body.contains(&format!("\"event\":\"{event}\""))).count()
}

/// Both have approved, and cm-bot has set the status once.
async fn is_approved_once(played: &Played) {
    let outcome = outcome(played).await;
    assert_eq!((status(&outcome), outcome.transitions.as_slice()), ("Approved", &["Approve".to_owned()][..]));
    assert!(stands_approved(played).await);
    assert_eq!(count(played, "approved_by_human").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvers_in_the_same_second_are_two_and_the_ticket_is_approved_once() {
    let played = waiting().await;
    says_at_once(&played, "priya", "/cm approve");
    says_at_once(&played, "sam", "/cm approve");
    settle(&played).await.unwrap();
    is_approved_once(&played).await;
    assert_eq!(count(&played, "approval_act").await, 2);
    played.stop().await;
    // The twin: the same person in the same second is one.
    let played = waiting().await;
    says_at_once(&played, "priya", "/cm approve");
    says_at_once(&played, "priya", "/cm approve");
    settle(&played).await.unwrap();
    let outcome = outcome(&played).await;
    assert_eq!(outcome.verdict_words(), "Waiting for 1 of 2 approvals");
    assert!(outcome.transitions.is_empty() && !stands_approved(&played).await);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ticket_and_slack_say_who_has_approved_and_who_is_missing() {
    let played = waiting().await;
    says(&played, "sam", "/cm approve The plan is fine.").await;
    let seen = outcome(&played).await;
    let comment = seen.comment_text();
    for sentence in [
        "Waiting for 1 of 2 approvals. billing-api to prod-us",
        "To do: @Priya Nair approves as Security Lead. Sam Okafor approved as Engineering Lead. Dana Reyes requested it and cannot approve it.",
        "Security Lead | nobody yet",
        "Engineering Lead | Sam Okafor, 2026-11-02 09:08 UTC in a comment",
    ] {
        assert!(comment.contains(sentence), "{sentence}\n{comment}");
    }
    let reply = seen.replies[0].blocks.to_string();
    assert!(reply.contains("Sam Okafor approved as *Engineering Lead* · 1 of 2"), "{reply}");
    assert!(reply.contains("The plan is fine."), "{reply}");
    assert_eq!(seen.replies[0].text, "Sam Okafor approved PRODCM-412 as Engineering Lead. 1 of 2 approvals.");
    assert!(seen.messages[0].text.starts_with("Waiting for 1 of 2 approvals: PRODCM-412"), "{}", seen.messages[0].text);
    assert!(seen.messages[0].text.ends_with("Priya Nair: please approve or decline it in Jira."));
    says(&played, "priya", "/cm approve").await;
    is_approved_once(&played).await;
    assert_eq!(
        outcome(&played).await.verdict_words(),
        "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)"
    );
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j05_who_may_not_approve_is_told_so_and_by_whom_it_can_be_done() {
    let played = waiting().await;
    says(&played, "dana", "/cm approve").await;
    let seen = outcome(&played).await;
    let answer = seen.comment_text();
    for sentence in [
        "Nothing was recorded. @Dana Reyes: Dana Reyes requested this change, so somebody else has to approve it.",
        "Who can approve: Priya Nair (Security Lead) and Sam Okafor (Engineering Lead).",
        "The attempt is in the audit record.",
    ] {
        assert!(answer.contains(sentence), "{sentence}\n{answer}");
    }
    assert!(
        texts(&seen)[0].contains("An approval does not count: Dana Reyes requested this change"),
        "{:?}",
        texts(&seen)
    );
    let trail = verified(&played.app.context.sources.store).await;
    assert!(
        trail.iter().any(|(_, body, _)| body.contains("approval_act") && body.contains("\"refused\":\"Dana Reyes"))
    );
    says(&played, "lee", "/cm approve").await;
    assert!(outcome(&played).await.comment_text().contains("Lee Wong has none of the roles that may approve"));
    assert!(!stands_approved(&played).await);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j09_somebody_whose_account_is_deactivated_or_unknown_does_not_count() {
    let cast = |priya: &str| {
        let people = [
            "name = \"dana\"\nfull_name = \"Dana Reyes\"\n".to_owned(),
            "name = \"lee\"\nfull_name = \"Lee Wong\"\n".to_owned(),
            format!("name = \"priya\"\nfull_name = \"Priya Nair\"\nroles = [\"security-lead\"]\n{priya}"),
            "name = \"sam\"\nfull_name = \"Sam Okafor\"\nroles = [\"engineering-lead\"]\n".to_owned(),
            "name = \"zoe\"\nfull_name = \"Zoe Hart\"\nroles = [\"security-lead\"]\n".to_owned(),
        ];
        let people: String = people.iter().map(|one| format!("[[people]]\n{one}")).collect();
        scene("first-deployment").with("[[commits]]", &format!("{people}[[commits]]"))
    };
    for (priya, why) in [
        ("jira = \"deactivated\"\n", "The Jira account of Priya Nair is deactivated."),
        ("unmapped = true\n", "The Jira account that approved it is not in the people file."),
    ] {
        let played = waiting_in(cast(priya)).await;
        says(&played, "sam", "/cm approve").await;
        says(&played, "priya", "/cm approve").await;
        assert!(outcome(&played).await.comment_text().contains(why), "{:?}", texts(&outcome(&played).await));
        assert!(!stands_approved(&played).await);
        says(&played, "zoe", "/cm approve").await;
        is_approved_once(&played).await;
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn j06_one_person_with_two_accounts_is_one() {
    let people = "[[people]]\nname = \"dana\"\nfull_name = \"Dana Reyes\"\n\
                  [[people]]\nname = \"lee\"\nfull_name = \"Lee Wong\"\n\
                  [[people]]\nname = \"priya\"\nfull_name = \"Priya Nair\"\nroles = [\"security-lead\"]\n\
                  [[people]]\nname = \"priya-admin\"\nfull_name = \"Priya Nair\"\nroles = [\"engineering-lead\"]\n\
                  [[people]]\nname = \"sam\"\nfull_name = \"Sam Okafor\"\nroles = [\"engineering-lead\"]\n";
    let played = waiting_in(scene("first-deployment").with("[[commits]]", &format!("{people}[[commits]]"))).await;
    says(&played, "priya", "/cm approve").await;
    says(&played, "priya-admin", "/cm approve").await;
    assert_eq!(outcome(&played).await.verdict_words(), "Waiting for 1 of 2 approvals");
    says(&played, "sam", "/cm approve").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_needs_a_reason_and_ends_the_ticket() {
    let played = waiting().await;
    says(&played, "sam", "/cm approve").await;
    says(&played, "priya", "/cm decline").await;
    let answer = outcome(&played).await.comment_text();
    assert!(
        answer.contains("Nothing was recorded. @Priya Nair: A decline needs a reason of at least 10 characters"),
        "{answer}"
    );
    says(&played, "priya", "/cm decline The migration locks the invoices.").await;
    let seen = outcome(&played).await;
    assert_eq!((status(&seen), seen.transitions.as_slice()), ("Declined", &["Decline".to_owned()][..]));
    assert!(
        seen.comment_text().contains("Declined by Priya Nair: The migration locks the invoices."),
        "{:?}",
        texts(&seen)
    );
    let message = seen.messages[0].blocks.to_string();
    assert!(message.contains("Declined by Priya Nair: The migration locks the invoices."), "{message}");
    assert_eq!(count(&played, "declined_by_human").await, 1);
    assert!(!stands_approved(&played).await);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_and_then_approves_has_approved() {
    let played = waiting().await;
    says_at_once(&played, "priya", "/cm decline I have not read the plan yet.");
    says_at_once(&played, "priya", "/cm approve");
    settle(&played).await.unwrap();
    let seen = outcome(&played).await;
    assert_eq!((status(&seen), seen.verdict_words().as_str()), ("Awaiting approval", "Waiting for 1 of 2 approvals"));
    says(&played, "sam", "/cm approve").await;
    is_approved_once(&played).await;
    played.stop().await;
    // The other way round the decline is the last word.
    let played = waiting().await;
    says(&played, "sam", "/cm approve").await;
    says_at_once(&played, "priya", "/cm approve");
    says_at_once(&played, "priya", "/cm decline I have not read the plan yet.");
    settle(&played).await.unwrap();
    let seen = outcome(&played).await;
    assert_eq!((status(&seen), seen.transitions.as_slice()), ("Declined", &["Decline".to_owned()][..]));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_by_somebody_without_a_role_declines_nothing() {
    let played = waiting().await;
    says(&played, "lee", "/cm decline I do not like the name.").await;
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Awaiting approval");
    assert!(seen.comment_text().contains("Nothing was recorded. @Lee Wong: Lee Wong has none of the roles"));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j01_an_edit_voids_what_was_approved_before_it() {
    let played = waiting().await;
    says(&played, "priya", "/cm approve").await;
    let edit = "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { build_number = \"1872\" } }";
    happens(&played, edit).await;
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    assert_eq!(seen.verdict_words(), "Waiting for 1 of 2 approvals", "{:?}", texts(&seen));
    let why = "An approval does not count: Priya Nair approved before somebody edited the build number.";
    assert!(seen.comment_text().contains(why), "{:?}", texts(&seen));
    assert!(!stands_approved(&played).await);
    says(&played, "priya", "/cm approve").await;
    is_approved_once(&played).await;
    // And an edit after it is approved voids it all.
    happens(&played, &edit.replace("1872", "1873")).await;
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Awaiting approval");
    assert!(!stands_approved(&played).await);
    assert_eq!(seen.verdict_words(), "Waiting for 2 of 2 approvals", "{:?}", texts(&seen));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j01_an_edit_that_is_taken_back_at_once_voids_it_too() {
    let played = waiting().await;
    says(&played, "priya", "/cm approve").await;
    for number in ["1872", "1871"] {
        let fields = [("build_number".to_owned(), number.to_owned())].into();
        let edit = EditTicket { ticket: "PRODCM-412".into(), by: "dana".into(), commit: None, summary: None, fields };
        played.world.simulator.jira.edit_ticket(&edit, None).unwrap();
    }
    settle(&played).await.unwrap();
    says(&played, "sam", "/cm approve").await;
    assert_eq!(outcome(&played).await.verdict_words(), "Waiting for 1 of 2 approvals");
    played.stop().await;
}

const TRANSITION: &str = "POST /rest/api/3/issue/PRODCM-412/transitions";

/// The edit comes after everything was read, immediately before the transition.
#[tokio::test(flavor = "multi_thread")]
async fn j03_an_edit_just_before_the_transition_is_voided_after_it() {
    let played = waiting().await;
    says(&played, "sam", "/cm approve").await;
    let jira = Arc::clone(&played.world.simulator.jira);
    let fields = [("build_number".to_owned(), "1872".to_owned())].into();
    let edit = EditTicket { ticket: "PRODCM-412".into(), by: "dana".into(), commit: None, summary: None, fields };
    let meanwhile = move || jira.edit_ticket(&edit, None).unwrap();
    played.world.simulator.shared.faults.meanwhile((System::Jira, TRANSITION), 1, meanwhile);
    says(&played, "priya", "/cm approve").await;
    let seen = outcome(&played).await;
    assert_eq!(seen.transitions, ["Approve", "Back to review"], "{:?}", texts(&seen));
    assert!(!stands_approved(&played).await);
    assert_eq!((count(&played, "approved_by_human").await, count(&played, "approval_voided").await), (1, 1));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_transition_approves_once() {
    let played = waiting().await;
    says(&played, "sam", "/cm approve").await;
    happens(
        &played,
        &format!("fail = {{ system = \"jira\", how = \"loses_answers\", on = \"{TRANSITION}\", times = 1 }}"),
    )
    .await;
    says(&played, "priya", "/cm approve").await;
    played.world.simulator.shared.clock.pass(Duration::from_secs(600));
    settle(&played).await.unwrap();
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_was_edited_or_deleted_counts_for_nothing() {
    let played = waiting().await;
    says(&played, "sam", "/cm approve").await;
    happens(&played, "comment = { ticket = \"PRODCM-412\", by = \"priya\", text = \"I am thinking about it.\" }").await;
    // Whoever may edit comments puts words into another's mouth.
    happens(
        &played,
        "edit_comment = { ticket = \"PRODCM-412\", of = \"priya\", by = \"dana\", text = \"/cm approve\" }",
    )
    .await;
    let seen = outcome(&played).await;
    assert!(
        seen.comment_text().contains("The comment was edited, so nobody can tell who said what."),
        "{:?}",
        texts(&seen)
    );
    assert!(!stands_approved(&played).await);
    // Sam takes the own approval back.
    happens(&played, "delete_comment = { ticket = \"PRODCM-412\", of = \"sam\" }").await;
    says(&played, "priya", "/cm approve").await;
    assert_eq!(
        texts(&outcome(&played).await)[0].lines().next().unwrap().split(". ").next().unwrap(),
        "Waiting for 1 of 2 approvals"
    );
    says(&played, "sam", "/cm approve").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_for_an_old_evaluation_does_not_cover_what_was_found_since() {
    let played = waiting().await;
    says(&played, "priya", "/cm approve").await;
    let sibling = "create_ticket = { key = \"PRODCM-413\", by = \"lee\", commit = \"merged\" }";
    happens(&played, sibling).await;
    happens(&played, "pass = \"15m\"").await;
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    assert_eq!(seen.verdict_words(), "Waiting for 1 of 2 approvals", "{:?}", texts(&seen));
    let why = "An approval does not count: Priya Nair approved before cm-bot found this: ";
    assert!(seen.comment_text().contains(why), "{:?}", texts(&seen));
    says(&played, "priya", "/cm approve").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j04_one_of_two_who_sets_the_status_has_approved_and_the_other_is_still_missing() {
    let played = waiting().await;
    moves(&played, "priya", "Approved").await;
    let seen = outcome(&played).await;
    assert_eq!((status(&seen), seen.verdict_words().as_str()), ("Awaiting approval", "Waiting for 1 of 2 approvals"));
    assert!(!stands_approved(&played).await);
    moves(&played, "sam", "Approved").await;
    let seen = outcome(&played).await;
    assert_eq!((status(&seen), seen.transitions.as_slice()), ("Approved", &["Back to review".to_owned()][..]));
    assert!(stands_approved(&played).await);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j04_a_status_set_by_somebody_who_may_not_is_called_out_and_two_approvals_heal_it() {
    let played = waiting().await;
    moves(&played, "dana", "Approved").await;
    let seen = outcome(&played).await;
    assert!(seen.comment_text().starts_with(
        "Waiting for 2 of 2 approvals. The status says approved, but that does not count: Dana Reyes requested"
    ));
    assert!(seen.messages[0].blocks.to_string().contains("the approval in Jira does not count"));
    assert!(!stands_approved(&played).await);
    says(&played, "priya", "/cm approve").await;
    let said = outcome(&played).await.comment_text();
    assert!(
        said.starts_with("Waiting for 1 of 2 approvals. The status says approved, but that does not count"),
        "{said}"
    );
    assert!(!stands_approved(&played).await);
    says(&played, "sam", "/cm approve").await;
    assert!(stands_approved(&played).await, "{:?}", texts(&outcome(&played).await));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_set_back_by_hand_wants_both_anew() {
    let played = waiting().await;
    says(&played, "priya", "/cm approve").await;
    says(&played, "sam", "/cm approve").await;
    is_approved_once(&played).await;
    moves(&played, "sam", "Awaiting approval").await;
    assert!(!stands_approved(&played).await);
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Awaiting approval");
    assert!(
        seen.comment_text().contains("Priya Nair approved before the ticket was set back to review."),
        "{:?}",
        texts(&seen)
    );
    says(&played, "priya", "/cm approve").await;
    assert!(stands_approved(&played).await);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_once_and_change_nothing() {
    let played = waiting().await;
    says(&played, "dana", "/cm check").await;
    assert!(
        outcome(&played)
            .await
            .comment_text()
            .starts_with("Checked again at 2026-11-02 09:08 UTC. @Dana Reyes: 2 approvals are missing.")
    );
    says(&played, "dana", "/cm explain").await;
    assert!(outcome(&played).await.comment_text().contains("▸ All 21 checks"));
    says(&played, "dana", "/cm aprove").await;
    assert!(outcome(&played).await.comment_text().contains("The commands are /cm approve, /cm decline with a reason"));
    says(&played, "dana", "I said /cm approve, did I not?").await;
    happens(&played, "pass = \"1h\"").await;
    assert_eq!(outcome(&played).await.comments.len(), 4, "{:?}", texts(&outcome(&played).await));
    assert_eq!(count(&played, "approval_act").await, 0);
    played.stop().await;
}

/// What a webhook would have told is found by the clock.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_whose_webhook_is_lost_is_found() {
    let played = waiting().await;
    happens(&played, "fail = { system = \"jira\", how = \"drops_webhooks\" }").await;
    says(&played, "priya", "/cm approve").await;
    says(&played, "sam", "/cm approve").await;
    assert!(!stands_approved(&played).await);
    happens(&played, "pass = \"15m\"").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jira_that_offers_no_transition_is_told_and_a_status_by_hand_is_enough() {
    let scene = scene("first-deployment").parsed().variant(Variant::Scene);
    let renamed = |settings: &mut toml::Table| {
        let workflow = toml::Table::from_iter([("approve".to_owned(), "Release".into())]);
        settings["jira"].as_table_mut().unwrap().insert("workflow".into(), workflow.into());
    };
    let played = start_with(scene, renamed).await;
    play_all(&played).await;
    says(&played, "sam", "/cm approve").await;
    says(&played, "priya", "/cm approve").await;
    let seen = outcome(&played).await;
    assert!(!stands_approved(&played).await);
    assert!(
        seen.comment_text().starts_with(
            "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead), but Jira does not offer cm-bot the \
             transition \"Release\".\nTo do: one of them sets the status"
        ),
        "{:?}",
        texts(&seen)
    );
    moves(&played, "priya", "Approved").await;
    assert!(stands_approved(&played).await);
    assert_eq!(count(&played, "approved_by_human").await, 1);
    played.stop().await;
}

/// The ticket that waits, in a Jira where people approve in other ways too.
async fn waiting_where(approvals: &str) -> Played {
    let extra: toml::Value = toml::from_str(approvals).unwrap();
    let scene = scene("first-deployment").parsed().variant(Variant::Scene);
    let change = |settings: &mut toml::Table| {
        settings["jira"].as_table_mut().unwrap().insert("approvals".into(), extra);
    };
    let played = start_with(scene, change).await;
    play_all(&played).await;
    played
}

async fn sets(played: &Played, by: &str, field: &str, value: &str) {
    let fields = format!("fields = {{ {field} = \"{value}\" }}");
    happens(played, &format!("edit_ticket = {{ ticket = \"PRODCM-412\", by = \"{by}\", {fields} }}")).await;
}

const FIELDS: &str = "fields = [\"Security approval\", \"customfield_10122\"]";

#[tokio::test(flavor = "multi_thread")]
async fn who_sets_a_field_for_approvals_counts_and_never_what_stands_in_it() {
    let played = waiting_where(FIELDS).await;
    // The fields say approved; whoever wrote that may not.
    sets(&played, "dana", "security_approval", "Approved").await;
    sets(&played, "lee", "engineering_approval", "Approved").await;
    let seen = outcome(&played).await;
    assert_eq!(seen.verdict_words(), "Waiting for 2 of 2 approvals");
    for why in ["Dana Reyes requested this change", "Lee Wong has none of the roles that may approve"] {
        assert!(seen.comment_text().contains(&format!("An approval does not count: {why}")), "{:?}", texts(&seen));
    }
    assert!(!stands_approved(&played).await);
    for (by, field) in [("priya", "security_approval"), ("sam", "engineering_approval")] {
        sets(&played, by, field, "Open").await;
        sets(&played, by, field, "Approved").await;
    }
    is_approved_once(&played).await;
    played.stop().await;
    // Without the setting the fields are fields like any other.
    let played = waiting().await;
    sets(&played, "priya", "security_approval", "Approved").await;
    sets(&played, "sam", "engineering_approval", "Approved").await;
    assert_eq!(outcome(&played).await.verdict_words(), "Waiting for 2 of 2 approvals");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sets_the_field_back_takes_the_own_word_back_and_nobody_elses() {
    let played = waiting_where(FIELDS).await;
    sets(&played, "priya", "security_approval", "Approved").await;
    sets(&played, "dana", "security_approval", "Open").await;
    assert_eq!(outcome(&played).await.verdict_words(), "Waiting for 1 of 2 approvals", "what Priya did, Priya did");
    sets(&played, "priya", "security_approval", "Approved").await;
    sets(&played, "priya", "security_approval", "Open").await;
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    assert_eq!(seen.verdict_words(), "Waiting for 1 of 2 approvals");
    assert!(seen.comment_text().contains("Security Lead | nobody yet"), "{:?}", texts(&seen));
    sets(&played, "priya", "security_approval", "Declined").await;
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Declined");
    assert!(
        seen.comment_text().contains("Declined by Priya Nair: set the field \"Security approval\" to \"Declined\"")
    );
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_of_jira_service_management_counts_like_any_other() {
    let opened = "open_request = { ticket = \"PRODCM-412\", approvers = [\"priya\", \"sam\", \"lee\"] }";
    let answers = |by: &str| format!("answer_request = {{ ticket = \"PRODCM-412\", by = \"{by}\" }}");
    let played = waiting_where("service_desk = true").await;
    let internal = ("sd.public.comment".to_owned(), serde_json::json!({"internal": true}));
    assert!(outcome(&played).await.comments[0].properties.contains(&internal), "customers do not read it");
    happens(&played, opened).await;
    happens(&played, &answers("lee")).await;
    happens(&played, &answers("priya")).await;
    happens(&played, "pass = \"15m\"").await;
    let seen = outcome(&played).await;
    assert_eq!(seen.verdict_words(), "Waiting for 1 of 2 approvals", "{:?}", texts(&seen));
    assert!(seen.comment_text().contains("in Jira Service Management"), "{:?}", texts(&seen));
    assert!(seen.comment_text().contains("An approval does not count: Lee Wong has none of the roles"));
    // J06: the same person once more is the same person.
    says(&played, "priya", "/cm approve").await;
    assert_eq!(outcome(&played).await.verdict_words(), "Waiting for 1 of 2 approvals");
    happens(&played, &answers("sam")).await;
    happens(&played, "pass = \"15m\"").await;
    is_approved_once(&played).await;
    played.stop().await;
    // Nobody can tell whether an answer came before an edit or after it, so an edit voids it.
    let played = waiting_where("service_desk = true").await;
    happens(&played, opened).await;
    sets(&played, "dana", "build_number", "1872").await;
    happens(&played, &answers("priya")).await;
    happens(&played, "pass = \"15m\"").await;
    let seen = outcome(&played).await;
    let why = "An approval does not count: Priya Nair approved before somebody edited the build number.";
    assert!(seen.comment_text().contains(why), "{:?}", texts(&seen));
    played.stop().await;
    // Where the settings do not ask for it, nobody looks.
    let played = waiting().await;
    happens(&played, opened).await;
    happens(&played, &answers("priya")).await;
    happens(&played, "pass = \"15m\"").await;
    assert_eq!(count(&played, "approval_act").await, 0);
    played.stop().await;
}

/// A right that is given brings no code: nothing is deployed, and it is approved by the same people.
#[tokio::test(flavor = "multi_thread")]
async fn what_brings_no_code_is_approved_by_two_people_and_an_edit_voids_it() {
    let text = std::fs::read_to_string("config/policies/lifeomic/scenes/access.toml").unwrap();
    let played = waiting_in(crate::support::scene_of(&text)).await;
    says(&played, "priya", "/cm approve").await;
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    assert_eq!((status(&seen), seen.transitions.as_slice()), ("Approved", &["Approve".to_owned()][..]));
    assert!(
        seen.comment_text().starts_with("Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead).")
    );
    assert_eq!(count(&played, "approved_by_human").await, 2, "the earlier change, and this one once");
    happens(&played, "pass = \"15m\"").await;
    sets(&played, "dana", "justification", "Everybody needs to read all the invoices of last year.").await;
    let seen = outcome(&played).await;
    assert_eq!(seen.transitions, ["Approve", "Back to review"], "{:?}", texts(&seen));
    assert_eq!(seen.verdict_words(), "Waiting for 2 of 2 approvals");
    assert!(seen.comment_text().contains("approved before somebody edited the justification."), "{:?}", texts(&seen));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j08_whoever_has_lost_the_role_by_the_time_of_the_last_approval_does_not_count() {
    let people = "[[people]]\nname = \"dana\"\nfull_name = \"Dana Reyes\"\n\
                  [[people]]\nname = \"lee\"\nfull_name = \"Lee Wong\"\n\
                  [[people]]\nname = \"priya\"\nfull_name = \"Priya Nair\"\nroles = [\"security-lead\"]\n\
                  [[people]]\nname = \"zoe\"\nfull_name = \"Zoe Hart\"\nroles = [\"security-lead\"]\n\
                  [[people]]\nname = \"sam\"\nfull_name = \"Sam Okafor\"\nroles = [\"engineering-lead\"]\n";
    let played = waiting_in(scene("first-deployment").with("[[commits]]", &format!("{people}[[commits]]"))).await;
    says(&played, "priya", "/cm approve").await;
    let (name, world) = played.without_service().await;
    let file = world.settings_file().parent().unwrap().join("people.toml");
    let mut table: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    let list = table["people"].as_array_mut().unwrap();
    let priya = list.iter_mut().find(|one| one["name"].as_str() == Some("Priya Nair")).unwrap();
    priya["roles"] = toml::Value::Array(Vec::new());
    std::fs::write(&file, toml::to_string(&table).unwrap()).unwrap();
    world.sign().unwrap();
    let clock = world.simulator.shared.clock.clone();
    let played = start_in(&name, world, &clock).await.unwrap();
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    assert_eq!((status(&seen), seen.verdict_words().as_str()), ("Awaiting approval", "Waiting for 1 of 2 approvals"));
    let why = "An approval does not count: Priya Nair has none of the roles that may approve";
    assert!(seen.comment_text().contains(why), "{:?}", texts(&seen));
    says(&played, "zoe", "/cm approve").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_missing_is_reminded() {
    let played = waiting().await;
    says(&played, "sam", "/cm approve").await;
    happens(&played, "pass = \"2h\"").await;
    happens(&played, "pass = \"1m\"").await;
    let seen = outcome(&played).await;
    let reminder = &seen.replies.last().unwrap();
    assert!(reminder.text.starts_with("Waiting for 1 of 2 approvals: PRODCM-412"), "{}", reminder.text);
    assert!(reminder.text.ends_with(
        "Priya Nair: please approve or decline it in Jira. Reminders stop when it is decided or withdrawn."
    ));
    assert_eq!(reminder.blocks.to_string().matches("<@").count(), 1, "{}", reminder.blocks);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_after_the_decision_is_answered_once_and_changes_nothing() {
    let played = waiting().await;
    says(&played, "priya", "/cm approve").await;
    says(&played, "sam", "/cm approve").await;
    says(&played, "priya", "/cm decline I have changed my mind about it.").await;
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Approved");
    let answer = "Nothing was recorded. @Priya Nair: The ticket is approved already. Whoever means to take that back sets it back to review.";
    assert_eq!(seen.comment_text().trim(), answer);
    happens(&played, "pass = \"15m\"").await;
    moves(&played, "priya", "Closed").await;
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    assert!(seen.comment_text().contains("The ticket is finished, so nobody approves or declines it any more."));
    assert_eq!(seen.comments.len(), 4, "{:?}", texts(&seen));
    is_recorded_once(&played).await;
    played.stop().await;
}

async fn is_recorded_once(played: &Played) {
    assert_eq!((count(played, "approved_by_human").await, count(played, "declined_by_human").await), (1, 0));
}

/// Whoever sets the status a moment before cm-bot does keeps it from approving; what is clean is approved all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_clean_ticket_whose_status_somebody_sets_first_is_approved_by_itself_in_the_end() {
    for by in ["priya", "dana"] {
        let scene = scene("clean-change").parsed().variant(Variant::Scene);
        let late = |settings: &mut toml::Table| {
            settings["jira"].as_table_mut().unwrap().insert("settle_seconds".into(), 30.into());
        };
        let played = start_with(scene, late).await;
        play_all(&played).await;
        let moved = |by: &str, to: &str| MoveTicket { ticket: "PRODCM-412".into(), by: by.into(), to: to.into() };
        played.world.simulator.jira.move_ticket(&moved(by, "Approved")).unwrap();
        settle(&played).await.unwrap();
        assert!(!stands_approved(&played).await, "one is not enough, and the requester is none");
        if by == "dana" {
            played.world.simulator.jira.move_ticket(&moved("sam", "Awaiting approval")).unwrap();
            settle(&played).await.unwrap();
        }
        happens(&played, "pass = \"2m\"").await;
        let seen = outcome(&played).await;
        assert_eq!(seen.verdict_words(), "Approved automatically", "{by}: {:?}", texts(&seen));
        assert_eq!(status(&seen), "Approved");
        assert!(stands_approved(&played).await);
        played.stop().await;
    }
}

/// What somebody says after the decision and before the transition is heard, also when nobody tells cm-bot of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_clean_ticket_that_somebody_declines_before_it_is_approved_is_declined() {
    for (says, ends) in [
        ("/cm decline The migration locks the invoices.", "Declined"),
        ("/cm check", "Approved"),
        ("Looks good.", "Approved"),
    ] {
        let late = |settings: &mut toml::Table| {
            settings["jira"].as_table_mut().unwrap().insert("settle_seconds".into(), 300.into());
        };
        let played = start_with(scene("clean-change").parsed().variant(Variant::Scene), late).await;
        play_all(&played).await;
        assert_eq!(status(&outcome(&played).await), "Awaiting approval", "the search of Jira may be late");
        happens(&played, "fail = { system = \"jira\", how = \"drops_webhooks\" }").await;
        says_at_once(&played, "priya", says);
        for _ in 0..2 {
            happens(&played, "pass = \"5m\"").await;
        }
        let seen = outcome(&played).await;
        assert_eq!(status(&seen), ends, "{says}: {:?}", texts(&seen));
        assert_eq!(stands_approved(&played).await, ends == "Approved", "{says}");
        played.stop().await;
    }
}
