//! Which test covers which edge case, and that those tests exist.
//!
//! The numbers are the cases of our survey of what other tools get wrong; the letters are those that GitHub's API makes.
//!
//! | case | what | kept by |
//! |---|---|---|
//! | 1 | direct push, no pull request | `g26_a_push_straight_to_the_release_branch`, scene `no-pull-request` |
//! | 2 | no approval, or only comments | `nobody_approved`, `only_comments_are_no_review` |
//! | 3 | approved by its opener | `the_author_cannot_approve_own_work`, scene `approved-by-its-author` |
//! | 4 | a colleague commits to it and approves | `g17_`, scene `colleague-pushed-and-approved` |
//! | 5 | two authors approve each other | `two_authors_may_review_each_other_when_the_criteria_say_so` |
//! | 6 | pushed after the approval | `g01_`, scene `push-after-approval` |
//! | 7 | dated back | `a_date_in_the_past_helps_nobody`, `what_a_committer_can_write_is_no_evidence` |
//! | 8 | GitHub moves the review to a newer commit | `g02_`, `an_approval_that_github_moved_to_a_newer_commit_does_not_count` |
//! | 9 | approved on a page from before the push | `an_approval_of_an_older_commit_does_not_count`, `our_own_record_tells_what_an_approval_was_given_for` |
//! | 10 | a dismissed approval | `g24_an_approval_that_was_dismissed`, `g24_a_dismissed_objection_brings_no_older_approval_back` |
//! | 11 | approved, then changes requested | `g24_the_approver_asks_for_changes_later` |
//! | 12 | another reviewer still objects | `g24_another_reviewer_still_wants_changes` |
//! | 13 | approved after the merge | `an_approval_after_the_merge_holds_when_the_criteria_say_so` |
//! | 14 | clean update from the release branch | `g15_` |
//! | 15 | a conflict edited in that update | `g06_` |
//! | 16 | one parent, and the words of a merge | `the_words_of_a_merge_do_not_make_one` |
//! | 17 | a merge of three lines | `a_merge_of_three_lines_is_for_a_human`, `g11_` |
//! | 18 | squash | `a_squash_or_rebase_is_for_a_human`, scene `squash-merge` |
//! | 19 | squash that holds something else | `g08_`, `g09_` |
//! | 20 | rebase | `a_squash_or_rebase_is_for_a_human`, `g10_` |
//! | 21 | a push that copies the words of a reviewed commit | `the_words_of_a_merge_do_not_make_one` |
//! | 22 | rebase of the same patch after the approval | `g02_a_forced_push_that_takes_the_approval_along`, `an_approval_that_github_moved_to_a_newer_commit_does_not_count` |
//! | 23 | the same patch on other files | `g02_a_forced_push_that_only_the_reconstruction_sees`, `an_approval_that_github_moved_to_a_newer_commit_does_not_count` |
//! | 24 | rewritten release branch | `g31_a_rewritten_release_branch`, `g29_` |
//! | 25 | rollback to an approved commit | `g31_a_rollback`, scene `rollback` |
//! | 26 | the same commit again | `the_same_commit_again_has_nothing_new_to_review` |
//! | 27 | first deployment | `g42_a_first_deployment`, scene `first-deployment` |
//! | 28 | the baseline is gone | `a_baseline_that_is_gone_is_for_a_human` |
//! | 29 | more commits than a page | `g32_`, `a_list_proves_that_it_is_complete` |
//! | 30 | a pull request of more than 250 commits | `g32_the_oldest_of_251_commits_was_not_reviewed` |
//! | 31 | a commit of several pull requests | `g14_`, `commits_that_another_merge_brought_are_not_counted_twice` |
//! | 32 | approved for another branch | `a_pull_request_for_another_branch_is_no_review` |
//! | 33 | another base after the approval | `g12_`, `an_approval_for_another_base_branch_does_not_count` |
//! | 34 | pushed, then picked up by a pull request | `a_commit_that_a_pull_request_picks_up_from_the_release_branch` |
//! | 35 | an address of no account | `g19_`, `an_unknown_author_holds` |
//! | 36 | a name like a bot's | `a_commit_in_the_name_of_a_bot_that_nobody_signed`, `g33_the_name_of_a_bot_and_a_good_message_prove_nothing` |
//! | 37 | a human edits a bot's pull request | `a_person_adds_to_a_bots_pull_request_and_approves_it` |
//! | 38 | a bot approves | `g16_` |
//! | 39 | who asked a coding agent approves | `who_asked_a_coding_agent_cannot_approve_its_work` |
//! | 40 | an accepted suggestion makes a co-author | `g20_a_co_author_cannot_approve` |
//! | 41 | GitHub as committer | `githubs_own_name_as_committer_proves_nothing_without_its_signature` |
//! | 42 | a second account | `g21_`, `a_second_account_of_the_author_is_the_author` |
//! | 43 | a reviewer without the right | `g23_a_reviewer_who_may_not_push` |
//! | 44 | a deleted account | `g23_a_reviewer_whose_account_is_gone`, `g23_a_contributor_whose_account_is_gone` |
//! | 45 | merged past the protection of the branch | `g26_a_push_that_makes_github_call_an_unreviewed_pull_request_merged` |
//! | 46 | an empty commit | `a_commit_that_changes_no_file_needs_no_review` |
//! | 47 | a revert | `g37_` |
//! | 48 | submodule, large file, archive | `g38_` |
//! | 49 | a version bump with more in it | `g33_`, `g34_`, `g35_`, scene `fake-version-bump` |
//! | 50 | several services in a repository | `a_commit_of_another_folder_counts_like_any_other` |
//! | 51 | GitHub learns late of a merge | `a_merge_that_graphql_has_not_heard_of_yet` |
//! | 52 | what is shown now is not what was decided on | `a_recorded_decision_comes_out_the_same_again` |
//! | 53 | who merged | `who_merged_is_no_reviewer`, `pressing_the_merge_button_is_no_contribution` |
//! | 54 | a pull request into a branch that is merged later | `g13_` |
//! | a | ahead, behind, diverged, identical | `an_answer_is_about_the_commits_that_were_asked_for`, `g31_` |
//! | b | unknown commit, no common history | `unrelated_and_unknown_commits_are_refused_in_different_words`, `a_baseline_that_is_gone_is_for_a_human` |
//! | c | a commit of a fork | `g27_` |
//! | d | a push without a merge commit | `a_commit_that_the_review_saw_may_be_pushed_by_anybody_without_a_merge_commit` |
//! | e | merged by a push or through another pull request | `g26_a_push_that_makes_github_call_an_unreviewed_pull_request_merged` |
//! | f | a merge made on a machine | `g07_`, `a_merge_made_by_hand_may_add_nothing` |
//! | g | approved by the last pusher | `who_pushed_the_last_commit_cannot_approve`, `g18_` |
//! | h | an objection that its author dismissed | `g25_` |
//! | i | an answer with an error in it | `half_an_answer_is_no_answer`, `errors_are_typed_and_leave_the_rest_of_the_answer`, `f09_of_the_reviews` |
//! | j | a list that was cut off | `a_list_proves_that_it_is_complete`, `g32_a_list_that_is_not_complete_holds` |
//! | k | a scan of another commit, with an error, of nothing | `a_scan_of_another_commit_does_not_count`, `a_scan_that_failed_or_looked_at_nothing_does_not_count`, `c02_` |
//! | l | a scan of another category | `a_scan_of_another_category_does_not_count` |
//! | m | a check that was skipped | `a_check_counts_only_when_it_succeeded`, `c03_` |
//! | n | rate limit with status 200 | `a_refusal_with_status_200_is_no_answer` |
//! | o | too much asked at once | `questions_that_are_too_large_are_asked_in_smaller_ones` |
//! | p | squash or rebase of a single commit | `g10_a_rebase_of_one_commit_is_held_against_the_same_files_as_its_squash` |
//! | q | a scan under `refs/pull/N/merge` alone | `c02_only_the_merge_that_github_would_make_was_scanned` |
//! | r | 404 "no analysis found" | `c02_the_repository_was_never_scanned` |

