//! A repository that the real Git made and serves over HTTP, and somebody in between who can change what is said.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;

/// Changes what is said.
type Change = Arc<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>;

/// What stands between: it sees a request and may change it, and may change the answer.
#[derive(Clone, Default)]
pub struct Between {
    /// Changes what is asked.
    pub question: Option<Change>,
    /// Changes what is answered.
    pub answer: Option<Change>,
    /// Answers itself.
    pub instead: Option<Arc<dyn Fn() -> Response<Body> + Send + Sync>>,
}

/// A repository and its server.
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    between: Mutex<Between>,
    /// The `Authorization` headers that came.
    seen: Mutex<Vec<String>>,
}

impl Served {
    /// An empty repository `acme/billing-api` whose server leaves out what it is told to.
    pub async fn new() -> Served {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let shared = Arc::new(Shared { root, between: Mutex::default(), seen: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let served = Served { address, folder, shared };
        std::fs::create_dir_all(served.path()).unwrap();
        served.git("init --quiet --bare --initial-branch=main");
        served.git("config uploadpack.allowFilter true");
        served
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("acme/billing-api.git")
    }

    /// Runs Git in the repository.
    pub fn git(&self, arguments: &str) -> String {
        self.git_with(&arguments.split(' ').collect::<Vec<_>>(), b"")
    }

    /// Runs Git in the repository and tells it something.
    pub fn git_with(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.path()).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), "dana").env(format!("GIT_{who}_EMAIL"), "dana@acme.example");
            git.env(format!("GIT_{who}_DATE"), "1793610000 +0000");
        }
        let mut child = git.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A commit on top of others with these files besides those of the first of them. Its name.
    pub fn commit(&self, parents: &[&str], files: &[(&str, &[u8])]) -> String {
        let index = self.folder.path().join("index");
        let _ = std::fs::remove_file(&index);
        let with_index = |arguments: &[&str]| {
            let mut git = Command::new("git");
            git.arg("-C").arg(self.path()).args(arguments).env("GIT_INDEX_FILE", &index);
            let output = git.output().unwrap();
            assert!(output.status.success(), "git {arguments:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        if let Some(parent) = parents.first() {
            with_index(&["read-tree", parent]);
        }
        for (path, content) in files {
            let blob = self.git_with(&["hash-object", "-w", "--stdin"], content);
            with_index(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
        }
        let tree = with_index(&["write-tree"]);
        let mut arguments = vec!["commit-tree", &tree, "-m", "A change"];
        parents.iter().for_each(|parent| arguments.extend(["-p", parent]));
        self.git_with(&arguments, b"")
    }

    /// Lets a branch end in a commit.
    pub fn set(&self, branch: &str, commit: &str) {
        self.git(&format!("update-ref refs/heads/{branch} {commit}"));
    }

    /// Puts somebody in between.
    pub fn put_between(&self, between: Between) {
        *self.shared.between.lock().unwrap() = between;
    }

    /// The `Authorization` headers that came.
    pub fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let mut body = axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    shared.seen.lock().unwrap().push(header("authorization"));
    let between = shared.between.lock().unwrap().clone();
    if let Some(instead) = between.instead {
        return instead();
    }
    if let Some(change) = between.question.filter(|_| !body.is_empty()) {
        body = change(body);
    }
    let asked = BTreeMap::from([
        ("REQUEST_METHOD", head.method.to_string()),
        ("PATH_INFO", head.uri.path().to_owned()),
        ("QUERY_STRING", head.uri.query().unwrap_or("").to_owned()),
        ("CONTENT_TYPE", header("content-type")),
        ("CONTENT_LENGTH", body.len().to_string()),
        ("GIT_PROTOCOL", header("git-protocol")),
    ]);
    let root = shared.root.clone();
    let answer = tokio::task::spawn_blocking(move || backend(root, asked, body)).await.unwrap();
    respond(&answer, between.answer.filter(|_| head.method == "POST"))
}

/// Git's own program that serves repositories over HTTP, as <https://git-scm.com/docs/git-http-backend> says.
fn backend(root: PathBuf, asked: BTreeMap<&str, String>, body: Vec<u8>) -> Vec<u8> {
    let mut git = Command::new("git");
    git.arg("http-backend").envs(asked).env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1");
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let mut child = git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(&body);
    child.wait_with_output().unwrap().stdout
}

/// What a program answers that is called as CGI says: headers, an empty line, the rest.
fn respond(answer: &[u8], change: Option<Change>) -> Response<Body> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&answer[..end]).lines() {
        match line.split_once(": ").unwrap() {
            ("Status", status) => response = response.status(&status[..3]),
            (name, value) => response = response.header(name, value),
        }
    }
    let body = answer[end + 4..].to_vec();
    let body = change.map_or(body.clone(), |change| change(body));
    response.body(Body::from(Bytes::from(body))).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
