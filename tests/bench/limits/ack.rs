//! Acknowledging webhooks: cm-bot stores each before it answers, probot stores nothing.

use std::fmt::Write as _;
use std::time::Duration;

use cm_bot::cli::demo::world::World;
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::Scene;

use crate::load::{self, Make, Outcome, Until};
use crate::servers::{Server, secret};
use crate::{Effort, Report};

/// Connections at a time.
const CONNECTIONS: usize = 32;

/// Rounds in which each server is loaded in turn, and how long.
const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(4);

/// No round sends more.
const MOST: u64 = 200_000;

/// How long a server rests before its idle memory is read.
const REST: Duration = Duration::from_secs(2);

struct Rival {
    name: &'static str,
    server: Server,
    make: Make,
    idle: f64,
    rounds: Vec<Outcome>,
}

impl Rival {
    fn new(name: &'static str, server: Server, make: Make) -> Rival {
        Rival { name, server, make, idle: 0.0, rounds: Vec::new() }
    }

    async fn load(&mut self, time: Duration) -> anyhow::Result<Outcome> {
        load::send(self.server.address, CONNECTIONS, self.make.clone(), Until { answers: MOST, time }).await
    }
}

/// Loads all in turn, some rounds.
pub async fn measure(effort: Effort) -> anyhow::Result<Report> {
    let scene = Scene::parse(include_str!("../../../config/scenes/clean-change.toml"))?;
    let world = World::new(scene, Clock::Real).await?;
    let mut rivals = rivals(&world).await?;
    tokio::time::sleep(REST).await;
    for rival in &mut rivals {
        rival.idle = rival.server.memory()?;
    }
    let (rounds, time) = if effort == Effort::Quick { (2, TIME / 4) } else { (ROUNDS, TIME) };
    for rival in &mut rivals {
        rival.load(time / 2).await?; // Warm.
    }
    for _ in 0..rounds {
        for rival in &mut rivals {
            let outcome = rival.load(time).await?;
            rival.rounds.push(outcome);
        }
    }
    report(&mut rivals)
}

async fn rivals(world: &World) -> anyhow::Result<Vec<Rival>> {
    let key = secret(world, "github")?;
    // Numbers of one server's webhooks may be another's too; within a server each is sent once.
    let counted = |path| once(load::github(path, &key));
    let mut rivals = vec![
        Rival::new("cm-bot", Server::cm_bot(world).await?, counted("/webhooks/github")),
        Rival::new("verify only", Server::ceiling(&key).await?, counted("/")),
    ];
    match Server::probot(&key).await? {
        Some(probot) => rivals.push(Rival::new("probot 14.3.2", probot, counted("/api/github/webhooks"))),
        None => eprintln!("probot is skipped: npm could not install it"),
    }
    Ok(rivals)
}

/// Numbers that go on from round to round, so that nothing is sent twice.
fn once(make: Make) -> Make {
    let next = std::sync::atomic::AtomicU64::new(1);
    std::sync::Arc::new(move |_| make(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
}

fn report(rivals: &mut [Rival]) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let title = format!("Acknowledging signed webhooks of {} bytes, {CONNECTIONS} connections", load::SIZE);
    writeln!(report.text, "{title}; middle of the rounds (least to most):\n")?;
    writeln!(report.text, "| server | a second | of cm-bot's | p50 | p99 | refused | MB idle | MB loaded |")?;
    writeln!(report.text, "|---|---:|---:|---:|---:|---:|---:|---:|")?;
    let ours: Vec<f64> = rivals[0].rounds.iter().map(Outcome::per_second).collect();
    for rival in rivals.iter_mut() {
        let rates: Vec<f64> = rival.rounds.iter().map(Outcome::per_second).collect();
        let ratios: Vec<f64> = rates.iter().zip(&ours).map(|(rate, our)| rate / our).collect();
        let refused: u64 = rival.rounds.iter().map(|round| round.refused).sum();
        let p50 = middle(rival.rounds.iter_mut().map(|round| round.percentile(50).as_secs_f64() * 1e3).collect());
        let p99 = middle(rival.rounds.iter_mut().map(|round| round.percentile(99).as_secs_f64() * 1e3).collect());
        let [rate, ratio] = [spread(&rates, 0), spread(&ratios, 2)];
        let (idle, loaded) = (rival.idle, rival.server.memory()?);
        writeln!(
            report.text,
            "| {} | {rate} | {ratio} | {p50:.1} ms | {p99:.1} ms | {refused} | {idle:.0} | {loaded:.0} |",
            rival.name
        )?;
    }
    judge(rivals, &ours, &mut report);
    Ok(report)
}

fn judge(rivals: &[Rival], ours: &[f64], report: &mut Report) {
    let is_clean = rivals[0].rounds.iter().all(|round| round.refused == 0 && !round.acknowledged.is_empty());
    report.expect(is_clean, "cm-bot acknowledges every webhook");
    let Some(probot) = rivals.iter().find(|rival| rival.name.starts_with("probot")) else { return };
    let times = middle(probot.rounds.iter().zip(ours).map(|(round, our)| our / round.per_second()).collect());
    report.expect(times >= 3.0, &format!("3 × probot's acknowledgements; it was {times:.1} ×"));
    let memory = rivals[0].idle / probot.idle;
    report.expect(memory <= 0.5, &format!("half of probot's idle memory; it was {memory:.2}"));
}

/// The middle of some figures.
fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn spread(figures: &[f64], digits: usize) -> String {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(0.0, f64::max);
    format!("{:.digits$} ({least:.digits$} to {most:.digits$})", middle(figures.to_vec()))
}
