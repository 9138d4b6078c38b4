//! From where a range begins: what is in production as far as anybody has said, whichever ticket came first.

use std::collections::BTreeMap;

use cm_bot::audit::{Entry, Event};
use cm_bot::model::{
    CommitSha, Ending, Environment, IssueId, PipelineName, Scope, Status, Ticket, TicketKey, TicketStatus, Timestamp,
};
use cm_bot::policy::gate::Answer;
use cm_bot::store::{Again, Approval, GateRequest, Store, Used, Void};
use tempfile::TempDir;
use uuid::Uuid;

use super::rules::Case;
use crate::support::database::{fresh, open};
use crate::support::facts::{NOW, sha};

/// A store and what was approved in it.
struct Scopes {
    _folder: TempDir,
    store: Store,
    case: Case,
}

/// So many minutes before now.
fn ago(minutes: i64) -> Timestamp {
    Timestamp(NOW.0 - minutes * 60_000)
}

impl Scopes {
    async fn new() -> Scopes {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&fresh(folder.path()).await).await;
        Scopes { _folder: folder, store, case: Case::clean() }
    }

    fn scope(&self) -> Scope {
        self.case.asked.scope()
    }

    fn elsewhere(&self) -> Scope {
        Scope { environment: Environment::parse("prod-eu").unwrap(), ..self.scope() }
    }

    fn entry(&self) -> Entry {
        Entry { at: NOW, ticket: None, event: Event::Ended { status: "something".into() } }
    }

    /// A ticket is approved for a scope.
    async fn gives(&self, number: u32, commit: char, (scope, minutes): (Scope, i64)) {
        let approval = Approval {
            issue: issue(number),
            ticket: TicketKey::parse(&format!("PRODCM-{number}")).unwrap(),
            scope,
            commit: sha(commit),
            at: ago(minutes),
            decision: None,
            by: vec![("Priya Nair".into(), "Security Lead".into())],
            fingerprint: "as it was".into(),
        };
        self.store.record_approval(&approval, &self.entry(), &[]).await.unwrap();
    }

    async fn voids(&self, number: u32, commit: char, minutes: i64) {
        let (issue, commit) = (issue(number), sha(commit));
        let void = Void { issue: &issue, commit: &commit, approved_at: ago(minutes), again: Again::Judge };
        self.store.void_approval(&void, &self.entry(), &[]).await.unwrap();
    }

    /// Where the range of another ticket begins.
    async fn begins(&self, scope: &Scope) -> Option<CommitSha> {
        self.store.baseline(scope, &issue(999)).await.unwrap().map(|change| change.commit)
    }

    /// A run with the ticket of this number asks.
    async fn asks(&self, number: u32, commit: char) -> GateRequest {
        let mut deployment = self.case.asked.clone();
        deployment.commit = sha(commit);
        deployment.run.build = PipelineName::parse(&number.to_string()).unwrap();
        let request = GateRequest {
            id: Uuid::new_v4(),
            deployment,
            words: BTreeMap::new(),
            caller: "a test".into(),
            requester: None,
            wanted: None,
            requested_at: NOW,
            tried_at: None,
            ticket: None,
            unfilled: Vec::new(),
            used: None,
            ending: None,
        };
        let key = TicketKey::parse(&format!("PRODCM-{number}")).unwrap();
        self.store.request_change(&request, &self.entry()).await.unwrap();
        self.store.link_request((request.id, &[]), (&issue(number), &key), &self.entry()).await.unwrap();
        self.store.gate_request(request.id).await.unwrap().unwrap()
    }

    async fn ends(&self, request: &GateRequest, ending: Ending) {
        let (issue, _) = request.ticket.as_ref().unwrap();
        self.store.record_ending((request, issue), (ending, ""), (&self.entry(), &[])).await.unwrap();
    }
}

fn issue(number: u32) -> IssueId {
    IssueId::parse(&number.to_string()).unwrap()
}

