//! `[reminders]`, read and checked.

use std::time::Duration;

use serde::Deserialize;

use super::SettingsError;
use super::load::{bad, no_such};
use crate::model::{Held, Quiet, Reminders, RoleName, TimeOfDay};

/// The most minutes that Slack may fail before the leads of an emergency are called in Jira.
const MOST_SILENCE: u64 = 15;

/// The most hours that the documentation of an emergency may take.
const MOST_HOURS: u64 = 24;

#[derive(Deserialize)]
pub(super) struct RawReminders {
    quiet_hours: String,
    daily_at: String,
    held_thread_minutes: u64,
    held_direct_minutes: u64,
    held_last_resort_minutes: u64,
    last_resort: String,
    call_again_minutes: Vec<u64>,
    call_in_jira_minutes: u64,
    document_hours: u64,
    remind_owner_hours: Vec<u64>,
    remind_leads_minutes: u64,
    remind_end_days: u64,
}

impl RawReminders {
    pub(super) fn checked(&self) -> Result<Reminders, SettingsError> {
        let wrong = |key: &str, why: &dyn std::fmt::Display| bad(&format!("reminders.{key}"), why.to_string());
        if self.call_in_jira_minutes > MOST_SILENCE {
            return Err(wrong("call_in_jira_minutes", &"at most 15 minutes are expected"));
        }
        if !(1..=MOST_HOURS).contains(&self.document_hours) {
            return Err(wrong("document_hours", &"1 to 24 hours are expected"));
        }
        let waits = [self.held_thread_minutes, self.held_direct_minutes, self.held_last_resort_minutes];
        if !waits.is_sorted() {
            return Err(wrong("held_direct_minutes", &"the three waits of a ticket are expected to grow"));
        }
        let [thread, direct, last_resort] = waits.map(minutes);
        Ok(Reminders {
            held: Held {
                thread,
                direct,
                last_resort,
                role: RoleName::parse(&self.last_resort).map_err(|error| no_such("reminders.last_resort", &error))?,
            },
            quiet: Quiet::parse(&self.quiet_hours).map_err(|error| no_such("reminders.quiet_hours", &error))?,
            daily: TimeOfDay::parse(&self.daily_at).map_err(|error| no_such("reminders.daily_at", &error))?,
            call_again: self.call_again_minutes.iter().map(|wait| minutes(*wait)).collect(),
            call_in_jira: minutes(self.call_in_jira_minutes),
            document: minutes(self.document_hours * 60),
            remind_owner: self.remind_owner_hours.iter().map(|wait| minutes(wait.saturating_mul(60))).collect(),
            remind_leads: minutes(self.remind_leads_minutes),
            remind_end: minutes(self.remind_end_days.saturating_mul(24 * 60)),
        })
    }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes.saturating_mul(60))
}
