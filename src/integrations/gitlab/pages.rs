//! Lists that come in pages (<https://docs.gitlab.com/api/rest/#offset-based-pagination>).

use serde::de::DeserializeOwned;

use super::client::GitlabClient;
use crate::integrations::SourceError;
use crate::integrations::http::Answer;

/// Entries on one page; GitLab's most.
pub(super) const PAGE: usize = 100;

/// A page of a list.
pub(super) struct Page<T> {
    pub(super) entries: Vec<T>,
    /// Whether there is another one.
    pub(super) goes_on: bool,
    /// How long the whole list is, where GitLab says so.
    total: Option<usize>,
}

impl GitlabClient {
    /// Reads a whole list of at most so many pages. `path` may have a query.
    ///
    /// # Errors
    /// [`SourceError::TooMuch`] when it has more pages, [`SourceError::Incomplete`] when it is not as long as it says.
    pub(super) async fn list<T: DeserializeOwned>(&self, path: &str, most: usize) -> Result<Vec<T>, SourceError> {
        let mut all = Vec::new();
        for number in 1..=most {
            let page = self.page(path, number).await?;
            all.extend(page.entries);
            if !page.goes_on {
                return match page.total {
                    Some(total) if total != all.len() => {
                        Err(SourceError::Incomplete(format!("{} of {total} entries", all.len())))
                    }
                    Some(_) | None => Ok(all),
                };
            }
        }
        Err(SourceError::TooMuch(format!("more than {} entries", all.len())))
    }

    /// Reads one page of a list.
    pub(super) async fn page<T: DeserializeOwned>(&self, path: &str, number: usize) -> Result<Page<T>, SourceError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let answer = self.get(&format!("{path}{joint}per_page={PAGE}&page={number}")).await?;
        let entries: Vec<T> = answer.json()?;
        // Some lists say which page is next, and all of them are at an end when a page is not full.
        let goes_on = match header(&answer, "x-next-page") {
            Some(next) => !next.is_empty(),
            None => entries.len() >= PAGE,
        };
        Ok(Page { goes_on, total: header(&answer, "x-total").and_then(|total| total.parse().ok()), entries })
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name)?.to_str().ok().map(str::trim)
}
