//! Messages about emergencies: announced at once, acknowledged by the leads, documented within a day.

use std::collections::BTreeSet;

use super::document::{Block, Document, Inline, Line, Tone, strong, words};
use super::slack::{Button, Control, Message, Mrkdwn, Part as Piece, Question, Send, Style, mention_all};
use super::verdict::Verdict;
use super::view::Links;
use crate::model::{
    Declaration, EmergencyId, People, Person, RoleName, TicketKey, Timestamp, listed, plural, shortened,
};
use crate::policy::follow_up::emergency::{Emergency, Ending, OFFICER};
use crate::policy::follow_up::parts::Part;

/// The button with which a lead says that he or she knows.
pub const ACKNOWLEDGE: &str = "emergency.acknowledge";

/// The button that says that production was not changed after all.
pub const CALL_OFF: &str = "emergency.call-off";

/// The button that asks for a new date.
pub const ASK_NEW_DATE: &str = "emergency.new-date";

/// What every message about an emergency needs to know.
#[derive(Debug, Clone, Copy)]
pub struct EmergencyView<'a> {
    /// Its id: what its buttons carry.
    pub id: EmergencyId,
    /// What was declared.
    pub declaration: &'a Declaration,
    /// Its ticket, once there is one.
    pub ticket: Option<&'a TicketKey>,
    /// What happened to it.
    pub state: &'a Emergency,
    /// What is missing of its documentation.
    pub missing: &'a BTreeSet<Part>,
    /// When that is due.
    pub due: Timestamp,
    /// Who is who.
    pub people: &'a People,
    /// The roles of the leads.
    pub leads: &'a [RoleName],
    /// Where things are.
    pub links: &'a Links,
}

impl<'a> EmergencyView<'a> {
    fn owner(&self) -> Vec<&'a Person> {
        self.declaration.owner_in(self.people).into_iter().collect()
    }

    fn owner_name(&self) -> String {
        self.owner().first().map_or_else(|| shortened(&self.declaration.owner_name, 60), |person| person.name.clone())
    }

    fn leads(&self) -> Vec<&'a Person> {
        self.people.with_any_role(self.leads).collect()
    }

    fn officers(&self) -> Vec<&'a Person> {
        let is_officer = |person: &&Person| person.roles.iter().any(|role| role.as_str() == OFFICER);
        self.people.everybody().iter().filter(is_officer).collect()
    }

    /// `billing-api to prod-us`, if the ticket names what is registered.
    fn scope(&self) -> String {
        self.declaration.scope.as_ref().map_or_else(|| "a service that is not registered".into(), ToString::to_string)
    }

    fn name(&self) -> String {
        self.ticket.map_or_else(|| "an emergency change".into(), ToString::to_string)
    }

    /// `3 of 5 parts are missing`.
    fn how_much(&self) -> String {
        let missing = self.missing.len();
        let are = if missing == 1 { "part is" } else { "parts are" };
        format!("{missing} of {} {are} missing", Part::ALL.len())
    }

    fn acknowledged_by(&self) -> String {
        let names: Vec<String> = self.state.acknowledged.iter().map(|(name, _)| name.clone()).collect();
        if names.is_empty() { "nobody yet".into() } else { listed(&names, "and") }
    }

    fn grade(&self) -> String {
        let severity = self.declaration.severity.as_deref();
        severity.map_or_else(String::new, |severity| format!("severity {} · ", shortened(severity, 40)))
    }

    fn incident(&self) -> String {
        let incident = self.declaration.incident.as_deref();
        incident.map_or_else(String::new, |incident| format!(" · incident {}", shortened(incident, 60)))
    }

    fn key(&self, text: Mrkdwn) -> Mrkdwn {
        match self.ticket {
            Some(key) => text.link(key.as_str(), &self.links.ticket_of(key)),
            None => text.words("the ticket is being made"),
        }
    }

    fn open_ticket(&self, id: &'static str, label: &str) -> Option<Control> {
        let key = self.ticket?;
        let aloud = format!("{label}: {key} in Jira");
        let url = self.links.ticket_of(key);
        Some(Control::Open(Button { id, label: label.into(), aloud, url }))
    }

    fn send(&self, id: &'static str, label: &str, style: Style) -> Send {
        let aloud = format!("{label}: emergency change of {}", self.scope());
        Send { id, label: label.into(), aloud, value: self.id.to_string(), style, question: None }
    }
}

