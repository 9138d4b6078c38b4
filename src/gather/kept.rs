//! Answers that cannot change are kept with our records, and not asked for twice.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Sources;
use crate::integrations::SourceError;
use crate::integrations::forge::Comparison;
use crate::model::{CommitSha, Forge, Relation, Service};
use crate::policy::facts::Objects;

/// The commits between two commits. One of nobody whom GitHub knows is asked for again: whose address it is may be known by
/// then, and what was held because of it need not be held for ever.
pub(super) async fn comparison(
    sources: &Sources,
    service: &Service,
    (base, head): (&CommitSha, &CommitSha),
) -> Result<Comparison, SourceError> {
    let question = format!("compare {base}...{head}");
    let ask = sources.forge(service).compare(service, (base, head));
    kept_or(sources, (service, &question), (Comparison::is_final, ask)).await
}

/// How the second commit stands to the first.
pub(super) async fn relation(
    sources: &Sources,
    service: &Service,
    (first, second): (&CommitSha, &CommitSha),
) -> Result<Relation, SourceError> {
    let question = format!("relation {first}...{second}");
    let ask = sources.forge(service).relation(service, (first, second));
    kept_or(sources, (service, &question), (|_| true, ask)).await
}

/// What was read of the repository for a range before.
pub(super) async fn objects(sources: &Sources, service: &Service, range: &str) -> Objects {
    read(sources, service, &format!("objects {range}")).await.unwrap_or_default()
}

/// Keeps what was read of the repository for a range. What could not be read is asked for again.
pub(super) async fn keep_objects(sources: &Sources, (service, range): (&Service, &str), objects: &Objects) {
    let whole = Objects { gaps: std::collections::BTreeMap::new(), ..objects.clone() };
    write(sources, (service, &format!("objects {range}")), &whole).await;
}

async fn kept_or<T: Serialize + DeserializeOwned>(
    sources: &Sources,
    (service, question): (&Service, &str),
    (is_final, ask): (fn(&T) -> bool, impl Future<Output = Result<T, SourceError>>),
) -> Result<T, SourceError> {
    if let Some(kept) = read(sources, service, question).await.filter(is_final) {
        return Ok(kept);
    }
    let answer = ask.await?;
    if is_final(&answer) {
        write(sources, (service, question), &answer).await;
    }
    Ok(answer)
}

/// A repository that has moved keeps its name, and its old answers are another forge's. GitHub's were kept first.
fn at(service: &Service, question: &str) -> String {
    match service.forge {
        Forge::Github => question.to_owned(),
        forge => format!("{forge} {question}"),
    }
}

/// Nothing when it was not kept, or cannot be read any more: then it is asked for.
async fn read<T: DeserializeOwned>(sources: &Sources, service: &Service, question: &str) -> Option<T> {
    match sources.store.kept(&service.repository, &at(service, question)).await {
        Ok(kept) => serde_json::from_str(&kept?).ok(),
        Err(error) => {
            tracing::warn!(%error, "A kept answer could not be read: {error}");
            None
        }
    }
}

/// What cannot be kept is asked for again next time, and nothing else is lost.
async fn write<T: Serialize>(sources: &Sources, (service, question): (&Service, &str), answer: &T) {
    let Ok(text) = serde_json::to_string(answer) else { return };
    if let Err(error) = sources.store.keep(&service.repository, &at(service, question), &text).await {
        tracing::warn!(%error, "An answer could not be kept: {error}");
    }
}
