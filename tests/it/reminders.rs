//! Tickets that wait for a human: who is reminded when, and that nobody hears what nobody needs.

use std::collections::BTreeMap;
use std::time::Duration;

use cm_bot::app::App;
use cm_bot::cli::demo::play::settle;
use cm_bot::cli::demo::world::World;
use cm_bot::model::{DecisionId, IssueId, Timestamp};
use cm_bot::settings::{Environment, load};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{CreateTicket, Step, Variant};
use cm_bot::simulator::slack::{MessageView, plain_text};
use cm_bot::store::{Evaluation, Policy};

use crate::support::facts::{criteria, judge, passing};
use crate::support::{play_all, scene, start, world};

fn pass(time: &str) -> Step {
    Step { pass: Some(time.into()), ..Step::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_missing_are_reminded_step_by_step_and_not_after_the_decision() {
    let played = start("a first deployment", scene("first-deployment").parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    let key = "PRODCM-412";
    let messages = || played.world.simulator.slack.messages();
    let told = || -> Vec<String> {
        messages()
            .iter()
            .skip(1)
            .filter(|message| message.text.contains(key))
            .map(|message| plain_text(message, &played.world.scene))
            .collect()
    };
    let asked = messages().len();
    for time in ["2h", "6h", "16h", "24h"] {
        played.world.simulator.play(&pass(time)).await.unwrap();
        settle(&played).await.unwrap();
    }
    let said = told();
    assert_eq!(said.len(), 5, "{said:#?}");
    assert!(
        said[0]
            .contains("asked 2 hours ago. @priya @sam please decide. Reminders stop when it is decided or withdrawn."),
        "{said:#?}"
    );
    assert!(said[1].contains("Do this: approve or decline it in Jira."), "{said:#?}");
    assert!(said[3].contains("@alex please see that Priya Nair or Sam Okafor decide"), "{said:#?}");
    assert!(said[4].starts_with("⏳ Waiting for approvals: 1 ticket for more than a day"), "{said:#?}");
    let direct = messages().iter().filter(|message| message.channel.starts_with('D')).count();
    assert_eq!(direct, 2, "one for each who is missing");
    assert!(messages().iter().any(|message| message.broadcast));
    let approve = format!(
        "[[x]]\ncomment = {{ ticket = \"{key}\", by = \"sam\", text = \"/cm approve\" }}\n\
         [[x]]\nmove_ticket = {{ ticket = \"{key}\", by = \"priya\", to = \"Approved\" }}"
    );
    let approve: BTreeMap<String, Vec<Step>> = toml::from_str(&approve).unwrap();
    let before = messages().len();
    for step in approve["x"].iter().cloned().chain([pass("48h")]) {
        played.world.simulator.play(&step).await.unwrap();
        settle(&played).await.unwrap();
    }
    assert_eq!(messages().len(), before + 1, "Sam has approved; nobody is reminded of what is decided");
    assert!(asked < before);
    played.stop().await;
}

/// How long each ticket of the month waits, in hours.
const WAITS: [i64; 6] = [1, 3, 9, 26, 50, 80];

/// Tickets of the month.
const TICKETS: i64 = 300;

/// A ticket of the month: when it was asked for, and when it was decided.
struct Ticket {
    key: String,
    asked: i64,
    decided: i64,
}

fn month(start: i64) -> Vec<Ticket> {
    let hour = 3_600_000;
    let ticket = |number: i64| {
        let asked = start + number * 30 * 24 * hour / TICKETS;
        let wait = WAITS[usize::try_from(number).unwrap() % WAITS.len()];
        Ticket { key: format!("PRODCM-{}", 1000 + number), asked, decided: asked + wait * hour }
    };
    (0..TICKETS).map(ticket).collect()
}

/// The parts of a service, worked by hand: a month takes seconds.
struct Month {
    world: World,
    app: App,
    clock: Clock,
}

impl Month {
    async fn new() -> Month {
        let clock = Clock::scripted();
        let world = world(scene("clean-change").parsed(), clock.clone()).await;
        let settings = load(Some(&world.settings_file()), &Environment::new()).unwrap();
        let Clock::Scripted(time) = &clock else { panic!("scripted") };
        let app = App::build(settings, cm_bot::clock::Clock::Scripted(time.clone())).await.unwrap();
        Month { world, app, clock }
    }

    fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    async fn work(&self) {
        while self.app.worker().work_once().await.unwrap() || self.app.outbox().work_once().await.unwrap() {}
    }

    async fn until(&self, moment: i64) {
        // Half an hour at a time, so that nothing that is due together only seems to be.
        while self.now() < moment {
            let step = (moment - self.now()).min(1_800_000);
            self.clock.pass(Duration::from_millis(u64::try_from(step).unwrap()));
            self.work().await;
        }
    }

    /// A ticket that was judged: a human must decide.
    async fn ask(&self, ticket: &Ticket) {
        let create = CreateTicket {
            key: ticket.key.clone(),
            by: "dana".into(),
            commit: "0".repeat(40),
            reporter: None,
            service: None,
            summary: None,
            fields: BTreeMap::new(),
        };
        self.world.simulator.jira.create_ticket(&create, &"0".repeat(40)).unwrap();
        let key = cm_bot::model::TicketKey::parse(&ticket.key).unwrap();
        let read = self.app.context.sources.jira.ticket_by_key(&key).await.unwrap();
        let mut facts = passing();
        facts.ticket = read;
        let store = &self.app.context.sources.store;
        let policy = Policy::of_files(self.app.context.policy.texts.clone(), criteria());
        let evaluation = Evaluation {
            facts: &facts,
            decision: &judge(&facts),
            id: DecisionId(uuid::Uuid::now_v7()),
            number: 1,
            verdict: "waiting",
            policy: &policy,
            at: Timestamp(self.now()),
            actions: &[],
        };
        store.record(&evaluation, None, None).await.unwrap();
        let issue: IssueId = facts.ticket.id.clone();
        store.enqueue(&cm_bot::store::Job::FollowUp(issue), Timestamp(self.now())).await.unwrap();
    }

    async fn decide(&self, ticket: &Ticket) {
        let moved = cm_bot::simulator::scene::MoveTicket {
            ticket: ticket.key.clone(),
            by: "priya".into(),
            to: "Declined".into(),
        };
        self.world.simulator.jira.move_ticket(&moved).unwrap();
        let key = cm_bot::model::TicketKey::parse(&ticket.key).unwrap();
        let read = self.app.context.sources.jira.ticket_by_key(&key).await.unwrap();
        self.app.context.sources.store.note_ticket(&read, None, Timestamp(self.now())).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_with_three_hundred_tickets_reminds_of_each_once_and_of_nothing_that_is_decided() {
    let month_ = Month::new().await;
    let tickets = month(month_.now());
    let asked = tickets.iter().map(|ticket| (ticket.asked, 0, ticket));
    let mut events: Vec<_> = asked.chain(tickets.iter().map(|ticket| (ticket.decided, 1, ticket))).collect();
    events.sort_by_key(|(at, what, ticket)| (*at, *what, ticket.key.clone()));
    for (at, what, ticket) in events {
        month_.until(at).await;
        if what == 0 {
            month_.ask(ticket).await
        } else {
            month_.decide(ticket).await
        }
        month_.work().await;
    }
    let said = month_.world.simulator.slack.messages();
    for ticket in &tickets {
        let about: Vec<&MessageView> =
            said.iter().filter(|message| names(message, &ticket.key) && !is_daily(message)).collect();
        let hours = (ticket.decided - ticket.asked) / 3_600_000;
        let expected = usize::from(hours >= 2) + 2 * usize::from(hours >= 8) + usize::from(hours >= 24);
        assert_eq!(about.len(), expected, "{} waited {hours} hours: {:#?}", ticket.key, about);
        assert!(
            about.iter().all(|message| posted(message) <= ticket.decided),
            "{}: nobody is reminded later",
            ticket.key
        );
    }
    let daily: Vec<&MessageView> = said.iter().filter(|message| is_daily(message)).collect();
    let days: std::collections::BTreeSet<i64> = daily.iter().map(|message| posted(message) / 86_400_000).collect();
    assert_eq!(days.len(), daily.len(), "one a day");
    for message in &daily {
        let open =
            |ticket: &&Ticket| ticket.asked + 36 * 3_600_000 <= posted(message) && posted(message) < ticket.decided;
        let listed = tickets.iter().filter(|ticket| names(message, &ticket.key)).count();
        assert_eq!(listed, tickets.iter().filter(open).count(), "{}", message.text);
    }
    assert!(said.iter().all(|message| message.text.starts_with("Waiting for ") && message.text.len() < 700));
}

fn is_daily(message: &MessageView) -> bool {
    message.text.starts_with("Waiting for approvals")
}

fn names(message: &MessageView, key: &str) -> bool {
    message.text.contains(key)
}

/// When a message was posted, in milliseconds.
fn posted(message: &MessageView) -> i64 {
    let (seconds, micros) = message.ts.split_once('.').unwrap();
    seconds.parse::<i64>().unwrap() * 1000 + micros.parse::<i64>().unwrap() / 1000
}
