//! The allowed signers, in OpenSSH's format (ssh-keygen(1), "ALLOWED SIGNERS"): principals, options, key.
//!
//! We are stricter than OpenSSH, because this file is what everything else rests on: a line counts only if it names our
//! namespace, patterns and certificates are refused, and a time says that it is UTC.

use ssh_key::PublicKey;

use super::{NAMESPACE, Unsigned};
use crate::model::Timestamp;

/// Everybody who may sign criteria.
pub(super) struct Signers(Vec<Signer>);

/// One line.
pub(super) struct Signer {
    pub principals: Vec<String>,
    pub key: PublicKey,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// The options of a line.
#[derive(Default)]
struct Options {
    namespaces: Vec<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Signers {
    /// Reads the file. Lines for other namespaces are left alone.
    pub(super) fn parse(text: &str) -> Result<Signers, Unsigned> {
        let mut signers: Vec<Signer> = Vec::new();
        for (place, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = |why| Unsigned::BadSigners { line: place + 1, why };
            let Some(signer) = signer(line).map_err(bad)? else { continue };
            if signers.iter().any(|other| other.key.key_data() == signer.key.key_data()) {
                return Err(bad("its key stands in an earlier line too"));
            }
            signers.push(signer);
        }
        Ok(Signers(signers))
    }

    /// Who has this key.
    pub(super) fn with(&self, key: &PublicKey) -> Option<&Signer> {
        self.0.iter().find(|signer| signer.key.key_data() == key.key_data())
    }
}

/// A line, or nothing when it is for other namespaces.
fn signer(line: &str) -> Result<Option<Signer>, &'static str> {
    const FORM: &str = "PRINCIPAL namespaces=\"cm-bot-criteria\" KEY-TYPE KEY is expected";
    let (principals, rest) = word(line).ok_or(FORM)?;
    let (second, after) = word(rest).ok_or(FORM)?;
    // A key type has no options in front of it when it comes second.
    let (options, rest) = if is_key_type(second) { ("", rest) } else { (second, after) };
    let options = Options::parse(options)?;
    if !options.namespaces.iter().any(|name| name == NAMESPACE) {
        return Ok(None);
    }
    let (kind, rest) = word(rest).ok_or(FORM)?;
    let (key, _comment) = word(rest).ok_or(FORM)?;
    let key = PublicKey::from_openssh(&format!("{kind} {key}")).map_err(|_| "its key cannot be read")?;
    let principals: Vec<String> = unquoted(principals).split(',').map(str::to_owned).collect();
    if principals.iter().any(|name| name.is_empty() || name.contains(['*', '?', '!'])) {
        return Err("a principal is a name, not a pattern: somebody has to answer for the signature");
    }
    Ok(Some(Signer { principals, key, from: options.from, until: options.until }))
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start))
}

impl Options {
    fn parse(text: &str) -> Result<Options, &'static str> {
        let mut options = Options::default();
        for option in outside_quotes(text, |c| c == ',').into_iter().filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = unquoted(value);
            match name.to_ascii_lowercase().as_str() {
                "namespaces" => options.namespaces = value.split(',').map(str::to_owned).collect(),
                "valid-after" => options.from = Some(time(value)?),
                "valid-before" => options.until = Some(time(value)?),
                "cert-authority" => return Err("certificates are not verified; name the signer's own key"),
                _ => return Err("it has an option that is not known"),
            }
        }
        Ok(options)
    }
}

/// `20271101Z`, `202711011200Z` or `20271101120000Z`.
fn time(text: &str) -> Result<Timestamp, &'static str> {
    const FORM: &str = "a time in UTC is expected, such as 20271101Z; without the Z it would depend on the machine";
    let digits = text.strip_suffix('Z').ok_or(FORM)?;
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FORM);
    }
    let padded = format!("{digits:0<14}");
    let part = |from: usize, to: usize| padded.get(from..to).unwrap_or_default().to_owned();
    let (day, clock) = ([part(0, 4), part(4, 6), part(6, 8)], [part(8, 10), part(10, 12), part(12, 14)]);
    Timestamp::parse(&format!("{}T{}Z", day.join("-"), clock.join(":"))).map_err(|_| FORM)
}

/// The first word and what follows it; a quoted part may hold blanks.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let length = outside_quotes(text, char::is_whitespace).first().map_or(0, |first| first.len());
    (length > 0).then(|| text.split_at(length))
}

/// Splits at such characters, but not between quotes.
fn outside_quotes(text: &str, at: impl Fn(char) -> bool) -> Vec<&str> {
    let mut quoted = false;
    let splits = |c: char| {
        quoted ^= c == '"';
        !quoted && at(c)
    };
    text.split(splits).collect()
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key whose private part nobody kept.
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    fn read(line: &str) -> Result<Vec<Signer>, String> {
        Signers::parse(line).map(|signers| signers.0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_names_principals_options_and_a_key() {
        let line = format!(
            "# who may sign\n\n\"alex@acme.example,officer\" valid-after=\"20261101Z\",namespaces=\"git,cm-bot-criteria\",valid-before=202711011200Z {KEY} alex's laptop\n"
        );
        let signers = read(&line).unwrap();
        let [one] = signers.as_slice() else { panic!("{} lines", signers.len()) };
        assert_eq!(one.principals, ["alex@acme.example", "officer"]);
        assert_eq!(one.from.unwrap().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(one.until.unwrap().to_string(), "2027-11-01T12:00:00Z");
    }

    #[test]
    fn a_key_that_may_sign_anything_may_not_sign_criteria() {
        assert!(read(&format!("alex@acme.example {KEY}")).unwrap().is_empty());
        assert!(read(&format!("alex@acme.example namespaces=\"git\" {KEY}")).unwrap().is_empty());
        assert!(read(&format!("alex@acme.example namespaces=\"cm-bot-*\" {KEY}")).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_understood_makes_the_file_useless() {
        let with = |options: &str| read(&format!("alex namespaces=\"cm-bot-criteria\"{options} {KEY}")).err();
        assert!(with("").is_none());
        assert!(with(",cert-authority").unwrap().contains("certificates are not verified"));
        assert!(with(",verify-required").unwrap().contains("an option that is not known"));
        for time in ["20271101", "20271332Z", "2027Z", "soonZ"] {
            assert!(with(&format!(",valid-before=\"{time}\"")).unwrap().contains("a time in UTC"), "{time}");
        }
        let line = format!("*@acme.example namespaces=\"cm-bot-criteria\" {KEY}");
        assert!(read(&line).err().unwrap().starts_with("line 1 of the allowed signers cannot be used: a principal is"));
        let twice = format!("a namespaces=\"cm-bot-criteria\" {KEY}\nb namespaces=\"cm-bot-criteria\" {KEY}");
        assert!(
            read(&twice).err().unwrap().starts_with("line 2 of the allowed signers cannot be used: its key stands")
        );
        assert!(
            read("alex namespaces=\"cm-bot-criteria\" ssh-ed25519 AAAA").err().unwrap().ends_with("cannot be read")
        );
        assert!(read("alex").err().unwrap().ends_with("is expected"));
    }
}
