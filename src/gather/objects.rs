//! Reads what proofs want to see of the repository: they say what is missing, this fetches it, until nothing is missing.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};

use super::history::place;
use super::{Sources, gap, kept};
use crate::integrations::SourceError;
use crate::integrations::github::{Asked, MOST_OBJECTS, Read};
use crate::model::{CommitSha, Relation, Service};
use crate::policy::criteria::Criteria;
use crate::policy::evidence;
use crate::policy::facts::{Facts, Objects, Source, Wanted};

/// Rounds of asking. Each goes one folder deeper at most, so this is deeper than any source tree.
const MOST_ROUNDS: usize = 40;

/// Most objects of one ticket.
const MOST: usize = 20_000;

/// Requests that are under way at a time.
const AT_A_TIME: usize = 8;

/// Most folders that are fetched on a guess.
const MOST_GUESSED: usize = 200;

/// What helps to ask for the right things, and what was seen by the way.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Paths that GitHub lists as changed.
    pub paths: Vec<String>,
    /// The commit that the branch ended in when objects were read last.
    pub tip: Option<CommitSha>,
}

/// Fills `facts.objects` until every proof has what it wants, or what it wants cannot be had.
pub(super) async fn complete(sources: &Sources, facts: &mut Facts, criteria: &Criteria, hints: &mut Hints) {
    let (Some(service), Some(range)) = (facts.placement.service().cloned(), range_of(facts)) else { return };
    facts.objects = kept::objects(sources, &service.repository, &range).await;
    let before = facts.objects.clone();
    ask(sources, facts, criteria, (&service, hints)).await;
    if facts.objects != before && facts.objects.gaps.is_empty() {
        kept::keep_objects(sources, (&service.repository, &range), &facts.objects).await;
    }
}

/// The two ends of the range.
fn range_of(facts: &Facts) -> Option<String> {
    let baseline = facts.baseline.known().ok()?.as_ref()?;
    Some(Objects::pair(&baseline.commit, &facts.head()?))
}

async fn ask(sources: &Sources, facts: &mut Facts, criteria: &Criteria, (service, hints): (&Service, &mut Hints)) {
    for round in 0..MOST_ROUNDS {
        let wanted = evidence::wanted(facts, criteria);
        if wanted.is_empty() {
            return;
        }
        let mut asked = asked(&wanted);
        if round == 0 {
            asked.extend(guessed(facts, &wanted, &hints.paths));
        }
        if facts.objects.trees.len() + facts.objects.contents.len() + asked.len() > MOST {
            refuse(&mut facts.objects, &wanted);
            return;
        }
        read_all(sources, service, &asked, (&mut facts.objects, hints)).await;
        relate_all(sources, service, &wanted, &mut facts.objects).await;
    }
    let wanted = evidence::wanted(facts, criteria);
    refuse(&mut facts.objects, &wanted);
}

fn asked(wanted: &Wanted) -> BTreeSet<Asked> {
    let objects = wanted.trees.iter().chain(&wanted.contents).cloned().map(Asked::Object);
    objects.chain(wanted.tree_of.iter().cloned().map(Asked::TreeOf)).collect()
}

/// The folders with changed files, at every commit whose top folder is wanted: most of them will be wanted next. Many
/// commits with many folders are not guessed at; the proofs then ask for folder after folder.
fn guessed(facts: &Facts, wanted: &Wanted, paths: &[String]) -> BTreeSet<Asked> {
    let folders: BTreeSet<&str> = paths.iter().flat_map(|path| above(path)).collect();
    let commits = facts.range.known().map_or(&[][..], |range| range.commits.as_slice());
    let mut tops: Vec<&CommitSha> =
        commits.iter().filter(|commit| wanted.trees.contains(&commit.tree)).map(|commit| &commit.sha).collect();
    if let (Ok(range), Ok(Some(baseline))) = (facts.range.known(), facts.baseline.known()) {
        tops.extend(wanted.trees.contains(&range.base_tree).then_some(&baseline.commit));
    }
    if tops.len() * folders.len() > MOST_GUESSED {
        return BTreeSet::new();
    }
    let pairs = tops.iter().flat_map(|commit| folders.iter().map(move |folder| (*commit, *folder)));
    pairs.map(|(commit, folder)| Asked::Folder(commit.clone(), folder.to_owned())).collect()
}

