//! The audit trail as an auditor meets it: exported, verified by cm-bot and by a program of nothing but Python's own
//! library, and the two say the same.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cm_bot::audit::checkpoint::{Checkpoint, Signer, Verifier, new_keys};
use cm_bot::audit::dice::Dice;
use cm_bot::audit::{Verification, chain};
use cm_bot::model::{Month, Timestamp};
use cm_bot::simulator::scene::Variant;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

use crate::support::process::program;
use crate::support::{scene, verified};

/// An exported trail, and what was kept of it elsewhere.
struct Evidence {
    folder: tempfile::TempDir,
    public: String,
    signer: Signer,
    log: Vec<Value>,
}

/// What both programs say: whether all is well, and the sentence.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    is_good: bool,
    sentence: String,
}

impl Evidence {
    /// A trail of this many entries.
    fn of(entries: usize) -> Evidence {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = new_keys("cm-bot.example");
        let bodies =
            (0..entries).map(|number| json!({"at": number, "event": "ended", "status": "Clôturé"}).to_string());
        let log = log_of(&bodies.collect::<Vec<_>>());
        Evidence { folder, public, signer: Signer::parse(&private).unwrap(), log }
    }

    /// Keeps a checkpoint of the trail as it is now.
    fn keep(&self, name: &str) -> PathBuf {
        let mut verification = Verification::default();
        for line in &self.log {
            let text = |key: &str| line[key].as_str().unwrap();
            verification.add(line["seq"].as_i64().unwrap(), text("body"), text("hash")).unwrap();
        }
        let (size, root) = verification.end().unwrap();
        let path = self.folder.path().join(name);
        std::fs::write(&path, self.signer.sign(size, root).unwrap()).unwrap();
        path
    }

    /// Makes another trail of these bodies, with hashes that fit.
    fn write_again(&mut self, change: impl FnOnce(&mut Vec<String>)) {
        let mut bodies = self.log.iter().map(|line| line["body"].as_str().unwrap().to_owned()).collect();
        change(&mut bodies);
        self.log = log_of(&bodies);
    }