/// The root message of an emergency, as it stands now.
#[must_use]
pub fn root(view: &EmergencyView<'_>) -> Message {
    match view.state.ended {
        Some(ending) => ended(view, ending),
        None => declared(view),
    }
}

fn declared(view: &EmergencyView<'_>) -> Message {
    let section = Mrkdwn::new().emoji(Verdict::Emergency.emoji()).bold("Emergency change declared").words(&format!(
        " · {}{} · ",
        view.grade(),
        view.scope()
    ));
    let section = view.key(section).line().bold(&shortened(&view.declaration.summary, 150)).words(&view.incident());
    let parts = vec![
        Piece::Section(section),
        Piece::Fields(facts(view)),
        Piece::Section(call(view)),
        Piece::Controls(controls(view)),
        Piece::Context(Mrkdwn::new().words(&small_print(view))),
    ];
    Message { fallback: fallback(view), parts }
}

fn facts(view: &EmergencyView<'_>) -> Vec<Mrkdwn> {
    let who = mention_all(Mrkdwn::new().bold("Who is changing production").line(), &view.owner());
    vec![
        who.words(&format!(" ({})", view.owner_name())),
        Mrkdwn::new().bold("What").line().words(&shortened(&view.declaration.what, 200)),
        Mrkdwn::new().bold("Declared").line().time(view.state.declared),
        Mrkdwn::new().bold("Documentation due").line().time(view.due),
    ]
}

/// Leads are called as long as too few of them have acknowledged it.
fn call(view: &EmergencyView<'_>) -> Mrkdwn {
    let ask = match (view.state.is_confirmed(), view.state.leads_needed) {
        (true, _) => Mrkdwn::new().bold("Acknowledged by").words(&format!(" {}.", view.acknowledged_by())),
        (false, 1) => mention_all(Mrkdwn::new().bold("Leads, please acknowledge:").words(" "), &view.leads()),
        (false, needed) => {
            let title = format!("{needed} leads have to acknowledge this one:");
            mention_all(Mrkdwn::new().bold(&title).words(" "), &view.leads())
                .line()
                .words("The last emergency of this service was not documented in time.")
        }
    };
    ask.line()
        .words("Acknowledging is not approval. Nothing is approved automatically; the change is reviewed afterwards.")
}

fn controls(view: &EmergencyView<'_>) -> Vec<Control> {
    let acknowledge = Control::Send(view.send(ACKNOWLEDGE, "Acknowledge", Style::Primary));
    let question = Question {
        title: "Call off this emergency change?",
        text: "Use this only if production was not changed. The declaration stays in the record.",
        yes: "Call it off",
        no: "Keep it open",
    };
    let call_off = Send { question: Some(question), ..view.send(CALL_OFF, "Call it off", Style::Plain) };
    let open = view.open_ticket("emergency.ticket", "Open the ticket");
    [Some(acknowledge), open, Some(Control::Send(call_off))].into_iter().flatten().collect()
}

fn small_print(view: &EmergencyView<'_>) -> String {
    format!("Acknowledged by {} · documentation: {}", view.acknowledged_by(), view.how_much())
}

fn fallback(view: &EmergencyView<'_>) -> String {
    let names: Vec<String> = view.leads().iter().map(|person| person.name.clone()).collect();
    let who = if view.state.is_confirmed() {
        format!("Acknowledged by {}.", view.acknowledged_by())
    } else {
        format!("{}: please acknowledge.", listed(&names, "or"))
    };
    shortened(
        &format!(
            "Emergency change declared: {}, {}. {} {} is changing production. {who} Documentation is due by {}.",
            view.name(),
            view.scope(),
            sentence(&view.declaration.summary),
            view.owner_name(),
            view.due.day_and_clock()
        ),
        600,
    )
}

