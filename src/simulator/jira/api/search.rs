//! The search by JQL, whose index lags behind, and the old search, which is gone.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::Jira;
use super::super::issue_json::{self, Wanted};
use super::super::jql::Query as Jql;
use super::super::refusal::{Refusal, object};
use super::super::shapes::{name_of, schema_of};
use super::super::state::{Ticket, Tracked};
use super::params::Asked;

/// How many issues are on a page when nobody says.
const PAGE: usize = 50;
/// The most issues on a page.
const LARGEST_PAGE: usize = 5_000;
/// The most issues on a page of Data Center, as it is set up at first.
const LARGEST_NUMBERED_PAGE: usize = 1_000;
/// The most issues that can be reconciled.
const RECONCILED: usize = 50;

/// A search as both verbs ask it.
struct Search {
    jql: String,
    wanted: Wanted,
    size: usize,
    token: Option<String>,
    reconcile: Vec<u64>,
}

/// `GET /search/jql`
pub(super) async fn by_query(State(jira): State<Arc<Jira>>, Query(asked): Asked) -> Result<Json<Value>, Refusal> {
    let search = Search {
        jql: asked.text("jql").unwrap_or_default().to_owned(),
        wanted: asked.wanted(),
        size: asked.number("maxResults").unwrap_or(PAGE),
        token: asked.text("nextPageToken").map(String::from),
        reconcile: asked.list("reconcileIssues").iter().filter_map(|id| id.parse().ok()).collect(),
    };
    search.answer(&jira).map(Json)
}

/// `POST /search/jql`
pub(super) async fn by_body(State(jira): State<Arc<Jira>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let body = object(&body)?;
    let texts = |name: &str| match &body[name] {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(String::from).collect(),
        Value::String(list) => list.split(',').map(|one| one.trim().to_owned()).collect(),
        _ => Vec::new(),
    };
    let reconcile = body["reconcileIssues"].as_array().map_or(&[][..], Vec::as_slice);
    let ids = reconcile.iter().map(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
    let ids = ids.collect::<Option<Vec<_>>>().ok_or_else(|| Refusal::bad("Invalid request payload."))?;
    let size = body["maxResults"].as_u64().and_then(|size| usize::try_from(size).ok());
    let search = Search {
        jql: body["jql"].as_str().unwrap_or_default().to_owned(),
        wanted: Wanted { fields: texts("fields"), expand: texts("expand"), properties: texts("properties") },
        size: size.unwrap_or(PAGE),
        token: body["nextPageToken"].as_str().map(String::from),
        reconcile: ids,
    };
    search.answer(&jira).map(Json)
}

impl Search {
    fn answer(&self, jira: &Jira) -> Result<Value, Refusal> {
        let now = jira.shared.clock.now_ms();
        let query = Jql::parse(&self.jql, now).map_err(Refusal::bad)?;
        if self.reconcile.len() > RECONCILED {
            return Err(Refusal::bad("The number of issues to reconcile exceeds the limit of 50."));
        }
        let start = self.start()?;
        let mut state = jira.locked();
        query.check(&state, &jira.shared.scene).map_err(Refusal::bad)?;
        state.tickets.iter_mut().for_each(|tracked| tracked.index(now));
        let seen = state.tickets.iter().filter_map(|tracked| {
            let fresh = self.reconcile.contains(&tracked.ticket.id);
            if fresh { Some(&tracked.ticket) } else { tracked.indexed() }
        });
        let mut found = seen.filter(|ticket| query.matches(&state, ticket)).collect::<Vec<_>>();
        found.sort_by_key(|ticket| std::cmp::Reverse(ticket.id));
        let size = self.size.clamp(1, LARGEST_PAGE);
        let frame = jira.frame(&state, jira.version());
        let page = found.iter().skip(start).take(size).map(|ticket| match self.only_ids() {
            true => json!({ "id": ticket.id.to_string() }),
            false => issue_json::issue(frame, &state, ticket, &self.per_issue()),
        });
        let page = page.collect::<Vec<_>>();
        let end = start + page.len();
        let mut answer = json!({ "issues": page, "isLast": end >= found.len() });
        if end < found.len() {
            answer["nextPageToken"] = json!(URL_SAFE_NO_PAD.encode(format!("{}:{end}", self.jql)));
        }
        self.expand(&mut answer);
        Ok(answer)
    }

    /// Without `fields` a search answers ids and nothing else.
    fn only_ids(&self) -> bool {
        self.wanted.fields.is_empty() || self.wanted.fields == ["id"]
    }

    /// In a search `names` and `schema` stand once, not in every issue.
    fn per_issue(&self) -> Wanted {
        let mut wanted = self.wanted.clone();
        wanted.expand.retain(|name| name == "changelog");
        wanted
    }

    fn expand(&self, answer: &mut Value) {
        let fields = answer["issues"][0]["fields"].as_object().cloned().unwrap_or_default();
        let expands = |name: &str| self.wanted.expand.iter().any(|expand| expand == name);
        if expands("names") {
            answer["names"] = fields.keys().map(|id| (id.clone(), json!(name_of(id)))).collect();
        }
        if expands("schema") {
            answer["schema"] = fields.keys().map(|id| (id.clone(), schema_of(id))).collect();
        }
    }

    /// Where the page begins. A token counts for the query that it was made for.
    fn start(&self) -> Result<usize, Refusal> {
        let Some(token) = &self.token else { return Ok(0) };
        let decoded = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let start = decoded.as_deref().and_then(|text| text.rsplit_once(':')).filter(|(jql, _)| *jql == self.jql);
        let start = start.and_then(|(_, start)| start.parse().ok());
        start.ok_or_else(|| Refusal::bad("The provided next page token is invalid or expired."))
    }
}

/// `GET /search` of Data Center: pages begin at a number, and it answers how many there are.
pub(super) async fn by_number(State(jira): State<Arc<Jira>>, Query(asked): Asked) -> Result<Json<Value>, Refusal> {
    let now = jira.shared.clock.now_ms();
    let query = Jql::parse(asked.text("jql").unwrap_or_default(), now).map_err(Refusal::bad)?;
    let mut state = jira.locked();
    query.check(&state, &jira.shared.scene).map_err(Refusal::bad)?;
    state.tickets.iter_mut().for_each(|tracked| tracked.index(now));
    let seen = state.tickets.iter().filter_map(Tracked::indexed);
    let mut found: Vec<&Ticket> = seen.filter(|ticket| query.matches(&state, ticket)).collect();
    found.sort_by_key(|ticket| ticket.id);
    let (start, size) = (asked.number("startAt").unwrap_or(0), asked.number("maxResults").unwrap_or(PAGE));
    let frame = jira.frame(&state, jira.version());
    let page = found.iter().skip(start).take(size.min(LARGEST_NUMBERED_PAGE));
    let issues = page.map(|ticket| issue_json::issue(frame, &state, ticket, &asked.wanted())).collect::<Vec<_>>();
    Ok(Json(json!({ "startAt": start, "maxResults": size, "total": found.len(), "issues": issues })))
}

/// `GET` and `POST /search`: removed from Cloud.
pub(super) async fn gone() -> Refusal {
    let message = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full \
                   migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046";
    Refusal::new(StatusCode::GONE, message)
}
