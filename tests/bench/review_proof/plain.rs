//! The rival: what a developer writes in an afternoon against GitHub's REST API, made as good as it gets without changing
//! its shape. It reads every page, each pull request once, and takes an approval only for the last commit.
//!
//! It does less than cm-bot: it does not merge again, does not look who pushed, and believes names of authors.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cm_bot::cli::demo::world::World;
use cm_bot::simulator::traffic::Traffic;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::world::Workload;

/// What is asked about each pull request.
const OF_PULL_REQUEST: [&str; 4] = [
    "/pulls/{}",
    "/pulls/{}/commits?per_page=100",
    "/pulls/{}/reviews?per_page=100",
    "/issues/{}/timeline?per_page=100",
];

/// Requests for a workload.
pub fn requests(workload: Workload) -> usize {
    let (commits, pulls) = (workload.commits, workload.pull_requests());
    commits.div_ceil(100) + commits + OF_PULL_REQUEST.len() * pulls + 3
}

/// A client with so many requests in flight.
pub struct Plain<'a> {
    world: &'a World,
    http: Client,
    in_flight: usize,
}

/// What one look took.
pub struct Looked {
    /// How long.
    pub took: Duration,
    /// What was asked.
    pub traffic: Traffic,
    /// Requests that waited for another one's answer, one after the other.
    pub in_a_row: usize,
}

impl<'a> Plain<'a> {
    pub fn new(world: &'a World, in_flight: usize) -> anyhow::Result<Plain<'a>> {
        Ok(Plain { world, http: Client::builder().user_agent("plain").build()?, in_flight })
    }

    /// Looks whether every commit between two was reviewed.
    pub async fn look(&self, base: &str, head: &str) -> anyhow::Result<Looked> {
        self.world.simulator.forget_traffic();
        let start = Instant::now();
        let in_a_row = self.all_reviewed(base, head).await?;
        Ok(Looked { took: start.elapsed(), traffic: self.world.simulator.traffic(), in_a_row })
    }

    /// From the webhook until Jira has the transition and the comment.
    pub async fn approve(&self, key: &str, base: &str, head: &str) -> anyhow::Result<Duration> {
        let start = Instant::now();
        self.jira(|http, url| http.get(format!("{url}/issue/{key}"))).await?;
        let jql = json!({"jql": "project = PRODCM AND component = \"billing-api\" AND status = \"Awaiting approval\"", "maxResults": 100, "fields": ["status"]});
        self.jira(|http, url| http.post(format!("{url}/search/jql")).json(&jql)).await?;
        self.all_reviewed(base, head).await?;
        let path = format!("issue/{key}/transitions");
        let offered = self.jira(|http, url| http.get(format!("{url}/{path}"))).await?;
        let approve = offered["transitions"].as_array().into_iter().flatten().find(|one| one["name"] == "Approve");
        let id = &approve.context("no transition")?["id"];
        self.jira(|http, url| http.post(format!("{url}/{path}")).json(&json!({"transition": {"id": id}}))).await?;
        let words = json!({"type": "paragraph", "content": [{"type": "text", "text": "All commits were reviewed."}]});
        let body = json!({"body": {"version": 1, "type": "doc", "content": [words]}});
        self.jira(|http, url| http.post(format!("{url}/issue/{key}/comment")).json(&body)).await?;
        Ok(start.elapsed())
    }

    async fn all_reviewed(&self, base: &str, head: &str) -> anyhow::Result<usize> {
        let first = self.get(&compare(base, head, 1)).await?;
        let total = first["total_commits"].as_u64().context("no total")?;
        let rest = (2..=total.div_ceil(100)).map(|page| compare(base, head, page)).collect();
        let (rest, pages) = self.get_all(rest).await?;
        let commits: Vec<&Value> =
            std::iter::once(&first).chain(&rest).flat_map(|page| list(&page["commits"])).collect();
        ensure!(commits.len() as u64 == total, "{} of {total} commits", commits.len());
        let shas = commits.iter().map(|commit| format!("/commits/{}/pulls?per_page=100", text(&commit["sha"])));
        let (pulls, of_commits) = self.get_all(shas.collect()).await?;
        ensure!(pulls.iter().all(|pulls| !list(pulls).is_empty()), "a commit without a pull request");
        let numbers: BTreeSet<u64> = pulls.iter().flat_map(list).filter_map(|pull| pull["number"].as_u64()).collect();
        let paths =
            numbers.iter().flat_map(|number| OF_PULL_REQUEST.map(|path| path.replace("{}", &number.to_string())));
        let (answers, of_pulls) = self.get_all(paths.collect()).await?;
        for about in answers.chunks(OF_PULL_REQUEST.len()) {
            ensure!(is_approved(&about[0], &about[2]), "{} was not approved", about[0]["number"]);
        }
        self.scanned(head).await?;
        Ok(1 + pages + of_commits + of_pulls + 3)
    }

    /// The scan of exactly this commit, and whether it is on the release branch.
    async fn scanned(&self, head: &str) -> anyhow::Result<()> {
        let tip = self.get("/git/ref/heads/main").await?;
        ensure!(tip["object"]["sha"] == head, "not the newest commit");
        let analyses = self.get("/code-scanning/analyses?tool_name=CodeQL&per_page=100").await?;
        let of_head = list(&analyses).iter().find(|analysis| analysis["commit_sha"] == head).context("no scan")?;
        self.get(&format!("/code-scanning/analyses/{}", of_head["id"])).await.map(|_| ())
    }

    /// All answers in order, and how many times one had to wait for another.
    async fn get_all(&self, paths: Vec<String>) -> anyhow::Result<(Vec<Value>, usize)> {
        let in_a_row = paths.len().div_ceil(self.in_flight);
        let requests: Vec<_> = paths.iter().map(|path| self.get(path)).collect();
        Ok((stream::iter(requests).buffered(self.in_flight).try_collect().await?, in_a_row))
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("http://{}/repos/acme/billing-api{path}", self.world.addresses.github);
        answer(self.http.get(url).bearer_auth(self.world.simulator.github.token())).await
    }

    async fn jira(&self, request: impl Fn(&Client, &str) -> RequestBuilder) -> anyhow::Result<Value> {
        let (account, token) = self.world.simulator.jira.credentials();
        let url = format!("http://{}/rest/api/3", self.world.addresses.jira);
        answer(request(&self.http, &url).basic_auth(account, Some(token))).await
    }
}

fn compare(base: &str, head: &str, page: u64) -> String {
    format!("/compare/{base}...{head}?per_page=100&page={page}")
}

async fn answer(request: RequestBuilder) -> anyhow::Result<Value> {
    let body = request.send().await?.error_for_status()?.bytes().await?;
    if body.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&body)?) }
}

/// Somebody else's newest opinion is an approval of the last commit.
fn is_approved(pull: &Value, reviews: &Value) -> bool {
    let mut newest: BTreeMap<&str, &Value> = BTreeMap::new();
    for review in list(reviews) {
        newest.insert(text(&review["user"]["login"]), review);
    }
    let counts = |review: &Value| review["state"] == "APPROVED" && review["commit_id"] == pull["head"]["sha"];
    newest.iter().any(|(who, review)| *who != text(&pull["user"]["login"]) && counts(review))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}
