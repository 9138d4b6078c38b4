//! The monthly inspection: fixed before it is drawn, drawn so that everybody can make it again, all of what is out of the
//! ordinary beside it.

use std::path::Path;
use std::process::{Command, Output};

use cm_bot::audit::draw::Population;
use cm_bot::cli::demo::play::Played;
use cm_bot::gather::inspection::members;
use cm_bot::model::{Month, TicketKey};
use cm_bot::policy::follow_up::inspection::{ApprovedBy, Stratum};
use cm_bot::simulator::scene::Variant;
use cm_bot::store::InspectionResult;

use crate::support::process::program;
use crate::support::{TestScene, scene};

/// The month in which scenes are played.
const MONTH: &str = "2026-11";

/// What an auditor or an inspector runs on the database of a played scene.
struct Desk<'a> {
    played: &'a Played,
}

impl Desk<'_> {
    fn cm_bot(&self, arguments: &[&str]) -> Output {
        let settings = self.played.world.settings_file();
        Command::new(program()).args(arguments).arg("--config").arg(settings).output().unwrap()
    }

    fn said(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.cm_bot(arguments);
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }

    /// The month is over by the simulated clock only, so that the program itself would refuse to close it.
    async fn close(&self) -> Population {
        let context = &self.played.app.context;
        let month = Month::parse(MONTH).unwrap();
        let population = Population::of(month, members(&context.sources.store, month).await.unwrap());
        context.sources.store.close_population(&population, context.clock.now()).await.unwrap();
        population
    }
}

