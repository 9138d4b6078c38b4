//! `callbacks` of `[services.gate]`: where pipelines may be told that something has changed, and with which secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::address::is_safe;
use super::load::bad;
use super::{SettingsError, secret};
use crate::model::ServiceName;

/// What Standard Webhooks writes before a secret.
pub const SECRET_PREFIX: &str = "whsec_";

/// The length of a secret, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// Where the pipelines of a service may be told that something has changed.
#[derive(Debug, Clone)]
pub struct Callbacks {
    /// Addresses; one that ends with a slash stands for everything below it.
    addresses: Vec<Url>,
    /// The secrets, base64 after [`SECRET_PREFIX`]; at least one, the newest first.
    pub secrets: Vec<SecretString>,
}

/// `callbacks` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCallbacks {
    addresses: Vec<String>,
    #[serde(default)]
    secrets: Vec<String>,
    #[serde(default)]
    secrets_file: String,
}

impl Callbacks {
    /// The address that a pipeline names, if it is one of those that are listed. What it looks like after it was read counts,
    /// not how it was written.
    #[must_use]
    pub fn admit(&self, named: &str) -> Option<Url> {
        let named = Url::parse(named).ok().filter(is_plain)?;
        let origin =
            |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
        let is_below = |listed: &Url| listed.path().ends_with('/') && named.path().starts_with(listed.path());
        let is_it = |listed: &Url| origin(listed) == origin(&named) && (*listed == named || is_below(listed));
        self.addresses.iter().any(is_it).then_some(named)
    }
}

impl RawCallbacks {
    pub(super) fn checked(self, service: &ServiceName) -> Result<Callbacks, SettingsError> {
        let RawCallbacks { addresses, secrets, secrets_file } = self;
        let no_address = || {
            bad(
                "services",
                format!("the callbacks of `{service}` go to https:// addresses without a name, a query or a fragment"),
            )
        };
        let address = |text: &String| {
            let url = Url::parse(text).ok().filter(|url| is_plain(url) && is_safe(url) && url.query().is_none());
            url.ok_or_else(no_address)
        };
        let addresses = addresses.iter().map(address).collect::<Result<Vec<_>, _>>()?;
        let secrets = secret::many("services.gate.callbacks.secrets", &secrets, &secrets_file)?;
        let is_secret = |secret: &SecretString| {
            let bytes = secret.expose_secret().strip_prefix(SECRET_PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
            bytes.is_some_and(|bytes| LENGTHS.contains(&bytes.len()))
        };
        if addresses.is_empty() || secrets.is_empty() || !secrets.iter().all(is_secret) {
            let why = "needs addresses, and secrets of the form whsec_ and 24 to 64 bytes in base64";
            return Err(bad("services", format!("`callbacks` of `{service}` {why}")));
        }
        Ok(Callbacks { addresses, secrets })
    }
}

/// Nobody's name or password, and no fragment.
fn is_plain(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.fragment().is_none() && url.has_host()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_addresses_are_admitted_however_they_are_written() {
        let addresses = ["https://ci.example/hooks/", "https://ci.example/one"];
        let callbacks =
            Callbacks { addresses: addresses.iter().map(|one| Url::parse(one).unwrap()).collect(), secrets: vec![] };
        for good in ["https://ci.example/hooks/a1", "https://ci.example/one", "https://CI.example:443/hooks/x/y"] {
            assert!(callbacks.admit(good).is_some(), "{good}");
        }
        for odd in [
            "http://ci.example/hooks/a1",
            "https://ci.example/hooks",
            "https://ci.example/hooks/../admin",
            "https://ci.example/hooks/%2e%2e/admin",
            "https://ci.example/one/more",
            "https://ci.example/one?x=1",
            "https://ci.example:8443/hooks/a1",
            "https://ci.example.evil/hooks/a1",
            "https://ci.example@evil.example/hooks/a1",
            "https://user@ci.example/hooks/a1",
            "https://ci.example/hooks/a1#x",
            "file:///hooks/a1",
            "",
        ] {
            assert!(callbacks.admit(odd).is_none(), "{odd}");
        }
    }
}
