//! Branches, commits, folders and files by their names.

use std::collections::{BTreeSet, HashMap};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::client::GitClient;
use super::commit::GitCommit;
use super::object::Object;
use super::pack::Pack;
use super::reply;
use super::request::{self, Fetch, Filter};
use crate::integrations::SourceError;
use crate::model::{BranchName, CommitSha, ObjectId, ObjectKind, ParseError, RepoName};

/// Objects in one request.
const MOST_OBJECTS: usize = 500;

/// Requests at a time.
const AT_A_TIME: usize = 3;

impl GitClient {
    /// The commit that a branch ends in now.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such branch.
    pub async fn tip(&self, repository: &RepoName, branch: &BranchName) -> Result<CommitSha, SourceError> {
        let server = self.capabilities(repository).await?;
        reply::tip(&self.command(repository, request::branches(&server, branch)).await?, branch)
    }

    /// Folders and files, each in the place of its name.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when the server says that one of them is not there, [`SourceError::Incomplete`] when one did
    /// not come without a word.
    pub async fn objects(&self, repository: &RepoName, names: &[ObjectId]) -> Result<Vec<Object>, SourceError> {
        let unique: Vec<&ObjectId> = names.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let some: Vec<_> = unique.chunks(MOST_OBJECTS).map(|some| self.some_objects(repository, some)).collect();
        let found: Vec<Vec<Object>> = stream::iter(some).buffered(AT_A_TIME).try_collect().await?;
        let found: Vec<Object> = found.into_iter().flatten().collect();
        let place = |name: &ObjectId| {
            let place = unique.binary_search(&name).ok()?;
            found.get(place).cloned()
        };
        names.iter().map(|name| place(name).ok_or_else(|| absent(name.as_str()))).collect()
    }

    /// Too much at once may be little enough one by one.
    async fn some_objects(&self, repository: &RepoName, names: &[&ObjectId]) -> Result<Vec<Object>, SourceError> {
        match self.all_of(repository, names).await {
            Err(SourceError::TooMuch(_)) if names.len() > 1 => {
                let (one, other) = names.split_at(names.len() / 2);
                let mut found = Box::pin(self.some_objects(repository, one)).await?;
                found.extend(Box::pin(self.some_objects(repository, other)).await?);
                Ok(found)
            }
            Err(error) => Err(error),
            Ok(mut found) => {
                names.iter().map(|name| found.remove(*name).ok_or_else(|| absent(name.as_str()))).collect()
            }
        }
    }

    /// Git leaves out what is asked for by its own name where it comes by it in a folder that is asked for as well, and whose
    /// inside is left out. So what did not come is asked for again, as long as something comes.
    async fn all_of(
        &self,
        repository: &RepoName,
        names: &[&ObjectId],
    ) -> Result<HashMap<ObjectId, Object>, SourceError> {
        let mut found = HashMap::new();
        let mut missing = names.to_vec();
        while let Some(first) = missing.first() {
            let wants = missing.iter().map(|name| name.as_str()).collect();
            let fetch = Fetch { wants, haves: Vec::new(), filter: Filter::FilesAndFolders, depth: None };
            let pack = self.fetch(repository, fetch).await?;
            let (came, rest): (Vec<&ObjectId>, Vec<&ObjectId>) =
                missing.iter().copied().partition(|name| pack.object(name).is_some());
            if came.is_empty() {
                return Err(absent(first.as_str()));
            }
            let read = |name: &ObjectId| Some((name.clone(), object_in(&pack, name)?));
            found.extend(came.into_iter().filter_map(read));
            missing = rest;
        }
        Ok(found)
    }

    /// Commits, each in the place of its name, without what comes before them.
    ///
    /// # Errors
    /// As [`GitClient::objects`]; [`SourceError::Unreadable`] when one is no commit.
    pub async fn commits(&self, repository: &RepoName, names: &[CommitSha]) -> Result<Vec<GitCommit>, SourceError> {
        let mut found = Vec::with_capacity(names.len());
        for some in names.chunks(MOST_OBJECTS) {
            let wants = some.iter().map(CommitSha::as_str).collect();
            let fetch = Fetch { wants, haves: Vec::new(), filter: Filter::FilesAndFolders, depth: Some(1) };
            let pack = self.fetch(repository, fetch).await?;
            for sha in some {
                found.push(commit_in(&pack, sha)?);
            }
        }
        Ok(found)
    }
}

/// All commits of a pack.
pub(super) fn commits_in(pack: &Pack) -> impl Iterator<Item = Result<GitCommit, SourceError>> {
    let commits = pack.objects().filter(|(_, kind, _)| *kind == ObjectKind::Commit);
    commits.map(|(name, _, body)| GitCommit::read(&CommitSha::parse(name.as_str()).map_err(unreadable)?, body))
}

fn commit_in(pack: &Pack, sha: &CommitSha) -> Result<GitCommit, SourceError> {
    match pack.object(&ObjectId::parse(sha.as_str()).map_err(unreadable)?) {
        Some((ObjectKind::Commit, body)) => GitCommit::read(sha, body),
        Some(_) => Err(SourceError::Unreadable(format!("{sha} is no commit"))),
        None => Err(absent(sha.as_str())),
    }
}

fn object_in(pack: &Pack, name: &ObjectId) -> Option<Object> {
    let (kind, body) = pack.object(name)?;
    Some(Object::read(name, kind, body))
}

fn absent(name: &str) -> SourceError {
    SourceError::Incomplete(format!("object {name} did not come"))
}

fn unreadable(error: ParseError) -> SourceError {
    SourceError::Unreadable(error.to_string())
}
