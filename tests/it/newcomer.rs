//! A newcomer follows the README: a simulated world with everything that a service needs, and a service in it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::crash::PATIENCE;
use crate::support::process::program;

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the simulator says, line by line, until one holds these words.
fn until(lines: &mut impl Iterator<Item = std::io::Result<String>>, words: &str) -> String {
    let mut said = Vec::new();
    for line in lines {
        said.push(line.unwrap());
        if let Some(line) = said.last().filter(|line| line.contains(words)) {
            return line.clone();
        }
    }
    panic!("it never says {words:?}: {said:?}");
}

fn cm_bot(folder: &Path, command: &str) -> Command {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("cm-bot"));
    let mut command = Command::new(program());
    command.args(words).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null()).env("NO_COLOR", "1");
    command
}

fn run(folder: &Path, command: &str) -> Output {
    cm_bot(folder, command).output().unwrap()
}

/// The address after these words.
fn address_after<'a>(line: &'a str, words: &str) -> &'a str {
    line.split_once(words).unwrap().1.split_whitespace().next().unwrap()
}

/// The README's two commands, and what a newcomer does next.
#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_has_a_service_of_their_own_that_approves_a_clean_change() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let command = "cm-bot simulator --write try";
    assert!(readme.contains(&command.replace("cm-bot", "cargo run --")), "{command}");
    let mut simulator = Running(cm_bot(folder.path(), command).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(simulator.0.stdout.take().unwrap()).lines();
    let start = until(&mut lines, "cm-bot serve");
    assert!(readme.contains(&start.trim().replace("cm-bot serve", "cargo run -- serve")), "{start}");
    let _service = Running(cm_bot(folder.path(), start.trim()).stdout(Stdio::null()).spawn().unwrap());
    let played = until(&mut lines, "The scene was played.");
    let jira = address_after(&played, "as Jira shows them: ");
    let since = Instant::now();
    loop {
        let page = reqwest::get(format!("{jira}browse/PRODCM-412")).await.unwrap().text().await.unwrap();
        if page.contains("Approved automatically") {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "{page}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let own = format!("{}changes/PRODCM-412", address_after(&played, "cm-bot's pages: "));
    let own = reqwest::get(own).await.unwrap().text().await.unwrap();
    assert!(own.contains("Approved automatically"), "{own}");
    let explained = run(folder.path(), "cm-bot explain PRODCM-412 --config try/cm-bot.toml");
    assert!(explained.status.success(), "{}", String::from_utf8_lossy(&explained.stdout));
}

#[test]
fn a_folder_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("try")).unwrap();
    let output = cm_bot(folder.path(), "cm-bot simulator --write try").stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.starts_with("cm-bot: cannot make the folder try: "), "{said}");
}