use std::path::Path;

/// A case with the names that are said to cover it.
fn cases() -> Vec<(String, Vec<String>)> {
    let rows = include_str!("edge_cases.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = rows.map(|row| row.split(" | ").map(str::to_owned).collect::<Vec<_>>());
    let cases = cells.filter(|cells| cells[0] != "case").map(|cells| {
        let names = cells[2].split('`').skip(1).step_by(2).map(str::to_owned);
        (cells[0].clone(), names.collect())
    });
    cases.collect()
}

/// Everything that is written in a folder of sources.
fn sources(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, into);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            *into += &std::fs::read_to_string(entry).unwrap();
        }
    }
}

/// Whether there is a test of this name, or tests that begin with it, or a scene.
fn exists(name: &str, sources: &str) -> bool {
    let scene = || Path::new("config/scenes").join(name).with_extension("toml").exists();
    match name.ends_with('_') {
        true => sources.contains(&format!("fn {name}")),
        false => sources.contains(&format!("fn {name}()")) || sources.contains(&format!("    {name}: \"")) || scene(),
    }
}

#[test]
fn every_edge_case_is_covered_by_tests_that_exist() {
    let mut all = String::new();
    sources(Path::new("src"), &mut all);
    sources(Path::new("tests/it"), &mut all);
    let cases = cases();
    let numbers: Vec<u32> = cases.iter().filter_map(|(case, _)| case.parse().ok()).collect();
    assert_eq!(numbers, (1..=54).collect::<Vec<_>>());
    let letters: String = cases
        .iter()
        .map(|(case, _)| case.as_str())
        .filter(|case| case.len() == 1 && case.parse::<u32>().is_err())
        .collect();
    assert_eq!(letters, "abcdefghijklmnopqr");
    for (case, names) in &cases {
        assert!(!names.is_empty(), "case {case} names no test");
        for name in names {
            assert!(exists(name, &all), "case {case}: there is no test `{name}`");
        }
    }
}

#[test]
fn every_attack_of_the_list_has_a_test() {
    let mut all = String::new();
    sources(Path::new("src"), &mut all);
    sources(Path::new("tests/it"), &mut all);
    let listed = (1..=42).map(|number| format!("g{number:02}_")).chain((1..=5).map(|number| format!("c{number:02}_")));
    let missing: Vec<String> = listed.filter(|row| !exists(row, &all)).collect();
    assert_eq!(missing, Vec::<String>::new());
}
