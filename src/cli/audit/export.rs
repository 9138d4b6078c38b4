//! `cm-bot audit export`.

use std::fs::{File, create_dir, write};
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use super::verify::{LogLine, page};
use crate::app::signer;
use crate::cli::{Exit, SettingsFile};
use crate::store::Store;

/// The verifier that needs nothing of ours.
const VERIFIER: &str = include_str!("../../../tests/verify.py");

/// What lies beside it.
const README: &str = "\
log.ndjson    the audit trail of cm-bot, an entry a line: its number, its text, its hash
checkpoints/  what was signed about the trail, each named by the number of entries it speaks of
inspections/  what there was to inspect of each month, a file a month
keys.txt      the public keys of the checkpoints; compare them with those that you were given elsewhere
verify.py     verifies all of it; Python 3 and nothing else is needed:

    python3 verify.py log.ndjson --key KEY --checkpoint checkpoints/FILE --inspection inspections/FILE

hash(n) = SHA-256(hash(n-1), newline, text(n)), beginning with 64 zeros: sha256sum can check it too. The root in a
checkpoint is that of RFC 6962, section 2.1, over the texts. A checkpoint that you kept yourself, for example from a
ticket's comment, proves more than those in this folder.
";

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder to write; it must not exist
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    #[command(flatten)]
    settings: SettingsFile,
}

/// Exports.
///
/// # Errors
/// When the database cannot be read or the folder cannot be written.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let settings = arguments.settings.load()?;
    let store = Store::open(&settings.database_url).await?;
    if let Some(signer) = signer(&settings)? {
        store.checkpoint(&signer, crate::clock::Clock::System.now()).await?;
    }
    let folder = &arguments.folder;
    create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let entries = log(&store, folder.join("log.ndjson")).await?;
    let checkpoints = checkpoints(&store, folder).await?;
    inspections(&store, folder).await?;
    write(folder.join("verify.py"), VERIFIER)?;
    write(folder.join("README.txt"), README)?;
    println!("{entries} entries and {checkpoints} checkpoints are in {}", folder.display());
    Ok(Exit::Done)
}

async fn log(store: &Store, path: PathBuf) -> anyhow::Result<usize> {
    let mut file = BufWriter::new(File::create(path)?);
    let (mut last, mut count) = (0, 0);
    while let Some(entries) = page(store, &mut last).await? {
        count += entries.len();
        for (seq, body, hash) in entries {
            serde_json::to_writer(&mut file, &LogLine { seq, body, hash })?;
            file.write_all(b"\n")?;
        }
    }
    file.flush()?;
    Ok(count)
}

async fn checkpoints(store: &Store, folder: &std::path::Path) -> anyhow::Result<usize> {
    let folder_of_notes = folder.join("checkpoints");
    create_dir(&folder_of_notes)?;
    let (mut keys, mut count) = (Vec::<String>::new(), 0);
    for (key, note) in store.checkpoints().await? {
        let size = note.lines().nth(1).unwrap_or_default().to_owned();
        if !keys.contains(&key) {
            keys.push(key);
        }
        let name = if keys.len() == 1 { size } else { format!("{size}-key-{}", keys.len()) };
        write(folder_of_notes.join(name), note)?;
        count += 1;
    }
    write(folder.join("keys.txt"), keys.iter().map(|key| format!("{key}\n")).collect::<String>())?;
    Ok(count)
}

/// Byte for byte as they are stored: the trail holds their hashes.
async fn inspections(store: &Store, folder: &std::path::Path) -> anyhow::Result<()> {
    let folder = folder.join("inspections");
    create_dir(&folder)?;
    for (month, members) in store.populations().await? {
        write(folder.join(format!("{month}.json")), members)?;
    }
    Ok(())
}
