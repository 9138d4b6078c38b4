//! The store, on the database of these tests: several stores on one database are what several processes would be.

use std::collections::BTreeSet;

use cm_bot::audit::{Entry, Event};
use cm_bot::model::{IssueId, RepoName, Ticket, TicketKey, Timestamp};
use cm_bot::store::{Delivery, Effect, Job, NewAction, Received, Store, StoreError};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::support::database::{fresh, open};
use crate::support::facts::{NOW, passing};
use crate::support::verified;

/// Largest answer that is kept.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// When everything that is due at [`NOW`] has had its time, and no lease has run out.
const SOON: Timestamp = Timestamp(NOW.0 + 1000);

/// When every lease has run out.
const LATER: Timestamp = Timestamp(NOW.0 + 600_000);

/// Two stores on one database; the folder is for a file.
async fn two() -> (TempDir, [Store; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh(folder.path()).await;
    (folder, [open(&url).await, open(&url).await])
}

fn entry(number: i64) -> Entry {
    let event = Event::Ended { status: number.to_string() };
    Entry { at: NOW, ticket: Some(TicketKey::parse("PRODCM-1").unwrap()), event }
}

fn job(number: usize) -> Job {
    Job::Ticket(IssueId::parse(&(10_000 + number).to_string()).unwrap())
}

fn ticket(number: usize) -> Ticket {
    let id = IssueId::parse(&(10_000 + number).to_string()).unwrap();
    Ticket { id, key: TicketKey::parse(&format!("PRODCM-{number}")).unwrap(), ..passing().ticket }
}

/// Does something with every store at once, some times in each, and gives back what came of it.
async fn at_once<T, F>(stores: &[Store; 2], times: usize, act: impl Fn(Store, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut all = JoinSet::new();
    for number in 0..times {
        for (place, store) in stores.iter().enumerate() {
            all.spawn(act(store.clone(), 2 * number + place));
        }
    }
    all.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_stays_a_chain_when_two_write_at_once() {
    let (_folder, stores) = two().await;
    let append = |store: Store, number| async move { store.append(&entry(i64::try_from(number).unwrap())).await };
    for result in at_once(&stores, 100, append).await {
        result.unwrap();
    }
    assert_eq!(verified(&stores[0]).await.len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_comes_twice_at_once_is_stored_once() {
    let (_folder, stores) = two().await;
    let receive = |store: Store, number: usize| async move {
        // Each body comes four times, twice to each store.
        let body = format!("body {}", number / 4);
        let delivery = Delivery { source: "jira", id: &body, body: body.as_bytes(), receipt: None };
        store.receive(&delivery, Some(&job(1)), NOW).await.unwrap()
    };
    let received = at_once(&stores, 40, receive).await;
    assert_eq!(received.iter().filter(|received| **received == Received::New).count(), 20);
    assert!(stores[0].claim_job(SOON).await.unwrap().is_some());
    assert!(stores[1].claim_job(SOON).await.unwrap().is_none(), "one look is enough for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_is_claimed_twice_and_none_is_left() {
    let (_folder, stores) = two().await;
    for number in 0..60 {
        stores[0].enqueue(&job(number), NOW).await.unwrap();
    }
    let work = |store: Store, _| async move {
        let mut done = Vec::new();
        while let Some(claimed) = store.claim_job(SOON).await.unwrap() {
            done.push(format!("{:?}", claimed.job));
            store.finish_job(&claimed).await.unwrap();
        }
        done
    };
    let done = at_once(&stores, 4, work).await.concat();
    assert_eq!((done.len(), done.iter().collect::<BTreeSet<_>>().len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_subject_is_in_one_hand_also_after_a_lease_ran_out() {
    let (_folder, stores) = two().await;
    for round in 0..20 {
        stores[0].enqueue(&job(round), NOW).await.unwrap();
        let asleep = stores[0].claim_job(SOON).await.unwrap().unwrap();
        stores[0].enqueue(&job(round), NOW).await.unwrap();
        assert!(stores[1].claim_job(SOON).await.unwrap().is_none(), "somebody has it");
        let claim = |store: Store, _| async move { store.claim_job(LATER).await.unwrap() };
        let claimed: Vec<_> = at_once(&stores, 2, claim).await.into_iter().flatten().collect();
        let [claimed] = claimed.as_slice() else { panic!("{claimed:?}") };
        assert_eq!(claimed.attempts, 2, "the old one comes first");
        assert!(matches!(stores[0].finish_job(&asleep).await, Err(StoreError::LeaseLost)));
        stores[1].look_again(claimed, NOW).await.unwrap();
        let last = stores[0].claim_job(SOON).await.unwrap().unwrap();
        stores[0].finish_job(&last).await.unwrap();
        assert!(stores[0].is_idle(LATER).await.unwrap(), "both looks were one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_actions_of_a_ticket_are_done_in_order_and_once() {
    let (_folder, stores) = two().await;
    for number in 1..=6 {
        stores[0].note_ticket(&ticket(number), None, NOW).await.unwrap();
    }
    let ask = |store: Store, number: usize| async move {
        let ticket = ticket(number % 6 + 1);
        let reply = |text| NewAction::new(Effect::Reply { message: json!({ "text": text }) }).unwrap();
        let entry = Entry { ticket: Some(ticket.key.clone()), ..entry(0) };
        store.ask_for((&ticket.id, &[reply("one"), reply("two"), reply("three")]), &entry, NOW).await
    };
    for result in at_once(&stores, 6, ask).await {
        result.unwrap();
    }
    let work = |store: Store, _| async move {
        let mut done = Vec::new();
        while let Some(claimed) = store.claim_action(SOON).await.unwrap() {
            let Effect::Reply { message } = &claimed.action.effect else { panic!("{claimed:?}") };
            done.push((claimed.action.issue.to_string(), message["text"].as_str().unwrap().to_owned()));
            store.finish_action(&claimed, "done", NOW).await.unwrap();
        }
        done
    };
    // Each worker ends when the lanes that are free at that moment are empty; the last one finds everything.
    let mut done = at_once(&stores, 3, work).await.concat();
    done.extend(work(stores[0].clone(), 0).await);
    assert_eq!(done.len(), 18, "what was asked for last replaces what nobody had begun: {done:?}");
    assert_eq!(done.iter().collect::<BTreeSet<_>>().len(), 18, "{done:?}");
    verified(&stores[0]).await;
}

#[tokio::test]
async fn an_answer_is_kept_for_its_repository_and_the_first_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&fresh(folder.path()).await).await;
    let (one, other) = (RepoName::parse("acme/a").unwrap(), RepoName::parse("acme/b").unwrap());
    store.keep(&one, "compare 1 2", "ahead").await.unwrap();
    store.keep(&one, "compare 1 2", "something else").await.unwrap();
    assert_eq!(store.kept(&one, "compare 1 2").await.unwrap().as_deref(), Some("ahead"));
    assert_eq!(store.kept(&other, "compare 1 2").await.unwrap(), None);
    assert_eq!(store.kept(&one, "compare 1 3").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_too_large_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&fresh(folder.path()).await).await;
    let repository = RepoName::parse("acme/a").unwrap();
    store.keep(&repository, "tree", &"x".repeat(MOST_BYTES + 1)).await.unwrap();
    assert_eq!(store.kept(&repository, "tree").await.unwrap(), None);
    store.keep(&repository, "tree", &"x".repeat(MOST_BYTES)).await.unwrap();
    assert!(store.kept(&repository, "tree").await.unwrap().is_some());
}
