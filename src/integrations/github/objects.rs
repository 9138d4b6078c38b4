//! Trees, files and commits by their names, many in one request, each proven by its name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::json;

use super::client::GithubClient;
use super::commits::unreadable;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{BranchName, CommitSha, Content, Mode, ObjectId, RepoName, Tree, TreeEntry, blob_id};

/// The query with one example line; `tests/it/queries.rs` validates it against GitHub's schema.
const QUERY: &str = include_str!("queries/objects.graphql");

/// Objects in one request.
pub const MOST_OBJECTS: usize = 200;

/// The largest file that is looked into, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Files that are read one by one at a time.
const AT_A_TIME: usize = 4;

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// A tree or a file by its name.
    Object(ObjectId),
    /// The tree of a commit.
    TreeOf(CommitSha),
    /// A folder at a commit; the top is `""`.
    Folder(CommitSha, String),
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// A folder, proven complete by its name.
    Tree(ObjectId, Tree),
    /// A file, proven unchanged by its name.
    Content(ObjectId, Content),
    /// The tree of a commit.
    Commit(CommitSha, ObjectId),
    /// There is no such thing.
    Nothing,
}

/// An object as the query shows it.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Whole(Read),
    /// A file that may be text, and of which GraphQL does not show all.
    Cut(ObjectId),
}

impl GithubClient {
    /// Reads up to [`MOST_OBJECTS`] objects, each answer in the place of its question, and the commit that the branch
    /// ends in at this moment.
    ///
    /// # Errors
    /// When GitHub does not answer, or answers something whose name does not fit.
    pub async fn objects(
        &self,
        (repository, branch): (&RepoName, &BranchName),
        asked: &[Asked],
    ) -> Result<(Option<CommitSha>, Vec<Read>), SourceError> {
        let (owner, name) = repository.parts();
        let variables = json!({ "owner": owner, "name": name, "branch": format!("refs/heads/{branch}") });
        let question = json!({ "query": query(asked), "variables": variables });
        let found: wire::InRepository<BTreeMap<String, Option<serde_json::Value>>> =
            self.ask(repository, &question).await?;
        let mut found = found.repository.ok_or(SourceError::NotFound)?;
        let tip =
            found.remove("branch").flatten().and_then(|branch| branch["target"]["oid"].as_str().map(str::to_owned));
        let tip = tip.map(|tip| CommitSha::parse(&tip).map_err(unreadable)).transpose()?;
        let mut shown = Vec::with_capacity(asked.len());
        for place in 0..asked.len() {
            let missing = || SourceError::Incomplete(format!("object {place} is missing"));
            shown.push(object(found.remove(&format!("o{place}")).ok_or_else(missing)?)?);
        }
        let read = shown.into_iter().map(|shown| async {
            match shown {
                Shown::Whole(read) => Ok(read),
                Shown::Cut(id) => self.file(repository, id).await,
            }
        });
        Ok((tip, stream::iter(read).buffered(AT_A_TIME).try_collect().await?))
    }

