//! Asks the service over HTTP.

use std::fs::File;
use std::io::Read as _;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Service;
use crate::integrations::http;
use crate::server::api::{Applied, Asked, Change, Consumption, Judgement, Report};
use crate::server::problem::Problem;

/// The service, and who asks it.
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Token,
}

/// Where the token comes from. One of a run is made for each question, because it lives for minutes only.
enum Token {
    Fixed(String),
    OfRun { address: String, secret: String, audience: String },
}

/// Why there is no answer that one could go on with.
#[derive(Debug)]
pub enum Failure {
    /// The service says why.
    Problem(Box<Problem>),
    /// It does not answer, or not now.
    Unreachable(String),
    /// Something that only whoever wrote the pipeline can mend.
    Unusable(String),
}

/// Longest time in which a plan is sent and judged.
const PLAN_TIME: Duration = Duration::from_secs(300);

/// What is read of a plan at once, in bytes.
const PIECE: usize = 256 * 1024;

#[derive(Deserialize)]
struct Issued {
    value: String,
}

impl Client {
    pub fn new(service: &Service) -> anyhow::Result<Client> {
        let url = service.url.trim_end_matches('/').to_owned();
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let token = match (&service.token_file, variable("CM_BOT_TOKEN")) {
            (Some(file), _) => {
                let text = std::fs::read_to_string(file);
                let text = text.with_context(|| format!("the token file {} cannot be read", file.display()))?;
                Token::Fixed(text.trim().to_owned())
            }
            (None, Some(token)) => Token::Fixed(token),
            (None, None) => {
                let of_run = (variable("ACTIONS_ID_TOKEN_REQUEST_URL"), variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
                let (Some(address), Some(secret)) = of_run else {
                    anyhow::bail!(
                        "there is no token: set CM_BOT_TOKEN or --token-file, or on GitHub Actions `permissions: id-token: write`"
                    );
                };
                Token::OfRun { address, secret, audience: service.audience.clone().unwrap_or_else(|| url.clone()) }
            }
        };
        Ok(Client { http: http::client().context("TLS cannot be set up")?, url, token })
    }

    pub async fn request(&self, asked: &Asked) -> Result<Change, Failure> {
        self.ask(self.http.request(Method::POST, self.path("")).json(asked)).await
    }

    pub async fn read(&self, id: &str, wait: u64) -> Result<Change, Failure> {
        self.ask(self.http.request(Method::GET, self.path(id)).query(&[("wait", wait)])).await
    }

    pub async fn consume(&self, id: &str, plan_sha256: Option<String>) -> Result<Consumption, Failure> {
        let request = self.http.request(Method::POST, self.path(&format!("{id}/consume")));
        let request = match plan_sha256 {
            Some(digest) => request.json(&Applied { plan_sha256: Some(digest) }),
            None => request,
        };
        let answer: Consumption = self.ask(request).await?;
        if answer.answer == "allow" { Ok(answer) } else { Err(Failure::Unusable("the answer is no answer".into())) }
    }

    /// Sends a plan as it is, piece by piece.
    pub async fn plan(&self, id: &str, plan: File) -> Result<Judgement, Failure> {
        let body = reqwest::Body::wrap(StreamBody::new(stream::iter(pieces(plan))));
        let request = self.http.request(Method::POST, self.path(&format!("{id}/plan"))).timeout(PLAN_TIME);
        self.ask(request.header("content-type", "application/json").body(body)).await
    }

    pub async fn finish(&self, id: &str, report: &Report) -> Result<Change, Failure> {
        self.ask(self.http.request(Method::POST, self.path(&format!("{id}/finish"))).json(report)).await
    }

    fn path(&self, rest: &str) -> String {
        let slash = if rest.is_empty() { "" } else { "/" };
        format!("{}/api/v1/changes{slash}{rest}", self.url)
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let answer = request.bearer_auth(self.token().await?).send().await.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| unreachable(&error))?;
        if status == StatusCode::OK || status == StatusCode::CREATED {
            return serde_json::from_slice(&body)
                .map_err(|_| Failure::Unusable("something answered that is not cm-bot".into()));
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) if status.is_server_error() => Err(Failure::Unreachable(problem.detail.into())),
            Ok(problem) => Err(Failure::Problem(Box::new(problem))),
            Err(_) if status.is_server_error() => Err(Failure::Unreachable(format!("it answers {status}"))),
            Err(_) => Err(Failure::Unusable(format!("{status} from something that is not cm-bot's gate"))),
        }
    }

    async fn token(&self) -> Result<String, Failure> {
        match &self.token {
            Token::Fixed(token) => Ok(token.clone()),
            Token::OfRun { address, secret, audience } => {
                let request = self.http.get(address).query(&[("audience", audience)]).bearer_auth(secret);
                let answer = request.send().await.map_err(|error| unreachable(&error))?;
                let issued: Issued = answer.json().await.map_err(|error| unreachable(&error))?;
                Ok(issued.value)
            }
        }
    }
}

/// A file as it is read.
fn pieces(mut file: File) -> impl Iterator<Item = std::io::Result<Frame<Bytes>>> {
    std::iter::from_fn(move || {
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some(Ok(Frame::data(Bytes::from(piece))))
            }
            Err(error) => Some(Err(error)),
        }
    })
}

fn unreachable(error: &reqwest::Error) -> Failure {
    let why = if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    Failure::Unreachable(why.to_owned())
}
