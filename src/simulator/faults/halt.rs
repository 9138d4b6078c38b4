//! A moment at which the world stands still, so that a test can do something in it: kill whoever asks, edit a ticket.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// On which side of the request's effect the world stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Nothing has happened yet.
    Before,
    /// It has happened, and nobody was told.
    After,
}

/// The moment, to wait for and to end.
#[derive(Debug)]
pub struct Halted(Moment);

#[derive(Debug, Clone, Default)]
struct Moment {
    reached: Arc<Notify>,
    over: CancellationToken,
}

impl Halted {
    /// Ends when the world stands still.
    pub async fn reached(&self) {
        self.0.reached.notified().await;
    }

    /// Lets what stands still go on. Without it, it never does.
    pub fn release(&self) {
        self.0.over.cancel();
    }
}

/// The moment, as the simulated systems know it.
#[derive(Debug, Clone)]
pub(super) struct Halt {
    on: String,
    left: usize,
    side: Side,
    moment: Moment,
}

impl Halt {
    pub(super) fn new((on, number): (&str, usize), side: Side) -> (Halt, Halted) {
        let moment = Moment::default();
        (Halt { on: on.to_owned(), left: number, side, moment: moment.clone() }, Halted(moment))
    }

    /// Counts one more request; gives the moment if this is it. What comes later waits without having had its effect.
    pub(super) fn reached(&mut self, asked: &str) -> Option<Halt> {
        if self.left == 0 {
            return Some(Halt { side: Side::Before, ..self.clone() });
        }
        self.left -= usize::from(asked.contains(&self.on));
        (self.left == 0).then(|| self.clone())
    }

    pub(super) async fn around<T>(self, answer: impl Future<Output = T>) -> T {
        if self.side == Side::Before {
            self.stand_still().await;
            return answer.await;
        }
        let answer = answer.await;
        self.stand_still().await;
        answer
    }

    async fn stand_still(&self) {
        self.moment.reached.notify_one();
        self.moment.over.cancelled().await;
    }
}
