//! How the monthly inspection goes, from the settings.

use std::time::Duration;

use super::ids::RoleName;

/// `[inspection]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspections {
    /// Whether each month is fixed and drawn without anybody asking for it.
    pub is_on: bool,
    /// How many changes are drawn beside those that are inspected anyway.
    pub size: usize,
    /// The roles of those who inspect, the first that somebody has.
    pub roles: Vec<RoleName>,
    /// Who hears when it is overdue.
    pub officer: RoleName,
    /// How long they have.
    pub time: Duration,
    /// The public beacon, if one draws.
    pub beacon: Option<BeaconPlaces>,
}

impl Inspections {
    /// The chain of the beacon that makes the first draw of each month; nothing when a person brings dice.
    #[must_use]
    pub fn drawing(&self) -> Option<&str> {
        self.beacon.as_ref().filter(|_| self.is_on).map(|beacon| beacon.chain.as_str())
    }
}

/// A network of drand, and where it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeaconPlaces {
    /// The hash of its chain, which says which network it is.
    pub chain: String,
    /// Addresses that answer for it; all have to say the same.
    pub urls: Vec<url::Url>,
}
