//! Stands between the clients and the simulated world: remembers every answer, and changes one of them for each trial.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

/// The most that a question may hold.
const MOST_BYTES: usize = 1_000_000;

/// One question: the system, and what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    pub system: String,
    pub method: String,
    pub path: String,
    pub body: Bytes,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub kind: String,
    pub body: Bytes,
}

impl Answer {
    /// The same with another body.
    pub fn with(&self, body: String) -> Answer {
        Answer { body: body.into(), ..self.clone() }
    }
}

/// The recorder, and the address under which trial `n` reaches the world: `http://ADDRESS/n/jira`, `…/n/github`.
#[derive(Debug, Clone)]
pub struct Recorder {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    world: HashMap<String, SocketAddr>,
    /// The world's time, which stands still.
    date: String,
    known: Mutex<Vec<(Question, Answer)>>,
    changed: Mutex<HashMap<String, (Question, Answer)>>,
}

impl Recorder {
    /// Stands in front of the simulated Jira and GitHub.
    pub async fn before(jira: SocketAddr, github: SocketAddr, now_ms: i64) -> Recorder {
        let world = HashMap::from([("jira".to_owned(), jira), ("github".to_owned(), github)]);
        let now = jiff::Timestamp::from_millisecond(now_ms).unwrap();
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let inner = Arc::new(Inner { http, world, date, known: Mutex::default(), changed: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Recorder { address, inner }
    }

    /// Everything that was asked so far, with the answers, in order.
    pub fn exchanges(&self) -> Vec<(Question, Answer)> {
        self.inner.known.lock().unwrap().clone()
    }

    /// In this trial the question has another answer.
    pub fn change(&self, trial: usize, question: Question, answer: Answer) {
        self.inner.changed.lock().unwrap().insert(trial.to_string(), (question, answer));
    }

    /// The trial is over.
    pub fn forget(&self, trial: usize) {
        self.inner.changed.lock().unwrap().remove(&trial.to_string());
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut pieces = path.splitn(4, '/').skip(1).map(str::to_owned);
    let (trial, system, path) = (pieces.next().unwrap(), pieces.next().unwrap(), pieces.next().unwrap_or_default());
    let body = axum::body::to_bytes(body, MOST_BYTES).await.unwrap();
    let question = Question { system, method: parts.method.to_string(), path, body };
    let changed = inner.changed.lock().unwrap().get(&trial).cloned();
    let answer = match changed.filter(|(changed, _)| *changed == question) {
        Some((_, answer)) => answer,
        None => inner.known_or_asked(question, parts.headers).await,
    };
    let response = Response::builder().status(answer.status).header(header::CONTENT_TYPE, answer.kind);
    let response = response.header(header::DATE, &inner.date);
    response.body(Body::from(answer.body)).unwrap()
}

impl Inner {
    /// What was never asked before is asked of the world, so that a trial may take another way than the recording.
    async fn known_or_asked(&self, question: Question, headers: HeaderMap) -> Answer {
        let known = self.known.lock().unwrap().iter().find(|(known, _)| *known == question).cloned();
        if let Some((_, answer)) = known {
            return answer;
        }
        let answer = self.ask(&question, headers).await;
        self.known.lock().unwrap().push((question, answer.clone()));
        answer
    }

    async fn ask(&self, question: &Question, mut headers: HeaderMap) -> Answer {
        for ours in [header::HOST, header::CONTENT_LENGTH, header::ACCEPT_ENCODING, header::TRANSFER_ENCODING] {
            headers.remove(ours);
        }
        let url = format!("http://{}/{}", self.world[&question.system], question.path);
        let request = self.http.request(question.method.parse().unwrap(), url).headers(headers);
        let answer = request.body(question.body.clone()).send().await.unwrap();
        let kind = answer.headers().get(header::CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap()).to_owned();
        Answer { status: answer.status(), kind, body: answer.bytes().await.unwrap() }
    }
}
