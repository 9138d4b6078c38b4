//! Folders and files by their names, as proofs ask for them, where a forge is read with Git's own protocol.

use super::Read;
use crate::integrations::SourceError;
use crate::integrations::git::{GitClient, Object};
use crate::model::{ObjectId, RepoName};

/// Each answer in the place of its question. One that is not there says nothing of the others.
///
/// # Errors
/// When the server does not answer.
pub(in crate::integrations) async fn named(
    git: &GitClient,
    repository: &RepoName,
    names: &[ObjectId],
) -> Result<Vec<Read>, SourceError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    match git.objects(repository, names).await {
        Ok(found) => Ok(names.iter().cloned().zip(found).map(as_read).collect()),
        Err(SourceError::NotFound) if names.len() == 1 => Ok(vec![Read::Nothing]),
        Err(SourceError::NotFound) => {
            let (one, other) = names.split_at(names.len() / 2);
            let mut found = Box::pin(named(git, repository, one)).await?;
            found.extend(Box::pin(named(git, repository, other)).await?);
            Ok(found)
        }
        Err(error) => Err(error),
    }
}

fn as_read((id, found): (ObjectId, Object)) -> Read {
    match found {
        Object::Tree(tree) => Read::Tree(id, tree),
        Object::Content(content) => Read::Content(id, content),
        Object::Other => Read::Nothing,
    }
}
