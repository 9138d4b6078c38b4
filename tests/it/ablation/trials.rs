//! One world that has come to the moment of the decision, and evaluations of it with one answer changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cm_bot::cli::demo::play::{Played, play};
use cm_bot::gather::{self, Sources};
use cm_bot::integrations::forge::Others;
use cm_bot::integrations::github::GithubClient;
use cm_bot::integrations::http;
use cm_bot::integrations::jira::JiraClient;
use cm_bot::model::{IssueId, TicketKey, TicketStatus};
use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::decision::{Decision, Kind};
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::Facts;
use cm_bot::settings::{Environment, Settings, load};
use cm_bot::simulator::scene::{Scene, Variant};
use cm_bot::store::Store;
use secrecy::ExposeSecret;
use sqlx::SqlitePool;

use super::changes::{Change, How, OF_A_KEY, changes, keys, kind_of, without_unread};
use super::ignored::Ignored;
use super::recording::{Answer, Question, Recorder};
use crate::support::facts::{NOW, signed};

/// A scene in mode "recommend", so that its ticket still waits; it is judged as if the mode were "approve".
pub struct Stage {
    played: Played,
    recorder: Recorder,
    settings: Settings,
    criteria: Criteria,
    ticket: IssueId,
    http: reqwest::Client,
    folder: tempfile::TempDir,
}

/// Our records as they are before the evaluation: a copy for each worker, because answers are kept there.
struct Records {
    store: Store,
    pool: SqlitePool,
}

/// What came of one evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub approved: bool,
    /// Nothing when the ticket could not be read, or does not wait for a decision.
    pub facts: Option<Facts>,
}

/// One change of one answer, and whether it made a difference.
#[derive(Debug)]
pub struct Trial {
    pub answer: String,
    pub change: Change,
    pub approved: bool,
    pub same_facts: bool,
}

/// Everything that was tried on one stage.
pub struct Trials {
    pub trials: Vec<Trial>,
    /// Every key of every kind of answer.
    pub keys: BTreeSet<(String, String)>,
}

/// What is changed. Keys that are never read are changed all at once in each answer. Any other key, element or answer is
/// changed in every way, in the first answer of its kind that has it: of a list the first element and the last.
fn sample(exchanges: &[(Question, Answer)], ignored: &Ignored) -> Vec<(Question, Change)> {
    let mut all = Vec::new();
    let mut places: BTreeMap<(String, String, How), (Question, Change)> = BTreeMap::new();
    for (question, answer) in exchanges {
        let kind = kind_of(question);
        let is_unread = |key: &str| ignored.is_unread(&kind, key);
        let unread = OF_A_KEY.into_iter().filter_map(|how| without_unread(answer, how, &is_unread));
        all.extend(unread.map(|change| (question.clone(), change)));
        for change in changes(answer, &is_unread) {
            let name = (kind.clone(), change.key.clone(), change.how);
            places.entry(name).or_insert_with(|| (question.clone(), change));
        }
    }
    all.extend(places.into_values());
    all
}

impl Stage {
    pub async fn of(name: &str, scene: &str) -> Stage {
        let played = Box::pin(play(name, Scene::parse(scene).unwrap(), Variant::Scene)).await.unwrap();
        let world = &played.world;
        let recorder =
            Recorder::before(world.addresses.jira, world.addresses.github, world.simulator.shared.clock.now_ms()).await;
        let settings = load(Some(&world.settings_file()), &Environment::new()).unwrap();
        let text = |file: &std::path::Path| std::fs::read_to_string(file).unwrap();
        let terms = text(&settings.criteria_file);
        assert!(terms.contains("mode = \"recommend\""), "the ticket of {name} does not wait");
        let terms = terms.replacen("mode = \"recommend\"", "mode = \"approve\"", 1);
        let criteria = Criteria::read(&signed(terms, text(&settings.people_file))).unwrap();
        let key = TicketKey::parse(&world.scene.expect[0].ticket).unwrap();
        let ticket = played.app.context.sources.jira.ticket_by_key(&key).await.unwrap().id;
        let folder = tempfile::tempdir().unwrap();
        let pool = SqlitePool::connect(settings.database_url.expose_secret()).await.unwrap();
        let copy = folder.path().join("records.db");
        sqlx::query("VACUUM INTO $1").bind(copy.to_str().unwrap()).execute(&pool).await.unwrap();
        forget_the_ledger(&copy).await;
        Stage { played, recorder, settings, criteria, ticket, http: http::client().unwrap(), folder }
    }

    async fn records(&self, worker: usize) -> Records {
        let file = self.folder.path().join(format!("{worker}.db"));
        std::fs::copy(self.folder.path().join("records.db"), &file).unwrap();
        let url = format!("sqlite:{}", file.display());
        Records {
            store: Store::open(&url.as_str().into()).await.unwrap(),
            pool: SqlitePool::connect(&url).await.unwrap(),
        }
    }

