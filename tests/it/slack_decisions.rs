//! People decide in Slack, where the settings let them: it counts as a comment in Jira does, for exactly what they saw.

use std::path::Path;
use std::slice;
use std::time::Duration;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle, start_in};
use cm_bot::model::TicketKey;
use cm_bot::policy::approvers::{Deed, Way};
use cm_bot::simulator::jira::adf_text;
use cm_bot::simulator::scene::{Step, Submit, Variant};
use cm_bot::store::Word;

use crate::support::{TestScene, play_all, restarted, scene, start, start_with, verified};

const KEY: &str = "PRODCM-412";

/// The people of the scene, Priya and Sam in other words, and somebody else with a role.
fn cast(priya: &str, dana: &str) -> String {
    let people = [
        format!("name = \"dana\"\nfull_name = \"Dana Reyes\"\n{dana}"),
        "name = \"lee\"\nfull_name = \"Lee Wong\"\n".to_owned(),
        format!("name = \"priya\"\nfull_name = \"Priya Nair\"\nroles = [\"security-lead\"]\n{priya}"),
        "name = \"zoe\"\nfull_name = \"Zoe Hart\"\nroles = [\"security-lead\"]\n".to_owned(),
        "name = \"sam\"\nfull_name = \"Sam Okafor\"\nroles = [\"engineering-lead\"]\n".to_owned(),
    ];
    people.iter().map(|one| format!("[[people]]\n{one}")).collect::<String>() + "[[commits]]"
}

/// A ticket that waits for two people, in a company that decides in Slack too.
async fn waiting_in(scene: TestScene) -> Played {
    let interactive = |settings: &mut toml::Table| {
        settings["slack"].as_table_mut().unwrap().insert("decisions".into(), "interactive".into());
    };
    let played = start_with(scene.parsed().variant(Variant::Scene), interactive).await;
    play_all(&played).await;
    played
}

async fn waiting() -> Played {
    waiting_in(scene("first-deployment")).await
}

async fn happens(played: &Played, verb: &str) {
    let step: Step = toml::from_str(verb).unwrap();
    played.world.simulator.play(&step).await.unwrap();
    settle(played).await.unwrap();
}

