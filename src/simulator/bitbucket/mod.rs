//! A little of Bitbucket Cloud: one repository and its pull requests.
//!
//! They stand behind the REST API and the Git server that Bitbucket has. Tests tell it what people do; a minute passes with each
//! deed.

mod rest;
mod shapes;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use uuid::Uuid;

pub use super::git::Oid;
use super::git::tree::{FileAt, Files, Mode};
use super::git::{Commit, Stamp, Store};

/// Seconds since the epoch at which it begins: 2026-11-02 09:00:00 UTC.
const BEGINNING: i64 = 1_793_610_000;

/// The simulated Bitbucket.
#[derive(Debug)]
pub struct Bitbucket {
    world: Mutex<World>,
    token: String,
}

#[derive(Debug)]
struct World {
    name: String,
    git: Store,
    branches: BTreeMap<String, Oid>,
    pulls: Vec<Pull>,
    people: Vec<&'static str>,
    seconds: i64,
    habits: Habits,
}

/// What an installation may be like.
#[derive(Debug, Clone, Default)]
pub struct Habits {
    /// It has not looked yet which pull requests belong to commits.
    pub is_looking: bool,
    /// It says that the next page is at this address.
    pub elsewhere: Option<String>,
    /// Entries on a page, when fewer than were asked for.
    pub page: Option<usize>,
    /// The token may not ask who may push.
    pub keeps_rights: bool,
}

#[derive(Debug)]
struct Pull {
    author: &'static str,
    source: String,
    target: String,
    events: Vec<Event>,
    says: BTreeMap<&'static str, Word>,
    head: Oid,
    /// Its commits, newest first, as they were at the merge.
    own: Option<Vec<Oid>>,
    merge: Option<Oid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Approved,
    Objected,
}

#[derive(Debug)]
struct Event {
    seconds: i64,
    what: What,
}

