//! G16 to G25: an approval by somebody whose approval is worth nothing.

use cm_bot::simulator::jira::adf_text;
use cm_bot::simulator::scene::Variant;

use super::stage::{MERGE, OPEN, PUSH, REVIEW, TICKET, attacks, clean, commit, in_twin, step};
use super::{attack, end, is_approved, is_held};

/// The review of pull request 871 by somebody else.
fn review_by(name: &str) -> String {
    REVIEW.replace("lee", name)
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_an_app_approves() {
    let bot = "[[people]]\nname = \"github-actions\"\nfull_name = \"GitHub Actions\"\nbot = true\n";
    let scene = clean().people(bot).attacked(REVIEW, &review_by("github-actions"));
    attack(scene, &["the approval by github-actions does not count: a bot's approval does not count"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_colleague_pushes_to_the_pull_request_and_approves_it() {
    let push = format!(
        "{}{}",
        commit("more", "fix", "lee", "files = { \"src/more.js\" = \"more();\\n\" }"),
        step("push = { branch = \"round-totals\", commit = \"more\" }"),
    );
    let scene = clean().before(REVIEW, &push).instead(REVIEW, REVIEW, &review_by("sam"));
    attack(scene, &["the approval by Lee Wong does not count: Lee Wong wrote commit"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_who_pushes_in_the_name_of_another_cannot_approve_it() {
    let push = PUSH.replace(" }", ", by = \"mallory\" }");
    let scene = clean().people("").attacked(PUSH, &push).instead(REVIEW, &review_by("mallory"), &review_by("mallory"));
    attack(scene, &["the approval by Mallory Stone does not count: Mallory Stone pushed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_the_pusher_of_an_earlier_push_cannot_approve_either() {
    let rest = format!(
        "{}{}",
        commit("rest", "fix", "dana", "files = { \"src/rest.js\" = \"rest();\\n\" }"),
        step("push = { branch = \"round-totals\", commit = \"rest\" }"),
    );
    let push = PUSH.replace(" }", ", by = \"mallory\" }");
    let scene = clean().people("").before(REVIEW, &rest).attacked(PUSH, &push).instead(
        REVIEW,
        &review_by("mallory"),
        &review_by("mallory"),
    );
    attack(scene, &["the approval by Mallory Stone does not count: Mallory Stone pushed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_a_push_to_another_branch_first_does_not_hide_who_made_it() {
    let push = "push = { branch = \"elsewhere\", commit = \"fix\", by = \"mallory\" }";
    let scene =
        clean().people("").before(PUSH, &attacks(push)).instead(REVIEW, &review_by("mallory"), &review_by("mallory"));
    attack(scene, &["the approval by Mallory Stone does not count: Mallory Stone pushed"]).await;
}

/// Where no App writes checks, GitHub says who pushed before the pull request only in the delivery of the push.
#[tokio::test(flavor = "multi_thread")]
async fn g18_who_pushed_before_the_pull_request_is_known_without_check_suites() {
    let push = PUSH.replace(" }", ", by = \"mallory\" }");
    let unchecked = "[[repositories]]\nname = \"acme/billing-api\"\nchecks_pushes = false\n";
    let scene = clean().people("").more(unchecked).attacked(PUSH, &push);
    let scene = scene.instead(REVIEW, &review_by("mallory"), &review_by("mallory"));
    attack(scene, &["the approval by Mallory Stone does not count: Mallory Stone pushed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g19_an_author_whose_address_belongs_to_no_account() {
    let scene = clean().fix_in_attack("unknown_author = true\nfiles = { \"src/totals.js\" = \"evil();\\n\" }");
    attack(scene, &["names the author Dana Reyes, whose e-mail address belongs to no GitHub account"]).await;
}

/// What GitHub said of the address before is not kept: whoever adds it to an account is known at the next look.
#[tokio::test(flavor = "multi_thread")]
async fn g19_an_address_that_is_added_to_an_account_is_known_at_the_next_look() {
    let added = in_twin("add_address = { who = \"dana\", address = \"dana@laptop.invalid\" }");
    let again = step("comment = { ticket = \"PRODCM-412\", by = \"dana\", text = \"/cm check\" }");
    let scene = clean().with("id = \"fix\"\n", "id = \"fix\"\nunknown_author = true\n");
    let scene = scene.after(TICKET, &format!("{added}{again}"));
    for (variant, kind, transitions) in
        [(Variant::Scene, "hold", &[][..]), (Variant::Twin, "approve", &["Approve".to_owned()][..])]
    {
        let (played, outcome) = end(scene.clone(), variant).await;
        assert_eq!(outcome.decision["kind"], kind, "{}", outcome.why());
        assert_eq!(outcome.transitions, transitions, "{}", outcome.comment_text());
        let texts: Vec<String> = outcome.comments.iter().map(|comment| adf_text(&comment.body)).collect();
        let said = "names the author Dana Reyes, whose e-mail address belongs to no GitHub account";
        assert!(texts.iter().any(|text| text.contains(said)), "it was held because of the address: {texts:?}");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_a_co_author_cannot_approve() {
    let scene = clean()
        .with("message = \"Round invoice totals to cents\"\n", "message = \"Round\"\nco_authors = [\"lee\"]\n")
        .instead(REVIEW, REVIEW, &review_by("sam"));
    attack(scene, &["the approval by Lee Wong does not count: Lee Wong wrote commit"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_a_trailer_that_names_another_does_not_remove_the_author() {
    let opened_by_lee = OPEN.replace("dana", "lee");
    let scene = clean()
        .with("message = \"Round invoice totals to cents\"\n", "message = \"Round\"\nco_authors = [\"sam\"]\n")
        .instead(OPEN, &opened_by_lee, &opened_by_lee)
        .instead(REVIEW, &review_by("dana"), &review_by("priya"));
    attack(scene, &["the approval by Dana Reyes does not count: Dana Reyes wrote commit"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g24_somebody_objects_to_a_version_bump() {
    let bump = "files = { \"package.json\" = \"{\\\"version\\\": \\\"1.4.3\\\"}\\n\" }";
    let fix = "files = { \"src/totals.js\" = \"export const total = (lines) => Math.round(lines.reduce((sum, line) => sum + line, 0));\\n\" }";
    let objection = "review = { pull_request = 871, by = \"sam\", state = \"request_changes\" }";
    let scene = clean().first_file("package.json", "{\"version\": \"1.4.2\"}\n").with(fix, bump).instead(
        REVIEW,
        objection,
        "pass = \"1s\"",
    );
    attack(scene, &["where Sam Okafor asked for changes and has not approved since"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g21_a_second_account_that_nobody_knows() {
    let puppet = "[[people]]\nname = \"dana-at-home\"\nfull_name = \"Dana\"\nunmapped = true\n";
    let scene = clean().people(puppet).attacked(REVIEW, &review_by("dana-at-home"));
    attack(scene, &["(dana-at-home) is not in the people file, so nobody can say who it is"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g21_a_second_account_that_the_people_file_knows() {
    let puppet = "[[people]]\nname = \"dana-at-home\"\nfull_name = \"Dana\"\naccount_of = \"dana\"\n";
    let scene = clean().people(puppet).attacked(REVIEW, &review_by("dana-at-home"));
    attack(scene, &["the approval by Dana Reyes does not count: Dana Reyes opened pull request 871"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_somebody_takes_a_login_that_became_free() {
    let stranger = "[[people]]\nname = \"stranger\"\nfull_name = \"A Stranger\"\nunmapped = true\n";
    let renamed = format!(
        "{}{}",
        step("rename_account = { who = \"lee\", login = \"lee-wong\" }"),
        attacks("rename_account = { who = \"stranger\", login = \"lee\" }"),
    );
    let scene = clean().people(stranger).before(REVIEW, &renamed).attacked(REVIEW, &review_by("stranger"));
    attack(scene, &["(lee) is not in the people file, so nobody can say who it is"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_a_reviewer_who_may_not_push() {
    let scene = clean().after(REVIEW, &attacks("set_rights = { who = \"lee\", may_push = false }"));
    attack(scene, &["the approval by Lee Wong does not count: Lee Wong may not push to the repository"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_a_reviewer_whose_account_is_gone() {
    let scene = clean().after(REVIEW, &attacks("delete_account = { who = \"lee\" }"));
    attack(scene, &["the approval by a deleted account does not count: the account was deleted"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_a_contributor_whose_account_is_gone() {
    let scene = clean().after(MERGE, &attacks("delete_account = { who = \"dana\" }"));
    attack(scene, &["somebody without a GitHub account opened pull request 871"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g24_the_approver_asks_for_changes_later() {
    let later = attacks("review = { pull_request = 871, by = \"lee\", state = \"request_changes\" }");
    attack(clean().after(REVIEW, &later), &["where Lee Wong asked for changes and has not approved since"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g24_another_reviewer_still_wants_changes() {
    let objection = format!(
        "{}{}",
        step("review = { pull_request = 871, by = \"sam\", state = \"request_changes\" }"),
        in_twin(&review_by("sam")),
    );
    attack(clean().before(REVIEW, &objection), &["where Sam Okafor asked for changes and has not approved since"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g24_an_approval_that_was_dismissed() {
    let dismissed = attacks("dismiss_review = { pull_request = 871, review_by = \"lee\", by = \"sam\" }");
    attack(clean().before(MERGE, &dismissed), &["the approval by Lee Wong does not count: the review was dismissed"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g24_a_dismissed_objection_brings_no_older_approval_back() {
    let steps = format!(
        "{}{}",
        attacks("review = { pull_request = 871, by = \"lee\", state = \"request_changes\" }"),
        attacks("dismiss_review = { pull_request = 871, review_by = \"lee\", by = \"priya\" }"),
    );
    attack(clean().after(REVIEW, &steps), &["the approval by Lee Wong does not count: the review was dismissed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g25_a_contributor_dismisses_an_objection() {
    let dismiss = |by: &str| format!("dismiss_review = {{ pull_request = 871, review_by = \"sam\", by = \"{by}\" }}");
    let steps = format!(
        "{}{}{}",
        step("review = { pull_request = 871, by = \"sam\", state = \"request_changes\" }"),
        attacks(&dismiss("dana")),
        in_twin(&dismiss("priya")),
    );
    attack(clean().before(REVIEW, &steps), &["where Sam Okafor asked for changes; Dana Reyes dismissed that"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_who_was_renamed_is_who_they_were() {
    let renamed = step("rename_account = { who = \"lee\", login = \"lee-wong\" }");
    is_approved(clean().after(REVIEW, &renamed)).await;
}

/// On a public repository anybody may ask for changes. A stranger who may not push stops nothing, on GitHub either; whoever
/// may push does, and so does everybody we know, also after they have lost the right.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_stops_nothing_and_a_colleague_without_rights_does() {
    let objection =
        |by: &str| step(&format!("review = {{ pull_request = 871, by = \"{by}\", state = \"request_changes\" }}"));
    let stranger = |read_only: bool| {
        let person = "[[people]]\nname = \"stranger\"\nfull_name = \"Some Body\"\nunmapped = true\n";
        clean().people(&format!("{person}read_only = {read_only}\n")).after(REVIEW, &objection("stranger"))
    };
    is_approved(stranger(true)).await;
    is_held(stranger(false), &["where stranger asked for changes and has not approved since"]).await;
    let rights = step("set_rights = { who = \"sam\", may_push = false }");
    let left = clean().after(REVIEW, &format!("{}{rights}", objection("sam")));
    is_held(left, &["where Sam Okafor asked for changes and has not approved since"]).await;
}
