//! What a server says: what it can do, where a branch ends, and a pack.

use super::pkt::{Packet, Packets, cut_off, refusal};
use crate::integrations::SourceError;
use crate::model::{BranchName, CommitSha, shortened};

/// What a server can do, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Capabilities {
    /// It leaves out what it is told to leave out.
    pub filters: bool,
    /// It gives a few generations of commits instead of all.
    pub deepens: bool,
    /// It wants to hear how objects are named.
    pub names_format: bool,
}

impl Capabilities {
    /// Reads what `info/refs` says. The line `# service=` and the mark after it belong to the older versions, and some servers
    /// write them all the same.
    ///
    /// # Errors
    /// When the server does not speak version 2, cannot fetch, or names objects in another way.
    pub(super) fn read(answer: &[u8]) -> Result<Capabilities, SourceError> {
        let lines = lines(answer)?;
        let mut lines = lines.iter().map(String::as_str).filter(|line| !line.starts_with("# service="));
        if lines.next() != Some("version 2") {
            return Err(SourceError::Unreadable("its Git does not speak version 2 of the protocol".into()));
        }
        let known: Vec<(&str, &str)> = lines.map(|line| line.split_once('=').unwrap_or((line, ""))).collect();
        let value = |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let fetch = value("fetch").ok_or_else(|| SourceError::Unreadable("its Git has no `fetch`".into()))?;
        let format = value("object-format");
        if format.is_some_and(|format| format != "sha1") {
            return Err(SourceError::Unreadable("its objects are not named by SHA-1".into()));
        }
        let can = |what: &str| fetch.split(' ').any(|word| word == what);
        Ok(Capabilities { filters: can("filter"), deepens: can("shallow"), names_format: format.is_some() })
    }
}

/// The commit that a branch ends in, from what `ls-refs` says. The question names the beginning of a name, so others may come.
///
/// # Errors
/// [`SourceError::NotFound`] when the branch is not among them.
pub(super) fn tip(answer: &[u8], branch: &BranchName) -> Result<CommitSha, SourceError> {
    let name = format!("refs/heads/{branch}");
    let mut found = None;
    for line in lines(answer)? {
        let mut words = line.split(' ');
        let (Some(sha), Some(reference)) = (words.next(), words.next()) else {
            return Err(SourceError::Unreadable(format!("the line `{}`", shortened(&line, 80))));
        };
        if reference == name && found.replace(sha.to_owned()).is_some() {
            return Err(SourceError::Unreadable("one branch twice".into()));
        }
    }
    let sha = found.ok_or(SourceError::NotFound)?;
    CommitSha::parse(&sha).map_err(|error| SourceError::Unreadable(error.to_string()))
}

/// The pack of an answer to `fetch`.
///
/// # Errors
/// When there is none, it is cut off, or the server gives up on the way.
pub(super) fn pack(answer: &[u8]) -> Result<Vec<u8>, SourceError> {
    let mut packets = Packets::of(answer);
    loop {
        match packets.next()? {
            Some(Packet::Data(b"packfile\n" | b"packfile")) => return pieces(&mut packets),
            // Where history was cut, because that was asked for: every commit names its parents all the same.
            Some(Packet::Data(b"shallow-info\n" | b"shallow-info")) => part(&mut packets)?,
            Some(Packet::Data(other)) => {
                let other = shortened(&String::from_utf8_lossy(other), 40);
                return Err(SourceError::Unreadable(format!("the part `{other}`")));
            }
            Some(Packet::Flush | Packet::Delimiter | Packet::End) | None => {
                return Err(SourceError::Incomplete("no pack".into()));
            }
        }
    }
}

/// Passes by a part of an answer.
fn part(packets: &mut Packets<'_>) -> Result<(), SourceError> {
    loop {
        match packets.next()? {
            Some(Packet::Data(_)) => {}
            Some(Packet::Delimiter) => return Ok(()),
            Some(Packet::Flush | Packet::End) | None => return Err(cut_off()),
        }
    }
}

/// Puts a pack together that comes in pieces, beside which the server can say something
/// (`side-band-64k`, <https://git-scm.com/docs/gitprotocol-v2#_fetch>).
fn pieces(packets: &mut Packets<'_>) -> Result<Vec<u8>, SourceError> {
    let mut whole = Vec::new();
    loop {
        match packets.next()? {
            Some(Packet::Data([1, piece @ ..])) => whole.extend_from_slice(piece),
            // How far it is.
            Some(Packet::Data([2, ..])) => {}
            Some(Packet::Data([3, why @ ..])) => return Err(refusal(why)),
            Some(Packet::Flush) => break,
            Some(Packet::Data(_)) => return Err(SourceError::Unreadable("a piece of nothing that is known".into())),
            Some(Packet::Delimiter | Packet::End) | None => return Err(cut_off()),
        }
    }
    match packets.next()? {
        None | Some(Packet::End) => Ok(whole),
        Some(_) => Err(SourceError::Unreadable("something after the pack".into())),
    }
}

