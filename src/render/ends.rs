//! What was allowed for a time ends: who answers for it is told what to do.

use super::slack::{Message, Mrkdwn, Part, mention_all};
use super::verdict::Verdict;
use super::view::Links;
use crate::model::{Person, TicketKey, shortened};
use crate::policy::follow_up::ends::{End, Step};

/// The longest name of what ends, and of who answers for it.
const MOST_WHAT: usize = 150;
const MOST_NAME: usize = 60;

/// What a ticket allows ends.
#[must_use]
pub fn of_ticket((end, step): (&End, Step), who: Option<&Person>, (key, links): (&TicketKey, &Links)) -> Message {
    let todo = match step {
        Step::Soon => {
            "take it back by then and close the ticket, or write a later day into the ticket and have it approved anew."
        }
        Step::Over => {
            "take it back now and close the ticket, or write a later day into the ticket and have it approved anew."
        }
    };
    let line = start(end, step).words(" · ").link(key.as_str(), &links.ticket_of(key));
    message((end, step), who, (line, todo))
}

/// A risk that the criteria accept ends.
#[must_use]
pub fn of_risk((end, step): (&End, Step), who: Option<&Person>) -> Message {
    let todo = match step {
        Step::Soon => {
            "fix it by then, or ask the Security Officer to sign criteria with a later day; after it every change that has it waits."
        }
        Step::Over => {
            "fix it, or ask the Security Officer to sign criteria with a later day; until then every change that has it waits."
        }
    };
    message((end, step), who, (start(end, step), todo))
}

fn start(end: &End, step: Step) -> Mrkdwn {
    let emoji = match step {
        Step::Soon => Verdict::Waiting.emoji(),
        Step::Over => ":red_circle:",
    };
    Mrkdwn::new().emoji(emoji).bold(&title(end, step))
}

/// `Ends on 2026-12-31: what PRODCM-412 allows (class network)`.
fn title(end: &End, step: Step) -> String {
    let what = shortened(&end.what, MOST_WHAT);
    match step {
        Step::Soon => format!("Ends on {}: {what}", end.until),
        Step::Over => format!("Overdue: {what} ended on {}", end.until),
    }
}

fn message((end, step): (&End, Step), who: Option<&Person>, (line, todo): (Mrkdwn, &str)) -> Message {
    let name =
        || end.owner.as_ref().map_or_else(|| "Whoever asked for it".to_owned(), |name| shortened(name, MOST_NAME));
    let line = line.line();
    let line = match who {
        Some(person) => mention_all(line, &[person]),
        None => line.words(&name()),
    };
    let line = line.words(" ").bold("Do this:").words(&format!(" {todo}"));
    let small = match step {
        Step::Soon => {
            "Said once, and once more when it is over; not when it was taken back or is allowed for longer by then"
        }
        Step::Over => "Said once · nobody else needs to act",
    };
    let who = who.map_or_else(name, |person| person.name.clone());
    let fallback = shortened(&format!("{}. {who}: please {todo}", title(end, step)), 600);
    Message { fallback, parts: vec![Part::Section(line), Part::Context(Mrkdwn::new().words(small))] }
}
