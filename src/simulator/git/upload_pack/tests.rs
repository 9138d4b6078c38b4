use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};

use super::super::tree::{FileAt, Files};
use super::super::{Commit, Stamp};
use super::*;

/// A repository, and the names of its commits.
struct Made {
    git: Store,
    branches: BTreeMap<String, Oid>,
    commits: Vec<Oid>,
}

/// Four commits: a line of three, and a merge of a branch that began with the first.
fn made() -> Made {
    let mut git = Store::default();
    let root = commit(&mut git, &[], &[("a.md", "1"), ("src/lib.rs", "fn main() {}\n")]);
    let second = commit(&mut git, &[root], &[("a.md", "2"), ("src/lib.rs", "fn main() {}\n")]);
    let side = commit(&mut git, &[root], &[("a.md", "1"), ("src/lib.rs", "fn main() {}\n"), ("src/b.rs", "b\n")]);
    let files = [("a.md", "2"), ("src/lib.rs", "fn main() {}\n"), ("src/b.rs", "b\n")];
    let merge = commit(&mut git, &[second, side], &files);
    let branches = BTreeMap::from([("main".to_owned(), merge), ("side".to_owned(), side)]);
    Made { git, branches, commits: vec![root, second, side, merge] }
}

fn commit(git: &mut Store, parents: &[Oid], files: &[(&str, &str)]) -> Oid {
    let list = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), FileAt { mode: Mode::File, blob: git.put_blob(text.as_bytes()) }));
    let list = list.collect::<Files>();
    let tree = git.put_tree(&list).unwrap();
    let stamp = Stamp { name: "Dana".into(), email: "x@acme.example".into(), seconds: 1_793_610_000 };
    let (author, committer) = (stamp.clone(), stamp);
    git.put_commit(Commit {
        tree,
        parents: parents.to_vec(),
        author,
        committer,
        signature: None,
        message: "x\n".into(),
    })
}

impl Made {
    fn served(&self) -> Served<'_> {
        Served { git: &self.git, branches: &self.branches, default_branch: "main" }
    }

    /// How many objects come for these arguments.
    fn count(&self, arguments: &[String]) -> usize {
        let mut request = Vec::new();
        packing::line(&mut request, "command=fetch");
        request.extend(packing::DELIMITER);
        arguments.iter().for_each(|line| packing::line(&mut request, line));
        packing::line(&mut request, "done");
        request.extend(packing::FLUSH);
        let answer = self.served().answer(&request).body;
        let begin = answer.windows(4).position(|four| four == b"PACK").unwrap();
        usize::from(answer[begin + 11])
    }
}

async fn listening(made: Made) -> SocketAddr {
    async fn take(
        State(made): State<Arc<Made>>,
        body: Bytes,
    ) -> ([(axum::http::HeaderName, &'static str); 1], Vec<u8>) {
        let reply = made.served().answer(&body);
        ([(CONTENT_TYPE, reply.kind)], reply.body)
    }
    let advertise = || async { ([(CONTENT_TYPE, advertisement().kind)], advertisement().body) };
    let app = Router::new().route("/r.git/info/refs", get(advertise)).route("/r.git/git-upload-pack", post(take));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app.with_state(Arc::new(made))).await });
    address
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(arguments);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_git_can_clone_and_fetch() {
    let made = made();
    let (head, side, root) = (made.commits[3].to_string(), made.commits[2].to_string(), made.commits[0].to_string());
    let url = format!("http://{}/r.git", listening(made).await);
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in [("whole", vec![]), ("files", vec!["--filter=blob:none"]), ("shallow", vec!["--depth=2"])] {
        git(folder.path(), &[&["clone", "--quiet"], options.as_slice(), &[&url, name]].concat());
        let clone = folder.path().join(name);
        git(&clone, &["fsck", "--strict"]);
        assert_eq!(git(&clone, &["rev-parse", "HEAD"]), head);
        assert_eq!(git(&clone, &["rev-parse", "--abbrev-ref", "HEAD"]), "main");
        assert_eq!(std::fs::read_to_string(clone.join("a.md")).unwrap(), "2");
    }
    assert_eq!(git(&folder.path().join("shallow"), &["rev-list", "--count", "HEAD"]), "3");
    let later = folder.path().join("later");
    git(folder.path(), &["init", "--quiet", "later"]);
    git(&later, &["fetch", "--quiet", &url, &root]);
    git(&later, &["fetch", "--quiet", &url, "refs/heads/side:refs/heads/side"]);
    assert_eq!(git(&later, &["rev-parse", "side"]), side);
    git(&later, &["fsck", "--strict"]);
}

#[test]
fn no_more_comes_than_was_asked_for() {
    let made = made();
    let name = |place: usize| made.commits[place].to_string();
    let tree = made.git.commit(made.commits[3]).unwrap().tree;
    let blob = made.git.files(tree)["src/b.rs"].blob;
    for (what, arguments, expected) in [
        ("commits alone", vec![format!("want {}", name(3)), "filter tree:0".into()], 4),
        ("a part of them", vec![format!("want {}", name(3)), "filter tree:0".into(), "deepen 1".into()], 1),
        (
            "those that are new",
            vec![format!("want {}", name(3)), format!("have {}", name(1)), "filter tree:0".into()],
            2,
        ),
        ("nothing", vec![format!("want {}", name(1)), format!("have {}", name(3))], 0),
        ("a folder and a file", vec![format!("want {tree}"), format!("want {blob}"), "filter tree:0".into()], 2),
        ("a folder with folders", vec![format!("want {tree}"), "filter blob:none".into()], 2),
        // Two commits, the two folders of the merge, the two of the branch's commit less the same inner one, and a file.
        ("all that is new", vec![format!("want {}", name(3)), format!("have {}", name(1))], 6),
    ] {
        assert_eq!(made.count(&arguments), expected, "{what}");
    }
}

#[test]
fn what_is_not_there_is_refused() {
    let made = made();
    let mut request = Vec::new();
    packing::line(&mut request, "command=fetch");
    request.extend(packing::DELIMITER);
    packing::line(&mut request, &format!("want {}", "1".repeat(40)));
    let answer = made.served().answer(&request).body;
    assert!(String::from_utf8(answer).unwrap().contains("ERR upload-pack: not our ref 1111"));
}
