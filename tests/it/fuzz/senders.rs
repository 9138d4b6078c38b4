//! What comes over the network: webhooks, signatures, files of scanners, answers.

use cm_bot::integrations::http::from_json;
use cm_bot::integrations::scanner::sarif;
use cm_bot::integrations::signature::is_signed;
use cm_bot::integrations::slack::request;
use cm_bot::integrations::{github, jira};
use cm_bot::model::{IssueId, TicketKey, Timestamp};
use cm_bot::simulator::scene::Variant;
use secrecy::SecretString;
use serde::de::IgnoredAny;

use super::{bears, bears_texts};
use crate::support::scene;
use crate::uploads::sarif as sarif_file;
use crate::webhooks::{bodies, sign};

/// The bodies that the systems of a scene sent.
async fn played(source: &'static str) -> Vec<Vec<u8>> {
    let played = scene("push-after-approval").play(Variant::Scene).await;
    let bodies = bodies(&played, source).await;
    played.stop().await;
    assert!(bodies.len() > 2);
    bodies.into_iter().map(String::into_bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_jira() {
    let inputs = played("jira").await;
    assert!(inputs.iter().any(|input| matches!(jira::webhook::read(input), Ok(Some(_)))));
    bears(&inputs, |input| {
        if let Ok(Some(hint)) = jira::webhook::read(input) {
            assert!(
                IssueId::parse(hint.issue.as_str()).is_ok()
                    && hint.ticket.is_none_or(|key| TicketKey::parse(key.as_str()).is_ok())
            );
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_github() {
    let inputs = played("github").await;
    let events = ["pull_request", "pull_request_review", "push", "check_run", "status"];
    assert!(inputs.iter().any(|input| matches!(github::webhook::receipt(events[1], input), Ok(Some(_)))));
    bears(&inputs, |input| {
        for event in events {
            let _ = github::webhook::read(event, input);
            if let Ok(Some(receipt)) = github::webhook::receipt(event, input) {
                assert!(receipt.repository.as_str().split('/').count() == 2);
                assert!(i64::try_from(receipt.number).is_ok() && i64::try_from(receipt.repository_id).is_ok());
            }
        }
    });
}

#[test]
fn signatures() {
    let secrets: [SecretString; 2] = ["an old secret of a webhook".into(), "a new secret of a webhook".into()];
    let body = "{\"zen\": \"Half measures are as bad as nothing at all.\"}";
    let good = ["an old secret of a webhook", "a new secret of a webhook"].map(|secret| sign(body, secret));
    assert!(good.iter().all(|header| is_signed(header, body.as_bytes(), &secrets)));
    bears_texts(&[&good[0], &good[1], "sha256=", ""], |header| {
        let is_good = good.iter().any(|good| good == header);
        assert_eq!(is_signed(header, body.as_bytes(), &secrets), is_good, "{header}");
    });
    bears_texts(&[body], |changed| {
        assert_eq!(is_signed(&good[0], changed.as_bytes(), &secrets), changed == body, "{changed}");
    });
}

#[test]
fn times_of_slack() {
    let (secret, now) = (SecretString::from("a signing secret of Slack"), Timestamp(1_793_610_000_000));
    let signature = sign("v0:1793610000:a=b", "a signing secret of Slack").replace("sha256=", "v0=");
    assert!(request::is_signed(&signature, "1793610000", b"a=b", (&secret, now)));
    bears_texts(&["1793610000", "-1793610000", "+1793610000", "01793610000"], |time| {
        assert_eq!(request::is_signed(&signature, time, b"a=b", (&secret, now)), time == "1793610000", "{time}");
    });
    bears_texts(&[&signature], |header| {
        assert_eq!(request::is_signed(header, "1793610000", b"a=b", (&secret, now)), header == signature, "{header}");
    });
}

#[test]
fn files_of_scanners() {
    let inputs = [sarif_file(&["error", "note"]), sarif_file(&[])].map(|file| file.to_string().into_bytes());
    assert!(inputs.iter().all(|input| sarif::read(input).is_ok_and(|runs| !runs.is_empty())));
    bears(&inputs, |input| {
        if sarif::read(input).is_ok() {
            assert!(from_json::<IgnoredAny>(input).is_ok(), "what can be read is JSON");
        }
    });
}
