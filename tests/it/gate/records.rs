//! What the records of the gate hold against whoever comes in between: an approval that was given anew, and two reports of one
//! deployment at the same moment.

use std::collections::BTreeMap;

use cm_bot::audit::{Entry, Event};
use cm_bot::model::{DecisionId, Ending, PipelineName, Timestamp};
use cm_bot::policy::gate::{Answer, Pass};
use cm_bot::store::{Again, Approval, GateRequest, Reported, Store, Used, Void};
use tempfile::TempDir;
use uuid::Uuid;

use super::rules::Case;
use crate::support::database::{Other, fresh, is_postgres, open};
use crate::support::facts::NOW;

/// So long before now the ticket was approved, and approved again.
const FIRST: Timestamp = Timestamp(NOW.0 - 3_600_000);
const SECOND: Timestamp = Timestamp(NOW.0 - 60_000);

/// A store, and the case of a clean deployment.
struct Records {
    _folder: TempDir,
    url: String,
    store: Store,
    case: Case,
}

impl Records {
    async fn new() -> Records {
        let folder = tempfile::tempdir().unwrap();
        let url = fresh(folder.path()).await;
        Records { _folder: folder, store: open(&url).await, url, case: Case::clean() }
    }

    fn entry(&self) -> Entry {
        let ticket = self.case.ticket.as_ref().unwrap();
        Entry { at: NOW, ticket: Some(ticket.key.clone()), event: Event::Ended { status: "something".into() } }
    }

    /// The ticket is approved.
    async fn give(&self, at: Timestamp) {
        self.give_by((None, &[]), at).await;
    }

    /// The ticket is approved by a decision, or by people.
    async fn give_by(&self, (decision, people): (Option<DecisionId>, &[&str]), at: Timestamp) {
        let ticket = self.case.ticket.as_ref().unwrap();
        let approval = Approval {
            issue: ticket.id.clone(),
            ticket: ticket.key.clone(),
            scope: self.case.asked.scope(),
            commit: self.case.asked.commit.clone(),
            at,
            decision,
            by: people.iter().map(|name| ((*name).to_owned(), "Engineering Lead".to_owned())).collect(),
            fingerprint: ticket.fingerprint(),
        };
        self.store.record_approval(&approval, &self.entry(), &[]).await.unwrap();
    }

    /// Its approval does not count any more.
    async fn void(&self, approved_at: Timestamp) {
        let (issue, commit) = (&self.case.ticket.as_ref().unwrap().id, &self.case.asked.commit);
        let void = Void { issue, commit, approved_at, again: Again::Judge };
        self.store.void_approval(&void, &self.entry(), &[]).await.unwrap();
    }

    /// By which decision and by whom the approval was given that stands.
    async fn stands_by(&self) -> (Option<DecisionId>, Vec<String>) {
        let approval = self.store.gate_approval(&self.case.ticket.as_ref().unwrap().id).await.unwrap().unwrap();
        (approval.standing.decision, approval.by)
    }

    /// What the gate gives for the approval of a moment.
    fn pass(&mut self, at: Timestamp) -> Pass {
        self.case.approval.as_mut().unwrap().at = at;
        let Answer::Allow(pass) = self.case.answer() else { panic!("{:?}", self.case.answer()) };
        pass
    }

    /// A run asks, and its request has the ticket.
    async fn request(&self, build: &str) -> GateRequest {
        let ticket = self.case.ticket.as_ref().unwrap();
        let mut deployment = self.case.asked.clone();
        deployment.run.build = PipelineName::parse(build).unwrap();
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
        let (store, entry) = (&self.store, self.entry());
        store.request_change(&request, &entry).await.unwrap();
        store.link_request((request.id, &[]), (&ticket.id, &ticket.key), &entry).await.unwrap();
        store.gate_request(request.id).await.unwrap().unwrap()
    }

    async fn uses(&self, request: &GateRequest, pass: &Pass) -> Used {
        self.uses_in(None, (request, pass)).await
    }

    async fn uses_in(&self, job: Option<&str>, (request, pass): (&GateRequest, &Pass)) -> Used {
        let job = job.map(|job| PipelineName::parse(job).unwrap());
        self.store.use_approval((request, pass), job.as_ref(), &self.entry()).await.unwrap()
    }

    async fn reports(&self, request: &GateRequest, ending: Ending) -> Reported {
        let (issue, _) = request.ticket.as_ref().unwrap();
        let entry = self.entry();
        self.store.record_ending((request, issue), (ending, ""), (&entry, &[])).await.unwrap()
    }

    async fn ending(&self, request: &GateRequest) -> Option<Ending> {
        self.store.gate_request(request.id).await.unwrap().unwrap().ending
    }

    async fn outcomes(&self) -> i64 {
        Other::connect(&self.url).await.number("SELECT count(*) FROM gate_outcomes").await
    }

