//! Node ids: the same in REST (`node_id`) and in GraphQL (`id`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::git::Oid;

/// What a node id stands for, as far as somebody may ask for it by id. `repo` is the repository's numeric id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeId {
    /// A repository.
    Repository { repo: u64 },
    /// A commit.
    Commit { repo: u64, oid: Oid },
    /// A tree.
    Tree { repo: u64, oid: Oid },
    /// A file's content.
    Blob { repo: u64, oid: Oid },
    /// A pull request.
    Pull { repo: u64, number: u64 },
    /// A review, by its place in the list.
    Review { repo: u64, number: u64, place: u64 },
}

impl NodeId {
    /// The id as clients see it. They must not look into it.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            NodeId::Repository { repo } => opaque("R", repo),
            NodeId::Commit { repo, oid } => opaque("C", format_args!("{repo}:{oid}")),
            NodeId::Tree { repo, oid } => opaque("T", format_args!("{repo}:{oid}")),
            NodeId::Blob { repo, oid } => opaque("B", format_args!("{repo}:{oid}")),
            NodeId::Pull { repo, number } => opaque("PR", format_args!("{repo}:{number}")),
            NodeId::Review { repo, number, place } => opaque("PRR", format_args!("{repo}:{number}:{place}")),
        }
    }

    /// Reads an id that a client sent back.
    #[must_use]
    pub fn parse(text: &str) -> Option<NodeId> {
        let (kind, rest) = text.split_once("_kwDO")?;
        let inside = String::from_utf8(URL_SAFE_NO_PAD.decode(rest).ok()?).ok()?;
        let mut parts = inside.split(':');
        let repo = parts.next()?.parse().ok()?;
        let mut number = || parts.next()?.parse().ok();
        match kind {
            "R" => Some(NodeId::Repository { repo }),
            "C" => Some(NodeId::Commit { repo, oid: Oid::parse(parts.next()?)? }),
            "T" => Some(NodeId::Tree { repo, oid: Oid::parse(parts.next()?)? }),
            "B" => Some(NodeId::Blob { repo, oid: Oid::parse(parts.next()?)? }),
            "PR" => Some(NodeId::Pull { repo, number: number()? }),
            "PRR" => Some(NodeId::Review { repo, number: number()?, place: number()? }),
            _ => None,
        }
    }
}

/// An id of something that nobody asks for by id.
#[must_use]
pub fn opaque(kind: &str, inside: impl std::fmt::Display) -> String {
    format!("{kind}_kwDO{}", URL_SAFE_NO_PAD.encode(inside.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{NodeId, Oid};

    #[test]
    fn an_id_that_was_given_out_is_understood() {
        let oid = Oid::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").unwrap();
        let review = NodeId::Review { repo: 1, number: 2, place: 3 };
        for id in [NodeId::Repository { repo: 7 }, NodeId::Commit { repo: 7, oid }, review] {
            assert_eq!(NodeId::parse(&id.text()), Some(id));
        }
        assert_eq!(NodeId::parse("PR_kwDO!!"), None);
        assert_eq!(NodeId::parse("MDQ6VXNlcjE="), None);
    }
}
