//! Who had a hand in a pull request: opener, authors, co-authors, committers, pushers, and who asked a machine for it.
//!
//! A contributor is a person, known by the number of an account. Of whom nobody can say who it is, nobody can say
//! either that somebody else reviewed it. A machine does what somebody tells it: who that was must be on record, unless the
//! criteria name it as one that works by the clock.

use std::collections::{BTreeSet, HashSet};

use super::Case;
use super::branch::Branch;
use crate::model::{
    Account, AccountKind, Commit, CommitSha, GitActor, PullRequest, Push, Signature, UserId, shortened,
};
use crate::policy::criteria::Contributors;
use crate::policy::facts::Gap;

/// Everything that people did to a pull request.
#[derive(Debug, Default)]
pub(super) struct Contributions {
    deeds: Vec<Deed>,
    unidentified: Vec<Deed>,
    /// The machine that opened the pull request, when it is on record who asked it to.
    asked: Option<UserId>,
}

/// One thing that somebody did.
#[derive(Debug)]
struct Deed {
    /// The person's name; empty when nobody knows who it was.
    who: String,
    /// What, as a clause without its subject; with it when nobody knows who.
    what: String,
    /// To which commit; nothing when to the pull request as a whole.
    commit: Option<CommitSha>,
}

impl Contributions {
    /// All of them, and the gap when some may be none.
    pub(super) fn of<'a>(branch: &Branch<'a>, case: &Case<'a>) -> (Contributions, Option<Gap>) {
        let (work, gap) = branch.work(case);
        let mut all = Contributions::default();
        all.add_pull_request(branch, case);
        for commit in &work {
            all.add_authors(commit, case);
            all.add_committer(commit, case);
        }
        all.add_pushes(branch, &work, case);
        all.add_rewritten(branch, case);
        all.add_inner(branch, case);
        if !branch.copies.is_empty() {
            all.belong_to_every_copy();
        }
        for copy in &branch.copies {
            all.add_copy(copy, &work, case);
        }
        (all, gap)
    }

    /// What a person did that speaks against their approval of `commit`.
    pub(super) fn by(&self, person: &str, commit: &CommitSha, whose: Contributors) -> Option<&str> {
        let mut deeds = self.deeds.iter().filter(|deed| deed.who == person);
        deeds.find(|deed| deed.concerns(commit, whose)).map(|deed| deed.what.as_str())
    }

    /// Why nobody can say who touched `commit`.
    pub(super) fn unidentified(&self, commit: &CommitSha, whose: Contributors) -> Option<&str> {
        self.unidentified.iter().find(|deed| deed.concerns(commit, whose)).map(|deed| deed.what.as_str())
    }

    /// Whether a person did anything at all.
    pub(super) fn include(&self, person: &str) -> bool {
        self.deeds.iter().any(|deed| deed.who == person)
    }

    /// The names of those whose approval would not count for `commit`.
    pub(super) fn names(&self, commit: &CommitSha, whose: Contributors) -> BTreeSet<String> {
        self.deeds.iter().filter(|deed| deed.concerns(commit, whose)).map(|deed| deed.who.clone()).collect()
    }

    /// The names of everybody.
    pub(super) fn everybody(&self) -> BTreeSet<String> {
        self.deeds.iter().map(|deed| deed.who.clone()).collect()
    }

    /// Nobody can say which of the new commits holds whose work, so what was done to any of the old ones was done to each.
    fn belong_to_every_copy(&mut self) {
        self.deeds.iter_mut().chain(&mut self.unidentified).for_each(|deed| deed.commit = None);
    }

    /// Opener, force-pushers, and whoever asked a bot for the work.
    fn add_pull_request(&mut self, branch: &Branch<'_>, case: &Case<'_>) {
        let pull_request = branch.pull_request;
        let number = pull_request.number;
        let opener = pull_request.opener.as_ref().filter(|opener| opener.kind == AccountKind::Bot);
        let bot = opener.filter(|bot| !is_unattended(bot, case));
        self.asked = bot.filter(|_| askers(pull_request, case).next().is_some()).map(|bot| bot.id);
        self.add(pull_request.opener.as_ref(), format!("opened pull request {number}"), None, case);
        for push in &pull_request.force_pushes {
            self.add(push.actor.as_ref(), format!("force-pushed to pull request {number}"), None, case);
        }
        let Some(bot) = bot else { return };
        for asker in askers(pull_request, case) {
            self.add(Some(asker), format!("asked {} for pull request {number}", bot.login), None, case);
        }
    }

    /// GitHub signs no copy, so a machine that wrote one of the originals is judged by those.
    fn add_copy(&mut self, copy: &Commit, originals: &[&Commit], case: &Case<'_>) {
        let wrote = |author: &GitActor| {
            let machine = author.account.as_ref().filter(|account| account.kind == AccountKind::Bot);
            machine.is_some_and(|machine| originals.iter().any(|commit| made_by(commit, machine)))
        };
        if !copy.authors.first().is_some_and(wrote) {
            self.add_authors(copy, case);
        }
    }

    /// The first is who made it; the others stand in its message. A machine there is only a line that could be left out.
    fn add_authors(&mut self, commit: &Commit, case: &Case<'_>) {
        let is_machine = |author: &GitActor| match &author.account {
            // GraphQL calls everybody a user to whom an address belongs; no user's name ends like this.
            Some(account) => {
                account.kind == AccountKind::Bot || account.login.ends_with("[bot]") || is_assistant(account, case)
            }
            None => author.name.ends_with("[bot]"),
        };
        let others = commit.authors.iter().skip(1).filter(|author| !is_machine(author));
        for author in commit.authors.iter().take(1).chain(others) {
            let at = Some(&commit.sha);
            match &author.account {
                None => {
                    let name = shortened(&author.name, 60);
                    let (sha, forge) = (commit.sha.short(), case.service.forge);
                    let what =
                        format!("{sha} names the author {name}, whose e-mail address belongs to no {forge} account");
                    self.nobody_knows(what, at);
                }
                Some(account) if account.kind != AccountKind::User && commit.signature == Signature::None => {
                    let (sha, login) = (commit.sha.short(), &account.login);
                    self.nobody_knows(
                        format!("{sha} claims to be written by the bot {login} but nobody signed it"),
                        at,
                    );
                }
                Some(account) => self.add(Some(account), format!("wrote commit {}", commit.sha.short()), at, case),
            }
        }
    }

    /// GitHub's own account as committer is nobody's work when GitHub signed it.
    fn add_committer(&mut self, commit: &Commit, case: &Case<'_>) {
        if commit.signature != Signature::ByGithub {
            let how = format!("committed {}", commit.sha.short());
            self.add(commit.committer.account.as_ref(), how, Some(&commit.sha), case);
        }
    }

    /// Who pushed each commit. The author of an unsigned commit is only a name that somebody wrote into it, so without a
    /// known pusher nobody can say whose work it is.
    fn add_pushes(&mut self, branch: &Branch<'_>, work: &[&Commit], case: &Case<'_>) {
        let mut covered: HashSet<&CommitSha> = HashSet::new();
        for push in branch.pull_request.all_pushes() {
            let brought = branch.brought_by(push);
            for commit in work.iter().filter(|commit| brought.contains(&commit.sha)) {
                covered.insert(&commit.sha);
                let how = format!("pushed {}", commit.sha.short());
                self.add(push.by.as_ref(), how, Some(&commit.sha), case);
            }
        }
        for commit in work {
            for first in case.first_pushed(&commit.sha) {
                covered.insert(&commit.sha);
                self.add(Some(first), format!("pushed {}", commit.sha.short()), Some(&commit.sha), case);
            }
        }
        for commit in work.iter().filter(|commit| commit.signature == Signature::None) {
            if !covered.contains(&commit.sha) {
                let (sha, forge) = (commit.sha.short(), case.service.forge);
                let what = format!("nobody signed {sha} and {forge} has no record of who pushed it");
                self.nobody_knows(what, Some(&commit.sha));
            }
        }
    }

    /// Whoever pushed something that a later push threw away may have made what stands there now: it may have been made again.
    fn add_rewritten(&mut self, branch: &Branch<'_>, case: &Case<'_>) {
        let is_gone = |push: &&Push| !branch.holds(&push.after) && !case.history.holds(&push.after);
        for push in branch.pull_request.all_pushes().filter(is_gone) {
            let how = format!("pushed {}, which was rewritten since", push.after.short());
            self.add(push.by.as_ref(), how, None, case);
        }
    }

    /// Whoever worked on a pull request that was merged into this one's branch worked on this one.
    fn add_inner<'a>(&mut self, branch: &Branch<'a>, case: &Case<'a>) {
        for inner in branch.taken_in(case) {
            let number = inner.number;
            self.add(inner.opener.as_ref(), format!("opened pull request {number}, which is part of it"), None, case);
            let pushers = inner.all_pushes().map(|push| push.by.as_ref());
            for who in pushers.chain(inner.force_pushes.iter().map(|push| push.actor.as_ref())) {
                self.add(who, format!("pushed to pull request {number}, which is part of it"), None, case);
            }
        }
    }

    fn add(&mut self, account: Option<&Account>, how: String, commit: Option<&CommitSha>, case: &Case<'_>) {
        let Some(account) = account else {
            return self.nobody_knows(format!("somebody without a {} account {how}", case.service.forge), commit);
        };
        match (account.kind, case.criteria.people.by_account(account.id)) {
            (AccountKind::Bot, _) if is_unattended(account, case) || self.asked == Some(account.id) => {}
            (AccountKind::Bot, _) => {
                self.nobody_knows(format!("{} {how}, and nobody can say who told it to", account.login), commit);
            }
            (AccountKind::User | AccountKind::Other, Some(person)) => {
                self.deeds.push(Deed { who: person.name.clone(), what: how, commit: commit.cloned() });
            }
            (AccountKind::User | AccountKind::Other, None) => {
                let Account { login, id, .. } = account;
                let what = format!("{login} {how} and is not in the people file ({id})");
                self.nobody_knows(what, commit);
            }
        }
    }

    fn nobody_knows(&mut self, what: String, commit: Option<&CommitSha>) {
        self.unidentified.push(Deed { who: String::new(), what, commit: commit.cloned() });
    }
}

