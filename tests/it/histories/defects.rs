//! What can be wrong with a pull request that came: each defect is put into the facts of one that is clean.

use cm_bot::model::{Commit, CommitSha, Field, Mode, ObjectId, Timestamp};
use cm_bot::policy::facts::{Fact, Facts};

use super::came::made_up;
use super::files::Files;
use super::repository::{Changes, Merge, Repository};
use crate::support::facts;

/// Something that nobody else has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// One more line in a file that only the pull request changed.
    Line,
    /// One more line in a file that both lines changed.
    LineOfBoth,
    /// A file that neither line has.
    File,
    /// What the release branch had changed is as it was before.
    TakenBack,
    /// A file that can be run all at once.
    Mode,
    /// What the pull request changed is as it was before.
    LeftOut,
    /// The approval was given for the commit before the last.
    Stale,
    /// Who approved made the last commit.
    OwnWork,
    /// One more commit on the release branch, without a pull request.
    Direct,
    /// The update from the release branch that came after the approval brings a file of its own.
    Update,
}

/// All of them.
pub const ALL: [Defect; 10] = [
    Defect::Line,
    Defect::LineOfBoth,
    Defect::File,
    Defect::TakenBack,
    Defect::Mode,
    Defect::LeftOut,
    Defect::Stale,
    Defect::OwnWork,
    Defect::Direct,
    Defect::Update,
];

impl Defect {
    /// As a table names it.
    pub fn in_words(self) -> &'static str {
        match self {
            Defect::Line => "a line more in a file that only the pull request changed",
            Defect::LineOfBoth => "a line more in a file that both lines changed",
            Defect::File => "a file that neither line has",
            Defect::TakenBack => "a change of the release branch taken back",
            Defect::Mode => "a file that can be run all at once",
            Defect::LeftOut => "a change of the pull request left out",
            Defect::Stale => "an approval of the commit before the last",
            Defect::OwnWork => "the last commit made by who approved",
            Defect::Direct => "a commit pushed onto the release branch",
            Defect::Update => "an update after the approval with a file of its own",
        }
    }
}

/// A path that no repository has.
const NOBODYS: &str = "src/nobody-has-reviewed-this.js";

/// A merge with what each of its lines changed since they parted.
pub struct Scene<'a> {
    repository: &'a Repository,
    merge: &'a Merge,
    release: Changes,
    pull_request: Changes,
}

