//! What a request asks for, besides its path.

use axum::extract::Request;
use axum::http::header;
use serde_json::Value;
use url::form_urlencoded;

use super::super::super::faults::HiddenPulls;
use super::super::shapes::Links;
use super::Answer;

/// The parts of a request that any handler may look at.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where addresses in the answer must point to, so that the client can follow them.
    pub links: Links,
    /// The path as the client knows it, with its prefix.
    pub path: String,
    query: Vec<(String, String)>,
    accept: String,
    version: String,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// The page, from 1.
    pub page: usize,
    /// Entries a page.
    pub size: usize,
}

/// From this version on, pull requests have no `merge_commit_sha`.
const WITHOUT_MERGE_COMMIT: &str = "2026-03-10";

/// The versions that can be asked for; without a word the first one answers.
pub(super) const VERSIONS: [&str; 2] = ["2022-11-28", WITHOUT_MERGE_COMMIT];

impl Asked {
    /// Reads a request before any router shortens its path.
    #[must_use]
    pub fn of(request: &Request) -> Asked {
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let web = format!("http://{}", text("host").unwrap_or("localhost"));
        let path = request.uri().path().to_owned();
        let api = if path.starts_with("/api/v3/") { format!("{web}/api/v3") } else { web.clone() };
        let query = request.uri().query().unwrap_or_default();
        Asked {
            links: Links { api, web, hides_pulls: request.extensions().get::<HiddenPulls>().is_some() },
            path,
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            accept: text(header::ACCEPT.as_str()).unwrap_or_default().to_owned(),
            version: text("x-github-api-version").unwrap_or(VERSIONS[0]).to_owned(),
        }
    }

    /// A value of the query; an empty one counts as none.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether the raw content is asked for and not JSON.
    #[must_use]
    pub fn wants_raw(&self) -> bool {
        self.accept.split([',', ';', '+']).any(|kind| kind.trim().ends_with(".raw"))
    }

    /// Whether SARIF is asked for.
    #[must_use]
    pub fn wants_sarif(&self) -> bool {
        self.accept.contains("application/sarif+json")
    }

    /// The version of the API that is asked for.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A pull request as this version of the API shows it.
    #[must_use]
    pub fn versioned(&self, mut pull: Value) -> Value {
        if let (WITHOUT_MERGE_COMMIT, Some(fields)) = (self.version.as_str(), pull.as_object_mut()) {
            fields.remove("merge_commit_sha");
        }
        pull
    }

    /// The page that is asked for, if the request speaks of pages at all.
    #[must_use]
    pub fn explicit_paging(&self) -> Option<Paging> {
        (self.value("page").is_some() || self.value("per_page").is_some()).then(|| self.paging())
    }

    /// The page that is asked for.
    #[must_use]
    pub fn paging(&self) -> Paging {
        let number = |name: &str| self.value(name).and_then(|value| value.parse().ok()).filter(|number| *number > 0);
        Paging { page: number("page").unwrap_or(1), size: number("per_page").unwrap_or(30).min(100) }
    }

    /// One page of a list as its JSON array.
    #[must_use]
    pub fn list<T>(&self, items: &[T], shape: impl Fn(&T) -> Value) -> Answer {
        self.wrapped_list(items, |page| page.iter().map(&shape).collect())
    }

    /// One page of a list, in whatever JSON goes around it.
    #[must_use]
    pub fn wrapped_list<T>(&self, items: &[T], shape: impl FnOnce(&[T]) -> Value) -> Answer {
        let paging = self.paging();
        Answer { body: shape(paging.of(items)), link: self.link(paging, items.len()) }
    }

    /// The `Link` header of one page of a list with so many entries; a list of one page has none.
    #[must_use]
    pub fn link(&self, paging: Paging, entries: usize) -> Option<String> {
        let last = entries.div_ceil(paging.size).max(1);
        let before = [("prev", paging.page.saturating_sub(1).min(last)), ("first", 1)];
        let after = [("next", paging.page + 1), ("last", last)];
        let before = before.iter().filter(|_| paging.page > 1);
        let links = before.chain(after.iter().filter(|_| paging.page < last));
        let links = links.map(|(name, page)| format!("<{}>; rel=\"{name}\"", self.address_of(*page)));
        Some(links.collect::<Vec<_>>().join(", ")).filter(|link| !link.is_empty())
    }

    /// The `Link` header of a list whose next page begins at a cursor.
    #[must_use]
    pub fn next_by_cursor(&self, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(name, _)| name != "cursor")).append_pair("cursor", cursor);
        format!("<{}{}?{}>; rel=\"next\"", self.links.web, self.path, query.finish())
    }

    fn address_of(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(name, _)| name != "page"));
        query.append_pair("page", &page.to_string());
        format!("{}{}?{}", self.links.web, self.path, query.finish())
    }
}

impl Paging {
    /// The entries of this page.
    #[must_use]
    pub fn of<T>(self, items: &[T]) -> &[T] {
        let start = self.page.saturating_sub(1).saturating_mul(self.size).min(items.len());
        let end = start.saturating_add(self.size).min(items.len());
        items.get(start..end).unwrap_or_default()
    }
}
