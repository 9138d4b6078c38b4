//! Everything that was gathered about a ticket before it is judged.
//!
//! A [`Fact`] that could not be gathered is `Unknown` and says why. There is no way to leave one out: an absent fact is
//! never an empty one. Facts are stored with the decision, so that it can be made again later with the same result.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{
    Account, AlertDismissal, Analysis, BuildName, CheckRun, Commit, CommitSha, CommitStatus, Content, DecisionId,
    Environment, Field, Forge, ObjectId, PullRequest, Relation, ScanFinding, Scope, Service, Ticket, TicketKey,
    Timestamp, Tree, UploadedRun,
};
use crate::policy::plan::PlanRisk;

/// Something that was looked up, or the reason why it is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact<T> {
    /// Looked up completely.
    Known(T),
    /// Not known. Never to be read as "none" or "no".
    Unknown(Gap),
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What is not known, as the subject of a sentence: `the reviews`.
    pub what: String,
    /// Who was asked.
    pub source: Source,
    /// What came of it.
    pub reason: GapReason,
}

/// Where facts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are names")]
pub enum Source {
    Jira,
    Github,
    Gitlab,
    Bitbucket,
}

impl From<Forge> for Source {
    fn from(forge: Forge) -> Source {
        match forge {
            Forge::Github => Source::Github,
            Forge::Gitlab => Source::Gitlab,
            Forge::Bitbucket => Source::Bitbucket,
        }
    }
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// No answer, or an answer that says "later".
    Unreachable,
    /// Too many requests.
    RateLimited,
    /// The answer was not what the service promises to answer: a login page, a half list, an unknown shape.
    Unreadable,
    /// The list that came is not complete, or changed while it was read.
    Incomplete,
    /// There is more of it than cm-bot reads.
    TooMuch,
    /// Finding it out takes more requests than one ticket may cost.
    TooDear,
    /// The service does not let us see it.
    Refused,
    /// The service says that there is no such thing, or that we may not know of it.
    Missing,
    /// It changed each time it was read.
    Unstable,
    /// The two have no common history.
    Unrelated,
    /// It was not asked for, because something that is needed to ask is missing.
    NotAsked,
}

/// The facts about one ticket at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The ticket as it was read for this evaluation.
    pub ticket: Ticket,
    /// When these facts were gathered; what ends on a day is compared with this.
    pub gathered_at: Timestamp,
    /// When cm-bot first saw the ticket; nothing when it never did.
    pub first_seen: Option<Timestamp>,
    /// The service that it names.
    pub placement: Placement,
    /// Where people see the repository; for links.
    pub repository_url: String,
    /// The last approved change of the scope, from our own records.
    pub baseline: Fact<Option<PastChange>>,
    /// The change in which this very commit was approved for this scope before, if it was.
    pub approved_before: Fact<Option<PastChange>>,
    /// Other tickets of the scope that are not finished.
    pub siblings: Fact<Vec<Sibling>>,
    /// How the commit stands to the tip of the release branch.
    pub on_branch: Fact<Relation>,
    /// How the commit stands to the baseline, and the commits between.
    pub range: Fact<Range>,
    /// Every pull request that the forge connects with a commit of the range.
    pub pull_requests: Fact<PullRequests>,
    /// Trees and contents that some proof needs.
    pub objects: Objects,
    /// The security scans of the repository that matter to this commit.
    pub scans: Fact<Scans>,
    /// The closed change with which exactly this commit ran where the criteria want it to run first. Older records lack it.
    #[serde(default = "no_staging")]
    pub staged: Fact<Option<PastChange>>,
    /// SHA-256 over what the workflow of the ticket offers, where the criteria ask. Older records lack it.
    #[serde(default = "no_workflow")]
    pub workflow: Fact<String>,
    /// The Terraform plan that a pipeline of this ticket sent last; nothing when none was sent. Older records lack it: there
    /// was no way to send one.
    #[serde(default)]
    pub plan: Option<PlanRisk>,
    /// How many milliseconds the clock of GitHub, or wherever the code is, is ahead of ours at least, or behind when negative. Older records lack it.
    #[serde(default = "no_clock")]
    pub clock_ahead_ms: Fact<i64>,
}

