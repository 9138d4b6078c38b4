//! What a commit object says (<https://git-scm.com/docs/gitformat-commit>, `git cat-file -p`).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::integrations::SourceError;
use crate::model::{CommitSha, ObjectId, ParseError};

/// Most co-authors that one commit may name. Nobody knows who the others are.
const MOST_CO_AUTHORS: usize = 50;

/// The trailer that names another author.
const CO_AUTHOR: &str = "co-authored-by:";

/// A commit, as it is in the repository. It has no dates: whoever makes a commit writes any date into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitCommit {
    /// Its name.
    pub sha: CommitSha,
    /// The files that it holds.
    pub tree: ObjectId,
    /// Its parents, the first parent first.
    pub parents: Vec<CommitSha>,
    /// Who claims to have written it.
    pub author: Named,
    /// Who claims to have committed it.
    pub committer: Named,
    /// Whoever stands behind `Co-authored-by:`, anywhere in the message: rather one too many than one too few.
    pub co_authors: Vec<Named>,
    /// The first line of the message; for people, never for a decision.
    pub headline: String,
}

/// A name and an address in a commit; anybody can write any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The address; nothing when what stands there is not exactly one.
    pub address: Option<String>,
}

impl GitCommit {
    /// Reads the object with this name. Readers that are less strict than this one could see another commit in the same bytes,
    /// so what stands out of place or twice is refused.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`].
    pub(super) fn read(sha: &CommitSha, body: &[u8]) -> Result<GitCommit, SourceError> {
        let odd = |what: &str| SourceError::Unreadable(format!("commit {sha} {what}"));
        let end = body.windows(2).position(|two| two == b"\n\n").ok_or_else(|| odd("has no end of its head"))?;
        let (head, message) = (&body[..end], String::from_utf8_lossy(&body[end + 2..]));
        let mut head = Head { lines: head.split(|byte| *byte == b'\n').collect(), at: 0 };
        let tree = head.take(b"tree ").ok_or_else(|| odd("has no files"))?;
        let tree = ObjectId::parse(&String::from_utf8_lossy(tree)).map_err(unreadable)?;
        let mut parents = Vec::new();
        while let Some(parent) = head.take(b"parent ") {
            parents.push(CommitSha::parse(&String::from_utf8_lossy(parent)).map_err(unreadable)?);
        }
        if parents.iter().collect::<HashSet<_>>().len() != parents.len() {
            return Err(odd("has the same parent twice"));
        }
        let author = head.take(b"author ").map(Named::read).ok_or_else(|| odd("has no author"))?;
        let committer = head.take(b"committer ").map(Named::read).ok_or_else(|| odd("has no committer"))?;
        if head.has_more_of([b"tree ", b"parent ", b"author ", b"committer "]) || body[..end].contains(&0) {
            return Err(odd("has something twice in its head"));
        }
        let headline = message.lines().next().unwrap_or_default().chars().take(200).collect();
        let co_authors = co_authors(&message);
        Ok(GitCommit { sha: sha.clone(), tree, parents, author, committer, co_authors, headline })
    }
}

impl Named {
    /// Reads `Name <address> seconds zone`. Where there could be two addresses, two readers could take two different ones.
    fn read(line: &[u8]) -> Named {
        let text = String::from_utf8_lossy(line);
        let (name, rest) = text.split_once('<').unwrap_or((&text, ""));
        let address = rest.split_once('>').filter(|(address, rest)| {
            let is_one = !address.trim().is_empty() && !address.contains('\u{fffd}');
            is_one && !address.contains('<') && !rest.contains(['<', '>'])
        });
        Named {
            name: name.trim().chars().take(200).collect(),
            address: address.map(|(address, _)| address.trim().to_owned()),
        }
    }
}

/// The lines of a head, one after the other.
struct Head<'a> {
    lines: Vec<&'a [u8]>,
    at: usize,
}

impl<'a> Head<'a> {
    /// The rest of the next line, if it begins so.
    fn take(&mut self, begin: &[u8]) -> Option<&'a [u8]> {
        let rest = self.lines.get(self.at)?.strip_prefix(begin)?;
        self.at += 1;
        Some(rest)
    }

    fn has_more_of<const N: usize>(&self, begins: [&[u8]; N]) -> bool {
        let rest = self.lines.get(self.at..).unwrap_or_default();
        rest.iter().any(|line| begins.iter().any(|begin| line.starts_with(begin)))
    }
}

