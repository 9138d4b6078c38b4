//! What an auditor is given: one folder that verifies itself without cm-bot, in which every changed byte is found, and a list of
//! changes that says what it misses.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cm_bot::audit::checkpoint::new_keys;
use cm_bot::audit::draw::Population;
use cm_bot::audit::{Entry, Event};
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::gather::evidence::{Hold, Reach};
use cm_bot::gather::inspection::members;
use cm_bot::gather::period::{How, Period};
use cm_bot::model::{CommitSha, IssueId, Month, TicketKey, Timestamp};
use cm_bot::simulator::scene::{Fail, FailureKind, Step, System, Variant};
use cm_bot::store::{Again, Store, Void};
use serde_json::Value;
use sha2::Digest as _;

use crate::support::database::{Other, is_postgres};
use crate::support::process::program;
use crate::support::{TestScene, database_of, play_all, scene, start};

const REQUEST: &str =
    "gate_request = { run = { build = \"1871\" }, commit = \"merged\", artifact = \"billing-api:1871\" }";
const CONSUME: &str = "gate_consume = { run = { build = \"1871\" }, answer = \"allow\" }";
const FINISH: &str = "gate_finish = { run = { build = \"1871\" }, outcome = \"succeeded\" }";
const ON_GITHUB: &str = "show_deployment = { environment = \"production-us\", commit = \"merged\", by = \"dana\" }";
const RUNS: &str = "jenkins_build = { job = \"billing-api/release\", build = 1871, commit = \"merged\", by = \"dana\", result = \"\" }";
const ON_JENKINS: &str =
    "jenkins_build = { job = \"billing-api/release\", build = 1871, commit = \"merged\", by = \"dana\" }";

/// A company with one change that left its trace everywhere, and a folder for what is exported.
struct Company {
    played: Played,
    folder: tempfile::TempDir,
}

/// What a program said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

/// The clean change, watched in both places.
fn watched() -> TestScene {
    let service = "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nenvironments = [\"prod-us\"]\n\
                   watch = [{ environment = \"prod-us\", github_environment = \"production-us\" }, \
                            { environment = \"prod-us\", jenkins_job = \"billing-api/release\" }]\n\n";
    scene("clean-change").with("[[commits]]", &format!("{service}[[commits]]"))
}

impl Company {
    /// After the change was approved, let through, deployed, shown by both and closed.
    async fn with(scene: TestScene) -> Company {
        let played = start("evidence", scene.parsed().variant(Variant::Scene)).await;
        played.app.orphans().once().await;
        play_all(&played).await;
        let company = Company { played, folder: tempfile::tempdir().unwrap() };
        let (private, _) = new_keys("cm-bot.example");
        std::fs::write(company.folder.path().join("key"), private).unwrap();
        company
    }

    async fn deployed() -> Company {
        let company = Company::with(watched()).await;
        for step in [RUNS, REQUEST, CONSUME, ON_JENKINS, ON_GITHUB, FINISH] {
            company.happens(step).await;
        }
        assert_eq!(company.played.app.orphans().once().await, 0, "one answer is for a run and its deployment");
        company
    }

    async fn happens(&self, step: &str) {
        self.played.world.simulator.play(&toml::from_str::<Step>(step).unwrap()).await.unwrap();
        settle(&self.played).await.unwrap();
    }

    fn cm_bot(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(program());
        command.args(arguments).env("CM_BOT_CONFIG", self.played.world.settings_file());
        command.env("CM_BOT__AUDIT__SIGNING_KEY_FILE", self.folder.path().join("key"));
        said(&mut command)
    }

    /// Exports into a new folder.
    fn export(&self, name: &str, more: &[&str]) -> (PathBuf, Said) {
        let folder = self.folder.path().join(name);
        let said = self.cm_bot(&[&["audit", "export", folder.to_str().unwrap()], more].concat());
        (folder, said)
    }

    /// Exports, and gives the orphans as the program lists them.
    fn orphans(&self, name: &str) -> BTreeSet<String> {
        let (folder, said) = self.export(name, &[]);
        assert_eq!(said.code, 0, "{} {}", said.out, said.err);
        let list = std::fs::read_to_string(folder.join("reconciliation.json")).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        let orphans = list["orphans"].as_array().unwrap().iter();
        orphans.map(|orphan| format!("{} {}", orphan["kind"].as_str().unwrap(), orphan["ticket"])).collect()
    }

