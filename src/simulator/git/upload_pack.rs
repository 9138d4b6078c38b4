//! A repository over HTTP, as `git upload-pack` serves it with version 2 of the protocol.
//!
//! It gives branches, and any object by its name, in packs of whole objects only. Whoever may ask, and for which repository, is
//! the forge's to say.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::packing::{self, Lines};
use super::tree::Mode;
use super::{Oid, Store};

/// What a client is told that it can ask for.
const CAPABILITIES: [&str; 6] = [
    "version 2",
    "agent=git/simulated",
    "ls-refs=unborn",
    "fetch=shallow filter",
    "server-option",
    "object-format=sha1",
];

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its `content-type`.
    pub kind: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// A repository that is served.
#[derive(Debug, Clone, Copy)]
pub struct Served<'a> {
    /// Its objects.
    pub git: &'a Store,
    /// Its branches.
    pub branches: &'a BTreeMap<String, Oid>,
    /// The one that `HEAD` means.
    pub default_branch: &'a str,
}

/// The answer to `GET info/refs?service=git-upload-pack`.
#[must_use]
pub fn advertisement() -> Reply {
    let mut body = Vec::new();
    // Some servers begin with this in version 2 as well, and clients have to bear it.
    packing::line(&mut body, "# service=git-upload-pack");
    body.extend(packing::FLUSH);
    CAPABILITIES.iter().for_each(|line| packing::line(&mut body, line));
    body.extend(packing::FLUSH);
    Reply { kind: "application/x-git-upload-pack-advertisement", body }
}

/// What is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Nothing,
    Files,
    FilesAndFolders,
}

/// A request for objects.
#[derive(Debug)]
struct Fetch {
    wants: Vec<Oid>,
    haves: Vec<Oid>,
    filter: Filter,
    depth: Option<usize>,
    done: bool,
}

