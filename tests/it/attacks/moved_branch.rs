//! G29: the release branch is rewritten while cm-bot reads.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle, start_in};
use cm_bot::cli::demo::world::World;
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::github::Github;
use cm_bot::simulator::scene::{Step, Variant};

use super::stage::{MERGE, clean, commit};
use crate::support;

/// Stands between cm-bot and GitHub, and makes a step happen just before each of the first questions of a kind.
struct Between {
    github: Arc<Github>,
    target: SocketAddr,
    question: &'static str,
    then: Mutex<VecDeque<Step>>,
    client: reqwest::Client,
}

impl Between {
    async fn listen(self: Arc<Self>) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = axum::Router::new().fallback(forward).with_state(self);
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }

    fn meddle(&self, body: &Bytes) {
        if !String::from_utf8_lossy(body).contains(self.question) {
            return;
        }
        if let Some(step) = self.then.lock().unwrap().pop_front() {
            self.github.play(step.moment().unwrap()).unwrap().unwrap();
        }
    }
}

async fn forward(State(between): State<Arc<Between>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    between.meddle(&body);
    between.ask((parts.method, parts.uri, parts.headers), body).await
}

impl Between {
    async fn ask(&self, (method, uri, mut headers): (Method, Uri, HeaderMap), body: Bytes) -> Response {
        headers.remove(header::HOST);
        let url = format!("http://{}{}", self.target, uri.path_and_query().unwrap());
        let answer = self.client.request(method, url).headers(headers).body(body).send().await.unwrap();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        response.headers_mut().remove(header::TRANSFER_ENCODING);
        *response.body_mut() = Body::from(answer.bytes().await.unwrap());
        response
    }
}

/// Plays the clean change; `then` happens while cm-bot reads, a step before each question.
async fn played_with(question: &'static str, then: &[&str]) -> (Played, Outcome) {
    let other = commit("away", "v1", "mallory", "") + &commit("next", "merged", "dana", "");
    let scene = clean().people("").before(MERGE, &other).parsed().variant(Variant::Scene);
    let clock = Clock::scripted();
    let world = support::world(scene, clock.clone()).await;
    let then: VecDeque<Step> = then.iter().map(|step| toml::from_str(step).unwrap()).collect();
    let between = Arc::new(Between {
        github: Arc::clone(&world.simulator.github),
        target: world.addresses.github,
        question,
        then: Mutex::default(),
        client: reqwest::Client::new(),
    });
    redirect(&world, Arc::clone(&between).listen().await);
    let played = start_in("g29", world, &clock).await.unwrap();
    for step in played.world.scene.timeline.clone().iter().flat_map(|step| step.parts()) {
        // Not before: earlier tickets are looked at too.
        if step.create_ticket.as_ref().is_some_and(|create| create.key == "PRODCM-412") {
            between.then.lock().unwrap().clone_from(&then);
        }
        played.world.simulator.play(&step).await.unwrap();
        settle(&played).await.unwrap();
    }
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    (played, outcome)
}

/// Lets the settings of a world name another address for GitHub.
fn redirect(world: &World, address: SocketAddr) {
    let mut settings: toml::Table = std::fs::read_to_string(world.settings_file()).unwrap().parse().unwrap();
    settings["github"]["api_url"] = format!("http://{address}").into();
    std::fs::write(world.settings_file(), toml::to_string(&settings).unwrap()).unwrap();
}

const AWAY: &str = "push = { branch = \"main\", commit = \"away\", force = true }";
const BACK: &str = "push = { branch = \"main\", commit = \"merged\", by = \"dana\", force = true }";

#[tokio::test(flavor = "multi_thread")]
async fn g29_the_branch_is_rewritten_between_two_questions() {
    let (played, outcome) = played_with("query Objects", &[AWAY]).await;
    let text = outcome.comments.first().map(|comment| cm_bot::simulator::jira::adf_text(&comment.body)).unwrap();
    assert!(text.contains("The commit is not on the release branch main."), "{text}");
    assert!(outcome.transitions.is_empty());
    played.stop().await;
    let (played, outcome) = played_with("query Objects", &[]).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    played.stop().await;
}

/// Reading begins anew three times. Then the ticket waits, and it is tried again by itself.
#[tokio::test(flavor = "multi_thread")]
async fn g29_the_branch_is_rewritten_again_and_again() {
    let (played, outcome) = played_with("query PullRequests", &[AWAY, BACK, AWAY, BACK]).await;
    let text = outcome.comments.first().map(|comment| cm_bot::simulator::jira::adf_text(&comment.body)).unwrap();
    // The webhook of the last push may have asked for another look already, which finds a branch that stands still.
    assert!(text.contains("GitHub changed the release branch each time it was read"), "{text}");
    played.stop().await;
    let (played, outcome) = played_with("query PullRequests", &[AWAY, BACK]).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    played.stop().await;
}

/// A branch that only grows is no other branch.
#[tokio::test(flavor = "multi_thread")]
async fn g29_the_branch_grows_while_it_is_read() {
    let grown = "push = { branch = \"main\", commit = \"next\" }";
    let (played, outcome) = played_with("query PullRequests", &[grown]).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    played.stop().await;
}
