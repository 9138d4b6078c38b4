//! Jira Data Center: scenes end with it as they end with Jira Cloud, and our client for it is held against `jira820`, a Jira
//! 8.20 that somebody else wrote (`tests/peers/jira820_peer.py` serves it; `tests/run` installs it).
//!
//! What `jira820` does not have and is therefore tried with the simulator alone: properties of tickets and comments, webhooks, permissions, Jira
//! Service Management. It writes every change of a status down as `admin`'s, whoever asked for it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::start_in;
use cm_bot::integrations::SourceError;
use cm_bot::integrations::http;
use cm_bot::integrations::jira::{
    Comment, CommentMark, JiraClient, NewTicket, Reporter, RequestMark, Signing, TransitionError, Unfilled, Wanted,
};
use cm_bot::model::{AccountId, AccountState, Field, ServiceName, TicketKey, TicketStatus};
use cm_bot::policy::approvers::{Deed, Way};
use cm_bot::render::document::{Block, Document, Inline, Tone};
use cm_bot::settings::{Environment, load};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::Variant;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::escaping::everywhere;
use crate::support::{play_all, scene, world};

/// Where `tests/run` puts Python and what holds the gate and the client against other people's programs.
const PYTHON: &str = "target/schemathesis/bin/python";

/// A project with the workflow that cm-bot expects. Its transitions are called "To …".
const WORKFLOW: &str = r#"
project_key: PRODCM
statuses: [["Awaiting approval", todo, "1"], [Approved, inprogress, "3"], [Declined, done, "4"], [Closed, done, "5"]]
issue_types: [[Change, "1"]]
transition_scheme:
  Awaiting approval: [Approved, Declined]
  Approved: [Awaiting approval, Closed]
transition_screens: {Declined: [], Closed: []}
modules: [billing-api]
epics_per_module: 0
standalone_per_module: 0
history_per_module: 0
"#;

/// A Jira Data Center by somebody else, and our client for it.
struct Peer {
    _process: Ended,
    address: String,
    http: reqwest::Client,
    client: JiraClient,
    token_of_priya: String,
    _folder: tempfile::TempDir,
}