fn sentence(text: &str) -> String {
    format!("{}.", shortened(text, 150).trim_end_matches('.'))
}

/// The root message after an emergency: nobody is mentioned, and there are no buttons.
fn ended(view: &EmergencyView<'_>, ending: Ending) -> Message {
    let (title, how) = match ending {
        Ending::Documented if view.state.was_overdue => {
            ("Closed", "the emergency is documented, after its time was over")
        }
        Ending::Documented => ("Closed", "the emergency is documented"),
        Ending::CalledOff => ("Withdrawn", "the emergency was called off, production was not changed"),
    };
    let line = Mrkdwn::new().emoji(Verdict::Closed.emoji()).bold(title).words(" · ");
    let line = view.key(line).words(&format!(" {}: {how}", view.scope()));
    let small =
        format!("Declared by {} · acknowledged by {} · nobody needs to act", view.owner_name(), view.acknowledged_by());
    let fallback = format!("{title}: {}, {}, {how}. Nobody needs to act.", view.name(), view.scope());
    Message { fallback, parts: vec![Piece::Section(line), Piece::Context(Mrkdwn::new().words(&small))] }
}

/// Calls the leads again, in the thread.
#[must_use]
pub fn call_again(view: &EmergencyView<'_>, now: Timestamp) -> Message {
    let minutes = now.since(view.state.declared).as_secs() / 60;
    let left = view.state.leads_needed.saturating_sub(view.state.acknowledged.len());
    let asks = format!("not acknowledged for {}", plural(usize::try_from(minutes).unwrap_or(0), "minute"));
    let line = Mrkdwn::new().emoji(Verdict::Emergency.emoji()).bold("Emergency change declared").words(" · ");
    let line = mention_all(view.key(line).words(&format!(" {asks}. ")), &view.leads()).words(&format!(
        " please press Acknowledge above; {} of you {} needed. The calls stop then.",
        left,
        if left == 1 { "is" } else { "are" }
    ));
    let names: Vec<String> = view.leads().iter().map(|person| person.name.clone()).collect();
    let fallback = format!(
        "Emergency change declared: {}, {}, {asks}. {}: please acknowledge. The calls stop then.",
        view.name(),
        view.scope(),
        listed(&names, "or")
    );
    Message { fallback, parts: vec![Piece::Section(line)] }
}

/// Reminds the owner, alone; or owner and leads, in the thread.
#[must_use]
pub fn remind(view: &EmergencyView<'_>, whom: Whom) -> Message {
    let line = Mrkdwn::new().emoji(Verdict::Emergency.emoji()).bold("Emergency change declared").words(" · ");
    let line = view.key(line).words(&format!(" {}: {}, due ", view.scope(), view.how_much())).time(view.due);
    let people = match whom {
        Whom::Owner => view.owner(),
        Whom::OwnerAndLeads => view.owner().into_iter().chain(view.leads()).collect(),
    };
    let todo = match whom {
        Whom::Owner => Mrkdwn::new().bold("Do this:").words(" "),
        Whom::OwnerAndLeads => mention_all(Mrkdwn::new().bold("Do this:").words(" "), &people).words(" "),
    };
    let todo = todo.words(DO_THIS).line().words(STOPS);
    let names: Vec<String> = people.iter().map(|person| person.name.clone()).collect();
    let fallback = format!(
        "Emergency change declared: the documentation of {}, {}, is due by {}. {}. {}: please complete the ticket.",
        view.name(),
        view.scope(),
        view.due.day_and_clock(),
        view.how_much(),
        listed(&names, "and")
    );
    let open = view.open_ticket("emergency.ticket", "Open the ticket");
    let mut parts = vec![Piece::Section(line), Piece::Section(missing(view)), Piece::Section(todo)];
    parts.extend(open.map(|open| Piece::Controls(vec![open])));
    Message { fallback: shortened(&fallback, 600), parts }
}