/// Each time that the trail says where people decide: Slack, the pages.
async fn where_they_decide(played: &Played) -> Vec<(String, String)> {
    let trail = verified(&played.app.context.sources.store).await;
    let entries = trail.iter().map(|(_, body, _)| serde_json::from_str::<serde_json::Value>(body).unwrap());
    let changes = entries.filter(|entry| entry["event"] == "deciding_changed");
    let word = |entry: &serde_json::Value, place: &str| entry[place].as_str().unwrap().to_owned();
    changes.map(|entry| (word(&entry, "slack"), word(&entry, "pages"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn that_people_decide_in_slack_stands_in_the_trail_until_they_do_not_any_more() {
    let interactive = ("interactive".to_owned(), "link".to_owned());
    let played = waiting().await;
    assert_eq!(where_they_decide(&played).await, slice::from_ref(&interactive));
    let played = restarted(played, Duration::from_secs(60)).await;
    assert_eq!(where_they_decide(&played).await, slice::from_ref(&interactive), "said once");
    let file = played.world.settings_file();
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, settings.replace("decisions = \"interactive\"", "")).unwrap();
    let played = restarted(played, Duration::from_secs(60)).await;
    assert_eq!(where_they_decide(&played).await, [interactive, ("link".to_owned(), "link".to_owned())]);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_people_decide_in_jira_alone_the_trail_has_nothing_to_say_of_it() {
    let played = start("first-deployment", scene("first-deployment").parsed().variant(Variant::Scene)).await;
    assert_eq!(where_they_decide(&played).await, []);
    played.stop().await;
}

async fn presses(played: &Played, by: &str, button: &str) {
    happens(played, &format!("click = {{ by = \"{by}\", button = \"{button}\", about = \"{KEY}\" }}")).await;
}

fn form(by: &str, values: &[(&str, &str)]) -> Submit {
    let values = values.iter().map(|(name, said)| ((*name).to_owned(), (*said).to_owned())).collect();
    Submit { by: by.into(), values }
}

async fn sends(played: &Played, by: &str, values: &[(&str, &str)]) {
    played.world.simulator.slack.submit(&form(by, values)).await.unwrap();
    settle(played).await.unwrap();
}

async fn approves(played: &Played, by: &str) {
    presses(played, by, "Review and approve").await;
    sends(played, by, &[]).await;
}

async fn outcome(played: &Played) -> Outcome {
    Outcome::of(played, KEY).await.unwrap()
}

/// Every comment of cm-bot as text, one after the other.
async fn comments(played: &Played) -> String {
    outcome(played).await.comments.iter().map(|comment| adf_text(&comment.body)).collect::<Vec<_>>().join("\n")
}

async fn verdict(played: &Played) -> String {
    outcome(played).await.verdict_words()
}

fn whisper(played: &Played) -> String {
    played.world.simulator.slack.whispers().last().map_or_else(String::new, |(_, message)| message.text.clone())
}

async fn count(played: &Played, event: &str) -> usize {
    let trail = verified(&played.app.context.sources.store).await;
    trail.iter().filter(|(_, body, _)| body.contains(&format!("\"event\":\"{event}\""))).count()
}

async fn is_approved_once(played: &Played) {
    let outcome = outcome(played).await;
    let status = &outcome.ticket.as_ref().unwrap().status;
    assert_eq!((status.as_str(), outcome.transitions.as_slice()), ("Approved", &["Approve".to_owned()][..]));
    assert_eq!(count(played, "approved_by_human").await, 1);
}

/// Nothing came of it, and whoever tried is told why.
async fn is_refused(played: &Played, why: &str) {
    let said = whisper(played);
    assert!(said.starts_with(&format!("Nothing was recorded. {why}")), "{said}");
    assert_eq!(count(played, "approval_act").await, 0);
    assert_eq!(count(played, "refused_in_slack").await, 1);
    assert_eq!(verdict(played).await, "Waiting for 2 of 2 approvals");
}

/// The service starts again after its settings or its people were changed.
async fn again(played: Played, file: &str, change: impl FnOnce(&mut toml::Table)) -> Played {
    let (name, world) = played.without_service().await;
    let settings = world.settings_file();
    let path = Path::new(&settings).with_file_name(file);
    let mut table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
    change(&mut table);
    std::fs::write(&path, toml::to_string(&table).unwrap()).unwrap();
    world.sign().unwrap();
    let clock = world.simulator.shared.clock.clone();
    let played = start_in(&name, world, &clock).await.unwrap();
    settle(&played).await.unwrap();
    played
}

fn only_link(settings: &mut toml::Table) {
    settings["slack"]["decisions"] = "link".into();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_shows_as_whom_somebody_decides_and_what_and_the_word_counts_as_a_comment_does() {
    let played = waiting().await;
    presses(&played, "priya", "Review and approve").await;
    let [(account, form)] = played.world.simulator.slack.forms().try_into().unwrap();
    assert_eq!(account, "U0PRIYA");
    let shown = form.to_string();
    for words in [
        "*You decide as Priya Nair, Security Lead.*",
        "What you approve: build 1871 of commit ",
        "Another build, or an edit of the ticket, needs a new approval.",
        "Requested by Dana Reyes.",
        "This is the first deployment of billing-api to prod-us",
        "*Rollback plan*",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    sends(&played, "priya", &[("note", "Checked the rollback plan.")]).await;
    let seen = outcome(&played).await;
    assert_eq!(seen.verdict_words(), "Waiting for 1 of 2 approvals");
    assert!(
        seen.comment_text().contains("Security Lead | Priya Nair, 2026-11-02 09:08 UTC in Slack"),
        "{}",
        seen.comment_text()
    );
    assert_eq!(seen.replies[0].text, "Priya Nair approved PRODCM-412 as Security Lead. 1 of 2 approvals.");
    assert!(seen.replies[0].blocks.to_string().contains("Checked the rollback plan."));
    assert!(seen.messages[0].text.ends_with("Sam Okafor: please approve or decline it in Jira or here."));
    happens(&played, &format!("comment = {{ ticket = \"{KEY}\", by = \"sam\", text = \"/cm approve\" }}")).await;
    is_approved_once(&played).await;
    assert_eq!(verdict(&played).await, "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)");
    let trail = verified(&played.app.context.sources.store).await;
    assert!(trail.iter().any(|(_, body, _)| body.contains("approval_act") && body.contains("\"source\":\"slack:")));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_by_default_slack_leads_to_jira_and_a_form_of_before_decides_nothing() {
    let played = waiting().await;
    presses(&played, "priya", "Review and approve").await;
    let played = again(played, "cm-bot.toml", only_link).await;
    sends(&played, "priya", &[]).await;
    is_refused(&played, "People decide in Jira here, not in Slack.").await;
    played.stop().await;
    let link = start_with(scene("first-deployment").parsed().variant(Variant::Scene), |_| {}).await;
    play_all(&link).await;
    let message = outcome(&link).await.messages[0].blocks.to_string();
    assert!(message.contains("/browse/PRODCM-412") && !message.contains("\"value\""), "{message}");
    link.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_in_slack_counts_no_more_when_people_decide_in_jira_alone() {
    for (change, counts) in [(only_link as fn(&mut toml::Table), false), (|_| {}, true)] {
        let played = waiting().await;
        approves(&played, "priya").await;
        let played = again(played, "cm-bot.toml", change).await;
        happens(&played, &format!("comment = {{ ticket = \"{KEY}\", by = \"sam\", text = \"/cm approve\" }}")).await;
        if counts {
            is_approved_once(&played).await;
        } else {
            assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
            let why = "An approval does not count: Somebody decided in Slack, and by now people decide in Jira alone.";
            assert!(comments(&played).await.contains(why), "{}", comments(&played).await);
        }
        played.stop().await;
    }
}

/// A pipeline asks, something happens, both leads approve in Slack, and it asks again: where people decide in Jira alone by
/// then it is refused, and else it is let through.
async fn the_gate_answers_by_the_setting(before: &[String]) {
    for (change, answer) in [(only_link as fn(&mut toml::Table), "approvals_missing"), (|_| {}, "allow")] {
        let played = waiting().await;
        let run = "run = { build = \"1871\" }";
        happens(&played, &format!("gate_request = {{ {run}, commit = \"merged\", artifact = \"billing-api:1871\" }}"))
            .await;
        for verb in before {
            happens(&played, verb).await;
        }
        approves(&played, "priya").await;
        approves(&played, "sam").await;
        is_approved_once(&played).await;
        let played = again(played, "cm-bot.toml", change).await;
        happens(&played, &format!("gate_consume = {{ {run}, answer = \"{answer}\" }}")).await;
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_lets_through_what_was_approved_in_slack_as_long_as_people_decide_there() {
    the_gate_answers_by_the_setting(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_an_edit_voided_does_not_stand_for_a_later_word_in_slack() {
    let comment = format!("comment = {{ ticket = \"{KEY}\", by = \"priya\", text = \"/cm approve\" }}");
    let links = "fields = { links = \"https://ci.acme.example/1871\" }";
    let edit = format!("edit_ticket = {{ ticket = \"{KEY}\", by = \"dana\", {links} }}");
    the_gate_answers_by_the_setting(&[comment, edit]).await;
}

/// Our clock dates what is said in Slack, and Jira's what is said there.
#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_tell_which_came_first_the_no_counts() {
    for (between, status) in [("20s", "Declined"), ("50s", "Awaiting approval")] {
        let played = waiting().await;
        presses(&played, "priya", "Review and approve").await;
        // Jira is away, so that both are heard together.
        happens(&played, "fail = { system = \"jira\", how = \"down\" }").await;
        let no = format!("comment = {{ ticket = \"{KEY}\", by = \"priya\", text = \"/cm decline Not on a Friday\" }}");
        happens(&played, &no).await;
        let pass = Step { at_once: true, pass: Some(between.into()), ..Step::default() };
        played.world.simulator.play(&pass).await.unwrap();
        sends(&played, "priya", &[]).await;
        happens(&played, "recover = { system = \"jira\" }").await;
        happens(&played, "pass = \"10m\"").await;
        let seen = outcome(&played).await;
        assert_eq!(seen.ticket.as_ref().unwrap().status, status, "{between}: {}", seen.comment_text());
        played.stop().await;
    }
}

/// It came in the moment in which the ticket was approved: nothing comes of it, and its author is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_nobody_noted_before_the_decision_is_answered() {
    let played = waiting().await;
    approves(&played, "priya").await;
    approves(&played, "sam").await;
    is_approved_once(&played).await;
    let (store, now) = (&played.app.context.sources.store, played.app.context.clock.now());
    let stored = store.newest_decision(&TicketKey::parse(KEY).unwrap()).await.unwrap().unwrap();
    let (issue, fingerprint) = (&stored.facts.ticket.id, stored.facts.ticket.fingerprint());
    let deed = Deed::Decline { reason: "I have not read the plan yet.".into() };
    let by = store.words(issue).await.unwrap()[0].by.clone();
    let word = Word { way: Way::Slack, delivery: "late".into(), by, deed, at: now, decision: stored.id, fingerprint };
    store.note_word(issue, &word, now).await.unwrap();
    settle(&played).await.unwrap();
    let said = comments(&played).await;
    assert!(said.contains("Nothing was recorded. @Priya Nair: The ticket is approved already."), "{said}");
    assert_eq!(count(&played, "approval_act").await, 3);
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_a_form_that_shows_another_build_approves_nothing() {
    let played = waiting().await;
    presses(&played, "priya", "Review and approve").await;
    let edit = format!("edit_ticket = {{ ticket = \"{KEY}\", by = \"dana\", fields = {{ build_number = \"1872\" }} }}");
    happens(&played, &edit).await;
    sends(&played, "priya", &[]).await;
    is_refused(&played, "This was for build 1871 of commit ").await;
    assert!(whisper(&played).contains("(evaluation 1); build 1872 of commit "), "{}", whisper(&played));
    approves(&played, "priya").await;
    approves(&played, "sam").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_after_the_word_voids_it() {
    let played = waiting().await;
    approves(&played, "priya").await;
    let edit = format!("edit_ticket = {{ ticket = \"{KEY}\", by = \"dana\", fields = {{ build_number = \"1872\" }} }}");
    happens(&played, &edit).await;
    approves(&played, "sam").await;
    assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
    let why = "An approval does not count: Priya Nair approved before somebody edited the build number.";
    assert!(comments(&played).await.contains(why), "{}", comments(&played).await);
    approves(&played, "priya").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvers_in_the_same_second_are_two_and_one_with_two_forms_is_one() {
    for (second, approved) in [("sam", true), ("priya", false)] {
        let played = waiting().await;
        presses(&played, "priya", "Review and approve").await;
        presses(&played, second, "Review and approve").await;
        let slack = &played.world.simulator.slack;
        let (one, other) = (form("priya", &[]), form(second, &[("note", "I agree.")]));
        let (one, other) = tokio::join!(slack.submit(&one), slack.submit(&other));
        one.and(other).unwrap();
        settle(&played).await.unwrap();
        if approved {
            is_approved_once(&played).await;
        } else {
            assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
        }
        assert_eq!(count(&played, "approval_act").await, 2);
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_twice_counts_once() {
    let played = waiting().await;
    approves(&played, "priya").await;
    let before = verified(&played.app.context.sources.store).await.len();
    let sent = played.world.simulator.slack.last_request().unwrap();
    let [time, signature] = &sent.headers;
    let request = reqwest::Client::new().post(&sent.url).body(sent.body.clone());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.header(time.0, &time.1).header(signature.0, &signature.1).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    settle(&played).await.unwrap();
    assert_eq!(verified(&played.app.context.sources.store).await.len(), before);
    assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_and_then_approves_has_approved_and_the_other_way_round_the_decline_stands() {
    let reason = [("reason", "I have not read the plan yet.")];
    let played = waiting().await;
    presses(&played, "priya", "Decline").await;
    // Jira is away, so that both are heard together.
    happens(&played, "fail = { system = \"jira\", how = \"down\" }").await;
    sends(&played, "priya", &reason).await;
    happens(&played, &format!("comment = {{ ticket = \"{KEY}\", by = \"priya\", text = \"/cm approve\" }}")).await;
    happens(&played, "recover = { system = \"jira\" }").await;
    happens(&played, "pass = \"10m\"").await;
    assert_eq!(
        (count(&played, "approval_act").await, verdict(&played).await.as_str()),
        (2, "Waiting for 1 of 2 approvals")
    );
    approves(&played, "sam").await;
    is_approved_once(&played).await;
    played.stop().await;
    let played = waiting().await;
    approves(&played, "priya").await;
    presses(&played, "priya", "Decline").await;
    sends(&played, "priya", &reason).await;
    let seen = outcome(&played).await;
    assert_eq!((seen.ticket.as_ref().unwrap().status.as_str(), seen.transitions.len()), ("Declined", 1));
    let said = "Declined by Priya Nair: I have not read the plan yet.";
    assert!(seen.comment_text().contains(said) && seen.messages[0].blocks.to_string().contains(said));
    assert_eq!(count(&played, "declined_by_human").await, 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_approve_gets_no_form_and_is_told_who_can() {
    let who_can = "Who can approve: Priya Nair or Zoe Hart (Security Lead) and Sam Okafor (Engineering Lead).";
    for (by, dana, why) in [
        ("dana", "", "Dana Reyes requested this change, so somebody else has to approve it."),
        (
            "dana",
            "roles = [\"security-lead\"]\n",
            "Dana Reyes requested this change, so somebody else has to approve it.",
        ),
        ("lee", "", "Lee Wong has none of the roles that may approve (Security Lead, Engineering Lead)."),
    ] {
        let played = waiting_in(scene("first-deployment").with("[[commits]]", &cast("", dana))).await;
        presses(&played, by, "Review and approve").await;
        assert!(played.world.simulator.slack.forms().is_empty());
        is_refused(&played, why).await;
        assert!(whisper(&played).contains(who_can), "{}", whisper(&played));
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_nobodys_or_not_in_use_decides_nothing() {
    for (priya, why) in [
        ("unmapped = true\n", "Your Slack account is not in the people file."),
        ("slack = \"guest\"\n", "Guests and people of other workspaces cannot do this."),
        ("slack = \"deactivated\"\n", "Your Slack account is switched off."),
        ("jira = \"deactivated\"\n", "The Jira account of Priya Nair is deactivated."),
    ] {
        let played = waiting_in(scene("first-deployment").with("[[commits]]", &cast(priya, ""))).await;
        presses(&played, "priya", "Review and approve").await;
        if !played.world.simulator.slack.forms().is_empty() {
            sends(&played, "priya", &[]).await;
        }
        is_refused(&played, why).await;
        approves(&played, "zoe").await;
        approves(&played, "sam").await;
        is_approved_once(&played).await;
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn j08_who_has_lost_the_role_since_does_not_count() {
    let played = waiting_in(scene("first-deployment").with("[[commits]]", &cast("", ""))).await;
    approves(&played, "priya").await;
    let played = again(played, "people.toml", |people| {
        let people = people["people"].as_array_mut().unwrap();
        let priya = people.iter_mut().find(|one| one["name"].as_str() == Some("Priya Nair")).unwrap();
        priya["roles"] = toml::Value::Array(Vec::new());
    })
    .await;
    approves(&played, "sam").await;
    assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
    let why = "An approval does not count: Priya Nair has none of the roles that may approve";
    assert!(comments(&played).await.contains(why), "{}", comments(&played).await);
    approves(&played, "zoe").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_after_the_decision_changes_nothing() {
    let played = waiting().await;
    presses(&played, "priya", "Decline").await;
    for by in ["priya", "sam"] {
        happens(&played, &format!("comment = {{ ticket = \"{KEY}\", by = \"{by}\", text = \"/cm approve\" }}")).await;
    }
    sends(&played, "priya", &[("reason", "I have changed my mind about it.")]).await;
    assert_eq!(whisper(&played), "Nothing was recorded. PRODCM-412 is approved already. Nobody needs to act.");
    is_approved_once(&played).await;
    let store = &played.app.context.sources.store;
    let decision = store.newest_decision(&TicketKey::parse(KEY).unwrap()).await.unwrap().unwrap();
    assert!(store.standing_approval(&decision.facts.ticket.id).await.unwrap().is_some());
    played.stop().await;
}
