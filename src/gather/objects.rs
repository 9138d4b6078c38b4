//! Reads what proofs want to see of the repository: they say what is missing, this fetches it, until nothing is missing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::{Sources, gap, kept};
use crate::integrations::SourceError;
use crate::integrations::forge::{Asked, MOST_OBJECTS, Read};
use crate::model::{CommitSha, ObjectId, Relation, Service};
use crate::policy::criteria::Criteria;
use crate::policy::facts::{Facts, Objects, Source, Wanted};

/// Rounds of asking. Each goes one folder deeper at most, so this is deeper than any source tree.
const MOST_ROUNDS: usize = 40;

/// Most objects of one ticket.
const MOST: usize = 20_000;

/// Requests among which objects are shared out.
const AT_A_TIME: usize = 12;

/// Fewer objects than these are not worth a request of their own.
const FEWEST_OBJECTS: usize = 80;

/// All folders at all commits before the range are guessed while they are no more than these.
const MOST_GUESSED: usize = 50;

/// Most folders that are fetched on a guess at each commit of a larger range.
const MOST_BUSY: usize = 10;

/// What helps to ask for the right things, and what was seen by the way.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Paths that GitHub lists as changed.
    pub paths: Vec<String>,
    /// The commit that the branch ended in when it was seen last.
    pub tip: Option<CommitSha>,
    /// Commits that the baseline reaches, with their files.
    pub reached: BTreeMap<CommitSha, ObjectId>,
    /// How many objects were kept from an earlier look.
    pub kept: usize,
}

/// Keeps what was read for the next look at this range, when it is whole and there is more of it than before.
pub(super) async fn keep(sources: &Sources, facts: &Facts, hints: &Hints) {
    let (Some(service), Ok(Some(baseline)), Some(head)) =
        (facts.placement.service(), facts.baseline.known(), facts.head())
    else {
        return;
    };
    if facts.objects.gaps.is_empty() && facts.objects.count() > hints.kept {
        let range = Objects::pair(&baseline.commit, &head);
        kept::keep_objects(sources, (service, &range), &facts.objects).await;
    }
}

/// Says what of the repository some proof would still like to see.
type Wish = fn(&Facts, &Criteria) -> Wanted;

/// Fills `facts.objects` until nothing is left to wish for, or what is left cannot be had.
pub(super) async fn complete(
    sources: &Sources,
    facts: &mut Facts,
    (wish, criteria): (Wish, &Criteria),
    hints: &mut Hints,
) {
    let Some(service) = facts.placement.service().cloned() else { return };
    for round in 0..MOST_ROUNDS {
        let mut wanted = wish(facts, criteria);
        if wanted.is_empty() {
            return;
        }
        let guessed = if round == 0 { guessed(facts, &wanted, hints) } else { BTreeSet::new() };
        answer_from(&hints.reached, &mut wanted, facts);
        let asked = asked(&wanted).into_iter().chain(guessed).collect();
        if is_too_much(facts, &asked) {
            refuse(facts, &wanted);
            return;
        }
        let (read, related) = tokio::join!(read_all(sources, &service, &asked), relate_all(sources, &service, &wanted));
        note_all(read, (facts, hints));
        note_related(related, facts);
    }
    let wanted = wish(facts, criteria);
    refuse(facts, &wanted);
}

/// Reads folders that will most likely be wished for, when there are enough of them. What is missing then is asked for with
/// all the rest.
pub(super) async fn read_ahead(
    sources: &Sources,
    facts: &mut Facts,
    (wish, criteria): (Wish, &Criteria),
    hints: &mut Hints,
) {
    let Some(service) = facts.placement.service().cloned() else { return };
    let wanted = wish(facts, criteria);
    let asked: BTreeSet<Asked> = asked(&wanted).into_iter().chain(guessed(facts, &wanted, hints)).collect();
    if asked.len() < FEWEST_OBJECTS || is_too_much(facts, &asked) {
        return;
    }
    let read = read_all(sources, &service, &asked).await;
    note_all(read, (facts, hints));
}

fn is_too_much(facts: &Facts, asked: &BTreeSet<Asked>) -> bool {
    facts.objects.trees.len() + facts.objects.contents.len() + asked.len() > MOST
}

