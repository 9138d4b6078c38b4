//! Emergencies from the outside: who may do what in Slack, what is said when, and what stays in the record.

use std::time::Duration;

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Click, Fail, FailureKind, Step, Submit, System, Variant};

use crate::support::{TestScene, play_all, scene, start, verified};

const KEY: &str = "PRODCM-420";

/// The emergency, declared and acknowledged by nobody.
fn declared() -> TestScene {
    scene("emergency")
}

/// The same with somebody whose Slack account is of this kind, and who has the name of a lead.
fn with_somebody(slack: &str, unmapped: bool) -> TestScene {
    let cast = [
        ("dana", "Dana Reyes", "[]", ""),
        ("lee", "Lee Wong", "[]", ""),
        ("priya", "Priya Nair", "[\"security-lead\"]", ""),
        ("sam", "Sam Okafor", "[\"engineering-lead\"]", ""),
        ("alex", "Alex Silva", "[\"security-officer\"]", ""),
        ("max", "Priya Nair.", "[\"security-lead\"]", slack),
    ];
    let person = |(name, full_name, roles, slack): &(&str, &str, &str, &str)| {
        let unmapped = *name == "max" && unmapped;
        format!(
            "[[people]]\nname = \"{name}\"\nfull_name = \"{full_name}\"\nroles = {roles}\nslack = \"{slack}\"\nunmapped = {unmapped}\n\n"
        )
    };
    declared().with("[[commits]]", &(cast.iter().map(person).collect::<String>() + "[[commits]]"))
}

