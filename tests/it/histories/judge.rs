//! Judges real merges: as they are, beside what Git makes of them, and with a defect in each that is clean.

use std::collections::BTreeMap;

use cm_bot::model::CommitSha;
use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::decision::Outcome;
use cm_bot::policy::facts::{Facts, Gap, GapReason, Objects, Source, Wanted};
use cm_bot::policy::{evaluate, evidence};

use super::came::{Way, facts_of};
use super::defects::{ALL, Defect, Scene};
use super::repository::{Merge, Repository};
use crate::support::facts;

/// What became of the merges of a repository. Each text begins with the merge.
#[derive(Debug, Default)]
pub struct Tally {
    /// Merges that were looked at.
    pub merges: usize,
    /// Those that cm-bot calls clean and Git makes in the same way.
    pub clean: usize,
    /// Those that cm-bot holds.
    pub held: Vec<String>,
    /// Those of them that Git makes in the same way.
    pub held_but_git_agrees: Vec<String>,
    /// Those of which something cannot be read.
    pub unproven: Vec<String>,
    /// Those that cm-bot calls clean, and Git makes something else.
    pub git_differs: Vec<String>,
    /// Clean updates after an approval, which keeps its worth; then those that Git makes in the same way and cm-bot holds.
    pub updates: usize,
    /// See there.
    pub updates_held: Vec<String>,
    /// Clean merges, as they are and as a squash or rebase would have brought them.
    pub passed: BTreeMap<Way, usize>,
    /// Squashes and rebases of clean merges that cm-bot holds.
    pub rewrites_held: Vec<String>,
    /// Defects that were put in, and how many of them were held.
    pub defects: BTreeMap<(Way, Defect), (usize, usize)>,
    /// Defects that were not held.
    pub approved: Vec<String>,
}

impl Tally {
    /// Defects that were put in, and how many of them were held.
    pub fn all_defects(&self, way: impl Fn(Way) -> bool) -> (usize, usize) {
        let counted = self.defects.iter().filter(|((one, _), _)| way(*one)).map(|(_, counts)| *counts);
        counted.fold((0, 0), |(put_in, held), (more, also)| (put_in + more, held + also))
    }
}

/// Looks at the newest merges of a repository.
pub fn look_at(repository: &Repository, most: usize) -> Tally {
    let mut judge = Judge { repository, criteria: criteria(), tally: Tally::default() };
    for merge in repository.merges(most) {
        judge.merge(&merge);
    }
    judge.tally
}

/// The shipped criteria, with squashes that are proven and without the exemption for version numbers, which would let some
/// commits pass that nobody reviewed.
fn criteria() -> Criteria {
    let texts = facts::texts_with("allow_verified_squash = false", "allow_verified_squash = true");
    let (before, after) = ("switched_off = []", "switched_off = [\"version_bump\"]");
    assert!(texts.criteria.contains(before));
    Criteria::read(&facts::signed(texts.criteria.replacen(before, after, 1), texts.people)).unwrap()
}

struct Judge<'a> {
    repository: &'a Repository,
    criteria: Criteria,
    tally: Tally,
}

