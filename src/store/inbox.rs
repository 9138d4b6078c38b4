//! Who writes deliveries down: whoever holds the pen writes for all who came meanwhile, with one durable commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::db::{Transaction, query};
use super::deliveries::{Delivery, Draft, Received, insert};
use super::jobs::{Job, enqueue};
use super::ledger::{self, Line};
use super::{Store, StoreError};
use crate::model::{Receipt, Timestamp};

/// Most deliveries that wait to be written; more are turned away, and their senders send them again.
const MOST_WAITING: usize = 1_000;

/// Most tickets that may be due to be looked at. When there are more, Jira is asked to send what it tells later; the look
/// for what was not told comes by it in any case. GitHub is not turned away: it does not send again, its deliveries ask for
/// one look a repository, and the ledger needs them.
const MOST_DUE: i64 = 50_000;

/// How long a count of them is good.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// How often a delivery that is written alone may be given up by the server for the sake of another transaction, and how long
/// we stand aside after the first time; then longer by as much. Who comes back at once meets the other where it was.
const MOST_GIVEN_UP: u32 = 4;
const ASIDE: Duration = Duration::from_millis(50);

/// Most deliveries of one commit, and most bytes.
const MOST_TOGETHER: usize = 200;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Deliveries that wait, and the pen.
#[derive(Clone, Default)]
pub(super) struct Inbox {
    waiting: Arc<Mutex<Vec<Waiting>>>,
    pen: Arc<tokio::sync::Mutex<()>>,
    /// When tickets that are due were counted last, and whether there were too many.
    depth: Arc<Mutex<Option<(Instant, Depth)>>>,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Fine,
    TooDeep,
}

/// A delivery with whoever waits to hear of it.
struct Waiting {
    source: &'static str,
    id: String,
    body: Vec<u8>,
    receipt: Option<Receipt>,
    job: Option<Job>,
    at: Timestamp,
    answer: oneshot::Sender<Result<Received, StoreError>>,
}

/// Bodies are not for logs.
impl std::fmt::Debug for Inbox {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inbox").field("waiting", &self.list().len()).finish_non_exhaustive()
    }
}

impl Inbox {
    fn list(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn depth(&self) -> MutexGuard<'_, Option<(Instant, Depth)>> {
        self.depth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last count, if it is still good. When it is not, one counts, and the others go on with the old one meanwhile.
    fn counted(&self) -> Option<Depth> {
        let mut last = self.depth();
        match *last {
            Some((at, depth)) if at.elapsed() < GOOD_FOR => Some(depth),
            Some((_, depth)) => {
                *last = Some((Instant::now(), depth));
                None
            }
            None => None,
        }
    }

    fn add(&self, waiting: Waiting) -> Result<(), StoreError> {
        let mut list = self.list();
        if list.len() >= MOST_WAITING {
            return Err(StoreError::Full);
        }
        list.push(waiting);
        Ok(())
    }

    /// The oldest ones, as many as go into one commit.
    fn take(&self) -> Vec<Waiting> {
        let mut list = self.list();
        let mut bytes = 0;
        let fits = |waiting: &&Waiting| {
            bytes += waiting.body.len();
            bytes <= MOST_BYTES
        };
        let together = list.iter().take(MOST_TOGETHER).take_while(fits).count();
        let together = together.max(1).min(list.len());
        list.drain(..together).collect()
    }
}

impl Store {
    /// Stores a delivery, its line in the ledger, and what is to be done about it. When this returns, all are on disk.
    ///
    /// # Errors
    /// When they are not; [`StoreError::Full`] when too many wait already.
    pub async fn receive(
        &self,
        delivery: &Delivery<'_>,
        job: Option<&Job>,
        now: Timestamp,
    ) -> Result<Received, StoreError> {
        if matches!(job, Some(Job::Ticket(_))) && self.depth(now).await? == Depth::TooDeep {
            return Err(StoreError::Full);
        }
        let (answer, mut answered) = oneshot::channel();
        self.inbox.add(Waiting {
            source: delivery.source,
            id: delivery.id.to_owned(),
            body: delivery.body.to_vec(),
            receipt: delivery.receipt.cloned(),
            job: job.cloned(),
            at: now,
            answer,
        })?;
        loop {
            // Whoever was written down by another does not take the pen: a queue of those would write each newcomer alone.
            let pen = tokio::select! {
                biased;
                received = &mut answered => return received.map_err(|_| StoreError::BrokenOff)?,
                pen = self.inbox.pen.lock() => pen,
            };
            self.write_next().await?;
            drop(pen);
        }
    }

    /// Writes down the oldest that wait; whoever calls has the pen.
    async fn write_next(&self) -> Result<(), StoreError> {
        let together = self.inbox.take();
        if together.is_empty() {
            return Ok(());
        }
        let store = self.clone();
        // In a task of its own: a sender that hangs up must not take the others' answers along.
        let written = tokio::spawn(async move { store.write_down(together).await });
        written.await.map_err(|_| StoreError::BrokenOff)
    }

    /// Whether there is too much to do already, as it was a moment ago.
    async fn depth(&self, now: Timestamp) -> Result<Depth, StoreError> {
        if let Some(depth) = self.inbox.counted() {
            return Ok(depth);
        }
        let due = "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'ready' AND run_at <= $1 LIMIT $2) AS due";
        let due: i64 = query(due).bind(now.0).bind(MOST_DUE).one(self.db.reader()).await?.get(0)?;
        let depth = if due < MOST_DUE { Depth::Fine } else { Depth::TooDeep };
        *self.inbox.depth() = Some((Instant::now(), depth));
        Ok(depth)
    }