    /// A run that was let through.
    async fn let_through(&mut self) -> GateRequest {
        self.give(FIRST).await;
        let (request, pass) = (self.request("1871").await, self.pass(FIRST));
        assert_eq!(self.uses(&request, &pass).await, Used::By(NOW));
        self.store.gate_request(request.id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn an_approval_that_was_given_anew_meanwhile_is_not_used_under_the_one_before() {
    let mut records = Records::new().await;
    records.give(FIRST).await;
    let (request, first) = (records.request("1871").await, records.pass(FIRST));
    records.void(FIRST).await;
    assert_eq!(records.uses(&request, &first).await, Used::NotStanding, "it was voided");
    records.give(SECOND).await;
    assert_eq!(records.uses(&request, &first).await, Used::NotStanding, "what stands now is another one");
    let second = records.pass(SECOND);
    assert_eq!(records.uses(&request, &second).await, Used::By(NOW));
    let other = records.request("1872").await;
    assert_eq!(records.uses(&other, &second).await, Used::ByAnother(Box::new(request.deployment.run)));
}

#[tokio::test]
async fn the_approval_that_stands_is_used_once() {
    let mut records = Records::new().await;
    let request = records.let_through().await;
    assert_eq!(request.used.as_ref().unwrap().approved_at, FIRST);
    let pass = records.pass(FIRST);
    assert_eq!(records.uses(&request, &pass).await, Used::By(NOW), "the same run is answered the same");
}

#[tokio::test]
async fn an_approval_that_was_given_again_is_that_of_whoever_gave_it_last() {
    let [first, second] = [Some(DecisionId(Uuid::now_v7())), Some(DecisionId(Uuid::now_v7()))];
    let nobody: &[&str] = &[];
    let sam: &[&str] = &["Sam Okafor"];
    for (before, after) in
        [((first, nobody), (second, nobody)), ((first, nobody), (None, sam)), ((None, sam), (first, nobody))]
    {
        let records = Records::new().await;
        records.give_by(before, FIRST).await;
        assert_eq!(records.stands_by().await, (before.0, before.1.iter().map(ToString::to_string).collect()));
        records.void(FIRST).await;
        records.give_by(after, SECOND).await;
        assert_eq!(records.stands_by().await, (after.0, after.1.iter().map(ToString::to_string).collect()));
    }
}

/// Where an older version left no marks, or nobody in the table of those who approved, the approval itself tells of it.
#[tokio::test]
async fn what_an_older_version_recorded_is_told_by_the_approval_itself() {
    let forget = match is_postgres() {
        true => [
            "DROP TRIGGER approvers_are_not_changed ON approvers",
            "DROP TRIGGER marks_are_not_changed ON approval_marks",
        ],
        false => ["DROP TRIGGER approvers_are_not_deleted", "DROP TRIGGER marks_are_not_deleted"],
    };
    for (decision, people) in [(Some(DecisionId(Uuid::now_v7())), &[][..]), (None, &["Sam Okafor"][..])] {
        let records = Records::new().await;
        records.give_by((decision, people), FIRST).await;
        let mut other = Other::connect(&records.url).await;
        for (trigger, delete) in forget.into_iter().zip(["DELETE FROM approvers", "DELETE FROM approval_marks"]) {
            other.run(trigger).await.unwrap();
            other.run(delete).await.unwrap();
            let expected = (decision, people.iter().map(ToString::to_string).collect());
            assert_eq!(records.stands_by().await, expected, "after {delete}");
        }
    }
}

#[tokio::test]
async fn of_two_jobs_of_a_run_one_is_let_through() {
    let mut records = Records::new().await;
    records.give(FIRST).await;
    let (request, pass) = (records.request("1871").await, records.pass(FIRST));
    let asks = async |job| records.uses_in(job, (&request, &pass)).await;
    assert_eq!(asks(Some("811")).await, Used::By(NOW));
    let other = Used::ByAnotherJob(PipelineName::parse("811").unwrap());
    assert_eq!((asks(Some("812")).await, asks(None).await), (other.clone(), other));
    assert_eq!(asks(Some("811")).await, Used::By(NOW), "the same job is answered the same");
}

#[tokio::test]
async fn what_is_reported_while_somebody_looks_for_the_silent_is_not_called_unreported() {
    let mut records = Records::new().await;
    let request = records.let_through().await;
    let silent = records.store.unreported_since(Timestamp(NOW.0 + 1)).await.unwrap();
    assert_eq!(silent, std::slice::from_ref(&request));
    assert_eq!(records.reports(&request, Ending::Succeeded).await, Reported::Recorded);
    assert_eq!(records.reports(&silent[0], Ending::Unreported).await, Reported::Otherwise(Ending::Succeeded));
    assert_eq!((records.ending(&request).await, records.outcomes().await), (Some(Ending::Succeeded), 1));
}

#[tokio::test]
async fn what_is_silent_is_called_unreported_once_and_may_still_be_reported() {
    let mut records = Records::new().await;
    let request = records.let_through().await;
    assert_eq!(records.reports(&request, Ending::Unreported).await, Reported::Recorded);
    assert_eq!(records.reports(&request, Ending::Unreported).await, Reported::Known);
    assert_eq!(records.reports(&request, Ending::Succeeded).await, Reported::Recorded, "late is better than never");
    assert_eq!((records.ending(&request).await, records.outcomes().await), (Some(Ending::Succeeded), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_reports_at_once_the_first_one_counts() {
    let mut records = Records::new().await;
    let request = records.let_through().await;
    let both = tokio::join!(records.reports(&request, Ending::Succeeded), records.reports(&request, Ending::Failed));
    let ending = records.ending(&request).await.unwrap();
    let expected = match ending {
        Ending::Succeeded => (Reported::Recorded, Reported::Otherwise(Ending::Succeeded)),
        _ => (Reported::Otherwise(Ending::Failed), Reported::Recorded),
    };
    assert_eq!((both, records.outcomes().await), (expected, 1));
    assert_eq!(records.reports(&request, Ending::RolledBack).await, Reported::Recorded);
}
