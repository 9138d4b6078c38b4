//! A service at another forge: the same proofs, with accounts that are nobody else's, and sentences that name the right system.

use cm_bot::model::{Forge, Opinion, People, Signature, Timestamp, UserId};
use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::decision::{Kind, Outcome};
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::{Fact, Facts, Gap, GapReason, Placement, Source};

use crate::support::facts::{
    NOW, commit, criteria, criteria_with, passing, pull_request, range, read, sha, tree_name, user,
};

/// The facts that pass, of a service at GitLab: its people have the same numbers there.
fn at_gitlab() -> Facts {
    let mut text = serde_json::to_string(&passing()).unwrap();
    for number in [1001, 1002] {
        text = text.replace(&format!("\"id\":{number},"), &format!("\"id\":\"gitlab:{number}\","));
    }
    let mut facts: Facts = serde_json::from_str(&text).unwrap();
    if let Placement::Registered { service, .. } = &mut facts.placement {
        service.forge = Forge::Gitlab;
    }
    facts
}

/// The shipped criteria with people of whom Dana and Lee have these accounts.
fn known(dana: &str, lee: &str) -> Criteria {
    let mut criteria = criteria();
    let person = |name: &str, accounts: &str| {
        let jira = name.split(' ').next().unwrap().to_lowercase();
        format!("[[people]]\nname = \"{name}\"\njira = \"712020:{jira}\"\n{accounts}\n")
    };
    criteria.people = People::parse(&(person("Dana Reyes", dana) + &person("Lee Wong", lee))).unwrap();
    criteria
}

/// What one rule says.
fn said(facts: &Facts, criteria: &Criteria, rule: &str) -> (Outcome, String) {
    let decision = evaluate(facts, criteria, NOW);
    let judged = decision.findings().iter().find(|judged| judged.rule == rule).unwrap();
    (judged.finding.outcome, read(&judged.finding))
}

#[test]
fn twin_who_has_an_account_at_gitlab_reviews_there() {
    let gitlab = known("github = []\ngitlab = [1001]", "github = []\ngitlab = [1002]");
    let (outcome, said) = said(&at_gitlab(), &gitlab, "commit_review");
    assert_eq!(outcome, Outcome::Met, "{said}");
    assert_eq!(evaluate(&at_gitlab(), &gitlab, NOW).kind(), Kind::Approve);
}

#[test]
fn the_same_number_at_another_forge_is_nobody() {
    let github = known("github = [1001]", "github = [1002]");
    let (outcome, said) = said(&at_gitlab(), &github, "commit_review");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(said.contains("is not in the people file (GitLab account 1001)"), "{said}");
    assert_ne!(evaluate(&at_gitlab(), &github, NOW).kind(), Kind::Approve);
}

#[test]
fn whoever_has_accounts_at_two_forges_is_one_person() {
    let both = known("github = []\ngitlab = [1001]", "github = [5]\ngitlab = [1002, 1003]");
    let mut facts = at_gitlab();
    range(&mut facts).commits[0].committer.account.as_mut().unwrap().id = UserId::Gitlab(1003);
    let (outcome, said) = said(&facts, &both, "commit_review");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(said.contains("Lee Wong committed bbbbbbb, and nobody's approval counts for their own work"), "{said}");
}

#[test]
fn an_allowance_that_was_too_small_is_raised_where_it_is_set() {
    let advice = |source| {
        let mut facts = at_gitlab();
        let what = "the pull requests of the commits".to_owned();
        facts.pull_requests = Fact::Unknown(Gap { what, source, reason: GapReason::TooDear });
        said(&facts, &known("github = []\ngitlab = [1001]", "github = []\ngitlab = [1002]"), "commit_review").1
    };
    for (source, setting) in [(Source::Gitlab, "gitlab"), (Source::Bitbucket, "bitbucket"), (Source::Github, "github")]
    {
        let text = advice(source);
        assert!(text.contains(&format!("the operator of cm-bot raises {setting}.requests_per_ticket.")), "{text}");
    }
}

