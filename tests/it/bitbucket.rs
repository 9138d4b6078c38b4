//! What is read of a service at Bitbucket, from a simulated one: who did what, what an approval was given for, and what is
//! never taken for more than it is.

use std::net::SocketAddr;
use std::sync::Arc;

use cm_bot::clock::Clock;
use cm_bot::integrations::bitbucket::BitbucketClient;
use cm_bot::integrations::forge::{Asked, ForgeClient, OwnCommits, Read};
use cm_bot::integrations::{SourceError, http};
use cm_bot::model::{
    BranchName, CommitSha, Environment, Forge, Opinion, PullRequest, Relation, RepoName, Service, ServiceName, UserId,
};
use cm_bot::settings::Bitbucket as Settings;
use cm_bot::simulator::bitbucket::{Bitbucket, Habits, Oid};

/// The token of these tests.
const TOKEN: &str = "a token of Bitbucket";

/// A simulated Bitbucket with a change that Dana made and Cem approved, not merged yet.
struct World {
    bitbucket: Arc<Bitbucket>,
    client: BitbucketClient,
    service: Service,
    base: CommitSha,
    work: CommitSha,
    /// The same, as the simulated Bitbucket names it.
    work_id: Oid,
}

fn sha(id: impl ToString) -> CommitSha {
    CommitSha::parse(&id.to_string()).unwrap()
}

fn client(at: SocketAddr, token: &str) -> BitbucketClient {
    let settings = Settings {
        api_url: format!("http://{at}/2.0").parse().unwrap(),
        web_url: format!("http://{at}").parse().unwrap(),
        token: token.into(),
        requests_per_ticket: 1000,
    };
    BitbucketClient::new(http::client().unwrap(), &settings, Clock::System)
}

/// `approved` says who approves.
async fn world(approved: &[&'static str]) -> World {
    let bitbucket = Bitbucket::new("acme/billing-api", TOKEN, &["dana", "cem", "lee"]);
    let base = bitbucket.commit("lee", &[], &[("a.md", "1\n"), ("src/lib.rs", "fn main() {}\n")]);
    bitbucket.push("main", base);
    let work = bitbucket.commit("dana", &[base], &[("src/new.rs", "new\n")]);
    bitbucket.push("work", work);
    let number = bitbucket.open("dana", "work", "main");
    assert_eq!(number, 1);
    approved.iter().for_each(|name| bitbucket.approve(name, 1));
    let at = bitbucket.listen().await.unwrap();
    let service = Service {
        name: ServiceName::parse("billing-api").unwrap(),
        forge: Forge::Bitbucket,
        repository: RepoName::parse("acme/billing-api").unwrap(),
        branch: BranchName::parse("main").unwrap(),
        environments: vec![Environment::parse("prod-us").unwrap()],
        scanners: Vec::new(),
    };
    World { client: client(at, TOKEN), bitbucket, service, base: sha(base), work: sha(work), work_id: work }
}

impl World {
    fn forge(&self) -> ForgeClient<'_> {
        ForgeClient::Bitbucket(&self.client)
    }

    async fn read(&self, own: OwnCommits) -> Result<PullRequest, SourceError> {
        let found = self.forge().pull_requests(&self.service, (&["1".to_owned()], own)).await?;
        Ok(found.found.into_iter().next().unwrap())
    }

    async fn pull_request(&self) -> PullRequest {
        self.read(OwnCommits::All).await.unwrap()
    }

    fn id(&self, name: &str) -> Option<UserId> {
        Some(UserId::Bitbucket(self.bitbucket.uuid(name)))
    }
}

