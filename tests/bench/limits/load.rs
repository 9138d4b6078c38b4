//! Signed webhooks of 4 KB over connections that stay open, each sent when the one before was answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes of a body.
pub const SIZE: usize = 4096;

/// Makes one request out of its number.
pub type Make = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// When to stop: whatever comes first.
#[derive(Debug, Clone, Copy)]
pub struct Until {
    pub answers: u64,
    pub time: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The numbers of the requests that were answered 2xx.
    pub acknowledged: Vec<u64>,
    /// Answers that were something else.
    pub refused: u64,
    /// How long each acknowledgement took.
    pub latencies: Vec<Duration>,
    pub took: Duration,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.acknowledged.len() as f64 / self.took.as_secs_f64()
    }

    /// The time that so many of a hundred acknowledgements did not exceed.
    pub fn percentile(&mut self, percent: usize) -> Duration {
        self.latencies.sort_unstable();
        let place = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(place).copied().unwrap_or_default()
    }
}

/// Sends over so many connections. A server that breaks off ends it: what was acknowledged until then counts.
pub async fn send(address: SocketAddr, connections: usize, make: Make, until: Until) -> anyhow::Result<Outcome> {
    let (next, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let start = Instant::now();
    let senders: Vec<_> = (0..connections)
        .map(|_| {
            tokio::spawn(connection(address, Arc::clone(&make), (Arc::clone(&next), Arc::clone(&answered)), until))
        })
        .collect();
    let mut whole = Outcome::default();
    for sender in senders {
        let one = sender.await?;
        whole.acknowledged.extend(one.acknowledged);
        whole.latencies.extend(one.latencies);
        whole.refused += one.refused;
    }
    whole.took = start.elapsed();
    Ok(whole)
}

async fn connection(
    address: SocketAddr,
    make: Make,
    (next, answered): (Arc<AtomicU64>, Arc<AtomicU64>),
    until: Until,
) -> Outcome {
    let (start, mut outcome) = (Instant::now(), Outcome::default());
    let Ok(mut stream) = TcpStream::connect(address).await else { return outcome };
    let _ = stream.set_nodelay(true);
    while start.elapsed() < until.time && answered.load(Ordering::Relaxed) < until.answers {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let request = make(number);
        let sent = Instant::now();
        match ask(&mut stream, &request).await {
            Ok(status) if (200..300).contains(&status) => {
                outcome.acknowledged.push(number);
                outcome.latencies.push(sent.elapsed());
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) => outcome.refused += 1,
            Err(_) => break,
        }
    }
    outcome
}

/// Writes a request, and reads its answer to the end: the status.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<u16> {
    stream.write_all(request).await?;
    let (mut answer, mut piece) = (Vec::with_capacity(512), [0; 2048]);
    loop {
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            bail!("the server broke off");
        }
        answer.extend_from_slice(&piece[..read]);
        if let Some(status) = whole(&answer)? {
            return Ok(status);
        }
    }
}

/// The status of an answer that is there as a whole.
fn whole(answer: &[u8]) -> anyhow::Result<Option<u16>> {
    let Some(head) = memchr::memmem::find(answer, b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&answer[..head])?.to_ascii_lowercase();
    let body = &answer[head + 4..];
    let is_whole = if text.contains("transfer-encoding: chunked") {
        body.ends_with(b"0\r\n\r\n")
    } else {
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        body.len() >= length.map_or(Ok(0), |length| length.trim().parse())?
    };
    let status = text.split(' ').nth(1).context("no status")?.parse()?;
    Ok(is_whole.then_some(status))
}

/// A delivery of GitHub: somebody pushed to a repository that is nobody's. The number makes body and id its own.
pub fn github(path: &'static str, secret: &str) -> Make {
    let key = mac(secret);
    Arc::new(move |number| {
        let body = padded(format!(
            "{{\"ref\":\"refs/heads/main\",\"after\":\"{number:040x}\",\"repository\":{{\"id\":{number},\
             \"name\":\"elsewhere\",\"full_name\":\"acme/elsewhere\",\"owner\":{{\"login\":\"acme\"}}}},\"pad\":\""
        ));
        let headers = format!("X-GitHub-Event: push\r\nX-GitHub-Delivery: {number:08x}-0000-4000-8000-000000000000");
        request(path, &headers, &body, ("X-Hub-Signature-256", &key))
    })
}

/// A delivery of Jira about one of these tickets, each in turn.
pub fn jira(secret: &str, issues: Vec<(String, String)>) -> Make {
    let key = mac(secret);
    Arc::new(move |number| {
        let (id, ticket) = &issues[number as usize % issues.len()];
        let body = padded(format!(
            "{{\"timestamp\":{number},\"webhookEvent\":\"jira:issue_updated\",\"issue\":{{\"id\":\"{id}\",\
             \"key\":\"{ticket}\",\"fields\":{{\"project\":{{\"key\":\"PRODCM\"}}}}}},\"pad\":\""
        ));
        let headers = format!("X-Atlassian-Webhook-Identifier: {number}");
        request("/webhooks/jira", &headers, &body, ("X-Hub-Signature", &key))
    })
}

fn mac(secret: &str) -> Hmac<Sha256> {
    // An HMAC takes a key of any length.
    #[expect(clippy::expect_used)]
    Hmac::new_from_slice(secret.as_bytes()).expect("any length")
}

fn padded(beginning: String) -> String {
    let pad = SIZE.saturating_sub(beginning.len() + 2);
    beginning + &"x".repeat(pad) + "\"}"
}

fn request(path: &str, headers: &str, body: &str, (header, key): (&str, &Hmac<Sha256>)) -> Vec<u8> {
    let mut mac = key.clone();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\r\n\
         {header}: sha256={signature}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
