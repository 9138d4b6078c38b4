//! One process of the service, whose work is done when a history says so, and which can die in the middle of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cm_bot::app::{App, Running};
use cm_bot::cli::demo::world::World;
use cm_bot::clock::Clock;
use cm_bot::jobs::{Outbox, Reconcile, Worker};
use cm_bot::settings::{Environment, load};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// How long a ticket is visible before it is approved: longer than the simulated search is late.
pub const SETTLE: Duration = Duration::from_secs(10);

/// A piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The next job: a ticket or a repository to look at.
    Judge,
    /// The next action outside: a transition, a comment, a message.
    CarryOut,
    /// Asking Jira for what its webhooks did not tell.
    Reconcile,
}

/// A process.
pub struct Node {
    worker: Worker,
    outbox: Outbox,
    reconcile: Mutex<Reconcile>,
    running: Running,
}

impl Node {
    /// Starts one that listens where Jira and GitHub send their webhooks, or beside it.
    pub async fn start(world: &World, clock: Clock, place: Place) -> Node {
        let settle = ("CM_BOT__JIRA__SETTLE_SECONDS".to_owned(), SETTLE.as_secs().to_string());
        let in_slack = ("CM_BOT__SLACK__DECISIONS".to_owned(), "interactive".to_owned());
        let settings = load(Some(&world.settings_file()), &Environment::from([settle, in_slack])).unwrap();
        let app = App::build(settings, clock).await.unwrap();
        let address = match place {
            Place::Webhooks => world.service,
            Place::Beside => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        drop(world.take_port());
        let running = app.serve_on(TcpListener::bind(address).await.unwrap()).await.unwrap();
        let (worker, outbox, reconcile) = (app.worker(), app.outbox(), Mutex::new(app.reconcile()));
        Node { worker, outbox, reconcile, running }
    }

    /// Does one piece of work, if there is one; says whether there was.
    pub async fn work(&self, turn: Turn) -> bool {
        // What fails is tried again by the next turn, as the loops of a real process do.
        match turn {
            Turn::Judge => self.worker.work_once().await.unwrap_or(true),
            Turn::CarryOut => self.outbox.work_once().await.unwrap_or(true),
            Turn::Reconcile => self.reconcile.lock().await.once().await.is_ok_and(|found| found > 0),
        }
    }

    /// Ends it. Whatever it had begun and was not given up before is never finished.
    pub async fn end(self) {
        self.running.stop().await;
    }
}

/// Where a process listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where webhooks arrive.
    Webhooks,
    /// Anywhere.
    Beside,
}
