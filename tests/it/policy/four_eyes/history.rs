//! What happened: the truth, step by step, with what GitHub would keep of it.

use std::collections::{BTreeMap, BTreeSet};

/// Files of a commit: path and content.
pub type Files = BTreeMap<String, String>;

/// A person by number: 0 to 3 are in the people file, 4 is not.
pub type Who = usize;

/// One thing that somebody does. What is impossible at that moment does not happen.
#[derive(Debug, Clone)]
pub enum Step {
    /// New commits by `who`, in the name of `claims`, pushed by `who`.
    Push {
        pull: usize,
        who: Who,
        claims: Who,
        edits: Vec<(usize, u8)>,
        checked: Checked,
    },
    /// The last commit is replaced: by the same change, or by another.
    ForcePush {
        pull: usize,
        who: Who,
        edit: Option<(usize, u8)>,
    },
    Review {
        pull: usize,
        who: Who,
        says: Says,
    },
    Dismiss {
        pull: usize,
        review: usize,
        who: Who,
    },
    /// The release branch is merged into the pull request.
    Update {
        pull: usize,
        who: Who,
        how: How,
    },
    /// The same on another branch, where nobody looks; `PushPrepared` brings it later.
    Prepare {
        pull: usize,
        who: Who,
        edit: (usize, u8),
    },
    PushPrepared {
        pull: usize,
    },
    Merge {
        pull: usize,
        who: Who,
        how: How,
    },
    /// All of the pull request as one new commit, perhaps with something more in it.
    Squash {
        pull: usize,
        who: Who,
        more: Option<(usize, u8)>,
    },
    PushToRelease {
        who: Who,
        edit: (usize, u8),
    },
}

/// Whether GitHub made check suites for a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    Yes,
    No,
}

/// How a merge commit is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// GitHub's button.
    Button,
    /// On somebody's machine.
    ByHand,
    /// On somebody's machine, with something of their own in it.
    Evil(usize, u8),
    /// The editor on the web: signed by GitHub, with something of their own in it.
    EvilOnTheWeb(usize, u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Approve,
    Object,
}

/// A commit, and who really made it.
#[derive(Debug, Clone)]
pub struct Made {
    pub parents: Vec<usize>,
    pub files: Files,
    pub maker: Who,
    pub claims: Who,
    pub by_github: bool,
}

/// A review: what its author looked at, and what GitHub says today that it was for.
#[derive(Debug, Clone)]
pub struct Opinion {
    pub who: Who,
    pub says: Says,
    pub at: i64,
    pub seen: usize,
    pub names: usize,
    pub dismissed_by: Option<Who>,
}

#[derive(Debug, Clone, Default)]
pub struct Pull {
    pub opener: Option<Who>,
    pub head: usize,
    pub reviews: Vec<Opinion>,
    pub forced: Vec<(i64, Who)>,
    pub merged: Option<(usize, i64)>,
    pub prepared: Option<usize>,
}

/// A push that GitHub made a check suite for.
#[derive(Debug, Clone)]
pub struct Suite {
    pub before: Option<usize>,
    pub after: usize,
    pub who: Who,
    pub at: i64,
}

/// Everything up to now. Commit 0 is what was deployed before.
#[derive(Debug, Clone)]
pub struct History {
    pub commits: Vec<Made>,
    pub pulls: Vec<Pull>,
    pub suites: Vec<Suite>,
    pub release: usize,
    now: i64,
}

impl History {
    pub fn of(steps: &[Step]) -> History {
        let files = (0..4).map(|file| (path(file), "0".to_owned())).collect();
        let first = Made { parents: Vec::new(), files, maker: 0, claims: 0, by_github: false };
        let pulls = vec![Pull::default(), Pull::default()];
        let mut history = History { commits: vec![first], pulls, suites: Vec::new(), release: 0, now: 0 };
        for step in steps {
            history.now += 1;
            history.play(step);
        }
        history
    }

    /// The commits of a pull request: everything below its end that the release branch did not have when it was merged.
    pub fn own(&self, pull: &Pull) -> BTreeSet<usize> {
        let before = pull.merged.map_or(self.release, |(merge, _)| self.commits[merge].parents[0]);
        &self.reach(pull.head) - &self.reach(before)
    }

    /// Whether it was merged as one new commit.
    pub fn was_squashed(&self, pull: &Pull) -> bool {
        pull.merged.is_some_and(|(merge, _)| self.commits[merge].parents.len() == 1)
    }

