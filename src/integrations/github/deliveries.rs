//! What GitHub delivered, or tried to: it says so to the App whose webhook it is, for three days.
//! Source: <https://docs.github.com/en/rest/apps/webhooks>
//!
//! GitHub does not send again by itself. A delivery that we have not got is read here, with the time at which it was sent.

use backon::Retryable;
use http::header::LINK;
use serde_json::value::RawValue;

use super::client::GithubClient;
use super::commits::unreadable;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::{Answer, backoff};
use crate::model::Timestamp;
use crate::settings::GithubLogin;

/// Most pages of a hundred deliveries. Whoever has more than that in one look asks again.
const MOST_PAGES: usize = 100;

/// A delivery as it stands in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number; another one when it is sent again.
    pub id: u64,
    /// Its name, which stays the same when it is sent again.
    pub guid: String,
    /// The kind of event.
    pub event: String,
    /// When it was sent.
    pub at: Timestamp,
}

impl GithubClient {
    /// Whether GitHub would tell us what it delivered: it tells an App, and nobody who has only a token.
    #[must_use]
    pub fn tells_deliveries(&self) -> bool {
        matches!(self.login.login, GithubLogin::App { .. })
    }

    /// The deliveries since a time, newest first.
    ///
    /// # Errors
    /// When the list cannot be read; [`SourceError::TooMuch`] when it is longer than we read.
    pub async fn deliveries(&self, since: Timestamp) -> Result<Vec<Listed>, SourceError> {
        let mut all: Vec<Listed> = Vec::new();
        let mut route = "/app/hook/deliveries?per_page=100".to_owned();
        for _ in 0..MOST_PAGES {
            let answer = self.as_app(&route).await?;
            let page = answer.json::<Vec<wire::ListedDelivery>>()?;
            let page = page.into_iter().map(listed).collect::<Result<Vec<_>, _>>()?;
            let reached = page.iter().any(|one| one.at < since);
            all.extend(page.into_iter().filter(|one| one.at >= since));
            match next_cursor(&answer)?.filter(|_| !reached) {
                Some(cursor) => route = format!("/app/hook/deliveries?per_page=100&cursor={cursor}"),
                None => return Ok(all),
            }
        }
        Err(SourceError::TooMuch("deliveries".into()))
    }

    /// The body of a delivery; nothing when GitHub keeps it no longer.
    ///
    /// # Errors
    /// When it cannot be read, or is another one than was asked for.
    pub async fn delivery(&self, asked: &Listed) -> Result<Option<Vec<u8>>, SourceError> {
        let answer = match self.as_app(&format!("/app/hook/deliveries/{}", asked.id)).await {
            Err(SourceError::NotFound) => return Ok(None),
            answer => answer?,
        };
        let found: wire::Delivery = answer.json()?;
        if (found.id, &found.guid, &found.event) != (asked.id, &asked.guid, &asked.event) {
            return Err(SourceError::Unreadable("another delivery than the one that was asked for".into()));
        }
        let body = |payload: Box<RawValue>| payload.get().as_bytes().to_vec();
        Ok(found.request.payload.map(body))
    }

    async fn as_app(&self, route: &str) -> Result<Answer, SourceError> {
        let attempt = || self.login.as_app(route);
        attempt.retry(backoff()).when(|error| matches!(error, SourceError::Unreachable(_))).await
    }
}

fn listed(info: wire::ListedDelivery) -> Result<Listed, SourceError> {
    let at = Timestamp::parse(&info.delivered_at).map_err(unreadable)?;
    Ok(Listed { id: info.id, guid: info.guid, event: info.event, at })
}

/// Where the next page begins, from the `Link` header; nothing after the last one.
fn next_cursor(answer: &Answer) -> Result<Option<String>, SourceError> {
    let Some(links) = answer.headers.get(LINK) else { return Ok(None) };
    let odd = || SourceError::Unreadable("a link to the next page that leads nowhere".into());
    let links = links.to_str().map_err(|_| odd())?;
    let Some(next) = links.split(',').find(|link| link.contains("rel=\"next\"")) else { return Ok(None) };
    let address = next.trim().strip_prefix('<').and_then(|rest| rest.split('>').next()).ok_or_else(odd)?;
    let query = address.split_once('?').ok_or_else(odd)?.1;
    let cursor = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "cursor").ok_or_else(odd)?.1;
    // Only the cursor is taken over: the address is GitHub's, and ours is in the settings.
    Ok(Some(url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(link: &str) -> Result<Option<String>, SourceError> {
        let headers = [(LINK, link.parse().unwrap())].into_iter().collect();
        next_cursor(&Answer { status: http::StatusCode::OK, headers, body: Vec::new() })
    }

    #[test]
    fn the_cursor_of_the_next_page_is_taken_from_the_link() {
        let link = "<https://api.github.com/app/hook/deliveries?per_page=100&cursor=v1_17%2F>; rel=\"next\"";
        assert_eq!(cursor(link), Ok(Some("v1_17%2F".into())));
        assert_eq!(cursor("<https://api.github.com/x?cursor=a>; rel=\"prev\""), Ok(None));
        assert!(cursor("<https://api.github.com/x>; rel=\"next\"").is_err());
        assert!(cursor("nowhere; rel=\"next\"").is_err());
    }
}