#[test]
fn sentences_name_the_system_that_was_asked() {
    let gitlab = known("github = []\ngitlab = [1001]", "github = []\ngitlab = [1002]");
    let mut facts = at_gitlab();
    pull_request(&mut facts).first_seen.clear();
    let (_, text) = said(&facts, &gitlab, "commit_review");
    assert!(text.contains("GitLab has no record of when it received bbbbbbb"), "{text}");
    let mut facts = at_gitlab();
    pull_request(&mut facts).pushes.clear();
    let (_, text) = said(&facts, &gitlab, "commit_review");
    assert!(text.contains("nobody signed bbbbbbb and GitLab has no record of who pushed it"), "{text}");
    let mut facts = at_gitlab();
    range(&mut facts).commits[0].committer.account = None;
    let (_, text) = said(&facts, &gitlab, "commit_review");
    assert!(text.contains("somebody without a GitLab account committed bbbbbbb"), "{text}");
    let mut facts = at_gitlab();
    facts.clock_ahead_ms = Fact::Known(-31_000);
    let (_, text) = said(&facts, &gitlab, "clocks");
    assert!(text.contains("cm-bot's clock is 31 seconds ahead of GitLab's; 30 are allowed."), "{text}");
    let mut facts = at_gitlab();
    let source = facts.forge().into();
    facts.pull_requests = Fact::Unknown(Gap { what: "the pull requests".into(), source, reason: GapReason::Missing });
    let (outcome, text) = said(&facts, &gitlab, "commit_review");
    assert_eq!(outcome, Outcome::Unknown);
    assert!(text.contains("GitLab does not know the pull requests, or does not let cm-bot see it"), "{text}");
    assert!(!text.contains("GitHub"), "{text}");
}

#[test]
fn an_approval_without_a_time_counts_for_nothing() {
    let gitlab = known("github = []\ngitlab = [1001]", "github = []\ngitlab = [1002]");
    let mut facts = at_gitlab();
    pull_request(&mut facts).reviews[0].commit = None;
    let (outcome, text) = said(&facts, &gitlab, "commit_review");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(
        text.contains("the approval by Lee Wong does not count: GitLab does not say when it was given, so nobody can prove what was seen"),
        "{text}"
    );
}

#[test]
fn requested_changes_stand_in_the_way() {
    let gitlab = known("github = []\ngitlab = [1001]", "github = []\ngitlab = [1002]");
    let mut facts = at_gitlab();
    pull_request(&mut facts).reviews[0].opinion = Opinion::ChangesRequested;
    let (_, text) = said(&facts, &gitlab, "commit_review");
    assert!(text.contains("Lee Wong asked for changes and has not approved since"), "{text}");
}

/// Squashed into `e`, which was merged as `c`.
fn squashed_and_merged(change: impl Fn(&mut Facts)) -> Facts {
    let (mut facts, dana) = (passing(), user("dana", 1001));
    let own = range(&mut facts).commits.remove(0);
    let mut squash = commit('e', &['a'], &dana);
    squash.tree = tree_name('b');
    range(&mut facts).commits.insert(0, squash);
    range(&mut facts).commits[1].parents = vec![sha('a'), sha('e')];
    let merged = pull_request(&mut facts);
    (merged.squash, merged.commits) = (Some(sha('e')), Some(vec![own]));
    if let Fact::Known(pull_requests) = &mut facts.pull_requests {
        pull_requests.of_commit = ['e', 'c'].map(|name| (sha(name), vec![871])).into();
    }
    change(&mut facts);
    facts
}

#[test]
fn twin_a_squash_that_is_merged_passes_where_the_criteria_let_it() {
    let verified = criteria_with("allow_verified_squash = false", "allow_verified_squash = true");
    let facts = squashed_and_merged(|_| {});
    let (outcome, text) = said(&facts, &verified, "commit_review");
    assert_eq!(outcome, Outcome::Met, "{text}");
    assert_eq!(evaluate(&facts, &verified, NOW).kind(), Kind::Approve);
    let (outcome, text) = said(&facts, &criteria(), "squash_merge");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(text.contains("Pull request 871 was squashed into one new commit; what was reviewed ended in bbbbbbb."));
    assert_ne!(evaluate(&facts, &criteria(), NOW).kind(), Kind::Approve);
}

#[test]
fn a_squash_that_is_merged_holds_what_was_reviewed_and_nothing_else() {
    let verified = criteria_with("allow_verified_squash = false", "allow_verified_squash = true");
    let evil = squashed_and_merged(|facts| {
        range(facts).commits[0].tree = tree_name('d');
        range(facts).commits[1].tree = tree_name('d');
    });
    let (_, text) = said(&evil, &verified, "commit_review");
    assert!(text.contains("holds something else than what was reviewed, in src/totals.js"), "{text}");
    let more = squashed_and_merged(|facts| {
        let mut unseen = commit('d', &['a'], &user("dana", 1001));
        unseen.tree = tree_name('d');
        unseen.signature = Signature::Valid;
        range(facts).commits.insert(0, unseen);
        range(facts).commits[1].parents = vec![sha('d')];
    });
    let (outcome, text) = said(&more, &verified, "commit_review");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(text.contains("ddddddd and eeeeeee by dana came to the release branch without a pull request"), "{text}");
    let other = squashed_and_merged(|facts| pull_request(facts).squash = Some(sha('d')));
    let (outcome, text) = said(&other, &verified, "commit_review");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(text.contains("eeeeeee by dana came to the release branch without a pull request"), "{text}");
}