fn author(pull_request: &PullRequest, place: usize) -> Option<UserId> {
    pull_request.reviews[place].author.as_ref().map(|account| account.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_with_the_pull_request_that_it_brought() {
    let world = world(&["cem"]).await;
    let merge = sha(world.bitbucket.merge("lee", 1));
    let forge = world.forge();
    assert_eq!(forge.branch_tip(&world.service).await, Ok(merge.clone()));
    let compared = forge.compare(&world.service, (&world.base, &merge)).await.unwrap();
    assert_eq!((compared.relation(), compared.removed()), (Relation::Ahead, 0));
    let origins = forge.origins(&world.service, &compared).await.unwrap();
    let names: Vec<&CommitSha> = origins.commits.iter().map(|commit| &commit.sha).collect();
    assert_eq!(names, [&world.work, &merge]);
    let authors = origins.commits.iter().map(|commit| commit.authors[0].account.as_ref().map(|account| account.id));
    assert_eq!(authors.collect::<Vec<_>>(), [world.id("dana"), world.id("lee")]);
    assert_eq!(origins.of_commit[&merge], [1]);
    let read = world.pull_request().await;
    assert_eq!((read.head.clone(), read.merged.clone().unwrap().commit), (world.work.clone(), merge.clone()));
    assert_eq!(read.opener.as_ref().map(|account| account.id), world.id("dana"));
    assert_eq!((read.reviews.len(), read.reviews[0].opinion), (1, Opinion::Approved));
    assert_eq!((author(&read, 0), read.reviews[0].commit.clone()), (world.id("cem"), Some(world.work.clone())));
    assert!(read.reviews[0].may_push && read.reviews[0].submitted_at > read.first_seen[&world.work]);
    assert_eq!((read.pushes.len(), read.force_pushes.len(), read.base_changes.len()), (0, 0, 0));
    let own = read.commits.unwrap();
    assert_eq!(own.iter().map(|commit| &commit.sha).collect::<Vec<_>>(), [&world.work]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_squash_with_the_commits_that_were_reviewed() {
    let world = world(&["cem"]).await;
    let squash = sha(world.bitbucket.squash("lee", 1));
    let read = world.pull_request().await;
    assert_eq!((read.head.clone(), read.merged.unwrap().commit), (world.work.clone(), squash.clone()));
    assert_eq!(read.commits.unwrap().iter().map(|commit| &commit.sha).collect::<Vec<_>>(), [&world.work]);
    let compared = world.forge().compare(&world.service, (&world.base, &squash)).await.unwrap();
    let origins = world.forge().origins(&world.service, &compared).await.unwrap();
    assert_eq!(origins.of_commit[&squash], [1]);
    let committer = &origins.commits[0].committer;
    assert_eq!((committer.name.as_str(), committer.account.as_ref()), ("lee", None), "an address of nobody known");
}

/// Whoever opens one that cannot be read, from a fork that is gone, would hold up every change with that commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_was_not_merged_brought_nothing() {
    let world = world(&["cem"]).await;
    assert_eq!(world.bitbucket.open("lee", "work", "other"), 2);
    let merge = sha(world.bitbucket.merge("lee", 1));
    let compared = world.forge().compare(&world.service, (&world.base, &merge)).await.unwrap();
    let origins = world.forge().origins(&world.service, &compared).await.unwrap();
    assert_eq!(origins.of_commit.values().collect::<Vec<_>>(), [&vec![1], &vec![1]]);
    assert_eq!(origins.pull_requests, [(1, "1".to_owned())].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_after_an_approval_leaves_it_with_what_was_seen() {
    let world = world(&["cem"]).await;
    let before = world.pull_request().await;
    let later = world.bitbucket.commit("dana", &[world.work_id], &[("src/new.rs", "other\n")]);
    world.bitbucket.push("work", later);
    let read = world.pull_request().await;
    assert_eq!(
        (before.reviews[0].commit.clone(), read.reviews[0].commit.clone()),
        (Some(world.work.clone()), Some(world.work.clone()))
    );
    assert_eq!((before.head, read.head.clone()), (world.work.clone(), sha(later)));
    assert!(read.first_seen[&sha(later)] > read.reviews[0].submitted_at, "so the approval is not one of the head");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_was_forced_elsewhere_is_noticed() {
    let world = world(&["cem"]).await;
    let other = world.bitbucket.commit("dana", &[world.bitbucket.tip("main")], &[("src/new.rs", "other\n")]);
    world.bitbucket.push("work", other);
    let read = world.pull_request().await;
    assert_eq!((read.force_pushes.len(), read.force_pushes[0].actor.clone()), (1, None));
    assert_eq!(read.reviews[0].commit, None, "what was approved is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_was_taken_back_is_none() {
    let world = world(&["cem", "lee"]).await;
    assert_eq!(world.pull_request().await.reviews.len(), 2);
    world.bitbucket.take_back("cem", 1);
    let read = world.pull_request().await;
    assert_eq!((read.reviews.len(), author(&read, 0)), (1, world.id("lee")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demand_for_changes_takes_the_place_of_an_approval() {
    let world = world(&["cem"]).await;
    world.bitbucket.object("cem", 1);
    let read = world.pull_request().await;
    assert_eq!((read.reviews.len(), read.reviews[0].opinion), (1, Opinion::ChangesRequested));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_into_another_branch_says_so() {
    let world = world(&["cem"]).await;
    world.bitbucket.push("other", world.bitbucket.tip("main"));
    world.bitbucket.retarget(1, "other");
    let read = world.pull_request().await;
    assert_eq!((read.base.as_str(), read.base_changes.len()), ("other", 1));
    assert!(read.base_changes[0] > read.reviews[0].submitted_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_read_and_none_elsewhere() {
    let world = world(&["cem", "lee", "dana"]).await;
    world.bitbucket.set_habits(Habits { page: Some(1), ..Habits::default() });
    assert_eq!(world.pull_request().await.reviews.iter().filter(|review| review.commit.is_some()).count(), 3);
    let elsewhere = Some("http://127.0.0.1:9/2.0/repositories".to_owned());
    world.bitbucket.set_habits(Habits { page: Some(1), elsewhere, ..Habits::default() });
    let read = world.read(OwnCommits::None).await;
    assert_eq!(read, Err(SourceError::Unreadable("a next page that is elsewhere".into())));
}

/// "Accepted" says that Bitbucket has not looked yet; whoever reads "none" in it overlooks a pull request.
#[tokio::test(flavor = "multi_thread")]
async fn a_bitbucket_that_is_still_looking_has_not_said_that_there_is_none() {
    let world = world(&[]).await;
    let merge = sha(world.bitbucket.merge("lee", 1));
    let compared = world.forge().compare(&world.service, (&world.base, &merge)).await.unwrap();
    world.bitbucket.set_habits(Habits { is_looking: true, ..Habits::default() });
    let origins = world.forge().origins(&world.service, &compared).await;
    assert_eq!(origins.map(drop), Err(SourceError::Incomplete("Bitbucket is still looking".into())));
    assert!(world.forge().check_rights(&world.service).await.is_err());
    world.bitbucket.set_habits(Habits::default());
    assert!(world.forge().origins(&world.service, &compared).await.is_ok());
    assert!(world.forge().check_rights(&world.service).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_push_is_not_known_where_we_may_not_ask() {
    let world = world(&["cem"]).await;
    assert!(world.pull_request().await.reviews[0].may_push);
    world.bitbucket.set_habits(Habits { keeps_rights: true, ..Habits::default() });
    let other = World { client: world.client.for_one_ticket(), ..world };
    assert!(!other.pull_request().await.reviews[0].may_push);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_and_files_by_their_names() {
    let world = world(&[]).await;
    let forge = world.forge();
    let missing = cm_bot::model::ObjectId::parse(&"1".repeat(40)).unwrap();
    let asked =
        [Asked::TreeOf(world.work.clone()), Asked::Folder(world.work.clone(), "src".into()), Asked::Object(missing)];
    let (_, read) = forge.objects(&world.service, &asked).await.unwrap();
    let [Read::Commit(sha, tree), Read::Nothing, Read::Nothing] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!(*sha, world.work);
    let (_, read) = forge.objects(&world.service, &[Asked::Object(tree.clone())]).await.unwrap();
    let [Read::Tree(id, tree)] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!(
        (tree.id(), tree.entries.keys().map(String::as_str).collect::<Vec<_>>()),
        (id.clone(), vec!["a.md", "src"])
    );
    let edge = forge.edge(&world.service, &world.base).await.unwrap();
    assert_eq!((edge.tip, edge.reached.len()), (world.base.clone(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_says_so() {
    let world = world(&[]).await;
    let at = world.bitbucket.listen().await.unwrap();
    let other = client(at, "another");
    let forge = ForgeClient::Bitbucket(&other);
    assert_eq!(forge.check(&world.service).await, Err(SourceError::Unauthorized));
    assert_eq!(forge.branch_tip(&world.service).await, Err(SourceError::Unauthorized));
    assert_eq!(client(at, TOKEN).check(&world.service).await, Ok(()));
}