/// Takes from the wishes what is known of commits that the baseline reaches.
fn answer_from(reached: &BTreeMap<CommitSha, ObjectId>, wanted: &mut Wanted, facts: &mut Facts) {
    let objects = &mut facts.objects;
    for sha in std::mem::take(&mut wanted.tree_of) {
        match reached.get(&sha) {
            Some(tree) => drop(objects.tree_of.insert(sha, tree.clone())),
            None => drop(wanted.tree_of.insert(sha)),
        }
    }
    let baseline = facts.baseline.known().ok().and_then(Option::as_ref).map(|baseline| &baseline.commit);
    for (first, second) in std::mem::take(&mut wanted.relations) {
        if reached.contains_key(&first) && baseline == Some(&second) {
            objects.relations.insert(Objects::pair(&first, &second), Relation::Ahead);
        } else {
            wanted.relations.insert((first, second));
        }
    }
}

fn asked(wanted: &Wanted) -> BTreeSet<Asked> {
    let objects = wanted.trees.iter().chain(&wanted.contents).cloned().map(Asked::Object);
    objects.chain(wanted.tree_of.iter().cloned().map(Asked::TreeOf)).collect()
}

/// Folders with changed files that will most likely be wanted next: all of them at commits that will be compared file by
/// file, and at commits before the range; at every other commit whose files are wanted those in which most of the work was
/// done, because there two lines of work meet. Where a guess is wrong, the proofs ask for folder after folder.
fn guessed(facts: &Facts, wanted: &Wanted, hints: &Hints) -> BTreeSet<Asked> {
    let (all, busy) = folders(&hints.paths);
    let outside = outside(facts, wanted);
    let everywhere = if outside.len() * all.len() <= MOST_GUESSED { &all } else { &busy };
    let mut guessed = product(outside.iter().copied(), everywhere);
    guessed.extend(product(outside.iter().copied(), &BTreeSet::from([""])));
    for (commit, tree) in trees(facts).filter(|(_, tree)| wanted.trees.contains(*tree)) {
        guessed.extend(product([commit], if wanted.whole.contains(tree) { &all } else { &busy }));
    }
    let unknown = outside.into_iter().filter(|commit| !hints.reached.contains_key(*commit));
    guessed.extend(unknown.map(|commit| Asked::TreeOf(commit.clone())));
    guessed
}

/// All folders with changed files, and those that hold at least half of these files.
fn folders(paths: &[String]) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let mut paths_below: BTreeMap<&str, usize> = BTreeMap::new();
    for folder in paths.iter().flat_map(|path| above(path)) {
        *paths_below.entry(folder).or_default() += 1;
    }
    let busy = paths_below.iter().filter(|(_, below)| 2 * **below >= paths.len()).map(|(folder, _)| *folder);
    (paths_below.keys().copied().collect(), busy.take(MOST_BUSY).collect())
}

/// Each folder at each commit.
fn product<'a>(commits: impl IntoIterator<Item = &'a CommitSha>, folders: &BTreeSet<&str>) -> BTreeSet<Asked> {
    let at =
        |commit: &'a CommitSha| folders.iter().map(move |folder| Asked::Folder(commit.clone(), (*folder).to_owned()));
    commits.into_iter().flat_map(at).collect()
}

/// Commits before the range whose files are wanted, or will be as soon as it is known how they stand to the baseline.
fn outside<'a>(facts: &Facts, wanted: &'a Wanted) -> BTreeSet<&'a CommitSha> {
    let baseline = facts.baseline.known().ok().and_then(Option::as_ref).map(|baseline| &baseline.commit);
    let related = wanted.relations.iter().flat_map(|(first, second)| [first, second]);
    wanted.tree_of.iter().chain(related.filter(|commit| Some(*commit) != baseline)).collect()
}

/// Commits with their files: the baseline, those of the range, and those that some of these stand for.
fn trees(facts: &Facts) -> impl Iterator<Item = (&CommitSha, &ObjectId)> {
    let (range, baseline) = (facts.range.known().ok(), facts.baseline.known().ok().and_then(Option::as_ref));
    let base = baseline.zip(range).map(|(baseline, range)| (&baseline.commit, &range.base_tree));
    let pull_requests = facts.pull_requests.known().ok().into_iter().flat_map(|found| found.by_number.values());
    let own = pull_requests.flat_map(|pull_request| pull_request.commits.iter().flatten());
    let commits = range.into_iter().flat_map(|range| &range.commits).chain(own);
    base.into_iter().chain(commits.map(|commit| (&commit.sha, &commit.tree)))
}