fn no_workflow() -> Fact<String> {
    Fact::not_asked("the workflow of the ticket")
}

fn no_staging() -> Fact<Option<PastChange>> {
    Fact::not_asked("the change to staging")
}

fn no_clock() -> Fact<i64> {
    Fact::not_asked("GitHub's clock")
}

/// The service that a ticket names, as far as it is one of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// A registered service and one of its environments.
    Registered {
        /// The service.
        service: Service,
        /// The environment.
        environment: Environment,
    },
    /// The ticket names no component, or several.
    NotOneComponent,
    /// The component is no registered service.
    UnknownService(String),
    /// The service is registered, the environment is not one of its environments.
    UnknownEnvironment {
        /// The service.
        service: Service,
        /// What the ticket says.
        said: String,
    },
}

/// A change that was approved earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastChange {
    /// Its ticket.
    pub ticket: TicketKey,
    /// What was approved.
    pub commit: CommitSha,
    /// When.
    pub approved_at: Timestamp,
    /// By which decision of ours; nothing when a human approved it in Jira.
    pub decision: Option<DecisionId>,
}

/// Another ticket of the same scope that is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// Its key.
    pub ticket: TicketKey,
    /// Its status in Jira.
    pub status: String,
}

/// The commits between the baseline and the commit to deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// How the commit stands to the baseline.
    pub relation: Relation,
    /// The files of the baseline.
    pub base_tree: ObjectId,
    /// The new commits, oldest first; complete.
    pub commits: Vec<Commit>,
    /// How many commits of the baseline's history would leave production.
    pub removed: u64,
    /// Those of them that were read, oldest first.
    pub removed_commits: Vec<RemovedCommit>,
}

/// A commit that would leave production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedCommit {
    /// Its name.
    pub sha: CommitSha,
    /// The first line of its message; for people.
    pub headline: String,
}

/// The pull requests behind a range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequests {
    /// By number.
    pub by_number: BTreeMap<u64, PullRequest>,
    /// For each commit, the numbers of the merged pull requests that the forge connects it with.
    pub of_commit: BTreeMap<CommitSha, Vec<u64>>,
    /// Who first pushed a commit, by our own record. Older records lack it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub first_pushed: BTreeMap<CommitSha, Vec<Account>>,
}

/// What was read of the repository itself. Proofs say what they need; whatever could not be read is a gap here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objects {
    /// Folders, each proven by its name.
    pub trees: BTreeMap<ObjectId, Tree>,
    /// Contents of files, each proven by its name.
    pub contents: BTreeMap<ObjectId, Content>,
    /// The files of commits that are not in the range.
    pub tree_of: BTreeMap<CommitSha, ObjectId>,
    /// How commits that are not in the range stand to each other.
    pub relations: Relations,
    /// Why something is not here although it was asked for, by its name (two names with `...` between for a relation).
    pub gaps: BTreeMap<String, Gap>,
}

/// How one commit stands to another, for pairs that were asked for: "the second stands so to the first".
pub type Relations = BTreeMap<String, Relation>;

/// What proofs still need of the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Folders.
    pub trees: BTreeSet<ObjectId>,
    /// Contents of files.
    pub contents: BTreeSet<ObjectId>,
    /// The files of commits that are not in the range.
    pub tree_of: BTreeSet<CommitSha>,
    /// How the second commit stands to the first.
    pub relations: BTreeSet<(CommitSha, CommitSha)>,
    /// Top folders, some of those above, below which every folder that was changed will be wanted next.
    pub whole: BTreeSet<ObjectId>,
}

