//! What happens to tickets, and to the systems themselves.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A new change ticket. Every field has a good value, so a scene names only what matters to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTicket {
    /// Its key, for example `PRODCM-412`.
    pub key: String,
    /// Who creates it.
    pub by: String,
    /// The commit to deploy.
    pub commit: String,
    /// Who it names as its reporter; without this, whoever creates it.
    pub reporter: Option<String>,
    /// The component; without this, the first service.
    pub service: Option<String>,
    /// The summary; without this, `Deploy <service> to <environment>`.
    pub summary: Option<String>,
    /// Fields by their logical name (the keys of `[jira.fields]`); an empty text is a field not filled in.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// An edit of a ticket's fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditTicket {
    /// The ticket's key.
    pub ticket: String,
    /// Who edits.
    pub by: String,
    /// The commit to deploy, by name.
    pub commit: Option<String>,
    /// The new summary.
    pub summary: Option<String>,
    /// Fields by logical name.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// A transition made by a person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveTicket {
    /// The ticket's key.
    pub ticket: String,
    /// Who does it.
    pub by: String,
    /// The name of the status it ends in, for example `Closed`.
    pub to: String,
}

/// A ticket that is deleted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteTicket {
    /// The ticket's key.
    pub ticket: String,
    /// Who deletes it.
    pub by: String,
}

/// A ticket that gets another key: it is moved to another project.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameTicket {
    /// The ticket's key.
    pub ticket: String,
    /// Who moves it.
    pub by: String,
    /// Its new key, for example `OPS-7`.
    pub to: String,
}

/// A comment written by a person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// The ticket's key.
    pub ticket: String,
    /// Who writes.
    pub by: String,
    /// The text.
    pub text: String,
}

/// A person's newest comment on a ticket gets another text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditComment {
    /// The ticket's key.
    pub ticket: String,
    /// Whose comment.
    pub of: String,
    /// Who changes it; without this, whoever wrote it.
    pub by: Option<String>,
    /// The new text.
    pub text: String,
}

/// A person's newest comment on a ticket is deleted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteComment {
    /// The ticket's key.
    pub ticket: String,
    /// Whose comment.
    pub of: String,
}

/// Jira Service Management asks people to approve a ticket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// The ticket's key.
    pub ticket: String,
    /// Who is asked.
    pub approvers: Vec<String>,
}

/// Somebody answers in the portal of Jira Service Management.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// The ticket's key.
    pub ticket: String,
    /// Who answers.
    pub by: String,
    /// Whether the answer is no.
    #[serde(default)]
    pub decline: bool,
}

/// Plays a whole earlier change: its ticket is created, people approve it, it is closed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployedBefore {
    /// The earlier ticket's key.
    pub ticket: String,
    /// What was deployed.
    pub commit: String,
    /// Which service; without this, the first one.
    pub service: Option<String>,
    /// Who asked for it; without this, `dana`.
    #[serde(default = "default_requester")]
    pub requested_by: String,
    /// Who approved it; without this, `priya` and `sam`. All but the last one comment `/cm approve`, the last one sets the
    /// status.
    #[serde(default = "default_approvers", deserialize_with = "one_or_many")]
    pub approved_by: Vec<String>,
}

/// The outside systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Jira.
    Jira,
    /// GitHub.
    Github,
    /// Slack.
    Slack,
    /// Microsoft Teams.
    Teams,
    /// GitLab.
    Gitlab,
}

/// A fault that begins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// Which system.
    pub system: System,
    /// How it fails.
    #[serde(default)]
    pub how: FailureKind,
    /// Only requests whose method and path contain this, for example `POST /rest/api/3/issue/PRODCM-412/comment`.
    pub on: Option<String>,
    /// How many requests fail; without this, all until `recover`.
    pub times: Option<u32>,
    /// For `too_large`: requests with no more ids and aliases than this are answered.
    pub most: Option<usize>,
}

/// The ways in which a system fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Answers 503.
    #[default]
    Down,
    /// Closes the connection without an answer.
    Reset,
    /// Does what was asked, then closes the connection without an answer.
    LosesAnswers,
    /// Answers 200 with a login page.
    LoginPage,
    /// Answers that the rate limit is used up, with `Retry-After: 60`.
    RateLimited,
    /// GitHub: answers 403 with the message of a secondary limit and no header that names a time.
    SecondaryLimit,
    /// Answers 401.
    TokenRevoked,
    /// Answers 403.
    Forbidden,
    /// Answers 404, as GitHub does about what one may not know of.
    NotFound,
    /// Answers 502 with an HTML page.
    BadGateway,
    /// GraphQL answers with status 200 that the rate limit is used up.
    GraphqlRateLimited,
    /// GraphQL leaves one node out of its answer and adds an error about it.
    GraphqlPartial,
    /// GraphQL answers 502 to requests for more than `most` things at once.
    TooLarge,
    /// GitHub says of every commit that no pull request carries it.
    UnseenPullRequests,
    /// Answers with the first page of a list, whichever was asked for.
    RepeatsPage,
    /// Answers with a page behind the end of a list, whichever was asked for.
    EndsEarly,
    /// Its clock is 45 seconds ahead: so say its answers.
    ClockAhead,
    /// Its clock is 45 seconds behind.
    ClockBehind,
    /// Its answers bear no time.
    NoClock,
    /// Sends no webhooks. What would have been sent is lost.
    DropsWebhooks,
}

/// An administrator of Jira changes the workflow.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeWorkflow {
    /// Who may use the button "Approve" from now on.
    pub approve: MayUse,
}

/// Who may use a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MayUse {
    /// Whom its condition names.
    Approvers,
    /// Everybody: it has no condition.
    Anybody,
}

/// A fault that ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// Which system.
    pub system: System,
}

/// The newest webhook of a ticket arrives again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeliver {
    /// The ticket's key.
    pub ticket: String,
    /// How many more times.
    #[serde(default = "default_times")]
    pub times: u32,
}

/// A webhook that Jira did not send.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgeWebhook {
    /// The ticket it speaks of. The ticket may exist.
    pub ticket: String,
    /// The `X-Hub-Signature` header; without this, a correct one for another secret.
    pub signature: Option<String>,
}

fn default_times() -> u32 {
    1
}

fn default_requester() -> String {
    "dana".into()
}

fn default_approvers() -> Vec<String> {
    vec!["priya".into(), "sam".into()]
}

/// A name, or a list of them.
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::One(name) => vec![name],
        Written::Many(names) => names,
    })
}