async fn why(scene: TestScene) -> (ApprovedBy, Vec<Stratum>) {
    let played = scene.play(Variant::Scene).await;
    let population = Desk { played: &played }.close().await;
    let key = TicketKey::parse("PRODCM-412").unwrap();
    let member = population.members().find(|member| member.ticket == key).unwrap().clone();
    played.stop().await;
    (member.approved, member.strata.into_iter().collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_in_the_ordinary_way_is_left_to_chance() {
    assert_eq!(why(scene("clean-change")).await, (ApprovedBy::Machine, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passed_as_a_version_bump_is_always_inspected() {
    assert_eq!(why(scene("version-bump")).await, (ApprovedBy::Machine, vec![Stratum::Exemption]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passed_as_a_squash_is_always_inspected() {
    let squash = scene("squash-merge");
    let allowed = squash.with("about = ", "criteria = { squash_merge = { allow_verified_squash = true } }\nabout = ");
    assert_eq!(why(allowed).await, (ApprovedBy::Machine, vec![Stratum::Exemption]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_is_always_inspected() {
    let played = scene("emergency").play(Variant::Scene).await;
    let population = Desk { played: &played }.close().await;
    let reasons: Vec<_> = population.always().flat_map(|member| member.strata.iter().copied()).collect();
    assert!(reasons.contains(&Stratum::Emergency), "{reasons:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_before_it_is_drawn_and_drawn_once() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let desk = Desk { played: &played };
    let draw = ["inspection", "draw", MONTH, "--entropy", "4 2 6 6 1", "--by", "Priya Nair"];
    let (code, said) = desk.said(&draw);
    assert_eq!(code, 1);
    assert!(
        said.contains("November 2026 is not closed; `cm-bot inspection close 2026-11` fixes what there is"),
        "{said}"
    );
    desk.close().await;
    let (code, said) = desk.said(&draw);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("November 2026: draw 1 by Priya Nair, "), "{said}");
    assert!(said.contains("PRODCM-412"), "{said}");
    let (code, said) = desk.said(&draw);
    assert_eq!(code, 1);
    assert!(said.contains("was drawn already; `--again REASON` draws once more, and both stay on record"), "{said}");
    assert_eq!(desk.said(&[&draw[..], &["--again", "a die was lost"]].concat()).0, 0);
    let (_, said) = desk.said(&["inspection", "verify", MONTH]);
    assert!(said.starts_with("ok: November 2026, 2 changes, root "), "{said}");
    assert!(said.trim_end().ends_with("2 draws made again"), "{said}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_brings_dice_or_findings_who_is_not_known() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let desk = Desk { played: &played };
    desk.close().await;
    let (code, said) = desk.said(&["inspection", "draw", MONTH, "--entropy", "1", "--by", "Somebody"]);
    assert_eq!(code, 1);
    assert!(said.contains("Somebody is not in "), "{said}");
    let (code, said) = desk.said(&["inspection", "draw", MONTH, "--entropy", " ", "--by", "Priya Nair"]);
    assert_eq!(code, 1);
    assert!(said.contains("--entropy says nothing: anybody could have known it"), "{said}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_recorded_and_something_is_said_of_the_rest() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let desk = Desk { played: &played };
    desk.close().await;
    desk.said(&["inspection", "draw", MONTH, "--entropy", "4 2 6 6 1", "--by", "Priya Nair"]);
    let record = |ticket: &str| {
        desk.said(&["inspection", "record", MONTH, ticket, "sound", "--note", "read all of it", "--by", "Alex Silva"])
    };
    let (code, said) = record("PRODCM-9999");
    assert_eq!(code, 1);
    assert!(said.contains("PRODCM-9999 is not among what is inspected of November 2026"), "{said}");
    assert_eq!(record("PRODCM-412").0, 0);
    let (_, said) = desk.said(&["inspection", "show", MONTH]);
    assert!(said.contains("PRODCM-412: sound (Alex Silva), read all of it"), "{said}");
    assert!(
        said.contains("In 1 drawn at random no deviation was found: with 90 % confidence at most 90.0 %"),
        "{said}"
    );
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_had_a_hand_in_a_change_or_has_no_role_inspects_nothing() {
    let ticket = "create_ticket = { key = \"PRODCM-412\", by = ";
    let by_lee = scene("clean-change").with(&format!("{ticket}\"dana\""), &format!("{ticket}\"lee\""));
    let played = by_lee.play(Variant::Scene).await;
    let desk = Desk { played: &played };
    desk.close().await;
    desk.said(&["inspection", "draw", MONTH, "--entropy", "4 2 6 6 1", "--by", "Priya Nair"]);
    let record = |by: &str| {
        desk.said(&["inspection", "record", MONTH, "PRODCM-412", "sound", "--note", "read all of it", "--by", by])
    };
    let (code, said) = record("Sam Okafor");
    assert_eq!(code, 1);
    assert!(
        said.contains("Sam Okafor has none of the roles that inspect (inspector or security-officer): somebody who has one records it"),
        "{said}"
    );
    let (code, said) = record("Dana Reyes");
    assert_eq!(code, 1);
    assert!(said.contains("Dana Reyes worked on PRODCM-412: somebody else inspects it"), "{said}");
    assert_eq!(record("Alex Silva").0, 0, "the twin");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_counts_whatever_a_colleague_says_until_it_is_corrected() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let desk = Desk { played: &played };
    desk.close().await;
    desk.said(&["inspection", "draw", MONTH, "--entropy", "4 2 6 6 1", "--by", "Priya Nair"]);
    let store = &played.app.context.sources.store;
    let record = async |inspector: &str, result: &str| {
        let result = InspectionResult {
            ticket: TicketKey::parse("PRODCM-412").unwrap(),
            result: result.to_owned(),
            note: "read all of it".to_owned(),
            inspector: inspector.to_owned(),
            at: played.app.context.clock.now(),
        };
        store.record_result(Month::parse(MONTH).unwrap(), &result).await.unwrap();
        desk.said(&["inspection", "show", MONTH]).1
    };
    record("Ines Ruiz", "finding").await;
    let said = record("Alex Silva", "sound").await;
    assert!(said.contains("PRODCM-412: finding (Ines Ruiz), read all of it"), "{said}");
    assert!(said.contains("In 1 drawn at random 1 deviation was found"), "{said}");
    let said = record("Ines Ruiz", "sound").await;
    assert!(said.contains("In 1 drawn at random no deviation was found"), "the twin: {said}");
    played.stop().await;
}

/// The export, verified without cm-bot; and every list in which a byte was changed is found.
#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_draws_again_without_cm_bot() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let desk = Desk { played: &played };
    desk.close().await;
    desk.said(&["inspection", "draw", MONTH, "--entropy", "4 2 6 6 1", "--by", "Priya Nair"]);
    let folder = tempfile::tempdir().unwrap();
    let evidence = folder.path().join("evidence");
    assert!(desk.cm_bot(&["audit", "export", evidence.to_str().unwrap()]).status.success());
    let list = evidence.join(format!("inspections/{MONTH}.json"));
    let (is_good, said) = drawn_again(&evidence, &list);
    assert!(is_good && said.contains("inspection of 2026-11: 2 changes, 1 draws made again"), "{said}");
    let true_list = std::fs::read_to_string(&list).unwrap();
    for (old, new) in
        [("PRODCM-412", "PRODCM-413"), ("machine", "people"), ("\"strata\":[]", "\"strata\":[\"orphan\"]")]
    {
        assert!(true_list.contains(old), "{true_list}");
        std::fs::write(&list, true_list.replacen(old, new, 1)).unwrap();
        let (is_good, said) = drawn_again(&evidence, &list);
        assert!(!is_good && said.contains("the trail knows no list like this"), "{said}");
    }
    played.stop().await;
}

fn drawn_again(evidence: &Path, list: &Path) -> (bool, String) {
    let mut python = Command::new("python3");
    python.arg(evidence.join("verify.py")).arg(evidence.join("log.ndjson")).arg("--inspection").arg(list);
    let output = python.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}
