//! A history: a world, one or two processes, and what a seed makes happen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use cm_bot::cli::demo::world::World;
use cm_bot::clock::Clock;
use cm_bot::simulator::clock::Clock as SceneClock;
use cm_bot::simulator::faults::Side;
use cm_bot::simulator::scene::{Step, Submit, Variant};
use cm_bot::store::TrailEntry;
use fastrand::Rng;

use super::judge::{Judge, by_bot};
use super::node::{Node, Place, SETTLE, Turn};
use crate::support::database::{is_postgres, open};
use crate::support::{database_of, scene, verified, world};

/// Events of one history.
const EVENTS: usize = 5;

/// Longer than anything waits before it is tried again.
const LONG: Duration = Duration::from_secs(3_600);

/// Histories in one world: making it takes longer than playing one of them.
pub const IN_A_WORLD: u64 = 10;

/// Tickets of one history at most.
const MOST_TICKETS: usize = 3;

/// What may be deployed. The last one carries a commit that nobody reviewed.
const BUILDS: [&str; 3] = ["merged", "later", "bare"];

/// What people see of an action.
const OUTSIDE: [&str; 3] = ["POST /rest/api/3/issue/", "POST /api/chat.postMessage", "/transitions"];

/// Whose approvals it takes.
const APPROVERS: [&str; 2] = ["priya", "sam"];

/// How a system fails.
const WAYS: [&str; 8] =
    ["down", "reset", "loses_answers", "login_page", "rate_limited", "secondary_limit", "bad_gateway", "token_revoked"];

/// A second reviewed pull request and one that nobody reviewed, after the shipped scene's.
const MORE: &str = r#"
[[timeline]]
push = { branch = "cache-rates", commit = "cache" }
[[timeline]]
open_pull_request = { number = 872, from = "cache-rates", by = "dana", title = "Keep exchange rates" }
[[timeline]]
review = { pull_request = 872, by = "lee" }
[[timeline]]
merge = { pull_request = 872, by = "dana", commit = "later" }
[[timeline]]
scan = { commit = "later" }
[[timeline]]
push = { branch = "quick-fix", commit = "quick" }
[[timeline]]
open_pull_request = { number = 873, from = "quick-fix", by = "dana", title = "Quick fix" }
[[timeline]]
merge = { pull_request = 873, by = "dana", commit = "bare" }
[[timeline]]
scan = { commit = "bare" }
"#;

const COMMITS: &str = r#"
[[commits]]
id = "cache"
parents = ["merged"]
author = "dana"
message = "Keep exchange rates"
files = { "src/rates.js" = "export const rates = new Map();\n" }

[[commits]]
id = "quick"
parents = ["later"]
author = "dana"
message = "Quick fix"
files = { "src/quick.js" = "export const quick = true;\n" }
"#;

/// One service with an environment for each history.
fn service() -> String {
    let environments: Vec<String> = (0..IN_A_WORLD).map(|number| format!("prod-{number}")).collect();
    format!(
        "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nenvironments = {environments:?}\n"
    )
}

/// A ticket as the history knows it.
#[derive(Debug, Clone)]
pub struct Ticket {
    pub key: String,
    /// What it asks to deploy now.
    pub build: &'static str,
    /// When it was made, by the world's clock in milliseconds.
    pub made_at: i64,
    /// What it asked to deploy when a human approved it.
    pub approved: Option<&'static str>,
    /// Who sent the form in Slack that approves it, and what it asked to deploy then; whether that arrived, nobody knows.
    pub words: BTreeSet<(&'static str, &'static str)>,
    /// Whether somebody edited it while a process was at work: then a wrong approval may be made, and must be taken back.
    pub raced: bool,
}

impl Ticket {
    /// Whether everybody who has to may have approved in Slack what it asks to deploy now.
    pub fn is_approved_in_slack(&self) -> bool {
        APPROVERS.iter().all(|person| self.words.contains(&(*person, self.build)))
    }
}

