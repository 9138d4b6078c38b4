//! What is owed after an emergency, and when: exact to the second, once, and nothing that was due before anybody listened.

use std::collections::BTreeSet;
use std::time::Duration;

use cm_bot::model::{Held, Person, Quiet, Reminders, RoleName, TimeOfDay, Timestamp};
use cm_bot::policy::follow_up::emergency::{
    Announced, Emergency, Ending, Judgement, Owed, Step, documentation_due, judge, objection_to_calling_off,
};
use cm_bot::policy::follow_up::held;
use cm_bot::policy::follow_up::parts::Part;

use crate::support::facts::NOW;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub fn times() -> Reminders {
    let seconds = Duration::from_secs;
    Reminders {
        held: Held {
            thread: seconds(2 * HOUR),
            direct: seconds(8 * HOUR),
            last_resort: seconds(24 * HOUR),
            role: RoleName::parse("security-officer").unwrap(),
        },
        quiet: None,
        daily: TimeOfDay::parse("09:00").unwrap(),
        call_again: vec![seconds(10 * MINUTE), seconds(30 * MINUTE)],
        call_in_jira: seconds(10 * MINUTE),
        document: seconds(24 * HOUR),
        remind_owner: vec![seconds(12 * HOUR), seconds(20 * HOUR)],
        remind_leads: seconds(HOUR),
        remind_end: seconds(7 * 24 * HOUR),
    }
}

/// An emergency that a lead has acknowledged.
fn emergency() -> Emergency {
    Emergency {
        declared: NOW,
        used: None,
        acknowledged: vec![("Priya Nair".into(), NOW)],
        leads_needed: 1,
        new_date: None,
        was_overdue: false,
        ended: None,
        announced: Announced::InSlack,
        taken: BTreeSet::new(),
    }
}

fn judged(emergency: &Emergency, now: Timestamp) -> Judgement {
    judge(emergency, &BTreeSet::from([Part::Prevention]), &times(), (NOW, now))
}

/// Takes every step as it becomes due, looking only when it was said to look.
fn play(mut emergency: Emergency, until: Timestamp) -> Vec<(i64, Owed)> {
    let (mut now, mut taken) = (NOW, Vec::new());
    while now <= until {
        let judgement = judged(&emergency, now);
        for owed in judgement.owed {
            let (Owed::Say(step) | Owed::Note(step)) = owed;
            assert!(emergency.taken.insert(step.name()), "{step:?} is owed twice");
            emergency.was_overdue |= matches!(step, Step::Overdue(_));
            taken.push((now.seconds() - NOW.seconds(), owed));
        }
        let Some(next) = judgement.next else { break };
        assert!(next > now);
        now = next;
    }
    taken
}

#[test]
fn an_emergency_is_documented_within_a_day() {
    assert_eq!(documentation_due(NOW), at(24 * HOUR));
}

#[test]
fn f16_the_time_is_over_at_the_second() {
    let one_before = judged(&emergency(), Timestamp(at(24 * HOUR).0 - 1));
    assert!(!one_before.owed.iter().any(|owed| matches!(owed, Owed::Say(Step::Overdue(_)))), "{one_before:?}");
    assert_eq!(one_before.next, Some(at(24 * HOUR)));
    assert_eq!(judged(&emergency(), at(24 * HOUR)).owed, [Owed::Say(Step::Overdue(at(24 * HOUR)))]);
}

#[test]
fn each_step_comes_at_its_time_and_once() {
    let said = play(emergency(), at(48 * HOUR));
    let hours: Vec<i64> = said.iter().take(4).map(|(seconds, _)| seconds / 3600).collect();
    assert_eq!(hours, [12, 20, 23, 24], "{said:?}");
    assert!(matches!(said.last(), Some((_, Owed::Say(Step::StillOverdue(_))))), "{said:?}");
    let days = said.iter().filter(|(_, owed)| matches!(owed, Owed::Say(Step::StillOverdue(_)))).count();
    assert_eq!(days, 1, "one nine o'clock lies in the second day");
}

#[test]
fn leads_are_called_until_enough_of_them_know() {
    let nobody = Emergency { acknowledged: Vec::new(), ..emergency() };
    let calls = |emergency: Emergency| -> Vec<i64> {
        let calls = play(emergency, at(HOUR)).into_iter();
        calls.filter(|(_, owed)| matches!(owed, Owed::Say(Step::CallLeads(_)))).map(|(at, _)| at / 60).collect()
    };
    assert_eq!(calls(nobody.clone()), [10, 30]);
    assert_eq!(calls(emergency()), [0; 0]);
    assert_eq!(calls(Emergency { leads_needed: 2, ..emergency() }), [10, 30], "one of two is not enough");
    assert!(!Emergency { leads_needed: 2, ..emergency() }.is_confirmed() && emergency().is_confirmed());
}

