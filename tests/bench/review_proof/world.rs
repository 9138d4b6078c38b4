//! The workload: a repository in which many reviewed pull requests were merged since the last approved change.
//!
//! Each pull request adds a file of its own in one of a few folders and works on it. It begins at another point of the
//! release branch each time, now and then before the last approved change, so that every merge has two sides. Somebody
//! else approves its last commit, and a third person merges it.

use std::collections::BTreeMap;
use std::fmt;

use cm_bot::simulator::scene::{
    Commit, CreateTicket, DeployedBefore, Merge, MergeMethod, OpenPullRequest, Push, Review, Scan, Scene, Step,
};

/// The commit that the tickets want to deploy, by its name in the scene.
pub const HEAD: &str = "head";

/// Where the work goes on.
const FOLDERS: [&str; 8] =
    ["src/api", "src/auth", "src/jobs", "src/ledger", "src/mail", "src/pdf", "src/report", "src/tax"];

/// Commits on the release branch before the last approved change, of which some pull requests begin at the newest.
const OLD: usize = 6;

/// Where pull requests begin, counted back from the newest commit on the release branch.
const BEGINNINGS: [usize; 5] = [1, 3, 2, 5, 4];

/// Requests for the scan of one commit: the list of analyses, and its findings.
const SCANS: usize = 2;

/// Round trips in a row for a thousand commits.
pub const MOST_IN_A_ROW: usize = 6;

/// How the pull requests were merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Merge,
    Squash,
    Rebase,
}

impl Method {
    /// Commits that a pull request adds to the release branch, and those that it was made of.
    fn commits(self) -> (usize, usize) {
        match self {
            Method::Merge => (4, 3),
            Method::Squash => (1, 2),
            Method::Rebase => (3, 3),
        }
    }

    fn button(self) -> MergeMethod {
        match self {
            Method::Merge => MergeMethod::Merge,
            Method::Squash => MergeMethod::Squash,
            Method::Rebase => MergeMethod::Rebase,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Merge => "merge",
            Method::Squash => "squash",
            Method::Rebase => "rebase",
        })
    }
}

/// How many commits came, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Commits on the release branch since the last approved change.
    pub commits: usize,
    /// How they were merged.
    pub method: Method,
}

impl Workload {
    /// Pull requests: enough for exactly this many commits; the last one may be smaller.
    pub fn pull_requests(self) -> usize {
        self.commits.div_ceil(self.method.commits().0)
    }

    /// The most requests that looking at it may take.
    pub fn requests_allowed(self) -> usize {
        let (commits, pulls) = (self.commits, self.pull_requests());
        commits.div_ceil(100) + 2 + commits.div_ceil(50) + pulls.div_ceil(10) + SCANS
    }

    /// The scene with its timeline.
    pub fn scene(self) -> anyhow::Result<Scene> {
        let mut maker = Maker { scene: empty()?, released: Vec::new(), workload: self };
        maker.begin();
        for place in 0..self.pull_requests() {
            maker.pull_request(place);
        }
        maker.scene.timeline.push(Step { scan: Some(scan()?), ..Step::default() });
        Ok(maker.scene)
    }

    /// Commits of the pull request in this place.
    fn size(self, place: usize) -> usize {
        let (added, own) = self.method.commits();
        let left = self.commits - place * added;
        if left < added { own - (added - left) } else { own }
    }
}

/// The last approved commit, by its name in the scene.
pub fn base() -> String {
    format!("old{}", OLD - 1)
}

/// The step that makes a ticket for the newest commit.
pub fn ticket(key: &str) -> Step {
    let create = CreateTicket {
        key: key.into(),
        by: "dana".into(),
        commit: HEAD.into(),
        reporter: None,
        service: None,
        summary: None,
        fields: BTreeMap::new(),
    };
    Step { create_ticket: Some(create), ..Step::default() }
}

struct Maker {
    scene: Scene,
    /// The names of the commits on the release branch, oldest first.
    released: Vec<String>,
    workload: Workload,
}

impl Maker {
    /// What was there before, and the last approved change.
    fn begin(&mut self) {
        for place in 0..OLD {
            let name = format!("old{place}");
            let file = |folder: &&str| (format!("{folder}/old{place}.rs"), format!("pub const AGE: u32 = {place};\n"));
            let files = FOLDERS.iter().map(file).collect();
            let parents = self.released.last().cloned().into_iter().collect();
            self.scene.commits.push(Commit { parents, files, ..Commit::new(&name, "lee") });
            self.push("main", &name);
            self.released.push(name);
        }
        let before = DeployedBefore {
            ticket: "PRODCM-100".into(),
            commit: base(),
            service: None,
            requested_by: "dana".into(),
            approved_by: vec!["priya".into(), "sam".into()],
        };
        self.scene.timeline.push(Step { deployed_before: Some(before), ..Step::default() });
    }

    /// One pull request from its first commit to its merge.
    fn pull_request(&mut self, place: usize) {
        let number = place as u64 + 1;
        let (author, reviewer) = if place.is_multiple_of(2) { ("dana", "lee") } else { ("lee", "dana") };
        let back = BEGINNINGS[place % BEGINNINGS.len()].min(self.released.len());
        let mut parent = self.released[self.released.len() - back].clone();
        for part in 0..self.workload.size(place) {
            let name = format!("p{number}-{part}");
            let path = format!("{}/work{number}.rs", FOLDERS[place % FOLDERS.len()]);
            let files = [(path, format!("pub const WORK: u32 = {part};\n"))].into();
            self.scene.commits.push(Commit { parents: vec![parent], files, ..Commit::new(&name, author) });
            parent = name;
        }
        let branch = format!("work-{number}");
        self.push(&branch, &parent);
        let open = OpenPullRequest { number, from: branch, by: author.into(), ..OpenPullRequest::default() };
        self.scene.timeline.push(Step { open_pull_request: Some(open), ..Step::default() });
        let review = Review { pull_request: number, by: reviewer.into(), ..Review::default() };
        self.scene.timeline.push(Step { review: Some(review), ..Step::default() });
        self.merge(number);
    }

    fn merge(&mut self, number: u64) {
        let is_last = number as usize == self.workload.pull_requests();
        let commit = if is_last { HEAD.to_owned() } else { format!("m{number}") };
        self.released.push(commit.clone());
        let method = self.workload.method.button();
        let merge = Merge { pull_request: number, by: "sam".into(), method, commit, ..Merge::default() };
        self.scene.timeline.push(Step { merge: Some(merge), ..Step::default() });
    }

    fn push(&mut self, branch: &str, commit: &str) {
        let push = Push { branch: branch.into(), commit: commit.into(), reanchor: true, ..Push::default() };
        self.scene.timeline.push(Step { push: Some(push), ..Step::default() });
    }
}

/// The usual cast and service, and criteria that let a proven squash pass.
fn empty() -> anyhow::Result<Scene> {
    let text = "title = ''\nabout = ''\nexpect = []\ntimeline = []\n\
                criteria = { squash_merge = { allow_verified_squash = true } }";
    Ok(Scene::parse(text)?)
}

/// A clean scan of the commit to deploy.
fn scan() -> anyhow::Result<Scan> {
    Ok(toml::from_str(&format!("commit = '{HEAD}'"))?)
}