impl Judge<'_> {
    fn merge(&mut self, merge: &Merge) {
        self.tally.merges += 1;
        let name = merge.commit.short();
        let Some(mut facts) = facts_of(self.repository, merge, Way::Merge) else {
            return self.tally.unproven.push(format!("{name} is not whole in this repository"));
        };
        let (outcome, words) = self.judged(&mut facts);
        let by_git = self.repository.merged_by_git(&merge.ours, &merge.theirs);
        let same = by_git.is_some() && by_git == self.repository.tree_of(&merge.commit);
        match (outcome, same) {
            (Outcome::Met, true) => self.tally.clean += 1,
            (Outcome::Met, false) => self.tally.git_differs.push(name.to_owned()),
            (Outcome::NotMet, true) => self.tally.held_but_git_agrees.push(format!("{name} {words}")),
            (Outcome::NotMet, false) => {}
            (Outcome::Unknown | Outcome::NotApplicable, _) => self.tally.unproven.push(format!("{name} {words}")),
        }
        match outcome {
            Outcome::Met => self.with_defects(merge, &facts),
            Outcome::NotMet => self.tally.held.push(format!("{name} {words}")),
            Outcome::Unknown | Outcome::NotApplicable => {}
        }
    }

    /// In all the ways in which a clean merge could have come.
    fn with_defects(&mut self, merge: &Merge, clean: &Facts) {
        let Some(scene) = Scene::of(self.repository, merge) else { return };
        for way in [Way::Merge, Way::Squash, Way::Rebase] {
            let Some(mut facts) = facts_of(self.repository, merge, way) else { continue };
            facts.objects.clone_from(&clean.objects);
            let (outcome, words) = self.judged(&mut facts);
            if outcome != Outcome::Met {
                self.tally.rewrites_held.push(format!("{} as a {way:?}: {words}", merge.commit.short()));
                continue;
            }
            *self.tally.passed.entry(way).or_default() += 1;
            self.update(&scene, &facts, merge);
            for defect in ALL {
                self.with_defect((way, defect), &scene, (&facts, &merge.commit));
            }
        }
    }

    /// Whether a clean update that came after the approval leaves it its worth.
    fn update(&mut self, scene: &Scene<'_>, clean: &Facts, merge: &Merge) {
        let (Some([before, update]), Some(mut facts)) = (scene.update(clean), scene.approved_before_the_update(clean))
        else {
            return;
        };
        let by_git = self.repository.merged_by_git(&before, &update);
        let is_clean = by_git.is_some() && by_git == self.repository.tree_of(&merge.theirs);
        match (self.judged(&mut facts), is_clean) {
            ((Outcome::Met, _), true) => self.tally.updates += 1,
            ((Outcome::Met, _), false) => {
                self.tally.git_differs.push(format!("{} (the update before it)", merge.commit.short()));
            }
            ((_, words), true) => self.tally.updates_held.push(format!("{} {words}", merge.commit.short())),
            ((_, _), false) => {}
        }
    }

    fn with_defect(&mut self, what: (Way, Defect), scene: &Scene<'_>, (clean, merge): (&Facts, &CommitSha)) {
        let Some(mut facts) = scene.with(what.1, clean) else { return };
        let (outcome, words) = self.judged(&mut facts);
        let (put_in, held) = self.tally.defects.entry(what).or_default();
        *put_in += 1;
        if outcome == Outcome::Met {
            self.tally.approved.push(format!("{} with {what:?}: {words}", merge.short()));
        } else {
            *held += 1;
        }
    }

    /// What the rule about reviews says, after everything was read that it asks for.
    fn judged(&self, facts: &mut Facts) -> (Outcome, String) {
        loop {
            let wanted = evidence::wanted(facts, &self.criteria);
            if wanted.is_empty() {
                break;
            }
            read(&wanted, &mut facts.objects, self.repository);
        }
        let decision = evaluate(facts, &self.criteria, facts::NOW);
        let judged = decision.findings().iter().find(|judged| judged.rule == "commit_review").unwrap();
        (judged.finding.outcome, facts::read(&judged.finding).replace('\n', ""))
    }
}

/// Reads what a proof wants, or notes that it is not there.
fn read(wanted: &Wanted, objects: &mut Objects, repository: &Repository) {
    let gap = |what: &str| Gap { what: what.to_owned(), source: Source::Github, reason: GapReason::Missing };
    for id in &wanted.trees {
        match repository.tree(id) {
            Some(tree) => drop(objects.trees.insert(id.clone(), tree)),
            None => drop(objects.gaps.insert(id.to_string(), gap("a folder of the repository"))),
        }
    }
    for id in &wanted.contents {
        match repository.content(id) {
            Some(content) => drop(objects.contents.insert(id.clone(), content)),
            None => drop(objects.gaps.insert(id.to_string(), gap("the content of a file"))),
        }
    }
    for sha in &wanted.tree_of {
        match repository.tree_of(sha) {
            Some(tree) => drop(objects.tree_of.insert(sha.clone(), tree)),
            None => drop(objects.gaps.insert(sha.to_string(), gap("the files of a commit"))),
        }
    }
    for (first, second) in &wanted.relations {
        objects.relations.insert(Objects::pair(first, second), repository.relation(first, second));
    }
}
