//! The OpenAPI document of the gate, made from the types that it reads and writes: each schema is the shape of a value of
//! the real type, so a field that is added or renamed changes the document.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::wire::{Applied, Asked, Change, Consumption, Judgement, Report};
use crate::server::problem::Problem;

/// An endpoint: method, path, what it does, what is sent, and what is answered with which status.
struct Endpoint {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    body: Sent,
    answers: &'static [(u16, &'static str)],
}

/// What is sent to an endpoint.
#[derive(Clone, Copy)]
enum Sent {
    Nothing,
    Must(&'static str),
    May(&'static str),
}

/// Every endpoint that [`super::router`] has, but for this document.
const ENDPOINTS: [Endpoint; 5] = [
    Endpoint {
        method: "post",
        path: "/api/v1/changes",
        summary: "Requests a deployment: finds the ticket of this build or makes one. The same run has one request.",
        body: Sent::Must("Asked"),
        answers: &[(201, "Change"), (200, "Change"), (409, "Problem"), (422, "Problem"), (413, "Problem")],
    },
    Endpoint {
        method: "get",
        path: "/api/v1/changes/{id}",
        summary: "How a request stands. With `wait` the answer comes when that changes, or after so many seconds.",
        body: Sent::Nothing,
        answers: &[(200, "Change"), (404, "Problem"), (422, "Problem")],
    },
    Endpoint {
        method: "post",
        path: "/api/v1/changes/{id}/consume",
        summary: "Asks, immediately before the deployment, whether it may go ahead. Only 200 is a yes, and it counts once.",
        body: Sent::May("Applied"),
        answers: &[(200, "Consumption"), (404, "Problem"), (409, "Problem"), (413, "Problem"), (422, "Problem")],
    },
    Endpoint {
        method: "post",
        path: "/api/v1/changes/{id}/plan",
        summary: "Sends the plan that is going to be applied, as `terraform show -json` prints it. It is judged and not kept.",
        body: Sent::Must("Plan"),
        answers: &[(200, "Judgement"), (404, "Problem"), (409, "Problem"), (413, "Problem"), (422, "Problem")],
    },
    Endpoint {
        method: "post",
        path: "/api/v1/changes/{id}/finish",
        summary: "Says how the deployment ended.",
        body: Sent::Must("Report"),
        answers: &[(200, "Change"), (404, "Problem"), (409, "Problem"), (413, "Problem"), (422, "Problem")],
    },
];

/// What every endpoint may answer.
const ALWAYS: [(u16, &str); 3] = [(401, "Problem"), (403, "Problem"), (503, "Problem")];

/// `GET /api/v1/openapi.json`
pub(super) async fn read() -> Json<Value> {
    Json(document())
}

/// The document, OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.0>).
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for endpoint in &ENDPOINTS {
        let place = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        place[endpoint.method] = operation(endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The gate of cm-bot",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A pipeline asks whether its build may go to production.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let answers = endpoint.answers.iter().chain(&ALWAYS).map(|(status, schema)| {
        let reason = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
        let kind = if *schema == "Problem" { "application/problem+json" } else { "application/json" };
        (status.to_string(), json!({"description": reason, "content": {kind: {"schema": reference(schema)}}}))
    });
    let mut operation = json!({"summary": endpoint.summary, "responses": answers.collect::<Map<_, _>>()});
    let sent = |schema: &str, required: bool| json!({"required": required, "content": {"application/json": {"schema": reference(schema)}}});
    match endpoint.body {
        Sent::Nothing => {}
        Sent::Must(schema) => operation["requestBody"] = sent(schema, true),
        Sent::May(schema) => operation["requestBody"] = sent(schema, false),
    }
    let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}});
    let wait = json!({"name": "wait", "in": "query", "required": false, "schema": {"type": "integer", "minimum": 0}});
    let parameters = match (endpoint.path.contains("{id}"), endpoint.method) {
        (true, "get") => json!([id, wait]),
        (true, _) => json!([id]),
        (false, _) => json!([]),
    };
    operation["parameters"] = parameters;
    operation
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn schemas() -> Value {
    let text = || Some(String::new());
    let asked = Asked {
        system: String::new(),
        job: String::new(),
        build: String::new(),
        attempt: 1,
        service: String::new(),
        environment: String::new(),
        repository: String::new(),
        reference: String::new(),
        commit: String::new(),
        ticket: text(),
        artifact: text(),
        action: text(),
        justification: text(),
        rollback_plan: text(),
        change_class: text(),
        callback: text(),
    };
    let change = Change {
        id: String::new(),
        state: String::new(),
        ticket: text(),
        ticket_url: text(),
        evidence_url: text(),
        subject: String::new(),
        why: vec![String::new()],
        who: vec![String::new()],
        unfilled: vec![String::new()],
        approved_until: text(),
        emergency: text(),
        duties: vec![String::new()],
    };
    let consumption = Consumption {
        answer: String::new(),
        id: String::new(),
        ticket: text(),
        subject: String::new(),
        allowed_at: String::new(),
        emergency: text(),
        duties: vec![String::new()],
    };
    let judgement = Judgement {
        id: String::new(),
        verdict: String::new(),
        summary: String::new(),
        risky: 0,
        changes: vec![String::new()],
        plan_sha256: String::new(),
        state: String::new(),
        ticket: text(),
        who: vec![String::new()],
    };
    let problem = Problem::new((StatusCode::OK, ""), "", "", "").with(vec![String::new()]);
    json!({
        "Asked": object(&asked, &["ticket", "artifact", "action", "justification", "rollback_plan", "change_class", "callback"]),
        "Change": object(&change, &["ticket", "ticket_url", "evidence_url", "approved_until", "emergency"]),
        "Consumption": object(&consumption, &["ticket", "emergency"]),
        "Applied": object(&Applied { plan_sha256: text() }, &["plan_sha256"]),
        "Judgement": object(&judgement, &["ticket"]),
        "Plan": {"type": "object"},
        "Report": object(&Report { outcome: String::new(), note: text() }, &["note"]),
        "Problem": object(&problem, &[]),
    })
}

/// The schema of a value; what may be null is named.
fn object(value: &impl Serialize, nullable: &[&str]) -> Value {
    let Ok(Value::Object(fields)) = serde_json::to_value(value) else { return json!({}) };
    let required: Vec<&String> = fields.keys().filter(|name| !nullable.contains(&name.as_str())).collect();
    let property = |(name, value): (&String, &Value)| {
        let kind = match value {
            Value::Number(_) => json!({"type": "integer", "minimum": 0}),
            Value::Array(_) => json!({"type": "array", "items": {"type": "string"}}),
            _ if nullable.contains(&name.as_str()) => json!({"type": ["string", "null"]}),
            _ => json!({"type": "string"}),
        };
        (name.clone(), kind)
    };
    let properties: Map<String, Value> = fields.iter().map(property).collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}
