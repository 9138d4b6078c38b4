//! A real browser walks the pages: each role, with the keyboard alone, light, dark, narrow and printed, with hostile text in every
//! field; and axe looks whether everybody can read them.

use std::path::Path;
use std::process::Command;

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Step, Variant};
use reqwest::Method;
use serde_json::json;

use crate::gate::Pipeline;
use crate::plan::{delete, plan};
use crate::support::{play_all, scene, start_with};

/// Why there is no browser, where `tests/run` could not install one.
const NONE: &str = "CM_BOT_TEST_NO_BROWSER";

const CAST: &str = "[[people]]\nname = \"dana\"\nfull_name = \"Dana Reyes\"\n[[people]]\nname = \"lee\"\nfull_name = \"Lee Wong\"\n\
     [[people]]\nname = \"priya\"\nfull_name = \"Priya Nair\"\nroles = [\"security-lead\"]\n\
     [[people]]\nname = \"sam\"\nfull_name = \"Sam Okafor\"\nroles = [\"engineering-lead\"]\n\
     [[people]]\nname = \"ines\"\nfull_name = \"Ines Ruiz\"\nroles = [\"inspector\"]\n\
     [[people]]\nname = \"aldo\"\nfull_name = \"Aldo Conti\"\nroles = [\"auditor\"]\n\
     [[people]]\nname = \"olga\"\nfull_name = \"Olga Berg\"\nroles = [\"operator\"]\n[[commits]]";

/// The browser, or why there is none.
fn chromium() -> Result<String, String> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()));
    match (found, std::env::var(NONE)) {
        (Some(name), _) => Ok(name.to_owned()),
        (None, Ok(why)) => Err(why),
        (None, Err(_)) => panic!("there is no Chromium; tests/run installs it"),
    }
}

/// A ticket that waits for people, an emergency, and words of somebody who means ill in all of it.
async fn world() -> Played {
    let hostile = "<script>alert(1)</script> \\\" onclick=alert(1) x=\\\" </textarea></title><img src=x onerror=alert(1)> \\u202e";
    let text = scene("push-after-approval")
        .with("[[commits]]", CAST)
        .with("title = \"Round invoice totals to cents\" }", &format!("title = \"{hostile}\" }}"));
    let mut scene = text.parsed().variant(Variant::Scene);
    scene.pages.insert("decisions".into(), "interactive".into());
    let played = start_with(scene, |_| {}).await;
    play_all(&played).await;
    let class = "change_class = \"emergency\"";
    let verbs = [
        format!(
            "create_ticket = {{ key = \"PRODCM-420\", by = \"dana\", commit = \"merged\", summary = \"{hostile}\", fields = {{ {class}, justification = \"{hostile} customers cannot pay\" }} }}"
        ),
        format!("edit_ticket = {{ ticket = \"PRODCM-412\", by = \"dana\", fields = {{ links = \"{hostile}\" }} }}"),
    ];
    for verb in verbs {
        let step: Step = toml::from_str(&verb).unwrap();
        played.world.simulator.play(&step).await.unwrap();
        settle(&played).await.unwrap();
    }
    with_plan(played).await
}

/// A pipeline sends a risky plan, whose author means ill as well.
async fn with_plan(played: Played) -> Played {
    let pipeline = Pipeline::of(played);
    let id = pipeline.request(&pipeline.asked()).await;
    let plan =
        plan(&[delete("aws_sqs_queue.jobs[\"</td><script>alert(1)</script>\"]"), delete("aws_sqs_queue.others")]);
    let (status, judged) = pipeline.send(Method::POST, &format!("changes/{id}/plan"), Some(&plan)).await;
    assert_eq!(status, 200, "{judged}");
    settle(&pipeline.played).await.unwrap();
    pipeline.played
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_walks_their_pages_with_the_keyboard_alone() {
    let chromium = match chromium() {
        Ok(name) => name,
        Err(why) => return eprintln!("skipped, because there is no browser: {why}"),
    };
    assert!(
        Path::new("tests/peers/node_modules/playwright-core").is_dir(),
        "the peers are not installed; tests/run does that"
    );
    let played = world().await;
    let everybody = [
        "/",
        "/changes",
        "/changes/PRODCM-412",
        "/changes/PRODCM-412/compare?from=1&to=2",
        "/changes/PRODCM-412/what-if?pull_request=871&by=Lee+Wong",
        "/emergencies",
    ];
    let own = |more: &[&str]| everybody.iter().chain(more).map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let note = "</textarea><script>alert(1)</script> I have read the plan.";
    let evidence = "/evidence?from=2026-11-01&to=2026-11-30";
    let october = "Production changes, 2026-10-01 to 2026-10-31";
    let walk = json!([
        { "person": "Priya Nair", "pages": own(&[]), "sends": [
            { "at": "/changes/PRODCM-412", "fields": { "note": note }, "button": "Approve PRODCM-412", "words": "Your approval is recorded" },
        ] },
        { "person": "Dana Reyes", "pages": ["/", "/changes/PRODCM-412", "/health", evidence] },
        { "person": "Ines Ruiz", "pages": ["/inspection"] },
        { "person": "Aldo Conti", "pages": ["/inspection", "/changes/PRODCM-420", evidence], "sends": [
            { "at": "/evidence", "fields": {}, "button": "Show the evidence", "words": october },
        ] },
        { "person": "Olga Berg", "pages": ["/health"] },
    ]);
    let mut node = Command::new("node");
    node.arg("tests/peers/browser.mjs")
        .env("PAGES_URL", format!("http://{}/", played.world.service))
        .env("CHROMIUM", which(&chromium))
        .env("WALK", walk.to_string());
    let output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    played.stop().await;
}

fn which(name: &str) -> String {
    let output = Command::new("which").arg(name).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
