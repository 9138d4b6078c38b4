//! Clocks have to agree: what a reviewer saw, and whether an accepted risk has ended, are told by times (policy: evidence).

use crate::model::Forge;
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Most seconds between cm-bot's clock and the forge's.
const MOST_SECONDS: i64 = 30;

/// Do cm-bot's clock and that of GitHub or GitLab agree?
#[must_use]
pub fn check(facts: &Facts, _criteria: &Criteria) -> Finding {
    match facts.clock_ahead_ms.known() {
        Err(gap) => Finding::unknown(gap),
        Ok(ahead) => {
            let forge = facts.forge();
            difference(*ahead, forge).map_or_else(|| Finding::met(format!("as {forge}'s")), |said| apart(said, forge))
        }
    }
}

/// What is wrong with a clock that is so many milliseconds off, if it is too many.
#[must_use]
pub fn difference(ahead_ms: i64, forge: Forge) -> Option<String> {
    let seconds = ahead_ms / 1_000;
    let which = if seconds > 0 { "behind" } else { "ahead of" };
    (seconds.abs() > MOST_SECONDS).then(|| {
        let seconds = seconds.unsigned_abs();
        format!("cm-bot's clock is {seconds} seconds {which} {forge}'s; {MOST_SECONDS} are allowed.")
    })
}

fn apart(difference: String, forge: Forge) -> Finding {
    let text = "the operator of cm-bot sets the clock of its machine, and cm-bot checks the ticket again by itself; until then an approver decides.";
    Finding::not_met(format!("not as {forge}'s"), difference, Todo::decide(text))
}