    /// Two approved pull requests that parted at the same commit were merged one after the other; the second merge holds
    /// what somebody says.
    pub fn of_merge([base, ours, theirs, result]: [Files; 4]) -> History {
        let made = |parents: &[usize], files: &Files, maker: Who, by_github: bool| Made {
            parents: parents.to_vec(),
            files: files.clone(),
            maker,
            claims: maker,
            by_github,
        };
        let commits = vec![
            made(&[], &base, 0, false),
            made(&[0], &ours, 0, false),
            made(&[0], &theirs, 1, false),
            made(&[0, 1], &ours, 0, true),
            made(&[3, 2], &result, 1, true),
        ];
        let pull = |head: usize| Pull {
            opener: Some(head - 1),
            head,
            reviews: vec![Opinion { who: 2, says: Says::Approve, at: 2, seen: head, names: head, dismissed_by: None }],
            merged: Some((head + 2, 3)),
            ..Pull::default()
        };
        let suite = |after: usize| Suite { before: None, after, who: after - 1, at: 1 };
        let (pulls, suites) = (vec![pull(1), pull(2)], vec![suite(1), suite(2)]);
        History { commits, pulls, suites, release: 4, now: 3 }
    }

    /// The commit and everything below it.
    pub fn reach(&self, commit: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut ahead = vec![commit];
        while let Some(commit) = ahead.pop() {
            if found.insert(commit) {
                ahead.extend(&self.commits[commit].parents);
            }
        }
        found
    }

    /// What a merge of two commits holds if nobody adds anything; nothing when a human has to decide.
    pub fn clean_merge(&self, ours: usize, theirs: usize) -> Option<Files> {
        let common: BTreeSet<usize> = self.reach(ours).intersection(&self.reach(theirs)).copied().collect();
        let is_highest = |one: &&usize| !common.iter().any(|other| other != *one && self.reach(*other).contains(one));
        let highest: Vec<&usize> = common.iter().filter(is_highest).collect();
        let [base] = highest.as_slice() else { return None };
        let (base, ours, theirs) =
            (&self.commits[**base].files, &self.commits[ours].files, &self.commits[theirs].files);
        let merged = base.keys().map(|path| match (&base[path], &ours[path], &theirs[path]) {
            (_, ours, theirs) if ours == theirs => Some((path.clone(), ours.clone())),
            (base, ours, theirs) if ours == base => Some((path.clone(), theirs.clone())),
            (base, ours, theirs) if theirs == base => Some((path.clone(), ours.clone())),
            _ => None,
        });
        merged.collect()
    }

    fn play(&mut self, step: &Step) {
        match step.clone() {
            Step::PushToRelease { who, edit } => {
                let commit = self.commit(vec![self.release], &[edit], (who, who));
                self.suite(Some(self.release), commit, who);
                self.release = commit;
            }
            Step::Push { pull, .. }
            | Step::Merge { pull, .. }
            | Step::Squash { pull, .. }
            | Step::Update { pull, .. }
                if self.pulls[pull].merged.is_some() => {}
            Step::Push { pull, who, claims, edits, checked } => self.push(pull, (who, claims), &edits, checked),
            _ if self.pulls[pull_of(step)].opener.is_none() => {}
            Step::Review { pull, who, says } => self.review(pull, who, says),
            Step::Dismiss { pull, review, who } => {
                if let Some(review) = self.pulls[pull].reviews.get_mut(review) {
                    review.dismissed_by.get_or_insert(who);
                }
            }
            Step::Merge { pull, who, how } => self.merge(pull, who, how),
            Step::Squash { pull, who, more } => self.squash(pull, who, more),
            _ if self.pulls[pull_of(step)].merged.is_some() => {}
            Step::ForcePush { pull, who, edit } => self.force_push(pull, who, edit),
            Step::Update { pull, who, how } => self.update(pull, who, how),
            Step::Prepare { pull, who, edit: (file, value) } => {
                let commit = self.join((self.pulls[pull].head, self.release), who, How::Evil(file, value));
                if let Some(commit) = commit {
                    self.suite(None, commit, who);
                    self.pulls[pull].prepared = Some(commit);
                }
            }
            Step::PushPrepared { pull } => {
                let head = self.pulls[pull].head;
                if let Some(commit) = self.pulls[pull].prepared.filter(|one| self.commits[*one].parents[0] == head) {
                    self.move_with_approvals(pull, commit);
                }
            }
        }
    }

    fn commit(&mut self, parents: Vec<usize>, edits: &[(usize, u8)], (maker, claims): (Who, Who)) -> usize {
        let mut files = self.commits[parents[0]].files.clone();
        files.extend(edits.iter().map(|(file, value)| (path(*file), value.to_string())));
        self.commits.push(Made { parents, files, maker, claims, by_github: false });
        self.commits.len() - 1
    }

    fn suite(&mut self, before: Option<usize>, after: usize, who: Who) {
        self.suites.push(Suite { before, after, who, at: self.now });
    }

