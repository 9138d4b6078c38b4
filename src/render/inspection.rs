//! What is said of the monthly inspection: who must do what by when, and what came out.

use std::collections::BTreeSet;

use super::slack::{Message, Mrkdwn, Part, mention_all};
use super::view::Links;
use crate::model::{Month, Person, TicketKey, Timestamp, listed, plural, shortened};
use crate::policy::follow_up::inspection::{Stratum, statement};

/// At most so many changes stand in a message.
const MOST: usize = 20;

/// What every message about an inspection needs to know.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The month.
    pub month: Month,
    /// How many changes it had.
    pub changes: usize,
    /// The root of the list of them.
    pub root: &'a str,
    /// Who must act.
    pub people: &'a [&'a Person],
    /// When results are due.
    pub due: Timestamp,
    /// Where things are.
    pub links: &'a Links,
}

/// A change with the reasons for which it is inspected anyway; none, when it was drawn.
pub type Wanted<'a> = (&'a TicketKey, Option<&'a BTreeSet<Stratum>>);

impl About<'_> {
    fn start(&self, what: &str) -> (String, Mrkdwn) {
        let title = format!("Monthly inspection · {}", self.month.title());
        (format!("{title}: {what}"), Mrkdwn::new().emoji(":mag:").bold(&title).words(&format!(" · {what}")))
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.people.iter().map(|person| person.name.clone()).collect();
        if names.is_empty() { "Whoever inspects".into() } else { listed(&names, "or") }
    }

    /// The message: what, who does what, the list, the small print.
    fn message(&self, (what, todo): (&str, &str), list: Option<Mrkdwn>, small: &str) -> Message {
        let (title, start) = self.start(what);
        let line = mention_all(start.line(), self.people);
        let line = if self.people.is_empty() { line } else { line.words(" ") };
        let line = line.bold("Do this:").words(&format!(" {todo}"));
        let fallback = shortened(&format!("{title}. {}: please {todo}", self.names()), 600);
        let small = Part::Context(Mrkdwn::new().words(small));
        let parts = std::iter::once(Part::Section(line)).chain(list.map(Part::Section)).chain([small]).collect();
        Message { fallback, parts }
    }

    fn list(&self, wanted: &[Wanted<'_>]) -> Option<Mrkdwn> {
        let mut list = Mrkdwn::new();
        for (place, (key, reasons)) in wanted.iter().take(MOST).enumerate() {
            if place > 0 {
                list = list.line();
            }
            let why = reasons.map(|reasons| reasons.iter().map(|reason| reason.title()).collect::<Vec<_>>().join(", "));
            list = list.words("• ").link(key.as_str(), &self.links.ticket_of(key)).words(" · ");
            list = list.link("evidence", &self.links.evidence_of(key));
            list = list.words(&format!(" · {}", why.as_deref().unwrap_or("drawn")));
        }
        if wanted.len() > MOST {
            list = list.line().words(&format!(
                "• and {} more: cm-bot inspection show {}",
                wanted.len() - MOST,
                self.month
            ));
        }
        (!wanted.is_empty()).then_some(list)
    }

    fn record(&self) -> String {
        format!(
            "look at each and record what you found by {}: cm-bot inspection record {} TICKET sound|finding --note \"…\" --by NAME. \
             Nobody inspects what they requested or approved.",
            self.due.day_and_clock(),
            self.month
        )
    }
}

/// The list is fixed, and a person has to bring dice.
#[must_use]
pub fn asks_for_dice(about: &About<'_>) -> Message {
    let what = format!("{} and root {} are fixed", plural(about.changes, "change"), shortened(about.root, 16));
    let todo = format!(
        "roll a die twenty times, or let somebody do it who had no hand in the list, and bring the numbers: \
         cm-bot inspection draw {} --entropy \"…\" --by NAME",
        about.month
    );
    let small = "The root is in the audit trail, so nobody can change the list any more · asked again after 3, 7 and 14 \
                 days, not when it was drawn";
    about.message((&what, &todo), None, small)
}

/// What was drawn, and what is inspected anyway.
#[must_use]
pub fn list(about: &About<'_>, wanted: &[Wanted<'_>]) -> Message {
    let drawn = wanted.iter().filter(|(_, reasons)| reasons.is_none()).count();
    let what = format!(
        "{drawn} of {} were drawn, and {} out of the ordinary {} inspected anyway",
        plural(about.changes, "change"),
        wanted.len() - drawn,
        if wanted.len() - drawn == 1 { "is" } else { "are" },
    );
    let small = format!(
        "The draw can be repeated: cm-bot inspection verify {} · reminders come 7 days and 1 day before, and stop when every \
         result is recorded",
        about.month
    );
    about.message((&what, &about.record()), about.list(wanted), &small)
}

/// Some have no result yet.
#[must_use]
pub fn reminder(about: &About<'_>, open: &[Wanted<'_>]) -> Message {
    let what = format!("{} still to inspect, due {}", plural(open.len(), "change"), about.due.day_and_clock());
    let small = "Reminders stop when every result is recorded";
    about.message((&what, &about.record()), about.list(open), small)
}

/// Some have no result, and the time is over.
#[must_use]
pub fn overdue(about: &About<'_>, open: &[Wanted<'_>]) -> Message {
    let what =
        format!("overdue since {}, {} without a result", about.due.day_and_clock(), plural(open.len(), "change"));
    let todo = format!("see that they are inspected, or inspect them: cm-bot inspection show {}", about.month);
    about.message((&what, &todo), about.list(open), "Said once a week until every result is recorded")
}

/// Every result is there.
#[must_use]
pub fn conclusion(
    about: &About<'_>,
    (inspected, findings): (usize, &[(&TicketKey, &str)]),
    (drawn, deviating): (usize, usize),
) -> Message {
    let what = match findings.len() {
        _ if about.changes == 0 => "no changes, nothing to inspect".to_owned(),
        0 => format!("{} inspected, all sound", plural(inspected, "change")),
        number => format!("{} inspected, {}", plural(inspected, "change"), plural(number, "finding")),
    };
    let (title, start) = about.start(&what);
    let said = statement(drawn, deviating);
    let line = findings.iter().take(MOST).fold(start.line().words(&said), |line, (key, note)| {
        let line = line.line().words("• ").link(key.as_str(), &about.links.ticket_of(key));
        line.words(&format!(" · {}", shortened(note, 150)))
    });
    let small = Mrkdwn::new().words("Nobody needs to act · it is in the audit trail and in every export of evidence");
    let fallback = shortened(&format!("{title}. {said} Nobody needs to act."), 600);
    Message { fallback, parts: vec![Part::Section(line), Part::Context(small)] }
}
