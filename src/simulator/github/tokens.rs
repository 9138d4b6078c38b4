//! Tokens and the rate limit.

use std::collections::HashMap;

use super::super::clock::Clock;

/// Milliseconds in an hour: the life of a token, and of a rate limit.
const HOUR: i64 = 3_600_000;

/// Requests an hour. The simulator counts and reports them; a scene's faults make a limit bite.
pub(super) const LIMIT: u64 = 5000;

/// Every token that is valid, and what was used of the rate limits.
#[derive(Debug)]
pub struct Tokens {
    clock: Clock,
    personal: String,
    handed_out: HashMap<String, i64>,
    window: i64,
    used: HashMap<&'static str, u64>,
}

/// Who a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// An installation of the App.
    Installation,
    /// A person.
    Person,
}

/// What is left of a rate limit.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Points used in this hour.
    pub used: u64,
    /// When the hour ends, in seconds since the epoch.
    pub reset: i64,
}

impl Tokens {
    /// A personal token and no other.
    #[must_use]
    pub fn new(clock: Clock) -> Tokens {
        let personal = format!("ghp_{}", uuid::Uuid::now_v7().simple());
        Tokens { window: clock.now_ms(), clock, personal, handed_out: HashMap::new(), used: HashMap::new() }
    }

    /// The personal token.
    #[must_use]
    pub fn personal(&self) -> String {
        self.personal.clone()
    }

    /// A new token of the App's installation, and when it ends.
    pub fn hand_out(&mut self) -> (String, i64) {
        let token = format!("ghs_{:036}", self.handed_out.len() + 1);
        let ends = self.clock.now_ms() + HOUR;
        self.handed_out.insert(token.clone(), ends);
        (token, ends)
    }

    /// Who a token belongs to, if it is valid now.
    #[must_use]
    pub fn caller(&self, token: &str) -> Option<Caller> {
        if token == self.personal {
            return Some(Caller::Person);
        }
        self.handed_out.get(token).filter(|ends| **ends > self.clock.now_ms()).map(|_| Caller::Installation)
    }

    /// Uses points of one of the rate limits.
    pub fn spend(&mut self, resource: &'static str, points: u64) -> Budget {
        let now = self.clock.now_ms();
        if now >= self.window + HOUR {
            self.window = now;
            self.used.clear();
        }
        let used = self.used.entry(resource).or_default();
        *used += points;
        Budget { used: *used, reset: (self.window + HOUR).div_euclid(1000) }
    }
}

impl Budget {
    /// Points that are left.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        LIMIT.saturating_sub(self.used)
    }
}
