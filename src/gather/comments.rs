//! Comments that the criteria take for approvals. They are read only where the criteria name any.

use std::collections::BTreeMap;

use super::Sources;
use crate::integrations::SourceError;
use crate::integrations::forge::Comment;
use crate::model::{Account, AccountKind, Opinion, Review, Service, UserId};
use crate::policy::criteria::Criteria;
use crate::policy::facts::PullRequests;

/// The approving comments on pull requests, each with the number of its pull request and what its author may do.
///
/// # Errors
/// When the comments, or the rights of those who wrote them, cannot be read.
pub(super) async fn approving(
    sources: &Sources,
    service: &Service,
    ids: &[String],
    criteria: &Criteria,
) -> Result<Vec<(u64, Review)>, SourceError> {
    let terms = &criteria.terms.commit_review;
    if terms.approving_comments.is_empty() {
        return Ok(Vec::new());
    }
    let mut comments = sources.forge(service).comments(service, ids).await?;
    comments.retain(|comment| terms.is_approving_comment(&comment.text));
    let rights = rights(sources, service, &comments).await?;
    Ok(comments.into_iter().map(|comment| (comment.pull_request, as_review(comment, &rights))).collect())
}

/// Adds them to what was said in reviews.
pub(super) fn add(comments: Vec<(u64, Review)>, pull_requests: &mut PullRequests) {
    for (number, review) in comments {
        if let Some(pull_request) = pull_requests.by_number.get_mut(&number) {
            pull_request.reviews.push(review);
        }
    }
}

/// What the people may do whose comments do not tell. Nobody else's rights matter: a bot approves nothing.
async fn rights(
    sources: &Sources,
    service: &Service,
    comments: &[Comment],
) -> Result<BTreeMap<UserId, bool>, SourceError> {
    let authors = comments.iter().filter(|comment| comment.may_push.is_none()).filter_map(|one| one.author.as_ref());
    let people: BTreeMap<UserId, &Account> =
        authors.filter(|author| author.kind == AccountKind::User).map(|author| (author.id, author)).collect();
    let mut rights = BTreeMap::new();
    for (id, account) in people {
        let may_push = match sources.forge(service).may_push(service, account).await {
            Err(SourceError::NotFound) => false,
            answer => answer?,
        };
        rights.insert(id, may_push);
    }
    Ok(rights)
}

fn as_review(comment: Comment, rights: &BTreeMap<UserId, bool>) -> Review {
    let known = comment.author.as_ref().and_then(|author| rights.get(&author.id)).copied();
    Review {
        may_push: comment.may_push.or(known).unwrap_or(false),
        id: comment.id,
        author: comment.author,
        opinion: Opinion::Commented,
        submitted_at: comment.at,
        commit: comment.commit,
        text: comment.text,
        edited_at: comment.edited_at,
    }
}
