//! What cm-bot sends to GitHub: how little, how it waits, and what it does with half an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cm_bot::cli::demo::play::settle;
use cm_bot::cli::demo::world::World;
use cm_bot::clock::Clock;
use cm_bot::integrations::SourceError;
use cm_bot::integrations::github::{GithubClient, Origins};
use cm_bot::integrations::http;
use cm_bot::model::{BranchName, CommitSha, RepoName};
use cm_bot::settings::{Environment, GithubLogin, load};
use cm_bot::simulator::clock::Clock as SceneClock;
use cm_bot::simulator::scene::{Fail, FailureKind, Scene, Step, System, Variant};
use serde_json::Value;

use crate::logins::{APP, private_key};
use crate::support::{TestScene, scene, start};

/// A commit straight on the branch, after this many others.
pub fn pushed(commits: usize) -> TestScene {
    let mut text = String::new();
    for number in 1..=commits {
        let parent = if number == 1 { "v1".to_owned() } else { format!("more{}", number - 1) };
        text += &format!("[[commits]]\nid = \"more{number}\"\nparents = [\"{parent}\"]\nauthor = \"dana\"\n");
        text += &format!("message = \"Change {number}\"\nfiles = {{ \"n\" = \"{number}\" }}\n\n");
    }
    let fix = "[[commits]]\nid = \"fix\"\nparents = [\"v1\"]";
    let last = format!("{text}[[commits]]\nid = \"fix\"\nparents = [\"more{commits}\"]");
    scene("no-pull-request").with(fix, &last)
}

/// A simulated GitHub, and a client of it with a time of its own.
struct Github {
    world: World,
    client: GithubClient,
    time: Arc<AtomicI64>,
    repository: RepoName,
}

impl Github {
    /// After everything in the scene has happened.
    async fn after(scene: Scene) -> Github {
        Github::below("", scene).await
    }

    /// With the API below a path, as an Enterprise Server has it.
    async fn below(path: &str, scene: Scene) -> Github {
        let world = World::new(scene.variant(Variant::Scene), SceneClock::scripted()).await.unwrap();
        for step in world.scene.timeline.iter().flat_map(Step::parts) {
            world.simulator.play(&step).await.unwrap();
        }
        let mut settings = load(Some(&world.settings_file()), &Environment::new()).unwrap().github;
        settings.api_url = settings.api_url.join(path).unwrap();
        settings.login = GithubLogin::App { id: APP, private_key: private_key().into() };
        let time = Arc::new(AtomicI64::new(0));
        let client = GithubClient::new(http::client().unwrap(), &settings, Clock::Scripted(Arc::clone(&time)));
        Github { world, client, time, repository: RepoName::parse("acme/billing-api").unwrap() }
    }

    /// With this many commits on the branch that came without a pull request.
    async fn with_pushed(commits: usize) -> Github {
        Github::after(pushed(commits).parsed()).await
    }

    fn sha(&self, name: &str) -> CommitSha {
        CommitSha::parse(&self.world.simulator.sha(name).unwrap()).unwrap()
    }

    async fn tip(&self) -> Result<CommitSha, SourceError> {
        self.client.branch_tip(&self.repository, &BranchName::parse("main").unwrap()).await
    }

    async fn origins(&self, head: &str) -> Result<Origins, SourceError> {
        let comparison = self.client.compare(&self.repository, &self.sha("v1"), &self.sha(head)).await?;
        self.client.origins(&self.repository, &comparison).await
    }

    fn fail(&self, how: FailureKind, on: &str, times: Option<u32>) {
        let on = Some(on.to_owned());
        self.world.simulator.shared.faults.begin(&Fail { system: System::Github, how, on, times, most: None });
    }

    /// How many requests GitHub has seen whose method and path contain this.
    fn seen(&self, part: &str) -> usize {
        let requests = self.world.simulator.shared.faults.requests();
        let asked = requests.iter().filter(|request| request.system == System::Github);
        asked.filter(|request| format!("{} {}", request.method, request.path).contains(part)).count()
    }

