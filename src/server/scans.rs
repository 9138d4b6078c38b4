//! `POST /api/v1/scans`: the pipeline sends the SARIF file of a build.
//!
//! The token says for which service it may speak, the query for which build. What is wrong is told as problem details
//! (RFC 9457), each with what to do.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Server;
use super::webhooks::only;
use crate::integrations::scanner::sarif::{self, Run};
use crate::integrations::signature::is_token;
use crate::model::{
    BuildName, CommitSha, ScanFinding, Scanner, Service, ServiceName, Timestamp, UploadedRun, shortened,
};
use crate::store::{Received, Upload, Uploaded};

/// Largest file, in bytes.
const MOST_BYTES: usize = 10 * 1024 * 1024;

/// Longest name of a build job and longest build number, in bytes.
const MOST_NAME: usize = 200;

/// Longest texts of a result that are kept, in characters.
const MOST_TEXT: usize = 500;

/// Why a file is not taken.
#[derive(Debug)]
enum Refusal {
    NoToken,
    OtherService(ServiceName),
    Query(String),
    TooLarge,
    Broken,
    NoScan(String),
    Failed,
}

/// Which build a file is of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    service: String,
    commit: String,
    build_job: String,
    build_number: String,
}

/// Takes a file.
pub(super) async fn upload(State(server): State<Server>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let taken = take(&server, (&parts.headers, &parts.uri), body).await;
    let outcome = if taken.is_ok() { "stored" } else { "refused" };
    metrics::counter!("cm_bot_scans_total", "outcome" => outcome).increment(1);
    taken.unwrap_or_else(Refusal::into_response)
}

/// Who speaks first, then what they speak of, and only then is the file read.
async fn take(server: &Server, (headers, uri): (&HeaderMap, &Uri), body: Body) -> Result<Response, Refusal> {
    let owner = owner(server, headers)?;
    let named = named(uri)?;
    if named.service != owner.name.as_str() {
        return Err(Refusal::OtherService(owner.name.clone()));
    }
    let build = build(&named)?;
    let file = to_bytes(body, MOST_BYTES).await.map_err(|error| unread(&error))?;
    let (file_sha256, runs) = parse(file).await?;
    let runs = accepted(runs, owner, (&build, &file_sha256, server.clock.now()))?;
    let upload = Upload { service: owner, build: &build, file_sha256: &file_sha256, runs: &runs };
    let uploaded = server.store.store_upload(&upload, server.clock.now()).await;
    match uploaded.map_err(|error| failed(&error))? {
        Uploaded::TooMany => Err(Refusal::NoScan("this build has 20 files already; build again".into())),
        Uploaded::Stored(received) => {
            server.wake.all();
            Ok(answer(received, &upload))
        }
    }
}

/// The service whose token it is. Every token is compared, so that the time says nothing.
fn owner<'a>(server: &'a Server, headers: &HeaderMap) -> Result<&'a Service, Refusal> {
    let token = only(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    let token = token.ok_or(Refusal::NoToken)?;
    let secrets = server.secrets.scans.iter();
    let matching: Vec<&ServiceName> =
        secrets.filter(|(_, digest)| is_token(token, digest)).map(|(name, _)| name).collect();
    let [name] = matching.as_slice() else { return Err(Refusal::NoToken) };
    server.services.iter().find(|service| service.name == **name).ok_or(Refusal::NoToken)
}

fn named(uri: &Uri) -> Result<Named, Refusal> {
    Query::<Named>::try_from_uri(uri).map(|Query(named)| named).map_err(|error| Refusal::Query(error.body_text()))
}

fn build(named: &Named) -> Result<BuildName, Refusal> {
    let commit = CommitSha::parse(&named.commit).map_err(|error| Refusal::Query(error.to_string()))?;
    for (key, text) in [("build_job", &named.build_job), ("build_number", &named.build_number)] {
        if text.trim().is_empty() || text.len() > MOST_NAME || text.chars().any(char::is_control) {
            return Err(Refusal::Query(format!("{key} must have 1 to {MOST_NAME} characters")));
        }
    }
    Ok(BuildName { commit, job: named.build_job.trim().to_owned(), number: named.build_number.trim().to_owned() })
}

/// A large file takes a while, and other requests do not wait for it.
async fn parse(file: Bytes) -> Result<(String, Vec<Run>), Refusal> {
    let work = move || sarif::read(&file).map(|runs| (hex::encode(Sha256::digest(&file)), runs));
    let read = tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::Failed)?;
    read.map_err(|error| Refusal::NoScan(error.to_string()))
}

