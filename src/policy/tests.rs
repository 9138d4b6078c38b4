//! The whole table of decisions, enumerated: whatever the rules say, approval is only what the policy lets it be.
//!
//! A decision counts outcomes and does not look at which rule gave them, so every multiset of outcomes is the whole
//! table. That it does not look is tried with every pair of rules.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use ssh_key::private::Ed25519Keypair;
use ssh_key::{HashAlg, LineEnding, PrivateKey};

use super::criteria::{Criteria, Mode, NAMESPACE, PolicyTexts, SignatureTexts};
use super::decision::{Decision, Finding, Judged, Kind, Todo, judge};
use super::facts::{Fact, Facts, Gap, GapReason, Objects, Placement, Source};
use super::{Duty, RULES, Rule};
use crate::model::{Field, IssueId, Status, Ticket, TicketKey, TicketStatus, Timestamp};

/// What a rule can say, with who can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Met,
    NotApplicable,
    NotMetFix,
    NotMetDecide,
    UnknownPasses,
    UnknownStays,
}

const ALL: [Says; 6] =
    [Says::Met, Says::NotApplicable, Says::NotMetFix, Says::NotMetDecide, Says::UnknownPasses, Says::UnknownStays];

/// What a decision reads in the ticket, beside the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Declares {
    Normal,
    Emergency,
    /// A normal change of no commit.
    NoCommit,
}

/// Whether somebody vouches for the criteria.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vouched {
    Signed,
    Unsigned,
}

/// One column of the table: mode, signature and ticket.
struct World {
    mode: Mode,
    vouched: Vouched,
    ticket: Declares,
    facts: Facts,
    criteria: Criteria,
}

/// Every column of the table.
fn worlds() -> Vec<World> {
    let modes = [(Mode::Approve, "approve"), (Mode::Recommend, "recommend"), (Mode::Off, "off")];
    let tickets = [Declares::Normal, Declares::Emergency, Declares::NoCommit];
    let world = |(mode, word), vouched, ticket| {
        let criteria = match vouched {
            Vouched::Signed => signed(word),
            Vouched::Unsigned => criteria(word),
        };
        World { mode, vouched, ticket, facts: facts(ticket), criteria }
    };
    // A signature matters only where something would be approved; a recommendation is there or not without it.
    let columns = modes.map(|mode| (mode, Vouched::Signed)).into_iter();
    let columns = columns.chain([(modes[0], Vouched::Unsigned), (modes[1], Vouched::Unsigned)]);
    columns.flat_map(|(mode, vouched)| tickets.map(|ticket| world(mode, vouched, ticket))).collect()
}

impl World {
    /// What a person would say who has read the policy: approval and recommendation need a yes, no objection, no doubt, no
    /// emergency, and something to approve; what must be fixed comes first, then what time may tell, then people.
    fn expected(&self, says: &[Says]) -> (Kind, bool) {
        let nothing_stops = says.iter().all(|one| [Says::Met, Says::NotApplicable].contains(one));
        let earned = nothing_stops
            && says.contains(&Says::Met)
            && ![Declares::Emergency, Declares::NoCommit].contains(&self.ticket);
        let kind = match self.mode {
            Mode::Approve if earned && self.vouched == Vouched::Signed => Kind::Approve,
            _ if self.ticket == Declares::Emergency => Kind::Hold,
            _ if says.contains(&Says::NotMetFix) => Kind::Block,
            _ if says.contains(&Says::UnknownPasses) => Kind::CouldNotCheck,
            Mode::Approve | Mode::Recommend | Mode::Off => Kind::Hold,
        };
        (kind, earned && self.mode == Mode::Recommend)
    }

    fn check(&self, says: &[Says]) {
        let decision = Decision::of(findings(says), &self.facts, &self.criteria, Timestamp(0));
        let (kind, recommended) = self.expected(says);
        let found = (decision.kind(), decision.is_recommended(), decision.auto_approval().is_some());
        assert_eq!(found, (kind, recommended, kind == Kind::Approve), "{says:?} {:?} {:?}", self.mode, self.ticket);
        assert_eq!(decision.waits_for_time(), says.contains(&Says::UnknownPasses), "{says:?}");
    }
}

fn findings(says: &[Says]) -> Vec<Judged> {
    let judged = |(rule, says): (&Rule, &Says)| Judged { rule: rule.id, title: rule.title, finding: finding(*says) };
    RULES.iter().zip(says).map(judged).collect()
}

fn finding(says: Says) -> Finding {
    let gap = |reason| Gap { what: "it".into(), source: Source::Github, reason };
    match says {
        Says::Met => Finding::met("yes"),
        Says::NotApplicable => Finding::not_applicable("nothing to say"),
        Says::NotMetFix => Finding::not_met("no", "No.", Todo::fix("do it.")),
        Says::NotMetDecide => Finding::not_met("no", "No.", Todo::decide("look.")),
        Says::UnknownPasses => Finding::unknown(&gap(GapReason::Unreachable)),
        Says::UnknownStays => Finding::unknown(&gap(GapReason::Refused)),
    }
}

fn criteria(mode: &str) -> Criteria {
    let terms = include_str!("../../config/criteria.toml");
    let terms = terms.replacen("mode = \"approve\"", &format!("mode = \"{mode}\""), 1);
    Criteria::parse(&terms, include_str!("../../config/people.toml")).unwrap()
}

