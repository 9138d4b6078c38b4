//! A change that brings no code is asked for in Slack: one ticket for whoever asks, who cannot approve it.

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::model::{Field, TicketKey};
use cm_bot::simulator::scene::{Step, Variant};

use crate::support::{TestScene, play_all, scene_of, start, verified};

const SCENE: &str = include_str!("../../config/policies/luma-2018/scenes/provisioning-in-slack.toml");

/// The ticket that is made: the next of the project.
const KEY: &str = "PRODCM-399";

const ASKED: &str = "provisioning billing-api prod-us A second database server of the same size | The first one is full on \
                     Friday | https://wiki.acme.example/capacity";

fn asked(by: &str, text: &str) -> String {
    format!("slack_command = {{ by = \"{by}\", command = \"/request-change\", text = \"{text}\" }}")
}

fn scene() -> TestScene {
    scene_of(SCENE)
}

async fn begun(scene: TestScene) -> Played {
    let played = start("a request in Slack", scene.parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    played
}

async fn happens(played: &Played, step: &str) {
    let step: Step = toml::from_str(step).unwrap();
    played.world.simulator.play(&step).await.unwrap();
    settle(played).await.unwrap();
}

/// What only the one saw who asked, newest last.
fn whispers(played: &Played) -> Vec<String> {
    played.world.simulator.slack.whispers().into_iter().map(|(_, message)| message.text).collect()
}

/// Tickets beside the earlier change.
fn made(played: &Played) -> Vec<String> {
    played.world.simulator.jira.tickets().into_iter().filter(|key| key != "PRODCM-398").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_one_line_gets_the_ticket_of_whoever_asked() {
    let played = begun(scene()).await;
    let ticket = played.world.simulator.jira.ticket(KEY).unwrap();
    assert_eq!(ticket.summary, "A second database server of the same size");
    let read = played.app.context.sources.jira.ticket_by_key(&TicketKey::parse(KEY).unwrap()).await.unwrap();
    assert_eq!(read.requester.as_ref().unwrap().as_str(), "712020:dana");
    let field = |field| read.field(field).unwrap().to_owned();
    assert_eq!(
        (field(Field::ChangeClass), field(Field::Environment), field(Field::Links)),
        ("provisioning".into(), "prod-us".into(), "https://wiki.acme.example/capacity".into())
    );
    assert!(field(Field::Justification).ends_with("The first one is full on Friday"));
    assert_eq!(
        whispers(&played),
        [
            "Your request is recorded. Its ticket is made for you now; you are told here which one.",
            "Recorded: PRODCM-399 is made for your request: provisioning, billing-api to prod-us.",
        ]
    );
    let trail = verified(&played.app.context.sources.store).await;
    let asked: Vec<_> = trail.iter().filter(|(_, body, _)| body.contains("\"requested_in_slack\"")).collect();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].1.contains("Dana Reyes") && asked[0].1.contains(KEY), "{}", asked[0].1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_alone_opens_a_form_which_makes_the_same_ticket() {
    let played = begun(scene().with(&asked("dana", ASKED), &asked("dana", ""))).await;
    assert_eq!(made(&played), Vec::<String>::new());
    let form = "submit = { by = \"dana\", values = { class = \"provisioning\", scope = \"billing-api prod-us\", \
                what = \"A second database server\", why = \"The first one is full\" } }";
    happens(&played, form).await;
    assert_eq!(made(&played), [KEY]);
    let said = whispers(&played);
    assert_eq!(said, ["Recorded: PRODCM-399 is made for your request: provisioning, billing-api to prod-us."]);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_does_not_approve_it_and_somebody_else_does() {
    let played = begun(scene().with(&asked("dana", ASKED), &asked("cara", ASKED))).await;
    for (by, expected) in [("cara", "Awaiting approval"), ("omar", "Approved")] {
        happens(&played, &format!("comment = {{ ticket = \"{KEY}\", by = \"{by}\", text = \"/cm approve\" }}")).await;
        assert_eq!(played.world.simulator.jira.ticket(KEY).unwrap().status, expected, "{by}");
    }
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_for_is_answered_with_how_to_write_it() {
    let usage = "Write: /request-change CLASS SERVICE ENVIRONMENT what you need | why it is needed | links";
    for (text, why) in [
        (
            "normal billing-api prod-us a | b",
            "it does not begin with a class of change that can be asked for here: provisioning",
        ),
        (
            "provisioning web prod-us a | b",
            "it does not name a registered service and environment: billing-api prod-us",
        ),
        ("provisioning billing-api prod-us a server", "say what you change and why, with a | between them"),
    ] {
        let played = begun(scene().with(&asked("dana", ASKED), &asked("dana", text))).await;
        assert_eq!(whispers(&played), [format!("Nothing was recorded: {why}. {usage}")]);
        assert_eq!(made(&played), Vec::<String>::new());
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_jira_does_not_let_us_name_who_asked_there_is_no_ticket() {
    let scene = scene().with("policy = \"luma-2018\"", "policy = \"luma-2018\"\noff_the_form = [\"reporter\"]");
    let played = begun(scene).await;
    assert_eq!(made(&played), Vec::<String>::new());
    let said = "Nothing was recorded. Jira does not let cm-bot name you as the reporter of a ticket. Write /request-change \
                alone to fill in a form, or make the ticket in Jira.";
    assert_eq!(whispers(&played).last().unwrap(), said);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_jira_does_not_offer_the_class_there_is_no_ticket() {
    let class = "policy = \"luma-2018\"\n[[criteria.change_class.classes]]\nname = \"access\"\nbrings = \"no_code\"\n\
                 fields = [\"environment\", \"change_class\"]\nin_words = []\n";
    let scene = scene().with("policy = \"luma-2018\"", class);
    let played = begun(scene.with("text = \"provisioning ", "text = \"access ")).await;
    assert_eq!(made(&played), Vec::<String>::new());
    let said = "Nothing was recorded. The change class cannot be filled in: Jira's field does not offer \"access\". Write \
                /request-change alone to fill in a form, or make the ticket in Jira.";
    assert_eq!(whispers(&played).last().unwrap(), said);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_whose_making_was_not_answered_is_not_made_twice() {
    let lost = "fail = { system = \"jira\", how = \"loses_answers\", on = \"POST /rest/api/3/issue\", times = 1 }\n\n[[timeline]]\n";
    let later = "\n\n[[timeline]]\npass = \"2m\"\n\n[[timeline]]\npass = \"2m\"\n";
    let played = begun(scene().with(&asked("dana", ASKED), &format!("{lost}{}{later}", asked("dana", ASKED)))).await;
    assert_eq!(made(&played), [KEY]);
    let said = whispers(&played);
    assert_eq!(said.iter().filter(|text| text.contains("is made for your request")).count(), 1, "{said:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_the_people_file_does_not_name_gets_no_ticket() {
    let scene = scene().with("name = \"dana\"\n", "name = \"dana\"\nunmapped = true\n");
    let played = begun(scene).await;
    assert_eq!(made(&played), Vec::<String>::new());
    let said = "Nothing was recorded. Your Slack account is not in the people file. Make the ticket in Jira.";
    assert_eq!(whispers(&played), [said]);
    played.stop().await;
}