/// Everything of one history.
pub struct History {
    pub said: Vec<String>,
    pub reached: BTreeSet<&'static str>,
    pub tickets: Vec<Ticket>,
    pub world: World,
    seed: u64,
    rng: Rng,
    clock: SceneClock,
    nodes: Vec<Option<Node>>,
    judge: Judge,
    /// Whether a ticket was made whose webhook was lost.
    lost: bool,
}

impl History {
    /// A world in which one history after the other can be played, each in an environment of its own.
    pub async fn world() -> History {
        let ticket = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
        let first = "[[timeline]]\npush = { branch = \"main\", commit = \"v1\" }";
        let scene = scene("clean-change")
            .with(ticket, MORE)
            .with(first, &format!("{COMMITS}\n{first}"))
            .with("[[timeline]]\ndeployed_before = { ticket = \"PRODCM-398\", commit = \"v1\" }\n", "")
            .with("[[commits]]\nid = \"v1\"", &format!("{}\n[[commits]]\nid = \"v1\"", service()));
        let scene = scene.parsed().variant(Variant::Scene);
        let clock = SceneClock::scripted();
        let world = world(scene.clone(), clock.clone()).await;
        let mut history = History {
            said: Vec::new(),
            reached: BTreeSet::new(),
            tickets: Vec::new(),
            world,
            seed: 0,
            rng: Rng::new(),
            clock,
            nodes: Vec::new(),
            judge: Judge::default(),
            lost: false,
        };
        let places: &[Place] = if is_postgres() { &[Place::Webhooks, Place::Beside] } else { &[Place::Webhooks] };
        for place in places {
            let node = history.started(*place).await;
            history.nodes.push(Some(node));
        }
        for step in &scene.timeline {
            history.step(step).await;
        }
        history
    }

    /// Plays the whole history of a seed.
    pub async fn play(&mut self, seed: u64) {
        self.begin(seed).await;
        self.create().await;
        for _ in 0..EVENTS {
            self.event().await;
        }
        self.heal().await;
        self.end().await;
    }

    /// The environment had an approved change before.
    pub async fn begin(&mut self, seed: u64) {
        (self.seed, self.rng, self.judge) = (seed, Rng::with_seed(seed), Judge::default());
        self.said.clear();
        self.tickets.clear();
        self.lost = false;
        let (key, environment) = (format!("PRODCM-{}", self.next_key()), self.environment());
        let fields = format!("{{ environment = \"{environment}\" }}");
        let steps = [
            format!("create_ticket = {{ key = \"{key}\", by = \"dana\", commit = \"v1\", fields = {fields} }}"),
            format!("comment = {{ ticket = \"{key}\", by = \"sam\", text = \"/cm approve\" }}"),
            format!("move_ticket = {{ ticket = \"{key}\", by = \"priya\", to = \"Approved\" }}"),
            format!("move_ticket = {{ ticket = \"{key}\", by = \"priya\", to = \"Closed\" }}"),
        ];
        for step in steps {
            self.step(&toml::from_str(&step).unwrap()).await;
            self.drain(0).await;
        }
    }

    /// Where this history takes place: one of as many as there are histories in a world.
    fn environment(&self) -> String {
        format!("prod-{}", self.seed % IN_A_WORLD)
    }

    fn next_key(&self) -> usize {
        400 + self.world.simulator.jira.tickets().len()
    }

    /// Plays a step of the world and waits until its webhooks have arrived, or are lost.
    async fn step(&self, step: &Step) {
        self.world.simulator.play(step).await.unwrap_or_else(|error| panic!("{}{error}", self.tale()));
        self.quiet().await;
    }