/// The lines of a message, without their ends. A mark is no line.
fn lines(answer: &[u8]) -> Result<Vec<String>, SourceError> {
    let (mut packets, mut lines, mut ended) = (Packets::of(answer), Vec::new(), false);
    while let Some(packet) = packets.next()? {
        ended = packet == Packet::Flush;
        if let Packet::Data(line) = packet {
            lines.push(String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned());
        }
    }
    if ended { Ok(lines) } else { Err(cut_off()) }
}

#[cfg(test)]
mod tests {
    use super::super::pkt::{FLUSH, line};
    use super::*;

    fn message(parts: &[&str]) -> Vec<u8> {
        let mut message = Vec::new();
        parts.iter().for_each(|part| line(&mut message, part));
        message.extend(FLUSH);
        message
    }

    fn sideband(parts: &[&[u8]]) -> Vec<u8> {
        let mut message = Vec::new();
        line(&mut message, "packfile");
        for part in parts {
            message.extend(format!("{:04x}", part.len() + 4).into_bytes());
            message.extend(*part);
        }
        message
    }

    #[test]
    fn what_a_server_can_do() {
        let all = ["version 2", "agent=git/2.47.3", "ls-refs=unborn", "fetch=shallow filter", "object-format=sha1"];
        let whole = Capabilities { filters: true, deepens: true, names_format: true };
        assert_eq!(Capabilities::read(&message(&all)), Ok(whole));
        let mut old = message(&["# service=git-upload-pack"]);
        old.extend(message(&["version 2", "fetch"]));
        let little = Capabilities { filters: false, deepens: false, names_format: false };
        assert_eq!(Capabilities::read(&old), Ok(little));
    }

    #[test]
    fn a_server_that_speaks_otherwise_is_not_understood() {
        for parts in [
            &["version 1", "fetch"][..],
            &["version 2", "ls-refs"],
            &["version 2", "fetch", "object-format=sha256"],
            &["1111111111111111111111111111111111111111 HEAD\0agent=x"],
            &[],
        ] {
            assert!(matches!(Capabilities::read(&message(parts)), Err(SourceError::Unreadable(_))), "{parts:?}");
        }
        let whole = message(&["version 2", "fetch"]);
        assert_eq!(Capabilities::read(&whole[..whole.len() - 4]), Err(cut_off()));
    }

    #[test]
    fn a_branch_is_the_one_with_this_name() {
        let [one, other] = ["1", "2"].map(|digit| digit.repeat(40));
        let branch = BranchName::parse("main").unwrap();
        let lines = [format!("{other} refs/heads/main2"), format!("{one} refs/heads/main"), format!("{other} refs/x")];
        let lines = lines.each_ref().map(String::as_str);
        assert_eq!(tip(&message(&lines), &branch).unwrap().as_str(), one);
        assert_eq!(tip(&message(&lines[..1]), &branch), Err(SourceError::NotFound));
        let twice = [lines[1], lines[1]];
        assert!(matches!(tip(&message(&twice), &branch), Err(SourceError::Unreadable(_))));
        assert!(matches!(tip(&message(&["x refs/heads/main"]), &branch), Err(SourceError::Unreadable(_))));
    }

    #[test]
    fn a_pack_is_put_together() {
        let mut answer = message(&["shallow-info", "shallow 11"]);
        answer.truncate(answer.len() - 4);
        answer.extend(b"0001");
        answer.extend(sideband(&[b"\x01PA", b"\x02 50%", b"\x01CK"]));
        assert_eq!(pack(&answer), Err(cut_off()), "without its end");
        answer.extend(FLUSH);
        assert_eq!(pack(&answer).unwrap(), b"PACK");
        answer.extend(b"0008more");
        assert!(matches!(pack(&answer), Err(SourceError::Unreadable(_))));
    }

    #[test]
    fn a_server_that_gives_up_gives_nothing() {
        let mut answer = sideband(&[b"\x01PACK", b"\x03out of memory"]);
        answer.extend(FLUSH);
        assert_eq!(pack(&answer), Err(SourceError::Refused { status: 200, message: "out of memory".into() }));
        assert_eq!(pack(&message(&[])), Err(SourceError::Incomplete("no pack".into())));
        assert!(matches!(pack(&message(&["acknowledgments", "NAK"])), Err(SourceError::Unreadable(_))));
    }
}
