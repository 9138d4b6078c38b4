//! The words of cm-bot as types. Whatever comes from outside is parsed here once and trusted afterwards.
//!
//! Nothing in this folder reads a clock, a file or the network.

mod commit;
mod declaration;
mod deployment;
mod forge;
mod git;
mod ids;
mod inspections;
mod messages;
mod people;
mod protection;
mod pull_request;
mod record;
mod reminders;
mod scan;
mod service;
mod sighting;
mod text;
mod ticket;
mod time;
mod wish;

pub use commit::{Commit, GitActor, Relation, Signature};
pub use declaration::{Declaration, EmergencyId, Unclear, registered};
pub use deployment::{CiSystem, Deployment, Ending, PipelineName, Run, branch_of_ref};
pub use forge::{Forge, UserId, braced};
pub use git::{Content, Mode, ObjectKind, Tree, TreeEntry, blob_id, object_id};
pub use ids::{
    AccountId, BranchName, CommitSha, DecisionId, Environment, GithubId, IssueId, ObjectId, ParseError, RepoName,
    RoleName, ServiceName, SlackId, TicketKey, TokenDigest,
};
pub use inspections::{BeaconPlaces, Inspections};
pub use messages::{AutoApproved, Deciding, Decisions};
pub use people::{AccountState, BitbucketId, Identity, People, PeopleError, Person};
pub use protection::{ProtectedRun, WorkflowPin, WorkflowRun};
pub use pull_request::{
    Account, AccountKind, Dismissal, EVERY_PULL_REQUEST, ForcePush, Ledger, MachineAssignment, Merged, Opinion,
    PullRequest, Push, Receipt, Review, Seen, SeenReview,
};
pub use record::{ActRecord, ApprovalRecord, ChangeRecord, DecisionRecord, GateRecord};
pub use reminders::{Held, Quiet, Reminders, TimeOfDay};
pub use scan::{
    AlertDismissal, Analysis, BuildName, CheckRun, CommitStatus, Conclusion, ScanFinding, Severity, UploadedRun,
};
pub use service::{Rules, Scanner, Scope, Service};
pub use sighting::{JenkinsBuild, SeenRun, Sighting, Watched, WatchedPlace, Witness};
pub use text::{Span, Text, listed, plural, shortened};
pub use ticket::{Field, Status, Ticket, TicketStatus};
pub use time::{Day, Month, Timestamp};
pub use wish::Wish;