    /// Writes all of them with one commit. When one of them cannot be written, each is written alone.
    async fn write_down(&self, together: Vec<Waiting>) {
        if let Ok(all) = self.write_together(&together).await {
            for (waiting, received) in together.into_iter().zip(all) {
                let _ = waiting.answer.send(Ok(received)); // Whoever hung up does not want to know.
            }
            return;
        }
        for waiting in together {
            let received = self.write_alone(&waiting).await;
            let _ = waiting.answer.send(received);
        }
    }

    /// Writes one, and insists when the server gives it up for the sake of another.
    async fn write_alone(&self, waiting: &Waiting) -> Result<Received, StoreError> {
        let mut given_up = 0;
        loop {
            match self.write_together(std::slice::from_ref(waiting)).await {
                Err(error) if error.is_given_up() && given_up < MOST_GIVEN_UP => {
                    given_up += 1;
                    tokio::time::sleep(ASIDE * given_up).await;
                }
                result => return result?.first().copied().ok_or(StoreError::BrokenOff),
            }
        }
    }

    /// Deliveries first, then what they say and what they ask for; all in an order that is the same for everybody who
    /// writes at the same time, so that nobody waits in a circle.
    async fn write_together(&self, together: &[Waiting]) -> Result<Vec<Received>, StoreError> {
        let mut places: Vec<usize> = (0..together.len()).collect();
        places.sort_by_key(|place| together.get(*place).map(|waiting| (waiting.source, &waiting.id)));
        let sorted: Vec<&Waiting> = places.iter().filter_map(|place| together.get(*place)).collect();
        let drafts: Vec<Draft<'_>> = sorted.iter().map(|waiting| waiting.draft()).collect();
        let mut transaction = self.db.begin().await?;
        let written = insert(&mut transaction, &drafts).await?;
        let new = sorted.iter().zip(&written).filter_map(|(waiting, seq)| Some((*waiting, *seq.as_ref().ok()?)));
        let new: Vec<(&Waiting, i64)> = new.collect();
        let lines: Vec<Line<'_>> = new.iter().filter_map(|(waiting, seq)| waiting.line(*seq)).collect();
        ledger::append(&mut transaction, &lines).await?;
        let mut jobs = asked_for(&new);
        if jobs.keys().any(|job| job.is_of_repository()) && !is_anything_pending(&mut transaction).await? {
            // A repository is looked at for the tickets that wait: with none it would be for nothing.
            jobs.retain(|job, _| !job.is_of_repository());
        }
        for (job, at) in &jobs {
            enqueue(&mut transaction, job, *at).await?;
        }
        transaction.commit().await?;
        let mut received = vec![Received::Duplicate; together.len()];
        for (place, written) in places.into_iter().zip(written) {
            if let (Some(result), Some(waiting)) = (received.get_mut(place), together.get(place)) {
                let asks = waiting.job.as_ref().is_some_and(|job| jobs.contains_key(job));
                *result = written.err().unwrap_or(if asks { Received::New } else { Received::Kept });
            }
        }
        Ok(received)
    }
}

impl Waiting {
    fn draft(&self) -> Draft<'_> {
        Draft::new(self.source, (&self.id, &self.body), self.at)
    }

    fn line(&self, delivery: i64) -> Option<Line<'_>> {
        Some(Line { receipt: self.receipt.as_ref()?, delivery, at: self.at })
    }
}

async fn is_anything_pending(transaction: &mut Transaction) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM tickets WHERE status IN ('pending', 'approved') AND status = 'pending' LIMIT 1";
    Ok(query(sql).optional(transaction).await?.is_some())
}

/// What deliveries ask for, each once, and since when.
fn asked_for<'a>(new: &[(&'a Waiting, i64)]) -> BTreeMap<&'a Job, Timestamp> {
    let mut jobs: BTreeMap<&Job, Timestamp> = BTreeMap::new();
    for (waiting, _) in new {
        if let Some(job) = &waiting.job {
            jobs.entry(job).and_modify(|at| *at = (*at).min(waiting.at)).or_insert(waiting.at);
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(bytes: usize) -> Waiting {
        Waiting {
            source: "jira",
            id: String::new(),
            body: vec![0; bytes],
            receipt: None,
            job: None,
            at: Timestamp(0),
            answer: oneshot::channel().0,
        }
    }

    fn inbox(sizes: &[usize]) -> Inbox {
        let inbox = Inbox::default();
        sizes.iter().for_each(|bytes| inbox.add(waiting(*bytes)).unwrap());
        inbox
    }

    #[test]
    fn a_commit_holds_so_many_deliveries_and_bytes_and_at_least_one() {
        assert_eq!(inbox(&[]).take().len(), 0);
        assert_eq!(inbox(&[1; 250]).take().len(), MOST_TOGETHER);
        assert_eq!(inbox(&[MOST_BYTES - 1, 1, 1]).take().len(), 2);
        assert_eq!(inbox(&[MOST_BYTES + 1, 1]).take().len(), 1);
    }

    #[test]
    fn when_too_many_wait_another_one_is_turned_away() {
        let inbox = inbox(&[1; MOST_WAITING]);
        assert!(matches!(inbox.add(waiting(1)), Err(StoreError::Full)));
        inbox.take();
        inbox.add(waiting(1)).unwrap();
    }
}