#[test]
fn when_slack_does_not_take_it_the_leads_are_called_in_jira_within_a_quarter_of_an_hour() {
    let nobody = Emergency { acknowledged: Vec::new(), announced: Announced::NotYet, ..emergency() };
    let said = play(nobody.clone(), at(15 * MINUTE));
    assert!(said.contains(&(600, Owed::Say(Step::CallLeadsInJira))), "{said:?}");
    let heard = play(Emergency { announced: Announced::InSlack, ..nobody }, at(15 * MINUTE));
    assert!(!heard.iter().any(|(_, owed)| *owed == Owed::Say(Step::CallLeadsInJira)));
}

#[test]
fn what_was_due_before_anybody_listened_is_not_said_later() {
    let missing = BTreeSet::from([Part::Reason]);
    let late = judge(&emergency(), &missing, &times(), (at(30 * HOUR), at(30 * HOUR)));
    assert_eq!(late.owed, [Owed::Note(Step::Overdue(at(24 * HOUR)))]);
    let taken = BTreeSet::from([Step::Overdue(at(24 * HOUR)).name()]);
    let later = Emergency { taken, was_overdue: true, ..emergency() };
    let next = judge(&later, &missing, &times(), (at(30 * HOUR), at(30 * HOUR))).next.unwrap();
    assert!(next > at(30 * HOUR) && next <= at(54 * HOUR), "it goes on with the next day");
}

#[test]
fn after_a_pause_only_the_last_step_is_said() {
    assert_eq!(judged(&emergency(), at(21 * HOUR)).owed, [Owed::Say(Step::RemindOwner(1))]);
    let over = judged(&emergency(), at(60 * HOUR)).owed;
    assert_eq!(over, [Owed::Say(Step::Overdue(at(24 * HOUR)))], "that a date was missed is never passed over");
}

#[test]
fn an_emergency_that_is_over_owes_nothing() {
    let over = Emergency { ended: Some(Ending::CalledOff), ..emergency() };
    assert_eq!(judged(&over, at(30 * HOUR)), Judgement::default());
    let nothing_missing = judge(&emergency(), &BTreeSet::new(), &times(), (NOW, at(HOUR)));
    assert_eq!(nothing_missing.owed, [Owed::Say(Step::Documented)]);
}

#[test]
fn a_new_date_is_followed_up_and_the_missed_one_stays() {
    let taken: BTreeSet<String> = play(emergency(), at(25 * HOUR))
        .into_iter()
        .map(|(_, owed)| match owed {
            Owed::Say(step) | Owed::Note(step) => step.name(),
        })
        .collect();
    let given = Emergency { new_date: Some(at(72 * HOUR)), was_overdue: true, taken, ..emergency() };
    assert!(judged(&given, at(30 * HOUR)).owed.is_empty());
    assert_eq!(judged(&given, at(71 * HOUR)).owed, [Owed::Say(Step::RemindLeads(at(72 * HOUR)))]);
    assert!(matches!(judged(&given, at(72 * HOUR)).owed[..], [Owed::Say(Step::Overdue(due))] if due == at(72 * HOUR)));
}

#[test]
fn j17_the_time_runs_from_the_use_of_the_gate_but_no_missed_date_is_taken_back() {
    let used = Emergency { used: Some(at(2 * HOUR)), ..emergency() };
    assert_eq!(used.due(&times()), at(26 * HOUR));
    assert_eq!(Emergency { was_overdue: true, ..used }.due(&times()), at(24 * HOUR));
}

#[test]
fn nobody_is_reminded_of_a_waiting_ticket_at_night() {
    let night = Reminders { quiet: Quiet::parse("18:00-07:00").unwrap(), ..times() };
    let since = Timestamp::parse("2026-11-22T17:30:00Z").unwrap();
    let waits = held::Held { since, taken: BTreeSet::new() };
    let judged = |now: &str| held::judge(&waits, &night, (since, Timestamp::parse(now).unwrap()));
    assert_eq!(judged("2026-11-22T19:30:00Z").owed, None);
    assert_eq!(judged("2026-11-22T19:30:00Z").next, Some(Timestamp::parse("2026-11-23T07:00:00Z").unwrap()));
    assert_eq!(
        judged("2026-11-23T07:00:00Z").owed,
        Some(held::Step::Direct),
        "of two that fall together, the later one"
    );
}

