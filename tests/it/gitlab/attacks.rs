//! What somebody tries who wants unreviewed code approved.

use std::fmt::Write as _;

use super::{attack, before_the_merge, change, change_in, is_approved, is_held, step_in};

const REVIEW: &str = "review = { pull_request = 871, by = \"lee\" }";

const LATE: &str = r#"
[[commits]]
id = "late"
parents = ["fix"]
author = "dana"
only = "scene"
message = "Small cleanup"
files = { "src/late.js" = "fetch('https://collect.example');\n" }
"#;

/// GitLab may be set to keep approvals when somebody pushes.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_after_the_approval() {
    let push = step_in("scene", "push = { branch = \"round-totals\", commit = \"late\" }");
    let keeps = before_the_merge(change_in("resets_approvals = false"), (LATE, &push));
    attack(keeps, &["the approval by Lee Wong does not count: given for"]).await;
    let resets = before_the_merge(change(), (LATE, &push));
    attack(resets, &["which nobody approved"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_push_after_the_approval() {
    let forced = LATE.replace("parents = [\"fix\"]", "parents = [\"v1\"]");
    let push = step_in("scene", "push = { branch = \"round-totals\", commit = \"late\", force = true }");
    let scene = before_the_merge(change_in("resets_approvals = false"), (&forced, &push));
    attack(scene, &["the approval by Lee Wong does not count: given"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_opener_approves() {
    let both = format!("only = \"scene\"\n{}\n[[timeline]]\nonly = \"twin\"\n{REVIEW}", REVIEW.replace("lee", "dana"));
    attack(change().with(REVIEW, &both), &["nobody's approval counts for their own work"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_approves_who_committed_wrote_with_or_pushed_it() {
    let fix = "id = \"fix\"\nparents = [\"v1\"]\nauthor = \"dana\"\n";
    for (mine, deed) in
        [("committer = \"lee\"\n", "Lee Wong committed"), ("co_authors = [\"lee\"]\n", "Lee Wong wrote")]
    {
        is_held(change().with(fix, &format!("{fix}{mine}")), &[deed, "nobody's approval counts for their own work"])
            .await;
        is_approved(change().with(fix, &format!("{fix}{}", mine.replace("lee", "sam")))).await;
    }
    let push = "push = { branch = \"round-totals\", commit = \"fix\" }";
    let by = |who: &str| change().with(push, &push.replace(" }", &format!(", by = \"{who}\" }}")));
    is_held(by("lee"), &["Lee Wong pushed", "nobody's approval counts for their own work"]).await;
    is_approved(by("sam")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_approves_who_pushed_what_was_rewritten_since() {
    let draft = "[[commits]]\nid = \"draft\"\nparents = [\"v1\"]\nauthor = \"dana\"\nmessage = \"Round totals\"\n\
                 files = { \"src/totals.js\" = \"export const total = 0;\\n\" }\n\n";
    let fix = "push = { branch = \"round-totals\", commit = \"fix\" }";
    let again =
        format!("{}\n[[timeline]]\npass = \"15m\"\n[[timeline]]\n{REVIEW}", fix.replace(" }", ", force = true }"));
    let by = |who: &str| {
        let first = fix.replace("\"fix\" }", &format!("\"draft\", by = \"{who}\" }}"));
        let main = "[[timeline]]\npush = { branch = \"main\"";
        change().with(main, &format!("{draft}{main}")).with(fix, &first).with(REVIEW, &again)
    };
    is_held(by("lee"), &["which was rewritten since", "nobody's approval counts for their own work"]).await;
    is_approved(by("sam")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_whose_address_is_nobodys() {
    let fix = "id = \"fix\"\nparents = [\"v1\"]\nauthor = \"dana\"\n";
    let scene = change().with(fix, &format!("{fix}unknown_author = true\n"));
    is_held(scene, &["whose e-mail address belongs to no GitLab account"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_was_taken_back() {
    let step = step_in("scene", "dismiss_review = { pull_request = 871, review_by = \"lee\", by = \"lee\" }");
    attack(before_the_merge(change(), ("", &step)), &["which nobody approved"]).await;
}

/// An instance that does not say when an approval was given has written it down.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_of_which_only_a_note_says_when_it_was_given() {
    let push = step_in("scene", "push = { branch = \"round-totals\", commit = \"late\" }");
    let old = change_in("resets_approvals = false\ndates_approvals = false");
    attack(before_the_merge(old, (LATE, &push)), &["the approval by Lee Wong does not count: given for"]).await;
}

/// Words of a person are no note of GitLab's.
#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_reads_like_an_approval() {
    let both = format!(
        "only = \"scene\"\ncomment_on_pull_request = {{ pull_request = 871, by = \"lee\", text = \"approved this merge request\" }}\n\
         [[timeline]]\nonly = \"twin\"\n{REVIEW}"
    );
    attack(change().with(REVIEW, &both), &["which nobody approved"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_were_requested() {
    let step = step_in("scene", "review = { pull_request = 871, by = \"sam\", state = \"request_changes\" }");
    attack(before_the_merge(change(), ("", &step)), &["Sam Okafor asked for changes and has not approved since"]).await;
}

/// Everybody of the change, and somebody more.
fn with_person(more: &str) -> crate::support::TestScene {
    let person = |name: &str, full: &str, roles: &str| {
        format!("[[people]]\nname = \"{name}\"\nfull_name = \"{full}\"\nroles = [{roles}]\n")
    };
    let cast = [
        person("dana", "Dana Reyes", ""),
        person("lee", "Lee Wong", ""),
        person("priya", "Priya Nair", "\"security-lead\""),
        person("sam", "Sam Okafor", "\"engineering-lead\""),
        person("alex", "Alex Silva", "\"security-officer\""),
    ];
    change().with("[[timeline]]", &format!("{}{more}\n[[timeline]]", cast.concat()))
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_approves_who_is_no_person_that_anybody_knows() {
    let by = |who: &str| {
        format!("only = \"scene\"\n{}\n[[timeline]]\nonly = \"twin\"\n{REVIEW}", REVIEW.replace("lee", who))
    };
    let bot = "[[people]]\nname = \"project_41_bot\"\nfull_name = \"A Token\"\nbot = true\n";
    let scene = with_person(bot).with(REVIEW, &by("project_41_bot"));
    attack(scene, &["the approval by project_41_bot does not count: a bot's approval does not count"]).await;
    let puppet = "[[people]]\nname = \"dana-at-home\"\nfull_name = \"Dana\"\nunmapped = true\n";
    let scene = with_person(puppet).with(REVIEW, &by("dana-at-home"));
    attack(scene, &["(dana-at-home) is not in the people file, so nobody can say who it is"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_committed_whom_nobody_knows() {
    let puppet = "[[people]]\nname = \"dana-at-home\"\nfull_name = \"Dana\"\nunmapped = true\n";
    let fix = "id = \"fix\"\nparents = [\"v1\"]\nauthor = \"dana\"\n";
    let scene = with_person(puppet).with(fix, &format!("{fix}committer = \"dana-at-home\"\n"));
    is_held(scene, &["dana-at-home committed", "and is not in the people file (GitLab account"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_approves_who_may_not_push() {
    let rights = step_in("scene", "set_rights = { who = \"lee\", may_push = false }");
    attack(before_the_merge(change(), ("", &rights)), &["Lee Wong may not push to the repository"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_was_pointed_at_another_branch_after_the_approval() {
    let steps = "[[timeline]]\nonly = \"scene\"\npush = { branch = \"old\", commit = \"v1\", by = \"dana\" }\n\
                 [[timeline]]\nonly = \"scene\"\nchange_base = { pull_request = 871, into = \"old\", by = \"dana\" }\n\
                 [[timeline]]\nonly = \"scene\"\nchange_base = { pull_request = 871, into = \"main\", by = \"dana\" }\n";
    let scene = before_the_merge(change_in("resets_approvals = false"), ("", steps));
    attack(scene, &["before the base branch was changed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pushed_to_the_release_branch_without_anybody() {
    let by_hand = "[[commits]]\nid = \"by-hand\"\nparents = [\"v1\"]\nauthor = \"dana\"\nfiles = { \"src/late.js\" = \"1;\\n\" }\n";
    let scene = change()
        .with("[[timeline]]\npush", &format!("{by_hand}[[timeline]]\npush"))
        .with(
            "merge = { pull_request = 871, by = \"dana\", commit = \"merged\" }",
            "push = { branch = \"main\", commit = \"by-hand\" }",
        )
        .with("commit = \"merged\" }", "commit = \"by-hand\" }");
    is_held(scene, &["came to the release branch without a pull request"]).await;
}

/// More commits than stand on one page, all of them by people who are known, and the first one by the reviewer.
#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_of_many_commits_is_not_lost() {
    let mut commits = String::new();
    let mut parent = "fix".to_owned();
    for number in 0..120 {
        let id = format!("more{number}");
        let _ = write!(
            commits,
            "\n[[commits]]\nid = \"{id}\"\nparents = [\"{parent}\"]\nauthor = \"dana\"\nfiles = {{ \"src/{id}.js\" = \"{number};\\n\" }}\n"
        );
        parent = id;
    }
    let open = "open_pull_request = ";
    let push = format!("push = {{ branch = \"round-totals\", commit = \"{parent}\" }}\n[[timeline]]\n{open}");
    let many = before_the_merge(change(), (&commits, "")).with(open, &push);
    is_approved(many.clone()).await;
    let fix = "id = \"fix\"\nparents = [\"v1\"]\nauthor = \"dana\"\n";
    is_held(many.with(fix, &format!("{fix}committer = \"lee\"\n")), &["nobody's approval counts for their own work"])
        .await;
}

/// The reviewer approves a page that was opened before the push: GitLab tells when, and not what was on it.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_pushes_while_the_reviewer_reads() {
    let push = step_in("scene", "push = { branch = \"round-totals\", commit = \"late\" }");
    let soon = format!(
        "{REVIEW}\n{}[[timeline]]\n{REVIEW}",
        push.replace("[[timeline]]", "[[timeline]]\npass = \"1m\"\n[[timeline]]")
    );
    let scene = before_the_merge(change_in("resets_approvals = true"), (LATE, "")).with(REVIEW, &soon);
    is_held(scene.clone(), &["GitLab does not tell which of its commits was on the page, so an approval counts from 10 minutes after a push"]).await;
    is_approved(scene).await;
}

/// Whoever presses the button pushes none of the commits that come with it.
#[tokio::test(flavor = "multi_thread")]
async fn commits_that_came_with_a_merge_into_another_branch() {
    let other = "\n[[commits]]\nid = \"other\"\nparents = [\"v1\"]\nauthor = \"dana\"\nfiles = { \"src/other.js\" = \"1\\n\" }\n";
    let steps = [
        "push = { branch = \"aside\", commit = \"other\" }",
        "open_pull_request = { number = 870, from = \"aside\", into = \"round-totals\", by = \"dana\" }",
        "merge = { pull_request = 870, by = \"dana\", commit = \"joined\" }",
    ];
    let steps = steps.map(|step| step_in("scene", step)).concat();
    let scene = before_the_merge(change(), (other, ""))
        .with(REVIEW, &format!("only = \"twin\"\n{REVIEW}\n{steps}{}", step_in("scene", REVIEW)));
    attack(scene, &["nobody signed", "and GitLab has no record of who pushed it"]).await;
}
