//! Change tickets that cm-bot makes: whole, once, and found again when the answer was lost.

use std::collections::BTreeMap;
use std::time::Duration;

use cm_bot::cli::demo::world::World;
use cm_bot::integrations::http;
use cm_bot::integrations::jira::{JiraClient, NewTicket, Reporter, RequestMark, Unfilled};
use cm_bot::integrations::{SourceError, jira::Created};
use cm_bot::model::{AccountId, Field, ServiceName, Ticket};
use cm_bot::settings::{Environment, load};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{CreateTicket, Fail, FailureKind, Scene, System};
use uuid::Uuid;

const SCENE: &str = "title = 't'\nabout = 'a'\ntimeline = []\nexpect = []";

struct Jira {
    world: World,
    client: JiraClient,
    clock: Clock,
}

impl Jira {
    async fn of(scene: &str) -> Jira {
        let clock = Clock::scripted();
        let world = World::new(Scene::parse(scene).unwrap(), clock.clone()).await.unwrap();
        let settings = load(Some(&world.settings_file()), &Environment::new()).unwrap().jira;
        let client = JiraClient::new(http::client().unwrap(), &settings);
        Jira { world, client, clock }
    }

    async fn create(&self, mark: RequestMark, fields: &BTreeMap<Field, String>) -> Result<Created, SourceError> {
        let component = ServiceName::parse("billing-api").unwrap();
        let reporter = AccountId::parse("712020:dana").unwrap();
        let summary = "Deploy billing-api build 1871 to prod-us";
        let new = NewTicket {
            mark,
            summary,
            component: &component,
            reporter: Reporter::IfPossible(&reporter),
            fields,
            never_without: &[],
        };
        self.client.create_issue(&new).await
    }

    async fn read(&self, created: &Created) -> Ticket {
        self.client.ticket(&created.id).await.unwrap()
    }
}

fn mark() -> RequestMark {
    RequestMark(Uuid::new_v4())
}

fn fields() -> BTreeMap<Field, String> {
    let values = [
        "prod-us",
        "acme/billing-api",
        "9f3c2ab0000000000000000000000000000000ff",
        "main",
        "billing-api/release",
        "1871",
        "sha256:1111111111111111111111111111111111111111111111111111111111111111",
        "apply",
        "Customers wait for the invoice corrections.\nThey were promised for today.",
        "Deploy the previous build with the same job.",
        "https://ci.acme.example/job/billing-api/1871/\nhttps://github.com/acme/billing-api/pull/871",
        "CodeQL: no findings",
        "normal",
    ];
    Field::ALL.into_iter().zip(values.map(String::from)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_says_in_every_field_what_it_was_made_of() {
    let jira = Jira::of(SCENE).await;
    let created = jira.create(mark(), &fields()).await.unwrap();
    assert_eq!(created.unfilled, []);
    let ticket = jira.read(&created).await;
    assert_eq!(ticket.fields, fields(), "rich texts, choices and lines are read as they were written");
    assert_eq!(ticket.components, ["billing-api"]);
    assert_eq!((ticket.summary.as_str(), ticket.key), ("Deploy billing-api build 1871 to prod-us", created.key));
    assert_eq!(ticket.requester.unwrap().as_str(), "712020:dana", "who asked, not whose token it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_filled_in_is_named_and_the_rest_is_there() {
    let jira = Jira::of(SCENE).await;
    let mut fields = fields();
    fields.insert(Field::DeployAction, "explode".into());
    let created = jira.create(mark(), &fields).await.unwrap();
    let why = "Jira's field does not offer \"explode\"".to_owned();
    assert_eq!(created.unfilled, [Unfilled { field: Field::DeployAction, why }]);
    fields.remove(&Field::DeployAction);
    assert_eq!(jira.read(&created).await.fields, fields);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_jira_requires_stops_the_ticket_with_its_name() {
    let jira = Jira::of(&format!("required_fields = ['justification']\n{SCENE}")).await;
    let mut given = fields();
    given.remove(&Field::Justification);
    let refused = jira.create(mark(), &given).await.unwrap_err();
    assert_eq!(refused.to_string(), "refused (400): Jira requires what is not filled in: Justification");
    assert!(jira.world.simulator.jira.tickets().is_empty());
    assert!(jira.create(mark(), &fields()).await.is_ok(), "and with it there is nothing in the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_whose_answer_was_lost_is_found_by_its_mark() {
    let jira = Jira::of(SCENE).await;
    let on = Some("POST /rest/api/3/issue".to_owned());
    let fail = Fail { system: System::Jira, how: FailureKind::LosesAnswers, on, times: Some(1), most: None };
    jira.world.simulator.shared.faults.begin(&fail);
    let mark = mark();
    let lost = jira.create(mark, &fields()).await.unwrap_err();
    assert!(matches!(lost, SourceError::Unreachable(_)), "{lost}");
    assert_eq!(jira.client.find_created(mark).await, Ok(None), "the search is late");
    jira.clock.pass(Duration::from_secs(6));
    let (_, key) = jira.client.find_created(mark).await.unwrap().unwrap();
    assert_eq!(jira.world.simulator.jira.tickets(), [key.as_str()]);
    assert_eq!(jira.client.find_created(self::mark()).await, Ok(None), "another request has another mark");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_on_a_ticket_of_somebody_else_finds_nothing() {
    let jira = Jira::of(SCENE).await;
    let create: CreateTicket = toml::from_str("key = 'PRODCM-7'\nby = 'dana'\ncommit = 'c'").unwrap();
    jira.world.simulator.jira.create_ticket(&create, "c0ffee").unwrap();
    let mark = mark();
    let label = format!("cm-bot-request-{}", mark.0.simple());
    let (account, token) = jira.world.simulator.jira.credentials();
    let http = reqwest::Client::new();
    let put = |path: &str, body: serde_json::Value| {
        let url = format!("http://{}/rest/api/3/issue/PRODCM-7{path}", jira.world.addresses.jira);
        http.put(url).basic_auth(&account, Some(&token)).json(&body).send()
    };
    assert!(put("", serde_json::json!({"fields": {"labels": [label]}})).await.unwrap().status().is_success());
    assert!(put("/properties/cm-bot-request", serde_json::json!(mark)).await.unwrap().status().is_success());
    jira.clock.pass(Duration::from_secs(6));
    assert_eq!(jira.client.find_created(mark).await, Ok(None));
}
