//! C01 to C04 and their kin: a scan that is none, and findings that somebody talks away.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::jira::adf_text;
use cm_bot::simulator::scene::{Step, Variant};
use serde_json::json;

use super::stage::{DEPLOYED, MERGE, SCAN, attacks, clean, in_twin, step};
use super::{attack, is_approved, is_held};
use crate::gate::Pipeline;
use crate::support::{TestScene, start};
use crate::uploads::{sarif, send};

/// The scan finds something that blocks.
const DIRTY: &str = "scan = { commit = \"merged\", findings = [{ rule = \"js/sql-injection\", message = \"This query depends on a user-provided value.\", security_severity = 8.8, path = \"src/totals.js\" }] }";

fn dismiss(by: &str) -> String {
    format!("dismiss_alert = {{ rule = \"js/sql-injection\", by = \"{by}\", reason = \"false positive\" }}")
}

/// The clean change with a finding that blocks, and whatever somebody does about it.
fn found(more: &str) -> TestScene {
    clean().with(&step(SCAN), &format!("{}{more}", step(DIRTY)))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_dismisses_the_alert() {
    let by = format!("{}{}", attacks(&dismiss("dana")), in_twin(&dismiss("priya")));
    let sentence =
        "Dana Reyes dismissed alert 1 (false positive), which does not count: Dana Reyes had a hand in this change.";
    attack(found(&by), &[sentence]).await;
}

/// Whoever may send SARIF may name the tool, the category and the commit of the scan that found something.
#[tokio::test(flavor = "multi_thread")]
async fn c01_a_clean_analysis_is_sent_after_the_one_that_found_something() {
    let sentence = "High: js/sql-injection, This query depends on a user-provided value. in src/totals.js (CodeQL).";
    let after = |first: &str| clean().with(&step(SCAN), &format!("{first}{}", step(SCAN)));
    attack(after(&format!("{}{}", attacks(DIRTY), in_twin(SCAN))), &[sentence]).await;
    let failed = "scan = { commit = \"merged\", error = \"out of memory\" }";
    is_approved(after(&step(failed))).await;
    is_held(clean().with(&step(SCAN), &format!("{}{}", step(SCAN), step(failed))), &["CodeQL ended with an error"])
        .await;
    let dirty = DIRTY.replace("{ commit", "{ error = \"out of memory\", commit");
    attack(after(&format!("{}{}", attacks(&dirty), in_twin(failed))), &[sentence]).await;
    let twice = found(&format!("{}{}", step(DIRTY), in_twin(&dismiss("priya"))));
    attack(twice, &["The security scan of this build has 1 blocking finding."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c01_the_analysis_that_found_something_is_pushed_off_the_first_page() {
    let others = step(&SCAN.replace("merged", "fix")).repeat(100);
    let first = format!("{}{}", attacks(DIRTY), in_twin(SCAN));
    let scene = clean().with(&step(SCAN), &format!("{first}{others}{}", step(SCAN)));
    attack(scene, &["High: js/sql-injection, This query depends on a user-provided value."]).await;
}

/// A list that ends before it is whole hides what is on its other pages.
#[tokio::test(flavor = "multi_thread")]
async fn c01_the_page_with_the_analysis_that_found_something_is_kept_back() {
    let others = step(&SCAN.replace("merged", "fix")).repeat(100);
    for how in ["not_found", "ends_early"] {
        let kept_back = format!("fail = {{ system = \"github\", how = \"{how}\", on = \"&per_page=100&page=2\" }}");
        let scene = clean().with(&step(SCAN), &format!("{}{others}{}{}", step(DIRTY), step(SCAN), step(&kept_back)));
        is_held(scene, &["all analyses of CodeQL"]).await;
    }
}

/// What was pushed to the release branch as it is was there before, and may have been scanned long before.
#[tokio::test(flavor = "multi_thread")]
async fn c01_the_analysis_that_found_something_is_older_than_the_push_to_the_release_branch() {
    let scan = |of: &str| SCAN.replace("merged", of);
    let first = format!("{}{}", attacks(&DIRTY.replace("merged", "fix")), in_twin(&scan("fix")));
    let before = format!("{first}{}{}", step(&scan("v1")).repeat(100), step("pass = \"7h\""));
    let forward = "push = { branch = \"main\", commit = \"fix\", by = \"dana\" }";
    let scene = clean().before(MERGE, &before).with(&step(MERGE), &step(forward)).deploys("fix", "fix");
    attack(scene, &["High: js/sql-injection, This query depends on a user-provided value."]).await;
}

/// A push to the release branch brings a merge that GitHub made before, for another branch, and GitHub calls the pull request
/// merged in it.
#[tokio::test(flavor = "multi_thread")]
async fn c01_the_analysis_that_found_something_is_of_a_merge_into_another_branch() {
    let scan = |of: &str| SCAN.replace("merged", of);
    let first = format!("{}{}", attacks(&DIRTY.replace("merged", "aside")), in_twin(&scan("aside")));
    let steps = [
        step("push = { branch = \"side\", commit = \"v1\" }"),
        step("open_pull_request = { number = 101, from = \"round-totals\", into = \"side\", by = \"dana\" }"),
        step("merge = { pull_request = 101, by = \"dana\", commit = \"aside\" }"),
        first,
        step(&scan("v1")).repeat(100),
        step("pass = \"7h\""),
        step("push = { branch = \"main\", commit = \"aside\", by = \"dana\" }"),
    ];
    let scene = clean().with(&step(MERGE), &steps.concat()).deploys("aside", "aside");
    attack(scene, &["High: js/sql-injection, This query depends on a user-provided value."]).await;
}

/// A list that is not read to its end does not say that there is no scan.
#[tokio::test(flavor = "multi_thread")]
async fn a_scan_behind_five_hundred_others_is_not_called_missing() {
    let others = |count| format!("{}{}", step(SCAN), step(&SCAN.replace("merged", "v1")).repeat(count));
    is_approved(clean().with(&step(SCAN), &others(400))).await;
    is_held(clean().with(&step(SCAN), &others(500)), &["GitHub has more of the analyses of CodeQL than cm-bot reads"])
        .await;
    // Nothing was merged yet when they were made, so none of them hides one.
    let before = format!("{}{}", step(&SCAN.replace("merged", "v1")).repeat(500), step("pass = \"7h\""));
    let scene = clean().before(MERGE, &before).with(&step(SCAN), "");
    is_held(scene, &["The newest CodeQL scan is of ", "not of this commit."]).await;
}

/// GitHub keeps so many results of a file, and says so in words.
#[tokio::test(flavor = "multi_thread")]
async fn c02_github_left_out_results() {
    let warning = SCAN.replace("\" }", "\", warning = \"421 results were ignored\" }");
    let sentence = "GitHub warns of the CodeQL scan: 421 results were ignored.";
    attack(clean().instead(SCAN, &warning, SCAN), &[sentence, "an approver looks at the results and decides"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c02_the_analysis_broke_off() {
    let broke_off = SCAN.replace("\" }", "\", broke_off = true }");
    attack(clean().instead(SCAN, &broke_off, SCAN), &["CodeQL ended with an error: ", "its run did not end well"])
        .await;
    let dirty = DIRTY.replace("{ commit", "{ broke_off = true, commit");
    let scene = clean().with(&step(SCAN), &format!("{}{}", attacks(&dirty), step(SCAN)));
    attack(scene, &["High: js/sql-injection, This query depends on a user-provided value."]).await;
}

/// Before it was merged nobody scanned what came of it, so a long list is not read to its end.
#[tokio::test(flavor = "multi_thread")]
async fn analyses_from_before_the_merge_are_not_asked_for() {
    let others = step(&SCAN.replace("merged", "v1")).repeat(100);
    for (pause, is_read) in [("pass = \"7h\"", false), ("pass = \"1h\"", true)] {
        let played = clean().before(MERGE, &format!("{others}{}", step(pause))).play(Variant::Twin).await;
        let requests = played.world.simulator.shared.faults.requests();
        let more =
            requests.iter().any(|one| one.path.contains("/code-scanning/analyses?") && one.path.contains("&page=2"));
        assert_eq!(more, is_read, "{pause}");
        let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
        assert_eq!(outcome.transitions, ["Approve"], "{}", outcome.comment_text());
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_dismisses_the_alert() {
    let by = format!("{}{}", attacks(&dismiss("tidy")), in_twin(&dismiss("priya")));
    let bot = "[[people]]\nname = \"tidy\"\nfull_name = \"Tidy\"\nbot = true\n";
    attack(found(&by).people(bot), &["tidy[bot] dismissed alert 1", "it is not a person's account."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_unknown_dismisses_the_alert() {
    let by = format!("{}{}", attacks(&dismiss("eve")), in_twin(&dismiss("lee")));
    let eve = "[[people]]\nname = \"eve\"\nfull_name = \"Eve\"\nunmapped = true\n";
    attack(found(&by).people(eve), &["eve dismissed alert 1", "is not in the people file."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_not_asked_for_without_a_reason() {
    for (scene, times) in [(clean(), 0), (found(&in_twin(&dismiss("lee"))), 1)] {
        let played = scene.play(Variant::Twin).await;
        let requests = played.world.simulator.shared.faults.requests();
        let asked = requests.iter().filter(|request| request.path.contains("/code-scanning/alerts")).count();
        assert_eq!(asked, times);
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_cannot_be_read_hold_the_ticket() {
    let fails = "fail = { system = \"github\", how = \"forbidden\", on = \"/code-scanning/alerts\" }";
    is_held(found(&step(&dismiss("lee"))).before(DEPLOYED, &attacks(fails)), &["the dismissed alerts"]).await;
    is_approved(found(&step(&dismiss("lee")))).await;
}

/// The criteria accept the finding.
fn accepted(owner: &str, until: &str) -> String {
    format!(
        "[[criteria.security_scan.accepted]]\ntool = \"CodeQL\"\nrule = \"js/sql-injection\"\nowner = \"{owner}\"\nreason = \"Only in reports\"\nuntil = {until}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_risk_is_accepted_by_its_author_or_for_too_long() {
    let own = accepted("Dana Reyes", "2026-12-31");
    is_held(
        found("").more(&own),
        &["Dana Reyes accepted it, which does not count: Dana Reyes had a hand in this change."],
    )
    .await;
    let over = accepted("Priya Nair", "2026-11-01");
    is_held(found("").more(&over), &["Priya Nair accepted it until 2026-11-01, and that day is over."]).await;
    is_approved(found("").more(&accepted("Priya Nair", "2026-12-31"))).await;
}

/// A service with this scanner, by mallory (1006) and the account of the pipeline, ci (1007).
fn scanned_by(scanner: &str) -> TestScene {
    let service = format!(
        "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nscanners = [{{ {scanner} }}]\n"
    );
    clean().people("[[people]]\nname = \"ci\"\nfull_name = \"Pipeline\"\nunmapped = true\n").more(&service)
}

fn status(state: &str, by: &str) -> String {
    format!("status = {{ commit = \"merged\", context = \"ci/scan\", state = \"{state}\", by = \"{by}\" }}")
}

fn check(conclusion: &str, app: u64) -> String {
    format!(
        "check_run = {{ commit = \"merged\", name = \"container-scan\", app_id = {app}, conclusion = \"{conclusion}\" }}"
    )
}

const STATUS: &str = "status = \"ci/scan\", creator_id = 1007";
const CHECK: &str = "check = \"container-scan\", app_id = 4242";

#[tokio::test(flavor = "multi_thread")]
async fn c01_somebody_sets_the_status_of_the_scan() {
    let scene = scanned_by(STATUS).instead(SCAN, &status("success", "mallory"), &status("success", "ci"));
    attack(
        scene,
        &["The status ci/scan was set by mallory (GitHub account 1006), and only GitHub account 1007 counts."],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c01_somebody_replaces_the_failure_of_the_scan() {
    let failed = step(&status("failure", "ci"));
    let then = |by: &str| status("success", by);
    let scene = scanned_by(STATUS).instead(SCAN, &then("mallory"), &then("ci"));
    let scene = scene.with(&attacks(&then("mallory")), &format!("{failed}{}", attacks(&then("mallory"))));
    attack(scene, &["There is no finished security scan of exactly this build.", "was set by mallory"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c01_another_app_reports_the_check() {
    let scene = scanned_by(CHECK).instead(SCAN, &check("success", 15368), &check("success", 4242));
    attack(scene, &["There is no check container-scan by App 4242 on this commit."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c02_the_scan_is_of_another_commit() {
    let scene = clean().instead(SCAN, &SCAN.replace("merged", "fix"), SCAN);
    attack(scene, &["The newest CodeQL scan is of ", ", not of this commit."]).await;
    let other = status("success", "ci").replace("merged", "fix");
    let scene = scanned_by(STATUS).instead(SCAN, &other, &status("success", "ci"));
    attack(scene, &["There is no status ci/scan on this commit."]).await;
}

/// The workflow of a pull request scans what GitHub would merge then, which is no commit that anybody deploys.
#[tokio::test(flavor = "multi_thread")]
async fn c02_only_the_merge_that_github_would_make_was_scanned() {
    let would = SCAN.replace("merged", "refs/pull/871/merge");
    let scene = clean().before(MERGE, &step(&would)).with(&step(SCAN), &in_twin(SCAN));
    attack(scene, &["The newest CodeQL scan is of ", ", not of this commit."]).await;
}

/// GitHub answers 404 "no analysis found".
#[tokio::test(flavor = "multi_thread")]
async fn c02_the_repository_was_never_scanned() {
    let scene = clean().with(&step(SCAN), &in_twin(SCAN));
    attack(scene, &["There is no CodeQL scan of this repository."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c02_the_scan_looked_at_nothing() {
    let scene = clean().instead(SCAN, "scan = { commit = \"merged\", rules = 0 }", SCAN);
    attack(scene, &["CodeQL ran no rules, so it looked at nothing."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c03_a_check_that_was_skipped_or_neutral() {
    for end in ["skipped", "neutral"] {
        let scene = scanned_by(CHECK).instead(SCAN, &check(end, 4242), &check("success", 4242));
        attack(scene, &[&format!("The check container-scan ended with {end}, not with success.")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c03_a_status_that_is_pending_or_failed() {
    for (state, sentence) in [("pending", "is still pending."), ("failure", "is failure, not success.")] {
        let scene = scanned_by(STATUS).instead(SCAN, &status(state, "ci"), &status("success", "ci"));
        attack(scene, &[&format!("The status ci/scan {sentence}")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_one_request_and_only_for_who_expects_one() {
    let two = scanned_by("status = \"ci/scan\", creator_id = 1007 }, { status = \"ci/other\", creator_id = 1007");
    let other = status("success", "ci").replace("ci/scan", "ci/other");
    let two = two.with(&step(SCAN), &format!("{}{}", step(&status("success", "ci")), step(&other)));
    for (scene, times) in [(clean(), 0), (two, 1)] {
        let played = scene.play(Variant::Twin).await;
        let requests = played.world.simulator.shared.faults.requests();
        let path = format!("/commits/{}/statuses", played.world.simulator.sha("merged").unwrap());
        assert_eq!(requests.iter().filter(|request| request.path.contains(&path)).count(), times);
        played.stop().await;
    }
}

/// The clean change of a service whose pipeline sends the SARIF of Trivy. `files` arrive before the ticket, each with what
/// is different in its query.
async fn after_sending(files: &[((&str, &str), serde_json::Value)]) -> (Played, Outcome) {
    after_sending_to("sarif = \"Trivy\"", files).await
}

async fn after_sending_to(scanner: &str, files: &[((&str, &str), serde_json::Value)]) -> (Played, Outcome) {
    let scene = scanned_by(scanner).with(&step(SCAN), "").parsed().variant(Variant::Twin);
    let played = start("a scan of the pipeline", scene).await;
    for now in played.world.scene.timeline.clone().iter().flat_map(Step::parts) {
        if now.create_ticket.as_ref().is_some_and(|ticket| ticket.key == "PRODCM-412") {
            for (query, file) in files {
                let sent = send(&played, &[*query], file).send().await.unwrap();
                assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
            }
        }
        played.world.simulator.play(&now).await.unwrap();
        settle(&played).await.unwrap();
    }
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    (played, outcome)
}

async fn sending_is_held(files: &[((&str, &str), serde_json::Value)], sentence: &str) {
    let (played, outcome) = after_sending(files).await;
    let text = outcome.comment_text();
    assert!(text.contains(sentence), "nobody reads {sentence:?} in:\n{text}");
    assert!(outcome.transitions.is_empty());
    played.stop().await;
}

async fn sending_is_approved(files: &[((&str, &str), serde_json::Value)]) {
    let (played, outcome) = after_sending(files).await;
    assert_eq!(outcome.transitions, ["Approve"], "{}", outcome.comment_text());
    played.stop().await;
}

/// Nothing is different.
const THIS: (&str, &str) = ("build_number", "1871");

#[tokio::test(flavor = "multi_thread")]
async fn c04_the_scan_is_of_an_older_build() {
    let older = ("build_number", "1870");
    let sentence = "The newest Trivy scan that the pipeline sent is of build 1870 of billing-api/release from commit ";
    sending_is_held(&[(older, sarif(&[]))], sentence).await;
    sending_is_approved(&[(older, sarif(&["error"])), (THIS, sarif(&[]))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c04_the_scan_is_of_another_job_or_commit() {
    let job = ("build_job", "billing-api/nightly");
    sending_is_held(&[(job, sarif(&[]))], "is of build 1871 of billing-api/nightly from commit ").await;
    let commit = ("commit", "0123456789012345678901234567890123456789");
    sending_is_held(&[(commit, sarif(&[]))], "is of build 1871 of billing-api/release from commit 0123456 (").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_file_does_not_make_up_for_a_dirty_one_of_the_same_build() {
    let sentence = "High: CVE-2026-1, A package is vulnerable. in package-lock.json (Trivy).";
    sending_is_held(&[(THIS, sarif(&["error"])), (THIS, sarif(&[]))], sentence).await;
    sending_is_held(&[(THIS, sarif(&[])), (THIS, sarif(&["note", "error"]))], sentence).await;
    sending_is_approved(&[(THIS, sarif(&["note"])), (THIS, sarif(&[]))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c02_the_file_looked_at_nothing_or_did_not_end_well() {
    let mut empty = sarif(&[]);
    empty["runs"][0]["tool"]["driver"]["rules"] = json!([]);
    sending_is_held(&[(THIS, empty)], "lists no rules, so nobody can tell whether it looked at anything.").await;
    let mut failed = sarif(&[]);
    failed["runs"][0]["invocations"] = json!([{"executionSuccessful": false}]);
    sending_is_held(&[(THIS, failed)], "did not end well, and no later one makes up for it.").await;
}

/// Some tools list only rules of which they found something. Taking their word for it is the company's choice, and goes no
/// further than that.
#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_lists_only_rules_that_fired_is_believed_where_the_settings_say_so() {
    const FIRED: &str = "sarif = \"Trivy\", rules = \"fired\"";
    let mut empty = sarif(&[]);
    empty["runs"][0]["tool"]["driver"]["rules"] = json!([]);
    let (played, outcome) = after_sending_to(FIRED, &[(THIS, empty.clone())]).await;
    assert_eq!(outcome.transitions, ["Approve"], "{}", outcome.comment_text());
    played.stop().await;
    let mut failed = empty;
    failed["runs"][0]["invocations"] = json!([{"executionSuccessful": false}]);
    for (file, sentence) in [(failed, "did not end well"), (sarif(&["error"]), "A package is vulnerable.")] {
        let (played, outcome) = after_sending_to(FIRED, &[(THIS, file)]).await;
        assert!(outcome.comment_text().contains(sentence), "{}", outcome.comment_text());
        assert!(outcome.transitions.is_empty());
        played.stop().await;
    }
    let analysis = "tool = \"CodeQL\", category = \"/language:rust\", rules = \"fired\"";
    let scene = |rules: u32| SCAN.replace("\" }", &format!("\", rules = {rules} }}"));
    is_approved(scanned_by(analysis).with(&step(SCAN), &step(&scene(0)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_sends_nothing_is_held_until_it_does() {
    let (played, outcome) = after_sending(&[]).await;
    assert!(outcome.comment_text().contains("The pipeline has sent no Trivy scan."), "{}", outcome.comment_text());
    assert!(send(&played, &[], &sarif(&[])).send().await.unwrap().status().is_success());
    settle(&played).await.unwrap();
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.transitions, ["Approve"], "{}", outcome.comment_text());
    played.stop().await;
}

/// The pipeline sends another file of this build when the ticket is approved already. What the ticket says then, and its status.
async fn sent_after_the_approval(file: &serde_json::Value) -> (String, String) {
    let (played, outcome) = after_sending(&[(THIS, sarif(&["note"]))]).await;
    assert_eq!(outcome.transitions, ["Approve"], "{}", outcome.comment_text());
    assert!(send(&played, &[], file).send().await.unwrap().status().is_success());
    settle(&played).await.unwrap();
    let ticket = played.world.simulator.jira.ticket("PRODCM-412").unwrap();
    played.stop().await;
    (ticket.comments.iter().map(|comment| adf_text(&comment.body)).collect(), ticket.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_comes_after_the_approval_and_is_not_clean_takes_it_back() {
    let mut failed = sarif(&[]);
    failed["runs"][0]["invocations"] = json!([{"executionSuccessful": false}]);
    for (file, why) in [(sarif(&["error"]), "A package is vulnerable."), (failed, "did not end well")] {
        let (said, status) = sent_after_the_approval(&file).await;
        let sent = "After the approval the pipeline sent another scan of this build, and it is not clean.";
        assert!(said.contains(sent) && said.contains(why), "{said}");
        assert_eq!(status, "Awaiting approval");
    }
    let (said, status) = sent_after_the_approval(&sarif(&[])).await;
    assert_eq!(status, "Approved", "the twin: {said}");
}

/// Whether the webhooks and jobs have come so far does not matter: the gate looks itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_not_let_through_after_a_scan_that_is_not_clean() {
    for (late, passes) in [(sarif(&["error"]), false), (sarif(&[]), true)] {
        let (played, _) = after_sending(&[(THIS, sarif(&["note"]))]).await;
        let pipeline = Pipeline::of(played);
        let id = pipeline.request(&pipeline.asked()).await;
        assert!(send(&pipeline.played, &[], &late).send().await.unwrap().status().is_success());
        if passes {
            pipeline.is_let_through(&id).await;
            // It is deployed, so there is nothing to take back.
            assert!(send(&pipeline.played, &[], &sarif(&["error"])).send().await.unwrap().status().is_success());
            settle(&pipeline.played).await.unwrap();
            assert_eq!(pipeline.ticket_status("PRODCM-412"), "Approved");
        } else {
            // Who looks first, a worker or the gate, decides on the reason.
            let (status, problem) = pipeline.consume(&id).await;
            let reasons = [json!("waiting"), json!("approved_outside_process")];
            assert!(status != 200 && reasons.contains(&problem["reason"]), "{problem}");
        }
        pipeline.stop().await;
    }
}

/// People approved with the finding before them, and are asked again only for what they had not seen.
#[tokio::test(flavor = "multi_thread")]
async fn what_people_approved_with_its_finding_is_taken_back_only_for_another_one() {
    let (played, outcome) = after_sending(&[(THIS, sarif(&["error"]))]).await;
    assert!(outcome.transitions.is_empty(), "{}", outcome.comment_text());
    let pipeline = Pipeline::of(played);
    pipeline.happens("comment = { ticket = \"PRODCM-412\", by = \"priya\", text = \"/cm approve\" }").await;
    pipeline.happens("comment = { ticket = \"PRODCM-412\", by = \"sam\", text = \"/cm approve\" }").await;
    let mut other = sarif(&["error"]);
    other["runs"][0]["results"][0]["message"]["text"] = json!("Another package is vulnerable.");
    let many = sarif(&["error"; 6]);
    for (file, status) in [(sarif(&["error", "note"]), "Approved"), (many, "Approved"), (other, "Awaiting approval")] {
        assert_eq!(pipeline.ticket_status("PRODCM-412"), "Approved");
        assert!(send(&pipeline.played, &[], &file).send().await.unwrap().status().is_success());
        settle(&pipeline.played).await.unwrap();
        assert_eq!(pipeline.ticket_status("PRODCM-412"), status);
    }
    pipeline.stop().await;
}