/// Whether a machine works by the clock, so that nobody tells it what to do.
fn is_unattended(bot: &Account, case: &Case<'_>) -> bool {
    case.criteria.terms.commit_review.unattended_bots.contains(&bot.id)
}

/// Whether an account is a writing assistant's. Whoever is in the people file is somebody, whatever else is said of them.
fn is_assistant(account: &Account, case: &Case<'_>) -> bool {
    let assistants = &case.criteria.terms.commit_review.writing_assistants;
    assistants.contains(&account.id) && case.criteria.people.by_account(account.id).is_none()
}

/// Whether an account is the first author of a commit.
fn made_by(commit: &Commit, account: &Account) -> bool {
    commit.authors.first().and_then(|author| author.account.as_ref()).is_some_and(|author| author.id == account.id)
}

/// Whoever is on record as having asked for a pull request of a machine: assigned by a person, or by a machine whose word the
/// criteria take. Any other could name anybody.
fn askers<'a>(pull_request: &'a PullRequest, case: &Case<'_>) -> impl Iterator<Item = &'a Account> {
    let agents = &case.criteria.terms.commit_review.coding_agents;
    let named = |account: &&Account| {
        let mut by_machines = pull_request.assigned_by_machines.iter().filter(|one| one.who == account.id);
        by_machines.all(|one| agents.contains(&one.by))
    };
    pull_request.assignees.iter().filter(|account| account.kind == AccountKind::User).filter(named)
}

impl Deed {
    /// Whether it stands in the way of a review of `commit`.
    fn concerns(&self, commit: &CommitSha, whose: Contributors) -> bool {
        match (whose, &self.commit) {
            (Contributors::OfPullRequest, _) | (Contributors::OfCommit, None) => true,
            (Contributors::OfCommit, Some(touched)) => touched == commit,
        }
    }
}
