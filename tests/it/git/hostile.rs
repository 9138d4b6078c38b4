//! A server that lies, and whoever stands in between. Each test has its twin: the same without the lie is believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::Response;
use base64::Engine as _;
use cm_bot::integrations::SourceError;
use cm_bot::integrations::git::Fetched;
use cm_bot::integrations::git::pack::Limits;
use cm_bot::model::Relation;

use super::served::{Between, Served};
use super::{TOKEN, branch, client, id, repository, sha};

/// A release branch of four commits, the last a merge of a branch that began with the first. The names of all five.
async fn served() -> (Served, [String; 5]) {
    let served = Served::new().await;
    let first = served.commit(&[], &[("a.md", b"1")]);
    let second = served.commit(&[&first], &[("a.md", b"2")]);
    let third = served.commit(&[&second], &[("a.md", b"3")]);
    let work = served.commit(&[&first], &[("b.md", b"1")]);
    let merge = served.commit(&[&third, &work], &[("b.md", b"1")]);
    served.set("main", &merge);
    (served, [first, second, third, work, merge])
}

async fn range(served: &Served, base: &str, head: &str) -> Result<Fetched, SourceError> {
    client(served).range(&repository(), (&sha(base), &sha(head))).await
}

fn changed(change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Between {
    Between { answer: Some(Arc::new(change)), ..Between::default() }
}

/// Whoever wants us to overlook a commit lets the server believe that we have it.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_kept_back_is_missed() {
    let (served, [first, second, third, _, merge]) = served().await;
    assert_eq!(range(&served, &first, &merge).await.unwrap().commits.len(), 4);
    for (kept_back, base) in [(&third, &second), (&third, &first), (&second, &first)] {
        let (have, instead) = (format!("have {base}"), format!("have {kept_back}"));
        let question = move |body: Vec<u8>| String::from_utf8(body).unwrap().replace(&have, &instead).into_bytes();
        served.put_between(Between { question: Some(Arc::new(question)), ..Between::default() });
        let found = range(&served, base, &merge).await;
        assert!(matches!(found, Err(SourceError::Incomplete(_))), "{found:?}");
        served.put_between(Between::default());
        assert!(range(&served, base, &merge).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_changed_anywhere_is_refused() {
    let (served, [first, .., merge]) = served().await;
    let whole = range(&served, &first, &merge).await.unwrap();
    let (mut refused, mut place) = (0, 0);
    loop {
        let longest = Arc::new(AtomicUsize::new(0));
        let note = Arc::clone(&longest);
        served.put_between(changed(move |mut body: Vec<u8>| {
            note.fetch_max(body.len(), Ordering::Relaxed);
            if let Some(byte) = body.get_mut(place) {
                *byte ^= 1;
            }
            body
        }));
        match range(&served, &first, &merge).await {
            Err(_) => refused += 1,
            // The letters of a line that says nothing, or a name that Git writes in capitals or not.
            Ok(found) => assert_eq!(found, whole, "byte {place}"),
        }
        place += 7;
        if place >= longest.load(Ordering::Relaxed) {
            break;
        }
    }
    assert!(refused > 20, "{refused} of {}", place / 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_no_answer() {
    let (served, [first, .., merge]) = served().await;
    for rest in [0, 1, 4, 5, 30, 300] {
        served.put_between(changed(move |mut body: Vec<u8>| {
            body.truncate(body.len().saturating_sub(1 + rest));
            body
        }));
        let found = range(&served, &first, &merge).await;
        assert!(matches!(found, Err(SourceError::Incomplete(_))), "{rest}: {found:?}");
    }
    served.put_between(Between::default());
    assert_eq!(range(&served, &first, &merge).await.map(|found| found.relation), Ok(Relation::Ahead));
}

/// A file by another name than its own is not the file that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn another_object_than_the_one_that_was_asked_for() {
    let (served, [first, _, third, ..]) = served().await;
    let [one, other] = [&first, &third].map(|commit| served.git(&format!("rev-parse {commit}:a.md")));
    let objects = || async { client(&served).objects(&repository(), &[id(&one)]).await };
    assert!(objects().await.is_ok());
    let (want, instead) = (format!("want {one}"), format!("want {other}"));
    let question = move |body: Vec<u8>| String::from_utf8(body).unwrap().replace(&want, &instead).into_bytes();
    served.put_between(Between { question: Some(Arc::new(question)), ..Between::default() });
    assert!(matches!(objects().await, Err(SourceError::Incomplete(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_more_than_we_read_is_not_read() {
    let (served, [first, .., merge]) = served().await;
    let (one, other) = (sha(&first), sha(&merge));
    let within = |limits: Limits| client(&served).within(limits);
    for limits in [
        Limits { objects: 3, ..Limits::default() },
        Limits { object_bytes: 10, ..Limits::default() },
        Limits { all_bytes: 500, ..Limits::default() },
    ] {
        let found = within(limits).range(&repository(), (&one, &other)).await;
        assert!(matches!(found, Err(SourceError::TooMuch(_))), "{limits:?}: {found:?}");
    }
    assert!(within(Limits::default()).range(&repository(), (&one, &other)).await.is_ok());
}

/// A page for people, a page for logging in, somewhere else, nobody.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_git_is_not_believed() {
    let (served, _) = served().await;
    let (elsewhere, _) = self::served().await;
    let location = format!("http://{}/acme/billing-api.git/info/refs", elsewhere.address);
    let answer = |status: u16, header: (&'static str, String), body: &'static str| Between {
        instead: Some(Arc::new(move || {
            Response::builder().status(status).header(header.0, &header.1).body(Body::from(body)).unwrap()
        })),
        ..Between::default()
    };
    let html = || ("content-type", "text/html".to_owned());
    let tip = || async { client(&served).tip(&repository(), &branch("main")).await.unwrap_err() };
    for (between, expected) in [
        (answer(401, html(), ""), SourceError::Unauthorized),
        (answer(404, html(), ""), SourceError::NotFound),
        (answer(403, html(), "no"), SourceError::Forbidden("no".into())),
        (
            answer(429, ("retry-after", "7".into()), ""),
            SourceError::RateLimited(Some(std::time::Duration::from_secs(7))),
        ),
        (answer(302, ("location", location), ""), SourceError::Refused { status: 302, message: String::new() }),
        (answer(200, html(), "<html>"), SourceError::Unreadable("text/html instead of Git's protocol".into())),
    ] {
        served.put_between(between);
        assert_eq!(tip().await, expected);
    }
    served.put_between(answer(503, html(), ""));
    assert!(matches!(tip().await, SourceError::Unreachable(_)));
    assert_eq!(elsewhere.seen(), Vec::<String>::new(), "the token went nowhere else");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_bears_the_token() {
    let (served, [first, .., merge]) = served().await;
    range(&served, &first, &merge).await.unwrap();
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("oauth2:{TOKEN}"));
    let seen = served.seen();
    assert!(seen.len() >= 3 && seen.iter().all(|header| *header == format!("Basic {expected}")), "{seen:?}");
}

/// What a server can do is asked for once, and again after it refused something.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_changed_is_asked_again_what_it_can_do() {
    let (served, [first, .., merge]) = served().await;
    let client = client(&served);
    let ends = (sha(&first), sha(&merge));
    let range = || async { client.range(&repository(), (&ends.0, &ends.1)).await };
    range().await.unwrap();
    let asked = served.seen().len();
    range().await.unwrap();
    assert_eq!(served.seen().len() - asked, asked - 1, "what it can do was known");
    served.git("config uploadpack.allowFilter false");
    assert!(range().await.is_err(), "it does not know what a filter is any more");
    assert!(range().await.is_ok());
}