/// The folders above a path, without the top.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(place, _)| &path[..place])
}

async fn read_all(
    sources: &Sources,
    service: &Service,
    asked: &BTreeSet<Asked>,
    (objects, hints): (&mut Objects, &mut Hints),
) {
    let all: Vec<Asked> = asked.iter().cloned().collect();
    let batches: Vec<_> = all.chunks(MOST_OBJECTS).map(|batch| read(sources, service, batch)).collect();
    for (batch, found) in stream::iter(batches).buffered(AT_A_TIME).collect::<Vec<_>>().await {
        match found {
            Ok((tip, found)) => {
                hints.tip = tip.or(hints.tip.take());
                for (one, read) in batch.iter().zip(found) {
                    note(objects, one, read);
                }
            }
            Err(error) => batch.iter().for_each(|one| miss(objects, one, &error)),
        }
    }
}

/// One request; a batch that GitHub finds too heavy is halved.
async fn read<'a>(sources: &Sources, service: &Service, batch: &'a [Asked]) -> (&'a [Asked], Answer) {
    let found = sources.github.objects(place(service), batch).await;
    if batch.len() == 1 || !matches!(found, Err(SourceError::Unreachable(_))) {
        return (batch, found);
    }
    let (one, other) = batch.split_at(batch.len() / 2);
    let halves =
        async { (Box::pin(read(sources, service, one)).await.1, Box::pin(read(sources, service, other)).await.1) };
    match halves.await {
        (Ok((_, mut found)), Ok((tip, more))) => {
            found.extend(more);
            (batch, Ok((tip, found)))
        }
        (Err(error), _) | (_, Err(error)) => (batch, Err(error)),
    }
}

type Answer = Result<(Option<CommitSha>, Vec<Read>), SourceError>;

fn note(objects: &mut Objects, asked: &Asked, read: Read) {
    match (asked, read) {
        (_, Read::Tree(id, tree)) => {
            objects.trees.insert(id, tree);
        }
        (_, Read::Content(id, content)) => {
            objects.contents.insert(id, content);
        }
        (Asked::TreeOf(sha), Read::Commit(found, tree)) if *sha == found => {
            objects.tree_of.insert(found, tree);
        }
        // A folder is only a guess: it need not be there.
        (Asked::Folder(..), _) => {}
        (Asked::Object(_) | Asked::TreeOf(_), Read::Nothing | Read::Commit(..)) => {
            miss(objects, asked, &SourceError::NotFound);
        }
    }
}

fn miss(objects: &mut Objects, asked: &Asked, error: &SourceError) {
    let (key, what) = match asked {
        Asked::Object(id) => (id.as_str(), "the files of the repository".to_owned()),
        Asked::TreeOf(sha) => (sha.as_str(), format!("the files of commit {}", sha.short())),
        Asked::Folder(..) => return,
    };
    objects.gaps.insert(key.to_owned(), gap(error, &what, Source::Github));
}

async fn relate_all(sources: &Sources, service: &Service, wanted: &Wanted, objects: &mut Objects) {
    let relations = wanted.relations.iter().map(|(first, second)| async move {
        (Objects::pair(first, second), kept::relation(sources, &service.repository, (first, second)).await)
    });
    let relations: Vec<_> = relations.collect();
    let found: Vec<(String, Result<Relation, SourceError>)> =
        stream::iter(relations).buffered(AT_A_TIME).collect().await;
    for (pair, relation) in found {
        match relation {
            Ok(relation) => {
                objects.relations.insert(pair, relation);
            }
            Err(error) => {
                let gap = gap(&error, "how two commits are related", Source::Github);
                objects.gaps.insert(pair, gap);
            }
        }
    }
}

/// Too much is unknown like anything else.
fn refuse(objects: &mut Objects, wanted: &Wanted) {
    let too_much = SourceError::TooMuch("folders and files".into());
    for one in asked(wanted) {
        miss(objects, &one, &too_much);
    }
}