    /// Changes a record past the trigger of its table, as somebody can who administers the database.
    async fn tamper(&self, (trigger, table): (&str, &str), statement: &str) {
        let mut other = Other::connect(&database_of(&self.played.world)).await;
        let drop = if is_postgres() {
            format!("DROP TRIGGER {trigger}_changed ON {table}")
        } else {
            format!("DROP TRIGGER {trigger}_updated")
        };
        // Several statements of a test may concern one table.
        let _ = other.run(drop.leak()).await;
        other.run(statement.to_owned().leak()).await.unwrap();
    }

    /// What the verifier says of a bundle that was made with the records as they are now.
    fn verified(&self, name: &str) -> Said {
        let (folder, told) = self.export(name, &[]);
        assert_eq!(told.code, 0, "{} {}", told.out, told.err);
        verify(&folder, &[])
    }

    async fn stop(self) {
        self.played.stop().await;
    }
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn verify(folder: &Path, more: &[&str]) -> Said {
    said(Command::new("python3").arg("-B").arg("tests/verify.py").arg(folder).args(more))
}

fn file(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_folder_holds_everything_and_is_verified_without_cm_bot() {
    let company = Company::deployed().await;
    let (folder, told) = company.export("evidence", &[]);
    assert_eq!(told.code, 0, "{} {}", told.out, told.err);
    assert!(told.out.starts_with("tickets 2 · gate answers 1 · runs 1 · deployments 1\n1 orphan: "), "{}", told.out);
    // The change before was made by hand, before there was a gate.
    assert!(
        told.out.contains("never_deployed  PRODCM-398  It was approved, and no run was let through"),
        "{}",
        told.out
    );
    for name in [
        "index.html",
        "population.csv",
        "changes/PRODCM-412.html",
        "changes/PRODCM-412.json",
        "controls.csv",
        "orphans.csv",
        "config-history.csv",
        "samples.json",
        "IPE.txt",
        "keys.txt",
        "SHA256SUMS.sig",
    ] {
        assert!(folder.join(name).is_file(), "{name} is missing");
    }
    let key = file(&folder, "keys.txt");
    let verified = verify(&folder, &["--key", key.trim()]);
    assert_eq!(verified.code, 0, "{}", verified.out);
    for words in [
        "the list of files is signed",
        "2 changes with ",
        "each as the trail says; 1 policies",
        "tickets 2 · gate answers 1 · runs 1 · deployments 1; 1 without a counterpart",
    ] {
        assert!(verified.out.contains(words), "nobody reads {words:?} in: {}", verified.out);
    }
    let inside = said(Command::new("python3").args(["-B", "verify.py", "."]).current_dir(&folder));
    assert_eq!(inside.code, 0, "{}", inside.out);
    let (_, other) = new_keys("cm-bot.example");
    let verified = verify(&folder, &["--key", &other]);
    assert_eq!((verified.code, verified.out.as_str()), (1, "bad: SHA256SUMS.sig: it is not signed with this key\n"));
    company.stop().await;
}

/// Who has the folder can tell that it is what the page said.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_period_says_what_the_export_says() {
    let company = Company::deployed().await;
    let (folder, told) = company.export("evidence", &["--from", "2026-11-01", "--to", "2026-11-30"]);
    assert_eq!(told.code, 0, "{} {}", told.out, told.err);
    let totals: Value = serde_json::from_str(&file(&folder, "totals.json")).unwrap();
    let people = &company.played.world.simulator.people;
    let page = people.opens("dana", "/evidence?from=2026-11-01&to=2026-11-30").await.unwrap().text();
    let text = |name: &str| totals[name].as_str().unwrap();
    let (rows, first, last, sum) = (&totals["rows"], text("first"), text("last"), text("keys_sha256"));
    for words in [
        "tickets 2 gate answers 1 runs 1 deployments 1".to_owned(),
        format!("Changes {rows} First and last ticket {first} and {last} SHA-256 of the sorted keys {sum}"),
        format!(
            "It was approved, and no run was let through before the approval ended. {}",
            totals["orphans"]["never_deployed"]
        ),
        "It was approved, and no run was let through before the approval ended. PRODCM-398 billing-api to prod-us"
            .into(),
        "1 trace without a counterpart.".into(),
    ] {
        assert!(page.contains(&words), "nobody reads {words:?} in: {page}");
    }
    company.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_what_was_decided_and_what_it_is_evidence_for() {
    let company = Company::deployed().await;
    let (folder, _) = company.export("evidence", &[]);
    let page = file(&folder, "changes/PRODCM-412.html");
    for words in [
        "href=\"../style.css\"",
        "Approved automatically",
        "15 of 15 checks passed",
        "SOC 2 CC8.1",
        "NIST 800-53 CM-3, AC-5",
        "HIPAA 164.312(b)",
        "HITRUST 10.k",
        "ISO 27001 A.8.32",
        "PCI DSS 6.5.1",
        "At the gate",
        "billing-api/release",
        "succeeded, ",
        "Entries of the audit trail about it: ",
    ] {
        assert!(page.contains(words), "nobody reads {words:?} in: {page}");
    }
    let how = file(&folder, "IPE.txt");
    for words in [
        "Period: from 2026-11-02T00:00:00Z up to before ",
        "project = \"PRODCM\" AND created >= \"2026-11-01 00:00\"",
        "Rows of population.csv: 2",
        "SHA-256 of the sorted keys: ",
        "nothing: every place was read to its end",
    ] {
        assert!(how.contains(words), "nobody reads {words:?} in: {how}");
    }
    let rows = file(&folder, "population.csv");
    assert_eq!(rows.lines().count(), 3, "{rows}");
    assert!(
        rows.contains("\"PRODCM-412\"") && rows.contains("\"yes\",\"yes\",\"1\",\"approved-automatically\""),
        "{rows}"
    );
    assert!(file(&folder, "config-history.csv").contains("\"policy_activated\""));
    assert_eq!(file(&folder, "controls.csv").lines().count(), 1 + cm_bot::policy::RULES.len());
    company.stop().await;
}

/// Everything that lies in the folder, a bit at a time: at the beginning, in the middle, at the end, and of what is small all.
#[tokio::test(flavor = "multi_thread")]
async fn every_changed_byte_is_found() {
    let company = Company::deployed().await;
    let (folder, _) = company.export("evidence", &[]);
    let script = "
import os, sys
sys.path.insert(0, 'tests')
import verify
folder = sys.argv[1]
list(verify.check_bundle(folder, None, []))
tried, missed = 0, []
for inner, _, names in os.walk(folder):
    for name in names:
        path = os.path.join(inner, name)
        with open(path, 'rb') as file:
            data = file.read()
        all_of_it = name.startswith('SHA256SUMS') or len(data) < 200
        for place in range(len(data)) if all_of_it else (0, len(data) // 2, len(data) - 1):
            for bit in (1, 4):
                changed = bytearray(data)
                changed[place] ^= bit
                with open(path, 'wb') as file:
                    file.write(changed)
                tried += 1
                try:
                    list(verify.check_bundle(folder, None, []))
                    missed.append((name, place, bit))
                except (verify.Bad, ValueError, KeyError, OSError):
                    pass
        with open(path, 'wb') as file:
            file.write(data)
list(verify.check_bundle(folder, None, []))
print(tried, missed)
";
    let told = said(Command::new("python3").args(["-B", "-c", script, folder.to_str().unwrap()]));
    let (tried, missed) = told.out.trim().split_once(' ').unwrap_or_else(|| panic!("{}", told.err));
    assert!(tried.parse::<usize>().unwrap() > 500, "{tried}");
    assert_eq!(missed, "[]");
    std::fs::write(folder.join("changes/added.txt"), "").unwrap();
    assert!(verify(&folder, &[]).out.contains("bad: files that are missing, or were added: changes/added.txt"));
    company.stop().await;
}

/// Writes the list of files again, as whoever makes a bundle can; the signature is left out, or made by the same key.
fn list_again(folder: &Path) {
    let script = "
import hashlib, os, sys
os.chdir(sys.argv[1])
if os.path.exists('SHA256SUMS.sig'):
    os.remove('SHA256SUMS.sig')
names = [line[66:] for line in open('SHA256SUMS').read().splitlines()]
names = [name for name in names if os.path.exists(name)]
sums = ''.join(hashlib.sha256(open(name, 'rb').read()).hexdigest() + '  ' + name + '\\n' for name in names)
open('SHA256SUMS', 'w').write(sums)
";
    assert_eq!(said(Command::new("python3").args(["-c", script, folder.to_str().unwrap()])).code, 0);
}

/// Changes a JSON file of a bundle.
fn rewrite(folder: &Path, name: &str, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_str(&file(folder, name)).unwrap();
    change(&mut value);
    std::fs::write(folder.join(name), value.to_string()).unwrap();
}

/// Whoever can also write the list of files again is found by the trail.
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_was_written_again_contradicts_its_trail() {
    let company = Company::deployed().await;
    let changed = |name: &str, place: &str, change: &dyn Fn(String) -> String| {
        let (folder, _) = company.export(name, &[]);
        let text = change(file(&folder, place));
        assert_ne!(text, file(&folder, place), "nothing was changed");
        std::fs::write(folder.join(place), text).unwrap();
        list_again(&folder);
        let verified = verify(&folder, &[]);
        assert_eq!(verified.code, 1, "{}", verified.out);
        verified.out.lines().last().unwrap().to_owned()
    };
    let file = "changes/PRODCM-412.json";
    let said = changed("facts", file, &|text| text.replacen("Dana Reyes", "Dana Ryees", 1));
    assert!(
        said.contains("PRODCM-412.json: the facts of decision ") && said.ends_with("are not those in the trail"),
        "{said}"
    );
    let said = changed("decision", file, &|text| text.replacen("\"outcome\":\"met\"", "\"outcome\":\"not_met\"", 1));
    assert!(said.contains("the decision of decision "), "{said}");
    let said =
        changed("row", "population.csv", &|text| text.lines().take(2).map(|line| format!("{line}\r\n")).collect());
    assert!(said.contains("population.csv does not have the changes"), "{said}");
    let said =
        changed("orphan", "orphans.csv", &|text| text.lines().take(1).map(|line| format!("{line}\r\n")).collect());
    assert!(said.contains("orphans.csv and reconciliation.json do not agree"), "{said}");
    let said = changed("answer", "reconciliation.json", &|text| {
        let mut all: Value = serde_json::from_str(&text).unwrap();
        all["answers"] = serde_json::json!([]);
        all.to_string()
    });
    assert!(said.contains("the gate let through what was not compared: "), "{said}");
    company.stop().await;
}

/// Takes every trace of a change out of a bundle but those in the trail.
fn hide(folder: &Path, key: &str) {
    for end in ["json", "html"] {
        std::fs::remove_file(folder.join(format!("changes/{key}.{end}"))).unwrap();
    }
    let rows = file(folder, "population.csv");
    let kept: Vec<&str> = rows.split_inclusive("\r\n").filter(|row| !row.contains(key)).collect();
    std::fs::write(folder.join("population.csv"), kept.concat()).unwrap();
    rewrite(folder, "reconciliation.json", |all| {
        for list in ["tickets", "answers", "runs", "deployments"] {
            all[list].as_array_mut().unwrap().retain(|one| one["ticket"] != key && one["request"].is_null());
        }
    });
    rewrite(folder, "totals.json", |totals| {
        totals["rows"] = 1.into();
        totals["keys_sha256"] = hex::encode(sha2::Sha256::digest("PRODCM-398\n")).into();
        totals["numbers"] = serde_json::json!({"tickets": 1, "gate_answers": 0, "runs": 0, "deployments": 0});
    });
}

/// A bundle of a liar who says that nothing had happened when the list was made.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_lying_exporter_hides_is_found() {
    let company = Company::deployed().await;
    let (folder, _) = company.export("twin", &[]);
    list_again(&folder);
    assert_eq!(verify(&folder, &[]).code, 0, "the list of files alone was written again");
    let (folder, _) = company.export("hidden", &[]);
    hide(&folder, "PRODCM-412");
    list_again(&folder);
    let told = verify(&folder, &[]);
    assert_eq!(told.code, 1, "{}", told.out);
    assert!(told.out.contains("bad: decision ") && told.out.contains(" of PRODCM-412 is in the trail and in no file"));
    rewrite(&folder, "totals.json", |totals| totals["collected_up_to"] = 0.into());
    list_again(&folder);
    let told = verify(&folder, &[]);
    assert_eq!(told.code, 1, "{}", told.out);
    let words = "bad: totals.json says that the changes were collected up to entry 0, and log.ndjson has ";
    assert!(
        told.out.contains(words) && told.out.contains("export again, because the others were held against nothing")
    );
    company.stop().await;
}

/// What a liar writes into the lists beside the files, and into the traces.
#[tokio::test(flavor = "multi_thread")]
async fn lists_that_say_something_else_than_the_trail_are_found() {
    let company = Company::deployed().await;
    let changed = |name: &str, change: &dyn Fn(&Path)| {
        let (folder, _) = company.export(name, &[]);
        change(&folder);
        list_again(&folder);
        let told = verify(&folder, &[]);
        assert_eq!(told.code, 1, "{}", told.out);
        told.out.lines().last().unwrap().to_owned()
    };
    let said = changed("row", &|folder| {
        let rows = file(folder, "population.csv").replace("\"cm-bot\"", "\"Priya Nair (Security Lead)\"");
        std::fs::write(folder.join("population.csv"), rows).unwrap();
    });
    let words =
        "bad: population.csv, PRODCM-412: approved_by is 'Priya Nair (Security Lead)', and 'cm-bot' in its file";
    assert_eq!(said, words);
    let said = changed("emergency", &|folder| {
        rewrite(folder, "reconciliation.json", |all| all["runs"][0]["emergency"] = true.into());
    });
    assert!(said.ends_with("is said to belong to an emergency, and the trail does not know of it"), "{said}");
    let said = changed("period", &|folder| {
        rewrite(folder, "reconciliation.json", |all| all["runs"][0]["in_period"] = false.into());
    });
    assert!(said.ends_with("is said to lie outside of the period"), "{said}");
    let said = changed("history", &|folder| {
        let rows = file(folder, "config-history.csv");
        let head: Vec<&str> = rows.split_inclusive("\r\n").take(1).collect();
        std::fs::write(folder.join("config-history.csv"), head.concat()).unwrap();
    });
    assert_eq!(said, "bad: config-history.csv does not have the entries that the trail has");
    company.stop().await;
}

/// What people approved, let through and closed.
async fn approved_by_people() -> Company {
    let company = Company::with(scene("two-approvers")).await;
    for step in [REQUEST, CONSUME, FINISH] {
        company.happens(step).await;
    }
    company
}

/// An honest program exports what somebody has changed in the database: the trail knows better.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_changed_past_its_trigger_contradicts_the_trail() {
    let company = approved_by_people().await;
    let twin = company.verified("twin");
    assert_eq!(twin.code, 0, "{}", twin.out);
    let tampered = async |name: &str, of: (&str, &str), (change, undo): (&str, &str)| {
        company.tamper(of, change).await;
        let told = company.verified(name);
        company.tamper(of, undo).await;
        assert_eq!(told.code, 1, "{}", told.out);
        told.out.lines().last().unwrap().to_owned()
    };
    let approvers = ("approvers_are_not", "approvers");
    let rename = |from: &str, to: &str| format!("UPDATE approvers SET name = '{to}' WHERE name = '{from}'");
    let (change, undo) = (rename("Sam Okafor", "Lee Wong"), rename("Lee Wong", "Sam Okafor"));
    let said = tampered("name", approvers, (&change, &undo)).await;
    assert!(said.starts_with("bad: PRODCM-412: the approval of entry "), "{said}");
    let words = ": by is \"Priya Nair and Lee Wong\" in the file and \"Priya Nair and Sam Okafor\" in the trail";
    assert!(said.ends_with(words), "{said}");
    let role = |from: &str, to: &str| format!("UPDATE approvers SET role = '{to}' WHERE role = '{from}'");
    let (change, undo) = (role("Engineering Lead", "Auditor"), role("Auditor", "Engineering Lead"));
    let said = tampered("role", approvers, (&change, &undo)).await;
    assert!(said.contains(": roles is \"Security Lead and Auditor\" in the file and "), "{said}");
    let acts = ("acts_are_not", "approval_acts");
    let note = |from: &str, to: &str| format!("UPDATE approval_acts SET deed = replace(deed, '{from}', '{to}')");
    let (change, undo) = (note("rollback plan", "weather report"), note("weather report", "rollback plan"));
    let said = tampered("act", acts, (&change, &undo)).await;
    assert!(said.starts_with("bad: PRODCM-412: what was done at comment:"), "{said}");
    let words = ": note is \"Checked the weather report.\" in the file and \"Checked the rollback plan.\" in the trail";
    assert!(said.ends_with(words), "{said}");
    let outcomes = ("gate_outcomes_are_not", "gate_outcomes");
    let (change, undo) =
        ("UPDATE gate_outcomes SET outcome = 'failed'", "UPDATE gate_outcomes SET outcome = 'succeeded'");
    let said = tampered("outcome", outcomes, (change, undo)).await;
    assert!(
        said.starts_with("bad: PRODCM-412: the request ") && said.contains(": outcomes is [[\"failed\","),
        "{said}"
    );
    let told = company.verified("again");
    assert_eq!(told.code, 0, "everything is as it was: {}", told.out);
    company.stop().await;
}

/// What the documentation of an emergency said stays said, whatever becomes of the fields of its ticket.
#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_of_an_emergency_is_what_the_trail_says() {
    let company = Company::with(scene("emergency-in-slack")).await;
    let fields = |what: &str| {
        format!("access_method = \"{what}\", emergency_steps = \"Restarted it.\", prevention = \"A limit was set.\"")
    };
    let edit =
        |fields: &str| format!("edit_ticket = {{ ticket = \"PRODCM-399\", by = \"dana\", fields = {{ {fields} }} }}");
    company.happens(&edit(&fields("The console"))).await;
    for who in ["sam", "priya"] {
        company
            .happens(&format!("comment = {{ ticket = \"PRODCM-399\", by = \"{who}\", text = \"/cm approve\" }}"))
            .await;
    }
    company.happens("pass = \"1m\"").await;
    company.happens(&edit(&fields("n/a"))).await;
    let (folder, _) = company.export("documented", &[]);
    let twin = verify(&folder, &[]);
    assert_eq!(twin.code, 0, "{}", twin.out);
    let name = std::fs::read_dir(folder.join("emergencies")).unwrap().next().unwrap().unwrap().file_name();
    let place = folder.join("emergencies").join(&name);
    let text = std::fs::read_to_string(&place).unwrap();
    assert!(text.contains("The console"), "{text}");
    std::fs::write(&place, text.replace("The console", "n/a")).unwrap();
    list_again(&folder);
    let told = verify(&folder, &[]);
    assert_eq!(told.code, 1, "{}", told.out);
    let words =
        format!("bad: emergencies/{} is not what was documented: the trail has another SHA-256", name.display());
    assert!(told.out.contains(&words), "{}", told.out);
    std::fs::remove_file(place).unwrap();
    list_again(&folder);
    assert!(
        verify(&folder, &[]).out.contains("bad: emergencies/ does not have the documentations that the trail says")
    );
    company.stop().await;
}

