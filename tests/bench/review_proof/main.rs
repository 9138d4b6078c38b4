//! What it costs to prove that every commit of a change was reviewed, beside a plain REST client written here.
//!
//! `cargo bench --bench review_proof` plays worlds of 10, 100 and 1,000 commits that were merged in each of GitHub's three
//! ways, measures both clients against the same simulated systems in one run, prints tables, and ends with 1 when a budget
//! is broken. `-- --quick` stops at 100 commits, `-- judging` measures only judging, `-- growth` only how a verdict grows with
//! past tickets.

mod cpu;
mod growth;
mod measure;
mod plain;
mod report;
mod service;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use cpu::Cpu;
use growth::Growth;
use measure::{Row, Whole};
use service::Played;
use world::{Method, Workload};

/// Commits of a workload.
const SIZES: [usize; 3] = [10, 100, 1_000];

/// Commits of the workloads whose judging is timed: with requests measured, and only for that.
const JUDGED: [usize; 3] = [100, 1_000, 5_000];

/// With `--quick`, no workload is larger.
const QUICK: usize = 100;

/// The workload that is judged again with few and with many past tickets.
const GROWING: Workload = Workload { commits: 10, method: Method::Merge };

/// The size for which the whole way from webhook to comment is measured.
const WHOLE: usize = 100;

#[derive(Default)]
struct Results {
    rows: Vec<Row>,
    wholes: Vec<Whole>,
    cpus: Vec<Cpu>,
    growth: Vec<Growth>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let says = |what: &str| arguments.iter().any(|argument| argument == what);
    if !says("--bench") {
        return Ok(ExitCode::SUCCESS); // Built and started by a test runner, which wants no measurement.
    }
    let most = if says("--quick") { QUICK } else { usize::MAX };
    let mut results = Results::default();
    if says("growth") {
        results.growth = growth::measure(&mut Played::new(GROWING).await?).await?;
        return Ok(print(&results));
    }
    for method in [Method::Merge, Method::Squash, Method::Rebase] {
        for commits in SIZES.into_iter().chain([5_000]).filter(|commits| *commits <= most) {
            let workload = Workload { commits, method };
            if !says("judging") {
                measure(workload, &mut results).await?;
            } else if JUDGED.contains(&commits) && is_played(workload) {
                results.cpus.push(cpu::measure(&mut Played::new(workload).await?).await?);
            }
        }
    }
    Ok(print(&results))
}

/// The largest workload is made of merges alone.
fn is_played(workload: Workload) -> bool {
    SIZES.contains(&workload.commits) || workload.method == Method::Merge
}

async fn measure(workload: Workload, results: &mut Results) -> anyhow::Result<()> {
    if !is_played(workload) {
        return Ok(());
    }
    let start = Instant::now();
    let mut played = Played::new(workload).await?;
    let playing = start.elapsed();
    if workload.commits == WHOLE {
        results.wholes.extend(measure::whole(&mut played).await?);
    }
    if SIZES.contains(&workload.commits) {
        let mut rows = vec![measure::cm_bot(&mut played).await?];
        for in_flight in [10, 1] {
            rows.push(measure::plain(&played, in_flight, &results.rows).await?);
        }
        results.rows.extend(rows);
    }
    if JUDGED.contains(&workload.commits) {
        results.cpus.push(cpu::measure(&mut played).await?);
    }
    if workload == GROWING {
        results.growth = growth::measure(&mut played).await?;
    }
    let Workload { commits, method } = workload;
    let (playing, measuring) = (playing.as_secs(), (start.elapsed() - playing).as_secs());
    eprintln!("{method}, {commits} commits: made in {playing} s, measured in {measuring} s");
    Ok(())
}

fn print(results: &Results) -> ExitCode {
    let Results { rows, wholes, cpus, growth } = results;
    println!(
        "Proving that N commits in P pull requests were reviewed, at 50 ms an answer and 1 or 5 ms a returned node:\n"
    );
    println!("{}", report::rows(rows));
    println!("≈: computed from the requests and this client's pace in the largest smaller workload; not run.");
    println!(
        "In a row: the most requests each of which was sent after the one before was answered, at 200 ms an answer; for the plain client, the least that it could be.\n"
    );
    println!("From the webhook until Jira has the transition and the comment, middle of three:\n");
    println!("{}", report::wholes(wholes));
    println!("Judging alone, without requests, middle of at least five:\n");
    println!("{}", report::cpus(cpus));
    println!("From the webhook until Jira has the transition and the comment, answers at once, middle of nine:\n");
    println!("{}", report::growth(growth));
    let broken = report::broken(results);
    for sentence in &broken {
        println!("BUDGET BROKEN: {sentence}");
    }
    if broken.is_empty() {
        println!("Every budget was kept.");
    }
    ExitCode::from(u8::from(!broken.is_empty()))
}