/// Only a scan that the settings wait for, and that does not say itself that it is of another commit.
fn accepted(
    runs: Vec<Run>,
    service: &Service,
    (build, file_sha256, received_at): (&BuildName, &str, Timestamp),
) -> Result<Vec<UploadedRun>, Refusal> {
    let expected: Vec<&str> = service.scanners.iter().filter_map(Scanner::uploaded).collect();
    if let Some(run) = runs.iter().find(|run| run.is_of_another(&build.commit)) {
        let tool = shortened(&run.tool, 60);
        return Err(Refusal::NoScan(format!("the run of {tool} says that it scanned another commit")));
    }
    let is_expected = |run: &Run| expected.contains(&run.tool.as_str());
    if !runs.iter().any(is_expected) {
        let tools: Vec<String> = runs.iter().map(|run| shortened(&run.tool, 60)).collect();
        let (tools, expected) = (tools.join(", "), expected.join(", "));
        return Err(Refusal::NoScan(format!("it is of {tools}, and the settings of this service expect {expected}")));
    }
    let stored = |run: Run| UploadedRun {
        tool: run.tool,
        build: build.clone(),
        rules: run.rules,
        completed: run.completed,
        findings: run.findings.into_iter().map(cut).collect(),
        received_at,
        file_sha256: file_sha256.to_owned(),
    };
    Ok(runs.into_iter().filter(is_expected).map(stored).collect())
}

/// Alerts are GitHub's: a number that a pipeline writes means nothing.
fn cut(finding: ScanFinding) -> ScanFinding {
    ScanFinding {
        rule: shortened(&finding.rule, MOST_TEXT),
        message: shortened(&finding.message, MOST_TEXT),
        path: finding.path.map(|path| shortened(&path, MOST_TEXT)),
        severity: finding.severity,
        alert: None,
    }
}

fn unread(error: &axum::Error) -> Refusal {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return Refusal::TooLarge;
        }
        cause = error.source();
    }
    Refusal::Broken
}

fn failed(error: &crate::store::StoreError) -> Refusal {
    tracing::error!(%error, "A scan could not be stored: {error}");
    Refusal::Failed
}

fn answer(received: Received, upload: &Upload<'_>) -> Response {
    let status = match received {
        Received::New | Received::Kept => StatusCode::CREATED,
        Received::Duplicate | Received::DuplicateBody => StatusCode::OK,
    };
    let run = |run: &UploadedRun| json!({"tool": run.tool, "rules": run.rules, "results": run.findings.len()});
    let body = json!({
        "service": upload.service.name,
        "commit": upload.build.commit,
        "build_job": upload.build.job,
        "build_number": upload.build.number,
        "sha256": upload.file_sha256,
        "runs": upload.runs.iter().map(run).collect::<Vec<_>>(),
    });
    (status, axum::Json(body)).into_response()
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::NoToken => StatusCode::UNAUTHORIZED,
            Refusal::OtherService(_) => StatusCode::FORBIDDEN,
            Refusal::Query(_) | Refusal::Broken => StatusCode::BAD_REQUEST,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::NoScan(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Failed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn words(self) -> (&'static str, String) {
        match self {
            Refusal::NoToken => (
                "No valid token",
                "Send `Authorization: Bearer TOKEN` with the token whose SHA-256 is the service's scan_token_sha256."
                    .into(),
            ),
            Refusal::OtherService(name) => (
                "The token is for another service",
                format!("It is the token of {name}. Send the scan of {name}, or use the other service's token."),
            ),
            Refusal::Query(why) => (
                "The build is not named",
                format!("Name service, commit, build_job and build_number in the query, each once: {why}."),
            ),
            Refusal::TooLarge => (
                "The file is too large",
                format!(
                    "Send at most {} MB; leave out what did not run and embedded sources.",
                    MOST_BYTES / 1024 / 1024
                ),
            ),
            Refusal::Broken => ("The file did not arrive", "The body broke off. Send it again.".into()),
            Refusal::NoScan(why) => (
                "The file proves no scan",
                format!("Nothing was stored: {why}. Send the SARIF 2.1.0 file of the scan."),
            ),
            Refusal::Failed => {
                ("It could not be stored", "Nothing is wrong with the file. Send it again later.".into())
            }
        }
    }

    fn into_response(self) -> Response {
        let status = self.status();
        let (title, detail) = self.words();
        let body = json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail});
        let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::WWW_AUTHENTICATE, "Bearer")];
        let headers = if status == StatusCode::UNAUTHORIZED { &headers[..] } else { &headers[..1] };
        let mut response = (status, body.to_string()).into_response();
        for (name, value) in headers {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