/// The folders above a path, without the top.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(place, _)| &path[..place])
}

/// Some questions and what came of them.
type Batch = (Vec<Asked>, Answer);

async fn read_all(sources: &Sources, service: &Service, asked: &BTreeSet<Asked>) -> Vec<Batch> {
    let read = shared_out(asked).into_iter().map(|batch| async move {
        let answer = read(sources, service, &batch).await;
        (batch, answer)
    });
    let read: Vec<_> = read.collect();
    stream::iter(read).buffered(AT_A_TIME).collect().await
}

/// A large answer takes long, so what fits into a few requests at a time is shared out to them: large folders, which are
/// neighbours in the order, to different ones.
fn shared_out(asked: &BTreeSet<Asked>) -> Vec<Vec<Asked>> {
    let size = asked.len().div_ceil(AT_A_TIME).clamp(FEWEST_OBJECTS, MOST_OBJECTS);
    let requests = asked.len().div_ceil(size);
    (0..requests).map(|first| asked.iter().skip(first).step_by(requests).cloned().collect()).collect()
}

fn note_all(read: Vec<Batch>, (facts, hints): (&mut Facts, &mut Hints)) {
    let (source, objects) = (facts.forge().into(), &mut facts.objects);
    for (batch, found) in read {
        match found {
            Ok((tip, found)) => {
                hints.tip = tip.or(hints.tip.take());
                for (one, read) in batch.iter().zip(found) {
                    note((objects, source), one, read);
                }
            }
            Err(error) => batch.iter().for_each(|one| miss((objects, source), one, &error)),
        }
    }
}

/// One request; a batch that GitHub finds too heavy is halved.
async fn read(sources: &Sources, service: &Service, batch: &[Asked]) -> Answer {
    let found = sources.forge(service).objects(service, batch).await;
    if batch.len() == 1 || !matches!(found, Err(SourceError::Unreachable(_))) {
        return found;
    }
    let (one, other) = batch.split_at(batch.len() / 2);
    let (_, mut found) = Box::pin(read(sources, service, one)).await?;
    let (tip, more) = Box::pin(read(sources, service, other)).await?;
    found.extend(more);
    Ok((tip, found))
}

type Answer = Result<(Option<CommitSha>, Vec<Read>), SourceError>;

fn note((objects, source): (&mut Objects, Source), asked: &Asked, read: Read) {
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
            miss((objects, source), asked, &SourceError::NotFound);
        }
    }
}

fn miss((objects, source): (&mut Objects, Source), asked: &Asked, error: &SourceError) {
    let (key, what) = match asked {
        Asked::Object(id) => (id.as_str(), "the files of the repository".to_owned()),
        Asked::TreeOf(sha) => (sha.as_str(), format!("the files of commit {}", sha.short())),
        Asked::Folder(..) => return,
    };
    objects.gaps.insert(key.to_owned(), gap(error, &what, source));
}

/// How pairs of commits stand to each other.
type Related = Vec<(String, Result<Relation, SourceError>)>;

async fn relate_all(sources: &Sources, service: &Service, wanted: &Wanted) -> Related {
    let relations = wanted.relations.iter().map(|(first, second)| async move {
        (Objects::pair(first, second), kept::relation(sources, service, (first, second)).await)
    });
    let relations: Vec<_> = relations.collect();
    stream::iter(relations).buffered(AT_A_TIME).collect().await
}

fn note_related(related: Related, facts: &mut Facts) {
    let (source, objects) = (facts.forge().into(), &mut facts.objects);
    for (pair, relation) in related {
        match relation {
            Ok(relation) => {
                objects.relations.insert(pair, relation);
            }
            Err(error) => {
                let gap = gap(&error, "how two commits are related", source);
                objects.gaps.insert(pair, gap);
            }
        }
    }
}

/// Too much is unknown like anything else.
fn refuse(facts: &mut Facts, wanted: &Wanted) {
    let (source, objects) = (facts.forge().into(), &mut facts.objects);
    let too_much = SourceError::TooMuch("folders and files".into());
    for one in asked(wanted) {
        miss((objects, source), &one, &too_much);
    }
}