/// Tells owner and leads that production was changed although the emergency had been called off.
#[must_use]
pub fn reopened(view: &EmergencyView<'_>) -> Message {
    let what = "was called off, and a deployment went ahead on its account afterwards, so it is open again.";
    let line = Mrkdwn::new().emoji(Verdict::Emergency.emoji()).bold("Emergency change open again").words(" · ");
    let line = view.key(line).words(&format!(" {}: it {what} The documentation is due by ", view.scope()));
    let people: Vec<&Person> = view.owner().into_iter().chain(view.leads()).collect();
    let todo = mention_all(Mrkdwn::new().bold("Do this:").words(" "), &people).words(" ").words(DO_THIS);
    let fallback = format!(
        "Emergency change open again: {}, {}, {what} Documentation is due by {}.",
        view.name(),
        view.scope(),
        view.due.day_and_clock()
    );
    let parts = vec![Piece::Section(line.time(view.due).words(".")), Piece::Section(todo.line().words(STOPS))];
    Message { fallback, parts }
}

/// Whom a reminder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Whoever changed production.
    Owner,
    /// And the leads.
    OwnerAndLeads,
}

const DO_THIS: &str = "fill in the fields of the ticket, then have it approved after the fact, as it is then. Also on a closed \
                       ticket, approvers write the comment /cm approve; who cannot edit it sets it back to review first.";
const STOPS: &str = "Reminders stop when everything is there.";

fn missing(view: &EmergencyView<'_>) -> Mrkdwn {
    let text = Mrkdwn::new().bold(&format!("Still missing ({} of {})", view.missing.len(), Part::ALL.len()));
    let text = view.missing.iter().fold(text, |text, part| text.line().words("• ").words(part.title()));
    let done: Vec<&str> =
        Part::ALL.iter().filter(|part| !view.missing.contains(part)).map(|part| part.title()).collect();
    if done.is_empty() { text } else { text.line().bold("Done:").words(&format!(" {}", done.join(" · "))) }
}

/// The new root message when the time is over, as it stands now.
#[must_use]
pub fn overdue(view: &EmergencyView<'_>, now: Timestamp) -> Message {
    if view.state.ended.is_some() {
        return root(view);
    }
    let hours = now.since(view.due).as_secs() / 3600;
    let ago = match hours {
        0 => "its time is over".into(),
        hours => format!("{} ago", plural(usize::try_from(hours).unwrap_or(0), "hour")),
    };
    let line = Mrkdwn::new().emoji(":red_circle:").bold("Overdue: emergency documentation").words(" · ");
    let line = view.key(line).words(&format!(" · {}{}", view.grade(), view.scope())).words(&view.incident());
    let line = line.line().words("Due ").time(view.due).words(&format!(", {ago}"));
    let todo = mention_all(Mrkdwn::new().bold("To do:").words(" "), &view.owner()).words(" completes the ticket. ");
    let watchers: Vec<&Person> = view.leads().into_iter().chain(view.officers()).collect();
    let todo = mention_all(todo, &watchers).words(" see that it happens.");
    let complete = view.open_ticket("overdue.open", "Complete the ticket");
    let ask = Control::Send(view.send(ASK_NEW_DATE, "Give a new date", Style::Plain));
    let small = Mrkdwn::new().words("Recorded as a policy exception · the next emergency of this service needs two leads · repeats every day until the ticket is complete");
    let parts = vec![
        Piece::Section(line),
        Piece::Section(missing(view)),
        Piece::Section(todo),
        Piece::Controls(complete.into_iter().chain([ask]).collect()),
        Piece::Context(small),
    ];
    Message { fallback: overdue_in_a_sentence(view), parts }
}

fn overdue_in_a_sentence(view: &EmergencyView<'_>) -> String {
    format!(
        "Overdue: the documentation of emergency change {}, {}, was due by {}. {}. {}: complete the ticket. This is recorded as a policy exception.",
        view.name(),
        view.scope(),
        view.due.day_and_clock(),
        view.how_much(),
        view.owner_name()
    )
}

