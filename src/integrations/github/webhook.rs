//! GitHub's webhooks: a hint that something about a repository changed, and what the ledger takes from them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::model::{
    Account, AccountKind, CommitSha, EVERY_PULL_REQUEST, GithubId, Opinion, ParseError, ProtectedRun, Receipt,
    RepoName, Seen, Service, Timestamp,
};

/// The event by which GitHub asks whether a run may deploy.
const PROTECTION_RULE: &str = "deployment_protection_rule";

/// Events after which an open ticket may be judged differently.
const EVENTS: [&str; 8] = [
    "pull_request",
    "pull_request_review",
    "push",
    "check_run",
    "check_suite",
    "status",
    "code_scanning_alert",
    "workflow_run",
];

#[derive(Deserialize)]
struct Body {
    repository: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    full_name: String,
}

/// What a delivery says about the repository of a service.
#[derive(Debug, Default)]
pub struct Told {
    /// The repository, when open tickets of it may be judged differently now.
    pub repository: Option<RepoName>,
    /// The run that waits for an answer, when GitHub asks for one.
    pub held: Option<ProtectedRun>,
    /// What the ledger takes from it.
    pub receipt: Option<Receipt>,
    /// What of it makes no sense, in a few words each.
    pub odd: Vec<String>,
}

/// Reads a delivery that is known to come from GitHub, whether it was sent to us or we asked for it. An odd receipt does not
/// take the hint away.
#[must_use]
pub fn told(services: &[Service], event: &str, body: &[u8]) -> Told {
    if event == PROTECTION_RULE {
        return asked(services, body);
    }
    let matters = |service: &Service| event != "status" || service.expects_a_status();
    let ours = |name: &RepoName| services.iter().any(|service| service.repository == *name && matters(service));
    let name = match read(event, body) {
        Ok(name) => name,
        Err(why) => return Told { odd: vec![why], ..Told::default() },
    };
    let Some(name) = name.filter(ours) else { return Told::default() };
    let receipt = if event == "push" { moved(services, body) } else { receipt(event, body) };
    match receipt {
        Ok(receipt) => Told { repository: Some(name), receipt, ..Told::default() },
        Err(why) => Told { repository: Some(name), odd: vec![why], ..Told::default() },
    }
}

/// A branch moved. Where a release branch was forced elsewhere or deleted, whatever was reviewed before was seen against
/// another one; what merges bring to it was pushed elsewhere before. On any other branch commits may be new.
fn moved(services: &[Service], body: &[u8]) -> Result<Option<Receipt>, String> {
    let moved: Moved = parse(body)?;
    let is_released = |service: &Service| {
        moved.reference.strip_prefix("refs/heads/") == Some(service.branch.as_str())
            && moved.repository.full_name == service.repository.as_str()
    };
    if services.iter().any(is_released) {
        let is_lost = moved.forced || moved.deleted;
        return is_lost.then(|| moved.repository.receipt(EVERY_PULL_REQUEST, Seen::BaseChange)).transpose();
    }
    if moved.deleted || !moved.reference.starts_with("refs/heads/") {
        return Ok(None);
    }
    brought(parse(body)?)
}

/// The commits that came with a push and that nobody had pushed before, by GitHub's word `distinct`.
fn brought(body: Brought) -> Result<Option<Receipt>, String> {
    let new = body.commits.iter().filter(|commit| commit.distinct);
    let commits: Vec<CommitSha> = new.map(|commit| sha(&commit.id)).collect::<Result<_, _>>()?;
    if commits.is_empty() {
        return Ok(None);
    }
    let event = Seen::Commits { commits, by: account(body.sender)? };
    body.repository.receipt(EVERY_PULL_REQUEST, event).map(Some)
}

/// GitHub asks whether a run of one of our repositories may deploy.
fn asked(services: &[Service], body: &[u8]) -> Told {
    match held(body) {
        Ok(Some(held)) if services.iter().any(|service| service.repository == held.repository) => {
            Told { held: Some(held), ..Told::default() }
        }
        Ok(_) => Told::default(),
        Err(why) => Told { odd: vec![why], ..Told::default() },
    }
}