    /// What was used of the rate limit of REST.
    async fn used(&self) -> u64 {
        let url = format!("http://{}/rate_limit", self.world.addresses.github);
        let request = reqwest::Client::new().get(url).bearer_auth(self.world.simulator.github.token());
        let limits: Value = request.send().await.unwrap().json().await.unwrap();
        limits["resources"]["core"]["used"].as_u64().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_has_one_token_however_many_ask_at_once() {
    let github = Github::after(scene("clean-change").parsed()).await;
    let (one, two, three) = tokio::join!(github.tip(), github.origins("merged"), github.tip());
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!((github.seen("/installation"), github.seen("/access_tokens")), (2, 1), "a look-up is of both kinds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ended_is_replaced_once() {
    let github = Github::after(scene("clean-change").parsed()).await;
    github.tip().await.unwrap();
    github.fail(FailureKind::TokenRevoked, "/git/ref", Some(1));
    github.tip().await.unwrap();
    assert_eq!((github.seen("/access_tokens"), github.seen("billing-api/installation")), (2, 1));
    github.fail(FailureKind::TokenRevoked, "/git/ref", None);
    assert_eq!(github.tip().await, Err(SourceError::Unauthorized));
    assert_eq!(github.seen("/git/ref"), 1 + 2 + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_costs_nothing_and_what_has_is_seen() {
    let github = Github::after(scene("clean-change").parsed()).await;
    let tip = github.tip().await.unwrap();
    let (first, second) = (github.used().await, github.used().await);
    assert_eq!(github.tip().await.unwrap(), tip);
    assert_eq!(github.used().await - second, second - first, "304: no more than what asking for it costs");
    let step = toml::from_str::<Step>("push = { branch = \"main\", commit = \"v1\", force = true }").unwrap();
    github.world.simulator.play(&step).await.unwrap();
    assert_eq!(github.tip().await.unwrap(), github.sha("v1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_github_says_later_it_is_left_alone() {
    for (how, on) in [
        (FailureKind::RateLimited, "/git/ref"),
        (FailureKind::SecondaryLimit, "/git/ref"),
        (FailureKind::GraphqlRateLimited, "/graphql"),
        (FailureKind::SecondaryLimit, "/access_tokens"),
    ] {
        let github = Github::after(scene("clean-change").parsed()).await;
        github.fail(how, on, Some(1));
        let minute = SourceError::RateLimited(Some(Duration::from_secs(60)));
        let first =
            if on == "/graphql" { github.origins("merged").await.map(|_| ()) } else { github.tip().await.map(|_| ()) };
        assert_eq!(first, Err(minute.clone()), "{how:?}");
        let before = github.seen("");
        assert_eq!(github.tip().await, Err(minute));
        assert!(github.origins("merged").await.is_err() && github.seen("") == before, "nothing was sent");
        github.time.store(59_000, Ordering::SeqCst);
        assert_eq!(github.tip().await, Err(SourceError::RateLimited(Some(Duration::from_secs(1)))));
        github.time.store(60_000, Ordering::SeqCst);
        assert!(github.tip().await.is_ok() && github.origins("merged").await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_too_large_is_halved_and_the_next_one_starts_smaller() {
    let github = Github::with_pushed(40).await;
    github.fail(FailureKind::BadGateway, "/graphql", Some(1));
    let origins = github.origins("fix").await.unwrap();
    assert_eq!(origins.commits.len(), 41);
    assert_eq!(origins.commits.last().unwrap().sha, github.sha("fix"), "in the order of history");
    assert_eq!(github.seen("/graphql"), 1 + 3, "41 at once, then 20, 20 and 1");
    github.origins("fix").await.unwrap();
    assert_eq!(github.seen("/graphql"), 4 + 3);
    github.fail(FailureKind::BadGateway, "/graphql", None);
    assert!(matches!(github.origins("fix").await, Err(SourceError::Unreachable(_))));
    let asked = github.seen("/graphql") - 7;
    assert!(asked <= 60, "{asked} requests to a GitHub that cannot answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_commits_cost_few_requests() {
    let github = Github::with_pushed(99).await;
    let origins = github.origins("fix").await.unwrap();
    assert_eq!((origins.commits.len(), origins.pull_requests.len()), (100, 0));
    assert_eq!((github.seen("/compare/"), github.seen("/graphql")), (1, 2));
    assert_eq!(github.seen("/pulls?"), 100 + 2 * 20, "each once, and the newest twenty after each wait");
    assert!(origins.not_looked_up.is_empty());
    let github = Github::with_pushed(119).await;
    let origins = github.origins("fix").await.unwrap();
    assert_eq!((github.seen("/compare/"), github.seen("/graphql"), github.seen("/pulls?")), (2, 3, 140));
    assert_eq!(origins.not_looked_up.len(), 20);
    assert_eq!(origins.not_looked_up.last(), Some(&github.sha("more1")), "the oldest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_a_pull_request_is_not_looked_up() {
    let github = Github::after(scene("clean-change").parsed()).await;
    let origins = github.origins("merged").await.unwrap();
    assert!(origins.pull_requests.contains_key(&871));
    assert_eq!((github.seen("/graphql"), github.seen("/pulls?")), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_server_is_asked_below_its_paths() {
    let github = Github::below("/api/v3", scene("clean-change").parsed()).await;
    let origins = github.origins("merged").await.unwrap();
    assert!(origins.pull_requests.contains_key(&871));
    assert_eq!((github.seen("POST /api/graphql"), github.seen("GET /api/v3/repos/acme/billing-api/compare/")), (1, 1));
    assert_eq!(github.seen(""), github.seen(" /api/"));
    let page = github.client.web_url(&github.repository);
    assert_eq!(page, format!("http://{}/acme/billing-api", github.world.addresses.github));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_tried_again_when_github_wants_to_be_asked() {
    let played = start("limited", scene("clean-change").parsed().variant(Variant::Scene)).await;
    let simulator = &played.world.simulator;
    let after = async |seconds| {
        simulator.shared.clock.pass(Duration::from_secs(seconds));
        settle(&played).await.unwrap();
        let asked = simulator.shared.faults.requests();
        let asked = asked.iter().filter(|request| request.system == System::Github).count();
        (simulator.jira.ticket("PRODCM-412").unwrap().status.clone(), asked)
    };
    let (ticket, before) = played.world.scene.timeline.split_last().unwrap();
    for step in before.iter().flat_map(Step::parts) {
        simulator.play(&step).await.unwrap();
        settle(&played).await.unwrap();
    }
    let fail = "fail = { system = \"github\", how = \"rate_limited\", on = \"/compare/\", times = 1 }";
    simulator.play(&toml::from_str::<Step>(fail).unwrap()).await.unwrap();
    simulator.play(ticket).await.unwrap();
    let (_, limited) = after(0).await;
    let (status, still) = after(45).await;
    assert_eq!((status.as_str(), still), ("Awaiting approval", limited), "nothing was sent");
    let (status, _) = after(15).await;
    assert_eq!(status, "Approved");
    played.stop().await;
}