/// The daily reply below that message.
#[must_use]
pub fn still_overdue(view: &EmergencyView<'_>) -> Message {
    let line = Mrkdwn::new().emoji(":red_circle:").bold("Overdue: emergency documentation").words(" · ");
    let line = view.key(line).words(&format!(": {}, due since ", view.how_much())).time(view.due).words(". ");
    let everybody: Vec<&Person> = view.owner().into_iter().chain(view.officers()).collect();
    let line = mention_all(line, &everybody).words(&format!(" {STOPS}"));
    Message { fallback: overdue_in_a_sentence(view), parts: vec![Piece::Section(line)] }
}

/// Calls the leads in Jira, because Slack takes no message.
#[must_use]
pub fn call_in_jira(view: &EmergencyView<'_>) -> Document {
    let said = vec![
        strong("Emergency change declared."),
        words(format!(
            " {}. Slack does not take the announcement, so you are called here. Nothing is approved automatically.",
            view.scope()
        )),
    ];
    let todo = mentions(&view.leads(), vec![strong("To do: ")]);
    let todo = [todo, vec![words(" look at it now, and talk to "), words(view.owner_name()), words(".")]].concat();
    Document(vec![Block::Panel(Verdict::Emergency.tone(), vec![said, todo])])
}

/// Says in Jira that the time is over. The list is no list of boxes: what counts are the fields.
#[must_use]
pub fn overdue_in_jira(view: &EmergencyView<'_>) -> Document {
    let said = vec![
        strong("Overdue: emergency documentation."),
        words(format!(" It was due by {}. {}.", view.due.day_and_clock(), view.how_much())),
    ];
    let todo = mentions(&view.owner(), vec![strong("To do: ")]);
    let todo = [todo, vec![words(format!(" {DO_THIS} What counts are the fields, not a comment. {STOPS}"))]].concat();
    let list = view.missing.iter().map(|part| vec![vec![words(part.title())]]).collect();
    Document(vec![Block::Panel(Tone::Bad, vec![said, todo]), Block::Numbered(list)])
}

fn mentions(people: &[&Person], start: Line) -> Line {
    people.iter().enumerate().fold(start, |mut line, (place, person)| {
        if place > 0 {
            line.push(words(", "));
        }
        line.push(Inline::Mention(person.jira.clone(), person.name.clone()));
        line
    })
}

/// What only the one sees who tried something that does not count.
#[must_use]
pub fn refused(reason: &str, next: &str) -> Message {
    let text = Mrkdwn::new().emoji(":lock:").bold("Nothing was recorded.").words(&format!(" {reason} {next}"));
    Message { fallback: format!("Nothing was recorded. {reason} {next}"), parts: vec![Piece::Section(text)] }
}

/// What only the one sees whose deed was recorded where everybody sees it.
#[must_use]
pub fn recorded(what: &str) -> Message {
    let text = Mrkdwn::new().emoji(":white_check_mark:").words(what);
    Message { fallback: format!("Recorded: {what}"), parts: vec![Piece::Section(text)] }
}

/// The emergency in a sentence, for whoever deploys on its account.
#[must_use]
pub fn at_the_gate(declaration: &Declaration, state: &Emergency) -> String {
    let (by, at) = (shortened(&declaration.owner_name, 60), state.declared.day_and_clock());
    let names: Vec<String> = state.acknowledged.iter().map(|(name, _)| name.clone()).collect();
    let known = if names.is_empty() { "nobody yet".to_owned() } else { listed(&names, "and") };
    format!("An emergency, declared by {by} on {at}; acknowledged by {known}.")
}

/// What its documentation still lacks, each as a sentence with the time until which it is owed.
#[must_use]
pub fn owed(missing: &BTreeSet<Part>, due: Timestamp) -> Vec<String> {
    let until = due.day_and_clock();
    missing.iter().map(|part| format!("Owed until {until}: {}.", part.title())).collect()
}
