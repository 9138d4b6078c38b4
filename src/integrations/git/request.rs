//! What a server is asked: `ls-refs` for one branch, `fetch` for objects.

use super::pkt::{self, DELIMITER, FLUSH};
use super::reply::Capabilities;
use crate::model::BranchName;

/// Who asks.
const AGENT: &str = concat!("agent=cm-bot/", env!("CARGO_PKG_VERSION"));

/// What is left out although it belongs to what is asked for. What is asked for by its own name always comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// The contents of files.
    Files,
    /// Folders as well.
    FilesAndFolders,
}

/// Objects to fetch.
#[derive(Debug, Clone)]
pub(super) struct Fetch<'a> {
    /// These, and everything that belongs to them.
    pub wants: Vec<&'a str>,
    /// But nothing that belongs to these.
    pub haves: Vec<&'a str>,
    /// Nor what this leaves out.
    pub filter: Filter,
    /// So many generations of commits, or all of them.
    pub depth: Option<usize>,
}

/// Asks for the branches whose names begin so.
pub(super) fn branches(server: &Capabilities, branch: &BranchName) -> Vec<u8> {
    command("ls-refs", server, |into| pkt::line(into, &format!("ref-prefix refs/heads/{branch}")))
}

impl Fetch<'_> {
    /// The request, for a server that can do this much. `done` stands in every one: what we say that we have is all that we
    /// want to negotiate. Packs are asked for without bases that lie outside of them.
    pub(super) fn written(&self, server: &Capabilities) -> Vec<u8> {
        command("fetch", server, |into| {
            pkt::line(into, "no-progress");
            pkt::line(into, "ofs-delta");
            if server.filters {
                pkt::line(into, &format!("filter {}", self.filter.spec()));
            }
            if let Some(depth) = self.depth {
                pkt::line(into, &format!("deepen {depth}"));
            }
            self.wants.iter().for_each(|name| pkt::line(into, &format!("want {name}")));
            self.haves.iter().for_each(|name| pkt::line(into, &format!("have {name}")));
            pkt::line(into, "done");
        })
    }
}

impl Filter {
    fn spec(self) -> &'static str {
        match self {
            Filter::Files => "blob:none",
            Filter::FilesAndFolders => "tree:0",
        }
    }
}

fn command(name: &str, server: &Capabilities, arguments: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut into = Vec::new();
    pkt::line(&mut into, &format!("command={name}"));
    pkt::line(&mut into, AGENT);
    if server.names_format {
        pkt::line(&mut into, "object-format=sha1");
    }
    into.extend(DELIMITER);
    arguments(&mut into);
    into.extend(FLUSH);
    into
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_for_no_more_than_it_can_do() {
        let fetch = Fetch { wants: vec!["aa"], haves: vec!["bb"], filter: Filter::Files, depth: Some(3) };
        let whole = Capabilities { filters: true, deepens: true, names_format: true };
        let text = String::from_utf8(fetch.written(&whole)).unwrap();
        for part in
            ["filter blob:none\n", "deepen 3\n", "want aa\n", "have bb\n", "done\n0000", "object-format=sha1\n0001"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        let text = String::from_utf8(fetch.written(&Capabilities { filters: false, ..whole })).unwrap();
        assert!(!text.contains("filter"), "{text}");
    }
}
