//! The part of JQL that the simulated Jira understands: comparisons joined by `AND`. `ORDER BY` is read and ignored.

use super::super::scene::Scene;
use super::fields::{FIELDS, Field, Kind};
use super::jql_tokens::{Token, tokens};
use super::shapes::{PROJECT, project_id};
use super::state::{State, Ticket};
use super::workflow::STATUSES;

/// A query that can be asked of a ticket.
#[derive(Debug, Clone)]
pub(super) struct Query(Vec<Clause>);

#[derive(Debug, Clone)]
struct Clause {
    subject: Subject,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
enum Subject {
    Project,
    Component,
    Status,
    StatusCategory,
    Key,
    Id,
    Created,
    Updated,
    Labels,
    Choice(&'static Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    AnyOf,
    NoneOf,
    Before,
    NotAfter,
    After,
    NotBefore,
}

impl Query {
    /// Reads a query. Times such as `-30m` count from `now`.
    ///
    /// # Errors
    /// Jira's own sentence when it is unbounded, or a sentence that says what is not understood.
    pub(super) fn parse(jql: &str, now: i64) -> Result<Query, String> {
        let mut rest = Reader { tokens: tokens(jql)?, place: 0 };
        let mut clauses = Vec::new();
        while !rest.at_end() {
            clauses.push(clause(&mut rest, now)?);
            match rest.next() {
                None => break,
                Some(token) if token.is_word("and") => {}
                Some(token) if token.is_word("order") => rest.place -= 1,
                Some(token) => return Err(expected("AND", Some(&token))),
            }
        }
        if clauses.is_empty() {
            let fault = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";
            return Err(fault.into());
        }
        Ok(Query(clauses))
    }

    /// Checks that every project, component, status and key in the query exists, as Jira does.
    ///
    /// # Errors
    /// Jira's sentence about the first value that does not.
    pub(super) fn check(&self, state: &State, scene: &Scene) -> Result<(), String> {
        self.0
            .iter()
            .try_for_each(|clause| clause.values.iter().try_for_each(|value| clause.check(value, state, scene)))
    }

    /// Whether a ticket is meant.
    pub(super) fn matches(&self, state: &State, ticket: &Ticket) -> bool {
        self.0.iter().all(|clause| clause.matches(state, ticket))
    }
}

struct Reader {
    tokens: Vec<Token>,
    place: usize,
}

impl Reader {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.place).cloned();
        self.place += 1;
        token
    }

    /// The end of the restrictions: what `ORDER BY` says does not matter here.
    fn at_end(&self) -> bool {
        self.tokens.get(self.place).is_none_or(|token| token.is_word("order"))
    }
}

fn expected(what: &str, got: Option<&Token>) -> String {
    let got = got.map_or_else(|| "the end of the query".to_owned(), |token| format!("'{}'", token.text()));
    format!("Error in the JQL Query: Expecting {what} but got {got}.")
}

fn clause(rest: &mut Reader, now: i64) -> Result<Clause, String> {
    let subject = match rest.next() {
        Some(token) if token.is_name() => subject(token.text())?,
        other => return Err(expected("a field", other.as_ref())),
    };
    let operator = rest.next();
    let negated = operator.as_ref().is_some_and(|token| token.is_word("not"));
    let (operator, values) = match operator {
        Some(token) if negated || token.is_word("in") => {
            if negated && !rest.next().is_some_and(|token| token.is_word("in")) {
                return Err(expected("'in'", None));
            }
            (if negated { Operator::NoneOf } else { Operator::AnyOf }, list(rest)?)
        }
        Some(Token::Sign(sign)) => (by_sign(sign)?, vec![value(rest)?]),
        other => return Err(expected("an operator", other.as_ref())),
    };
    let timed = matches!(subject, Subject::Created | Subject::Updated);
    if timed == matches!(operator, Operator::AnyOf | Operator::NoneOf) {
        return Err(
            "Error in the JQL Query: the simulated Jira compares times with < > and other fields with = !=".into()
        );
    }
    let values = if timed { values.iter().map(|value| moment(value, now)).collect::<Result<_, _>>()? } else { values };
    Ok(Clause { subject, operator, values })
}

fn by_sign(sign: &str) -> Result<Operator, String> {
    match sign {
        "=" => Ok(Operator::AnyOf),
        "!=" => Ok(Operator::NoneOf),
        "<" => Ok(Operator::Before),
        "<=" => Ok(Operator::NotAfter),
        ">" => Ok(Operator::After),
        ">=" => Ok(Operator::NotBefore),
        other => Err(format!("Error in the JQL Query: the simulated Jira does not know the operator '{other}'.")),
    }
}

