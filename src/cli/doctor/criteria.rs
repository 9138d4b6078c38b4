//! The criteria and the people.

use super::Findings;
use crate::app::{App, read_policy, signer};
use crate::clock::Clock;
use crate::policy::criteria::Mode;
use crate::settings::Settings;

/// Says how they are; whether they can be used.
pub(super) fn examine(settings: &Settings, findings: &mut Findings) -> bool {
    let criteria = match read_policy(settings) {
        Ok(policy) => policy.criteria,
        Err(error) => {
            findings.fail("criteria", format!("{error:#}"), "correct the file; `cm-bot check-config` reads it, too");
            return false;
        }
    };
    let version = &criteria.terms.version;
    match (criteria.standing_at(Clock::System.now()), criteria.terms.mode) {
        (Ok(signed), _) => findings.ok("criteria", format!("{version}, {signed}, counts until {}", signed.until())),
        (Err(why), Mode::Approve) => findings.fail(
            "criteria",
            format!("{version}: cm-bot approves nothing, because {why}"),
            "have both files signed: `cm-bot criteria digest` says how",
        ),
        (Err(why), Mode::Recommend | Mode::Off) => {
            findings.warn("criteria", format!("{version}: {why}"), "nothing, as long as cm-bot only recommends");
        }
    }
    match signer(settings) {
        Ok(Some(_)) => findings.ok("audit key", "checkpoints of the audit trail are signed"),
        Ok(None) => findings.warn(
            "audit key",
            "audit.signing_key is not set: nobody can prove that the trail was not written again",
            "`cm-bot audit key NAME --out FILE`, then audit.signing_key_file",
        ),
        Err(error) => findings.fail("audit key", format!("{error:#}"), "`cm-bot audit key` makes one"),
    }
    true
}

/// Whether there is somebody for everything that people have to do.
pub(super) fn people(app: &App, findings: &mut Findings) {
    let (people, inspection) = (&app.context.policy.criteria.people, &app.context.inspection);
    let number = people.everybody().len();
    let without = people.everybody().iter().filter(|person| person.slack.is_none()).count();
    let said = if without == 0 { String::new() } else { format!(", {without} without a Slack account") };
    findings.ok("people", format!("{number} people{said}"));
    if inspection.is_on && people.with_any_role(&inspection.roles).next().is_none() {
        findings.warn(
            "people",
            "nobody inspects: no one has the role of inspection.role or inspection.officer",
            "give somebody the role in the people file, or set inspection.mode = \"off\"",
        );
    }
}