impl<'a> Scene<'a> {
    /// Looks at what each line changed; nothing when they met more than once.
    pub fn of(repository: &'a Repository, merge: &'a Merge) -> Option<Scene<'a>> {
        let base = repository.merge_base(&merge.ours, &merge.theirs)?;
        let [release, pull_request] = [&merge.ours, &merge.theirs].map(|line| repository.changes(&base, line.as_str()));
        Some(Scene { repository, merge, release, pull_request })
    }

    /// The facts with a defect in them; nothing when there is no place for it.
    pub fn with(&self, defect: Defect, clean: &Facts) -> Option<Facts> {
        let mut facts = clean.clone();
        match defect {
            Defect::Line => self.add_line(&alone(&self.pull_request, &self.release), &mut facts)?,
            Defect::LineOfBoth => self.add_line(&both(&self.pull_request, &self.release), &mut facts)?,
            Defect::File => self.add_file(&self.merge.commit, &mut facts)?,
            Defect::TakenBack => self.put_back(&self.release, &self.pull_request, &mut facts)?,
            Defect::LeftOut => self.put_back(&self.pull_request, &self.release, &mut facts)?,
            Defect::Mode => self.let_it_run(&mut facts)?,
            Defect::Stale => self.approve_before_the_end(&mut facts)?,
            Defect::OwnWork => self.let_the_reviewer_write(&mut facts)?,
            Defect::Direct => self.push_directly(&mut facts)?,
            Defect::Update => {
                self.approve_before_the_update(&mut facts)?;
                self.add_file(&self.merge.theirs, &mut facts)?;
                self.add_file(&self.merge.commit, &mut facts)?;
            }
        }
        Some(facts)
    }

    /// No defect: the approval is from before the last commit, which only brings the branch up to date.
    pub fn approved_before_the_update(&self, clean: &Facts) -> Option<Facts> {
        let mut facts = clean.clone();
        self.approve_before_the_update(&mut facts)?;
        Some(facts)
    }

    /// The last commit of the pull request, when that brings it up to date: the commit before, and what it brings in.
    pub fn update(&self, facts: &Facts) -> Option<[CommitSha; 2]> {
        let [before, update] = find(facts, &self.merge.theirs)?.parents.as_slice() else { return None };
        let is_update = self.repository.reaches(&self.merge.ours, update);
        (is_update && !self.repository.reaches(&self.merge.ours, before)).then(|| [before.clone(), update.clone()])
    }

    fn add_line(&self, paths: &[&String], facts: &mut Facts) -> Option<()> {
        let top = find(facts, &self.merge.commit)?.tree.clone();
        let mut files = self.files(facts);
        let texts = paths.iter().filter_map(|path| {
            let file = files.at(&top, path)?;
            Some((path.as_str(), file.mode, files.text(&file)?))
        });
        let (path, mode, text) = self.any(texts.collect())?;
        let file = files.write(&format!("{text}and one more line\n"), mode);
        let tree = files.with(&top, path, Some(file))?;
        self.set(&self.merge.commit, tree, facts)
    }

    fn add_file(&self, commit: &CommitSha, facts: &mut Facts) -> Option<()> {
        let top = find(facts, commit)?.tree.clone();
        let mut files = self.files(facts);
        let file = files.write("nobody has reviewed this\n", Mode::FILE);
        let tree = files.with(&top, NOBODYS, Some(file))?;
        self.set(commit, tree, facts)
    }

    /// A file that only the first of two lines changed is as it was where they parted.
    fn put_back(&self, first: &Changes, second: &Changes, facts: &mut Facts) -> Option<()> {
        let path = self.any(alone(first, second))?;
        let (before, _) = first.get(path)?.clone();
        let top = find(facts, &self.merge.commit)?.tree.clone();
        let tree = self.files(facts).with(&top, path, before)?;
        self.set(&self.merge.commit, tree, facts)
    }

    fn let_it_run(&self, facts: &mut Facts) -> Option<()> {
        let top = find(facts, &self.merge.commit)?.tree.clone();
        let mut files = self.files(facts);
        let changed =
            alone(&self.pull_request, &self.release).into_iter().chain(alone(&self.release, &self.pull_request));
        let plain =
            changed.filter_map(|path| Some((path, files.at(&top, path).filter(|file| file.mode == Mode::FILE)?)));
        let (path, mut file) = self.any(plain.collect())?;
        file.mode = Mode::EXECUTABLE;
        let tree = files.with(&top, path, Some(file))?;
        self.set(&self.merge.commit, tree, facts)
    }

    fn approve_before_the_end(&self, facts: &mut Facts) -> Option<()> {
        let before = self.before_the_last(facts)?;
        approve(before, facts);
        Some(())
    }

    fn approve_before_the_update(&self, facts: &mut Facts) -> Option<()> {
        let [before, _] = self.update(facts)?;
        approve(before, facts);
        Some(())
    }

    fn let_the_reviewer_write(&self, facts: &mut Facts) -> Option<()> {
        self.before_the_last(facts)?;
        let lee = facts::commit('1', &[], &facts::user("lee", 1002));
        find_mut(facts, &self.merge.theirs)?.authors = lee.authors;
        Some(())
    }

    /// The commit before the last one of the pull request, when the last one is work of its own.
    fn before_the_last(&self, facts: &Facts) -> Option<CommitSha> {
        let last = find(facts, &self.merge.theirs)?;
        let [before] = last.parents.as_slice() else { return None };
        (self.repository.tree_of(before)? != last.tree).then(|| before.clone())
    }

    fn push_directly(&self, facts: &mut Facts) -> Option<()> {
        let merged = find(facts, &self.merge.commit)?.clone();
        self.add_file(&merged.sha, facts)?;
        let with_file = std::mem::replace(find_mut(facts, &merged.sha)?, merged.clone());
        let sha = made_up(&format!("pushed onto {}", merged.sha));
        facts.ticket.fields.insert(Field::Commit, sha.to_string());
        facts::scans(facts).analyses[0].commit = sha.clone();
        if let Fact::Known(pull_requests) = &mut facts.pull_requests {
            pull_requests.of_commit.insert(sha.clone(), Vec::new());
        }
        facts::range(facts).commits.push(Commit { sha, parents: vec![merged.sha], ..with_file });
        Some(())
    }

    fn set(&self, commit: &CommitSha, tree: ObjectId, facts: &mut Facts) -> Option<()> {
        find_mut(facts, commit)?.tree = tree;
        Some(())
    }

    fn files<'b>(&'b self, facts: &'b mut Facts) -> Files<'b> {
        Files { repository: self.repository, objects: &mut facts.objects }
    }

    /// One of several, always the same for the same merge.
    fn any<T>(&self, of: Vec<T>) -> Option<T> {
        let number = usize::from_str_radix(self.merge.commit.short(), 16).unwrap();
        let place = number.checked_rem(of.len())?;
        of.into_iter().nth(place)
    }
}

/// What only the first of two lines changed.
fn alone<'b>(first: &'b Changes, second: &Changes) -> Vec<&'b String> {
    first.keys().filter(|path| !second.contains_key(*path)).collect()
}

/// What both changed.
fn both<'b>(first: &'b Changes, second: &Changes) -> Vec<&'b String> {
    first.keys().filter(|path| second.contains_key(*path)).collect()
}

/// Lee approved another commit, and GitHub had received it before.
fn approve(commit: CommitSha, facts: &mut Facts) {
    let pull_request = facts::pull_request(facts);
    pull_request.first_seen.insert(commit.clone(), Timestamp(facts::NOW.0 - 7_200_000));
    pull_request.first_seen.insert(pull_request.head.clone(), Timestamp(facts::NOW.0 - 2_400_000));
    pull_request.reviews[0].commit = Some(commit);
}

/// A commit of the release branch or of the pull request.
fn find<'b>(facts: &'b Facts, sha: &CommitSha) -> Option<&'b Commit> {
    let (Fact::Known(range), Fact::Known(pull_requests)) = (&facts.range, &facts.pull_requests) else { return None };
    let own = pull_requests.by_number.values().flat_map(|one| one.commits.iter().flatten());
    range.commits.iter().chain(own).find(|commit| commit.sha == *sha)
}

fn find_mut<'b>(facts: &'b mut Facts, sha: &CommitSha) -> Option<&'b mut Commit> {
    let Facts { range: Fact::Known(range), pull_requests: Fact::Known(pull_requests), .. } = facts else { return None };
    let own = pull_requests.by_number.values_mut().flat_map(|one| one.commits.iter_mut().flatten());
    range.commits.iter_mut().chain(own).find(|commit| commit.sha == *sha)
}