/// The run that waits; nothing when nothing is asked.
fn held(body: &[u8]) -> Result<Option<ProtectedRun>, String> {
    if parse::<Action>(body)?.action != "requested" {
        return Ok(None);
    }
    let asked: RuleAsked = parse(body)?;
    let repository = RepoName::parse(&asked.repository.full_name).map_err(said)?;
    let run = run_of(&asked.deployment_callback_url, &repository)?;
    ProtectedRun::new(repository, run, &asked.environment).map(Some).map_err(said)
}

/// The number of the run in the address to which GitHub wants the answer:
/// `https://HOST/repos/OWNER/NAME/actions/runs/NUMBER/deployment_protection_rule`, on Enterprise Server below `/api/v3`.
/// Nothing is ever sent there, so of the host it says nothing; every other part has to be as it is documented.
fn run_of(address: &str, repository: &RepoName) -> Result<u64, String> {
    let odd = || "an address for the answer that is not that of a run of the repository".to_owned();
    let rest = address.strip_prefix("https://").ok_or_else(odd)?;
    let (host, path) = rest.split_once('/').ok_or_else(odd)?;
    let is_host = |char: char| char.is_ascii_alphanumeric() || ".-:".contains(char);
    if host.is_empty() || !host.chars().all(is_host) {
        return Err(odd());
    }
    let path = path.strip_prefix("api/v3/").unwrap_or(path);
    let start = format!("repos/{repository}/actions/runs/");
    let number = path.strip_prefix(&start).and_then(|rest| rest.strip_suffix("/deployment_protection_rule"));
    let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0'));
    number.and_then(|number| number.parse().ok()).ok_or_else(odd)
}

/// Whether deliveries of this kind matter.
#[must_use]
pub fn matters(event: &str) -> bool {
    event == PROTECTION_RULE || EVENTS.contains(&event)
}

/// Reads the body of a webhook whose signature was checked: the repository, if the event matters.
///
/// # Errors
/// When the body is no JSON of this form, in a few words.
pub fn read(event: &str, body: &[u8]) -> Result<Option<RepoName>, String> {
    if !EVENTS.contains(&event) {
        return Ok(None);
    }
    let body: Body = parse(body)?;
    let name = body.repository.map(|repository| RepoName::parse(&repository.full_name)).transpose();
    name.map_err(|error| error.to_string())
}

