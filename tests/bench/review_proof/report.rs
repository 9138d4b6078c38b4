//! What people read of it: three tables, and every budget that is broken.

use crate::Results;
use crate::cpu::Cpu;
use crate::growth::Growth;
use crate::measure::{Client, Row, Took, Whole};
use crate::world::{MOST_IN_A_ROW, Workload};

/// Ten times the commits may take at most so many times ten times the time, and a hundred times the past tickets so many
/// times the time.
const MOST_GROWTH: f64 = 1.2;

/// Requests, points, bytes, round trips and times of all clients.
pub fn rows(rows: &[Row]) -> String {
    let mut text = String::from(
        "| merged by | N | P | client | requests | budget | points | KB | in a row | 50 + 1 ms | ratio | 50 + 5 ms | ratio |\n\
         |---|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let ours = rows.iter().find(|one| one.workload == row.workload && one.client == Client::CmBot);
        let ratio = |place: usize| match (row.client, ours) {
            (Client::Plain(_), Some(ours)) => {
                format!("{:.1}", row.took[place].time().as_secs_f64() / ours.took[place].time().as_secs_f64())
            }
            _ => "1".into(),
        };
        let Workload { commits, method } = row.workload;
        let allowed = match row.client {
            Client::CmBot => row.workload.requests_allowed().to_string(),
            Client::Plain(_) => String::new(),
        };
        text += &format!(
            "| {method} | {commits} | {} | {} | {} | {allowed} | {} | {} | {} | {} | {} | {} | {} |\n",
            row.workload.pull_requests(),
            name(row.client),
            row.requests,
            row.points,
            row.bytes / 1000,
            row.in_a_row,
            seconds(row.took[0]),
            ratio(0),
            seconds(row.took[1]),
            ratio(1),
        );
    }
    text
}

/// From webhook to comment and transition.
pub fn wholes(wholes: &[Whole]) -> String {
    let mut text = String::from(
        "| merged by | N | each answer and node | cm-bot | 10 in flight | ratio |\n|---|---:|---|---:|---:|---:|\n",
    );
    for whole in wholes {
        text += &format!(
            "| {} | {} | {} ms + {} ms | {:.2} s | {:.2} s | {:.2} |\n",
            whole.workload.method,
            whole.workload.commits,
            whole.latency.per_answer.as_millis(),
            whole.latency.per_node.as_millis(),
            whole.cm_bot.as_secs_f64(),
            whole.plain.as_secs_f64(),
            share(whole),
        );
    }
    text
}

/// What judging takes.
pub fn cpus(cpus: &[Cpu]) -> String {
    let mut text =
        String::from("| merged by | N | decide | per commit | look what is missing |\n|---|---:|---:|---:|---:|\n");
    for cpu in cpus {
        text += &format!(
            "| {} | {} | {:.2} ms | {:.1} µs | {:.2} ms |\n",
            cpu.workload.method,
            cpu.workload.commits,
            cpu.evaluate.as_secs_f64() * 1e3,
            cpu.evaluate.as_secs_f64() * 1e6 / cpu.workload.commits as f64,
            cpu.wanted.as_secs_f64() * 1e3,
        );
    }
    text
}

/// The same ticket with few and with many past tickets.
pub fn growth(growth: &[Growth]) -> String {
    let mut text = String::from("| past tickets | one verdict | of the first |\n|---:|---:|---:|\n");
    for one in growth {
        let ratio = one.took.div_duration_f64(growth[0].took);
        text += &format!("| {} | {:.1} ms | {ratio:.2} |\n", one.past, one.took.as_secs_f64() * 1e3);
    }
    text
}

/// Every budget that is broken, as a sentence.
pub fn broken(results: &Results) -> Vec<String> {
    let Results { rows, wholes, cpus, growth } = results;
    let mut broken = Vec::new();
    for row in rows.iter().filter(|row| row.client == Client::CmBot) {
        let Workload { commits, method } = row.workload;
        let allowed = row.workload.requests_allowed();
        if row.requests > allowed {
            broken.push(format!("{method}, {commits} commits: {} requests, {allowed} allowed", row.requests));
        }
        if row.in_a_row > MOST_IN_A_ROW {
            broken.push(format!(
                "{method}, {commits} commits: {} round trips in a row, {MOST_IN_A_ROW} allowed",
                row.in_a_row
            ));
        }
    }
    for whole in wholes.iter().filter(|whole| whole.latency.per_node.as_millis() == 1 && share(whole) > 0.5) {
        let Workload { commits, method } = whole.workload;
        broken.push(format!(
            "{method}, {commits} commits: {:.2} of the time of 10 in flight, half allowed",
            share(whole)
        ));
    }
    broken.extend(cpus.windows(2).filter_map(grows_too_fast));
    if let [few, many] = growth.as_slice() {
        let times = many.took.div_duration_f64(few.took);
        let words =
            format!("{} past tickets: a verdict takes {times:.2} times as long as with {}", many.past, few.past);
        broken.extend((times > MOST_GROWTH).then_some(words));
    }
    broken
}

fn grows_too_fast(pair: &[Cpu]) -> Option<String> {
    let [small, large] = pair else { return None };
    let commits = large.workload.commits as f64 / small.workload.commits as f64;
    let (decide, look) = (large.evaluate.div_duration_f64(small.evaluate), large.wanted.div_duration_f64(small.wanted));
    let is_fast = small.workload.method == large.workload.method && decide.max(look) > commits * MOST_GROWTH;
    is_fast.then(|| {
        format!(
            "{}, from {} to {} commits: deciding takes {decide:.1} times as long, looking {look:.1} times, for {commits:.0} times the commits",
            large.workload.method, small.workload.commits, large.workload.commits
        )
    })
}

fn share(whole: &Whole) -> f64 {
    whole.cm_bot.as_secs_f64() / whole.plain.as_secs_f64()
}

fn name(client: Client) -> String {
    match client {
        Client::CmBot => "cm-bot".into(),
        Client::Plain(1) => "plain REST, in sequence".into(),
        Client::Plain(many) => format!("plain REST, {many} in flight"),
    }
}

fn seconds(took: Took) -> String {
    match took {
        Took::Measured(time) => format!("{:.2} s", time.as_secs_f64()),
        Took::Computed(time) => format!("≈ {:.0} s", time.as_secs_f64()),
    }
}