fn list(rest: &mut Reader) -> Result<Vec<String>, String> {
    match rest.next() {
        Some(Token::Open) => {}
        other => return Err(expected("'('", other.as_ref())),
    }
    let mut values = vec![value(rest)?];
    loop {
        match rest.next() {
            Some(Token::Comma) => values.push(value(rest)?),
            Some(Token::Close) => return Ok(values),
            other => return Err(expected("',' or ')'", other.as_ref())),
        }
    }
}

fn value(rest: &mut Reader) -> Result<String, String> {
    match rest.next() {
        Some(token) if token.is_name() => Ok(token.text().to_owned()),
        other => Err(expected("a value", other.as_ref())),
    }
}

fn subject(name: &str) -> Result<Subject, String> {
    let known = match name.to_ascii_lowercase().as_str() {
        "project" => Some(Subject::Project),
        "component" => Some(Subject::Component),
        "status" => Some(Subject::Status),
        "statuscategory" => Some(Subject::StatusCategory),
        "key" | "issuekey" | "issue" => Some(Subject::Key),
        "id" => Some(Subject::Id),
        "created" | "createddate" => Some(Subject::Created),
        "updated" | "updateddate" => Some(Subject::Updated),
        "labels" => Some(Subject::Labels),
        _ => choice(name).map(Subject::Choice),
    };
    known.ok_or_else(|| format!("Field '{name}' does not exist or you do not have permission to view it."))
}

fn choice(name: &str) -> Option<&'static Field> {
    let named = |field: &&Field| field.name.eq_ignore_ascii_case(name) || format!("cf[{}]", field.number) == name;
    FIELDS.iter().filter(|field| field.kind == Kind::Choice).find(named)
}

/// A time, `-30m` before now or written as `2026-11-02 09:00`, in milliseconds and as a text.
fn moment(text: &str, now: i64) -> Result<String, String> {
    let relative = text.strip_prefix('-').and_then(|span| {
        let (number, unit) = span.split_at_checked(span.len().checked_sub(1)?)?;
        let minutes = match unit {
            "m" => 1,
            "h" => 60,
            "d" => 24 * 60,
            "w" => 7 * 24 * 60,
            _ => return None,
        };
        Some(now - number.parse::<i64>().ok()?.checked_mul(minutes * 60_000)?)
    });
    let absolute = || {
        let text = if text.contains(' ') { text.replace(' ', "T") } else { format!("{text}T00:00") };
        let time = text.replace('/', "-").parse::<jiff::civil::DateTime>().ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
    };
    let found = relative.or_else(absolute).map(|ms| ms.to_string());
    found.ok_or_else(|| format!("Date value '{text}' is invalid. Valid formats include: 'yyyy-MM-dd HH:mm', '-5d'."))
}

impl Clause {
    fn matches(&self, state: &State, ticket: &Ticket) -> bool {
        let among = || self.values.iter().any(|value| self.is(value, state, ticket));
        let time = if matches!(self.subject, Subject::Created) { ticket.created } else { ticket.updated };
        let limit = || self.values.first().and_then(|value| value.parse::<i64>().ok()).unwrap_or(i64::MAX);
        match self.operator {
            Operator::AnyOf => among(),
            // A field that is not filled in matches no comparison, not even an unequal one.
            Operator::NoneOf => !self.is_empty(ticket) && !among(),
            Operator::Before => time < limit(),
            Operator::NotAfter => time <= limit(),
            Operator::After => time > limit(),
            Operator::NotBefore => time >= limit(),
        }
    }

    fn is_empty(&self, ticket: &Ticket) -> bool {
        match self.subject {
            Subject::Component => ticket.components.is_empty(),
            Subject::Labels => ticket.labels.is_empty(),
            Subject::Choice(field) => !ticket.values.contains_key(field.id),
            _ => false,
        }
    }

    fn is(&self, value: &str, state: &State, ticket: &Ticket) -> bool {
        let same = |text: &str| text.eq_ignore_ascii_case(value);
        match self.subject {
            Subject::Project => is_project(ticket.project(), value),
            Subject::Component => ticket.components.iter().any(|name| same(name)),
            Subject::Status => same(ticket.status.name) || ticket.status.id == value,
            Subject::StatusCategory => same(ticket.status.category.name()) || same(ticket.status.category.key()),
            Subject::Key | Subject::Id => same(&ticket.key) || ticket.id.to_string() == value,
            Subject::Created | Subject::Updated => false,
            // Labels that no ticket has are no mistake: they are free text.
            Subject::Labels => ticket.labels.iter().any(|label| same(label)),
            Subject::Choice(field) => ticket
                .values
                .get(field.id)
                .map(|stored| field.text(stored))
                .is_some_and(|text| same(&text) || state.option_id(field.id, &text).as_deref() == Some(value)),
        }
    }

