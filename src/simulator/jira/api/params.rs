//! Query parameters as Jira reads them: lists with commas, or by repetition, or both.

use axum::extract::Query;

use super::super::issue_json::Wanted;

/// The extractor of [`Params`].
pub(super) type Asked = Query<Params>;

/// The query parameters of a request, in order.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// One text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A number; anything else counts as not said.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }

    /// A list.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split(','));
        values.map(str::trim).filter(|value| !value.is_empty()).map(String::from).collect()
    }

    /// Which parts of an issue are wanted.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted { fields: self.list("fields"), expand: self.list("expand"), properties: self.list("properties") }
    }
}
