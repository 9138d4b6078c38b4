//! What a scene has when it does not say otherwise.

use super::{Forge, GitlabMerge, Person, Repository, Scanner, Service};

/// The people of a scene that names none: two developers, two leads and the Security Officer.
#[must_use]
pub fn default_people() -> Vec<Person> {
    let cast = [
        ("dana", "Dana Reyes", None),
        ("lee", "Lee Wong", None),
        ("priya", "Priya Nair", Some("security-lead")),
        ("sam", "Sam Okafor", Some("engineering-lead")),
        ("alex", "Alex Silva", Some("security-officer")),
    ];
    cast.iter().map(|(name, full_name, role)| person(name, full_name, *role)).collect()
}

fn person(name: &str, full_name: &str, role: Option<&str>) -> Person {
    Person {
        name: name.into(),
        full_name: full_name.into(),
        roles: role.into_iter().map(String::from).collect(),
        bot: false,
        unmapped: false,
        account_of: String::new(),
        read_only: false,
        jira: String::new(),
        slack: String::new(),
    }
}

pub(super) fn default_services() -> Vec<Service> {
    vec![Service {
        name: "billing-api".into(),
        repository: "acme/billing-api".into(),
        branch: default_branch(),
        environments: default_environments(),
        scanners: default_scanners(),
        watch: Vec::new(),
    }]
}

pub(super) fn default_repositories() -> Vec<Repository> {
    vec![Repository {
        name: "acme/billing-api".into(),
        branch: default_branch(),
        forge: Forge::Github,
        gitlab_merge: GitlabMerge::MergeCommit,
        resets_approvals: default_resets_approvals(),
        dates_approvals: default_dates_approvals(),
        checks_pushes: default_checks_pushes(),
    }]
}

pub(super) fn default_resets_approvals() -> bool {
    true
}

pub(super) fn default_dates_approvals() -> bool {
    true
}

pub(super) fn default_checks_pushes() -> bool {
    true
}

pub(super) fn default_combine() -> bool {
    true
}

pub(super) fn default_branch() -> String {
    "main".into()
}

pub(super) fn default_environments() -> Vec<String> {
    vec!["prod-us".into()]
}

pub(super) fn default_scanners() -> Vec<Scanner> {
    vec![Scanner { tool: Some("CodeQL".into()), category: Some("/language:rust".into()), ..Scanner::default() }]
}
