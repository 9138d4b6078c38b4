//! Forms that people fill in, in Slack.

use super::slack::{Mrkdwn, Part};
use crate::model::{EmergencyId, Service};

/// A form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Which form it is, when it comes back.
    pub id: &'static str,
    /// What it is about, when it comes back.
    pub about: String,
    /// Its title.
    pub title: String,
    /// The button that sends it.
    pub submit: String,
    /// What is read before something is filled in.
    pub parts: Vec<Part>,
    /// What is filled in.
    pub inputs: Vec<Input>,
}

/// Something to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name, when it comes back.
    pub name: &'static str,
    /// The question.
    pub label: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// What kind of answer is expected.
    pub kind: Kind,
}

/// A kind of answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Line,
    /// Some words.
    Words {
        /// The least number of characters.
        least: usize,
    },
    /// One of several: value and text.
    Choice(Vec<(String, String)>),
}

/// The form in which an emergency is declared.
pub const DECLARE: &str = "emergency.declare";

/// The form in which a change that brings no code is asked for.
pub const REQUEST: &str = "change.request";

/// The form in which more time is given.
pub const NEW_DATE: &str = "emergency.new-date";

/// The form in which a ticket is approved, and the button that opens it.
pub const APPROVE: &str = "change.approve";

/// The form in which a ticket is declined, and the button that opens it.
pub const DECLINE: &str = "change.decline";

/// The least characters of a reason.
pub const REASON: usize = 10;

/// Asks what is needed to declare an emergency.
#[must_use]
pub fn declare(services: &[Service], channel: &str) -> Form {
    let severities = ["1", "2", "3", "4"].map(|level| (level.to_owned(), format!("severity {level}")));
    let hint = Mrkdwn::new().words("The leads are told at once. Nobody has to approve it first; it is documented within 24 hours, and reviewed afterwards.");
    Form {
        id: DECLARE,
        about: channel.to_owned(),
        title: "Emergency change".into(),
        submit: "Declare".into(),
        parts: vec![Part::Section(hint)],
        inputs: vec![
            input("scope", "What do you change?", Kind::Choice(scopes(services))),
            input("what", "What do you do?", Kind::Words { least: REASON }),
            input("why", "What is wrong, and why can it not wait?", Kind::Words { least: REASON }),
            input("severity", "How bad is it?", Kind::Choice(severities.to_vec())),
            Input { optional: true, ..input("incident", "Incident", Kind::Line) },
        ],
    }
}

/// Asks what is needed to make the ticket of a change that brings no code.
#[must_use]
pub fn request(classes: &[&str], services: &[Service], channel: &str) -> Form {
    let classes = classes.iter().map(|class| ((*class).to_owned(), (*class).to_owned())).collect();
    let hint =
        Mrkdwn::new().words("A ticket is made for you in Jira. Nothing may be changed before it is approved there.");
    Form {
        id: REQUEST,
        about: format!("request {channel}"),
        title: "Request a change".into(),
        submit: "Request".into(),
        parts: vec![Part::Section(hint)],
        inputs: vec![
            input("class", "What kind of change is it?", Kind::Choice(classes)),
            input("scope", "What is changed?", Kind::Choice(scopes(services))),
            input("what", "What do you need?", Kind::Words { least: REASON }),
            input("why", "Why is it needed?", Kind::Words { least: REASON }),
            Input { optional: true, ..input("links", "Links", Kind::Line) },
        ],
    }
}

/// Asks the Security Officer for a new date and a reason.
#[must_use]
pub fn new_date(id: EmergencyId, subject: &str) -> Form {
    let hours = [4, 8, 24, 48, 72].map(|hours: u32| (hours.to_string(), format!("in {hours} hours")));
    let words = Mrkdwn::new().bold(subject).line().words(
        "You decide as Security Officer. That the date was missed stays in the record, and so does your reason.",
    );
    Form {
        id: NEW_DATE,
        about: id.to_string(),
        title: "Give a new date".into(),
        submit: "Give a new date".into(),
        parts: vec![Part::Section(words)],
        inputs: vec![
            input("hours", "When is the documentation due?", Kind::Choice(hours.to_vec())),
            input("reason", "Why is more time needed?", Kind::Words { least: REASON }),
        ],
    }
}

/// Every registered service in each of its environments.
fn scopes(services: &[Service]) -> Vec<(String, String)> {
    let scopes = services.iter().flat_map(|service| {
        let environments = service.environments.iter();
        environments.map(|one| (format!("{} {one}", service.name), format!("{} to {one}", service.name)))
    });
    scopes.collect()
}

fn input(name: &'static str, label: &str, kind: Kind) -> Input {
    Input { name, label: label.into(), optional: false, kind }
}