/// What an inspector found is a finding, whatever the table says later.
#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_became_sound_contradicts_the_trail() {
    let company = Company::deployed().await;
    let (store, month) = (&company.played.app.context.sources.store, Month::parse("2026-11").unwrap());
    let population = Population::of(month, members(store, month).await.unwrap());
    store.close_population(&population, company.played.app.context.clock.now()).await.unwrap();
    for arguments in [
        &["inspection", "draw", "2026-11", "--entropy", "4 2 6 6 1", "--by", "Priya Nair"][..],
        &["inspection", "record", "2026-11", "PRODCM-412", "finding", "--note", "nobody read it", "--by", "Alex Silva"],
    ] {
        let told = company.cm_bot(arguments);
        assert_eq!(told.code, 0, "{} {}", told.out, told.err);
    }
    let twin = company.verified("twin");
    assert_eq!(twin.code, 0, "{}", twin.out);
    assert!(
        twin.out.contains("inspection of 2026-11: 2 changes, 1 draws made again, drawn with what Priya Nair brought")
    );
    let results = ("inspection_results_are_not", "inspection_results");
    company.tamper(results, "UPDATE inspection_results SET result = 'sound'").await;
    let told = company.verified("sound");
    assert_eq!(told.code, 1, "{}", told.out);
    assert!(told.out.contains("bad: samples.json, 2026-11, PRODCM-412, what was found in entry "), "{}", told.out);
    assert!(told.out.contains(": result is \"sound\" in the file and \"finding\" in the trail"), "{}", told.out);
    let (folder, _) = company.export("left-out", &[]);
    std::fs::remove_file(folder.join("inspections/2026-11.json")).unwrap();
    rewrite(&folder, "samples.json", |samples| *samples = serde_json::json!([]));
    list_again(&folder);
    let words = "bad: inspections/ and samples.json do not have the months that the trail says: 2026-11";
    assert!(verify(&folder, &[]).out.contains(words));
    company.stop().await;
}

