//! One workload after the other: what cm-bot asks, what the rival asks, and how long both take.

use std::time::Duration;

use cm_bot::simulator::traffic::{Latency, Traffic};

use crate::plain::{self, Plain};
use crate::service::Played;
use crate::world::Workload;

/// How slowly the simulated systems answer: 50 ms, and 1 ms or 5 ms for each returned node.
pub const SLOW: [Latency; 2] = [latency(50, 1), latency(50, 5)];

/// Every answer takes this long and nothing else matters, so that the longest row of requests is that of round trips.
const FAR: Latency = latency(200, 0);

/// The rival in sequence is measured up to this many requests, and computed from its own pace above.
const MOST_IN_SEQUENCE: usize = 300;

/// GitHub allows a token no more requests than these in an hour.
const AN_HOUR: usize = 5_000;

/// Tries of which the middle one counts.
const TRIES: usize = 3;

const fn latency(answer: u64, node: u64) -> Latency {
    Latency { per_answer: Duration::from_millis(answer), per_node: Duration::from_millis(node) }
}

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    CmBot,
    /// The plain REST client with so many requests in flight.
    Plain(usize),
}

/// A time, measured or computed.
#[derive(Debug, Clone, Copy)]
pub enum Took {
    Measured(Duration),
    Computed(Duration),
}

/// What one client needs for one workload.
#[derive(Debug, Clone)]
pub struct Row {
    pub workload: Workload,
    pub client: Client,
    pub requests: usize,
    pub points: u64,
    pub bytes: u64,
    pub in_a_row: usize,
    /// For each of [`SLOW`].
    pub took: [Took; 2],
}

/// From the webhook until Jira has the transition and the comment.
#[derive(Debug, Clone, Copy)]
pub struct Whole {
    pub workload: Workload,
    pub latency: Latency,
    pub cm_bot: Duration,
    pub plain: Duration,
}

impl Took {
    pub fn time(self) -> Duration {
        match self {
            Took::Measured(time) | Took::Computed(time) => time,
        }
    }
}

/// cm-bot's row.
pub async fn cm_bot(played: &mut Played) -> anyhow::Result<Row> {
    let key = played.new_ticket().await?;
    played.slow_down(FAR);
    let far = played.look(&key).await?;
    let mut took = Vec::new();
    for latency in SLOW {
        played.slow_down(latency);
        took.push(Took::Measured(played.look(&key).await?.took));
    }
    played.slow_down(Latency::default());
    played.close(key.as_str()).await?;
    Ok(row(played.workload, Client::CmBot, (far.traffic, far.traffic.in_a_row as usize), [took[0], took[1]]))
}

/// The rival's row; `known` are those of smaller workloads.
pub async fn plain(played: &Played, in_flight: usize, known: &[Row]) -> anyhow::Result<Row> {
    let client = Client::Plain(in_flight);
    let expected = plain::requests(played.workload);
    let is_too_much = expected > AN_HOUR || (in_flight == 1 && expected > MOST_IN_SEQUENCE);
    let paced = known.iter().rev().find(|row| row.client == client && row.workload.method == played.workload.method);
    if let (true, Some(paced)) = (is_too_much, paced) {
        return Ok(computed(paced, played.workload, expected));
    }
    let (base, head) = (played.base()?, played.head()?);
    let (mut took, mut last) = (Vec::new(), None);
    for latency in SLOW {
        played.an_hour_later();
        played.slow_down(latency);
        let looked = Plain::new(&played.world, in_flight)?.look(&base, &head).await?;
        took.push(Took::Measured(looked.took));
        last = Some((looked.traffic, looked.in_a_row));
    }
    played.slow_down(Latency::default());
    Ok(row(played.workload, client, last.unwrap_or_default(), [took[0], took[1]]))
}

/// The whole way, for each latency: both clients on the same world, the middle of some tries.
pub async fn whole(played: &mut Played) -> anyhow::Result<Vec<Whole>> {
    let mut found = Vec::new();
    for latency in SLOW {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..TRIES {
            played.an_hour_later();
            ours.push(played.approve(latency).await?);
            theirs.push(approve_plainly(played, latency).await?);
        }
        found.push(Whole { workload: played.workload, latency, cm_bot: middle(ours), plain: middle(theirs) });
    }
    Ok(found)
}

/// From the webhook until Jira has the transition and the comment, by the rival.
async fn approve_plainly(played: &mut Played, latency: Latency) -> anyhow::Result<Duration> {
    let (key, base, head) = (played.new_ticket().await?, played.base()?, played.head()?);
    played.slow_down(latency);
    let took = Plain::new(&played.world, 10)?.approve(key.as_str(), &base, &head).await;
    played.slow_down(Latency::default());
    played.close(key.as_str()).await?;
    took
}

/// The middle of some times.
pub fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn row(workload: Workload, client: Client, (traffic, in_a_row): (Traffic, usize), took: [Took; 2]) -> Row {
    let (rest, graphql) = (traffic.github_rest, traffic.github_graphql);
    let requests = (rest.requests + graphql.requests) as usize;
    let (points, bytes) = (rest.points + graphql.points, rest.bytes + graphql.bytes);
    Row { workload, client, requests, points, bytes, in_a_row, took }
}

/// What it would be at the same pace.
fn computed(paced: &Row, workload: Workload, requests: usize) -> Row {
    let times = requests as f64 / paced.requests as f64;
    let scaled = |took: Took| Took::Computed(took.time().mul_f64(times));
    Row {
        workload,
        client: paced.client,
        requests,
        points: requests as u64,
        bytes: (paced.bytes as f64 * times) as u64,
        in_a_row: (paced.in_a_row as f64 * times) as usize,
        took: paced.took.map(scaled),
    }
}
