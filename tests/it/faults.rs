//! cm-bot itself fails at a ticket: people hear of it, once.

use std::time::Duration;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::settle;
use cm_bot::model::TicketKey;
use cm_bot::simulator::jira::BOT_ACCOUNT;
use cm_bot::simulator::scene::{Step, Variant};
use cm_bot::store::Job;

use crate::support::database::Other;
use crate::support::{database_of, scene, start};

async fn damage(url: &str) {
    let mut other = Other::connect(url).await;
    // Records are never changed, so this is what a failing disk leaves: a record that cannot be read.
    let copy = "INSERT INTO decisions (id, issue_id, ticket_key, evaluation, verdict, facts, decision, policy_digest, decided_at) \
                SELECT '0193a5d0-0000-7000-8000-000000000000', issue_id, ticket_key, 99, verdict, '{', decision, policy_digest, \
                decided_at FROM decisions WHERE ticket_key = 'PRODCM-412' AND evaluation = 1";
    other.run(copy).await.unwrap();
    let point = "UPDATE tickets SET decision_id = '0193a5d0-0000-7000-8000-000000000000', result_sha256 = '' \
                 WHERE ticket_key = 'PRODCM-412'";
    other.run(point).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_after_five_faults_a_ticket_is_left_to_people_and_they_hear_of_it_once() {
    let played = scene("no-rollback-plan").play(Variant::Scene).await;
    let store = &played.app.context.sources.store;
    let said = || {
        let ticket = played.world.simulator.jira.ticket("PRODCM-412").unwrap();
        let ours = ticket.comments.into_iter().filter(|comment| comment.author_account == BOT_ACCOUNT);
        ours.map(|comment| comment.body.to_string()).collect::<Vec<_>>()
    };
    let before = said().len();
    let decision = store.newest_decision(&TicketKey::parse("PRODCM-412").unwrap()).await.unwrap().unwrap();
    let job = Job::Ticket(decision.facts.ticket.id);
    damage(&database_of(&played.world)).await;
    for round in 0..2 {
        store.enqueue(&job, played.app.context.clock.now()).await.unwrap();
        let since = std::time::Instant::now();
        while store.dead_jobs().await.unwrap() == 0 || !played.app.is_idle().await.unwrap() {
            assert!(since.elapsed() < Duration::from_secs(90), "round {round}: {} comments", said().len());
            // Slowly enough that nobody's lease ends in the middle of a piece of work.
            played.world.simulator.shared.clock.pass(Duration::from_secs(10));
            played.app.wake.all();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(said().len(), before + 1, "round {round}");
    }
    let last = said().pop().unwrap();
    let sentence = "cm-bot failed while it checked this ticket, several times, and has stopped.";
    assert!(last.contains(sentence), "{last}");
    let told = played.world.simulator.slack.messages();
    let told: Vec<_> = told.iter().filter(|message| message.text.contains("PRODCM-412")).collect();
    assert!(told.iter().any(|message| message.text.ends_with("An approver decides in Jira.")), "{told:?}");
    played.stop().await;
}

/// Whoever reads the comment later sees that not everything was well when it was written.
#[tokio::test(flavor = "multi_thread")]
async fn what_stood_in_the_way_is_named_at_the_end_of_the_comment() {
    for (trouble, ends) in [(Some("Slack does not answer"), " · not well at that time: slack"), (None, "full evidence")]
    {
        let scene = scene("no-rollback-plan").parsed().variant(Variant::Scene);
        let played = start("trouble", scene.clone()).await;
        let context = &played.app.context;
        context.readiness.note("slack", trouble.map(str::to_owned), context.clock.now());
        for step in scene.timeline.iter().flat_map(Step::parts) {
            played.world.simulator.play(&step).await.unwrap();
            settle(&played).await.unwrap();
        }
        let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
        assert!(outcome.comment_text().trim_end().ends_with(ends), "{}", outcome.comment_text());
        played.stop().await;
    }
}
