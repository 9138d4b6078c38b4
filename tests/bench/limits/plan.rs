//! A plan of 100 MB: cm-bot beside jq, which is asked for the same risky changes.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::servers::{is_there, memory_of};
use crate::{Effort, Report};

/// Bytes of the plan.
const SIZE: u64 = 100 * 1024 * 1024;

/// Every so many changes one is risky.
const RISKY: u64 = 400;

const TRIES: usize = 3;

/// The same question for jq: every delete, and everything of IAM that changes.
const FILTER: &str = r#"[.resource_changes[] | select((.change.actions | index("delete")) or ((.type | startswith("aws_iam_")) and .change.actions != ["no-op"]))] | length"#;

/// Time and memory of the middle try, and what was found.
struct Ran {
    took: Duration,
    memory: f64,
    found: u64,
}

/// Makes the plan and lets both read it.
pub fn measure(effort: Effort) -> anyhow::Result<Report> {
    let size = if effort == Effort::Quick { SIZE / 10 } else { SIZE };
    let folder = tempfile::tempdir()?;
    let plan = folder.path().join("plan.json");
    let (changes, risky) = write(&plan, size)?;
    let megabytes = size / 1024 / 1024;
    let mut report = Report::default();
    writeln!(report.text, "A Terraform plan of {megabytes} MB with {changes} changes, {risky} of them risky:\n")?;
    writeln!(report.text, "| program | risky | time | most MB |\n|---|---:|---:|---:|")?;
    let ours = middle(|| cm_bot(&plan))?;
    row(&mut report, "cm-bot plan", &ours)?;
    report.expect(ours.found == risky, &format!("cm-bot names exactly the risky changes; it named {}", ours.found));
    report.expect(ours.memory <= 64.0, &format!("at most 64 MB; it was {:.0}", ours.memory));
    if !is_there("jq") {
        writeln!(report.text, "\njq is skipped: it is not installed.")?;
        return Ok(report);
    }
    let theirs = middle(|| jq(&plan))?;
    row(&mut report, "jq", &theirs)?;
    ensure!(theirs.found == risky, "jq found {} risky changes; the question is wrong", theirs.found);
    let times = theirs.took.as_secs_f64() / ours.took.as_secs_f64();
    report.expect(times >= 4.0, &format!("4 × faster than jq; it was {times:.1} ×"));
    Ok(report)
}

fn row(report: &mut Report, name: &str, ran: &Ran) -> std::fmt::Result {
    let took = ran.took.as_secs_f64();
    writeln!(report.text, "| {name} | {} | {took:.2} s | {:.0} |", ran.found, ran.memory)
}

/// The middle of some tries, by time.
fn middle(run: impl Fn() -> anyhow::Result<Ran>) -> anyhow::Result<Ran> {
    let mut all = (0..TRIES).map(|_| run()).collect::<anyhow::Result<Vec<_>>>()?;
    all.sort_by_key(|ran| ran.took);
    Ok(all.swap_remove(TRIES / 2))
}

fn cm_bot(plan: &Path) -> anyhow::Result<Ran> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cm-bot"));
    command.arg("plan").arg(plan).args(["--environment", "prod-us", "--json"]);
    let (took, memory, output) = run(command)?;
    let said: serde_json::Value = serde_json::from_slice(&output).context("cm-bot said no JSON")?;
    let found = said.get("items").and_then(serde_json::Value::as_array).context("no list of risky changes")?.len();
    Ok(Ran { took, memory, found: found as u64 })
}

fn jq(plan: &Path) -> anyhow::Result<Ran> {
    let mut command = Command::new("jq");
    command.arg(FILTER).arg(plan);
    let (took, memory, output) = run(command)?;
    Ok(Ran { took, memory, found: String::from_utf8(output)?.trim().parse()? })
}

/// Runs a program, and looks every millisecond how much memory it has needed so far.
fn run(mut command: Command) -> anyhow::Result<(Duration, f64, Vec<u8>)> {
    let start = Instant::now();
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut memory = 0.0_f64;
    while process.try_wait()?.is_none() {
        memory = memory.max(memory_of(process.id(), "VmHWM:").unwrap_or_default());
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = start.elapsed();
    Ok((took, memory, process.wait_with_output()?.stdout))
}

/// Changes as they stand in real plans: most of them none, with all that a resource is before and after. Gives back how many
/// there are, and how many are risky.
fn write(path: &Path, size: u64) -> anyhow::Result<(u64, u64)> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    write!(
        file,
        r#"{{"format_version":"1.2","terraform_version":"1.11.4","complete":true,"errored":false,"applyable":true,"resource_changes":["#
    )?;
    let (mut written, mut changes, mut risky) = (0, 0, 0);
    while written < size {
        let change = change(changes);
        if changes > 0 {
            file.write_all(b",")?;
        }
        file.write_all(change.as_bytes())?;
        written += change.len() as u64 + 1;
        risky += u64::from(changes % RISKY == 0);
        changes += 1;
    }
    write!(file, "]}}")?;
    file.flush()?;
    Ok((changes, risky))
}

fn change(number: u64) -> String {
    let (kind, actions) = match (number % RISKY, number / RISKY % 2) {
        (0, 0) => ("aws_sqs_queue", r#"["delete"]"#),
        (0, _) => ("aws_iam_role", r#"["update"]"#),
        (1..=9, _) => ("aws_cloudwatch_metric_alarm", r#"["update"]"#),
        _ => ("aws_cloudwatch_metric_alarm", r#"["no-op"]"#),
    };
    let state = |version: &str| {
        let tags: Vec<String> =
            (0..24).map(|tag| format!(r#""tag-{tag}":"value {tag} of resource {number}""#)).collect();
        format!(
            r#"{{"arn":"arn:aws:thing:us-east-1:000000000000:{number}","name":"thing-{number}","description":"{version}","period":60,"tags":{{{}}}}}"#,
            tags.join(",")
        )
    };
    let after = if actions.contains("delete") {
        "null".to_owned()
    } else {
        state(if actions.contains("no-op") { "old" } else { "new" })
    };
    format!(
        r#"{{"address":"{kind}.thing_{number}","mode":"managed","type":"{kind}","name":"thing_{number}","change":{{"actions":{actions},"before":{},"after":{after},"after_unknown":{{}},"before_sensitive":{{}},"after_sensitive":{{}}}}}}"#,
        state("old")
    )
}
