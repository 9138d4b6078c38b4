//! `[inspection]`, read and checked.

use std::time::Duration;

use serde::Deserialize;

use super::SettingsError;
use super::address::safe_url;
use super::load::{bad, no_such};
use crate::model::{BeaconPlaces, Inspections, RoleName};

#[derive(Deserialize)]
pub(super) struct RawInspection {
    mode: String,
    size: usize,
    role: String,
    officer: String,
    due_days: u64,
    beacon_chain: String,
    beacon_urls: Vec<String>,
}

impl RawInspection {
    pub(super) fn checked(self) -> Result<Inspections, SettingsError> {
        let wrong = |key: &str, why: &dyn std::fmt::Display| bad(&format!("inspection.{key}"), why.to_string());
        let is_on = match self.mode.as_str() {
            "monthly" => true,
            "off" => false,
            _ => return Err(wrong("mode", &"write \"monthly\" or \"off\"")),
        };
        if !(2..=28).contains(&self.due_days) {
            return Err(wrong("due_days", &"2 to 28 days are expected"));
        }
        let role = RoleName::parse(&self.role).map_err(|error| no_such("inspection.role", &error))?;
        let officer = RoleName::parse(&self.officer).map_err(|error| no_such("inspection.officer", &error))?;
        let urls = self.beacon_urls.iter().map(|url| safe_url("inspection.beacon_urls", url));
        let urls = urls.collect::<Result<Vec<_>, _>>()?;
        let chain = self.beacon_chain;
        let is_hash = chain.len() == 64 && chain.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let beacon = match (urls.is_empty(), is_hash) {
            (true, _) => None,
            (false, true) => Some(BeaconPlaces { chain, urls }),
            (false, false) => return Err(wrong("beacon_chain", &"the hash of the chain is expected (64 hex digits)")),
        };
        Ok(Inspections {
            is_on,
            size: self.size,
            roles: vec![role, officer.clone()],
            officer,
            time: Duration::from_secs(self.due_days * 24 * 3600),
            beacon,
        })
    }
}
