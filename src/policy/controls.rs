//! Which controls of the frameworks that auditors work with a rule gives evidence for.
//!
//! One table, a row for each rule of [`super::RULES`]. It says "gives evidence for", never "fulfils": what a control asks is
//! more than one rule can show, and an auditor decides. The texts of SOC 2, HITRUST and ISO 27001 are licensed; their ids are
//! those that secondary sources agree on.

/// The controls of one rule, by framework. Several ids of a framework are separated by a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controls {
    /// The rule's id.
    pub rule: &'static str,
    /// SOC 2 (Trust Services Criteria).
    pub soc2: &'static str,
    /// NIST SP 800-53, revision 5.
    pub nist: &'static str,
    /// HIPAA, 45 CFR Part 164.
    pub hipaa: &'static str,
    /// HITRUST CSF.
    pub hitrust: &'static str,
    /// ISO/IEC 27001:2022, Annex A.
    pub iso: &'static str,
    /// PCI DSS 4.0.
    pub pci: &'static str,
}

/// The names of the frameworks, in the order of the columns of [`Controls::columns`].
pub const FRAMEWORKS: [&str; 6] = ["SOC 2", "NIST 800-53", "HIPAA", "HITRUST", "ISO 27001", "PCI DSS"];

/// A change of anything is authorised, recorded and looked at by its risk: what every rule gives evidence for.
const CHANGE: Controls = Controls {
    rule: "",
    soc2: "CC8.1",
    nist: "CM-3",
    hipaa: "164.312(b)",
    hitrust: "10.k",
    iso: "A.8.32",
    pci: "6.5.1",
};

/// What somebody else than the author has to do.
const FOUR_EYES: Controls = Controls { nist: "CM-3 AC-5", hitrust: "09.b 10.k", iso: "A.8.32 A.5.3", ..CHANGE };

/// What the content of the change may do to security.
const IMPACT: Controls = Controls { nist: "CM-3 CM-3(2) CM-4", hipaa: "164.308(a)(8)", pci: "6.5.1 6.2.4", ..CHANGE };

/// Who may change what decides and what records.
const INTEGRITY: Controls = Controls { nist: "CM-3 CM-5", hipaa: "164.312(c)(1)", iso: "A.8.32 A.8.15", ..CHANGE };

/// The table.
pub const CONTROLS: &[Controls] = &[
    Controls { rule: "signed_criteria", nist: "CM-3 CM-5 AU-10", ..INTEGRITY },
    Controls { rule: "known_service", ..CHANGE },
    Controls { rule: "required_fields", hitrust: "09.b 10.k", ..CHANGE },
    Controls { rule: "change_class", hitrust: "09.b 10.k", ..CHANGE },
    Controls { rule: "self_change", ..FOUR_EYES },
    Controls { rule: "workflow", ..INTEGRITY },
    Controls { rule: "first_deployment", ..FOUR_EYES },
    Controls { rule: "pending_sibling", ..CHANGE },
    Controls { rule: "clocks", nist: "AU-8", hipaa: "164.312(b)", ..INTEGRITY },
    Controls { rule: "release_branch", ..INTEGRITY },
    Controls { rule: "commit_range", ..INTEGRITY },
    Controls { rule: "commit_review", hipaa: "164.312(c)(1)", ..FOUR_EYES },
    Controls { rule: "squash_merge", hipaa: "164.312(c)(1)", ..FOUR_EYES },
    Controls { rule: "version_bump", hipaa: "164.312(c)(1)", ..FOUR_EYES },
    Controls { rule: "sensitive_paths", nist: "CM-3 CM-3(4) AC-5", ..FOUR_EYES },
    Controls { rule: "control_paths", nist: "CM-3 CM-5 AC-5", ..FOUR_EYES },
    Controls { rule: "opaque_changes", ..IMPACT },
    Controls { rule: "hidden_characters", ..IMPACT },
    Controls { rule: "security_scan", hitrust: "09.b 10.k", ..IMPACT },
    Controls { rule: "staging", hitrust: "09.b 10.k", ..IMPACT },
    Controls { rule: "terraform_plan", nist: "CM-3 CM-4 AC-5", ..FOUR_EYES },
];

/// The controls of a rule.
#[must_use]
pub fn of(rule: &str) -> Option<&'static Controls> {
    CONTROLS.iter().find(|controls| controls.rule == rule)
}

impl Controls {
    /// The ids, a text for each of [`FRAMEWORKS`].
    #[must_use]
    pub fn columns(&self) -> [&'static str; 6] {
        [self.soc2, self.nist, self.hipaa, self.hitrust, self.iso, self.pci]
    }

