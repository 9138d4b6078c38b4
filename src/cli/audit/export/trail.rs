//! The audit trail in an export.

use super::bundle::Bundle;
use crate::cli::audit::verify::{LogLine, page};
use crate::store::Store;

/// Writes its first entries: those whose counterparts were read. What came later belongs to a later export.
pub(super) async fn write_trail(store: &Store, length: i64, bundle: &mut Bundle) -> anyhow::Result<()> {
    let mut file = bundle.lines("log.ndjson")?;
    let mut last = 0;
    while let Some(entries) = page(store, &mut last).await? {
        for (seq, body, hash) in entries.into_iter().filter(|(seq, ..)| *seq <= length) {
            file.line(&serde_json::to_string(&LogLine { seq, body, hash })?)?;
        }
    }
    file.end()?;
    Ok(())
}

/// Writes what was signed about them, and the keys; says how many checkpoints there are.
pub(super) async fn write_checkpoints(store: &Store, length: i64, bundle: &mut Bundle) -> anyhow::Result<usize> {
    let (mut keys, mut count) = (Vec::<String>::new(), 0);
    for (key, note) in store.checkpoints().await? {
        let size = note.lines().nth(1).unwrap_or_default().to_owned();
        if size.parse::<i64>().is_ok_and(|size| size > length) {
            continue;
        }
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
