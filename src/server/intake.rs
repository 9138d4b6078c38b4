//! Bodies of webhooks, before anybody knows who sent them: not too large, not too slow, and all together in a limited room.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Bytes of all bodies that are read or wait to be stored at one moment.
const ROOM: usize = 64 * 1024 * 1024;

/// How long a body may take.
const TIME: Duration = Duration::from_secs(5);

/// How long the rest of a body that is too large is listened to.
const DRAIN: Duration = Duration::from_secs(2);

/// The room for bodies.
#[derive(Debug, Clone)]
pub struct Intake(Arc<Semaphore>);

/// A whole body, with its place in the room.
pub(super) struct Letter {
    /// The body as it came.
    pub(super) body: Bytes,
    _place: Option<OwnedSemaphorePermit>,
}

impl Default for Intake {
    fn default() -> Intake {
        Intake(Arc::new(Semaphore::new(ROOM)))
    }
}

impl Intake {
    /// Reads a body of at most so many bytes.
    ///
    /// # Errors
    /// 413 when it is larger, 408 when it takes too long, 503 when there is no room now, 400 when it breaks off. Jira sends
    /// it again after 408 and 503.
    pub(super) async fn read(&self, headers: &HeaderMap, mut body: Body, most: usize) -> Result<Letter, StatusCode> {
        let told = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let read = match told {
            Some(told) if told > most => Err(StatusCode::PAYLOAD_TOO_LARGE),
            _ => timeout(TIME, self.collect(&mut body, most)).await.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT)),
        };
        if read.as_ref().is_err_and(|status| *status == StatusCode::PAYLOAD_TOO_LARGE) {
            // Whoever is still writing when the connection ends never reads why.
            let _ = timeout(DRAIN, async { while let Some(Ok(_)) = body.frame().await {} }).await;
        }
        read
    }

    /// A place is taken for what has come, not for what was promised: a promise costs nothing.
    async fn collect(&self, body: &mut Body, most: usize) -> Result<Letter, StatusCode> {
        let (mut so_far, mut place) = (BytesMut::new(), None::<OwnedSemaphorePermit>);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
            if so_far.len() + data.len() > most {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            let more = self.place_for(data.len())?;
            match &mut place {
                Some(place) => place.merge(more),
                None => place = Some(more),
            }
            so_far.extend_from_slice(&data);
        }
        Ok(Letter { body: so_far.freeze(), _place: place })
    }

    fn place_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, StatusCode> {
        let bytes = u32::try_from(bytes).map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(intake: &Intake, bytes: usize) -> Result<Letter, StatusCode> {
        intake.read(&HeaderMap::new(), Body::from(vec![0; bytes]), 10).await
    }

    #[tokio::test]
    async fn a_body_has_a_place_as_long_as_it_is_there() {
        let intake = Intake(Arc::new(Semaphore::new(15)));
        let first = read(&intake, 10).await.unwrap();
        assert_eq!(first.body.len(), 10);
        assert_eq!(read(&intake, 6).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(read(&intake, 5).await.unwrap().body.len(), 5);
        drop(first);
        assert!(read(&intake, 6).await.is_ok());
        assert_eq!(read(&intake, 11).await.err(), Some(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(intake.0.available_permits(), 15, "what was refused keeps no place");
    }
}
