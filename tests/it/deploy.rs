//! What `deploy/` promises: settings that exist, an image with everything in it, a service that may do little and says how
//! it is.

use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cm_bot::settings::DEFAULTS;
use cm_bot::simulator::clock::Clock;

use crate::support::process::Service;
use crate::support::{scene, world};

/// Every file below `deploy`.
fn files() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("deploy")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// The names of settings in a text, as `section.key`.
fn settings_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let named = words.filter_map(|word| word.strip_prefix("CM_BOT__"));
    named.filter(|name| name.contains("__")).map(|name| name.to_lowercase().replace("__", ".")).collect()
}

fn is_setting(defaults: &toml::Table, name: &str) -> bool {
    let mut place = Some(&toml::Value::Table(defaults.clone())).cloned();
    for key in name.split('.') {
        place = place.and_then(|value| value.get(key).cloned());
    }
    place.is_some()
}

#[test]
fn every_setting_that_a_deployment_names_is_one() {
    let defaults: toml::Table = DEFAULTS.parse().unwrap();
    let mut seen = 0;
    for file in files() {
        for name in settings_in(&std::fs::read_to_string(&file).unwrap()) {
            assert!(is_setting(&defaults, &name), "{} names {name}, which is no setting", file.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} names were found");
    assert!(!is_setting(&defaults, "jira.tokn"));
}

/// What a deployment keeps secret goes into all of them.
#[test]
fn every_deployment_is_given_the_same_secrets() {
    let secrets = |file: &str| -> BTreeSet<String> {
        let named = settings_in(&std::fs::read_to_string(file).unwrap());
        named.into_iter().filter(|name| name.ends_with("_file") && !name.starts_with("database")).collect()
    };
    let systemd = secrets("deploy/systemd/cm-bot.service");
    assert_eq!(systemd, secrets("deploy/compose/compose.yaml"));
    assert_eq!(systemd, secrets("deploy/kubernetes/example/kustomization.yaml"));
}

/// Cargo wants every file that the manifest names, the compiler every file that the program holds.
#[test]
fn the_image_is_built_from_all_that_the_program_is_made_of() {
    let text = std::fs::read_to_string("deploy/Dockerfile").unwrap();
    let copied = |path: &str| {
        let sources = text.lines().filter_map(|line| line.strip_prefix("COPY ")).flat_map(str::split_whitespace);
        sources.into_iter().any(|source| Path::new(path).starts_with(source))
    };
    let manifest = std::fs::read_to_string("Cargo.toml").unwrap();
    let named = manifest.lines().filter_map(|line| line.strip_prefix("path = ")).map(|path| path.trim_matches('"'));
    for path in named.chain(["Cargo.lock", "config/default.toml", "tests/verify.py"]) {
        assert!(copied(path), "{path} is not copied into the builder");
    }
    assert!(!copied("tests/it/main.rs"), "the image needs no tests");
}

/// At most 2.0 of 10: what the service could do to its machine if it were taken over.
#[test]
fn the_service_of_systemd_may_do_little() {
    let rated = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=20", "deploy/systemd/cm-bot.service"])
        .output()
        .unwrap_or_else(|error| panic!("install systemd, as tests/run does: {error}"));
    assert!(rated.status.success(), "{}", String::from_utf8_lossy(&rated.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_told_when_the_service_is_ready_alive_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let address = folder.path().join("notify");
    let socket = UnixDatagram::bind(&address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = || {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let world = world(scene("clean-change").parsed(), Clock::scripted()).await;
    let service = Service::managed(&world, &address, Duration::from_millis(300)).await;
    assert_eq!(heard().trim(), "READY=1");
    assert_eq!(heard().trim(), "WATCHDOG=1");
    assert_eq!(heard().trim(), "WATCHDOG=1");
    assert!(service.stop().success());
    let last = std::iter::repeat_with(heard).find(|word| word.trim() != "WATCHDOG=1").unwrap();
    assert_eq!(last.trim(), "STOPPING=1");
}