    /// Clients that know nothing yet, as after a start of the service.
    fn sources(&self, trial: usize, records: &Records) -> Sources {
        let at = |system: &str| format!("http://{}/{trial}/{system}", self.recorder.address).parse().unwrap();
        let mut settings = self.settings.clone();
        settings.jira.api_url = at("jira");
        settings.github.api_url = at("github");
        Sources {
            jira: Arc::new(JiraClient::new(self.http.clone(), &settings.jira)),
            github: Arc::new(GithubClient::new(
                self.http.clone(),
                &settings.github,
                self.played.app.context.clock.clone(),
            )),
            others: Others::default(),
            store: records.store.clone(),
            services: Arc::clone(&self.played.app.context.sources.services),
        }
    }

    async fn judge(&self, trial: usize, records: &Records) -> Judged {
        records.forget().await;
        let sources = self.sources(trial, records);
        let nothing = Judged { approved: false, facts: None };
        let Ok(ticket) = sources.jira.ticket(&self.ticket).await else { return nothing };
        if ticket.status.meaning != TicketStatus::Pending {
            return nothing;
        }
        let facts = Box::pin(gather::for_ticket(&sources, (ticket, NOW), &self.criteria)).await.unwrap();
        let decision = evaluate(&facts, &self.criteria, NOW);
        let approved = decision.kind() == Kind::Approve && self.is_confirmed(&decision).await;
        // Each trial reaches GitHub by an address of its own.
        Judged { approved, facts: Some(Facts { repository_url: String::new(), ..facts }) }
    }

    /// Before the transition the ticket is read again, as the outbox does it; whoever read something else then does not
    /// approve. This second answer is not changed.
    async fn is_confirmed(&self, decision: &Decision) -> bool {
        let again = self.played.app.context.sources.jira.ticket(&self.ticket).await.unwrap();
        again.fingerprint() == decision.fingerprint()
    }

    /// Evaluates once unchanged, which must approve, and then once for every change of an answer of these kinds that is
    /// worth trying.
    pub async fn trials(self, ignored: &Ignored, of: &dyn Fn(&str) -> bool) -> Trials {
        let whole = Box::pin(self.judge(0, &self.records(0).await)).await;
        let why = whole.facts.as_ref().map(|facts| evaluate(facts, &self.criteria, NOW));
        let why = why.map(|why| format!("{:?}", why.problems()));
        assert!(whole.approved, "the unchanged scene is not approved: {why:#?}");
        let mut exchanges = self.recorder.exchanges();
        exchanges.retain(|(question, _)| of(&kind_of(question)));
        let keys = exchanges.iter().flat_map(|(question, answer)| keys(kind_of(question), answer)).collect();
        let all = sample(&exchanges, ignored);
        Trials { trials: self.run(whole, all).await, keys }
    }

    async fn run(self, whole: Judged, all: Vec<(Question, Change)>) -> Vec<Trial> {
        let stage = Arc::new((self, whole));
        let waiting = Arc::new(std::sync::Mutex::new(all.into_iter().enumerate().collect()));
        let workers =
            (1..=AT_A_TIME).map(|worker| tokio::spawn(work(worker, Arc::clone(&stage), Arc::clone(&waiting))));
        let mut trials = Vec::new();
        for worker in workers.collect::<Vec<_>>() {
            trials.extend(worker.await.unwrap());
        }
        let Ok((stage, _)) = Arc::try_unwrap(stage) else { panic!("somebody still works") };
        stage.played.stop().await;
        trials
    }
}

impl Records {
    /// As if nothing had been asked before.
    async fn forget(&self) {
        sqlx::query("DELETE FROM kept_answers").execute(&self.pool).await.unwrap();
    }
}

/// GitHub told us nothing, so that everything must come from its answers.
async fn forget_the_ledger(records: &std::path::Path) {
    let pool = SqlitePool::connect(&format!("sqlite:{}", records.display())).await.unwrap();
    for sql in [
        "DROP TRIGGER seen_reviews_are_not_deleted",
        "DROP TRIGGER seen_pushes_are_not_deleted",
        "DROP TRIGGER seen_commits_are_not_deleted",
        "DELETE FROM seen_reviews",
        "DELETE FROM seen_pushes",
        "DELETE FROM seen_commits",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    pool.close().await;
}

/// Evaluations that are under way at a time; more than processors, because a failed request is repeated after a wait.
const AT_A_TIME: usize = 16;

type Waiting = Arc<std::sync::Mutex<Vec<(usize, (Question, Change))>>>;

async fn work(worker: usize, stage: Arc<(Stage, Judged)>, waiting: Waiting) -> Vec<Trial> {
    let (stage, whole) = &*stage;
    let next = || waiting.lock().unwrap().pop();
    let records = stage.records(worker).await;
    let mut trials = Vec::new();
    while let Some((number, (question, change))) = next() {
        let answer = kind_of(&question);
        stage.recorder.change(number + 1, question, change.answer.clone());
        let judged = stage.judge(number + 1, &records).await;
        stage.recorder.forget(number + 1);
        let same_facts = judged.facts == whole.facts;
        trials.push(Trial { answer, change, approved: judged.approved, same_facts });
    }
    trials
}
