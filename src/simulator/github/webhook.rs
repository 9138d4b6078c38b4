//! Webhooks: what GitHub tells about, and how it delivers that.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::runtime::Handle;

use super::accounts::Account;
use super::checks::Run;
use super::deliveries::Deliveries;
use super::git::Oid;
use super::push::Move;
use super::runs::ActionsRun;
use super::shapes::{INSTALLATION, Links, View};
use super::statuses::CommitStatus;
use super::world::World;

/// An answer is waited for so long, and nobody is asked twice. GitHub waits ten seconds; a scene in which a webhook is lost because
/// the machine was busy says nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Most commits that a push tells of (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>).
const MOST_PUSHED: usize = 2_048;

/// Something that GitHub tells about.
#[derive(Debug)]
pub enum Notice<'a> {
    /// A branch moved, with commits that nobody had pushed before.
    Pushed { moved: &'a Move, new: &'a HashSet<Oid> },
    /// A pull request was opened.
    Opened { number: u64, by: &'a Account },
    /// The head of a pull request moved.
    Synchronized { number: u64, moved: &'a Move },
    /// A pull request got another base branch.
    BaseChanged { number: u64, by: &'a Account, from: (&'a str, Oid) },
    /// A pull request was merged, or closed without that.
    Closed { number: u64, by: &'a Account },
    /// A pull request was assigned to somebody.
    Assigned { number: u64, by: &'a Account, who: &'a Account },
    /// A branch was removed.
    BranchDeleted { branch: &'a str, tip: Oid, by: &'a Account },
    /// A commit status was set.
    StatusSet(&'a CommitStatus),
    /// A review was submitted; `review` is its place in the list.
    Reviewed { number: u64, by: &'a Account, review: usize },
    /// A review lost its force.
    Dismissed { number: u64, by: &'a Account, review: usize },
    /// A check run was reported.
    Checked(&'a Run),
    /// A run, by its place in the list, waits for the App to let it into an environment.
    RuleAsked { run: usize, environment: &'a str, answer_to: Option<&'a str> },
}

/// A webhook that is ready to be sent.
#[derive(Debug, Clone)]
pub struct News {
    /// The kind, for the `X-GitHub-Event` header.
    pub event: &'static str,
    /// The body.
    pub body: Value,
}

/// Who gets the webhooks.
#[derive(Debug)]
pub struct Sender {
    http: reqwest::Client,
    url: String,
    secret: String,
    under_way: Arc<AtomicUsize>,
    deliveries: Deliveries,
}

impl World {
    /// Keeps a webhook about something that just happened, with the state of this moment.
    pub(super) fn announce(&mut self, place: usize, notice: &Notice<'_>) {
        let links = Links::public();
        let view = View { world: self, repo: &self.repos[place], links: &links };
        let news = News { event: notice.event(), body: view.notice_json(notice) };
        self.news.push(news);
    }
}

impl Notice<'_> {
    fn event(&self) -> &'static str {
        match self {
            Notice::Pushed { .. } | Notice::BranchDeleted { .. } => "push",
            Notice::Opened { .. } | Notice::Synchronized { .. } => "pull_request",
            Notice::BaseChanged { .. } | Notice::Closed { .. } | Notice::Assigned { .. } => "pull_request",
            Notice::Reviewed { .. } | Notice::Dismissed { .. } => "pull_request_review",
            Notice::Checked(_) => "check_run",
            Notice::StatusSet(_) => "status",
            Notice::RuleAsked { .. } => "deployment_protection_rule",
        }
    }
}

impl Sender {
    /// Sends to a URL, signed with a secret. Counts in `under_way` what is not answered yet.
    #[must_use]
    pub fn new(url: String, secret: String, (under_way, deliveries): (Arc<AtomicUsize>, Deliveries)) -> Sender {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap_or_default();
        Sender { http, url, secret, under_way, deliveries }
    }

    /// Where it sends to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a webhook once, and notes in the delivery with this number what came of it.
    pub fn send(&self, news: &News, (guid, id): (&str, u64)) {
        let Ok(runtime) = Handle::try_current() else {
            tracing::error!("The simulated GitHub can send webhooks only inside of a Tokio runtime");
            return;
        };
        let body = news.body.to_string();
        let request = self.http.post(&self.url).header("Content-Type", "application/json");
        let request = request.header("User-Agent", "GitHub-Hookshot/5117a0e").header("X-GitHub-Event", news.event);
        let request = request.header("X-GitHub-Delivery", guid);
        let request = request.header("X-GitHub-Hook-ID", "41");
        let request = request.header("X-GitHub-Hook-Installation-Target-Type", "integration");
        let request = request.header("X-GitHub-Hook-Installation-Target-ID", "900001");
        let request = request.header("X-Hub-Signature-256", signature(&self.secret, &body)).body(body);
        let (under_way, deliveries) = (Arc::clone(&self.under_way), self.deliveries.clone());
        under_way.fetch_add(1, Ordering::SeqCst);
        runtime.spawn(async move {
            match request.send().await {
                Ok(answer) => deliveries.answered(id, answer.status().as_u16()),
                Err(error) => tracing::debug!(%error, "A webhook of the simulated GitHub was not taken"),
            }
            under_way.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// The value of the `X-Hub-Signature-256` header.
#[must_use]
pub fn signature(secret: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

impl View<'_> {
    fn notice_json(&self, notice: &Notice<'_>) -> Value {
        let (sender, mut body) = match *notice {
            Notice::Pushed { moved, new } => (&moved.by, self.push_notice_json(moved, new)),
            Notice::Opened { number, by } => (by, self.pull_notice_json("opened", number)),
            Notice::Synchronized { number, moved } => {
                let mut body = self.pull_notice_json("synchronize", number);
                body["before"] = json!(sha_or_zeros(moved.old.map(|oid| oid.to_string())));
                body["after"] = json!(moved.new.to_string());
                (&moved.by, body)
            }
            Notice::BaseChanged { number, by, from: (from, was) } => {
                let mut body = self.pull_notice_json("edited", number);
                body["changes"] = json!({ "base": { "ref": { "from": from }, "sha": { "from": was.to_string() } } });
                (by, body)
            }
            Notice::Assigned { number, by, who } => {
                let mut body = self.pull_notice_json("assigned", number);
                body["assignee"] = self.user_json(who);
                (by, body)
            }
            Notice::BranchDeleted { branch, tip, by } => (by, self.deletion_notice_json((branch, tip), by)),
            Notice::StatusSet(status) => (&status.by, self.status_notice_json(status)),
            Notice::Closed { number, by } => (by, self.pull_notice_json("closed", number)),
            Notice::Reviewed { number, by, review } => (by, self.review_notice_json("submitted", (number, review))),
            Notice::Dismissed { number, by, review } => (by, self.review_notice_json("dismissed", (number, review))),
            Notice::RuleAsked { run, environment, answer_to } => {
                let run = &self.repo.actions_runs[run];
                (&run.by, self.rule_notice_json(run, (environment, answer_to)))
            }
            Notice::Checked(run) => {
                let action = if run.conclusion.is_some() { "completed" } else { "created" };
                let sender = Account::owner(self.repo.owner());
                return self.finish(json!({ "action": action, "check_run": self.run_json(run) }), &sender);
            }
        };
        body = self.finish(body, sender);
        body
    }

    fn finish(&self, mut body: Value, sender: &Account) -> Value {
        body["repository"] = self.repo_json();
        body["sender"] = self.user_json(sender);
        body["installation"] = json!({ "id": INSTALLATION, "node_id": "MDIzOkludGVncmF0aW9u" });
        body
    }

    fn rule_notice_json(&self, run: &ActionsRun, (environment, answer_to): (&str, Option<&str>)) -> Value {
        let own = format!("{}/actions/runs/{}/deployment_protection_rule", self.api(), run.id);
        json!({
            "action": "requested",
            "environment": environment,
            "event": run.event,
            "deployment_callback_url": answer_to.unwrap_or(&own),
            "deployment": { "id": run.deployment, "sha": run.commit.to_string(), "ref": run.branch, "environment": environment },
            "pull_requests": [],
        })
    }

    fn push_notice_json(&self, moved: &Move, new: &HashSet<Oid>) -> Value {
        let range = match moved.old {
            Some(old) => self.repo.git.range(old, moved.new),
            None => self.repo.git.oldest_first(new),
        };
        let newest = range.into_iter().rev().take(MOST_PUSHED).rev();
        let commits = newest.map(|oid| self.pushed_commit_json(oid, new.contains(&oid)));
        json!({
            "ref": format!("refs/heads/{}", moved.branch),
            "before": sha_or_zeros(moved.old.map(|oid| oid.to_string())),
            "after": moved.new.to_string(),
            "created": moved.old.is_none(),
            "deleted": false,
            "forced": moved.forced,
            "base_ref": null,
            "compare": format!("{}/compare/{}", self.web(), moved.new.short()),
            "commits": commits.collect::<Vec<_>>(),
            "head_commit": self.pushed_commit_json(moved.new, new.contains(&moved.new)),
            "pusher": self.pusher_json(&moved.by),
        })
    }

    fn deletion_notice_json(&self, (branch, tip): (&str, Oid), by: &Account) -> Value {
        json!({
            "ref": format!("refs/heads/{branch}"),
            "before": tip.to_string(),
            "after": sha_or_zeros(None),
            "created": false,
            "deleted": true,
            "forced": false,
            "base_ref": null,
            "compare": format!("{}/compare/{}...{}", self.web(), tip.short(), "0".repeat(12)),
            "commits": [],
            "head_commit": null,
            "pusher": self.pusher_json(by),
        })
    }

    fn status_notice_json(&self, status: &CommitStatus) -> Value {
        let mut body = self.status_json(status);
        let branches = self.repo.branches.iter().filter(|(_, tip)| self.repo.git.is_ancestor(status.commit, **tip));
        let branches = branches.map(|(name, tip)| {
            let commit = json!({ "sha": tip.to_string(), "url": format!("{}/commits/{tip}", self.api()) });
            json!({ "name": name, "commit": commit, "protected": *name == self.repo.default_branch })
        });
        body["branches"] = branches.collect();
        body["sha"] = json!(status.commit.to_string());
        body["name"] = json!(self.repo.full_name);
        body["commit"] = self.commit_json(status.commit);
        body
    }

    fn pusher_json(&self, by: &Account) -> Value {
        let by = self.today(by).unwrap_or_else(Account::ghost);
        json!({ "name": by.rest_login(), "email": format!("{}@users.noreply.example", by.login) })
    }

    fn pull_notice_json(&self, action: &str, number: u64) -> Value {
        let pull = self.repo.pulls.get(&number).map(|pull| self.pull_json(pull));
        json!({ "action": action, "number": number, "pull_request": pull })
    }

    fn review_notice_json(&self, action: &str, (number, review): (u64, usize)) -> Value {
        let Some(pull) = self.repo.pulls.get(&number) else {
            return Value::Null;
        };
        let mut review = pull.reviews.get(review).map(|review| self.review_json(pull, review)).unwrap_or_default();
        // Webhooks write the state in lower case, unlike REST.
        review["state"] = json!(review["state"].as_str().unwrap_or_default().to_lowercase());
        json!({ "action": action, "review": review, "pull_request": self.pull_summary_json(pull) })
    }

    fn pushed_commit_json(&self, oid: Oid, is_new: bool) -> Value {
        let Some(commit) = self.repo.git.commit(oid) else {
            return Value::Null;
        };
        let changed = self.repo.git.changes(self.parent_tree(commit), commit.tree);
        let paths = |status: &str| {
            let matching = changed.iter().filter(|change| change.status() == status);
            matching.map(|change| change.path.clone()).collect::<Vec<_>>()
        };
        json!({
            "id": oid.to_string(),
            "tree_id": commit.tree.to_string(),
            "distinct": is_new,
            "message": commit.shown_message(),
            "timestamp": super::time_text(commit.committer.seconds * 1000),
            "url": format!("{}/commit/{oid}", self.web()),
            "author": { "name": commit.author.name, "email": commit.author.email },
            "committer": { "name": commit.committer.name, "email": commit.committer.email },
            "added": paths("added"),
            "removed": paths("removed"),
            "modified": paths("modified"),
        })
    }
}

fn sha_or_zeros(sha: Option<String>) -> String {
    sha.unwrap_or_else(|| "0".repeat(40))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_signature_is_that_of_githubs_example() {
        assert_eq!(
            super::signature("It's a Secret to Everybody", "Hello, World!"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }
}
