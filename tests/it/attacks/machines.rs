//! Work of machines: who asked for it is no reviewer of it, and a machine's name is no excuse for a person's commit.

use super::stage::{MERGE, OPEN, PUSH, REVIEW, attacks, clean, commit, in_twin, step};
use super::{attack, is_approved, is_held};
use crate::support::TestScene;

const MACHINES: &str = r#"
[[people]]
name = "coding-agent"
full_name = "Coding Agent"
bot = true
[[people]]
name = "dependabot"
full_name = "Dependabot"
bot = true
[criteria.commit_review]
unattended_bots = [1008]
"#;

/// Pull request 871 with one commit, both made by a machine; assigned to whom `assign` says.
fn made_by(bot: &str, assign: &str) -> TestScene {
    let open = OPEN.replace("dana", bot);
    let author = format!("parents = [\"v1\"]\nauthor = \"{bot}\"\nsigned = true");
    clean()
        .people(MACHINES)
        .with("parents = [\"v1\"]\nauthor = \"dana\"", &author)
        .with(&step(OPEN), &format!("{}{assign}", step(&open)))
}

fn review_by(name: &str) -> String {
    REVIEW.replace("lee", name)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_a_coding_agent_cannot_approve_its_work() {
    let scene = made_by("coding-agent", &step("assign = { pull_request = 871, who = \"lee\", by = \"lee\" }")).instead(
        REVIEW,
        REVIEW,
        &review_by("sam"),
    );
    attack(scene, &["the approval by Lee Wong does not count: Lee Wong asked coding-agent for pull request 871"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_somebody_must_have_asked_and_nobody_is_on_record_for() {
    let assigned = step("assign = { pull_request = 871, who = \"sam\", by = \"sam\" }");
    let said = [
        "came through pull request 871, where coding-agent opened pull request 871, and nobody can say who told it to",
    ];
    is_held(made_by("coding-agent", ""), &said).await;
    is_approved(made_by("coding-agent", &assigned)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_names_a_colleague_as_the_one_who_asked_a_machine_may_have_asked() {
    let assign = step("assign = { pull_request = 871, who = \"sam\", by = \"lee\" }");
    let scene = made_by("coding-agent", &assign).instead(REVIEW, REVIEW, &review_by("priya"));
    attack(scene, &["the approval by Lee Wong does not count: Lee Wong asked coding-agent for pull request 871"]).await;
}

/// A workflow can name anybody as the one who asked; an agent of the criteria names who did.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_names_a_colleague_as_the_one_who_asked() {
    let assign = "assign = { pull_request = 871, who = \"sam\", by = \"coding-agent\" }";
    let by_sam = "assign = { pull_request = 871, who = \"sam\", by = \"sam\" }";
    let said = [
        "came through pull request 871, where coding-agent opened pull request 871, and nobody can say who told it to",
    ];
    attack(made_by("coding-agent", &(step(assign) + &in_twin(by_sam))), &said).await;
    let believed = MACHINES.replace("[1008]", "[1008]\ncoding_agents = [1007]");
    is_approved(made_by("coding-agent", &step(assign)).with(MACHINES, &believed)).await;
    let asked = made_by("coding-agent", &step(assign)).with(MACHINES, &believed).with(REVIEW, &review_by("sam"));
    is_held(asked, &["the approval by Sam Okafor does not count: Sam Okafor asked coding-agent for pull request 871"])
        .await;
}

/// What a person does counts, whatever a machine says about the same person.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_a_machine_named_names_a_colleague() {
    let assign = step("assign = { pull_request = 871, who = \"lee\", by = \"coding-agent\" }")
        + &step("assign = { pull_request = 871, who = \"sam\", by = \"lee\" }");
    let scene = made_by("coding-agent", &assign).instead(REVIEW, REVIEW, &review_by("priya"));
    attack(scene, &["the approval by Lee Wong does not count: Lee Wong asked coding-agent for pull request 871"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_brings_the_branch_up_to_date_adds_nothing() {
    let other = commit("other", "v1", "lee", "files = { \"src/other.js\" = \"1\\n\" }");
    let pull = "open_pull_request = { number = 870, from = \"other\", by = \"lee\" }";
    let before = other
        + &step("push = { branch = \"other\", commit = \"other\" }")
        + &step(pull)
        + &step("review = { pull_request = 870, by = \"dana\" }")
        + &step("merge = { pull_request = 870, by = \"lee\", commit = \"first\" }");
    let update = step("update_branch = { pull_request = 871, by = \"coding-agent\", commit = \"updated\" }");
    let scene = clean().people(MACHINES).with(&step(REVIEW), &(before + &update + &step(REVIEW)));
    is_approved(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_somebody_let_push_to_a_colleagues_pull_request() {
    let more = commit("more", "fix", "coding-agent", "signed = true\nfiles = { \"src/more.js\" = \"more();\\n\" }");
    let push = "push = { branch = \"round-totals\", commit = \"more\", by = \"BOT\" }";
    for (bot, is_known) in [("coding-agent", false), ("dependabot", true)] {
        let more = more.replace("coding-agent", bot) + &step(&push.replace("BOT", bot));
        let scene = clean().people(MACHINES).with(&step(REVIEW), &(more + &step(REVIEW)));
        match is_known {
            false => {
                is_held(scene, &["where coding-agent[bot] wrote commit", "and nobody can say who told it to"]).await
            }
            true => is_approved(scene).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_in_the_message_of_a_persons_commit_is_no_hand() {
    let scene = || {
        clean()
            .people(MACHINES)
            .with("author = \"dana\"\nmessage = \"Round", "author = \"dana\"\nco_authors = [\"CO\"]\nmessage = \"Round")
    };
    is_approved(scene().with("\"CO\"", "\"coding-agent\"")).await;
    is_held(scene().with("\"CO\"", "\"lee\""), &["Lee Wong wrote commit"]).await;
}

/// An assistant signs in an account as people have one. What it is must stand in the criteria; of the commit's own author it
/// says nothing, and of a colleague not either.
#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_in_the_message_of_a_persons_commit_is_no_hand_where_the_criteria_name_it() {
    let assistant = "[[people]]\nname = \"assistant\"\nfull_name = \"Assistant\"\nunmapped = true\n";
    let named = format!("{assistant}[criteria.commit_review]\nwriting_assistants = [1002, 1007]\n");
    let signed = |people: &str, by: &str| {
        let co_authors = format!("author = \"dana\"\nco_authors = [\"{by}\"]\nmessage = \"Round");
        clean().people(people).with("author = \"dana\"\nmessage = \"Round", &co_authors)
    };
    is_approved(signed(&named, "assistant")).await;
    is_held(signed(assistant, "assistant"), &["assistant wrote commit", "and is not in the people file"]).await;
    is_held(signed(&named, "lee"), &["Lee Wong wrote commit"]).await;
    let alone = clean().people(&named).with("author = \"dana\"\nmessage", "author = \"assistant\"\nmessage");
    is_held(alone, &["assistant wrote commit", "and is not in the people file"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_works_by_the_clock_needs_one_reviewer() {
    is_approved(made_by("dependabot", "")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_adds_to_a_bots_pull_request_and_approves_it() {
    let more = commit("more", "fix", "lee", "files = { \"src/more.js\" = \"more();\\n\" }");
    let more = format!("{more}{}", step("push = { branch = \"round-totals\", commit = \"more\" }"));
    let scene = made_by("dependabot", &more).instead(REVIEW, REVIEW, &review_by("sam"));
    attack(scene, &["the approval by Lee Wong does not count: Lee Wong wrote commit"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_in_the_name_of_a_bot_that_nobody_signed() {
    let forged = commit("fix", "v1", "dependabot", "only = \"scene\"\nfiles = { \"src/totals.js\" = \"0;\\n\" }");
    let scene = clean()
        .people(MACHINES)
        .with("id = \"fix\"\n", "id = \"fix\"\nonly = \"twin\"\n")
        .more(&forged)
        .with(&step(PUSH), &step(&PUSH.replace(" }", ", by = \"dana\" }")));
    attack(scene, &["claims to be written by the bot dependabot[bot] but nobody signed it"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bots_approval_beside_a_contributors_is_still_none() {
    let reviews = format!("{}{}", step(&review_by("coding-agent")), attacks(&review_by("dana")));
    let scene = clean().people(MACHINES).with(&step(REVIEW), &format!("{reviews}{}", in_twin(REVIEW)));
    attack(scene, &["coding-agent (a bot's approval does not count)"]).await;
}

/// GraphQL names no account for a machine's address; REST does. So what was reviewed is known to be a machine's also where a
/// squash has left nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_own_commits_of_a_machine_are_known_after_a_squash() {
    let criteria = "[criteria.squash_merge]\nallow_verified_squash = true\n";
    let rewritten = |method: &str| {
        let merge = step(&MERGE.replace(" }", &format!(", method = \"{method}\" }}")));
        made_by("dependabot", "").more(criteria).with(&step(MERGE), &merge)
    };
    is_approved(rewritten("squash")).await;
    is_approved(rewritten("rebase")).await;
    let unsigned = rewritten("squash").with("author = \"dependabot\"\nsigned = true", "author = \"dependabot\"");
    is_held(unsigned, &["claims to be written by the bot dependabot[bot] but nobody signed it"]).await;
}