/// What the ledger takes from a webhook whose signature was checked; nothing when the event is not for the ledger.
///
/// Half a row would be worse than none: whoever reads the ledger takes an absent row for "not known".
///
/// # Errors
/// When the event is for the ledger and something of it is missing or odd, in a few words.
pub fn receipt(event: &str, body: &[u8]) -> Result<Option<Receipt>, String> {
    let action = |body| parse::<Action>(body).map(|body| body.action);
    match event {
        "pull_request_review" if action(body)? == "submitted" => reviewed(parse(body)?).map(Some),
        "pull_request" => match action(body)?.as_str() {
            "opened" | "reopened" => opened(parse(body)?).map(Some),
            "synchronize" => pushed(parse(body)?).map(Some),
            "edited" => retargeted(parse(body)?),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
struct Action {
    action: String,
}

#[derive(Deserialize)]
struct Moved {
    #[serde(rename = "ref")]
    reference: String,
    forced: bool,
    deleted: bool,
    repository: Repository,
}

#[derive(Deserialize)]
struct Brought {
    commits: Vec<PushedCommit>,
    repository: Repository,
    sender: User,
}

#[derive(Deserialize)]
struct PushedCommit {
    id: String,
    distinct: bool,
}

#[derive(Deserialize)]
struct RuleAsked {
    repository: Named,
    environment: String,
    deployment_callback_url: String,
}

#[derive(Deserialize)]
struct Reviewed {
    repository: Repository,
    pull_request: Pull,
    review: Review,
}

#[derive(Deserialize)]
struct Opened {
    repository: Repository,
    pull_request: OpenedPull,
    sender: User,
}

#[derive(Deserialize)]
struct Pushed {
    repository: Repository,
    pull_request: Pull,
    before: String,
    after: String,
    sender: User,
}

#[derive(Deserialize)]
struct Edited {
    repository: Repository,
    pull_request: Pull,
    changes: Changes,
}

#[derive(Deserialize)]
struct Changes {
    base: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Repository {
    id: i64,
    full_name: String,
}

#[derive(Deserialize)]
struct Pull {
    number: i64,
}

#[derive(Deserialize)]
struct OpenedPull {
    number: i64,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
}

#[derive(Deserialize)]
struct Review {
    node_id: String,
    state: String,
    commit_id: String,
    submitted_at: String,
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

fn reviewed(body: Reviewed) -> Result<Receipt, String> {
    let event = Seen::Review {
        id: Some(body.review.node_id).filter(|id| !id.is_empty()).ok_or("a review without an id")?,
        commit: sha(&body.review.commit_id)?,
        submitted_at: Timestamp::parse(&body.review.submitted_at).map_err(said)?,
        opinion: opinion(&body.review.state)?,
        by: account(body.review.user)?,
    };
    body.repository.receipt(positive(body.pull_request.number)?, event)
}

fn opened(body: Opened) -> Result<Receipt, String> {
    let event = Seen::Push { before: None, after: sha(&body.pull_request.head.sha)?, by: account(body.sender)? };
    body.repository.receipt(positive(body.pull_request.number)?, event)
}

fn pushed(body: Pushed) -> Result<Receipt, String> {
    let event = Seen::Push { before: Some(sha(&body.before)?), after: sha(&body.after)?, by: account(body.sender)? };
    body.repository.receipt(positive(body.pull_request.number)?, event)
}

/// Titles are edited too; only another base is for the ledger.
fn retargeted(body: Edited) -> Result<Option<Receipt>, String> {
    let number = positive(body.pull_request.number)?;
    body.changes.base.map(|_| body.repository.receipt(number, Seen::BaseChange)).transpose()
}

impl Repository {
    fn receipt(self, number: u64, event: Seen) -> Result<Receipt, String> {
        let repository = RepoName::parse(&self.full_name).map_err(said)?;
        Ok(Receipt { repository_id: positive(self.id)?, repository, number, event })
    }
}

/// Webhooks write these in lower case, the APIs in upper case.
fn opinion(state: &str) -> Result<Opinion, String> {
    match state {
        "approved" => Ok(Opinion::Approved),
        "changes_requested" => Ok(Opinion::ChangesRequested),
        "commented" => Ok(Opinion::Commented),
        "dismissed" => Ok(Opinion::Dismissed),
        _ => Err("an unknown state of a review".into()),
    }
}

fn account(user: User) -> Result<Account, String> {
    let kind = match user.kind.as_str() {
        "User" => AccountKind::User,
        "Bot" => AccountKind::Bot,
        _ => AccountKind::Other,
    };
    Ok(Account { id: GithubId(positive(user.id)?).into(), login: user.login, kind })
}

fn sha(text: &str) -> Result<CommitSha, String> {
    CommitSha::parse(text).map_err(said)
}

/// Numbers that fit into the database; GitHub's always do.
fn positive(number: i64) -> Result<u64, String> {
    u64::try_from(number).map_err(|_| "a number below zero".to_owned())
}

fn said(error: ParseError) -> String {
    error.to_string()
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_taken_from_the_path_alone_and_only_as_it_is_documented() {
        let repository = RepoName::parse("acme/billing-api").unwrap();
        let of = |address: &str| run_of(address, &repository).ok();
        let path = "repos/acme/billing-api/actions/runs/77/deployment_protection_rule";
        assert_eq!(of(&format!("https://api.github.com/{path}")), Some(77));
        assert_eq!(of(&format!("https://github.acme.example/api/v3/{path}")), Some(77));
        for odd in [
            format!("http://api.github.com/{path}"),
            format!("https://api.github.com/{path}?x=1"),
            format!("https://api.github.com/{path}#x"),
            format!("https://user@api.github.com/{path}"),
            format!("https://api.github.com/api/v4/{path}"),
            format!("https://api.github.com//{path}"),
            format!("https:///{path}"),
            format!("https://api.github.com/{}", path.replace("billing-api", "web")),
            format!("https://api.github.com/{}", path.replace("77", "../78")),
            format!("https://api.github.com/{}", path.replace("77", "77/../78")),
            format!("https://api.github.com/{}", path.replace("77", "%37%37")),
            format!("https://api.github.com/{}", path.replace("77", "-77")),
            format!("https://api.github.com/{}", path.replace("77", "077")),
            format!("https://api.github.com/{}", path.replace("77", "")),
            format!("https://api.github.com/{}", path.replace("77", "99999999999999999999999")),
            format!("https://api.github.com/{}", path.replace("/deployment_protection_rule", "/approvals")),
        ] {
            assert_eq!(of(&odd), None, "{odd}");
        }
    }
}