#[tokio::test]
async fn an_older_change_that_was_approved_again_is_where_the_next_range_begins() {
    let scopes = Scopes::new().await;
    let scope = scopes.scope();
    scopes.gives(1, 'a', (scope.clone(), 30)).await;
    scopes.gives(2, 'b', (scope.clone(), 20)).await;
    assert_eq!(scopes.begins(&scope).await, Some(sha('b')));
    scopes.voids(1, 'a', 30).await;
    assert_eq!(scopes.begins(&scope).await, Some(sha('b')));
    scopes.gives(1, 'a', (scope.clone(), 10)).await;
    assert_eq!(scopes.begins(&scope).await, Some(sha('a')));
}

#[tokio::test]
async fn of_changes_that_went_out_the_one_that_went_out_last_is_where_the_next_range_begins() {
    for last_first in [false, true] {
        let scopes = Scopes::new().await;
        let scope = scopes.scope();
        scopes.gives(1, 'a', (scope.clone(), 30)).await;
        scopes.gives(2, 'b', (scope.clone(), 20)).await;
        let (one, two) = (scopes.asks(1, 'a').await, scopes.asks(2, 'b').await);
        let (first, second) = if last_first { (&two, &one) } else { (&one, &two) };
        scopes.ends(first, Ending::Succeeded).await;
        scopes.ends(second, Ending::Succeeded).await;
        assert_eq!(scopes.begins(&scope).await, Some(second.deployment.commit.clone()));
        scopes.ends(second, Ending::RolledBack).await;
        assert_eq!(scopes.begins(&scope).await, Some(first.deployment.commit.clone()), "what was rolled back is gone");
    }
}

#[tokio::test]
async fn an_approval_that_was_given_again_for_another_environment_is_for_that_one_alone() {
    let scopes = Scopes::new().await;
    let (here, there) = (scopes.scope(), scopes.elsewhere());
    scopes.gives(1, 'a', (here.clone(), 30)).await;
    assert_eq!((scopes.begins(&here).await, scopes.begins(&there).await), (Some(sha('a')), None));
    scopes.voids(1, 'a', 30).await;
    scopes.gives(1, 'a', (there.clone(), 10)).await;
    assert_eq!((scopes.begins(&here).await, scopes.begins(&there).await), (None, Some(sha('a'))));
    let standing = scopes.store.standing_approval(&issue(1)).await.unwrap().unwrap();
    assert_eq!(standing.scope, there);
    assert_eq!(scopes.store.approval_of_commit(&here, &sha('a')).await.unwrap(), None);
}

#[tokio::test]
async fn a_ticket_in_a_status_that_is_none_of_ours_is_open_while_it_is_deployed() {
    let scopes = Scopes::new().await;
    let ticket = scopes.case.ticket.clone().unwrap();
    let aside =
        Ticket { status: Status { name: "Implementing".into(), meaning: TicketStatus::Other }, ..ticket.clone() };
    let approval = scopes.case.approval.clone().unwrap();
    let given = Approval {
        issue: ticket.id.clone(),
        ticket: ticket.key.clone(),
        scope: scopes.scope(),
        commit: approval.commit.clone(),
        at: approval.at,
        decision: None,
        by: Vec::new(),
        fingerprint: ticket.fingerprint(),
    };
    scopes.store.record_approval(&given, &scopes.entry(), &[]).await.unwrap();
    scopes.store.note_ticket(&aside, Some(&scopes.scope()), NOW).await.unwrap();
    assert_eq!(scopes.store.under_way_in_scope(&scopes.scope()).await.unwrap(), [], "nothing was let through");
    let Answer::Allow(pass) = scopes.case.answer() else { panic!("{:?}", scopes.case.answer()) };
    let mut request = scopes.asks(1871, 'c').await;
    request.ticket = Some((ticket.id.clone(), ticket.key.clone()));
    let used = scopes.store.use_approval((&request, &pass), None, &scopes.entry()).await.unwrap();
    assert_eq!(used, Used::By(NOW));
    assert_eq!(scopes.store.under_way_in_scope(&scopes.scope()).await.unwrap(), std::slice::from_ref(&ticket.id));
    scopes.ends(&request, Ending::Failed).await;
    assert_eq!(scopes.store.under_way_in_scope(&scopes.scope()).await.unwrap(), []);
}