impl Served<'_> {
    /// The answer to `POST git-upload-pack`.
    #[must_use]
    pub fn answer(&self, request: &[u8]) -> Reply {
        let lines = Lines::of(request);
        let body = match lines.command.as_str() {
            "ls-refs" => self.references(&lines),
            "fetch" => self.fetch(&lines),
            other => Err(format!("unknown command '{other}'")),
        };
        let body = body.unwrap_or_else(|why| {
            let mut body = Vec::new();
            packing::line(&mut body, &format!("ERR {why}"));
            body
        });
        Reply { kind: "application/x-git-upload-pack-result", body }
    }

    fn references(&self, lines: &Lines) -> Result<Vec<u8>, String> {
        let prefixes: Vec<&str> = lines.behind("ref-prefix ").collect();
        let is_asked = |name: &str| prefixes.is_empty() || prefixes.iter().any(|prefix| name.starts_with(prefix));
        let mut body = Vec::new();
        if let Some(head) = self.branches.get(self.default_branch).filter(|_| is_asked("HEAD")) {
            let target = format!(" symref-target:refs/heads/{}", self.default_branch);
            let target = if lines.has("symrefs") { target } else { String::new() };
            packing::line(&mut body, &format!("{head} HEAD{target}"));
        }
        for (name, id) in self.branches {
            let name = format!("refs/heads/{name}");
            if is_asked(&name) {
                packing::line(&mut body, &format!("{id} {name}"));
            }
        }
        body.extend(packing::FLUSH);
        Ok(body)
    }

    fn fetch(&self, lines: &Lines) -> Result<Vec<u8>, String> {
        let fetch = self.asked(lines)?;
        let mut body = Vec::new();
        if !fetch.done {
            packing::line(&mut body, "acknowledgments");
            if fetch.haves.is_empty() {
                packing::line(&mut body, "NAK");
                body.extend(packing::FLUSH);
                return Ok(body);
            }
            fetch.haves.iter().for_each(|id| packing::line(&mut body, &format!("ACK {id}")));
            packing::line(&mut body, "ready");
            body.extend(packing::DELIMITER);
        }
        let (commits, shallow) = self.commits(&fetch);
        if fetch.depth.is_some() {
            packing::line(&mut body, "shallow-info");
            shallow.iter().for_each(|id| packing::line(&mut body, &format!("shallow {id}")));
            body.extend(packing::DELIMITER);
        }
        packing::line(&mut body, "packfile");
        packing::send(&mut body, &packing::pack(self.objects(&fetch, &commits)));
        body.extend(packing::FLUSH);
        Ok(body)
    }

    fn asked(&self, lines: &Lines) -> Result<Fetch, String> {
        let want = |name: &str| {
            let known = Oid::parse(name).filter(|id| self.git.holds(*id));
            known.ok_or_else(|| format!("upload-pack: not our ref {name}"))
        };
        let filter = match lines.behind("filter ").next() {
            None => Filter::Nothing,
            Some("blob:none") => Filter::Files,
            Some("tree:0") => Filter::FilesAndFolders,
            Some(other) => return Err(format!("filter '{other}' not supported")),
        };
        Ok(Fetch {
            wants: lines.behind("want ").map(want).collect::<Result<_, String>>()?,
            haves: lines.behind("have ").filter_map(Oid::parse).filter(|id| self.git.holds(*id)).collect(),
            filter,
            depth: lines.behind("deepen ").next().and_then(|depth| depth.parse().ok()),
            done: lines.has("done"),
        })
    }

    /// The commits to send, and those of them at which history is cut.
    fn commits(&self, fetch: &Fetch) -> (Vec<Oid>, Vec<Oid>) {
        let had: HashSet<Oid> = fetch.haves.iter().flat_map(|id| self.git.reachable(*id)).collect();
        let (mut generation, mut sent) = (0, HashMap::new());
        let mut open: BTreeSet<Oid> =
            fetch.wants.iter().filter(|id| self.git.commit(**id).is_some()).copied().collect();
        while !open.is_empty() && fetch.depth.is_none_or(|depth| generation < depth) {
            generation += 1;
            let mut next = BTreeSet::new();
            for id in open.into_iter().filter(|id| !had.contains(id)) {
                if sent.insert(id, generation).is_none() {
                    next.extend(self.git.commit(id).into_iter().flat_map(|commit| &commit.parents).copied());
                }
            }
            open = next.into_iter().filter(|id| !sent.contains_key(id)).collect();
        }
        let is_cut = |id: &Oid| self.git.commit(*id).is_some_and(|commit| !commit.parents.is_empty());
        let last = sent.iter().filter(|(id, at)| fetch.depth == Some(**at) && is_cut(id));
        let shallow = last.map(|(id, _)| *id).collect();
        (sent.into_keys().collect(), shallow)
    }

    /// All objects to send: commits, what belongs to them, and what was asked for by its own name.
    fn objects(&self, fetch: &Fetch, commits: &[Oid]) -> Vec<(&'static str, Vec<u8>)> {
        let mut had = HashSet::new();
        let inside: HashSet<&Oid> = commits.iter().collect();
        let parents = commits.iter().filter_map(|id| self.git.commit(*id)).flat_map(|commit| &commit.parents);
        for id in fetch.haves.iter().chain(parents.filter(|id| fetch.depth.is_none() && !inside.contains(id))) {
            if let Some(commit) = self.git.commit(*id) {
                self.collect((commit.tree, Mode::Folder), Filter::Nothing, &mut had);
            }
        }
        let mut found: HashSet<Oid> = commits.iter().copied().collect();
        if fetch.filter != Filter::FilesAndFolders {
            for commit in commits.iter().filter_map(|id| self.git.commit(*id)) {
                self.collect((commit.tree, Mode::Folder), fetch.filter, &mut found);
            }
        }
        found.retain(|id| !had.contains(id));
        for id in fetch.wants.iter().filter(|id| self.git.commit(**id).is_none()) {
            found.insert(*id);
            if self.git.tree(*id).is_some() && fetch.filter != Filter::FilesAndFolders {
                found.remove(id);
                self.collect((*id, Mode::Folder), fetch.filter, &mut found);
            }
        }
        found.into_iter().filter_map(|id| self.git.object(id)).collect()
    }

    /// Something in a folder with all that is in it.
    fn collect(&self, (id, mode): (Oid, Mode), filter: Filter, found: &mut HashSet<Oid>) {
        match mode {
            Mode::Submodule => {}
            Mode::File | Mode::Executable | Mode::Link => {
                if filter == Filter::Nothing {
                    found.insert(id);
                }
            }
            Mode::Folder => {
                if found.insert(id) {
                    for entry in self.git.tree(id).unwrap_or_default() {
                        self.collect((entry.id, entry.mode), filter, found);
                    }
                }
            }
        }
    }
}

impl Store {
    fn holds(&self, id: Oid) -> bool {
        self.object(id).is_some()
    }

    /// The kind of an object, and its bytes.
    fn object(&self, id: Oid) -> Option<(&'static str, Vec<u8>)> {
        let commit = self.commit(id).map(|commit| ("commit", commit.text().into_bytes()));
        let tree = || Some(("tree", self.tree(id)?.iter().flat_map(super::tree::Entry::bytes).collect()));
        let blob = || Some(("blob", self.blob(id)?.to_vec()));
        commit.or_else(tree).or_else(blob)
    }
}

#[cfg(test)]
mod tests;