    /// What both say about the trail as it is now, beside what was kept.
    fn verify(&self, checkpoints: &[&Path]) -> Said {
        let path = self.folder.path().join("log.ndjson");
        std::fs::write(&path, self.log.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        let mut arguments = vec![path.display().to_string(), "--key".into(), self.public.clone()];
        for checkpoint in checkpoints {
            arguments.extend(["--checkpoint".into(), checkpoint.display().to_string()]);
        }
        let ours = said(Command::new(program()).args(["audit", "verify"]).args(&arguments));
        let theirs = said(Command::new("python3").arg("tests/verify.py").args(&arguments));
        assert_eq!(ours.is_good, theirs.is_good, "{ours:?} {theirs:?}");
        if !ours.is_good {
            assert_eq!(ours.sentence, theirs.sentence);
        }
        ours
    }
}

fn log_of(bodies: &[String]) -> Vec<Value> {
    let mut last = chain::START.to_owned();
    let lines = (1..).zip(bodies).map(|(seq, body): (i64, _)| {
        last = chain::hash(&last, body);
        json!({"seq": seq, "body": body, "hash": last})
    });
    lines.collect()
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or_default();
    let is_good = output.status.code() == Some(0);
    assert!(is_good || output.status.code() == Some(1), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(is_good, last.starts_with("ok: "), "{text}");
    Said { is_good, sentence: last.trim_start_matches("ok: ").trim_start_matches("bad: ").to_owned() }
}

fn bad(sentence: &str) -> Said {
    Said { is_good: false, sentence: sentence.into() }
}

#[test]
fn l01_one_changed_byte_is_found_and_its_entry_is_named() {
    let mut evidence = Evidence::of(12);
    let kept = evidence.keep("kept");
    let twin = evidence.verify(&[&kept]);
    assert!(twin.is_good && twin.sentence.ends_with(", consistent with 1 signed checkpoint"), "{twin:?}");
    let body = evidence.log[6]["body"].as_str().unwrap().replace("\"at\":6", "\"at\":7");
    evidence.log[6]["body"] = body.into();
    assert_eq!(evidence.verify(&[&kept]), bad("entry 7 does not fit its hash: it, or one before it, was changed"));
}

#[test]
fn l02_nothing_can_be_left_out_moved_or_put_between() {
    let whole = Evidence::of(9);
    assert!(whole.verify(&[]).is_good);
    let changed = |change: fn(&mut Vec<Value>)| {
        let mut evidence = Evidence::of(9);
        change(&mut evidence.log);
        evidence.verify(&[]).sentence
    };
    assert_eq!(changed(|log| drop(log.remove(3))), "entry 4 is missing: the next one is 5");
    assert_eq!(changed(|log| log.swap(3, 4)), "entry 4 is missing: the next one is 5");
    assert_eq!(changed(|log| log.insert(3, log[3].clone())), "entry 5 is missing: the next one is 4");
    let renumbered = |log: &mut Vec<Value>| {
        log.remove(3);
        log[3]["seq"] = 4.into();
    };
    assert_eq!(changed(renumbered), "entry 4 does not fit its hash: it, or one before it, was changed");
}

#[test]
fn l03_a_trail_without_its_end_is_shorter_than_what_was_kept() {
    let mut evidence = Evidence::of(90);
    let kept = evidence.keep("kept");
    assert!(evidence.verify(&[&kept]).is_good);
    evidence.log.truncate(81);
    assert!(evidence.verify(&[]).is_good, "nothing but the checkpoint can tell");
    assert_eq!(evidence.verify(&[&kept]), bad("size 81 < checkpoint 90: entries at the end are missing"));
}

#[test]
fn l04_a_trail_that_was_written_again_differs_from_what_was_kept() {
    let mut evidence = Evidence::of(20);
    let kept = evidence.keep("kept");
    evidence.write_again(|bodies| bodies.push("{}".into()));
    assert!(evidence.verify(&[&kept]).is_good, "it was only appended to");
    evidence.write_again(|bodies| bodies[2] = "{}".into());
    assert!(evidence.verify(&[]).is_good, "nothing but the checkpoint can tell");
    assert_eq!(evidence.verify(&[&kept]), bad("inconsistent with checkpoint 20: the trail was written again"));
}

#[test]
fn l05_who_was_told_two_things_can_prove_it() {
    let mut evidence = Evidence::of(20);
    let for_one = evidence.keep("for-one");
    assert!(evidence.verify(&[&for_one, &for_one]).is_good);
    evidence.write_again(|bodies| bodies[2] = "{}".into());
    let for_other = evidence.keep("for-other");
    assert!(evidence.verify(&[&for_other]).is_good, "alone, each looks well");
    let said = evidence.verify(&[&for_one, &for_other]);
    assert_eq!(said, bad("inconsistent with checkpoint 20: the trail was written again"));
}

#[test]
fn l07_with_a_stolen_key_only_what_was_kept_before_still_binds() {
    let mut evidence = Evidence::of(20);
    let before = evidence.keep("before");
    evidence.write_again(|bodies| bodies[2] = "{}".into());
    let forged = evidence.keep("forged");
    assert!(evidence.verify(&[&forged]).is_good, "this is what a stolen key can do");
    assert_eq!(
        evidence.verify(&[&forged, &before]).sentence,
        "inconsistent with checkpoint 20: the trail was written again"
    );
}

#[test]
fn a_checkpoint_by_somebody_else_is_not_taken() {
    let evidence = Evidence::of(5);
    let other = Evidence::of(5);
    let theirs = other.keep("kept");
    assert_eq!(evidence.verify(&[&theirs]), bad(&format!("{}: it is not signed with this key", theirs.display())));
    assert!(evidence.verify(&[&evidence.keep("kept")]).is_good);
}

/// What the gate let through had been approved before, whoever wrote the trail.
#[test]
fn what_the_gate_let_through_without_an_approval_is_found() {
    let of = |events: &[(&str, Value)]| {
        let mut evidence = Evidence::of(3);
        let bodies = events.iter().map(|(event, more)| {
            let mut body =
                json!({"at": 5, "ticket": "PRODCM-412", "event": event, "commit": "9f3c2ab", "request": "r"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body.to_string()
        });
        let bodies: Vec<String> = bodies.collect();
        evidence.write_again(|all| all.extend(bodies));
        evidence.verify(&[])
    };
    let (none, allowed) = (json!({}), ("gate_allowed", json!({"approved_at": 5})));
    let (automatic, voided) = (("approved_automatically", none.clone()), ("approval_voided", none));
    let by_people = ("approved_by_human", json!({"by": "Priya Nair", "role": "Security Lead", "approved_at": 5}));
    for twin in [&automatic, &by_people] {
        assert!(of(&[twin.clone(), allowed.clone()]).is_good);
    }
    assert!(of(&[automatic.clone(), voided.clone(), by_people.clone(), allowed.clone()]).is_good);
    let nothing = "the gate let PRODCM-412 through, and no approval of this commit by it stands before that";
    assert_eq!(of(std::slice::from_ref(&allowed)), bad(&format!("entry 4: {nothing}")));
    assert_eq!(of(&[by_people.clone(), voided, allowed]), bad(&format!("entry 6: {nothing}")));
    let other = ("gate_allowed", json!({"approved_at": 4}));
    let words =
        "the gate let PRODCM-412 through for an approval that was given at another time than the one that stood";
    for given in [automatic, by_people] {
        assert_eq!(of(&[given, other.clone()]), bad(&format!("entry 5: {words}")));
    }
}

/// One trail of an inspection, as both programs see who drew it.
#[test]
fn two_programs_agree_on_who_draws() {
    let beacon = json!({"at": 0, "event": "drawing_changed", "chain": "abc"});
    let dice = json!({"at": 0, "event": "drawing_changed"});
    let closed = json!({"at": 900_000, "event": "population_closed", "month": "2026-10"});
    let drawn = |entropy: &str, by: &str, after: i64| {
        json!({"at": 2_000_000, "event": "inspection_drawn", "month": "2026-10", "draw": 1, "entropy": entropy,
               "brought_by": by, "beacon": {"genesis": 100, "period": 30, "after": after}})
    };
    let first = drawn("drand abc round 30 ff", "drand", 950_000);
    let brought = drawn("4 2 6 6 1", "Priya Nair", 950_000);
    let known = "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce";
    let cases = [
        vec![beacon.clone(), closed.clone(), first.clone()],
        vec![closed.clone(), brought.clone()],
        vec![beacon.clone(), closed.clone(), dice, brought.clone()],
        vec![beacon.clone(), closed.clone(), brought.clone()],
        vec![closed.clone(), beacon.clone(), brought],
        vec![beacon.clone(), closed.clone(), drawn("drand other round 30 ff", "drand", 950_000)],
        vec![beacon.clone(), closed.clone(), drawn("drand abc round 31 ff", "drand", 950_000)],
        vec![beacon.clone(), closed.clone(), drawn("drand abc round 28 ff", "drand", 890_000)],
        vec![beacon, closed.clone(), drawn("drand abc round 65 ff", "drand", 2_000_000)],
        vec![closed, drawn(&format!("drand {known} round 30 ff"), "drand", 950_000)],
    ];
    let script = "
import json, sys
sys.path.insert(0, 'tests')
import verify
for line in sys.stdin:
    events = [{**event, 'seq': number} for number, event in enumerate(json.loads(line), start=1)]
    try:
        verify.check_dice('2026-10', events)
        print('ok')
    except verify.Bad as error:
        print(error)
";
    let input: String = cases.iter().map(|case| format!("{}\n", Value::from(case.clone()))).collect();
    let theirs = python(&["-B", "-c", script], &input);
    let ours = |case: &Vec<Value>| {
        let mut dice = Dice::of(Month::parse("2026-10").unwrap());
        let mut walk = (1..).zip(case).map(|(number, entry): (i64, &Value)| dice.add(number, &entry.to_string()));
        walk.try_for_each(|one| one).map_or_else(|fault| fault.to_string(), |()| "ok".to_owned())
    };
    let ours: Vec<String> = cases.iter().map(ours).collect();
    assert_eq!(theirs.lines().collect::<Vec<_>>(), ours);
    let good: Vec<bool> = ours.iter().map(|said| said == "ok").collect();
    assert_eq!(good, [true, true, true, false, false, false, false, false, false, false]);
}

/// Random logs, half of them changed somehow, as both programs see them. `CM_BOT_TEST_LOGS` asks for more of them.
#[test]
fn l08_two_programs_agree_on_random_logs() {
    let logs = std::env::var("CM_BOT_TEST_LOGS").map_or(1_000, |number| number.parse().unwrap());
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let (private, public) = new_keys("cm-bot.example");
    let signer = Signer::parse(&private).unwrap();
    let verifier = Verifier::parse(&public).unwrap();
    let mut cases = Vec::new();
    for _ in 0..logs {
        let case = random_case(&mut rng, &signer);
        let expected = ours(&case, &verifier);
        cases.push((case, expected));
    }
    let good = cases.iter().filter(|(_, said)| said.is_good).count();
    assert!(good > logs / 4 && good < logs * 3 / 4, "{good} of {logs} are good");
    let input: String = cases.iter().map(|(case, _)| format!("{case}\n")).collect();
    for (line, (case, expected)) in in_python(&public, &input).lines().zip(&cases) {
        let theirs: Value = serde_json::from_str(line).unwrap();
        assert_eq!(theirs["good"], expected.is_good, "{case} {theirs}");
        assert_eq!(theirs["said"].as_str().unwrap(), expected.sentence, "{case}");
    }
}

fn random_case(rng: &mut TestRng, signer: &Signer) -> Value {
    // Lengths that could run into each other, bytes that look like hashes, and numbers in many forms.
    let words = ["", "a", "\n", "\u{0}", "\u{1}", "{\"a\":1}", "{\"a\":1.0}", "ä", "0000", "\u{2028}", "\\"];
    let mut bodies: Vec<String> = Vec::new();
    for _ in 0..rng.next_u32() % 24 {
        let parts = (0..rng.next_u32() % 4).map(|_| words[rng.next_u32() as usize % words.len()]);
        bodies.push(parts.collect());
    }
    let mut log = log_of(&bodies);
    let size = if log.is_empty() { 0 } else { rng.next_u32() as usize % (log.len() + 1) };
    let note = if rng.next_u32().is_multiple_of(16) { Some(note_of(&log[..size], signer)) } else { None };
    if rng.next_u32().is_multiple_of(2) && !log.is_empty() {
        let place = rng.next_u32() as usize % log.len();
        match rng.next_u32() % 5 {
            0 => drop(log.remove(place)),
            1 => log[place]["body"] = format!("{}x", log[place]["body"].as_str().unwrap()).into(),
            2 => log[place]["hash"] = chain::START.into(),
            3 => log.insert(place, log[place].clone()),
            _ => log.truncate(place),
        }
    }
    json!({"log": log, "note": note})
}

fn note_of(log: &[Value], signer: &Signer) -> String {
    let mut verification = Verification::default();
    for line in log {
        add(&mut verification, line).unwrap();
    }
    let (size, root) = verification.end().unwrap();
    signer.sign(size, root).unwrap()
}

fn add(verification: &mut Verification, line: &Value) -> Result<(), cm_bot::audit::Fault> {
    let text = |key: &str| line[key].as_str().unwrap();
    verification.add(line["seq"].as_i64().unwrap(), text("body"), text("hash"))
}

fn ours(case: &Value, verifier: &Verifier) -> Said {
    let known: Vec<Checkpoint> = case["note"].as_str().map(|note| verifier.read(note).unwrap()).into_iter().collect();
    let mut verification = Verification::against(&known);
    let walked = case["log"].as_array().unwrap().iter().try_for_each(|line| add(&mut verification, line));
    match walked.and_then(|()| verification.end()) {
        Ok((size, root)) => Said { is_good: true, sentence: format!("{size} {}", hex::encode(root.0)) },
        Err(fault) => bad(&fault.to_string()),
    }
}

/// Runs the functions of `tests/verify.py` over many logs in one process.
fn in_python(public: &str, input: &str) -> String {
    let script = "
import json, sys
sys.path.insert(0, 'tests')
import verify
for line in sys.stdin:
    case = json.loads(line)
    try:
        leaves = verify.checked((entry['seq'], entry['body'], entry['hash']) for entry in case['log'])
        if case['note']:
            verify.check_checkpoint(case['note'], leaves, sys.argv[1])
        said = {'good': True, 'said': f'{len(leaves)} {verify.root(leaves).hex()}'}
    except verify.Bad as error:
        said = {'good': False, 'said': str(error)}
    print(json.dumps(said))
";
    python(&["-B", "-c", script, public], input)
}

fn python(arguments: &[&str], input: &str) -> String {
    let mut python = Command::new("python3");
    python.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_of_a_service_is_exported_and_verified_elsewhere() {
    let played = scene("pending-sibling").play(Variant::Scene).await;
    let store = played.app.context.sources.store.clone();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let settings = played.world.settings_file().display().to_string();
    let cm_bot = |arguments: &[&str]| {
        let mut command = Command::new(program());
        command.args(arguments).env("CM_BOT_CONFIG", &settings).env("CM_BOT__AUDIT__SIGNING_KEY_FILE", path("key"));
        command
    };
    let made = cm_bot(&["audit", "key", "cm-bot.example", "--out", &path("key")]).output().unwrap();
    let public = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(made.status.success() && public.starts_with("cm-bot.example+"), "{public}");
    let again = cm_bot(&["audit", "key", "cm-bot.example", "--out", &path("key")]).output().unwrap();
    assert_eq!(again.status.code(), Some(1), "a key is never written over");

    let entries = verified(&store).await.len();
    let exported = cm_bot(&["audit", "export", &path("evidence")]).output().unwrap();
    let told = String::from_utf8(exported.stdout).unwrap();
    let total = entries + 1; // The key is named in the trail itself.
    assert!(told.ends_with(&format!("{total} entries and 1 checkpoints are in {}\n", path("evidence"))), "{told}");
    let ours = said(&mut cm_bot(&["audit", "verify"]));
    assert!(ours.is_good && ours.sentence.ends_with(", consistent with 1 signed checkpoint"), "{ours:?}");
    let kept = format!("checkpoints/{total}");
    let mut python = Command::new("python3");
    python.args(["verify.py", "log.ndjson", "--key", &public, "--checkpoint", &kept]).current_dir(path("evidence"));
    let theirs = said(&mut python);
    assert!(theirs.is_good && ours.sentence.starts_with(&theirs.sentence), "{ours:?} {theirs:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_named_in_the_trail_and_nothing_is_signed_twice() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let store = &played.app.context.sources.store;
    let keys = [new_keys("first.example"), new_keys("second.example")];
    let [first, second] = keys.each_ref().map(|(private, _)| Signer::parse(private).unwrap());
    let at = Timestamp(1);
    assert!(store.checkpoint(&first, at).await.unwrap().unwrap().starts_with("first.example\n"));
    assert_eq!(store.checkpoint(&first, at).await.unwrap(), None, "nothing is new");
    assert!(store.checkpoint(&second, at).await.unwrap().unwrap().starts_with("second.example\n"));
    let told = verified(store).await.into_iter().filter(|(_, body, _)| body.contains("\"checkpoint_key\""));
    let named: Vec<bool> = told.zip(&keys).map(|((_, body, _), (_, public))| body.contains(public)).collect();
    assert_eq!(named, [true, true]);
    played.stop().await;
}