/// The scans of a repository that matter to one commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scans {
    /// For each expected tool and category the analyses of this commit, newest first; where there is none, the newest of any
    /// commit, so that a message can say what there is instead.
    pub analyses: Vec<Analysis>,
    /// The findings of the analyses of this commit, by the analysis's number.
    pub findings: BTreeMap<u64, Fact<Vec<ScanFinding>>>,
    /// The expected check runs of this commit.
    pub checks: Vec<CheckRun>,
    /// The newest status of each expected context of this commit.
    pub statuses: Vec<CommitStatus>,
    /// For each expected tool the files that the pipeline sent of this build; where there are none, the newest of any.
    pub uploads: Vec<UploadedRun>,
    /// The dismissed alerts of the release branch, by number. Asked for only when a finding blocks without one.
    pub dismissals: Fact<BTreeMap<u64, AlertDismissal>>,
}

impl<T> Fact<T> {
    /// A fact that nobody asked for, because something that is needed to ask is missing.
    #[must_use]
    pub fn not_asked(what: &str) -> Fact<T> {
        Fact::Unknown(Gap { what: what.into(), source: Source::Github, reason: GapReason::NotAsked })
    }

    /// The value, or the gap in its place.
    ///
    /// # Errors
    /// With the gap when it is unknown.
    pub fn known(&self) -> Result<&T, &Gap> {
        match self {
            Fact::Known(value) => Ok(value),
            Fact::Unknown(gap) => Err(gap),
        }
    }
}

impl Gap {
    /// Whether asking again later can help without anybody doing something.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self.reason {
            GapReason::Unreachable
            | GapReason::RateLimited
            | GapReason::Unreadable
            | GapReason::Incomplete
            | GapReason::Unstable => true,
            GapReason::TooMuch
            | GapReason::TooDear
            | GapReason::Refused
            | GapReason::Missing
            | GapReason::Unrelated
            | GapReason::NotAsked => false,
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Gap { what, source, reason } = self;
        match reason {
            GapReason::Unreachable => write!(f, "{source} did not answer when asked for {what}"),
            GapReason::RateLimited => {
                write!(f, "{source} allows no more requests for now, so {what} could not be read")
            }
            GapReason::Unreadable => write!(f, "{source} answered something unexpected when asked for {what}"),
            GapReason::Incomplete => write!(f, "{source} did not give all of {what}"),
            GapReason::TooMuch => write!(f, "{source} has more of {what} than cm-bot reads"),
            GapReason::TooDear => {
                write!(f, "cm-bot may not send {source} more requests for one ticket, so {what} could not be read")
            }
            GapReason::Refused => write!(f, "{source} does not let cm-bot see {what}"),
            GapReason::Missing => write!(f, "{source} does not know {what}, or does not let cm-bot see it"),
            GapReason::Unstable => write!(f, "{source} changed {what} each time it was read"),
            GapReason::Unrelated => write!(f, "{source} finds no common history for {what}"),
            GapReason::NotAsked => write!(f, "cm-bot could not ask for {what}, see the other findings"),
        }
    }
}

impl Source {
    /// Where the operator's settings speak of it.
    #[must_use]
    pub fn section(self) -> &'static str {
        match self {
            Source::Jira => "jira",
            Source::Github => "github",
            Source::Gitlab => "gitlab",
            Source::Bitbucket => "bitbucket",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Jira => "Jira",
            Source::Github => "GitHub",
            Source::Gitlab => "GitLab",
            Source::Bitbucket => "Bitbucket",
        })
    }
}

impl Placement {
    /// Finds the service and environment that a ticket names.
    #[must_use]
    pub fn of(ticket: &Ticket, services: &[Service]) -> Placement {
        let [component] = ticket.components.as_slice() else { return Placement::NotOneComponent };
        let Some(service) = services.iter().find(|service| service.name.as_str() == component) else {
            return Placement::UnknownService(component.clone());
        };
        let said = ticket.field(Field::Environment).unwrap_or("");
        match service.environments.iter().find(|environment| environment.as_str() == said) {
            Some(environment) => Placement::Registered { service: service.clone(), environment: environment.clone() },
            None => Placement::UnknownEnvironment { service: service.clone(), said: said.to_owned() },
        }
    }

