use std::net::Ipv4Addr;

use tokio::net::TcpListener;

use super::*;

const JSON: &str = "application/json; charset=utf-8";

fn message(words: &str) -> Value {
    let run = json!({"type": "TextRun", "text": words});
    let body = json!([{"type": "RichTextBlock", "inlines": [run]}]);
    let card = json!({"type": "AdaptiveCard", "version": "1.4", "body": body});
    json!({"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]})
}

/// A Teams that listens, and the addresses of its workflows.
async fn served() -> (Arc<Teams>, [String; 2]) {
    let teams = Arc::new(Teams::new());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addresses = teams.addresses(&format!("http://{}", listener.local_addr().unwrap()));
    let app = Arc::clone(&teams).router();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (teams, addresses)
}

async fn sent(address: &str, kind: &str, body: String) -> StatusCode {
    let request = reqwest::Client::new().post(address).header(header::CONTENT_TYPE, kind).body(body);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_card_is_taken_and_shown_in_the_channel_of_its_workflow() {
    let (teams, [changes, emergencies]) = served().await;
    assert_eq!(sent(&changes, JSON, message("one [a](https://b.example)").to_string()).await, 202);
    assert_eq!(sent(&emergencies, JSON, message("two").to_string()).await, 202);
    let seen: Vec<_> = teams.cards().into_iter().map(|card| (card.channel, card.text, card.links)).collect();
    let one = ("changes", "one [a](https://b.example)".to_owned(), vec![]);
    assert_eq!(seen, [one, ("emergencies", "two".to_owned(), vec![])]);
}

#[tokio::test]
async fn what_the_real_one_refuses_is_refused() {
    let (teams, [address, _]) = served().await;
    let good = message("one").to_string();
    let unsigned = address.split("&sig=").next().unwrap().to_owned();
    assert_eq!(sent(&unsigned, JSON, good.clone()).await, 401);
    assert_eq!(sent(&address.replace("/workflows/", "/workflows/0"), JSON, good.clone()).await, 404);
    assert_eq!(sent(&address, "text/plain", good).await, 400);
    assert_eq!(sent(&address, JSON, json!({"type": "message"}).to_string()).await, 400);
    assert_eq!(sent(&address, JSON, json!({"type": "message", "attachments": []}).to_string()).await, 400);
    assert_eq!(sent(&address, JSON, message(&"x".repeat(MOST)).to_string()).await, 413);
    let half = message(&"x".repeat(MOST / 2)).to_string();
    assert_eq!(sent(&address, "application/json", half.clone()).await, 413, "counted double without a charset");
    assert!(teams.cards().is_empty());
    assert_eq!(sent(&address, JSON, half).await, 202);
}

#[tokio::test]
async fn a_card_that_cannot_be_shown_is_taken_and_seen_by_nobody() {
    let (teams, [address, _]) = served().await;
    for (old, new) in [("1.4", "1.6"), ("TextRun", "Mention"), ("AdaptiveCard", "MessageCard")] {
        assert_eq!(sent(&address, JSON, message("one").to_string().replace(old, new)).await, 202);
    }
    assert_eq!((teams.cards().len(), teams.lost().len()), (0, 3));
}