    /// Reads a file whole, which GraphQL cuts off after half a megabyte.
    async fn file(&self, repository: &RepoName, id: ObjectId) -> Result<Read, SourceError> {
        let path = format!("/git/blobs/{id}");
        let body = match self.get(repository, &path, Some("application/vnd.github.raw+json")).await {
            Ok(answer) => answer.body,
            Err(SourceError::TooMuch(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let text = String::from_utf8(body).ok().filter(|text| !text.contains('\0'));
        Ok(content(id, text))
    }
}

/// The shipped query, with its one example line replaced by what is asked for.
fn query(asked: &[Asked]) -> String {
    let mut lines = String::new();
    for (place, one) in asked.iter().enumerate() {
        let which = match one {
            Asked::Object(id) => format!("oid: \"{id}\""),
            Asked::TreeOf(sha) => format!("oid: \"{sha}\""),
            Asked::Folder(sha, path) => format!("expression: {}", json!(format!("{sha}:{path}"))),
        };
        let _ = writeln!(lines, "    o{place}: object({which}) {{ ...Object }}"); // Writing to a String does not fail.
    }
    let is_example = |line: &&str| line.trim_start().starts_with("o0: object(");
    let example = QUERY.lines().find(is_example).map(|line| format!("{line}\n")).unwrap_or_default();
    QUERY.replace(&example, &lines)
}

fn object(found: Option<serde_json::Value>) -> Result<Shown, SourceError> {
    let Some(found) = found else { return Ok(Shown::Whole(Read::Nothing)) };
    let odd = |error: serde_json::Error| SourceError::Unreadable(crate::model::shortened(&error.to_string(), 120));
    match serde_json::from_value::<wire::GitObject>(found).map_err(odd)? {
        wire::GitObject::Tree { oid, entries: Some(entries) } => tree(&oid, entries).map(Shown::Whole),
        wire::GitObject::Blob { oid, is_binary, is_truncated, text } => {
            let id = ObjectId::parse(&oid).map_err(unreadable)?;
            Ok(match (is_binary, is_truncated) {
                (Some(true), _) | (None, false) => Shown::Whole(content(id, None)),
                (Some(false), false) => Shown::Whole(content(id, text)),
                // Of a file of more than a megabyte GitHub may not say whether it is text.
                (Some(false) | None, true) => Shown::Cut(id),
            })
        }
        wire::GitObject::Commit { oid, tree } => Ok(Shown::Whole(Read::Commit(
            CommitSha::parse(&oid).map_err(unreadable)?,
            ObjectId::parse(&tree.oid).map_err(unreadable)?,
        ))),
        wire::GitObject::Tree { entries: None, .. } | wire::GitObject::Tag {} => Ok(Shown::Whole(Read::Nothing)),
    }
}

/// A file whose text this is. Text that was not UTF-8 comes changed; its name tells.
fn content(id: ObjectId, text: Option<String>) -> Read {
    let text = text.filter(|text| text.len() <= MOST_BYTES && blob_id(text.as_bytes()) == id);
    Read::Content(id, text.map_or(Content::Opaque, Content::Text))
}

/// The list of entries proves itself: what hashes to the tree's name is complete and unchanged.
fn tree(oid: &str, entries: Vec<wire::TreeEntryInfo>) -> Result<Read, SourceError> {
    let id = ObjectId::parse(oid).map_err(unreadable)?;
    let mut tree = Tree::default();
    for entry in entries {
        let one = TreeEntry { mode: Mode(entry.mode), id: ObjectId::parse(&entry.oid).map_err(unreadable)? };
        tree.entries.insert(entry.name, one);
    }
    if tree.id() == id {
        Ok(Read::Tree(id, tree))
    } else {
        Err(SourceError::Incomplete("the entries of a folder do not hash to its name".into()))
    }
}

#[cfg(test)]
mod tests {
    use apollo_compiler::{ExecutableDocument, Schema};

    use super::*;

    #[test]
    fn the_query_fits_the_schema_whatever_is_asked_for() {
        let text = include_str!("../../simulator/github/schema.graphql");
        let schema = Schema::parse_and_validate(text, "schema.graphql").unwrap();
        let sha = CommitSha::parse(&"a".repeat(40)).unwrap();
        let asked = [
            Asked::Object(ObjectId::parse(&"b".repeat(40)).unwrap()),
            Asked::TreeOf(sha.clone()),
            Asked::Folder(sha, "odd \"name\"\\with".into()),
        ];
        for many in 1..=asked.len() {
            let query = query(&asked[..many]);
            if let Err(error) = ExecutableDocument::parse_and_validate(&schema, query, "objects") {
                panic!("{}", error.errors);
            }
        }
    }

    #[test]
    fn a_folder_with_an_entry_left_out_is_no_folder() {
        let entry = |name: &str| json!({ "name": name, "mode": 0o100_644, "oid": blob_id(name.as_bytes()).as_str() });
        let whole = json!({ "__typename": "Tree", "oid": "", "entries": [entry("a"), entry("b")] });
        let mut tree = Tree::default();
        for name in ["a", "b"] {
            tree.entries.insert(name.into(), TreeEntry { mode: Mode::FILE, id: blob_id(name.as_bytes()) });
        }
        let named = |mut object: serde_json::Value| {
            object["oid"] = json!(tree.id().as_str());
            object
        };
        let read = Shown::Whole(Read::Tree(tree.id(), tree.clone()));
        assert_eq!(object(Some(named(whole.clone()))), Ok(read));
        let mut short = named(whole);
        short["entries"].as_array_mut().unwrap().pop();
        assert!(matches!(object(Some(short)), Err(SourceError::Incomplete(_))));
    }

    #[test]
    fn a_file_that_is_not_what_its_name_says_is_not_looked_into() {
        let blob = |text: &str, of: &str| {
            let oid = blob_id(of.as_bytes());
            json!({ "__typename": "Blob", "oid": oid.as_str(), "isBinary": false, "isTruncated": false, "text": text })
        };
        let read = |value| match object(Some(value)) {
            Ok(Shown::Whole(Read::Content(_, content))) => content,
            other => panic!("{other:?}"),
        };
        assert_eq!(read(blob("fn main() {}", "fn main() {}")), Content::Text("fn main() {}".into()));
        assert_eq!(read(blob("fn main() {}", "fn main() { backdoor() }")), Content::Opaque);
    }
}
