//! G26 to G32: commits that came past the pull requests, or past what was looked at.

use cm_bot::model::{Field, Relation};
use cm_bot::policy::decision::Outcome;
use cm_bot::policy::facts::{Fact, Gap, GapReason, Source};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::Variant;

use super::stage::{DEPLOYED, MERGE, PUSH, TICKET, attacks, both_approve, clean, commit, in_twin, step};
use super::{attack, is_approved};
use crate::support::facts::{finding, judge, passing, range, sha};
use crate::support::{TestScene, world};

/// A commit on top of the merge of pull request 871.
fn sneak() -> String {
    commit("sneak", "merged", "dana", "files = { \"src/sneak.js\" = \"sneak();\\n\" }")
}

/// Pull request 872 with that commit, reviewed by lee, merged as `second`.
const THROUGH_872: [&str; 4] = [
    "push = { branch = \"more\", commit = \"sneak\" }",
    "open_pull_request = { number = 872, from = \"more\", by = \"dana\" }",
    "review = { pull_request = 872, by = \"lee\" }",
    "merge = { pull_request = 872, by = \"dana\", commit = \"second\" }",
];

#[tokio::test(flavor = "multi_thread")]
async fn g26_a_push_straight_to_the_release_branch() {
    let steps = format!(
        "{}{}{}",
        sneak(),
        attacks("push = { branch = \"main\", commit = \"sneak\" }"),
        THROUGH_872.map(in_twin).concat()
    );
    let scene = clean().after(MERGE, &steps).deploys("sneak", "second");
    attack(scene, &["by dana came to the release branch without a pull request"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g26_a_push_that_makes_github_call_an_unreviewed_pull_request_merged() {
    let [push, open, review, _] = THROUGH_872;
    let to_main = step("push = { branch = \"main\", commit = \"sneak\" }");
    let steps = format!("{}{}{}{}{to_main}", sneak(), step(push), step(open), in_twin(review));
    let scene = clean().after(MERGE, &steps).deploys("sneak", "sneak");
    attack(scene, &["by dana came through pull request 872, which nobody approved"]).await;
}

/// GitHub lists ten pull requests of a commit at once; a commit with more is looked up by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_in_many_pull_requests_is_clean_all_the_same() {
    let aside = |number: u32| {
        let (branch, pull) = (format!("side-{number}"), 100 + number);
        step(&format!("push = {{ branch = \"{branch}\", commit = \"v1\" }}"))
            + &step(&format!(
                "open_pull_request = {{ number = {pull}, from = \"round-totals\", into = \"{branch}\", by = \"dana\" }}"
            ))
            + &step(&format!("merge = {{ pull_request = {pull}, by = \"dana\", commit = \"aside-{number}\" }}"))
    };
    is_approved(clean().before(MERGE, &(1..=11).map(aside).collect::<String>())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g27_a_commit_that_is_only_in_a_fork() {
    let steps = format!("{}{}", sneak(), attacks("push = { branch = \"main\", commit = \"sneak\", fork = true }"));
    let scene = clean().after(MERGE, &steps).deploys("sneak", "merged");
    attack(scene, &["The commit is not on the release branch main.", "is not in the history of main."]).await;
}

/// GitHub may read a name in a request as a branch before it reads it as a commit. The same question at the gate, where a
/// tag may have moved, comes with the gate.
#[tokio::test(flavor = "multi_thread")]
async fn g28_a_branch_that_is_called_like_an_unreviewed_commit() {
    let away = step("push = { branch = \"away\", commit = \"away\" }");
    let away = format!("{}{away}", commit("away", "v1", "dana", "files = { \"src/sneak.js\" = \"sneak();\\n\" }"));
    let scene = clean().after(DEPLOYED, &away).deploys("away", "merged");
    let sha = sha_of(&scene, "away").await;
    for target in ["v1", "merged"] {
        let push = format!("push = {{ branch = \"{sha}\", commit = \"{target}\", by = \"dana\" }}");
        let scene = scene.clone().after(MERGE, &attacks(&push));
        attack(scene, &["GitHub answered something unexpected when asked for the release branch"]).await;
    }
}

#[test]
fn g28_two_names_are_never_the_same_commit() {
    let mut facts = passing();
    range(&mut facts).relation = Relation::Identical;
    range(&mut facts).commits.clear();
    assert_eq!(finding(&facts, "commit_review").outcome, Outcome::Unknown);
    assert!(judge(&facts).auto_approval().is_none());
    facts.ticket.fields.insert(Field::Commit, sha('a').to_string());
    assert_eq!(finding(&facts, "commit_review").outcome, Outcome::NotApplicable);
}

/// The SHA that a commit gets in a scene.
async fn sha_of(scene: &TestScene, name: &str) -> String {
    let parsed = scene.parsed().variant(Variant::Scene);
    let steps = parsed.timeline.clone();
    // Nobody has to be there who judges it.
    let world = world(parsed, Clock::scripted()).await;
    for step in steps.iter().flat_map(|step| step.parts()) {
        world.simulator.play(&step).await.unwrap();
        if let Ok(sha) = world.simulator.github.sha(name) {
            return sha;
        }
    }
    panic!("nobody pushes {name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g28_a_ticket_that_names_a_branch() {
    let by_branch = TICKET.replace(" }", ", fields = { commit = \"main\" } }");
    attack(clean().attacked(TICKET, &by_branch), &["The commit is main; the full SHA of 40 digits is expected."]).await;
}

/// Pull request 872 is fine, and rests on a commit that was pushed straight to the release branch; its own ticket
/// PRODCM-405 ended as `ends` say.
fn after_a_ticket_of_its_own(ends: &str) -> TestScene {
    let good = commit("good", "sneak", "dana", "files = { \"src/good.js\" = \"good();\\n\" }");
    let steps = [
        sneak(),
        good,
        step("push = { branch = \"main\", commit = \"sneak\" }"),
        step(&TICKET.replace("412", "405").replace("merged", "sneak")),
        ends.to_owned(),
        step("push = { branch = \"more\", commit = \"good\" }"),
        THROUGH_872[1..].iter().map(|verb| step(verb)).collect::<String>(),
    ];
    clean().after(MERGE, &steps.concat()).deploys("second", "second")
}

#[tokio::test(flavor = "multi_thread")]
async fn g30_a_developer_approves_the_own_ticket_to_move_the_baseline() {
    let approve = |by: &str| format!("move_ticket = {{ ticket = \"PRODCM-405\", by = \"{by}\", to = \"Approved\" }}");
    let close = step("move_ticket = { ticket = \"PRODCM-405\", by = \"dana\", to = \"Closed\" }");
    let scene = after_a_ticket_of_its_own(&format!(
        "{}{}{close}",
        attacks(&approve("dana")),
        both_approve("PRODCM-405").replace("[[timeline]]", "[[timeline]]\nonly = \"twin\"")
    ));
    attack(scene, &["by dana came to the release branch without a pull request", "since PRODCM-398"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g30_a_ticket_that_was_declined_is_no_baseline() {
    let moved = |to: &str| format!("move_ticket = {{ ticket = \"PRODCM-405\", by = \"priya\", to = \"{to}\" }}");
    let close = step("move_ticket = { ticket = \"PRODCM-405\", by = \"dana\", to = \"Closed\" }");
    let scene = after_a_ticket_of_its_own(&format!(
        "{}{}{close}",
        attacks(&moved("Declined")),
        both_approve("PRODCM-405").replace("[[timeline]]", "[[timeline]]\nonly = \"twin\"")
    ));
    attack(scene, &["by dana came to the release branch without a pull request"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g31_a_rollback() {
    let ticket = DEPLOYED.replace("398", "405").replace("v1", "merged");
    let scene = clean().after(MERGE, &step(&ticket)).deploys("v1", "merged");
    let sentences = [
        "This is a rollback: the commit is older than the last approved one.",
        "has 2 commits that would leave production.",
        "Round invoice totals to cents.",
    ];
    attack(scene, &sentences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g31_a_rewritten_release_branch() {
    let root = "[[commits]]\nid = \"v0\"\nauthor = \"lee\"\nfiles = { \"README.md\" = \"Billing\\n\" }\n";
    let other = commit("other", "v0", "dana", "only = \"scene\"\nmessage = \"Start again\"");
    let rewritten = attacks("push = { branch = \"main\", commit = \"other\", force = true }");
    let scene = clean()
        .with("[[commits]]", &format!("{root}{other}\n[[commits]]"))
        .with("id = \"v1\"\n", "id = \"v1\"\nparents = [\"v0\"]\n")
        .after(DEPLOYED, &rewritten)
        .with("id = \"fix\"\n", "id = \"fix\"\nonly = \"twin\"\n")
        .before(PUSH, &commit("fix", "other", "dana", "only = \"scene\"\nfiles = { \"src/totals.js\" = \"0;\\n\" }"));
    let sentences = [
        "The commit does not build on the last approved one.",
        "It brings 3 commits, and 1 commit of ",
        "Leaves production: ",
        " Add invoice totals.",
    ];
    attack(scene, &sentences).await;
}

/// The oldest commit of [`long`] comes straight to the release branch.
fn past_review(scene: TestScene) -> TestScene {
    scene.before(PUSH, &attacks("push = { branch = \"main\", commit = \"c1\" }"))
}

/// Pull request 871 with `count` commits below its last.
fn long(count: usize) -> TestScene {
    let name = |number: usize| if number == 0 { "v1".to_owned() } else { format!("c{number}") };
    let one = |number: usize| {
        let file = format!("files = {{ \"src/part{}.js\" = \"{number};\\n\" }}", number % 7);
        commit(&name(number), &name(number - 1), "dana", &file)
    };
    let commits: String = (1..=count).map(one).collect();
    clean()
        .with("id = \"fix\"\nparents = [\"v1\"]", &format!("id = \"fix\"\nparents = [\"{}\"]", name(count)))
        .before(PUSH, &commits)
}

#[tokio::test(flavor = "multi_thread")]
async fn g32_the_oldest_of_251_commits_was_not_reviewed() {
    let sentences = ["by dana came to the release branch without a pull request", "252 commits since PRODCM-398"];
    attack(past_review(long(250)), &sentences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g32_the_oldest_of_1000_commits_was_not_reviewed() {
    let sentences = ["by dana came to the release branch without a pull request", "1001 commits since PRODCM-398"];
    attack(past_review(long(999)), &sentences).await;
}

/// A page of the range does not come, comes twice, or the list is shorter than it said. In the twin it fails once and is read
/// again.
async fn f08(how: &str, sentences: &[&str]) {
    let fails = |times: &str| format!("fail = {{ system = \"github\", how = \"{how}\", on = \"&page=2\"{times} }}");
    let scene = long(120).before(TICKET, &format!("{}{}", attacks(&fails("")), in_twin(&fails(", times = 1"))));
    attack(scene, sentences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_the_second_page_does_not_come() {
    f08("bad_gateway", &["GitHub did not answer when asked for"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_the_first_page_comes_twice() {
    f08("repeats_page", &["GitHub did not give all of the commits since the last approved change"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_the_list_ends_before_the_number_that_it_told() {
    f08("ends_early", &["GitHub did not give all of the commits since the last approved change"]).await;
}

#[test]
fn g32_a_list_that_is_not_complete_holds() {
    let mut facts = passing();
    for reason in [GapReason::Incomplete, GapReason::TooMuch] {
        let what = "the commits since the last approved change".to_owned();
        facts.range = Fact::Unknown(Gap { what, source: Source::Github, reason });
        assert_eq!(finding(&facts, "commit_range").outcome, Outcome::Unknown);
        assert_eq!(finding(&facts, "commit_review").outcome, Outcome::Unknown);
        assert!(judge(&facts).auto_approval().is_none());
    }
    let said = finding(&facts, "commit_range").headline;
    assert!(said.contains("GitHub has more of the commits since the last approved change than cm-bot reads"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_review_saw_may_be_pushed_by_anybody_without_a_merge_commit() {
    let fast = "push = { branch = \"main\", commit = \"fix\", by = \"sam\" }";
    is_approved(clean().instead(MERGE, fast, fast).deploys("fix", "fix")).await;
}