    fn push(&mut self, pull: usize, (who, claims): (Who, Who), edits: &[(usize, u8)], checked: Checked) {
        let before = self.pulls[pull].opener.map(|_| self.pulls[pull].head);
        let mut head = before.unwrap_or(self.release);
        for edit in edits {
            head = self.commit(vec![head], &[*edit], (who, claims));
        }
        self.pulls[pull].opener.get_or_insert(who);
        self.pulls[pull].head = head;
        if checked == Checked::Yes {
            self.suite(before, head, who);
        }
    }

    /// Approvals follow a forced push of the same change.
    fn force_push(&mut self, pull: usize, who: Who, edit: Option<(usize, u8)>) {
        let old = self.pulls[pull].head;
        let Made { parents, files, claims, .. } = self.commits[old].clone();
        let [parent] = parents.as_slice() else { return };
        let new = self.commit(vec![*parent], edit.as_slice(), (who, claims));
        if edit.is_none() {
            self.commits[new].files = files;
            self.commits[new].maker = self.commits[old].maker;
            self.move_with_approvals(pull, new);
        }
        self.pulls[pull].head = new;
        self.pulls[pull].forced.push((self.now, who));
        self.suite(Some(old), new, who);
    }

    fn review(&mut self, pull: usize, who: Who, says: Says) {
        let head = self.pulls[pull].head;
        let review = Opinion { who, says, at: self.now, seen: head, names: head, dismissed_by: None };
        self.pulls[pull].reviews.push(review);
    }

    /// A merge commit; nothing when it cannot be made in this way.
    fn join(&mut self, (ours, theirs): (usize, usize), who: Who, how: How) -> Option<usize> {
        if self.reach(ours).contains(&theirs) {
            return None;
        }
        let clean = self.clean_merge(ours, theirs);
        let edit = match how {
            How::Button | How::ByHand => None,
            How::Evil(file, value) | How::EvilOnTheWeb(file, value) => Some((file, value)),
        };
        let mut files = if edit.is_some() { clean.unwrap_or_else(|| self.commits[ours].files.clone()) } else { clean? };
        files.extend(edit.map(|(file, value)| (path(file), value.to_string())));
        let by_github = matches!(how, How::Button | How::EvilOnTheWeb(..));
        self.commits.push(Made { parents: vec![ours, theirs], files, maker: who, claims: who, by_github });
        Some(self.commits.len() - 1)
    }

    fn update(&mut self, pull: usize, who: Who, how: How) {
        let head = self.pulls[pull].head;
        let Some(commit) = self.join((head, self.release), who, how) else { return };
        self.suite(Some(head), commit, who);
        self.move_with_approvals(pull, commit);
    }

    /// GitHub lets approvals speak for the new head.
    fn move_with_approvals(&mut self, pull: usize, head: usize) {
        let pull = &mut self.pulls[pull];
        let old = std::mem::replace(&mut pull.head, head);
        let follows = |review: &&mut Opinion| review.says == Says::Approve && review.names == old;
        pull.reviews.iter_mut().filter(follows).for_each(|review| review.names = head);
    }

    fn merge(&mut self, pull: usize, who: Who, how: How) {
        let Some(commit) = self.join((self.release, self.pulls[pull].head), who, how) else { return };
        self.pulls[pull].merged = Some((commit, self.now));
        self.release = commit;
    }

    /// One commit of GitHub's in the name of the opener, with what a merge would hold.
    fn squash(&mut self, pull: usize, who: Who, more: Option<(usize, u8)>) {
        let Some(merge) = self.join((self.release, self.pulls[pull].head), who, How::Button) else { return };
        let claims = self.pulls[pull].opener.unwrap_or(who);
        let made = &mut self.commits[merge];
        made.parents.truncate(1);
        made.claims = claims;
        made.files.extend(more.map(|(file, value)| (path(file), value.to_string())));
        self.pulls[pull].merged = Some((merge, self.now));
        self.release = merge;
    }
}

pub fn path(file: usize) -> String {
    ["src/totals.js", "src/lib/tax.js", "src/lib/round.js", "README.md"][file % 4].to_owned()
}

fn pull_of(step: &Step) -> usize {
    match step {
        Step::Push { pull, .. }
        | Step::ForcePush { pull, .. }
        | Step::Review { pull, .. }
        | Step::Dismiss { pull, .. }
        | Step::Update { pull, .. }
        | Step::Prepare { pull, .. }
        | Step::PushPrepared { pull }
        | Step::Merge { pull, .. }
        | Step::Squash { pull, .. } => *pull,
        Step::PushToRelease { .. } => 0,
    }
}
