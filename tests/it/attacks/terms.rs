//! What a company may choose in its criteria, and that each choice holds.

use cm_bot::simulator::scene::Variant;

use super::stage::{MERGE, OPEN, REVIEW, attacks, clean, commit, in_twin, step};
use super::{attack, end, is_approved, is_held};
use crate::support::TestScene;

/// Pull request 871 by sam, with a commit by dana and one by lee, who approve it both.
fn two_authors(terms: &str) -> TestScene {
    let open = step(&OPEN.replace("dana", "sam"));
    let more = commit("more", "fix", "lee", "files = { \"src/more.js\" = \"more();\\n\" }");
    let push = step("push = { branch = \"round-totals\", commit = \"more\" }");
    clean()
        .more(terms)
        .with(&step(OPEN), &format!("{open}{more}{push}"))
        .after(REVIEW, &step(&REVIEW.replace("lee", "dana")))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_authors_may_review_each_other_when_the_criteria_say_so() {
    let sentence = "Lee Wong wrote commit";
    is_held(two_authors(""), &[sentence, "and nobody's approval counts for their own work"]).await;
    is_approved(two_authors("[criteria.commit_review]\ncontributors = \"of_commit\"\n")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_does_not_review_the_own_commit_in_either_mode() {
    let of_commit = "[criteria.commit_review]\ncontributors = \"of_commit\"\n";
    let by_dana = step(&REVIEW.replace("lee", "dana"));
    let scene = two_authors(of_commit).with(&by_dana, &in_twin(&REVIEW.replace("lee", "dana")));
    let own = "by lee came through pull request 871; the approval by Lee Wong does not count: Lee Wong wrote commit";
    attack(scene, &[own]).await;
}

const SENSITIVE: &str = "[[criteria.sensitive_paths]]\npaths = [\"src/**\"]\nreviewers = 2\nrole = \"security-lead\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_sensitive_path_wants_a_second_reviewer() {
    let scene = clean().more(SENSITIVE).after(REVIEW, &in_twin(&REVIEW.replace("lee", "priya")));
    attack(scene, &["Pull request 871 changes src/totals.js; 2 other people must approve it, and Lee Wong did."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensitive_path_wants_a_reviewer_with_a_role() {
    let review = |by: &str| REVIEW.replace("lee", by);
    let second = format!("{}{}", attacks(&review("sam")), in_twin(&review("priya")));
    attack(
        clean().more(SENSITIVE).after(REVIEW, &second),
        &["src/totals.js; somebody in the role security-lead must approve it, and Lee Wong and Sam Okafor did."],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_after_the_merge_holds_when_the_criteria_say_so() {
    let late = attacks(REVIEW);
    let holds = "[criteria.commit_review]\nafter_merge = \"holds\"\n";
    let scene = |terms: &str| {
        clean().more(terms).with(&step(REVIEW), &in_twin(REVIEW)).with(&step(MERGE), &format!("{}{late}", step(MERGE)))
    };
    attack(scene(holds), &["the approval by Lee Wong does not count: given at", ", after the merge at"]).await;
    is_approved(clean().with(&step(REVIEW), "").after(MERGE, &step(REVIEW))).await;
}

const LGTM: &str = "[criteria.commit_review]\napproving_comments = [\"LGTM\"]\n";

/// A comment on pull request 871.
fn says(by: &str, text: &str) -> String {
    format!("comment_on_pull_request = {{ pull_request = 871, by = \"{by}\", text = \"{text}\" }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approving_comment_is_an_approval_when_the_criteria_say_so() {
    let scene = || clean().with(&step(REVIEW), &step(&says("lee", "lgtm ")));
    is_approved(scene().more(LGTM)).await;
    is_held(scene(), &["came through pull request 871, which nobody approved"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_in_a_review_is_an_approving_comment_too() {
    let review = "review = { pull_request = 871, by = \"lee\", state = \"comment\", text = \"LGTM\" }";
    is_approved(clean().with(&step(REVIEW), &step(review)).more(LGTM)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approving_comment_before_the_last_push_does_not_count() {
    let late = commit("late", "fix", "dana", "files = { \"src/more.js\" = \"more();\\n\" }");
    let push = step("push = { branch = \"round-totals\", commit = \"late\" }");
    let said = says("lee", "LGTM");
    let after = |pause: &str| {
        let steps = format!("{late}{}{push}{pause}{}", attacks(&said), in_twin(&said));
        clean().more(LGTM).with(&step(REVIEW), &steps)
    };
    attack(after(&in_twin("pass = \"3m\"")), &["the approval by Lee Wong does not count: given at"]).await;
    let (played, outcome) = end(after(""), Variant::Twin).await;
    let text = outcome.comment_text();
    assert!(text.contains("a comment does not tell what its author had seen"), "{text}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approving_comment_before_the_push_of_what_stood_on_another_branch() {
    let late = commit("late", "fix", "dana", "files = { \"src/more.js\" = \"more();\\n\" }");
    let aside = step("push = { branch = \"scratch\", commit = \"late\" }");
    let push = step("push = { branch = \"round-totals\", commit = \"late\" }");
    let said = says("lee", "LGTM");
    let pause = in_twin("pass = \"3m\"");
    let steps = format!("{late}{aside}{}{push}{pause}{}", attacks(&said), in_twin(&said));
    attack(
        clean().more(LGTM).with(&step(REVIEW), &steps),
        &["the approval by Lee Wong does not count: given at", "was pushed after it"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_pushed_an_original_does_not_review_its_copy() {
    let more = commit("more", "fix", "dana", "files = { \"src/more.js\" = \"more();\\n\" }");
    let push = step("push = { branch = \"round-totals\", commit = \"more\", by = \"priya\" }");
    let terms = "[criteria.commit_review]\ncontributors = \"of_commit\"\n[criteria.squash_merge]\nallow_verified_squash = true\n";
    for method in ["squash", "rebase"] {
        let merge = MERGE.replace(" }", &format!(", method = \"{method}\" }}"));
        let scene = clean().more(terms).with(&step(REVIEW), &format!("{more}{push}{}", step(REVIEW)));
        let scene = scene.with(MERGE, &merge).instead(REVIEW, &REVIEW.replace("lee", "priya"), REVIEW);
        attack(scene, &["the approval by Priya Nair does not count: Priya Nair pushed"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approving_comment_wants_the_right_to_push() {
    let rights = attacks("set_rights = { who = \"lee\", may_push = false }");
    let scene = clean().more(LGTM).with(&step(REVIEW), &format!("{}{rights}", step(&says("lee", "LGTM"))));
    attack(scene, &["the approval by Lee Wong does not count: Lee Wong may not push to the repository"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approving_comment_does_not_outlive_the_dismissed_approval_of_its_author() {
    let said = step(&says("lee", "LGTM"));
    let dismissed =
        step("pass = \"1s\"") + &step("dismiss_review = { pull_request = 871, review_by = \"lee\", by = \"sam\" }");
    let again = in_twin("pass = \"1s\"") + &in_twin(&says("lee", "LGTM"));
    let scene = clean().more(LGTM).after(REVIEW, &(said + &dismissed + &again));
    attack(scene, &["the approval by Lee Wong does not count: the review was dismissed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approving_comment_takes_back_no_objection() {
    let objects = "review = { pull_request = 871, by = \"lee\", state = \"request_changes\" }";
    let approves = in_twin(REVIEW);
    let scene =
        clean().more(LGTM).with(&step(REVIEW), &format!("{}{approves}{}", step(objects), step(&says("lee", "LGTM"))));
    attack(scene, &["Lee Wong asked for changes and has not approved since"]).await;
}
