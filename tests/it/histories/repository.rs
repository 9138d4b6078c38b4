//! A repository, read through the real Git. Nothing is written to it: what Git makes on the way lies in a temporary folder.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cm_bot::model::{Commit, CommitSha, Content, Mode, ObjectId, Relation, Tree, TreeEntry, blob_id};

use crate::support::facts;

/// What stood at each path that changed, and what stands there now.
pub type Changes = BTreeMap<String, (Option<TreeEntry>, Option<TreeEntry>)>;

/// A merge of two lines, by the names of its commits.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The merge.
    pub commit: CommitSha,
    /// Its first parent.
    pub ours: CommitSha,
    /// Its second parent.
    pub theirs: CommitSha,
}

/// A clone, or a repository without a work tree.
pub struct Repository {
    path: PathBuf,
    /// Where its objects are.
    objects: String,
    made: tempfile::TempDir,
    reader: RefCell<Reader>,
}

/// Git's program that reads one object after the other.
struct Reader {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Repository {
    /// Opens it.
    pub fn open(path: &Path) -> Repository {
        let objects = Command::new("git")
            .arg("-C")
            .arg(path)
            .args(["rev-parse", "--path-format=absolute", "--git-path", "objects"])
            .output()
            .unwrap();
        let objects = String::from_utf8(objects.stdout).unwrap().trim().to_owned();
        let mut reader = Command::new("git");
        reader.arg("-C").arg(path).args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = reader.spawn().unwrap();
        let (ask, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let reader = RefCell::new(Reader { child, ask, answers });
        Repository { path: path.to_owned(), objects, made: tempfile::tempdir().unwrap(), reader }
    }

    /// The newest merges of two lines, newest first.
    pub fn merges(&self, most: usize) -> Vec<Merge> {
        let list = self.git(&["rev-list", "--merges", "--parents", &format!("--max-count={most}"), "HEAD"]);
        let merge = |line: &str| {
            let names: Vec<CommitSha> = line.split(' ').map(|name| CommitSha::parse(name).unwrap()).collect();
            let [commit, ours, theirs] = names.as_slice() else { return None };
            Some(Merge { commit: commit.clone(), ours: ours.clone(), theirs: theirs.clone() })
        };
        list.lines().filter_map(merge).collect()
    }

    /// The commits that `last` reaches and `first` does not, oldest first, all by Dana.
    pub fn commits(&self, first: &CommitSha, last: &CommitSha) -> Vec<Commit> {
        let range = format!("{first}..{last}");
        let list = self.git(&["log", "--topo-order", "--reverse", "--format=%H %T %P", &range]);
        let commit = |line: &str| {
            let mut names = line.split_whitespace();
            let sha = CommitSha::parse(names.next().unwrap()).unwrap();
            let tree = ObjectId::parse(names.next().unwrap()).unwrap();
            let parents = names.map(|name| CommitSha::parse(name).unwrap()).collect();
            Commit { sha, tree, parents, ..facts::commit('1', &[], &facts::user("dana", 1001)) }
        };
        list.lines().map(commit).collect()
    }

    /// The files of a commit.
    pub fn tree_of(&self, commit: &CommitSha) -> Option<ObjectId> {
        Some(self.read(&format!("{commit}^{{tree}}"))?.0)
    }

    /// A folder; nothing when the repository lacks it, or when a name in it is no text.
    pub fn tree(&self, id: &ObjectId) -> Option<Tree> {
        let (_, mut rest) = self.read(id.as_str())?;
        let mut tree = Tree::default();
        while let Some(end) = rest.iter().position(|byte| *byte == 0) {
            let (mode, name) = std::str::from_utf8(&rest[..end]).ok()?.split_once(' ')?;
            let hex: String = rest[end + 1..end + 21].iter().map(|byte| format!("{byte:02x}")).collect();
            let mode = Mode(u32::from_str_radix(mode, 8).ok()?);
            tree.entries.insert(name.to_owned(), TreeEntry { mode, id: ObjectId::parse(&hex).unwrap() });
            rest.drain(..end + 21);
        }
        (tree.id() == *id).then_some(tree)
    }

    /// What a file holds.
    pub fn content(&self, id: &ObjectId) -> Option<Content> {
        let (_, bytes) = self.read(id.as_str())?;
        assert_eq!(blob_id(&bytes), *id);
        Some(String::from_utf8(bytes).map_or(Content::Opaque, Content::Text))
    }

    /// How the second commit stands to the first.
    pub fn relation(&self, first: &CommitSha, second: &CommitSha) -> Relation {
        match (self.reaches(second, first), self.reaches(first, second)) {
            (true, true) => Relation::Identical,
            (true, false) => Relation::Ahead,
            (false, true) => Relation::Behind,
            (false, false) => Relation::Diverged,
        }
    }

    /// Whether a commit is another one or has it below it.
    pub fn reaches(&self, from: &CommitSha, to: &CommitSha) -> bool {
        self.run(&["merge-base", "--is-ancestor", to.as_str(), from.as_str()]).status().unwrap().success()
    }

    /// Every path that differs between two commits; a rename is a file that is gone and another that came.
    pub fn changes(&self, before: &str, after: &str) -> Changes {
        let list = self.git(&["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after]);
        let mut fields = list.split_terminator('\0');
        let mut changes = Changes::new();
        while let (Some(what), Some(path)) = (fields.next(), fields.next()) {
            let words: Vec<&str> = what.trim_start_matches(':').split(' ').collect();
            let entry = |mode: &str, id: &str| {
                let mode = Mode(u32::from_str_radix(mode, 8).unwrap());
                (mode.0 != 0).then(|| TreeEntry { mode, id: ObjectId::parse(id).unwrap() })
            };
            changes.insert(path.to_owned(), (entry(words[0], words[2]), entry(words[1], words[3])));
        }
        changes
    }

    /// Where two lines parted, if that is one commit.
    pub fn merge_base(&self, ours: &CommitSha, theirs: &CommitSha) -> Option<String> {
        let bases = self.git(&["merge-base", "--all", ours.as_str(), theirs.as_str()]);
        let mut bases = bases.lines();
        bases.next().filter(|_| bases.next().is_none()).map(str::to_owned)
    }

    /// What Git makes of two lines; nothing when a human has to.
    pub fn merged_by_git(&self, ours: &CommitSha, theirs: &CommitSha) -> Option<ObjectId> {
        self.made_by_git(&[ours.as_str(), theirs.as_str()])
    }

    /// What Git makes of a folder when it puts what a commit changed on top of it, as a rebase does.
    pub fn picked_by_git(&self, onto: &ObjectId, commit: &Commit) -> Option<ObjectId> {
        let before = self.tree_of(commit.parents.first()?)?;
        self.made_by_git(&[&format!("--merge-base={}", before.as_str()), onto.as_str(), commit.tree.as_str()])
    }

    fn made_by_git(&self, of: &[&str]) -> Option<ObjectId> {
        let made = self.run(&["merge-tree", "--write-tree"]).args(of).output().unwrap();
        let text = String::from_utf8_lossy(&made.stdout).into_owned();
        made.status.success().then(|| ObjectId::parse(text.lines().next().unwrap()).unwrap())
    }

    fn git(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.run(arguments).output().unwrap().stdout).into_owned()
    }

    fn run(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.env("GIT_OBJECT_DIRECTORY", self.made.path()).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &self.objects);
        git.arg("-C").arg(&self.path).args(arguments).stderr(Stdio::null());
        git
    }

    /// The name and the bytes of an object.
    fn read(&self, name: &str) -> Option<(ObjectId, Vec<u8>)> {
        let Reader { ask, answers, .. } = &mut *self.reader.borrow_mut();
        writeln!(ask, "{name}").unwrap();
        let mut head = String::new();
        answers.read_line(&mut head).unwrap();
        let words: Vec<&str> = head.trim_end().split(' ').collect();
        let [id, _, size] = words.as_slice() else { return None };
        let mut bytes = vec![0; size.parse::<usize>().ok()? + 1];
        answers.read_exact(&mut bytes).unwrap();
        bytes.pop();
        Some((ObjectId::parse(id).unwrap(), bytes))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
