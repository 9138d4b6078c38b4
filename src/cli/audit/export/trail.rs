//! The audit trail in an export.

use super::bundle::Bundle;
use crate::cli::audit::verify::{LogLine, page};
use crate::store::Store;

/// Writes all of it; says how many entries there are.
pub(super) async fn write_trail(store: &Store, bundle: &mut Bundle) -> anyhow::Result<usize> {
    let mut file = bundle.lines("log.ndjson")?;
    let (mut last, mut count) = (0, 0);
    while let Some(entries) = page(store, &mut last).await? {
        count += entries.len();
        for (seq, body, hash) in entries {
            file.line(&serde_json::to_string(&LogLine { seq, body, hash })?)?;
        }
    }
    file.end()?;
    Ok(count)
}

/// Writes what was signed about it, and the keys; says how many checkpoints there are.
pub(super) async fn write_checkpoints(store: &Store, bundle: &mut Bundle) -> anyhow::Result<usize> {
    let (mut keys, mut count) = (Vec::<String>::new(), 0);
    for (key, note) in store.checkpoints().await? {
        let size = note.lines().nth(1).unwrap_or_default().to_owned();
        if !keys.contains(&key) {
            keys.push(key);
        }
        let name = if keys.len() == 1 { size } else { format!("{size}-key-{}", keys.len()) };
        bundle.write(&format!("checkpoints/{name}"), &note)?;
        count += 1;
    }
    bundle.write("keys.txt", &keys.iter().map(|key| format!("{key}\n")).collect::<String>())?;
    Ok(count)
}