    /// As people read it: `SOC 2 CC8.1 · NIST 800-53 CM-3, AC-5 · …`.
    #[must_use]
    pub fn words(&self) -> String {
        let named = FRAMEWORKS.iter().zip(self.columns());
        named.map(|(name, ids)| format!("{name} {}", ids.replace(' ', ", "))).collect::<Vec<_>>().join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::RULES;

    #[test]
    fn every_rule_has_its_controls_in_every_framework() {
        let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        let rows: Vec<&str> = CONTROLS.iter().map(|row| row.rule).collect();
        assert_eq!(rows, rules, "the table has a row for each rule, in the same order");
        for row in CONTROLS {
            assert!(row.columns().iter().all(|ids| !ids.is_empty()), "{row:?}");
        }
        assert!(
            of("commit_review").is_some_and(|row| row.words().starts_with("SOC 2 CC8.1 · NIST 800-53 CM-3, AC-5 · "))
        );
        assert_eq!(of("no_such_rule"), None);
    }

    /// The table is short because rows share what they have in common; this is what auditors get.
    #[test]
    fn what_auditors_read_of_each_rule() {
        let row = |row: &Controls| format!("{}: {}", row.rule, row.columns().join(" | "));
        insta::assert_snapshot!(CONTROLS.iter().map(row).collect::<Vec<_>>().join("\n"), @r"
        signed_criteria: CC8.1 | CM-3 CM-5 AU-10 | 164.312(c)(1) | 10.k | A.8.32 A.8.15 | 6.5.1
        known_service: CC8.1 | CM-3 | 164.312(b) | 10.k | A.8.32 | 6.5.1
        required_fields: CC8.1 | CM-3 | 164.312(b) | 09.b 10.k | A.8.32 | 6.5.1
        change_class: CC8.1 | CM-3 | 164.312(b) | 09.b 10.k | A.8.32 | 6.5.1
        self_change: CC8.1 | CM-3 AC-5 | 164.312(b) | 09.b 10.k | A.8.32 A.5.3 | 6.5.1
        workflow: CC8.1 | CM-3 CM-5 | 164.312(c)(1) | 10.k | A.8.32 A.8.15 | 6.5.1
        first_deployment: CC8.1 | CM-3 AC-5 | 164.312(b) | 09.b 10.k | A.8.32 A.5.3 | 6.5.1
        pending_sibling: CC8.1 | CM-3 | 164.312(b) | 10.k | A.8.32 | 6.5.1
        clocks: CC8.1 | AU-8 | 164.312(b) | 10.k | A.8.32 A.8.15 | 6.5.1
        release_branch: CC8.1 | CM-3 CM-5 | 164.312(c)(1) | 10.k | A.8.32 A.8.15 | 6.5.1
        commit_range: CC8.1 | CM-3 CM-5 | 164.312(c)(1) | 10.k | A.8.32 A.8.15 | 6.5.1
        commit_review: CC8.1 | CM-3 AC-5 | 164.312(c)(1) | 09.b 10.k | A.8.32 A.5.3 | 6.5.1
        squash_merge: CC8.1 | CM-3 AC-5 | 164.312(c)(1) | 09.b 10.k | A.8.32 A.5.3 | 6.5.1
        version_bump: CC8.1 | CM-3 AC-5 | 164.312(c)(1) | 09.b 10.k | A.8.32 A.5.3 | 6.5.1
        sensitive_paths: CC8.1 | CM-3 CM-3(4) AC-5 | 164.312(b) | 09.b 10.k | A.8.32 A.5.3 | 6.5.1
        control_paths: CC8.1 | CM-3 CM-5 AC-5 | 164.312(b) | 09.b 10.k | A.8.32 A.5.3 | 6.5.1
        opaque_changes: CC8.1 | CM-3 CM-3(2) CM-4 | 164.308(a)(8) | 10.k | A.8.32 | 6.5.1 6.2.4
        hidden_characters: CC8.1 | CM-3 CM-3(2) CM-4 | 164.308(a)(8) | 10.k | A.8.32 | 6.5.1 6.2.4
        security_scan: CC8.1 | CM-3 CM-3(2) CM-4 | 164.308(a)(8) | 09.b 10.k | A.8.32 | 6.5.1 6.2.4
        staging: CC8.1 | CM-3 CM-3(2) CM-4 | 164.308(a)(8) | 09.b 10.k | A.8.32 | 6.5.1 6.2.4
        terraform_plan: CC8.1 | CM-3 CM-4 AC-5 | 164.312(b) | 09.b 10.k | A.8.32 A.5.3 | 6.5.1
        ");
    }
}
