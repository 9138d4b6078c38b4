//! `cm-bot criteria`: what people sign with OpenSSH, what a new policy leaves in the audit trail, and what criteria that
//! nobody has signed yet would have decided.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cm_bot::cli::demo::play::Played;
use cm_bot::policy::criteria::{Criteria, PolicyTexts, SignatureTexts};
use cm_bot::simulator::scene::Variant;
use cm_bot::store::Policy;
use tempfile::TempDir;

use crate::support::database::{fresh, open};
use crate::support::facts::{NOW, texts_with};
use crate::support::process::program;
use crate::support::{database_of, scene};

/// Criteria, people and settings as a company has them, and nobody's signature.
struct Company(TempDir);

impl Company {
    fn new() -> Company {
        let company = Company(tempfile::tempdir().unwrap());
        let texts = texts_with("until = 2027-11-01", "until = 2999-11-01");
        company.write("criteria.toml", &texts.criteria);
        company.write("people.toml", &texts.people);
        company.write("allowed_signers", "");
        let path = |name: &str| toml::Value::String(company.path(name).display().to_string());
        let settings = format!(
            "{GOOD}\n[criteria]\nfile = {}\nallowed_signers_file = {}\n[people]\nfile = {}\n",
            path("criteria.toml"),
            path("allowed_signers"),
            path("people.toml")
        );
        company.write("cm-bot.toml", &settings);
        company
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A new key of a kind, which is the only one that may sign from now on.
    fn officer(&self, name: &str, kind: &[&str]) {
        ssh_keygen(self.0.path(), &[&["-q", "-N", "", "-C", "", "-f", name], kind].concat());
        let public = self.read(&format!("{name}.pub"));
        self.write(
            "allowed_signers",
            &format!("security-officer@acme.example namespaces=\"cm-bot-criteria\" {public}"),
        );
    }

    fn sign(&self, key: &str, namespace: &str) {
        for file in ["criteria.toml", "people.toml"] {
            let _ = std::fs::remove_file(self.path(&format!("{file}.sig")));
        }
        ssh_keygen(self.0.path(), &["-q", "-Y", "sign", "-n", namespace, "-f", key, "criteria.toml", "people.toml"]);
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let file = self.path("cm-bot.toml");
        Command::new(program()).args(arguments).arg("--config").arg(file).env("NO_COLOR", "1").output().unwrap()
    }

    /// Exit code and first line of `criteria verify`.
    fn verify(&self) -> (i32, String) {
        let output = self.run(&["criteria", "verify"]);
        (output.status.code().unwrap(), text(&output.stdout).lines().next().unwrap_or_default().to_owned())
    }
}

const GOOD: &str = r#"
[jira]
api_url = "https://acme.example"
account = "cm-bot@acme.example"
token = "TOKEN-OF-JIRA"
webhook_secrets = ["a secret of some length"]
[github]
token = "TOKEN-OF-GITHUB"
[slack]
bot_token = "TOKEN-OF-SLACK"
channels = { changes = "C1", emergencies = "C2" }
[[services]]
name = "billing-api"
repository = "acme/billing-api"
branch = "main"
environments = ["prod-us"]
scanners = [{ tool = "CodeQL", category = "/language:rust" }]
"#;

fn ssh_keygen(folder: &Path, arguments: &[&str]) {
    let output = Command::new("ssh-keygen").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The twin has the two roles in two hands.
#[test]
fn o07_who_signs_the_criteria_does_not_verify_them() {
    let company = Company::new();
    let said = |company: &Company| text(&company.run(&["check-config"]).stdout);
    assert!(!said(&company).contains("duties"), "{}", said(&company));
    let people = company.read("people.toml");
    let with_both = people.replacen("\"security-officer\"", "\"security-officer\", \"auditor\"", 1);
    assert_ne!(people, with_both);
    company.write("people.toml", &with_both);
    let sentence = "warn  duties     Alex Silva is security-officer and auditor: let two people do that, so that nobody \
                    verifies their own rules";
    assert!(said(&company).contains(sentence), "{}", said(&company));
}

#[test]
fn a_field_that_the_criteria_want_has_a_name_in_jira() {
    let company = Company::new();
    let said = |company: &Company| {
        let output = company.run(&["check-config"]);
        text(&output.stdout) + &text(&output.stderr)
    };
    let criteria = company.read("criteria.toml");
    let with_tests = criteria.replacen("\"links\", \"change_class\",", "\"links\", \"change_class\", \"tests\",", 1);
    assert_ne!(criteria, with_tests);
    company.write("criteria.toml", &with_tests);
    let unnamed = "and jira.fields.tests does not say which field of Jira that is";
    assert!(said(&company).contains(unnamed), "{}", said(&company));
    company.write("cm-bot.toml", &format!("{}\n[jira.fields]\ntests = \"Tests\"\n", company.read("cm-bot.toml")));
    assert!(!said(&company).contains(unnamed), "{}", said(&company));
}

#[test]
fn what_openssh_signed_is_verified() {
    let company = Company::new();
    let unsigned = "criteria v1 are not signed: nobody has signed the criteria and the people file";
    company.officer("ed25519", &["-t", "ed25519"]);
    assert_eq!(
        company.verify(),
        (
            1,
            unsigned
                .replace("nobody has signed the criteria and the people file", "there is no signature of the criteria")
        )
    );
    let signed = "criteria v1, signed by Alex Silva on 2026-11-02; this counts until 2999-11-01 (UTC)";
    company.sign("ed25519", "cm-bot-criteria");
    assert_eq!(company.verify(), (0, signed.to_owned()));
    company.officer("p256", &["-t", "ecdsa", "-b", "256"]);
    company.sign("p256", "cm-bot-criteria");
    assert_eq!(company.verify(), (0, signed.to_owned()));
    let checked = text(&company.run(&["check-config"]).stdout);
    assert!(
        checked.contains("ok    signature  signed by Alex Silva on 2026-11-02, counts until 2999-11-01"),
        "{checked}"
    );
    company.sign("ed25519", "cm-bot-criteria");
    assert!(company.verify().1.contains("which no allowed signer has for cm-bot-criteria"), "{}", company.verify().1);
    company.sign("p256", "file");
    assert!(company.verify().1.contains("its namespace has to be cm-bot-criteria"), "{}", company.verify().1);
}

#[test]
fn a_kind_of_key_that_is_not_verified_is_named() {
    let company = Company::new();
    for (name, kind, said) in [
        ("rsa", &["-t", "rsa", "-b", "2048"][..], "ssh-rsa"),
        ("p384", &["-t", "ecdsa", "-b", "384"], "ecdsa-sha2-nistp384"),
    ] {
        company.officer(name, kind);
        company.sign(name, "cm-bot-criteria");
        let why = format!(
            "criteria v1 are not signed: the signature of the criteria was made with a key of the kind {said}; ed25519 and ecdsa-p256 keys are verified"
        );
        assert_eq!(company.verify(), (1, why));
    }
}

#[test]
fn digest_prints_what_sha256sum_prints_and_the_command_that_signs() {
    let company = Company::new();
    let output = company.run(&["criteria", "digest"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (criteria, people) = (company.path("criteria.toml"), company.path("people.toml"));
    let command = format!("ssh-keygen -Y sign -n cm-bot-criteria -f KEY {} {}", criteria.display(), people.display());
    assert!(text(&output.stderr).contains(&command), "{}", text(&output.stderr));
    for file in [&criteria, &people] {
        let sum = text(&Command::new("sha256sum").arg(file).output().unwrap().stdout);
        let digest = sum.split_whitespace().next().unwrap();
        assert!(text(&output.stdout).contains(digest), "{sum}{}", text(&output.stdout));
    }
    let json: serde_json::Value =
        serde_json::from_slice(&company.run(&["criteria", "digest", "--json"]).stdout).unwrap();
    assert_eq!(json["sign"], command);
    company.write("criteria.toml", "version = 1");
    assert_eq!(company.run(&["criteria", "digest"]).status.code(), Some(1), "nobody signs what cannot be read");
}

#[test]
fn verify_looks_at_other_files_when_asked_to() {
    let company = Company::new();
    company.officer("ed25519", &["-t", "ed25519"]);
    company.sign("ed25519", "cm-bot-criteria");
    company.write("new.toml", &company.read("criteria.toml").replace("version = \"v1\"", "version = \"v2\""));
    let new = company.path("new.toml").display().to_string();
    let output = company.run(&["criteria", "verify", "--criteria", &new, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &json["version"]), (Some(1), &"v2".into()));
    assert_eq!(json["why"], "there is no signature of the criteria");
    ssh_keygen(company.0.path(), &["-q", "-Y", "sign", "-n", "cm-bot-criteria", "-f", "ed25519", "new.toml"]);
    let output = company.run(&["criteria", "verify", "--criteria", &new, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &json["signed"]["by"]), (Some(0), &"Alex Silva".into()));
}

#[tokio::test]
async fn a_policy_that_comes_into_force_is_an_entry_with_the_difference() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&fresh(folder.path()).await).await;
    let policy = |texts: PolicyTexts| Policy::of_files(texts.clone(), Criteria::read(&texts).unwrap());
    let (first, second) = (policy(texts_with("", "")), policy(texts_with("version = \"v1\"", "version = \"v2\"")));
    let unsigned = policy(PolicyTexts { signatures: SignatureTexts::default(), ..second.texts.clone() });
    let activate = async |policy: &Policy| store.activate(policy, NOW).await.unwrap();
    assert_eq!([activate(&first).await, activate(&first).await], [true, false]);
    assert_eq!([activate(&second).await, activate(&unsigned).await, activate(&first).await], [true, true, true]);
    let trail = store.trail_after(0, i64::MAX).await.unwrap();
    let entries: Vec<serde_json::Value> =
        trail.iter().map(|(_, body, _)| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| entry["event"] == "policy_activated"));
    assert_eq!((entries[0].get("before"), &entries[0]["changed"]), (None, &serde_json::json!([])));
    assert_eq!(entries[1]["before"], first.criteria.digest);
    assert_eq!(entries[1]["policy_digest"], second.criteria.digest);
    assert_eq!(entries[1]["changed"], serde_json::json!(["criteria: version", "signature of the criteria"]));
    assert_eq!(entries[1]["signed"], "signed by Alex Silva on 2026-11-02");
    assert_eq!(entries[2]["signed"], "not signed: nobody has signed the criteria and the people file");
    assert_eq!(entries[3]["before"], unsigned.criteria.digest);
}

/// What `criteria replay` says of a played scene under other criteria.
async fn replay(played: &Played, old: &str, new: &str, more: &[&str]) -> Output {
    let folder = played.world.settings_file().parent().unwrap().to_owned();
    let terms = std::fs::read_to_string(folder.join("criteria.toml")).unwrap();
    assert!(terms.contains(old), "{terms}");
    let file = folder.join("new.toml");
    std::fs::write(&file, terms.replacen(old, new, 1)).unwrap();
    let mut command = Command::new(program());
    command.args(["criteria", "replay", "--since", "36500d", "--config"]).arg(played.world.settings_file());
    command.arg("--criteria").arg(file).args(more).env("NO_COLOR", "1");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn past_decisions_are_judged_again_before_anybody_signs() {
    let played = scene("no-scan").play(Variant::Scene).await;
    let rows = async || {
        let store = open(&database_of(&played.world)).await;
        store.trail_after(0, i64::MAX).await.unwrap().len()
    };
    let before = rows().await;
    let output = replay(&played, "version = \"v1\"", "version = \"v2\"", &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "Of 2 decided changes: 2 the same.\n");
    assert!(text(&output.stderr).contains("Nothing was changed, in Jira, in Slack or in the records."));
    let output = replay(&played, "switched_off = []", "switched_off = [\"security_scan\"]", &[]).await;
    let said = text(&output.stdout);
    // The change before waits for a human as the first of its service, if it was judged before its approver came.
    assert!(said.starts_with("Of 2 decided changes: ") && said.contains(", 1 would be approved"), "{said}");
    assert!(said.contains("PRODCM-412   blocked -> approved: no longer security_scan: "), "{said}");
    let output = replay(&played, "mode = \"approve\"", "mode = \"recommend\"", &["--json"]).await;
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["decided"], &json["same"]), (&2.into(), &2.into()), "held and blocked in every mode");
    assert_eq!(rows().await, before, "nothing was written");
    played.stop().await;
    let played = scene("clean-change").play(Variant::Scene).await;
    let output = replay(&played, "least_characters = 20", "least_characters = 400", &["--json"]).await;
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let differences = json["differences"].as_array().unwrap();
    let difference = differences.iter().find(|difference| difference["ticket"] == "PRODCM-412").unwrap();
    assert_eq!((&difference["was"], &difference["would_be"]), (&"approve".into(), &"block".into()));
    assert_eq!(difference["because"], "required_fields: 2 required fields are not filled in properly.");
    played.stop().await;
}
