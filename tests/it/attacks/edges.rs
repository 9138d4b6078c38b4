//! Edge cases of "was every commit reviewed by somebody else" that no row of the threat model is about.

use cm_bot::model::{Account, AccountKind, GitActor, GithubId};
use cm_bot::policy::decision::Outcome;

use super::stage::{MERGE, PUSH, REVIEW, TICKET, attacks, clean, commit, in_twin, step};
use super::{attack, is_approved, is_held};
use crate::support::facts::{finding, merge, passing, pull_request, range, read, user};

#[tokio::test(flavor = "multi_thread")]
async fn only_comments_are_no_review() {
    let said = step("comment_on_pull_request = { pull_request = 871, by = \"lee\", text = \"LGTM, approved\" }");
    let comment = REVIEW.replace(" }", ", state = \"comment\", text = \"LGTM\" }");
    let scene = clean().before(REVIEW, &said).attacked(REVIEW, &comment);
    attack(scene, &["by dana came through pull request 871, which nobody approved"]).await;
}

/// What GitHub's GraphQL does from now on.
fn graphql(how: &str) -> String {
    format!("fail = {{ system = \"github\", how = \"{how}\" }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_is_no_answer() {
    let scene = clean().before(TICKET, &attacks(&graphql("graphql_partial")));
    attack(scene, &["GitHub did not give all of the commits since the last approved change"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_with_status_200_is_no_answer() {
    let scene = clean().before(TICKET, &attacks(&graphql("graphql_rate_limited")));
    let sentence =
        "GitHub allows no more requests for now, so the commits since the last approved change could not be read";
    attack(scene, &[sentence]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_are_too_large_are_asked_in_smaller_ones() {
    let fail = graphql("too_large").replace(" }", ", most = 3 }");
    is_approved(clean().before(TICKET, &step(&fail))).await;
}

/// Two commits on top of the merge, or in a pull request of their own, with the words of somebody else's merge.
#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_merge_do_not_make_one() {
    let words = |text: &str| format!("message = \"{text}\"\nfiles = {{ \"src/sneak.js\" = \"{}\\n\" }}", text.len());
    let steps = [
        commit("one", "merged", "dana", &words("Merge pull request #871 from acme/round-totals")),
        commit("two", "one", "dana", &words("Round invoice totals to cents (#871)")),
        attacks("push = { branch = \"main\", commit = \"two\" }"),
        in_twin("push = { branch = \"more\", commit = \"two\" }"),
        in_twin("open_pull_request = { number = 872, from = \"more\", by = \"dana\" }"),
        in_twin("review = { pull_request = 872, by = \"lee\" }"),
        in_twin("merge = { pull_request = 872, by = \"dana\", commit = \"second\" }"),
    ];
    let scene = clean().after(MERGE, &steps.concat()).deploys("two", "second");
    attack(scene, &["2 commits were not reviewed by somebody else.", "without a pull request"]).await;
}

/// In the attack the commit was on the release branch before the pull request merged that branch.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_a_pull_request_picks_up_from_the_release_branch() {
    let joined = "[[commits]]\nid = \"joined\"\nparents = [\"fix\", \"sneak\"]\nauthor = \"dana\"\n";
    let steps = [
        commit("sneak", "v1", "dana", "files = { \"src/sneak.js\" = \"sneak();\\n\" }"),
        joined.to_owned(),
        attacks("push = { branch = \"main\", commit = \"sneak\" }"),
        step("push = { branch = \"round-totals\", commit = \"joined\" }"),
    ];
    let scene = clean().before(REVIEW, &steps.concat());
    attack(scene, &["by dana came to the release branch without a pull request"]).await;
}

/// A merge by hand whose first parent is older than what was pushed meanwhile: the pull request's branch brings that along, and
/// nobody saw it in the pull request.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_onto_an_older_commit_does_not_make_a_pushed_one_a_part_of_the_pull_request() {
    let joined = "[[commits]]\nid = \"joined\"\nparents = [\"merged\", \"work\"]\nauthor = \"dana\"\n";
    let steps = [
        commit("sneak", "merged", "dana", "files = { \"src/sneak.js\" = \"sneak();\\n\" }"),
        commit("work", "sneak", "dana", "files = { \"src/work.js\" = \"work();\\n\" }"),
        joined.to_owned(),
        attacks("push = { branch = \"main\", commit = \"sneak\" }"),
        step("push = { branch = \"more\", commit = \"work\" }"),
        step("open_pull_request = { number = 872, from = \"more\", by = \"dana\" }"),
        step("review = { pull_request = 872, by = \"lee\" }"),
        step("push = { branch = \"main\", commit = \"joined\", by = \"dana\" }"),
    ];
    let scene = clean().after(MERGE, &steps.concat()).deploys("joined", "joined");
    attack(scene, &["by dana came to the release branch with pull request 872 and is no part of it"]).await;
}

/// GitHub lists a hundred commits at once, and all of them are parts.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_of_more_than_a_hundred_commits_is_merged_whole() {
    let work = |number: usize| {
        let parent = if number == 0 { "merged".to_owned() } else { format!("work-{}", number - 1) };
        let file = format!("files = {{ \"src/work-{number}.js\" = \"work();\\n\" }}");
        commit(&format!("work-{number}"), &parent, "dana", &file)
    };
    let steps = [
        (0..205).map(work).collect::<String>(),
        step("push = { branch = \"more\", commit = \"work-204\" }"),
        step("open_pull_request = { number = 872, from = \"more\", by = \"dana\" }"),
        step("review = { pull_request = 872, by = \"lee\" }"),
        step("merge = { pull_request = 872, by = \"dana\", commit = \"whole\" }"),
    ];
    is_approved(clean().after(MERGE, &steps.concat()).deploys("whole", "whole")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_changes_no_file_needs_no_review() {
    let empty = |keys: &str, only: &str| commit("empty", "merged", "dana", &format!("only = \"{only}\"\n{keys}"));
    let steps = [
        empty("files = { \"src/more.js\" = \"more();\\n\" }", "scene"),
        empty("message = \"Build again\"", "twin"),
        step("push = { branch = \"main\", commit = \"empty\" }"),
    ];
    let scene = clean().after(MERGE, &steps.concat()).deploys("empty", "empty");
    attack(scene, &["by dana came to the release branch without a pull request"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_graphql_has_not_heard_of_yet() {
    let late = |on: &str| step(&format!("fail = {{ system = \"github\", how = \"unseen_pull_requests\"{on} }}"));
    is_approved(clean().before(TICKET, &late(", on = \"graphql\""))).await;
    is_held(clean().before(TICKET, &late("")), &["came to the release branch without a pull request"]).await;
    let known = format!("{}{}", step("recover = { system = \"github\" }"), step("pass = \"1h\""));
    is_approved(clean().before(TICKET, &late("")).after(TICKET, &known)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_another_folder_counts_like_any_other() {
    let other = commit("other", "merged", "dana", "files = { \"services/other/main.js\" = \"other();\\n\" }");
    let push = format!("{other}{}", step("push = { branch = \"main\", commit = \"other\" }"));
    let scene = clean().after(MERGE, &push).deploys("other", "other");
    is_held(scene, &["by dana came to the release branch without a pull request"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_in_the_past_helps_nobody() {
    let dated = "dated = \"2020-01-01T00:00:00Z\"\nfiles = { \"src/late.js\" = \"late();\\n\" }";
    let late = commit("late", "fix", "dana", dated);
    let push = format!("{late}{}", attacks("push = { branch = \"round-totals\", commit = \"late\" }"));
    attack(clean().after(REVIEW, &push), &["the approval by Lee Wong does not count: given for"]).await;
}

#[test]
fn who_merged_is_no_reviewer() {
    let mut facts = passing();
    range(&mut facts).commits[1] = merge('c', &['a', 'b'], &user("lee", 1002));
    pull_request(&mut facts).reviews.clear();
    let said = read(&finding(&facts, "commit_review"));
    assert!(said.contains("bbbbbbb by dana came through pull request 871, which nobody approved"), "{said}");
}

#[test]
fn githubs_own_name_as_committer_proves_nothing_without_its_signature() {
    let mut facts = passing();
    let web_flow = Account { id: GithubId(19_864_447).into(), login: "web-flow".into(), kind: AccountKind::User };
    range(&mut facts).commits[0].committer = GitActor { name: "GitHub".into(), account: Some(web_flow) };
    let finding = finding(&facts, "commit_review");
    assert_eq!(finding.outcome, Outcome::NotMet);
    let said = read(&finding);
    assert!(said.contains("web-flow committed bbbbbbb and is not in the people file"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_branch_name_again_is_another_pull_request() {
    // The first pull request of the branch was approved, closed, and never merged.
    let again = [
        attacks("open_pull_request = { number = 870, from = \"round-totals\", by = \"dana\" }"),
        attacks("review = { pull_request = 870, by = \"lee\" }"),
        attacks("close_pull_request = { pull_request = 870, by = \"dana\" }"),
    ];
    let scene = clean().after(PUSH, &again.concat()).with(&step(REVIEW), &in_twin(REVIEW));
    attack(scene, &["by dana came through pull request 871, which nobody approved"]).await;
}