async fn begun(scene: TestScene) -> Played {
    let played = start("an emergency", scene.parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    played
}

async fn then(played: &Played, step: Step) {
    played.world.simulator.play(&step).await.unwrap();
    settle(played).await.unwrap();
}

fn click(by: &str, button: &str, times: u32) -> Step {
    let click = Click { by: by.into(), button: button.into(), about: KEY.into(), times };
    Step { click: Some(click), ..Step::default() }
}

fn pass(time: &str) -> Step {
    Step { pass: Some(time.into()), ..Step::default() }
}

async fn trail(played: &Played) -> String {
    let trail = verified(&played.app.context.sources.store).await;
    trail.iter().map(|(_, body, _)| body.as_str()).collect::<Vec<_>>().join("\n")
}

fn root(played: &Played) -> String {
    let messages = played.world.simulator.slack.messages();
    messages.iter().find(|message| message.text.contains(KEY)).unwrap().text.clone()
}

fn whisper(played: &Played) -> String {
    played.world.simulator.slack.whispers().last().map_or_else(String::new, |(_, message)| message.text.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_acknowledges_it_once_however_often_the_button_is_pressed() {
    let played = begun(declared()).await;
    then(&played, click("priya", "Acknowledge", 2)).await;
    let trail = trail(&played).await;
    assert_eq!(trail.matches("\"emergency_acknowledged\"").count(), 1);
    assert!(root(&played).contains("Acknowledged by Priya Nair."), "{}", root(&played));
    assert_eq!(trail.matches("approved_by_human").count(), 1, "the earlier change; an acknowledgement is no approval");
    let messages = played.world.simulator.slack.messages();
    let replies = messages.iter().filter(|message| message.thread_ts.is_some() && message.text.contains(KEY)).count();
    assert_eq!(replies, 0, "an acknowledgement is an edit");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s01_a_display_name_is_nobodys() {
    let played = begun(with_somebody("", true)).await;
    then(&played, click("max", "Acknowledge", 1)).await;
    assert!(whisper(&played).contains("Nothing was recorded. Your Slack account is not in the people file."));
    let trail = trail(&played).await;
    assert!(trail.contains("refused_in_slack") && !trail.contains("emergency_acknowledged"));
    played.stop().await;
    let mapped = begun(with_somebody("", false)).await;
    then(&mapped, click("max", "Acknowledge", 1)).await;
    assert!(self::trail(&mapped).await.contains("emergency_acknowledged"), "its twin, with an account that is known");
    mapped.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s02_guests_strangers_and_accounts_that_are_switched_off_do_nothing() {
    let why = [
        ("guest", "Guests and people of other workspaces cannot do this."),
        ("stranger", "Your Slack account belongs to another workspace."),
        ("deactivated", "Your Slack account is switched off."),
    ];
    for (kind, reason) in why {
        let played = begun(with_somebody(kind, false)).await;
        then(&played, click("max", "Acknowledge", 1)).await;
        assert!(whisper(&played).contains(reason), "{kind}: {}", whisper(&played));
        let trail = trail(&played).await;
        assert!(trail.contains("refused_in_slack") && !trail.contains("emergency_acknowledged"), "{kind}");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_no_button_changes_the_ticket() {
    let played = begun(declared()).await;
    then(&played, click("priya", "Acknowledge", 1)).await;
    then(&played, click("sam", "Acknowledge", 1)).await;
    let ticket = played.world.simulator.jira.ticket(KEY).unwrap();
    assert_eq!(ticket.status, "Awaiting approval");
    assert!(ticket.transitions.is_empty());
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_a_request_that_was_overheard_is_done_once_and_refused_later() {
    let played = begun(declared()).await;
    then(&played, click("priya", "Acknowledge", 1)).await;
    let overheard = played.world.simulator.slack.last_request().unwrap();
    let again = || async {
        let [time, signature] = &overheard.headers;
        let request = reqwest::Client::new().post(&overheard.url).body(overheard.body.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header(time.0, &time.1).header(signature.0, &signature.1).send().await.unwrap().status().as_u16()
    };
    let before = trail(&played).await.lines().count();
    assert_eq!(again().await, 200);
    settle(&played).await.unwrap();
    assert_eq!(trail(&played).await.lines().count(), before, "it was done before");
    then(&played, pass("5m")).await;
    assert_eq!(again().await, 401);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_lead_is_told_who_can() {
    let played = begun(declared()).await;
    then(&played, click("lee", "Acknowledge", 1)).await;
    let said = whisper(&played);
    assert!(said.starts_with("Nothing was recorded. Lee Wong is none of the leads"), "{said}");
    assert!(said.contains("Who can: Priya Nair or Sam Okafor."), "{said}");
    then(&played, click("lee", "Call it off", 1)).await;
    assert!(whisper(&played).contains("Only Dana Reyes and the leads can call it off."));
    then(&played, click("dana", "Call it off", 1)).await;
    assert!(root(&played).starts_with("Withdrawn: PRODCM-420"), "{}", root(&played));
    then(&played, pass("25h")).await;
    assert!(!trail(&played).await.contains("emergency_overdue"), "an emergency that was called off owes nothing");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j17_after_a_missed_date_the_next_emergency_of_the_service_needs_two_leads() {
    let again = "[[timeline]]\npass = \"25h\"\n[[timeline]]\ncreate_ticket = { key = \"PRODCM-421\", by = \"dana\", commit = \"merged\", fields = { change_class = \"Emergency\" } }\n\n[[expect]]";
    let played = begun(declared().with("[[expect]]", again)).await;
    let trail = trail(&played).await;
    assert!(trail.contains("\"emergency_overdue\""));
    assert!(trail.contains("\"leads_needed\":2"), "{trail}");
    let said = played.world.simulator.slack.messages();
    let second = said.iter().find(|message| message.text.contains("PRODCM-421")).unwrap();
    assert!(second.blocks.to_string().contains("2 leads have to acknowledge this one:"));
    played.stop().await;
    let early = again.replace("25h", "1h");
    let twin = begun(declared().with("[[expect]]", &early)).await;
    assert!(!self::trail(&twin).await.contains("\"leads_needed\":2"), "the first one is not late yet");
    twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j17_an_emergency_that_is_called_off_makes_no_late_one_forgotten() {
    let create = |key: &str| {
        let ticket =
            format!("key = \"{key}\", by = \"dana\", commit = \"merged\", fields = {{ change_class = \"Emergency\" }}");
        toml::from_str::<Step>(&format!("create_ticket = {{ {ticket} }}")).unwrap()
    };
    let call_off = || {
        let click = Click { by: "dana".into(), button: "Call it off".into(), about: "PRODCM-421".into(), times: 1 };
        Step { click: Some(click), ..Step::default() }
    };
    for (before, needed) in [("25h", 2), ("1h", 0)] {
        let played = begun(declared()).await;
        then(&played, pass(before)).await;
        then(&played, create("PRODCM-421")).await;
        then(&played, call_off()).await;
        then(&played, create("PRODCM-422")).await;
        let trail = trail(&played).await;
        assert!(trail.contains("\"emergency_called_off\""));
        assert_eq!(trail.matches("\"leads_needed\":2").count(), needed, "after {before}");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_declared_an_emergency_does_not_call_it_off_when_it_is_overdue() {
    let played = begun(declared()).await;
    then(&played, pass("25h")).await;
    then(&played, click("dana", "Call it off", 1)).await;
    let why = "This emergency is overdue, so only a lead who did not declare it calls it off. Who can: Priya Nair or Sam Okafor.";
    assert!(whisper(&played).contains(why), "{}", whisper(&played));
    assert!(!trail(&played).await.contains("emergency_called_off"));
    then(&played, click("priya", "Call it off", 1)).await;
    assert!(trail(&played).await.contains("emergency_called_off"), "the twin, a lead");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_security_officer_gives_no_new_date_to_an_emergency_of_their_own() {
    let own =
        declared().with("by = \"dana\", commit = \"merged\", summary", "by = \"alex\", commit = \"merged\", summary");
    let played = begun(own).await;
    then(&played, pass("25h")).await;
    then(&played, click("alex", "Give a new date", 1)).await;
    let why =
        "You declared this emergency, so somebody else gives it a new date. Nobody can: please complete the ticket.";
    assert!(whisper(&played).contains(why), "{}", whisper(&played));
    assert!(!trail(&played).await.contains("emergency_new_date"));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_security_officer_gives_a_new_date_and_the_missed_one_stays() {
    let played = begun(declared()).await;
    then(&played, click("priya", "Acknowledge", 1)).await;
    then(&played, pass("25h")).await;
    then(&played, click("priya", "Give a new date", 1)).await;
    assert!(whisper(&played).contains("Only the Security Officer gives a new date. Who can: Alex Silva."));
    then(&played, click("alex", "Give a new date", 1)).await;
    let values = [("hours", "24"), ("reason", "Dana is ill; Lee completes it.")];
    let values = values.map(|(name, said)| (name.to_owned(), said.to_owned())).into();
    then(&played, Step { submit: Some(Submit { by: "alex".into(), values }), ..Step::default() }).await;
    let trail = trail(&played).await;
    assert!(trail.contains("emergency_new_date") && trail.contains("Dana is ill; Lee completes it."));
    assert_eq!(trail.matches("\"emergency_overdue\"").count(), 1);
    then(&played, pass("25h")).await;
    assert_eq!(self::trail(&played).await.matches("\"emergency_overdue\"").count(), 2, "the new date was missed too");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_slack_is_down_the_leads_are_called_in_jira_within_a_quarter_of_an_hour() {
    let down = "[[timeline]]\nfail = { system = \"slack\", how = \"down\" }\n[[timeline]]\nonly = \"scene\"";
    let played = begun(declared().with("[[timeline]]\nonly = \"scene\"", down)).await;
    for _ in 0..13 {
        then(&played, pass("1s")).await;
    }
    let ticket = played.world.simulator.jira.ticket(KEY).unwrap();
    let called = ticket
        .comments
        .iter()
        .filter(|comment| comment.body.to_string().contains("Slack does not take the announcement"));
    let called: Vec<_> = called.collect();
    assert_eq!(called.len(), 1);
    assert!(called[0].body.to_string().contains("712020:priya") && called[0].body.to_string().contains("712020:sam"));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_goes_on_after_a_restart_and_says_nothing_twice() {
    let played = begun(declared()).await;
    then(&played, click("priya", "Acknowledge", 1)).await;
    then(&played, pass("12h")).await;
    let world = crate::support::restarted(played, Duration::from_secs(8 * 3600)).await;
    let messages = world.world.simulator.slack.messages();
    let direct = messages.iter().filter(|message| message.channel.starts_with('D')).count();
    assert_eq!(direct, 2, "at 12 and at 20 hours");
    world.stop().await;
}

/// Declared in Slack by somebody, where Jira lets nobody name a reporter: the ticket is cm-bot's.
fn declared_in_slack_by(who: &str) -> TestScene {
    let scene = scene("emergency-in-slack").with("about = ", "off_the_form = [\"reporter\"]\nabout = ");
    scene.with("slack_command = { by = \"dana\"", &format!("slack_command = {{ by = \"{who}\""))
}

fn comment(by: &str) -> Step {
    toml::from_str(&format!("comment = {{ ticket = \"PRODCM-399\", by = \"{by}\", text = \"/cm approve\" }}")).unwrap()
}

async fn comments(played: &Played) -> String {
    let ticket = played.world.simulator.jira.ticket("PRODCM-399").unwrap();
    ticket.comments.iter().map(|comment| comment.body.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_declares_an_emergency_in_slack_does_not_approve_it() {
    let why = "Sam Okafor declared this emergency, so somebody else has to approve it.";
    let played = begun(declared_in_slack_by("sam")).await;
    then(&played, comment("sam")).await;
    then(&played, comment("priya")).await;
    assert!(comments(&played).await.contains(why), "{}", comments(&played).await);
    assert_eq!(played.world.simulator.jira.ticket("PRODCM-399").unwrap().status, "Awaiting approval");
    played.stop().await;
    let twin = begun(declared_in_slack_by("dana")).await;
    then(&twin, comment("sam")).await;
    then(&twin, comment("priya")).await;
    assert!(!comments(&twin).await.contains("declared this emergency"));
    assert_eq!(
        twin.world.simulator.jira.ticket("PRODCM-399").unwrap().status,
        "Approved",
        "its twin, by somebody else"
    );
    twin.stop().await;
}

/// What is written into the ticket of an emergency that brought no commit.
fn documentation() -> Step {
    let fields = "access_method = \"The console\", emergency_steps = \"Restarted the queue.\", prevention = \"A limit was set.\"";
    toml::from_str(&format!("edit_ticket = {{ ticket = \"PRODCM-399\", by = \"dana\", fields = {{ {fields} }} }}"))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_without_a_commit_is_documented_when_people_have_approved_it() {
    let played = begun(scene("emergency-in-slack")).await;
    then(&played, documentation()).await;
    then(&played, comment("sam")).await;
    assert!(!trail(&played).await.contains("\"emergency_documented\""), "one of two");
    then(&played, comment("priya")).await;
    then(&played, pass("1m")).await;
    assert!(trail(&played).await.contains("\"emergency_documented\""));
    then(&played, pass("25h")).await;
    assert!(!trail(&played).await.contains("\"emergency_overdue\""));
    played.stop().await;
    let twin = begun(scene("emergency-in-slack")).await;
    then(&twin, comment("sam")).await;
    then(&twin, comment("priya")).await;
    then(&twin, pass("25h")).await;
    let trail = trail(&twin).await;
    assert!(
        trail.contains("\"emergency_overdue\"") && !trail.contains("\"emergency_documented\""),
        "its twin, of which nothing is written"
    );
    twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_is_declared_in_slack_while_jira_is_away() {
    let scene = scene("emergency-in-slack");
    let played = start("an emergency", scene.parsed().variant(Variant::Scene)).await;
    let (last, before) = played.world.scene.timeline.split_last().unwrap();
    for step in before.iter().flat_map(Step::parts) {
        then(&played, step).await;
    }
    let fail = Fail { system: System::Jira, how: FailureKind::Down, on: None, times: None, most: None };
    then(&played, Step { fail: Some(fail), ..Step::default() }).await;
    then(&played, last.clone()).await;
    let messages = || played.world.simulator.slack.messages();
    assert_eq!(messages().iter().filter(|message| message.text.starts_with("Emergency change declared")).count(), 1);
    then(
        &played,
        Step { recover: Some(cm_bot::simulator::scene::Recover { system: System::Jira }), ..Step::default() },
    )
    .await;
    for _ in 0..3 {
        then(&played, pass("10m")).await;
    }
    let said: Vec<_> = messages()
        .into_iter()
        .filter(|message| message.text.starts_with("Emergency change declared: ") && message.thread_ts.is_none())
        .collect();
    assert_eq!(said.len(), 1, "nobody is told twice");
    assert!(said[0].text.contains("PRODCM-399"), "{}", said[0].text);
    assert_eq!(trail(&played).await.matches("\"emergency_declared\"").count(), 1);
    played.stop().await;
}
