//! What no single key can say: whether the terms agree with each other, with the rules and with the people.

use super::content::VersionBump;
use super::roles::{Approvers, Seat};
use super::scans::SecurityScan;
use super::ticket::{Brings, ChangeClasses, StagingTerms};
use super::{CriteriaError, Terms};
use crate::model::People;
use crate::policy::plan::PlanRules;
use crate::policy::version_bump::{is_change_log, is_manifest, manifest_names};
use crate::policy::{Duty, RULES};

/// Everything that can be wrong with terms that could be read.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn check(terms: &Terms) -> Result<(), CriteriaError> {
    check_rules(terms)?;
    check_lists(terms)?;
    check_classes(&terms.change_class)?;
    check_approvers(&terms.approvers)?;
    check_staging(&terms.staging)?;
    check_manifests(&terms.version_bump)?;
    check_risks(&terms.security_scan)
}

fn check_rules(terms: &Terms) -> Result<(), CriteriaError> {
    for id in &terms.switched_off {
        let Some(rule) = RULES.iter().find(|rule| rule.id == id) else {
            let all = RULES.iter().map(|rule| rule.id).collect::<Vec<_>>().join(", ");
            return Err(CriteriaError::NoSuchRule(id.clone(), all));
        };
        match rule.duty {
            Duty::Optional => {}
            Duty::Always => return Err(CriteriaError::NotOptional(id.clone())),
        }
    }
    Ok(())
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn check_lists(terms: &Terms) -> Result<(), CriteriaError> {
    if terms.self_change.repositories.is_empty() {
        return Err(CriteriaError::Empty("self_change.repositories", "name the repository with cm-bot's own settings"));
    }
    if terms.approvers.roles.is_empty() {
        return Err(CriteriaError::Empty("approvers.roles", "then nobody could decide what cm-bot holds"));
    }
    if terms.notify.emergency.is_empty() {
        return Err(CriteriaError::Empty("notify.emergency", "then nobody would learn of an emergency"));
    }
    if let Some((key, why)) = terms.terraform.as_ref().and_then(PlanRules::fault) {
        return Err(CriteriaError::Empty(key, why));
    }
    if terms.workflow.as_ref().is_some_and(|workflow| !is_sha256(&workflow.sha256)) {
        return Err(CriteriaError::Empty(
            "workflow.sha256",
            "write the 64 digits that `cm-bot criteria workflow` prints",
        ));
    }
    if terms.gate.approval_hours == 0 {
        return Err(CriteriaError::Empty("gate.approval_hours", "then no approval would let anything through"));
    }
    match terms.change_class.automatic.intersection(&terms.change_class.emergency).next() {
        Some(class) => Err(CriteriaError::TwoClasses(class.clone())),
        None => Ok(()),
    }
}

fn check_classes(terms: &ChangeClasses) -> Result<(), CriteriaError> {
    for (place, class) in terms.classes.iter().enumerate() {
        let bad = |why| Err(CriteriaError::Class(class.name.clone(), why));
        if class.name.is_empty() || class.name.trim().to_lowercase() != class.name {
            return bad("is written in lower case, without blanks around it");
        }
        if terms.classes.iter().skip(place + 1).any(|other| other.name == class.name) {
            return bad("has two blocks");
        }
        if class.brings == Brings::NoCode && terms.automatic.contains(&class.name) {
            return bad("brings no code, so nothing proves it and it cannot be automatic");
        }
        if !class.in_words.is_subset(&class.fields) || !class.ends.is_subset(&class.fields) {
            return bad("wants words or a day of a field that it does not require");
        }
        if class.fields.is_empty() {
            return bad("requires no field at all");
        }
    }
    Ok(())
}

fn check_approvers(terms: &Approvers) -> Result<(), CriteriaError> {
    for (place, block) in terms.more.iter().enumerate() {
        let bad = |why: String| Err(CriteriaError::More(place + 1, why));
        if block.roles.is_empty() && block.least == 0 {
            return bad("names no `roles` and no `least`, so it asks for nobody".into());
        }
        if let Some(id) = block.risks.iter().find(|id| RULES.iter().all(|rule| rule.id != **id)) {
            return bad(format!("names the risk `{id}`, which is no rule"));
        }
        if let Some(class) = block.classes.iter().find(|class| class.trim().to_lowercase() != **class) {
            return bad(format!("names the class `{class}`; write it in lower case, without blanks around it"));
        }
    }
    let mut seats = terms.roles.iter().chain(terms.more.iter().flat_map(|block| &block.roles));
    match seats.any(|seat| seat.roles().is_empty()) {
        true => {
            Err(CriteriaError::Empty("approvers.roles", "a list of roles inside of it is empty, and nobody has none"))
        }
        false => Ok(()),
    }
}

fn check_staging(terms: &[StagingTerms]) -> Result<(), CriteriaError> {
    match terms.iter().find(|one| one.before == one.ran_in) {
        Some(one) => Err(CriteriaError::Staging(one.before.clone())),
        None => Ok(()),
    }
}

fn check_manifests(terms: &VersionBump) -> Result<(), CriteriaError> {
    if let Some(path) = terms.manifests.iter().find(|path| !is_manifest(path)) {
        return Err(CriteriaError::NoManifest(path.clone(), manifest_names()));
    }
    match terms.companions.iter().find(|path| !is_change_log(path)) {
        Some(path) => Err(CriteriaError::NoChangeLog(path.clone())),
        None => Ok(()),
    }
}

/// Whether somebody has each role that the terms name.
///
/// # Errors
/// The first role that nobody has.
pub(super) fn check_roles(terms: &Terms, people: &People) -> Result<(), CriteriaError> {
    let told = [("notify.held", &terms.notify.held), ("notify.emergency", &terms.notify.emergency)];
    let told = told.into_iter().flat_map(|(key, roles)| roles.iter().map(move |role| (key, role)));
    let reviewers = terms.sensitive_paths.iter().filter_map(|path| path.role.as_ref());
    let approvers = terms.approvers.roles.iter().flat_map(Seat::roles).map(|role| ("approvers.roles", role));
    let more = terms.approvers.more.iter().flat_map(|block| &block.roles).flat_map(Seat::roles);
    let named = approvers.chain(more.map(|role| ("approvers.more.roles", role))).chain(told);
    for (key, role) in named.chain(reviewers.map(|role| ("sensitive_paths.role", role))) {
        if people.with_any_role(std::slice::from_ref(role)).next().is_none() {
            return Err(CriteriaError::NobodyInRole(key, role.clone()));
        }
    }
    Ok(())
}

fn check_risks(terms: &SecurityScan) -> Result<(), CriteriaError> {
    for (place, risk) in terms.accepted.iter().enumerate() {
        let said = [
            ("tool", &risk.tool, "name the tool as the scanner's settings do"),
            ("rule", &risk.rule, "nobody accepts everything that a tool may find"),
            ("owner", &risk.owner, "somebody of the people file must answer for it"),
            ("reason", &risk.reason, "say why it is no danger for now"),
        ];
        if let Some((key, _, why)) = said.into_iter().find(|(_, text, _)| text.trim().is_empty()) {
            return Err(CriteriaError::VagueRisk(place + 1, key, why));
        }
    }
    Ok(())
}
