//! Connections: how many there may be, how long each may take, and how they end when the service stops.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::Peer;

/// Most connections at once: half of the open files that a process usually may have. The next ones wait in the queue of the
/// operating system.
const MOST: usize = 512;

/// How long a connection may take to bring the head of a request, the first one and every further one.
const HEAD: Duration = Duration::from_secs(5);

/// Most headers of a request, and most bytes of its head. Whoever brings more is answered 431.
const MOST_HEADERS: usize = 64;
const MOST_HEAD: usize = 32 * 1024;

/// How long a connection takes requests, and how long it may then take to end. Whoever does not read our answers has no
/// other limit.
const LIFE: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(15);

/// A connection, as hyper sees it.
type Connection = http1::Connection<TokioIo<TcpStream>, Known>;

/// All endpoints, for one whose address is known.
#[derive(Debug, Clone)]
struct Known {
    router: TowerToHyperService<Router>,
    peer: Peer,
}

impl Service<Request<Incoming>> for Known {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.router.call(request)
    }
}

/// Answers until it is told to stop, and then finishes the requests that have begun.
pub async fn serve(mut listener: TcpListener, router: Router, stop: CancellationToken) {
    let (room, open) = (Arc::new(Semaphore::new(MOST)), TaskTracker::new());
    let until = stop.clone();
    let accept = async {
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            // An error (no file descriptor is left, say) is waited out in there.
            let (stream, peer) = Listener::accept(&mut listener).await;
            let (connection, until) = (connection(stream, (router.clone(), Peer(peer.ip()))), until.clone());
            open.spawn(async move {
                carry(connection, until).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = accept => {}
    }
    drop(listener);
    open.close();
    open.wait().await;
}

fn connection(stream: TcpStream, (router, peer): (Router, Peer)) -> Connection {
    // Answers are small, and whoever waits for one should not wait for more to be sent with it.
    let _ = stream.set_nodelay(true);
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(MOST_HEADERS)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(stream), Known { router: TowerToHyperService::new(router), peer })
}

/// Serves one connection until it ends or its time is over.
async fn carry(connection: Connection, stop: CancellationToken) {
    let mut connection = pin!(connection);
    let over = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(LIFE) => {}
        }
    };
    if ends_before(connection.as_mut(), over).await {
        return;
    }
    connection.as_mut().graceful_shutdown();
    ends_before(connection.as_mut(), sleep(END)).await;
}

/// Whether a connection ends first. How is for whoever opened it: a peer that hangs up is no error of ours.
async fn ends_before(connection: Pin<&mut Connection>, other: impl Future<Output = ()>) -> bool {
    tokio::select! {
        _ = connection => true,
        () = other => false,
    }
}