#[test]
fn a_waiting_ticket_is_spoken_of_once_and_not_for_what_was_due_before_anybody_listened() {
    let judged = |taken: &[&str], on: u64, now: u64| {
        let taken = taken.iter().map(|step| (*step).to_owned()).collect();
        held::judge(&held::Held { since: NOW, taken }, &times(), (at(on), at(now)))
    };
    let direct = judged(&["thread"], 0, 8 * HOUR);
    assert_eq!((direct.owed, direct.next), (Some(held::Step::Direct), Some(at(24 * HOUR))));
    assert_eq!(judged(&["thread", "direct"], 0, 8 * HOUR).owed, None);
    assert_eq!(judged(&[], 8 * HOUR, 8 * HOUR).owed, Some(held::Step::Direct));
    assert_eq!(judged(&[], 8 * HOUR + 1, 9 * HOUR).owed, None);
}

#[test]
fn a_ticket_stands_in_the_daily_message_half_a_day_after_the_last_step() {
    let waits = held::Held { since: NOW, taken: BTreeSet::new() };
    let stands = |now: u64| held::is_for_the_daily_message(&waits, &times(), at(now));
    assert!(!stands(36 * HOUR - 1) && stands(36 * HOUR));
}

#[test]
fn what_is_due_when_somebody_begins_to_listen_is_said() {
    let missing = BTreeSet::from([Part::Reason]);
    let owed = |since: u64| judge(&emergency(), &missing, &times(), (at(since), at(24 * HOUR))).owed;
    assert_eq!(owed(24 * HOUR), [Owed::Say(Step::Overdue(at(24 * HOUR)))]);
    assert_eq!(owed(24 * HOUR + 1), [Owed::Note(Step::Overdue(at(24 * HOUR)))]);
}

/// The day on which it became overdue has its message already.
#[test]
fn nobody_is_told_twice_at_the_moment_at_which_the_time_is_over() {
    let declared = Timestamp::parse("2026-11-22T09:00:00Z").unwrap();
    let due = declared.plus(Duration::from_secs(24 * HOUR));
    let taken = BTreeSet::from([Step::Overdue(due).name()]);
    let late = Emergency { declared, was_overdue: true, taken, ..emergency() };
    let judgement = judge(&late, &BTreeSet::from([Part::Reason]), &times(), (declared, due));
    let day = Duration::from_secs(24 * HOUR);
    assert_eq!((judgement.owed, judgement.next), (Vec::new(), Some(due.plus(day))));
}

#[test]
fn an_emergency_covers_what_goes_out_until_its_documentation_is_due() {
    let emergency = emergency();
    let due = documentation_due(NOW);
    assert_eq!(due, at(24 * HOUR));
    let covers = |moment: Timestamp| emergency.covers(moment);
    let second = Duration::from_secs(1);
    assert!(covers(NOW) && !covers(NOW.minus(second)));
    assert!(covers(due.minus(second)) && !covers(due));
}

/// Jira is asked to call only while Slack has told nobody, and nobody has confirmed that they know.
#[test]
fn leads_who_have_confirmed_are_not_called_in_jira() {
    let called = |announced: Announced, acknowledged: bool| {
        let mut emergency = Emergency { announced, ..emergency() };
        if !acknowledged {
            emergency.acknowledged.clear();
        }
        judged(&emergency, at(10 * MINUTE)).owed.contains(&Owed::Say(Step::CallLeadsInJira))
    };
    assert!(called(Announced::NotYet, false));
    assert!(!called(Announced::NotYet, true));
    assert!(!called(Announced::InSlack, false));
}

#[test]
fn whoever_declared_an_emergency_does_not_call_it_off_once_it_was_overdue() {
    let lead = RoleName::parse("lead").unwrap();
    let person = |name: &str, roles: &[&RoleName]| -> Person {
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        serde_json::from_value(serde_json::json!({ "name": name, "jira": name, "github": [], "slack": null, "roles": roles, "signs_as": null })).unwrap()
    };
    let (owner, leading_owner) = (person("Olga", &[]), person("Olga", &[&lead]));
    let (other_lead, stranger) = (person("Priya", &[&lead]), person("Sam", &[]));
    let due = at(24 * HOUR);
    let objection = |emergency: &Emergency, person: &Person, now: Timestamp| {
        objection_to_calling_off(emergency, (Some(&owner), "Olga"), (person, std::slice::from_ref(&lead)), (due, now))
    };
    let declared = emergency();
    for person in [&owner, &leading_owner, &other_lead] {
        assert_eq!(objection(&declared, person, NOW), None);
    }
    assert_eq!(objection(&declared, &stranger, NOW).as_deref(), Some("Only Olga and the leads can call it off."));
    let with_a_new_date = Emergency { was_overdue: true, ..declared.clone() };
    for (emergency, now) in [(&declared, due), (&with_a_new_date, NOW)] {
        for person in [&owner, &leading_owner, &stranger] {
            let overdue = "This emergency is overdue, so only a lead who did not declare it calls it off.";
            assert_eq!(objection(emergency, person, now).as_deref(), Some(overdue));
        }
        assert_eq!(objection(emergency, &other_lead, now), None);
    }
}
