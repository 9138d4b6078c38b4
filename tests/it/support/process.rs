//! The service as a process of its own, which a test can kill.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cm_bot::cli::demo::world::World;

/// The program that was built for the tests.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_cm-bot"))
}

/// A program that says nothing.
fn quiet(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env("RUST_LOG", "off");
    command
}

/// A running `cm-bot serve`; killed when it is dropped.
pub struct Service(Child);

impl Service {
    /// Starts it with a world's settings and waits until it answers.
    pub async fn start(world: &World) -> Service {
        drop(world.take_port());
        Service::listening(world, world.service).await
    }

    /// Starts another one with the same settings, on a port of its own.
    pub async fn beside(world: &World) -> Service {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        Service::listening(world, port).await
    }

    /// Starts it with so few files that it may have open.
    pub async fn with_few_files(world: &World, files: u32) -> Service {
        drop(world.take_port());
        let mut command = quiet("sh");
        command.arg("-c").arg(format!("ulimit -n {files}; exec \"$0\" \"$@\"")).arg(program());
        Service::run(command, world, world.service).await
    }

    /// Starts it so that it trusts this authority's certificates alone.
    pub async fn trusting(world: &World, authority: &Path) -> Service {
        drop(world.take_port());
        let mut command = quiet(program());
        command.env("SSL_CERT_FILE", authority).env_remove("SSL_CERT_DIR");
        Service::run(command, world, world.service).await
    }

    /// Starts it as a service manager does that listens at this address and wants to hear from it this often.
    pub async fn managed(world: &World, notify: &Path, watchdog: Duration) -> Service {
        drop(world.take_port());
        let mut command = quiet(program());
        command.env("NOTIFY_SOCKET", notify).env("WATCHDOG_USEC", watchdog.as_micros().to_string());
        Service::run(command, world, world.service).await
    }

    /// Starts it so that it writes its log into a file.
    pub async fn with_log(world: &World, filter: &str, file: &Path) -> Service {
        drop(world.take_port());
        let mut command = quiet(program());
        command.stderr(File::create(file).unwrap()).env("RUST_LOG", filter);
        Service::run(command, world, world.service).await
    }

    async fn listening(world: &World, address: SocketAddr) -> Service {
        Service::run(quiet(program()), world, address).await
    }

    async fn run(mut command: Command, world: &World, address: SocketAddr) -> Service {
        command.arg("serve").arg("--config").arg(world.settings_file());
        command.env("CM_BOT__SERVER__LISTEN", address.to_string());
        world.simulator.shared.dates.follow_the_machine();
        let service = Service(command.spawn().unwrap());
        let since = Instant::now();
        while reqwest::get(format!("http://{address}/healthz")).await.is_err() {
            assert!(since.elapsed() < Duration::from_secs(20), "the service does not answer");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        service
    }

    /// Lets some of its system calls fail from now on, as `strace` describes it: `inject=fdatasync:error=EIO:when=3`.
    pub async fn tamper(&self, inject: &str) -> Tracer {
        let (process, calls) = (self.0.id().to_string(), "trace=fsync,fdatasync,pwrite64");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", calls, "-e", inject, "-p", &process]);
        let tracer = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let strace = tracer.unwrap_or_else(|error| panic!("install strace, as tests/run does: {error}"));
        let tracer = Tracer { strace, process: self.0.id() };
        let since = Instant::now();
        while !self.is_traced() {
            assert!(since.elapsed() < Duration::from_secs(20), "strace may not trace on this machine");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tracer
    }

    /// Whether each of its threads is traced.
    fn is_traced(&self) -> bool {
        statuses(self.0.id()).all(|status| !status.contains("TracerPid:\t0\n"))
    }

    /// Waits until it has ended by itself, and says how.
    pub async fn ended(&mut self) -> std::process::ExitStatus {
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The most memory that it has used so far, in bytes.
    pub fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Ends it as a power cut would: no time to finish anything.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends it a signal by its name: `STOP` lets it sleep, `CONT` wakes it.
    pub fn signal(&self, name: &str) {
        assert!(signal(self.0.id(), name), "no signal {name}");
    }

    /// Asks it to stop, and gives back how it ended.
    pub fn stop(mut self) -> std::process::ExitStatus {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.0.wait().unwrap()
    }
}

/// Stands between a service and the machine; gone when it is dropped.
pub struct Tracer {
    strace: Child,
    process: u32,
}

impl Tracer {
    /// Whether every thread has stopped and strace has heard of all of them.
    fn stands_still(&self) -> bool {
        let is = |status: String, states: &[&str]| {
            let state = status.lines().find_map(|line| line.strip_prefix("State:\t"));
            state.is_some_and(|state| states.iter().any(|one| state.starts_with(one)))
        };
        statuses(self.process).all(|status| is(status, &["t", "T"]))
            && statuses(self.strace.id()).all(|status| is(status, &["S"]))
    }
}

/// strace lets a call fail in two steps. Were it killed between them, the call would fail in a way that no disk has, so
/// the service stands still meanwhile.
impl Drop for Tracer {
    fn drop(&mut self) {
        let stopped = statuses(self.process).next().is_some() && signal(self.process, "STOP");
        let since = Instant::now();
        while stopped && !self.stands_still() && since.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.strace.kill();
        let _ = self.strace.wait();
        if stopped {
            signal(self.process, "CONT");
        }
    }
}

/// What the machine says of each thread of a process; nothing when it has ended.
fn statuses(process: u32) -> impl Iterator<Item = String> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().filter_map(Result::ok);
    threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok())
}

/// Sends a process a signal by its name; says whether there was one to send it to.
fn signal(process: u32, name: &str) -> bool {
    Command::new("kill")
        .arg(format!("-{name}"))
        .arg(process.to_string())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