    /// The scope, if the ticket has one.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Placement::Registered { service, environment } => {
                Some(Scope { service: service.name.clone(), environment: environment.clone() })
            }
            Placement::NotOneComponent | Placement::UnknownService(_) | Placement::UnknownEnvironment { .. } => None,
        }
    }

    /// Which system holds the code; GitHub where no service says.
    #[must_use]
    pub fn forge(&self) -> Forge {
        self.service().map_or(Forge::Github, |service| service.forge)
    }

    /// The service, if it is registered.
    #[must_use]
    pub fn service(&self) -> Option<&Service> {
        match self {
            Placement::Registered { service, .. } | Placement::UnknownEnvironment { service, .. } => Some(service),
            Placement::NotOneComponent | Placement::UnknownService(_) => None,
        }
    }
}

impl Facts {
    /// Which system holds the code; GitHub where no service says.
    #[must_use]
    pub fn forge(&self) -> Forge {
        self.placement.forge()
    }

    /// Where people see a pull request.
    #[must_use]
    pub fn pull_request_url(&self, number: u64) -> String {
        format!("{}/{}/{number}", self.repository_url, self.forge().pull_requests())
    }

    /// Where people see a commit.
    #[must_use]
    pub fn commit_url(&self, commit: &CommitSha) -> String {
        format!("{}/{}/{commit}", self.repository_url, self.forge().commits())
    }

    /// Everything of the evidence that is not known.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        let scans = self.scans.known().ok();
        let findings = scans.into_iter().flat_map(|scans| scans.findings.values()).filter_map(|one| one.known().err());
        let dismissals = scans.and_then(|scans| scans.dismissals.known().err());
        let single = [
            self.baseline.known().err(),
            self.siblings.known().err(),
            self.on_branch.known().err(),
            self.range.known().err(),
            self.pull_requests.known().err(),
            self.scans.known().err(),
            dismissals,
        ];
        single.into_iter().flatten().chain(findings).chain(self.objects.gaps.values())
    }

    /// Whether finding everything out takes more requests than one ticket may cost.
    #[must_use]
    pub fn is_too_dear(&self) -> bool {
        self.gaps().any(|gap| gap.reason == GapReason::TooDear)
    }

    /// The commit to deploy, if the ticket names one in full.
    #[must_use]
    pub fn head(&self) -> Option<CommitSha> {
        self.ticket.field(Field::Commit).and_then(|text| CommitSha::parse(text).ok())
    }

    /// The build to deploy, if the ticket names its commit, job and number.
    #[must_use]
    pub fn build(&self) -> Option<BuildName> {
        let named = |field| self.ticket.field(field).map(str::trim).filter(|text| !text.is_empty());
        let (job, number) = (named(Field::BuildJob)?.to_owned(), named(Field::BuildNumber)?.to_owned());
        Some(BuildName { commit: self.head()?, job, number })
    }
}

impl Objects {
    /// How many trees and contents there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.trees.len() + self.contents.len()
    }

    /// The key of a pair in `relations` and `gaps`.
    #[must_use]
    pub fn pair(first: &CommitSha, second: &CommitSha) -> String {
        format!("{first}...{second}")
    }
}

impl Wanted {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty() && self.contents.is_empty() && self.tree_of.is_empty() && self.relations.is_empty()
    }

    /// Leaves out what is here already, or was asked for in vain.
    #[must_use]
    pub fn without(mut self, objects: &Objects) -> Wanted {
        self.trees.retain(|id| !objects.trees.contains_key(id) && !objects.gaps.contains_key(id.as_str()));
        self.whole.retain(|id| self.trees.contains(id));
        self.contents.retain(|id| !objects.contents.contains_key(id) && !objects.gaps.contains_key(id.as_str()));
        self.tree_of.retain(|sha| !objects.tree_of.contains_key(sha) && !objects.gaps.contains_key(sha.as_str()));
        self.relations.retain(|(first, second)| {
            let pair = Objects::pair(first, second);
            !objects.relations.contains_key(&pair) && !objects.gaps.contains_key(&pair)
        });
        self
    }
}
