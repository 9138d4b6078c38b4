//! What judging alone takes, without any request: it must grow with the commits and not faster.

use std::time::{Duration, Instant};

use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::evaluate;
use cm_bot::policy::evidence::wanted;
use cm_bot::policy::facts::Facts;

use crate::measure::middle;
use crate::service::Played;
use crate::world::Workload;

/// Each is tried so often, or for so long if that is longer.
const TRIES: (usize, Duration) = (5, Duration::from_millis(300));

/// Bytes, several times what a processor keeps at hand.
const ELSEWHERE: usize = 64 << 20;

/// Bytes that a processor fetches at once.
const LINE: usize = 64;

/// What judging a workload takes.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    pub workload: Workload,
    /// The decision.
    pub evaluate: Duration,
    /// One look for what is missing, as gathering takes it after each round.
    pub wanted: Duration,
}

/// Measures one workload.
pub async fn measure(played: &mut Played) -> anyhow::Result<Cpu> {
    let key = played.new_ticket().await?;
    let facts = played.look(&key).await?.facts;
    played.close(key.as_str()).await?;
    let app = played.app().await?;
    let (criteria, now) = (&app.context.policy.criteria, app.context.clock.now());
    Ok(Cpu {
        workload: played.workload,
        evaluate: time(|| drop(evaluate(&facts, criteria, now))),
        wanted: time(|| look_for(&facts, criteria)),
    })
}

fn look_for(facts: &Facts, criteria: &Criteria) {
    drop(std::hint::black_box(wanted(facts, criteria)));
}

/// A service judges a change once, with other things in between, so nothing that was judged a moment ago is still at hand.
/// Else few commits would look cheaper than they are, because all that is known of them fits where many do not.
fn time(work: impl Fn()) -> Duration {
    let mut elsewhere = vec![0_u8; ELSEWHERE];
    let (start, mut took) = (Instant::now(), Vec::new());
    while took.len() < TRIES.0 || start.elapsed() < TRIES.1 {
        think_of_something_else(&mut elsewhere);
        let start = Instant::now();
        work();
        took.push(start.elapsed());
    }
    middle(took)
}

fn think_of_something_else(elsewhere: &mut [u8]) {
    for line in std::hint::black_box(elsewhere).chunks_mut(LINE) {
        line[0] = line[0].wrapping_add(1);
    }
}
