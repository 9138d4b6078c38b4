//! Whether whatever the gate let through had been approved, by what the trail says alone. `tests/verify.py` says the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Timestamp;

/// The entries that are read for it.
const EVENTS: [&str; 4] = ["approved_automatically", "approved_by_human", "approval_voided", "gate_allowed"];

/// Something went out that nothing had approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unapproved {
    /// No approval of the build stood when it was let through.
    #[error("entry {entry}: the gate let {ticket} through, and no approval of this commit by it stands before that")]
    Nothing {
        /// The number of the entry.
        entry: i64,
        /// The ticket.
        ticket: String,
    },
    /// One stood, and another one is named.
    #[error(
        "entry {entry}: the gate let {ticket} through for an approval that was given at another time than the one that stood"
    )]
    Another {
        /// The number of the entry.
        entry: i64,
        /// The ticket.
        ticket: String,
    },
}

/// One entry, as far as it matters.
#[derive(Debug, Deserialize)]
struct Told {
    event: String,
    at: Timestamp,
    ticket: Option<String>,
    commit: Option<String>,
    approved_at: Option<Timestamp>,
}

/// The approvals that stand, by ticket and commit, each with when it was given where the trail says so.
#[derive(Debug, Default)]
pub struct LetThrough {
    standing: BTreeMap<(String, String), Option<Timestamp>>,
}

impl LetThrough {
    /// Takes the next entry.
    ///
    /// # Errors
    /// When it lets something through that no approval stands for.
    pub fn add(&mut self, entry: i64, body: &str) -> Result<(), Unapproved> {
        let is_of_it = EVENTS.iter().any(|event| body.contains(event));
        let Some(told) = is_of_it.then(|| serde_json::from_str::<Told>(body).ok()).flatten() else { return Ok(()) };
        let (ticket, commit) = (told.ticket.unwrap_or_default(), told.commit);
        let of = (ticket.clone(), commit.clone().unwrap_or_default());
        match told.event.as_str() {
            "approved_automatically" => drop(self.standing.insert(of, Some(told.at))),
            // Without a commit nothing is deployed.
            "approved_by_human" if commit.is_some() => drop(self.standing.insert(of, told.approved_at)),
            "approval_voided" => drop(self.standing.remove(&of)),
            "gate_allowed" => match self.standing.get(&of) {
                None => return Err(Unapproved::Nothing { entry, ticket }),
                Some(Some(given)) if Some(*given) != told.approved_at => {
                    return Err(Unapproved::Another { entry, ticket });
                }
                Some(_) => {}
            },
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(entries: &[Value]) -> Result<(), String> {
        let mut let_through = LetThrough::default();
        let mut walk =
            (1..).zip(entries).map(|(number, entry): (i64, &Value)| let_through.add(number, &entry.to_string()));
        walk.try_for_each(|one| one).map_err(|fault| fault.to_string())
    }

    fn entry(event: &str, commit: &str, more: &Value) -> Value {
        let mut entry = json!({"at": 5, "ticket": "PRODCM-1", "event": event, "commit": commit});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    }

    #[test]
    fn what_was_approved_may_go_through() {
        let allowed = entry("gate_allowed", "a", &json!({"approved_at": 5}));
        assert_eq!(said(&[entry("approved_automatically", "a", &json!({})), allowed.clone()]), Ok(()));
        assert_eq!(said(&[entry("approved_by_human", "a", &json!({"approved_at": 5})), allowed.clone()]), Ok(()));
        assert_eq!(said(&[entry("approved_by_human", "a", &json!({})), allowed.clone()]), Ok(()), "an older version");
        let voided = entry("approval_voided", "a", &json!({}));
        let again = entry("approved_by_human", "a", &json!({"approved_at": 5}));
        assert_eq!(said(&[entry("approved_automatically", "a", &json!({})), voided, again, allowed]), Ok(()));
    }

    #[test]
    fn what_was_not_approved_may_not() {
        let allowed = entry("gate_allowed", "a", &json!({"approved_at": 5}));
        let nothing = "the gate let PRODCM-1 through, and no approval of this commit by it stands before that";
        assert_eq!(said(std::slice::from_ref(&allowed)).unwrap_err(), format!("entry 1: {nothing}"));
        let other = entry("approved_automatically", "b", &json!({}));
        assert_eq!(said(&[other, allowed.clone()]).unwrap_err(), format!("entry 2: {nothing}"));
        let given = entry("approved_automatically", "a", &json!({}));
        let voided = entry("approval_voided", "a", &json!({}));
        assert_eq!(said(&[given.clone(), voided, allowed]).unwrap_err(), format!("entry 3: {nothing}"));
        let earlier = entry("gate_allowed", "a", &json!({"approved_at": 4}));
        assert_eq!(
            said(&[given, earlier]).unwrap_err(),
            "entry 2: the gate let PRODCM-1 through for an approval that was given at another time than the one that stood"
        );
    }
}
