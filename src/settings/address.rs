//! Addresses of other systems, and which of them may be asked without encryption.

use url::{Host, Url};

use super::SettingsError;
use super::load::bad;

/// An address for people to open: nothing secret goes there, and no evidence comes from there.
pub(super) fn http_url(key: &str, text: &str) -> Result<Url, SettingsError> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && is_nobodys(&url) => Ok(url),
        Ok(_) | Err(_) => Err(bad(key, "an address that begins with https:// is expected")),
    }
}

/// The address of a system that gets a token from us, or from which evidence comes.
pub(super) fn safe_url(key: &str, text: &str) -> Result<Url, SettingsError> {
    let url = http_url(key, text)?;
    if is_safe(&url) {
        return Ok(url);
    }
    Err(bad(
        key,
        "an address that begins with https:// is expected, because others can read and change on the way what goes over \
         http://; a system that speaks only http:// needs a proxy with TLS in front of it, or has to be on this machine \
         (127.0.0.1, [::1] or localhost)",
    ))
}

/// Whether nobody in between can read along, or answer instead: encrypted, or on this machine.
pub(super) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_here(url),
        _ => false,
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether it carries no name and no password.
fn is_nobodys(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_encrypted_is_safe_on_this_machine_alone() {
        let is_safe = |text: &str| is_safe(&Url::parse(text).unwrap());
        for safe in [
            "https://jira.example",
            "https://10.0.0.7:8443/jira",
            "http://127.0.0.1:9101",
            "http://127.8.0.1",
            "http://2130706433",
            "http://[::1]:9101",
            "http://localhost:9101/api",
            "http://LOCALHOST",
        ] {
            assert!(is_safe(safe), "{safe}");
        }
        for odd in [
            "http://jira.example",
            "http://10.0.0.7",
            "http://0.0.0.0:9101",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://notlocalhost",
            "http://[::]:9101",
            "http://[::ffff:10.0.0.7]",
            "ftp://127.0.0.1",
            "ws://jira.example",
        ] {
            assert!(!is_safe(odd), "{odd}");
        }
    }
}
