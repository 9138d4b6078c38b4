//! The servers that are measured, each a process of its own that is killed when it is dropped.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cm_bot::cli::demo::world::World;

/// How a server is told where to listen, and the secret.
pub const PORT: &str = "CM_BOT_BENCH_PORT";
pub const SECRET: &str = "CM_BOT_BENCH_SECRET";

/// Longer than any of them takes to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// cm-bot with a world's settings.
    pub async fn cm_bot(world: &World) -> anyhow::Result<Server> {
        drop(world.take_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_cm-bot"));
        command.arg("serve").arg("--config").arg(world.settings_file()).env("RUST_LOG", "off");
        Server::start(command, world.service).await
    }

    /// probot with a handler that does nothing; `None` and a word about why when there is none.
    pub async fn probot(secret: &str) -> anyhow::Result<Option<Server>> {
        let folder = Path::new("tests/bench/limits/probot");
        if !folder.join("node_modules").exists() {
            let install = Command::new("npm").args(["ci", "--silent", "--ignore-scripts"]).current_dir(folder).status();
            if !install.is_ok_and(|status| status.success()) {
                return Ok(None);
            }
        }
        let mut command = Command::new("node");
        command.arg(folder.join("server.mjs"));
        Server::of_others(command, secret).await.map(Some)
    }

    /// The most that could be.
    pub async fn ceiling(secret: &str) -> anyhow::Result<Server> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(crate::ceiling::ARGUMENT);
        Server::of_others(command, secret).await
    }

    async fn of_others(mut command: Command, secret: &str) -> anyhow::Result<Server> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        command.env(PORT, address.port().to_string()).env(SECRET, secret);
        Server::start(command, address).await
    }

    async fn start(mut command: Command, address: SocketAddr) -> anyhow::Result<Server> {
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let (server, since) = (Server { address, process }, Instant::now());
        while tokio::net::TcpStream::connect(address).await.is_err() {
            ensure!(since.elapsed() < PATIENCE, "{:?} does not listen", command.get_program());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(server)
    }

    /// Resident memory, in MB.
    pub fn memory(&self) -> anyhow::Result<f64> {
        memory_of(self.process.id(), "VmRSS:").context("no memory is known")
    }

    /// Ends it as a power cut would: no time to finish anything.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

/// What the kernel says of a process's memory, in MB.
pub fn memory_of(process: u32, what: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

/// Whether there is such a program.
pub fn is_there(program: impl AsRef<OsStr>) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A secret of a world's settings.
pub fn secret(world: &World, section: &str) -> anyhow::Result<String> {
    let settings: toml::Table = std::fs::read_to_string(world.settings_file())?.parse()?;
    let secret = settings.get(section).and_then(|section| section.get("webhook_secrets")?.get(0)?.as_str());
    Ok(secret.context("no secret")?.to_owned())
}

/// The records of a world's service.
pub fn records(world: &World) -> PathBuf {
    world.settings_file().with_file_name("cm-bot.db")
}