#[derive(Debug)]
enum What {
    Updated { state: &'static str, head: Oid, target: String },
    Said(&'static str, Word),
}

impl Bitbucket {
    /// An empty repository. Only `people` have accounts, each with the address NAME@acme.example, and all may push.
    #[must_use]
    pub fn new(name: &str, token: &str, people: &[&'static str]) -> Arc<Bitbucket> {
        let world = World {
            name: name.to_owned(),
            git: Store::default(),
            branches: BTreeMap::new(),
            pulls: Vec::new(),
            people: people.to_vec(),
            seconds: BEGINNING,
            habits: Habits::default(),
        };
        Arc::new(Bitbucket { world: Mutex::new(world), token: token.to_owned() })
    }

    /// Opens a port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn listen(self: &Arc<Bitbucket>) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let app = rest::router(Arc::clone(self));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(address)
    }

    /// Is another one from now on.
    pub fn set_habits(&self, habits: Habits) {
        self.world().habits = habits;
    }

    /// The id of somebody's account.
    #[must_use]
    pub fn uuid(&self, name: &str) -> Uuid {
        self.world().uuid(name)
    }

    /// Where a branch ends.
    #[must_use]
    pub fn tip(&self, branch: &str) -> Oid {
        self.world().branches[branch]
    }

    /// Somebody makes a commit with these files besides those of its first parent.
    pub fn commit(&self, by: &str, parents: &[Oid], files: &[(&str, &str)]) -> Oid {
        let mut world = self.world();
        let before = parents.first().and_then(|id| world.git.commit(*id)).map(|commit| commit.tree);
        let mut all: Files = before.map_or_else(Files::new, |tree| world.git.files(tree));
        for (path, text) in files {
            let blob = world.git.put_blob(text.as_bytes());
            all.insert((*path).to_owned(), FileAt { mode: Mode::File, blob });
        }
        world.put((by, by), parents, &all)
    }

    /// Lets a branch end in a commit.
    pub fn push(&self, branch: &str, commit: Oid) {
        let mut world = self.world();
        world.branches.insert(branch.to_owned(), commit);
        let seconds = world.tick();
        for pull in world.pulls.iter_mut().filter(|pull| pull.source == branch && pull.merge.is_none()) {
            pull.head = commit;
            pull.update("OPEN", seconds);
        }
    }

    /// Opens a pull request. Its number.
    pub fn open(&self, by: &'static str, source: &str, target: &str) -> u64 {
        let mut world = self.world();
        let (seconds, head) = (world.tick(), world.branches[source]);
        let (source, target) = (source.to_owned(), target.to_owned());
        let (events, says) = (Vec::new(), BTreeMap::new());
        let mut pull = Pull { author: by, source, target, events, says, head, own: None, merge: None };
        pull.update("OPEN", seconds);
        world.pulls.push(pull);
        world.pulls.len() as u64
    }

    /// Somebody approves.
    pub fn approve(&self, by: &'static str, number: u64) {
        self.say(by, number, Word::Approved);
    }

    /// Somebody asks for changes.
    pub fn object(&self, by: &'static str, number: u64) {
        self.say(by, number, Word::Objected);
    }

    fn say(&self, by: &'static str, number: u64, word: Word) {
        let mut world = self.world();
        let seconds = world.tick();
        let pull = world.pull(number);
        pull.says.insert(by, word);
        pull.events.push(Event { seconds, what: What::Said(by, word) });
    }

    /// Somebody takes back what they said. Bitbucket forgets that it was said.
    pub fn take_back(&self, by: &'static str, number: u64) {
        let mut world = self.world();
        let pull = world.pull(number);
        pull.says.remove(by);
        pull.events.retain(|event| !matches!(event.what, What::Said(who, _) if who == by));
    }

    /// Points a pull request at another branch.
    pub fn retarget(&self, number: u64, target: &str) {
        let mut world = self.world();
        let seconds = world.tick();
        let pull = world.pull(number);
        target.clone_into(&mut pull.target);
        pull.update("OPEN", seconds);
    }

    /// The button that merges with a merge commit.
    pub fn merge(&self, by: &str, number: u64) -> Oid {
        let mut world = self.world();
        let (onto, head) = world.ends(number);
        let files = world.merged(onto, head);
        let merge = world.put((by, by), &[onto, head], &files);
        world.close(number, merge)
    }

    /// The button that squashes: one new commit in the name of whoever opened.
    pub fn squash(&self, by: &str, number: u64) -> Oid {
        let mut world = self.world();
        let ((onto, head), author) = (world.ends(number), world.pull(number).author);
        let files = world.merged(onto, head);
        let squash = world.put((author, by), &[onto], &files);
        world.close(number, squash)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    fn tick(&mut self) -> i64 {
        self.seconds += 60;
        self.seconds
    }

    fn uuid(&self, name: &str) -> Uuid {
        let place = self.people.iter().position(|known| *known == name).unwrap_or_default();
        Uuid::from_u128(0x1000 + place as u128)
    }

    fn pull(&mut self, number: u64) -> &mut Pull {
        let place = usize::try_from(number).unwrap_or_default().saturating_sub(1);
        &mut self.pulls[place]
    }

    fn put(&mut self, (author, committer): (&str, &str), parents: &[Oid], files: &Files) -> Oid {
        let seconds = self.tick();
        let stamp = |name: &str| Stamp { name: name.into(), email: format!("{name}@acme.example"), seconds };
        // Paths of tests are paths.
        let tree = self.git.put_tree(files).unwrap_or_else(|error| unreachable!("{error}"));
        let (author, committer) = (stamp(author), stamp(committer));
        let (parents, message) = (parents.to_vec(), "A change\n".to_owned());
        self.git.put_commit(Commit { tree, parents, author, committer, signature: None, message })
    }

    fn ends(&mut self, number: u64) -> (Oid, Oid) {
        let (head, target) = (self.pull(number).head, self.pull(number).target.clone());
        (self.branches[&target], head)
    }

    fn merged(&mut self, onto: Oid, head: Oid) -> Files {
        let base = self.git.merge_base(onto, head);
        let tree = |git: &Store, id: Oid| git.commit(id).map(|commit| commit.tree);
        let (base, ours, theirs) =
            (base.and_then(|id| tree(&self.git, id)), tree(&self.git, onto), tree(&self.git, head));
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => self.git.merge_trees(base, ours, theirs).files,
            _ => Files::new(),
        }
    }

    fn close(&mut self, number: u64, merge: Oid) -> Oid {
        let own = self.own(number);
        let seconds = self.tick();
        let pull = self.pull(number);
        (pull.merge, pull.own) = (Some(merge), Some(own));
        let target = pull.target.clone();
        pull.update("MERGED", seconds);
        self.branches.insert(target, merge);
        merge
    }

    /// The commits of a pull request, newest first.
    fn own(&mut self, number: u64) -> Vec<Oid> {
        if let Some(own) = &self.pull(number).own {
            return own.clone();
        }
        let (onto, head) = self.ends(number);
        let mut own = self.git.range(onto, head);
        own.reverse();
        own
    }

    /// The pull requests that a commit belongs to.
    fn pulls_of(&self, id: Oid) -> BTreeSet<u64> {
        let is_of = |pull: &Pull| {
            let own = pull.own.iter().flatten().any(|own| *own == id);
            own || pull.merge == Some(id) || (pull.merge.is_none() && pull.head == id)
        };
        (1..).zip(&self.pulls).filter(|(_, pull)| is_of(pull)).map(|(number, _)| number).collect()
    }
}

impl Pull {
    fn update(&mut self, state: &'static str, seconds: i64) {
        let (head, target) = (self.head, self.target.clone());
        self.events.push(Event { seconds, what: What::Updated { state, head, target } });
    }
}
