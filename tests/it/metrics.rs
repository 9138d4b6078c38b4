//! What an on-call person sees, and is woken by.

use cm_bot::simulator::scene::Variant;

use crate::support::scene;

/// Names of our metrics in a text.
fn names(text: &str) -> Vec<String> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let mut names: Vec<String> = words.filter(|word| word.starts_with("cm_bot_")).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn every_alert_and_panel_rests_on_a_metric_that_is_there() {
    cm_bot::server::metrics::start();
    let played = scene("clean-change").play(Variant::Scene).await;
    let store = &played.app.context.sources.store;
    let (private, _) = cm_bot::audit::checkpoint::new_keys("cm-bot.example");
    let signer = cm_bot::audit::checkpoint::Signer::parse(&private).unwrap();
    store.checkpoint(&signer, played.app.context.clock.now()).await.unwrap();
    let service = played.world.service;
    for path in ["webhooks/jira", "api/v1/scans"] {
        reqwest::Client::new().post(format!("http://{service}/{path}")).body("{}").send().await.unwrap();
    }
    let page = reqwest::get(format!("http://{service}/metrics")).await.unwrap().text().await.unwrap();
    for file in ["deploy/alerts.yml", "deploy/grafana/cm-bot.json"] {
        for name in names(&std::fs::read_to_string(file).unwrap()) {
            assert!(page.contains(&format!("# TYPE {name} ")), "{name} of {file} is not in\n{page}");
        }
    }
    for sample in [
        "cm_bot_oldest_job_seconds 0\n",
        "cm_bot_oldest_action_seconds 0\n",
        "cm_bot_dead_tickets 0\n",
        "cm_bot_webhooks_total{source=\"jira\",outcome=\"refused\"} 1\n",
        "cm_bot_decisions_total{verdict=\"approved-automatically\"} 1\n",
    ] {
        assert!(page.contains(sample), "{sample} is not in\n{page}");
    }
    for system in ["jira", "github", "slack"] {
        let answered = format!("cm_bot_requests_total{{system=\"{system}\",outcome=\"answered\"}} ");
        assert!(page.contains(&answered), "{answered} is not in\n{page}");
    }
    for secret in [format!(":{}", service.port()), "acme".into(), "billing".into(), "dana".into(), "@".into()] {
        assert!(!page.contains(&secret), "{secret} has no place in\n{page}");
    }
    played.stop().await;
}
