//! F05 to F07, F18 and F21: what other systems answer when something is wrong between them and us.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cm_bot::cli::demo::world::World;
use cm_bot::integrations::SourceError;
use cm_bot::integrations::http::{Peer, client};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{System, Variant};
use flate2::Compression;
use flate2::write::GzEncoder;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::logins::{set, trouble};
use crate::support::process::Service;
use crate::support::{scene, world};

/// Whatever is asked, these bytes are the answer, and then the connection ends.
async fn saying(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

/// An answer of this kind, with as many bytes as it says.
fn answer(kind: &str, body: &[u8]) -> Vec<u8> {
    promising(kind, body.len(), body)
}

fn promising(kind: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// What a list looks like when it is there.
#[derive(Debug, PartialEq, Deserialize)]
struct Found {
    issues: Vec<u32>,
}

const WHOLE: &str = "{\"issues\": [1, 2]}";
const JSON: &str = "application/json";

/// What comes of asking somebody who answers this.
async fn asked(bytes: Vec<u8>) -> Result<Found, SourceError> {
    let url = format!("http://{}/", saying(bytes).await);
    let answer = Peer::Jira.read(client().unwrap().get(url)).await?;
    answer.json()
}

fn unreadable(result: Result<Found, SourceError>) -> String {
    match result {
        Err(SourceError::Unreadable(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn unreachable(result: &Result<Found, SourceError>) {
    assert!(matches!(result, Err(SourceError::Unreachable(_))), "{result:?}");
}

#[tokio::test]
async fn f05_a_page_is_never_an_empty_list() {
    let page = b"<!doctype html><html><body><h1>Sign in</h1></body></html>";
    assert_eq!(
        unreadable(asked(answer("text/html; charset=utf-8", page)).await),
        "text/html; charset=utf-8 instead of JSON"
    );
    unreadable(asked(answer(JSON, page)).await);
    unreadable(asked(answer(JSON, b"")).await);
    unreadable(asked(answer("text/plain", WHOLE.as_bytes())).await);
    assert_eq!(asked(answer(JSON, WHOLE.as_bytes())).await, Ok(Found { issues: vec![1, 2] }), "the twin");
}

#[tokio::test]
async fn f06_half_an_answer_is_no_answer() {
    let half = &WHOLE.as_bytes()[..10];
    unreadable(asked(answer(JSON, half)).await);
    unreachable(&asked(promising(JSON, 500, WHOLE.as_bytes())).await);
    unreachable(&asked(promising(JSON, 500, b"")).await);
    unreachable(&asked(b"HTTP/1.1 200 OK\r\ncontent-type: application/js".to_vec()).await);
    unreachable(&asked(Vec::new()).await);
    unreachable(
        &asked(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n12\r\n{\"issues\""
                .to_vec(),
        )
        .await,
    );
    let twice = format!("{WHOLE}{WHOLE}");
    assert!(asked(answer(JSON, twice.as_bytes())).await.is_err(), "and two are none");
    assert!(asked(answer(JSON, WHOLE.as_bytes())).await.is_ok(), "the twin");
}

fn zipped(body: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(body).unwrap();
    let zipped = writer.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {JSON}\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        zipped.len()
    );
    [head.as_bytes(), &zipped].concat()
}

#[tokio::test]
async fn f06_an_answer_that_grows_when_it_is_unpacked_is_cut_off() {
    let bomb = zipped(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    let said = asked(bomb).await;
    assert!(
        matches!(&said, Err(SourceError::TooMuch(why)) if why == "an answer of more than 33554432 bytes"),
        "{said:?}"
    );
    assert_eq!(asked(zipped(WHOLE.as_bytes())).await, Ok(Found { issues: vec![1, 2] }), "the twin");
}

#[tokio::test]
async fn f07_a_field_that_is_missing_or_of_another_kind_is_named() {
    for (body, place) in [
        ("{}", "missing field `issues`"),
        ("{\"Issues\": []}", "missing field `issues`"),
        ("{\"issues\": null}", "at `issues`"),
        ("{\"issues\": {}}", "at `issues`"),
        ("{\"issues\": [1, \"2\"]}", "at `issues[1]`"),
        ("{\"issues\": [1], \"issues\": []}", "issues"),
    ] {
        let why = unreadable(asked(answer(JSON, body.as_bytes())).await);
        assert!(why.contains(place), "{body}: {why}");
    }
}

#[tokio::test]
async fn f18_an_answer_of_a_hundred_thousand_brackets_is_none() {
    for (open, close) in [("[", "]"), ("{\"issues\":", "}")] {
        let body = open.repeat(100_000) + &close.repeat(100_000);
        let why = unreadable(asked(answer(JSON, body.as_bytes())).await);
        assert!(why.contains("recursion limit exceeded"), "{why}");
    }
}

/// An authority of these tests, and its certificate in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(folder: &Path) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = folder.join("authority.pem");
        std::fs::write(&file, issuer.pem()).unwrap();
        Authority { issuer, file }
    }

    /// Serves TLS with a certificate for a host, until a year, before a server without TLS.
    fn before(&self, behind: SocketAddr, (host, year): (&str, i32), listener: TcpListener) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(year, 1, 1));
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut outside) = acceptor.accept(stream).await else { return };
                    let mut inside = TcpStream::connect(behind).await.unwrap();
                    let _ = copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
    }
}

/// How many requests Jira has seen.
fn asked_of_jira(world: &World) -> usize {
    let requests = world.simulator.shared.faults.requests();
    requests.iter().filter(|request| request.system == System::Jira).count()
}

/// A world whose service reaches Jira at this address.
async fn with_jira_at(url: impl FnOnce(&World) -> String) -> World {
    let world = world(scene("clean-change").parsed().variant(Variant::Scene), Clock::scripted()).await;
    let url = url(&world);
    set(&world, "jira", |jira| {
        jira.insert("api_url".into(), url.clone().into());
    });
    world
}

/// A world whose Jira shows a certificate of this authority.
async fn certified(authority: &Authority, certificate: (&str, i32)) -> World {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let world = with_jira_at(|_| url).await;
    authority.before(world.addresses.jira, certificate, listener);
    world
}

const NO_JIRA: &str =
    "Jira does not answer (no connection): check jira.api_url and the network; cm-bot tries again by itself";

#[tokio::test(flavor = "multi_thread")]
async fn f21_who_cannot_prove_to_be_jira_is_not_asked() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [trusted, stranger] = folders.each_ref().map(|folder| Authority::new(folder.path()));
    for (authority, certificate) in
        [(&trusted, ("localhost", 2021)), (&trusted, ("elsewhere.example", 2099)), (&stranger, ("localhost", 2099))]
    {
        let world = certified(authority, certificate).await;
        let service = Service::trusting(&world, &trusted.file).await;
        assert_eq!(trouble(&world, "jira").await, NO_JIRA, "{certificate:?}");
        assert_eq!(asked_of_jira(&world), 0, "{certificate:?}");
        service.kill();
    }
    let world = certified(&trusted, ("localhost", 2099)).await;
    let service = Service::trusting(&world, &trusted.file).await;
    let since = Instant::now();
    while asked_of_jira(&world) == 0 {
        assert!(since.elapsed() < Duration::from_secs(20), "the twin: it is asked");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    service.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn f21_a_name_that_leads_nowhere_is_one_line_that_says_what_to_do() {
    let world = with_jira_at(|_| "https://jira.invalid".to_owned()).await;
    let service = Service::start(&world).await;
    // Some name servers say at once that there is no such name, and some never answer.
    let said = trouble(&world, "jira").await;
    assert!(said.starts_with("Jira does not answer ("), "{said}");
    assert!(said.ends_with(NO_JIRA.rsplit_once(')').unwrap().1), "{said}");
    service.kill();
}

#[test]
fn f21_no_certificate_is_ever_taken_on_trust() {
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&entry).unwrap();
                assert!(!text.contains("danger_") && !text.contains("dangerous()"), "{}", entry.display());
            }
        }
    }
}
