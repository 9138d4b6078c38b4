//! The three merge buttons, and the one that updates a branch.

use super::accounts::GITHUB_EMAIL;
use super::authoring::{SIGNATURE, both_sides, put_files, tamper, trailers};
use super::commits::{authors, is_trailer};
use super::git::{Commit, Oid, Stamp};
use super::pulls::Landing;
use super::push::Move;
use super::scene::{Merge, MergeMethod, SceneError, UpdateBranch};
use super::world::World;

impl World {
    /// Merges an open pull request.
    ///
    /// # Errors
    /// When it is merged already, or in conflict with its base branch.
    pub fn merge(&mut self, step: &Merge) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, by) = (self.now(), self.account(&step.by)?);
        let branch = self.open_pull_mut(place, step.pull_request)?.base_branch.clone();
        let base = self.repos[place].tip(&branch)?;
        self.pull_mut(place, step.pull_request)?.base = base;
        let made = match step.method {
            MergeMethod::Merge => vec![self.merge_commit(place, step)?],
            MergeMethod::Squash => vec![self.squash(place, step)?],
            MergeMethod::Rebase => self.rebase(place, step)?,
        };
        let commit = made.last().copied().unwrap_or(base);
        self.name(&step.commit, commit)?;
        self.mark_merged(place, step.pull_request, Landing { at: now, by: by.clone(), commit, made });
        self.move_branch(place, &Move { branch, old: Some(base), new: commit, by, forced: false, reanchor: true })
    }

    /// Merges the base branch into the head of a pull request, as the button "Update branch" does.
    ///
    /// # Errors
    /// When it is not open, has everything already, or what is in conflict is not settled by `files`.
    pub fn update_branch(&mut self, step: &UpdateBranch) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (by, author) = (self.account(&step.by)?, self.stamp(self.shared.scene.person(&step.by)?));
        let pull = self.open_pull_mut(place, step.pull_request)?;
        let (head, from, into) = (pull.head, pull.base_branch.clone(), pull.head_branch.clone());
        let repo = &mut self.repos[place];
        let tip = repo.tip(&from)?;
        if repo.git.is_ancestor(tip, head) {
            return Err(SceneError(format!("`{into}` has everything that is on `{from}`")));
        }
        let mut merged = both_sides(&mut repo.git, (head, tip))?;
        merged.conflicts.retain(|path| !step.files.contains_key(path));
        let mut files = merged.clean()?;
        put_files(&mut repo.git, &mut files, &step.files);
        let tree = repo.git.put_tree(&files)?;
        let message = format!("Merge branch '{from}' into {into}");
        let commit = self.commit_on_github(place, Commit { message, ..unsigned(tree, vec![head, tip], author) });
        self.name(&step.commit, commit)?;
        let (old, reanchor) = (Some(head), step.reanchor);
        self.move_branch(place, &Move { branch: into, old, new: commit, by, forced: false, reanchor })
    }

    fn name(&mut self, name: &str, commit: Oid) -> Result<(), SceneError> {
        match self.names.insert(name.to_owned(), commit) {
            Some(_) => Err(SceneError(format!("two commits are called `{name}`"))),
            None => Ok(()),
        }
    }

    fn merge_commit(&mut self, place: usize, step: &Merge) -> Result<Oid, SceneError> {
        let author = self.stamp(self.shared.scene.person(&step.by)?);
        let owner = self.repos[place].owner().to_owned();
        let pull = self.pull_mut(place, step.pull_request)?;
        let (parents, title) = (vec![pull.base, pull.head], pull.title.clone());
        let message = format!("Merge pull request #{} from {owner}/{}\n\n{title}", pull.number, pull.head_branch);
        let tree = self.combine(place, (parents[0], parents[1]), step)?;
        Ok(self.commit_on_github(place, Commit { message, ..unsigned(tree, parents, author) }))
    }

    fn squash(&mut self, place: usize, step: &Merge) -> Result<Oid, SceneError> {
        let opener = self.pull_mut(place, step.pull_request)?.opener.login.clone();
        let author = self.stamp(self.shared.scene.person(&opener)?);
        let pull = self.pull_mut(place, step.pull_request)?;
        let (base, head, commits) = (pull.base, pull.head, pull.commits.clone());
        let title = format!("{} (#{})", pull.title, pull.number);
        let git = &self.repos[place].git;
        let (mut body, mut others) = (String::new(), Vec::<(String, String)>::new());
        for commit in commits.iter().filter_map(|id| git.commit(*id)) {
            let lines = commit.message.lines().filter(|line| !is_trailer(line)).collect::<Vec<_>>();
            body.push_str(&format!("\n\n* {}", lines.join("\n").trim_end()));
            let new = authors(commit).into_iter().filter(|(_, email)| *email != author.email);
            others.extend(new.filter(|other| !others.contains(other)).collect::<Vec<_>>());
        }
        let message = format!("{title}{body}{}", trailers(&others));
        let tree = self.combine(place, (base, head), step)?;
        Ok(self.commit_on_github(place, Commit { message, ..unsigned(tree, vec![base], author) }))
    }

    /// Copies each commit that is no merge. The copies are committed by who pressed the button, and nobody signs them.
    fn rebase(&mut self, place: usize, step: &Merge) -> Result<Vec<Oid>, SceneError> {
        let committer = self.stamp(self.shared.scene.person(&step.by)?);
        let pull = self.pull_mut(place, step.pull_request)?;
        let (mut tip, head, commits) = (pull.base, pull.head, pull.commits.clone());
        let git = &mut self.repos[place].git;
        let parted = git.merge_base(tip, head).and_then(|id| git.commit(id)).map(|commit| commit.tree);
        let copied = commits.iter().filter_map(|id| git.commit(*id)).filter(|commit| commit.parents.len() < 2);
        let copied = copied.cloned().collect::<Vec<_>>();
        let (mut made, newest) = (Vec::new(), copied.len());
        for original in copied {
            let tree_of = |id: Oid| git.commit(id).map(|commit| commit.tree);
            let before = original.parents.first().and_then(|parent| tree_of(*parent));
            let ours = tree_of(tip).unwrap_or(original.tree);
            let mut files = git.merge_trees(before, ours, original.tree).clean()?;
            if made.len() + 1 == newest {
                tamper(git, &mut files, parted, step)?;
            }
            let tree = git.put_tree(&files)?;
            let copy = Commit { tree, parents: vec![tip], committer: committer.clone(), signature: None, ..original };
            tip = git.put_commit(copy);
            made.push(tip);
        }
        Ok(made)
    }

    /// The tree with the changes of both sides since their histories parted, and with what the scene slips in.
    fn combine(&mut self, place: usize, sides: (Oid, Oid), step: &Merge) -> Result<Oid, SceneError> {
        let git = &mut self.repos[place].git;
        let mut files = both_sides(git, sides)?.clean()?;
        let base = git.merge_base(sides.0, sides.1).and_then(|id| git.commit(id)).map(|commit| commit.tree);
        tamper(git, &mut files, base, step)?;
        git.put_tree(&files)
    }

    fn commit_on_github(&mut self, place: usize, mut commit: Commit) -> Oid {
        commit.committer.name = "GitHub".into();
        commit.committer.email = GITHUB_EMAIL.into();
        commit.signature = Some(SIGNATURE.into());
        self.repos[place].git.put_commit(commit)
    }
}

fn unsigned(tree: Oid, parents: Vec<Oid>, author: Stamp) -> Commit {
    Commit { tree, parents, committer: author.clone(), author, signature: None, message: String::new() }
}
