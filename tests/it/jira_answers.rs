//! What a Jira may answer that the simulated one never does: pages that end before their list, a ticket that nobody made, and a
//! workflow with more ways than ours.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cm_bot::integrations::SourceError;
use cm_bot::integrations::http;
use cm_bot::integrations::jira::{JiraClient, NewTicket, Reporter, RequestMark};
use cm_bot::model::{AccountId, IssueId, ServiceName, TicketKey, Timestamp};
use cm_bot::policy::approvers::Deed;
use cm_bot::settings::{Environment, load};
use serde_json::{Value, json};
use uuid::Uuid;

type Answers = BTreeMap<&'static str, Value>;

const COMMENTS: &str = "issue/PRODCM-1/comment";
const HISTORY: &str = "issue/PRODCM-1/changelog";
const TYPES: &str = "issue/createmeta/PRODCM/issuetypes";
const FORM: &str = "issue/createmeta/PRODCM/issuetypes/10020";
const TICKET: &str = "issue/10001";

/// A client of a Jira that gives these answers, by path.
async fn jira(more: Answers) -> JiraClient {
    let mut answers = Answers::from([
        ("field", json!([{"id": "customfield_10101", "name": "Target"}])),
        ("myself", json!({"accountId": "712020:cm-bot"})),
        (TYPES, json!({"startAt": 0, "total": 1, "issueTypes": [{"id": "10020", "name": "Change"}]})),
        (FORM, json!({"startAt": 0, "total": 0, "fields": []})),
    ]);
    answers.extend(more);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(answer).with_state(Arc::new(answers));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let defaults: toml::Table = cm_bot::settings::DEFAULTS.parse().unwrap();
    let mut fields: toml::Table =
        defaults["jira"]["fields"].as_table().unwrap().keys().map(|key| (key.clone(), "".into())).collect();
    fields.insert("environment".into(), "Target".into());
    let text = format!(
        "[jira]\napi_url = \"http://{address}\"\naccount = \"cm-bot@acme.example\"\ntoken = \"none\"\n\
         webhook_secrets = [\"a secret of some length\"]\nfields = {}\n\
         [github]\ntoken = \"none\"\n[slack]\nbot_token = \"none\"\nchannels = {{ changes = \"C1\", emergencies = \"C1\" }}\n\
         [[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nbranch = \"main\"\nenvironments = [\"prod-us\"]\nscanners = []\n",
        toml::Value::from(fields)
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cm-bot.toml");
    std::fs::write(&file, text).unwrap();
    JiraClient::new(http::client().unwrap(), &load(Some(&file), &Environment::new()).unwrap().jira)
}

async fn answer(State(answers): State<Arc<Answers>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches("/rest/api/3/");
    match answers.get(path) {
        Some(answer) => axum::Json(answer.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn key() -> TicketKey {
    TicketKey::parse("PRODCM-1").unwrap()
}

/// What comes of asking for each list when it has so many entries and Jira shows none.
async fn empty(total: u64) -> [Option<SourceError>; 5] {
    let page = |name: &str| json!({"startAt": 0, "total": total, name: []});
    let client = jira(Answers::from([(COMMENTS, page("comments")), (HISTORY, page("values"))])).await;
    let commands = client.commands(&key()).await.err();
    let ours = client.find_comment(&key(), "an action").await.err();
    let acts = client.acts(&key()).await.err();
    let types = makes(&jira(Answers::from([(TYPES, page("issueTypes"))])).await).await;
    let form = makes(&jira(Answers::from([(FORM, page("fields"))])).await).await;
    [commands, ours, acts, types, form]
}

async fn makes(client: &JiraClient) -> Option<SourceError> {
    let component = ServiceName::parse("billing-api").unwrap();
    let new = NewTicket {
        mark: RequestMark(Uuid::now_v7()),
        summary: "Deploy billing-api",
        component: &component,
        reporter: Reporter::OurOwn,
        fields: &BTreeMap::new(),
        never_without: &[],
    };
    client.create_issue(&new).await.err()
}

#[tokio::test]
async fn an_empty_page_is_not_the_end_of_a_list_that_has_more() {
    let lacks = |what: &str| Some(SourceError::Incomplete(format!("0 of 3 {what}")));
    let expected = [
        lacks("comments"),
        lacks("comments"),
        lacks("entries of the history"),
        lacks("issue types"),
        lacks("fields of the form"),
    ];
    assert_eq!(empty(3).await, expected);
}

/// The twin: a list of nothing is whole.
#[tokio::test]
async fn an_empty_page_is_all_of_an_empty_list() {
    let [commands, ours, acts, types, form] = empty(0).await;
    assert_eq!((commands, ours, acts), (None, None, None));
    assert!(
        matches!(types, Some(SourceError::Refused { message, .. }) if message.contains("offers cm-bot no issue type"))
    );
    assert_eq!(form, Some(SourceError::NotFound), "the form is read, and this Jira takes no ticket");
}

fn ticket(more: Value) -> Value {
    let mut fields = json!({
        "summary": "Deploy billing-api",
        "status": {"name": "Awaiting approval"},
        "reporter": {"accountId": "712020:lee", "displayName": "Lee Wong"},
        "components": [],
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"id": "10001", "key": "PRODCM-1", "fields": fields})
}

#[tokio::test]
async fn a_ticket_of_which_jira_does_not_say_who_made_it_is_not_read() {
    let id = IssueId::parse("10001").unwrap();
    let read = async |more: Value| jira(Answers::from([(TICKET, ticket(more))])).await.ticket(&id).await;
    for unsaid in [json!({}), json!({"creator": null})] {
        let error = read(unsaid).await.unwrap_err();
        assert_eq!(error, SourceError::Unreadable("PRODCM-1 without `creator`".into()));
    }
    let made = read(json!({"creator": {"accountId": "712020:sam"}})).await.unwrap();
    let accounts = [made.requester, made.creator].map(|account| account.map(|account| account.to_string()));
    assert_eq!(accounts, [Some("712020:lee".to_owned()), Some("712020:sam".to_owned())]);
}

/// What the history makes of these changes of the status, each by somebody.
async fn deeds(changes: &[(&str, &str)]) -> Vec<Deed> {
    let entry = |(place, (from, to)): (usize, &(&str, &str))| {
        json!({
            "id": (10_001 + place).to_string(),
            "author": {"accountId": "712020:sam", "accountType": "atlassian", "active": true},
            "created": format!("2026-11-02T09:{place:02}:00.000+0000"),
            "items": [{"field": "status", "fieldtype": "jira", "fieldId": "status", "fromString": from, "toString": to}],
        })
    };
    let values: Vec<Value> = changes.iter().enumerate().map(entry).collect();
    let history = json!({"startAt": 0, "total": values.len(), "values": values});
    let acts = jira(Answers::from([(HISTORY, history)])).await.acts(&key()).await.unwrap();
    let (sam, first) = (AccountId::parse("712020:sam").unwrap(), Timestamp::parse("2026-11-02T09:00:00Z").unwrap());
    assert!(acts.iter().all(|act| act.by.as_ref().unwrap().account == sam && act.at >= first));
    acts.into_iter().map(|act| act.deed).collect()
}

const WAITS: &str = "Awaiting approval";

#[tokio::test]
async fn whoever_takes_a_ticket_out_of_approved_takes_back_what_was_approved_whatever_the_way() {
    let approve = Deed::Approve { note: String::new() };
    assert_eq!(deeds(&[(WAITS, "Approved"), ("Approved", WAITS)]).await, [approve.clone(), Deed::TakeBack]);
    for to in ["Declined", "On hold", "Draft"] {
        let told = deeds(&[("Approved", to)]).await;
        assert_eq!(told, [Deed::TakeBack], "Approved to {to}");
    }
    for (from, to) in [(WAITS, "Declined"), ("Draft", "Declined"), ("Declined", WAITS), ("Closed", WAITS)] {
        assert_eq!(deeds(&[(from, to)]).await, [Deed::TakeBack], "{from} to {to}");
    }
    assert_eq!(deeds(&[("Declined", "Approved")]).await, [approve]);
}

/// The twin: what a ticket goes through in good order.
#[tokio::test]
async fn a_ticket_that_is_drafted_approved_and_closed_has_one_approval_and_nothing_taken_back() {
    let approve = Deed::Approve { note: String::new() };
    let told =
        deeds(&[("Draft", WAITS), (WAITS, "On hold"), ("On hold", WAITS), (WAITS, "Approved"), ("Approved", "Closed")]);
    assert_eq!(told.await, [approve]);
    assert_eq!(deeds(&[(WAITS, "Closed"), ("Declined", "Closed")]).await, []);
}