    fn check(&self, value: &str, state: &State, scene: &Scene) -> Result<(), String> {
        let mut tickets = state.tickets.iter().map(|tracked| &tracked.ticket);
        let (exists, field) = match self.subject {
            Subject::Project => {
                (is_project(PROJECT, value) || tickets.any(|ticket| is_project(ticket.project(), value)), "project")
            }
            Subject::Component => {
                let named = |name: &String| name.eq_ignore_ascii_case(value);
                let of_scene = scene.services.iter().any(|service| named(&service.name));
                (of_scene || tickets.any(|ticket| ticket.components.iter().any(named)), "component")
            }
            Subject::Status => {
                let known =
                    |status: &&super::workflow::Status| status.name.eq_ignore_ascii_case(value) || status.id == value;
                (STATUSES.into_iter().any(|status| known(&status)), "status")
            }
            Subject::Key | Subject::Id if state.find(value).is_none() => {
                return Err(format!("An issue with key '{value}' does not exist for field 'key'."));
            }
            _ => (true, ""),
        };
        if exists { Ok(()) } else { Err(format!("The value '{value}' does not exist for the field '{field}'.")) }
    }
}

fn is_project(key: &str, value: &str) -> bool {
    key.eq_ignore_ascii_case(value) || project_id(key) == value
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::actions::{NewTicket, blank};
    use super::super::state::Edit;
    use super::*;

    const NOW: i64 = 1_793_610_000_000;

    fn state() -> State {
        let mut state =
            State::new(vec![("customfield_10101", "prod-us".into())], crate::simulator::scene::JiraKind::Cloud);
        for (key, component) in [("PRODCM-1", "billing-api"), ("PRODCM-2", "web \"x\""), ("PRODCM-3", "")] {
            let new = NewTicket { key: key.into(), by: String::new(), content: Edit::default() };
            let mut ticket = blank(state.next_ticket_id(), &new, NOW - 60 * 60 * 1000);
            ticket.components = Some(component.to_owned()).filter(|name| !name.is_empty()).into_iter().collect();
            ticket.labels.extend((key == "PRODCM-1").then(|| "urgent".to_owned()));
            ticket.values.extend((key == "PRODCM-1").then(|| ("customfield_10101", "prod-us".into())));
            state.add(ticket);
        }
        state
    }

    fn found(jql: &str) -> Result<Vec<u64>, String> {
        let scene = Scene::parse("title = 't'\nabout = 'a'\ntimeline = []\nexpect = []").map_err(|error| error.0)?;
        let state = state();
        let query = Query::parse(jql, NOW)?;
        query.check(&state, &scene)?;
        let tickets = state.tickets.iter().map(|tracked| &tracked.ticket);
        Ok(tickets.filter(|ticket| query.matches(&state, ticket)).map(|ticket| ticket.id).collect())
    }

    #[test]
    fn restrictions_are_joined() {
        assert_eq!(found("project = prodcm AND component = 'billing-api' ORDER BY created DESC"), Ok(vec![10001]));
        assert_eq!(found(r#"component = "web \"x\"""#), Ok(vec![10002]));
        assert_eq!(
            found("status in (\"Awaiting approval\", Approved) and key not in (PRODCM-1)"),
            Ok(vec![10002, 10003])
        );
        assert_eq!(found("labels = Urgent"), Ok(vec![10001]));
        assert_eq!(found("labels = nobody-has-it"), Ok(vec![]));
        assert_eq!(found("id = 10003 AND statusCategory != Done"), Ok(vec![10003]));
        assert_eq!(found("\"Target environment\" = prod-us AND cf[10101] = prod-us"), Ok(vec![10001]));
    }

    #[test]
    fn a_field_that_is_not_filled_in_is_not_unequal() {
        assert_eq!(found("component != billing-api"), Ok(vec![10002]));
    }

    #[test]
    fn times_are_relative_or_written_out() {
        assert_eq!(found("project = PRODCM AND updated >= -30m"), Ok(vec![]));
        assert_eq!(found("updated >= -2h").map(|ids| ids.len()), Ok(3));
        assert_eq!(found("created < \"2026-11-02 08:30\"").map(|ids| ids.len()), Ok(3));
        assert!(found("updated >= soon").is_err());
    }

    #[test]
    fn an_unbounded_query_is_refused() {
        for jql in ["", "  ", "ORDER BY created"] {
            assert!(found(jql).unwrap_err().starts_with("Unbounded JQL queries are not allowed here."));
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        assert_eq!(found("project = NOPE").unwrap_err(), "The value 'NOPE' does not exist for the field 'project'.");
        assert_eq!(
            found("key = PRODCM-9").unwrap_err(),
            "An issue with key 'PRODCM-9' does not exist for field 'key'."
        );
        assert!(found("colour = red").unwrap_err().starts_with("Field 'colour' does not exist"));
        assert!(found("status = Open").unwrap_err().contains("field 'status'"));
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_guessed() {
        for jql in
            ["project = PRODCM OR key = PRODCM-1", "project", "project =", "key in PRODCM-1", "summary ~ x", "key in ("]
        {
            assert!(found(jql).is_err(), "{jql}");
        }
    }
}
