//! Which scenes there are: those in `config/scenes` below the current folder, and those that the program carries along.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::simulator::scene::Scene;

/// Where scenes are looked for first, so that a user's own file is found.
const FOLDER: &str = "config/scenes";

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../config/scenes/", $name, ".toml")))),*]
    };
}

/// The scenes that the program carries along, in the order in which a newcomer should see them.
pub(super) const SHIPPED: &[(&str, &str)] = shipped![
    "clean-change",
    "digest",
    "first-deployment",
    "two-approvers",
    "one-of-two-approvers",
    "approved-in-slack",
    "approved-on-the-page",
    "pending-sibling",
    "no-pull-request",
    "approved-by-its-author",
    "colleague-pushed-and-approved",
    "push-after-approval",
    "squash-merge",
    "version-bump",
    "fake-version-bump",
    "no-scan",
    "scan-of-another-commit",
    "blocking-finding",
    "no-rollback-plan",
    "rollback-plan-na",
    "github-down",
    "slack-down",
    "emergency",
    "emergency-documented",
    "emergency-in-slack",
    "emergency-overdue",
    "rollback",
    "gate",
    "gate-other-build",
    "same-webhook-three-times",
    "forged-webhook",
];

/// A scene and its name.
pub(super) struct SceneFile {
    pub name: String,
    pub scene: Scene,
}

/// The scenes of these names, or all.
pub(super) fn choose(names: &[String]) -> anyhow::Result<Vec<SceneFile>> {
    let known = known()?;
    if names.is_empty() {
        let order = SHIPPED.iter().map(|(name, _)| (*name).to_owned());
        let own = known.keys().filter(|name| SHIPPED.iter().all(|(shipped, _)| shipped != name)).cloned();
        return order.chain(own).map(|name| read(&name, &known)).collect();
    }
    names.iter().map(|name| read(name, &known)).collect()
}

/// Text of each known scene, by name. A file in the folder takes the place of the one that was compiled in.
fn known() -> anyhow::Result<BTreeMap<String, String>> {
    let mut known: BTreeMap<String, String> =
        SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let Ok(folder) = std::fs::read_dir(FOLDER) else { return Ok(known) };
    for entry in folder {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            known.insert(stem(&path), text(&path)?);
        }
    }
    Ok(known)
}

fn read(name: &str, known: &BTreeMap<String, String>) -> anyhow::Result<SceneFile> {
    let path = PathBuf::from(name);
    let (name, text) = match known.get(name) {
        Some(text) => (name.to_owned(), text.clone()),
        None if path.is_file() => (stem(&path), text(&path)?),
        None => {
            let all = known.keys().cloned().collect::<Vec<_>>().join(", ");
            bail!("there is no scene `{name}`; there are: {all}; or name a file");
        }
    };
    let scene = Scene::parse(&text).with_context(|| format!("scene {name}"))?;
    Ok(SceneFile { name, scene })
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_of_the_folder_is_carried_along() {
        let mut in_folder: Vec<String> = std::fs::read_dir(FOLDER)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .map(|path| stem(&path))
            .collect();
        let mut shipped: Vec<String> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
        in_folder.sort();
        shipped.sort();
        assert_eq!(in_folder, shipped);
    }
}