/// The whole, and then the same without one trace: exactly one orphan more, of the kind that is missing.
async fn without(name: &str, take: impl AsyncFnOnce(&Company)) -> Vec<String> {
    let company = Company::deployed().await;
    let before = company.orphans("before");
    take(&company).await;
    let after = company.orphans(name);
    company.stop().await;
    after.difference(&before).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_change_with_all_of_its_traces_is_no_orphan() {
    assert_eq!(without("all", async |_: &Company| ()).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_deleted_is_one_orphan() {
    let take =
        async |company: &Company| company.happens("delete_ticket = { ticket = \"PRODCM-412\", by = \"dana\" }").await;
    assert_eq!(without("ticket", take).await, ["ticket_missing \"PRODCM-412\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_gate_that_was_deleted_is_one_orphan() {
    let take = async |company: &Company| {
        let mut other = Other::connect(&database_of(&company.played.world)).await;
        let trigger = if is_postgres() {
            "DROP TRIGGER gate_uses_are_not_changed ON gate_uses"
        } else {
            "DROP TRIGGER gate_uses_are_not_deleted"
        };
        other.run(trigger).await.unwrap();
        other.run("DELETE FROM gate_uses").await.unwrap();
    };
    assert_eq!(without("answer", take).await, ["deployed_without_gate \"PRODCM-412\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_deleted_is_one_orphan() {
    let take =
        async |company: &Company| company.played.world.simulator.jenkins.delete("billing-api/release", 1871).unwrap();
    assert_eq!(without("run", take).await, ["run_missing \"PRODCM-412\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_was_deleted_is_one_orphan() {
    let take =
        async |company: &Company| company.played.world.simulator.github.delete_deployment("production-us").unwrap();
    assert_eq!(without("deployment", take).await, ["deployment_missing \"PRODCM-412\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_behind_the_gates_back_is_one_orphan() {
    let take = async |company: &Company| company.happens(&ON_GITHUB.replace("merged", "fix")).await;
    assert_eq!(without("behind", take).await, ["deployed_without_gate null"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_cm_bot_never_saw_is_one_orphan() {
    let take = async |company: &Company| {
        let fail = Fail { system: System::Jira, how: FailureKind::DropsWebhooks, on: None, times: None, most: None };
        company.played.world.simulator.shared.faults.begin(&fail);
        company.happens("create_ticket = { key = \"PRODCM-500\", by = \"dana\", commit = \"merged\" }").await;
        // Jira's search knows it a moment later.
        let step: Step = toml::from_str("pass = \"1h\"").unwrap();
        company.played.world.simulator.play(&step).await.unwrap();
    };
    assert_eq!(without("unseen", take).await, ["not_judged \"PRODCM-500\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_said_and_is_no_zero() {
    let company = Company::deployed().await;
    let (folder, told) = company.export("offline", &["--offline"]);
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(
        told.out.starts_with("tickets not known: Jira was not read · gate answers 1 · runs not watched, or not read")
    );
    assert!(told.out.contains("not compared: Jira was not asked for its tickets (--offline)."), "{}", told.out);
    assert_eq!(verify(&folder, &[]).code, 0);
    company.happens("fail = { system = \"github\", how = \"forbidden\", on = \"/deployments\" }").await;
    let (folder, told) = company.export("forbidden", &[]);
    assert_eq!(told.code, 6, "{}", told.out);
    assert!(told.out.contains("deployments not watched, or not read"), "{}", told.out);
    assert!(
        told.out
            .contains("not compared: Deployments of billing-api to prod-us (github production-us) could not be read")
    );
    assert!(verify(&folder, &[]).out.contains("not compared: Deployments of billing-api to prod-us"));
    company.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cell_is_a_formula_and_no_page_runs_what_a_ticket_says() {
    let odd = "create_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\", \
               summary = \"=HYPERLINK(1)<script>alert(1)</script>\" }";
    let plain = "create_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
    let company = Company::with(watched().with(plain, odd)).await;
    let (folder, told) = company.export("evidence", &[]);
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(
        file(&folder, "population.csv").contains("\"'=HYPERLINK(1)<script>"),
        "{}",
        file(&folder, "population.csv")
    );
    for page in ["index.html", "changes/PRODCM-412.html"] {
        assert!(file(&folder, page).contains("&lt;script&gt;") && !file(&folder, page).contains("<script>"), "{page}");
    }
    company.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_has_its_own_changes() {
    let company = Company::deployed().await;
    let (folder, told) = company.export("before", &["--from", "2026-10-01", "--to", "2026-10-31"]);
    assert!(told.out.starts_with("tickets 0 · gate answers 0 · runs 0 · deployments 0\n0 orphans: "), "{}", told.out);
    assert_eq!(verify(&folder, &[]).code, 0, "{}", verify(&folder, &[]).out);
    let (_, told) = company.export("wrong", &["--from", "2026-11-03", "--to", "2026-11-02"]);
    assert_eq!(
        (told.code, told.err.contains("--from 2026-11-03 lies after --to 2026-11-02")),
        (1, true),
        "{}",
        told.err
    );
    let (_, told) = company.export("odd", &["--from", "yesterday"]);
    assert_eq!(told.code, 2);
    company.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_made_again_from_the_records_and_from_a_bundle() {
    let company = Company::deployed().await;
    let (folder, _) = company.export("evidence", &[]);
    let change: Value = serde_json::from_str(&file(&folder, "changes/PRODCM-412.json")).unwrap();
    let id = change["decisions"][0]["id"].as_str().unwrap();
    let bundle = folder.to_str().unwrap();
    let words = format!("same: decision {id} (evaluation 1, approved automatically) comes out as it was recorded\n");
    assert_eq!(company.cm_bot(&["audit", "verify-decision", id]).out, words);
    let offline = |id: &str| said(Command::new(program()).args(["audit", "verify-decision", id, "--bundle", bundle]));
    assert_eq!((offline(id).code, offline(id).out), (0, words));
    let place = folder.join("changes/PRODCM-412.json");
    let text = std::fs::read_to_string(&place).unwrap();
    std::fs::write(&place, text.replacen("\"outcome\":\"met\"", "\"outcome\":\"not_met\"", 1)).unwrap();
    let told = offline(id);
    assert_eq!(told.code, 1);
    assert!(
        told.out.contains("decision.findings[0].finding.outcome: recorded \"not_met\", comes out as \"met\""),
        "{}",
        told.out
    );
    assert!(told.out.contains("audit trail, decision_sha256: recorded "), "{}", told.out);
    let told = offline("00000000-0000-0000-0000-000000000000");
    assert!(told.code == 1 && told.err.contains("tells of no decision 00000000"), "{}", told.err);
    company.stop().await;
}

/// What is voided while the export asks GitHub: the records, the ticket and the commit.
static MEANWHILE: OnceLock<(Store, IssueId, CommitSha)> = OnceLock::new();

fn void_meanwhile(line: &str) {
    let Some((store, issue, commit)) = MEANWHILE.get().filter(|_| line.starts_with("Reading deployments of ")) else {
        return;
    };
    let void = Void { issue, commit, approved_at: Timestamp(1), again: Again::OnlyWhenNew };
    let event = Event::ApprovalVoided { commit: commit.clone(), reason: "somebody edited it".into() };
    let entry = Entry { at: Timestamp(1), ticket: Some(TicketKey::parse("PRODCM-412").unwrap()), event };
    let voided = store.void_approval(&void, &entry, &[]);
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(voided)).unwrap();
}

/// The service goes on while an export reads: what it writes and the trail that it writes are of one moment.
#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_an_export_reads_is_in_its_files_and_in_its_trail() {
    let company = Company::deployed().await;
    let context = &company.played.app.context;
    let how = How { reach: Reach::Everybody, hold: Hold::Everything, progress: void_meanwhile };
    let marks = |period: &Period| {
        let change = period.population.changes.iter().find(|one| one.record.ticket.as_str() == "PRODCM-412").unwrap();
        let marks = change.record.approvals.iter().map(|approval| approval.mark.clone()).collect::<Vec<_>>();
        (marks, change.record.issue.clone(), change.record.approvals[0].commit.clone())
    };
    let (twin, issue, commit) = marks(&context.period((None, None), how).await.unwrap());
    assert_eq!(twin, ["given"]);
    let store = context.sources.store.clone();
    let before = store.trail_length().await.unwrap();
    assert!(MEANWHILE.set((store.clone(), issue, commit)).is_ok());
    let period = context.period((None, None), how).await.unwrap();
    assert_eq!(marks(&period).0, ["given", "voided"]);
    assert_eq!(period.trail.length, before + 1);
    assert_eq!(period.trail.of_ticket["PRODCM-412"].last(), Some(&(before + 1)));
    company.stop().await;
}
