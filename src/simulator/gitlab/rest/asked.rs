//! What a request asks for, besides its path.

use axum::extract::Request;
use axum::http::header;
use url::form_urlencoded;

/// Entries on a page when nobody says, and at most.
const PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;

/// From so many entries on GitLab does not count them.
pub(super) const UNCOUNTED: usize = 10_000;

/// The parts of a request that any handler may look at.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The address of the instance as the client knows it.
    pub web: String,
    path: String,
    query: Vec<(String, String)>,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// The page, from 1.
    pub page: usize,
    /// Entries a page.
    pub size: usize,
}

impl Asked {
    /// Reads a request.
    #[must_use]
    pub fn of(request: &Request) -> Asked {
        let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        let query = request.uri().query().unwrap_or_default();
        Asked {
            web: format!("http://{host}"),
            path: request.uri().path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        }
    }

    /// A value of the query; an empty one counts as none.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of a list in the query.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&str> {
        let is_it = |key: &str| key == name || key.strip_suffix("[]") == Some(name);
        self.query.iter().filter(|(key, _)| is_it(key)).map(|(_, value)| value.as_str()).collect()
    }

    /// The page that is asked for.
    #[must_use]
    pub fn paging(&self) -> Paging {
        let number = |name: &str| self.value(name).and_then(|value| value.parse().ok()).filter(|number| *number > 0);
        Paging { page: number("page").unwrap_or(1), size: number("per_page").unwrap_or(PAGE).min(LARGEST_PAGE) }
    }

    /// The `Link` header of a page of a list with so many entries.
    #[must_use]
    pub fn link(&self, paging: Paging, entries: usize) -> String {
        let last = entries.div_ceil(paging.size).max(1);
        let before = (paging.page > 1).then(|| ("prev", paging.page - 1));
        let next = (paging.page < last).then_some(("next", paging.page + 1));
        let end = (entries <= UNCOUNTED).then_some(("last", last));
        let links = [before, next, Some(("first", 1)), end].into_iter().flatten();
        let links = links.map(|(name, page)| format!("<{}>; rel=\"{name}\"", self.address_of(page, paging.size)));
        links.collect::<Vec<_>>().join(", ")
    }

    fn address_of(&self, page: usize, size: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(name, _)| name != "page" && name != "per_page"));
        query.append_pair("page", &page.to_string()).append_pair("per_page", &size.to_string());
        format!("{}{}?{}", self.web, self.path, query.finish())
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