/// The same with signatures by a key that may.
fn signed(mode: &str) -> Criteria {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
    let sign = |text: &str| {
        Some(key.sign(NAMESPACE, HashAlg::Sha512, text.as_bytes()).unwrap().to_pem(LineEnding::LF).unwrap())
    };
    let terms = include_str!("../../config/criteria.toml");
    let criteria = terms.replacen("mode = \"approve\"", &format!("mode = \"{mode}\""), 1);
    let people = include_str!("../../config/people.toml").to_owned();
    let public = key.public_key().to_openssh().unwrap();
    let signatures = SignatureTexts {
        of_criteria: sign(&criteria),
        of_people: sign(&people),
        allowed_signers: Some(format!("alex.silva@acme.example namespaces=\"{NAMESPACE}\" {public}")),
    };
    Criteria::read(&PolicyTexts { criteria, people, signatures }).unwrap()
}

fn facts(ticket: Declares) -> Facts {
    let commit = (Field::Commit, "c".repeat(40));
    let class = |class: &str| (Field::ChangeClass, class.to_owned());
    let fields = match ticket {
        Declares::Normal => vec![commit, class("normal")],
        Declares::Emergency => vec![commit, class("emergency")],
        Declares::NoCommit => vec![class("normal")],
    };
    Facts {
        ticket: Ticket {
            id: IssueId::parse("1").unwrap(),
            key: TicketKey::parse("PRODCM-1").unwrap(),
            summary: String::new(),
            status: Status { name: "Awaiting approval".into(), meaning: TicketStatus::Pending },
            requester: None,
            requester_name: "Dana Reyes".into(),
            creator: None,
            components: Vec::new(),
            fields: BTreeMap::from_iter(fields),
        },
        first_seen: None,
        gathered_at: Timestamp(0),
        placement: Placement::NotOneComponent,
        repository_url: String::new(),
        baseline: Fact::not_asked("it"),
        approved_before: Fact::not_asked("it"),
        siblings: Fact::not_asked("it"),
        on_branch: Fact::not_asked("it"),
        range: Fact::not_asked("it"),
        pull_requests: Fact::not_asked("it"),
        objects: Objects::default(),
        staged: Fact::not_asked("the change to staging"),
        workflow: Fact::not_asked("the workflow of the ticket"),
        plan: None,
        clock_ahead_ms: Fact::Known(0),
        scans: Fact::not_asked("it"),
    }
}

/// Every way to give `places` rules an outcome when their order does not matter.
fn multisets(places: usize, of: &[Says]) -> Vec<Vec<Says>> {
    match of.split_first() {
        None => vec![Vec::new()].into_iter().filter(|_| places == 0).collect(),
        Some((first, others)) => {
            let with = |many: usize| {
                let start = vec![*first; many];
                multisets(places - many, others).into_iter().map(move |rest| [start.clone(), rest].concat())
            };
            (0..=places).flat_map(with).collect()
        }
    }
}

/// Every choice of some of the things.
fn subsets<'a>(things: &[&'a str]) -> Vec<BTreeSet<&'a str>> {
    let chosen = |number: usize| {
        let is_in = |(place, _): &(usize, &&str)| number >> place & 1 == 1;
        things.iter().enumerate().filter(is_in).map(|(_, thing)| *thing).collect()
    };
    (0..1_usize << things.len()).map(chosen).collect()
}

#[test]
fn every_combination_of_outcomes_is_approved_only_if_nothing_is_in_the_way() {
    let all = multisets(RULES.len(), &ALL);
    let ways = (1..ALL.len()).fold(1, |ways, place| ways * (RULES.len() + place) / place);
    assert_eq!(all.len(), ways, "{} rules with {} outcomes each", RULES.len(), ALL.len());
    for world in worlds() {
        all.iter().for_each(|says| world.check(says));
    }
}

#[test]
fn it_does_not_matter_which_rules_say_it() {
    for world in worlds() {
        for first in 0..RULES.len() {
            for second in first + 1..RULES.len() {
                for (one, other) in ALL.into_iter().flat_map(|one| ALL.map(|other| (one, other))) {
                    let mut says = vec![Says::Met; RULES.len()];
                    (says[first], says[second]) = (one, other);
                    world.check(&says);
                }
            }
        }
    }
}

#[test]
fn no_findings_are_no_approval() {
    worlds().iter().for_each(|world| world.check(&[]));
}

#[test]
fn only_what_may_be_switched_off_is_silent() {
    let optional: Vec<&str> = RULES.iter().filter(|rule| rule.duty == Duty::Optional).map(|rule| rule.id).collect();
    let always: Vec<&str> = RULES.iter().filter(|rule| rule.duty == Duty::Always).map(|rule| rule.id).collect();
    let asked = |rule: &Rule, criteria: &Criteria| {
        let probe = Rule { check: |_, _| Finding::not_met("asked", "Asked.", Todo::fix("answer.")), ..*rule };
        judge(&probe, &facts(Declares::Normal), criteria).finding.seen == "asked"
    };
    for off in subsets(&optional) {
        let mut criteria = criteria("approve");
        // Criteria that name the others cannot be read; here they got in, and it changes nothing.
        criteria.terms.switched_off = off.iter().chain(&always).map(|id| (*id).to_owned()).collect();
        for rule in RULES {
            assert_eq!(asked(rule, &criteria), !off.contains(rule.id), "{} without {off:?}", rule.id);
        }
    }
}
