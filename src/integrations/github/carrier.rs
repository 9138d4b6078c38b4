//! What octocrab carries: whole answers, and what it means that there is none.

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::integrations::SourceError;
use crate::integrations::http::{Answer, MOST_BYTES, too_large};

/// An answer of which the body has not come yet.
pub(super) type Carried = http::Response<BoxBody<Bytes, octocrab::Error>>;

/// Why a question was not answered.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was more than GitHub can find out in its time; a smaller question may be answered.
    TooHeavy(SourceError),
    /// Anything else.
    Other(SourceError),
}

impl From<&Failure> for &'static str {
    fn from(failure: &Failure) -> &'static str {
        match failure {
            Failure::TooHeavy(_) => "too_heavy",
            Failure::Other(error) => error.into(),
        }
    }
}

impl Failure {
    /// The reason, whether or not a smaller question would help.
    pub(super) fn into_error(self) -> SourceError {
        match self {
            Failure::TooHeavy(error) | Failure::Other(error) => error,
        }
    }

    /// Whether a smaller question may be answered.
    pub(super) fn is_too_heavy(&self) -> bool {
        matches!(self, Failure::TooHeavy(_))
    }

    /// Whether there was no answer that says anything.
    pub(super) fn is_unreachable(&self) -> bool {
        matches!(self, Failure::Other(SourceError::Unreachable(_)))
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        Failure::Other(error)
    }
}

/// The whole answer.
///
/// # Errors
/// When it breaks off or is too large.
pub(super) async fn whole(answer: Carried) -> Result<Answer, SourceError> {
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => too_large(MOST_BYTES),
        false => SourceError::Unreachable("the answer broke off".into()),
    })?;
    Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes().to_vec() })
}

/// Why octocrab has no answer, without its backtrace.
pub(super) fn carried(error: &octocrab::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<reqwest::Error>() {
            Some(error) if error.is_connect() => return SourceError::Unreachable("no connection".into()).into(),
            Some(error) if error.is_timeout() => {
                return Failure::TooHeavy(SourceError::Unreachable("it took too long".into()));
            }
            Some(_) | None => cause = error.source(),
        }
    }
    SourceError::Unreachable("the connection broke".into()).into()
}