fn co_authors(message: &str) -> Vec<Named> {
    let behind = |line: &str| {
        let (begin, rest) = line.trim().split_at_checked(CO_AUTHOR.len())?;
        begin.eq_ignore_ascii_case(CO_AUTHOR).then(|| Named::read(rest.as_bytes()))
    };
    let mut named = message.lines().filter_map(behind);
    let mut all: Vec<Named> = named.by_ref().take(MOST_CO_AUTHORS).collect();
    all.extend(named.next().map(|_| Named { name: "and more co-authors".into(), address: None }));
    all
}

fn unreadable(error: ParseError) -> SourceError {
    SourceError::Unreadable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn read(text: &str) -> Result<GitCommit, SourceError> {
        GitCommit::read(&CommitSha::parse(&"a".repeat(40)).unwrap(), text.as_bytes())
    }

    fn with(parents: &str, author: &str, rest: &str) -> String {
        format!("tree {TREE}\n{parents}author {author} 1 +0000\ncommitter Lee <lee@acme.example> 1 +0000\n{rest}")
    }

    #[test]
    fn what_a_commit_says() {
        let (one, other) = ("1".repeat(40), "2".repeat(40));
        let text = with(
            &format!("parent {one}\nparent {other}\n"),
            "Dana Reyes <dana@acme.example>",
            "gpgsig -----BEGIN\n author in it\n -----END\n\nRound totals\n\nco-authored-by: Kim <kim@acme.example>\nx\n  Co-Authored-By: Bo\n",
        );
        let commit = read(&text).unwrap();
        assert_eq!(commit.tree.as_str(), TREE);
        assert_eq!(commit.parents.iter().map(CommitSha::as_str).collect::<Vec<_>>(), [one, other]);
        let named = |name: &str, address: Option<&str>| Named { name: name.into(), address: address.map(Into::into) };
        assert_eq!(commit.author, named("Dana Reyes", Some("dana@acme.example")));
        assert_eq!(commit.committer, named("Lee", Some("lee@acme.example")));
        assert_eq!(commit.co_authors, [named("Kim", Some("kim@acme.example")), named("Bo", None)]);
        assert_eq!(commit.headline, "Round totals");
    }

    #[test]
    fn of_too_many_co_authors_one_is_somebody_whom_nobody_knows() {
        let named = |count: usize| {
            let lines = "Co-authored-by: Kim <kim@acme.example>\n".repeat(count);
            read(&with("", "Dana <dana@acme.example>", &format!("\nx\n\n{lines}"))).unwrap().co_authors
        };
        let few = named(MOST_CO_AUTHORS);
        assert!(few.len() == MOST_CO_AUTHORS && few.iter().all(|one| one.address.is_some()));
        let many = named(MOST_CO_AUTHORS + 1_000);
        assert_eq!((many.len(), many[MOST_CO_AUTHORS].address.as_deref()), (MOST_CO_AUTHORS + 1, None));
    }

    #[test]
    fn an_address_that_could_be_two_is_none() {
        for author in ["<a@x> <b@x>", "a <a@x>b@x>", "a <a<b@x>", "a a@x", "a <>", "a < >", "> <", ""] {
            assert_eq!(read(&with("", author, "\n")).unwrap().author.address, None, "{author}");
        }
        assert_eq!(read(&with("", " <a@x>", "\n")).unwrap().author.address.as_deref(), Some("a@x"));
        let mut bytes = with("", "a <a?@x>", "\n").into_bytes();
        let place = bytes.iter().position(|byte| *byte == b'?').unwrap();
        bytes[place] = 0xff;
        let commit = GitCommit::read(&CommitSha::parse(&"a".repeat(40)).unwrap(), &bytes).unwrap();
        assert_eq!(commit.author.address, None);
    }

    #[test]
    fn what_others_could_read_otherwise_is_refused() {
        let parent = format!("parent {}\n", "1".repeat(40));
        assert!(read(&with(&parent, "a <a@x>", "\nfine")).is_ok());
        for odd in [
            with(&parent.repeat(2), "a <a@x>", "\n"),
            with("", "a <a@x>", "author b <b@x> 1 +0000\n\n"),
            with("", "a <a@x>", &format!("{parent}\n")),
            with("", "a <a@x>", "x \0\n\n"),
            with("", "a <a@x>", "no end"),
            with("parent 1\n", "a <a@x>", "\n"),
            with("", "a <a@x>", "\n").replace("committer", "committed"),
            with("", "a <a@x>", "\n").replace("tree", "treasure"),
            "\n\n".into(),
        ] {
            assert!(matches!(read(&odd), Err(SourceError::Unreadable(_))), "{odd}");
        }
    }
}
