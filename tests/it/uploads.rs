//! `POST /api/v1/scans`: who may send what, and what is answered.

use cm_bot::cli::demo::play::Played;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::database::Other;
use crate::support::{database_of, scene, start};

/// A file of Trivy with a result of each of these levels.
pub fn sarif(levels: &[&str]) -> Value {
    let result = |level: &&str| {
        let at = json!({"physicalLocation": {"artifactLocation": {"uri": "package-lock.json"}}});
        json!({"ruleId": "CVE-2026-1", "level": level, "message": {"text": "A package is vulnerable."}, "locations": [at]})
    };
    let results: Vec<Value> = levels.iter().map(result).collect();
    let driver = json!({"name": "Trivy", "rules": [{"id": "CVE-2026-1"}]});
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]})
}

/// The query of the build that the clean change deploys, with some of it different.
fn query(played: &Played, different: &[(&str, &str)]) -> Vec<(String, String)> {
    let commit = played.world.simulator.sha("merged").unwrap_or_else(|_| "a".repeat(40));
    let usual = [
        ("service", "billing-api"),
        ("commit", &commit),
        ("build_job", "billing-api/release"),
        ("build_number", "1871"),
    ];
    let value = |key: &str, value: &str| {
        let other = different.iter().find(|(name, _)| *name == key);
        (key.to_owned(), other.map_or(value, |(_, value)| *value).to_owned())
    };
    usual.into_iter().map(|(key, usual)| value(key, usual)).collect()
}

/// A file as the pipeline sends it.
pub fn send(played: &Played, different: &[(&str, &str)], file: &Value) -> RequestBuilder {
    without_token(played, different, file).bearer_auth(played.world.scan_token("billing-api"))
}

fn without_token(played: &Played, different: &[(&str, &str)], file: &Value) -> RequestBuilder {
    let url = format!("http://{}/api/v1/scans", played.world.service);
    reqwest::Client::new().post(url).query(&query(played, different)).body(file.to_string())
}

/// Two services with pipelines that send files; nothing has happened yet.
async fn running() -> Played {
    let service = |name: &str| {
        format!(
            "[[services]]\nname = \"{name}\"\nrepository = \"acme/billing-api\"\nscanners = [{{ sarif = \"Trivy\" }}]\n"
        )
    };
    let services = format!("{}{}\n[[timeline]]", service("billing-api"), service("ledger"));
    start("uploads", scene("clean-change").with("[[timeline]]", &services).parsed()).await
}

/// Status, title and what to do.
async fn refusal(request: RequestBuilder) -> (StatusCode, String, String) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["type"], &body["status"]), (&json!("about:blank"), &json!(status.as_u16())));
    (status, body["title"].as_str().unwrap().to_owned(), body["detail"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_stored_once_and_the_answer_says_what_was_read() {
    let played = running().await;
    let first = send(&played, &[], &sarif(&["note"])).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::CREATED);
    let said: Value = first.json().await.unwrap();
    assert_eq!(said["runs"], json!([{"tool": "Trivy", "rules": 1, "results": 1}]));
    assert_eq!(said["build_number"], "1871");
    assert_eq!(send(&played, &[], &sarif(&["note"])).send().await.unwrap().status(), StatusCode::OK, "again");
    let other = send(&played, &[("build_number", "1872")], &sarif(&["note"])).send().await.unwrap();
    assert_eq!(other.status(), StatusCode::CREATED, "the same file of another build is another scan");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_token_of_the_service_opens_the_door() {
    let played = running().await;
    let file = sarif(&[]);
    let (status, title, todo) = refusal(without_token(&played, &[], &file)).await;
    assert_eq!((status, title.as_str()), (StatusCode::UNAUTHORIZED, "No valid token"));
    assert!(todo.starts_with("Send `Authorization: Bearer TOKEN`"), "{todo}");
    for wrong in ["", "x", "a token that nobody has registered"] {
        let request = without_token(&played, &[], &file).bearer_auth(wrong);
        assert_eq!(refusal(request).await.0, StatusCode::UNAUTHORIZED);
    }
    let twice = send(&played, &[], &file).bearer_auth(played.world.scan_token("ledger"));
    assert_eq!(refusal(twice).await.0, StatusCode::UNAUTHORIZED, "two tokens are none");
    let other = without_token(&played, &[], &file).bearer_auth(played.world.scan_token("ledger"));
    let (status, _, todo) = refusal(other).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(todo.starts_with("It is the token of ledger."), "{todo}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_not_named_in_full_is_refused() {
    let played = running().await;
    for different in [("commit", "abc1234"), ("commit", "main"), ("build_job", " "), ("build_number", "")] {
        let (status, title, _) = refusal(send(&played, &[different], &sarif(&[]))).await;
        assert_eq!((status, title.as_str()), (StatusCode::BAD_REQUEST, "The build is not named"), "{different:?}");
    }
    let long = "9".repeat(201);
    assert_eq!(refusal(send(&played, &[("build_number", &long)], &sarif(&[]))).await.0, StatusCode::BAD_REQUEST);
    for odd in [("build_number", "1872"), ("branch", "main")] {
        let (status, _, todo) = refusal(send(&played, &[], &sarif(&[])).query(&[odd])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{odd:?} {todo}");
    }
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_proves_no_scan_is_refused_with_the_reason() {
    let played = running().await;
    let fault = async |change: &dyn Fn(&mut Value)| {
        let mut file = sarif(&[]);
        change(&mut file);
        let (status, _, todo) = refusal(send(&played, &[], &file)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        todo
    };
    let said = fault(&|file| file["runs"] = json!([])).await;
    assert_eq!(
        said,
        "Nothing was stored: it has no run, so nothing was scanned. Send the SARIF 2.1.0 file of the scan."
    );
    let said = fault(&|file| file["runs"][0]["tool"]["driver"]["name"] = json!("Grype")).await;
    assert!(said.contains("it is of Grype, and the settings of this service expect Trivy"), "{said}");
    let other = json!([{"repositoryUri": "u", "revisionId": "b".repeat(40)}]);
    let said = fault(&|file| file["runs"][0]["versionControlProvenance"] = other.clone()).await;
    assert!(said.contains("the run of Trivy says that it scanned another commit"), "{said}");
    let said = fault(&|file| *file = json!("a page")).await;
    assert!(said.contains("it is not SARIF"), "{said}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_and_a_build_with_too_many_are_refused() {
    let played = running().await;
    let large = json!({"version": "x".repeat(10 * 1024 * 1024)});
    let (status, title, _) = refusal(send(&played, &[], &large)).await;
    assert_eq!((status, title.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "The file is too large"));
    for number in 0..20 {
        let mut file = sarif(&[]);
        file["number"] = json!(number);
        assert_eq!(send(&played, &[], &file).send().await.unwrap().status(), StatusCode::CREATED);
    }
    let (status, _, todo) = refusal(send(&played, &[], &sarif(&[]))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(todo.contains("this build has 20 files already; build again"), "{todo}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_what_a_pipeline_sent() {
    let played = running().await;
    send(&played, &[], &sarif(&["error"])).send().await.unwrap();
    let mut other = Other::connect(&database_of(&played.world)).await;
    for statement in ["UPDATE uploaded_scans SET findings = '[]'", "DELETE FROM uploaded_scans"] {
        let error = other.run(statement).await.unwrap_err().to_string();
        assert!(error.contains("only appended to"), "{error}");
    }
    played.stop().await;
}