/// A process that ends when nobody needs it any more.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Peer {
    async fn start() -> Peer {
        assert!(Path::new(PYTHON).is_file(), "jira820 is not installed; tests/run does that");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jira820.yaml");
        std::fs::write(&file, WORKFLOW).unwrap();
        let [token, token_of_priya] = [Uuid::now_v7(), Uuid::now_v7()].map(|token| token.simple().to_string());
        let tokens = json!({&token: "cm-bot", &token_of_priya: "priya"}).to_string();
        let process = Command::new(PYTHON)
            .arg("tests/peers/jira820_peer.py")
            .env("JIRA820_CONFIG", &file)
            .env("TOKENS", tokens)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut process = Ended(process);
        let mut port = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
        assert!(!port.is_empty(), "jira820 did not start: tests/run installs it with tests/peers/requirements.txt");
        let address = format!("http://127.0.0.1:{}", port.trim());
        let client = client(&address, &token);
        let peer =
            Peer { _process: process, address, http: http::client().unwrap(), client, token_of_priya, _folder: folder };
        while let Err(error) = peer.client.myself().await {
            assert!(matches!(error, SourceError::Unreachable(_)), "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        peer
    }

    /// What Priya does with her own token, past our client.
    async fn priya(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.http.request(method, format!("{}/rest/api/2/{path}", self.address));
        let answer = request.bearer_auth(&self.token_of_priya).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{} to {path}", answer.status());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    async fn read(&self, path: &str) -> Value {
        self.priya(Method::GET, path, Value::Null).await
    }

    /// A ticket that cm-bot made.
    async fn ticket(&self) -> cm_bot::integrations::jira::Created {
        let component = ServiceName::parse("billing-api").unwrap();
        let fields = BTreeMap::from([(Field::BuildNumber, "512".to_owned())]);
        let new = NewTicket {
            mark: RequestMark(Uuid::now_v7()),
            summary: "Deploy billing-api to prod-us *now* [~priya]",
            component: &component,
            reporter: Reporter::OurOwn,
            fields: &fields,
            never_without: &[],
        };
        self.client.create_issue(&new).await.unwrap()
    }

    /// Priya uses a button of Jira.
    async fn push(&self, key: &TicketKey, name: &str) {
        let offered = self.read(&format!("issue/{key}/transitions")).await;
        let all = offered["transitions"].as_array().unwrap();
        let id = all.iter().find(|one| one["name"] == name).unwrap()["id"].clone();
        let body = json!({"transition": {"id": id}});
        self.priya(Method::POST, &format!("issue/{key}/transitions"), body).await;
    }
}

/// A client with settings as an operator writes them.
fn client(address: &str, token: &str) -> JiraClient {
    let defaults: toml::Table = cm_bot::settings::DEFAULTS.parse().unwrap();
    let mut fields: toml::Table =
        defaults["jira"]["fields"].as_table().unwrap().keys().map(|key| (key.clone(), "".into())).collect();
    fields.insert("environment".into(), "Epic Link".into());
    fields.insert("build_number".into(), "Story Points".into());
    let text = format!(
        "[jira]\ndeployment = \"data-center\"\napi_url = \"{address}\"\ntoken = \"{token}\"\nfields = {}\n\
         workflow = {{ approve = \"To Approved\", decline = \"To Declined\", hold = \"To Awaiting approval\", close = \"To Closed\" }}\n\
         [github]\ntoken = \"none\"\n[slack]\nbot_token = \"none\"\nchannels = {{ changes = \"C1\", emergencies = \"C1\" }}\n\
         [[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nbranch = \"main\"\nenvironments = [\"prod-us\"]\nscanners = []\n",
        toml::Value::from(fields)
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cm-bot.toml");
    std::fs::write(&file, text).unwrap();
    JiraClient::new(http::client().unwrap(), &load(Some(&file), &Environment::new()).unwrap().jira)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_center_that_somebody_else_wrote_takes_our_login_and_nobody_elses() {
    let peer = Peer::start().await;
    assert_eq!(peer.client.check().await, Ok(()));
    assert_eq!(peer.client.myself().await.map(AccountId::as_str), Ok("cm-bot"));
    assert_eq!(peer.client.signing().await, Ok(Signing::TooOld("8.20.8".into())));
    let stranger = client(&peer.address, "somebody else's");
    assert_eq!(stranger.myself().await, Err(SourceError::Unauthorized));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_made_found_and_read() {
    let peer = Peer::start().await;
    let made = peer.ticket().await;
    let why = "Jira keeps it as \"number\", which cm-bot does not write".to_owned();
    assert_eq!(made.unfilled, [Unfilled { field: Field::BuildNumber, why }]);
    peer.priya(Method::PUT, &format!("issue/{}", made.key), json!({"fields": {"customfield_10008": "prod-us"}})).await;
    let ticket = peer.client.ticket(&made.id).await.unwrap();
    assert_eq!((&ticket.key, ticket.status.meaning), (&made.key, TicketStatus::Pending));
    assert_eq!(ticket.summary, "Deploy billing-api to prod-us *now* [~priya]");
    assert_eq!(
        (ticket.components, ticket.fields[&Field::Environment].as_str()),
        (vec!["billing-api".into()], "prod-us")
    );
    let service = ServiceName::parse("billing-api").unwrap();
    let found = peer.client.unfinished(&service, &[]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].id, found[0].environment.as_deref()), (&made.id, Some("prod-us")));
    let nobody = cm_bot::model::IssueId::parse("99999").unwrap();
    assert_eq!(peer.client.ticket(&nobody).await.unwrap_err(), SourceError::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_has_every_page() {
    let peer = Peer::start().await;
    for _ in 0..205 {
        let fields = json!({"project": {"key": "PRODCM"}, "issuetype": {"name": "Change"}, "summary": "Another one"});
        peer.priya(Method::POST, "issue", json!({"fields": fields})).await;
    }
    let found = peer.client.changed(Wanted::Pending).await.unwrap();
    let ids: BTreeSet<&str> = found.iter().map(|ticket| ticket.id.as_str()).collect();
    assert_eq!((found.len(), ids.len()), (205, 205));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_says_what_we_say_and_nothing_that_others_made_of_it() {
    let peer = Peer::start().await;
    let made = peer.ticket().await;
    let hostile =
        "h1. {color:red}*done*{color} [~lee] [here|https://evil.example] !https://evil.example/x.png! | bq. -no-";
    let mut document = everywhere(hostile);
    document.0.push(Block::Paragraph(vec![
        Inline::Words("Waiting for ".into()),
        Inline::Mention(AccountId::parse("priya").unwrap(), "Priya Nair".into()),
        Inline::Lozenge(Tone::Waiting, "WAITING"),
    ]));
    let body = peer.client.body(&document);
    let mark = CommentMark { action: "a1".into(), verdict: "waiting".into(), checkpoint: None };
    let id = peer.client.write_comment(&made.key, &Comment { body: &body, mark: &mark }).await.unwrap();
    let shown = peer.read(&format!("issue/{}/comment", made.key)).await["comments"][0].clone();
    assert_eq!((shown["author"]["key"].as_str(), shown["id"].as_str()), (Some("cm-bot"), Some(id.as_str())));
    let markup = shown["body"].as_str().unwrap();
    assert!(markup.ends_with("Waiting for [~priya]{color:#974f00}{*}WAITING{*}{color}"), "{markup}");
    // How Jira renders it, by somebody else: our links, our mention, and none of theirs.
    let html = shown["renderedBody"].as_str().unwrap();
    let links: Vec<&str> = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let (ours, mentions): (Vec<&str>, Vec<&str>) = links.into_iter().partition(|link| link.starts_with("https://"));
    assert!(!ours.is_empty() && ours.iter().all(|link| *link == "https://cm-bot.example/changes/PRODCM-1"), "{ours:?}");
    assert_eq!(mentions, ["/secure/ViewProfile.jspa?name=priya"]);
    for forbidden in ["<img", "<h1", "<del", "<blockquote", "evil.example\""] {
        assert!(!html.contains(forbidden), "{forbidden} in {html}");
    }
    let later = peer.client.body(&Document(vec![Block::Paragraph(vec![Inline::Words("Approved".into())])]));
    let line = vec![Inline::Strong("Old".into())];
    let later = peer.client.with_first_line(&line, later);
    let comment = Comment { body: &later, mark: &mark };
    peer.client.edit_comment(&made.key, &id, &comment).await.unwrap();
    let shown = peer.read(&format!("issue/{}/comment", made.key)).await;
    assert_eq!(
        (shown["total"].as_u64(), shown["comments"][0]["body"].as_str()),
        (Some(1), Some("{*}Old{*}\n\nApproved"))
    );
    let gone = peer.client.edit_comment(&made.key, "1", &comment).await;
    assert_eq!(gone, Err(SourceError::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_as_a_command_is_theirs() {
    let peer = Peer::start().await;
    let made = peer.ticket().await;
    for text in ["/cm approve", "bq. /cm approve", "Well done."] {
        peer.priya(Method::POST, &format!("issue/{}/comment", made.key), json!({"body": text})).await;
    }
    let body = peer.client.body(&Document(vec![Block::Paragraph(vec![Inline::Words("/cm approve".into())])]));
    let mark = CommentMark { action: "a1".into(), verdict: "waiting".into(), checkpoint: None };
    peer.client.write_comment(&made.key, &Comment { body: &body, mark: &mark }).await.unwrap();
    let commands = peer.client.commands(&made.key).await.unwrap();
    let said: Vec<_> =
        commands.iter().map(|one| (one.by.as_ref().unwrap().account.as_str(), one.text.as_str())).collect();
    assert_eq!(said, [("priya", "/cm approve")]);
    assert!(!commands[0].was_edited);
    assert_eq!(peer.client.account_state(&AccountId::parse("priya").unwrap()).await, Ok(AccountState::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_link_to_the_evidence_is_the_same_link() {
    let peer = Peer::start().await;
    let made = peer.ticket().await;
    for title in ["cm-bot: evidence", "cm-bot: more evidence"] {
        let object = json!({"url": "https://cm-bot.example/changes/PRODCM-1", "title": title});
        let link = json!({"globalId": "cm-bot:PRODCM-1", "relationship": "is explained by", "object": object});
        peer.client.link(&made.key, &link).await.unwrap();
    }
    let links = peer.read(&format!("issue/{}/remotelink", made.key)).await;
    assert_eq!(links.as_array().unwrap().len(), 1);
    assert_eq!(
        (&links[0]["globalId"], &links[0]["object"]["title"]),
        (&json!("cm-bot:PRODCM-1"), &json!("cm-bot: more evidence"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_moved_and_its_history_says_who_approved_it() {
    let peer = Peer::start().await;
    let made = peer.ticket().await;
    assert_eq!(peer.client.approved_by(&made.key).await, Ok(None));
    let not_offered = peer.client.close(&made.key).await;
    assert_eq!(not_offered, Err(TransitionError::NotOffered("To Closed".into())));
    assert!(peer.client.way_to_approval(&made.key).await.is_ok());
    peer.push(&made.key, "To Approved").await;
    let status = |ticket: cm_bot::model::Ticket| ticket.status.meaning;
    assert_eq!(peer.client.ticket(&made.id).await.map(status), Ok(TicketStatus::Approved));
    let approved = peer.client.approved_by(&made.key).await.unwrap().unwrap();
    assert_eq!(approved.by.as_ref().map(AccountId::as_str), Some("admin"));
    peer.client.set_back(&made.key).await.unwrap();
    peer.client.decline(&made.key).await.unwrap();
    assert_eq!(peer.client.ticket(&made.id).await.map(status), Ok(TicketStatus::Declined));
    let acts = peer.client.acts(&made.key).await.unwrap();
    let told: Vec<_> = acts.iter().map(|act| (act.way, act.deed.clone())).collect();
    let approve = Deed::Approve { note: String::new() };
    let back = (Way::Status, Deed::TakeBack);
    assert_eq!(told, [(Way::Status, approve), back.clone(), back], "set back, and declined");
    let service = ServiceName::parse("billing-api").unwrap();
    assert_eq!(peer.client.unfinished(&service, &[]).await.map(|found| found.len()), Ok(0));
}

macro_rules! the_same_on_data_center {
    ($($test:ident: $name:literal),* $(,)?) => {
        mod scenes {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    super::ends_the_same($name).await;
                }
            )*
        }
    };
}

the_same_on_data_center! {
    clean_change: "clean-change",
    first_deployment: "first-deployment",
    two_approvers: "two-approvers",
    one_of_two_approvers: "one-of-two-approvers",
    pending_sibling: "pending-sibling",
    approved_by_its_author: "approved-by-its-author",
    no_rollback_plan: "no-rollback-plan",
    blocking_finding: "blocking-finding",
    emergency_overdue: "emergency-overdue",
    rollback: "rollback",
    forged_webhook: "forged-webhook",
    gate: "gate",
    gate_other_build: "gate-other-build",
}

/// A scene whose Jira is a Data Center ends as it says, to the last word of the comment as people read it.
async fn ends_the_same(name: &str) {
    let played = scene(name).on_data_center().play(Variant::Scene).await;
    assert_eq!(played.differences, Vec::<String>::new());
    played.stop().await;
}

/// Whoever logs in as `priya` has a key that stays, and it is the key that counts: the name may be given to somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_the_people_file_is_nobody_though_it_looks_like_an_account() {
    for (account, status, said) in [
        ("712020:priya", "Approved", "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)."),
        ("priya", "Awaiting approval", "The Jira account that approved it is not in the people file."),
    ] {
        let clock = Clock::scripted();
        let scene = scene("two-approvers").on_data_center().parsed().variant(Variant::Scene);
        let world = world(scene, clock.clone()).await;
        let file = world.settings_file().with_file_name("people.toml");
        let people = std::fs::read_to_string(&file).unwrap();
        assert_eq!(people.matches("\"712020:priya\"").count(), 1, "{people}");
        std::fs::write(&file, people.replace("\"712020:priya\"", &format!("\"{account}\""))).unwrap();
        world.sign().unwrap();
        let played = start_in("a name for an account", world, &clock).await.unwrap();
        play_all(&played).await;
        let seen = Outcome::of(&played, "PRODCM-412").await.unwrap();
        assert_eq!(seen.ticket.as_ref().unwrap().status, status, "{account}: {}", seen.comment_text());
        assert!(seen.comment_text().contains(said), "{account}: {}", seen.comment_text());
        played.stop().await;
    }
}