    async fn quiet(&self) {
        while self.world.simulator.webhooks_under_way() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn started(&self, place: Place) -> Node {
        let SceneClock::Scripted(time) = &self.clock else { unreachable!("histories are scripted") };
        Node::start(&self.world, Clock::Scripted(std::sync::Arc::clone(time)), place).await
    }

    fn say(&mut self, what: String) {
        self.said.push(what);
    }

    /// What happened so far, for whoever has to find out why a history failed.
    pub fn tale(&self) -> String {
        let mut tale = format!("CM_BOT_TEST_SEEDS={}\n", self.seed);
        for (number, what) in self.said.iter().enumerate() {
            writeln!(tale, "{number:3} {what}").unwrap();
        }
        tale
    }

    /// Looks at the world after a step.
    async fn look(&mut self) {
        let judge = std::mem::take(&mut self.judge);
        self.judge = judge.look(self).await.unwrap_or_else(|wrong| panic!("{}{wrong}", self.tale()));
    }

    /// The audit trail, verified, as anybody can read it beside the processes.
    pub async fn records(&self) -> Vec<TrailEntry> {
        verified(&open(&database_of(&self.world)).await).await
    }

    /// Something happens, and then the processes work a little, or not at all.
    async fn event(&mut self) {
        match self.rng.u32(0..100) {
            0..8 => self.pass().await,
            8..16 => self.die_at(Turn::Judge).await,
            16..34 => self.die_at(Turn::CarryOut).await,
            34..42 => self.meddle_with(Turn::Judge).await,
            42..62 => self.meddle_with(Turn::CarryOut).await,
            62..72 => self.create().await,
            72..76 => self.edit().await,
            76..84 => self.decide().await,
            84..90 => self.fail().await,
            90..91 => self.recover().await,
            91..96 => self.lose_webhooks().await,
            96..98 => self.work(Turn::Reconcile).await,
            _ => self.redeliver().await,
        }
        self.look().await;
        for _ in 0..self.rng.u32(0..4) {
            let turn = *self.rng.choice(&[Turn::Judge, Turn::CarryOut]).unwrap();
            self.work(turn).await;
            self.look().await;
        }
        if self.rng.u32(0..3) == 0 {
            self.restart().await;
        }
    }

    /// A process that is there, if one is.
    fn somebody(&mut self) -> Option<usize> {
        let there: Vec<usize> = (0..self.nodes.len()).filter(|number| self.nodes[*number].is_some()).collect();
        self.rng.choice(there)
    }

    async fn work(&mut self, turn: Turn) {
        let Some(number) = self.somebody() else { return };
        let worked = self.nodes[number].as_ref().unwrap().work(turn).await;
        self.quiet().await;
        self.say(format!(
            "process {number}: {turn:?} {}",
            if worked { "did something" } else { "found nothing to do" }
        ));
        if turn == Turn::Reconcile && worked && self.lost {
            self.reached.insert("a ticket whose webhook was lost was found");
        }
    }

    async fn pass(&mut self) {
        let seconds = *self.rng.choice(&[5, 60, 300, 900]).unwrap();
        self.pass_by(Duration::from_secs(seconds)).await;
    }

    pub async fn pass_by(&mut self, time: Duration) {
        self.clock.pass(time);
        self.quiet().await;
        self.say(format!("{} s pass", time.as_secs()));
    }

    /// The world's time, in milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// So that there is something to carry out.
    async fn prepare(&mut self, turn: Turn) {
        if turn == Turn::CarryOut {
            self.work(Turn::Judge).await;
            self.pass_by(SETTLE).await;
        }
    }

    /// A process dies at one of its next requests, before it had its effect or right after.
    async fn die_at(&mut self, turn: Turn) {
        self.prepare(turn).await;
        let Some(number) = self.somebody() else { return };
        let (request, side) = (self.request(turn), self.side());
        let halted = self.world.simulator.shared.faults.halt_at(request, side);
        let node = self.nodes[number].take().unwrap();
        let died = tokio::select! {
            _ = node.work(turn) => false,
            () = halted.reached() => true,
        };
        self.world.simulator.shared.faults.go_on();
        if !died {
            self.nodes[number] = Some(node);
            self.quiet().await;
            return self.say(format!("process {number}: {turn:?}, and lives"));
        }
        let asked = self.last_request();
        node.end().await;
        self.quiet().await;
        self.say(format!("process {number}: {turn:?}, and dies {side:?} {asked}"));
        if let Some(what) = death(turn, side, &asked) {
            self.reached.insert(what);
        }
    }

    /// A process dies between the record of an approval and its last look at the ticket.
    pub async fn die_after_approving(&mut self, key: &str) {
        let faults = self.world.simulator.shared.faults.clone();
        let moved = faults.halt_at((&format!("POST /rest/api/3/issue/{key}/transitions"), 1), Side::After);
        let node = self.nodes[0].take().unwrap();
        let looks_again = async {
            moved.reached().await;
            let looking = faults.halt_at(("GET /rest/api/3/issue/", 1), Side::Before);
            moved.release();
            looking.reached().await;
        };
        tokio::select! {
            _ = node.work(Turn::CarryOut) => panic!("{}the process lives", self.tale()),
            () = looks_again => {}
        }
        faults.go_on();
        node.end().await;
        self.quiet().await;
    }

    async fn restart(&mut self) {
        for number in 0..self.nodes.len() {
            if self.nodes[number].is_none() {
                let place = if number == 0 { Place::Webhooks } else { Place::Beside };
                self.nodes[number] = Some(self.started(place).await);
                self.say(format!("process {number} starts"));
            }
        }
        self.quiet().await;
    }

    /// Somebody does something in the middle of a process's work.
    async fn meddle_with(&mut self, turn: Turn) {
        self.prepare(turn).await;
        let Some(number) = self.somebody() else { return };
        let (request, side) = (self.request(turn), self.side());
        let halted = self.world.simulator.shared.faults.halt_at(request, side);
        let node = self.nodes[number].take().unwrap();
        {
            let work = node.work(turn);
            tokio::pin!(work);
            let reached = tokio::select! {
                _ = &mut work => false,
                () = halted.reached() => true,
            };
            self.world.simulator.shared.faults.go_on();
            if reached {
                let asked = self.last_request();
                self.say(format!("process {number}: {turn:?}, and in the middle of it ({side:?} {asked}):"));
                self.tamper(turn, side, &asked).await;
                halted.release();
                work.await;
            }
        }
        self.nodes[number] = Some(node);
        self.quiet().await;
    }

    async fn tamper(&mut self, turn: Turn, side: Side, asked: &str) {
        if self.rng.bool() && self.tickets.len() < MOST_TICKETS {
            self.create().await;
            if turn == Turn::Judge {
                self.reached.insert("a sibling was created while a ticket was judged");
            }
            return;
        }
        let Some(ticket) = self.edit_one().await else { return };
        self.tickets[ticket].raced = true;
        let key = self.tickets[ticket].key.clone();
        match (turn, asked.starts_with("POST") && asked.contains(&format!("{key}/transitions"))) {
            (Turn::Judge, _) => self.reached.insert("a ticket was edited while it was judged"),
            (_, true) if side == Side::Before => self.reached.insert("a ticket was edited right before its approval"),
            (_, true) => self.reached.insert("a ticket was edited right after its approval"),
            _ => false,
        };
    }

    async fn create(&mut self) {
        if self.tickets.len() == MOST_TICKETS {
            return;
        }
        let (key, environment) = (format!("PRODCM-{}", self.next_key()), self.environment());
        let build = *self.rng.choice(&BUILDS).unwrap();
        let fields = format!("{{ environment = \"{environment}\" }}");
        let ticket = format!("key = \"{key}\", by = \"dana\", commit = \"{build}\", fields = {fields}");
        self.happens(&format!("create_ticket = {{ {ticket} }}")).await;
        self.tickets.push(Ticket {
            key,
            build,
            made_at: self.clock.now_ms(),
            approved: None,
            words: BTreeSet::new(),
            raced: false,
        });
        if self.nodes[0].is_none() {
            self.reached.insert("webhooks came while no process was there");
        }
    }

    async fn edit(&mut self) {
        self.edit_one().await;
    }

    /// Edits what a ticket asks to deploy, if there is one that is not closed.
    async fn edit_one(&mut self) -> Option<usize> {
        let open = |history: &History, ticket: &Ticket| history.status(&ticket.key) != "Closed";
        let choice: Vec<usize> = (0..self.tickets.len()).filter(|number| open(self, &self.tickets[*number])).collect();
        let number = self.rng.choice(choice)?;
        let build = *self.rng.choice(&BUILDS).unwrap();
        let key = self.tickets[number].key.clone();
        self.tickets[number].build = build;
        self.happens(&format!("edit_ticket = {{ ticket = \"{key}\", by = \"dana\", commit = \"{build}\" }}")).await;
        Some(number)
    }

    /// Somebody approves, declines or closes a ticket by hand.
    async fn decide(&mut self) {
        let Some(number) = self.rng.choice(0..self.tickets.len()) else { return };
        if self.rng.bool() {
            return self.decide_in_slack(number).await;
        }
        let ticket = self.tickets[number].clone();
        let to = match (self.status(&ticket.key).as_str(), self.rng.u32(0..4)) {
            ("Awaiting approval", 0) => "Approved",
            ("Awaiting approval", 1) => "Declined",
            ("Approved", 0) => "Awaiting approval",
            ("Closed", _) | ("Awaiting approval", 2) => return,
            _ => "Closed",
        };
        if to == "Approved" && self.rng.u32(0..3) == 0 {
            self.reached.insert("one of two approved a ticket");
        } else if to == "Approved" {
            self.reached.insert("a human approved a ticket");
            self.tickets[number].approved = Some(ticket.build);
            let key = &ticket.key;
            self.happens(&format!("comment = {{ ticket = \"{key}\", by = \"sam\", text = \"/cm approve\" }}")).await;
        }
        if to == "Closed" && self.status(&ticket.key) == "Approved" {
            self.reached.insert("a ticket was closed after its approval");
        }
        self.happens(&format!("move_ticket = {{ ticket = \"{}\", by = \"priya\", to = \"{to}\" }}", ticket.key)).await;
    }

    /// One who approves, or both, in the form that opens in Slack; without a process Slack says that it could not be reached.
    async fn decide_in_slack(&mut self, number: usize) {
        let some = self.rng.usize(1..=APPROVERS.len());
        for person in &APPROVERS[..some] {
            let (key, build) = (self.tickets[number].key.clone(), self.tickets[number].build);
            let button = "button = \"Review and approve\"";
            let click = format!("click = {{ by = \"{person}\", {button}, about = \"{key}\" }}");
            let pressed = self.world.simulator.play(&toml::from_str(&click).unwrap()).await;
            self.quiet().await;
            let form = Submit { by: (*person).to_owned(), values: BTreeMap::new() };
            let sent = match pressed {
                Ok(()) => self.world.simulator.slack.submit(&form).await,
                Err(error) => Err(error),
            };
            self.quiet().await;
            self.say(format!("{click}: {}", sent.as_ref().map_or_else(ToString::to_string, |()| "sent".to_owned())));
            // A form that lost its answer may have arrived.
            self.tickets[number].words.insert((person, build));
        }
    }

    async fn fail(&mut self) {
        let (system, what) = *self
            .rng
            .choice(&[("jira", "Jira failed"), ("github", "GitHub failed"), ("slack", "Slack failed")])
            .unwrap();
        let (how, times) = (*self.rng.choice(&WAYS).unwrap(), self.rng.u32(1..6));
        self.reached.insert(what);
        if how == "loses_answers" {
            self.reached.insert("an answer was lost");
        }
        self.happens(&format!("fail = {{ system = \"{system}\", how = \"{how}\", times = {times} }}")).await;
    }

    async fn recover(&mut self) {
        for system in ["jira", "github", "slack"] {
            self.happens(&format!("recover = {{ system = \"{system}\" }}")).await;
        }
    }

    async fn lose_webhooks(&mut self) {
        let (system, times) = (*self.rng.choice(&["jira", "github"]).unwrap(), self.rng.u32(1..5));
        self.happens(&format!("fail = {{ system = \"{system}\", how = \"drops_webhooks\", times = {times} }}")).await;
        if system == "jira" {
            self.create().await;
            self.lost = true;
        }
        self.reached.insert("a webhook was lost");
    }

    async fn redeliver(&mut self) {
        let Some(ticket) = self.rng.choice(self.tickets.clone()) else { return };
        let times = self.rng.u32(1..4);
        self.reached.insert("a webhook came again");
        self.happens(&format!("redeliver = {{ ticket = \"{}\", times = {times} }}", ticket.key)).await;
    }

    pub async fn happens(&mut self, verb: &str) {
        self.say(verb.to_owned());
        self.step(&toml::from_str(verb).unwrap()).await;
    }

    /// Everything works again, and time passes until nothing is left to do.
    pub async fn heal(&mut self) {
        self.say("all is well again".into());
        self.recover().await;
        self.restart().await;
        for _ in 0..2 {
            self.clock.pass(LONG);
            self.quiet().await;
            for number in 0..self.nodes.len() {
                if self.work_of(number, Turn::Reconcile).await && self.lost {
                    self.reached.insert("a ticket whose webhook was lost was found");
                }
                self.drain(number).await;
                self.look().await;
            }
        }
    }

    pub async fn work_of(&self, number: usize, turn: Turn) -> bool {
        let worked = self.nodes[number].as_ref().unwrap().work(turn).await;
        self.quiet().await;
        worked
    }

    /// Lets one process work until nothing is due.
    pub async fn drain(&self, number: usize) {
        for _ in 0..200 {
            let judged = self.work_of(number, Turn::Judge).await;
            let carried = self.work_of(number, Turn::CarryOut).await;
            if !judged && !carried {
                return;
            }
        }
        panic!("{}there is always something left to do", self.tale());
    }

    async fn end(&mut self) {
        let mut judge = std::mem::take(&mut self.judge);
        if let Err(wrong) = judge.in_the_end(self).await {
            panic!("{}in the end: {wrong}", self.tale());
        }
        self.reached.extend(judge.reached);
        for ticket in self.tickets.clone() {
            if self.status(&ticket.key) != "Closed" {
                let close = format!("move_ticket = {{ ticket = \"{}\", by = \"priya\", to = \"Closed\" }}", ticket.key);
                self.step(&toml::from_str(&close).unwrap()).await;
            }
        }
        self.drain(0).await;
    }

    /// Ends the processes.
    pub async fn stop(self) {
        for node in self.nodes.into_iter().flatten() {
            node.end().await;
        }
    }

    /// The status of a ticket.
    pub fn status(&self, key: &str) -> String {
        self.world.simulator.jira.ticket(key).map_or_else(String::new, |ticket| ticket.status)
    }

    /// How often cm-bot has approved a ticket.
    pub fn approvals(&self, key: &str) -> usize {
        self.world.simulator.jira.ticket(key).map_or(0, |ticket| by_bot(&ticket))
    }

    /// Which of its requests something happens at: any, or one that does something outside.
    fn request(&mut self, turn: Turn) -> (&'static str, usize) {
        match turn {
            Turn::Judge => ("", self.rng.usize(1..16)),
            Turn::CarryOut if self.rng.bool() => (self.rng.choice(&OUTSIDE).copied().unwrap(), 1),
            Turn::CarryOut | Turn::Reconcile => ("", self.rng.usize(1..8)),
        }
    }

    fn side(&mut self) -> Side {
        *self.rng.choice(&[Side::Before, Side::After]).unwrap()
    }

    fn last_request(&self) -> String {
        let requests = self.world.simulator.shared.faults.requests();
        requests.last().map_or_else(String::new, |request| format!("{} {}", request.method, request.path))
    }
}

/// What a death is called.
fn death(turn: Turn, side: Side, asked: &str) -> Option<&'static str> {
    let is = |part: &str| asked.starts_with("POST") && asked.contains(part);
    match (turn, side) {
        (Turn::Judge, _) => Some("a process died while it judged"),
        (_, Side::Before) if is("/transitions") => Some("a process died before a transition"),
        (_, Side::After) if is("/transitions") => Some("a process died after a transition"),
        (_, Side::Before) if is("/comment") => Some("a process died before a comment"),
        (_, Side::After) if is("/comment") => Some("a process died after a comment"),
        (_, Side::Before) if is("/chat.postMessage") => Some("a process died before a message"),
        (_, Side::After) if is("/chat.postMessage") => Some("a process died after a message"),
        _ => None,
    }
}