/// The UUID of the account at Bitbucket of somebody with this number at GitHub.
fn uuid(number: u64) -> String {
    format!("{{00000000-0000-0000-0000-00000000{number}}}")
}

/// The facts that pass, of a service at Bitbucket, if that told who pushed.
fn at_bitbucket() -> Facts {
    let mut text = serde_json::to_string(&passing()).unwrap();
    for number in [1001, 1002] {
        text = text.replace(&format!("\"id\":{number},"), &format!("\"id\":\"bitbucket:{}\",", uuid(number)));
    }
    let mut facts: Facts = serde_json::from_str(&text).unwrap();
    if let Placement::Registered { service, .. } = &mut facts.placement {
        service.forge = Forge::Bitbucket;
    }
    facts
}

/// Bitbucket tells of no push: whose work an unsigned commit is nobody can say.
#[test]
fn at_bitbucket_nobody_knows_who_pushed() {
    let account = |number| format!("github = []\nbitbucket = [\"{}\"]", uuid(number));
    let people = known(&account(1001), &account(1002));
    let twin = evaluate(&at_bitbucket(), &people, NOW);
    assert_eq!(twin.kind(), Kind::Approve, "if it told");
    let mut facts = at_bitbucket();
    pull_request(&mut facts).pushes.clear();
    let (outcome, text) = said(&facts, &people, "commit_review");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(text.contains("nobody signed bbbbbbb and Bitbucket has no record of who pushed it"), "{text}");
    assert_ne!(evaluate(&facts, &people, NOW).kind(), Kind::Approve);
    let mut facts = at_bitbucket();
    pull_request(&mut facts).reviews[0].commit = None;
    let (_, text) = said(&facts, &people, "commit_review");
    let why = "what it was given for does not follow from what Bitbucket tells, so nobody can prove what was seen";
    assert!(text.contains(why) && !text.contains("GitHub"), "{text}");
}

/// GitLab tells when somebody approved, and not what was on the page by then.
#[test]
fn an_approval_that_comes_soon_after_a_push_may_be_of_what_was_there_before() {
    let gitlab = known("github = []\ngitlab = [1001]", "github = []\ngitlab = [1002]");
    let ago = |minutes: i64| Timestamp(NOW.0 - minutes * 60_000);
    let pushed = |mut facts: Facts, minutes_ago: i64| {
        let seen = [(sha('e'), ago(100)), (sha('b'), ago(minutes_ago))];
        pull_request(&mut facts).first_seen = seen.into();
        facts
    };
    let (outcome, text) = said(&pushed(at_gitlab(), 69), &gitlab, "commit_review");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(
        text.contains("the approval by Lee Wong does not count: given at 08:00 UTC; bbbbbbb was pushed at 07:51 UTC, and GitLab does not tell which of its commits was on the page, so an approval counts from 10 minutes after a push"),
        "{text}"
    );
    assert_eq!(said(&pushed(at_gitlab(), 70), &gitlab, "commit_review").0, Outcome::Met, "long enough");
    let mut alone = pushed(at_gitlab(), 61);
    pull_request(&mut alone).first_seen.remove(&sha('e'));
    assert_eq!(said(&alone, &gitlab, "commit_review").0, Outcome::Met, "there was nothing else to see");
    let at_github = said(&pushed(passing(), 61), &criteria(), "commit_review");
    assert_eq!(at_github.0, Outcome::Met, "GitHub names the commit");
}

#[test]
fn clocks_may_differ_by_half_a_minute() {
    for (ahead, outcome) in [(30_000, Outcome::Met), (-30_999, Outcome::Met), (31_000, Outcome::NotMet)] {
        let mut facts = passing();
        facts.clock_ahead_ms = Fact::Known(ahead);
        assert_eq!(said(&facts, &criteria(), "clocks").0, outcome, "{ahead}");
    }
}

#[test]
fn an_approval_at_github_without_a_commit_is_of_one_that_is_gone() {
    let mut facts = passing();
    pull_request(&mut facts).reviews[0].commit = None;
    let (outcome, text) = said(&facts, &criteria(), "commit_review");
    assert_eq!(outcome, Outcome::NotMet);
    assert!(text.contains("given for a commit that is gone; bbbbbbb was pushed after it"), "{text}");
}
