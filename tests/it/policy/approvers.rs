//! Who may approve a ticket, and whether they are enough.

use std::collections::{BTreeMap, BTreeSet};

use cm_bot::model::{AccountId, AccountState, Commit, Deciding, Decisions, Field, Signature, Timestamp};
use cm_bot::policy::approvers::acts::rests_on_closed_way;
use cm_bot::policy::approvers::commands::{Command, read};
use cm_bot::policy::approvers::matching::{assign, openings};
use cm_bot::policy::approvers::{Accounts, Act, Approvals, Case, Deed, Involved, Matrix, Seen, Way};
use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::{Fact, Facts, Gap, GapReason, PullRequests, Source};
use proptest::prelude::*;

use crate::support::facts::{NOW, criteria, passing, pull_request, range, signed, texts_with, user};

/// A ticket that waits for people; a test says what they do.
struct Story {
    facts: Facts,
    criteria: Criteria,
    acts: Vec<Act>,
    accounts: BTreeMap<AccountId, AccountState>,
    involved: Involved,
}

fn account(handle: &str) -> AccountId {
    AccountId::parse(&format!("712020:{handle}")).unwrap()
}

/// The shipped criteria with other terms for approvers, and one more block of people.
fn criteria_of(approvers: &str, people: &str) -> Criteria {
    let texts = texts_with("", "");
    let start = texts.criteria.find("[approvers]").unwrap();
    let end = texts.criteria.find("[notify]").unwrap();
    let terms = format!("{}{approvers}\n{}", &texts.criteria[..start], &texts.criteria[end..]);
    Criteria::read(&signed(terms, texts.people + people)).unwrap()
}

fn person(name: &str, handle: &str, roles: &str) -> String {
    format!("[[people]]\nname = \"{name}\"\njira = \"712020:{handle}\"\ngithub = []\nroles = [{roles}]\n")
}

impl Story {
    /// A ticket that is waited for because there was no earlier approval.
    fn new() -> Story {
        let mut facts = passing();
        facts.siblings = Fact::Known(Vec::new());
        let (acts, accounts, involved) = (Vec::new(), BTreeMap::new(), Involved::default());
        Story { facts, criteria: criteria(), acts, accounts, involved }
    }

    fn under(criteria: Criteria) -> Story {
        Story { criteria, ..Story::new() }
    }

    fn does(mut self, handle: &str, deed: Deed) -> Story {
        let decision = evaluate(&self.facts, &self.criteria, NOW);
        let number = i64::try_from(self.acts.len()).unwrap();
        let by = account(handle);
        self.accounts.entry(by.clone()).or_insert(AccountState::Active);
        let (source, at) = (number.to_string(), Timestamp(NOW.0 + number));
        let fingerprint = self.facts.ticket.fingerprint();
        let seen = Seen::of(&decision);
        self.acts.push(Act { way: Way::Comment, source, by: Some(by), deed, at, fingerprint, seen, refused: None });
        self
    }

    fn approves(self, handle: &str) -> Story {
        self.does(handle, Deed::Approve { note: String::new() })
    }

    fn declines(self, handle: &str) -> Story {
        self.does(handle, Deed::Decline { reason: "not before the audit".into() })
    }

    fn whose_account_is(mut self, handle: &str, state: AccountState) -> Story {
        self.accounts.insert(account(handle), state);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Story)) -> Story {
        change(&mut self);
        self
    }

    fn stands(&self) -> Approvals {
        let decision = evaluate(&self.facts, &self.criteria, NOW);
        let accounts = Accounts::Asked(self.accounts.clone());
        let about = (&self.facts.ticket, &self.facts, &decision);
        Approvals::of(&self.acts, &Case::of(about, &self.criteria, &accounts, &self.involved))
    }

    /// Who has approved as what, what is said of the rest.
    fn said(&self) -> (String, Vec<String>) {
        let stands = self.stands();
        let given = stands.given().into_iter().map(|(given, role)| format!("{} as {role}", given.name));
        let given = given.collect::<Vec<_>>().join(", ");
        (format!("{}: {given}", stands.title()), stands.not_counted().to_vec())
    }

    /// Nothing is given, for this reason.
    fn counts_for_nothing(&self, reason: &str) {
        assert_eq!(self.said(), ("Waiting for 2 of 2 approvals: ".into(), vec![reason.to_owned()]));
        assert!(self.stands().approval().is_none());
    }
}

#[test]
fn two_leads_who_had_no_part_in_it_are_enough_in_either_order() {
    for order in [["priya", "sam"], ["sam", "priya"]] {
        let story = Story::new().approves(order[0]);
        assert!(story.stands().approval().is_none());
        assert!(story.said().0.starts_with("Waiting for 1 of 2 approvals: "), "{:?}", story.said());
        let story = story.approves(order[1]);
        let (said, not_counted) = story.said();
        assert_eq!(said, "Waiting for 0 of 2 approvals: Priya Nair as Security Lead, Sam Okafor as Engineering Lead");
        assert_eq!(not_counted, Vec::<String>::new());
        let right = story.stands().approval().unwrap();
        assert_eq!(right.ticket().as_str(), "PRODCM-412");
        assert_eq!(right.fingerprint(), story.facts.ticket.fingerprint());
    }
}

#[test]
fn who_is_missing_and_who_could_is_said() {
    let stands = Story::new().approves("sam").stands();
    let missing: Vec<String> = stands.missing().map(|place| place.seat.title()).collect();
    let could: Vec<&str> = stands.wanted().iter().map(|person| person.name.as_str()).collect();
    assert_eq!((missing, could), (vec!["Security Lead".to_owned()], vec!["Priya Nair"]));
    let stands = Story::new().stands();
    let could: BTreeSet<&str> = stands.wanted().iter().map(|person| person.name.as_str()).collect();
    assert!(could.contains("Priya Nair") && could.contains("Sam Okafor"), "{could:?}");
    assert_eq!(could.len(), stands.wanted().len(), "each once");
}

#[test]
fn whoever_approves_when_every_seat_is_taken_is_told_so() {
    let texts = texts_with("", "");
    let people = texts.people + &person("Nora Weiss", "nora", "\"engineering-lead\"");
    let criteria = Criteria::read(&signed(texts.criteria, people)).unwrap();
    let (said, not_counted) = Story::under(criteria).approves("priya").approves("sam").approves("nora").said();
    assert!(said.starts_with("Waiting for 0 of 2 approvals: "), "{said}");
    let told = "Nora Weiss approved too, and is not needed for it beside Priya Nair and Sam Okafor.";
    assert_eq!(not_counted, [told]);
}

#[test]
fn j04_j05_the_requester_does_not_count_with_any_role_or_account() {
    let reason = "Dana Reyes requested this change, so somebody else has to approve it.";
    Story::new().approves("dana").counts_for_nothing(reason);
    // The matrix is signed and outside of the ticket; another account of the same person is the same person.
    let people = person("Dana Reyes", "dana-admin", "\"security-lead\", \"engineering-lead\"");
    let terms = "[approvers]\nroles = [\"security-lead\", \"engineering-lead\"]\n";
    Story::under(criteria_of(terms, &people)).approves("dana-admin").counts_for_nothing(reason);
}

#[test]
fn j04_whoever_created_the_ticket_does_not_count_whomever_it_names_as_requester() {
    let made_by = |handle: &str| {
        let creator = Some(account(handle));
        move |story: &mut Story| story.facts.ticket.creator = creator
    };
    let reason = "Sam Okafor created the ticket, so somebody else has to approve it.";
    Story::new().with(made_by("sam")).approves("sam").counts_for_nothing(reason);
    // Another account of the same person is the same person.
    let people = person("Sam Okafor", "sam-admin", "");
    let terms = "[approvers]\nroles = [\"security-lead\", \"engineering-lead\"]\n";
    Story::under(criteria_of(terms, &people)).with(made_by("sam-admin")).approves("sam").counts_for_nothing(reason);
    // Who may not approve may decline, and what cm-bot made itself is nobody's.
    assert!(Story::new().with(made_by("sam")).declines("sam").stands().declined().is_some());
    for other in ["dana", "cm-bot"] {
        assert!(Story::new().with(made_by(other)).approves("priya").approves("sam").stands().is_full(), "{other}");
    }
}

#[test]
fn j06_one_person_counts_once_with_two_roles_and_with_two_accounts() {
    let terms = "[approvers]\nroles = [\"security-lead\", \"engineering-lead\"]\n";
    let people = person("Zoe Hart", "zoe", "\"security-lead\", \"engineering-lead\"")
        + &person("Priya Nair", "priya-admin", "\"engineering-lead\"");
    let criteria = criteria_of(terms, &people);
    let story = Story::under(criteria.clone()).approves("zoe").approves("zoe");
    assert!(story.said().0.starts_with("Waiting for 1 of 2 approvals: Zoe Hart as"), "{:?}", story.said());
    let story = Story::under(criteria.clone()).approves("priya").approves("priya-admin");
    assert!(story.said().0.starts_with("Waiting for 1 of 2 approvals: Priya Nair as"), "{:?}", story.said());
    // The twin: somebody else fills the other role, and whoever has both roles makes room.
    let story = Story::under(criteria).approves("zoe").approves("priya");
    assert_eq!(
        story.said().0,
        "Waiting for 0 of 2 approvals: Priya Nair as Security Lead, Zoe Hart as Engineering Lead"
    );
}

#[test]
fn j07_whoever_worked_on_the_change_or_deploys_it_does_not_count() {
    let worked = Story::new().with(|story| {
        pull_request(&mut story.facts).opener.as_mut().unwrap().id = cm_bot::model::GithubId(1003).into();
    });
    let said = worked.approves("priya").said();
    assert_eq!(said.1, ["Priya Nair worked on this change, so somebody else has to approve it."]);
    let deploys = Story::new().with(|story| story.involved.deployers.push(account("sam")));
    deploys.approves("sam").counts_for_nothing("Sam Okafor deploys this change, so somebody else has to approve it.");
    assert!(Story::new().approves("priya").approves("sam").stands().is_full(), "the twin");
}

#[test]
fn whoever_declared_the_emergency_does_not_count_whoever_is_its_requester() {
    let declared = Story::new().with(|story| story.involved.declarer = Some(account("sam")));
    let said = declared.approves("priya").approves("sam");
    assert_eq!(said.said().1, ["Sam Okafor declared this emergency, so somebody else has to approve it."]);
    assert!(!said.stands().is_full());
    let twin = Story::new().with(|story| story.involved.declarer = Some(account("dana")));
    assert!(twin.approves("priya").approves("sam").stands().is_full(), "its twin, which somebody else declared");
}

#[test]
fn j09_an_app_a_stranger_and_somebody_who_left_do_not_count() {
    let app = Story::new().whose_account_is("priya", AccountState::NotHuman).approves("priya");
    app.counts_for_nothing("That was an app or a rule in Jira, and only people approve.");
    let gone = Story::new().whose_account_is("priya", AccountState::Deactivated).approves("priya");
    gone.counts_for_nothing("The Jira account of Priya Nair is deactivated.");
    let unsaid = Story::new().whose_account_is("priya", AccountState::NotKnown).approves("priya");
    unsaid.counts_for_nothing("Jira does not say whether the account of Priya Nair is in use.");
    let stranger = Story::new().approves("ghost");
    stranger.counts_for_nothing("The Jira account that approved it is not in the people file.");
    let nobody = Story::new().approves("lee");
    nobody.counts_for_nothing("Lee Wong has none of the roles that may approve (Security Lead, Engineering Lead).");
}

#[test]
fn nobody_approves_for_good_when_jira_was_not_asked() {
    let story = Story::new().approves("priya").approves("sam");
    let decision = evaluate(&story.facts, &story.criteria, NOW);
    let about = (&story.facts.ticket, &story.facts, &decision);
    let shown =
        Approvals::of(&story.acts, &Case::of(about, &story.criteria, &Accounts::NotAsked, &Involved::default()));
    assert!(shown.is_full() && shown.approval().is_none());
}

#[test]
fn j08_whoever_loses_the_role_does_not_count_any_more() {
    let story = Story::new().approves("priya").approves("sam");
    let texts = texts_with("", "");
    let people = texts.people.replace("roles = [\"security-lead\"]", "roles = []")
        + &person("Zoe Hart", "zoe", "\"security-lead\"");
    let lapsed = Criteria::read(&signed(texts.criteria.clone(), people)).unwrap();
    let (said, why) = Story { criteria: lapsed, ..story }.said();
    assert_eq!(said, "Waiting for 1 of 2 approvals: Sam Okafor as Engineering Lead");
    assert_eq!(why, ["Priya Nair has none of the roles that may approve (Security Lead, Engineering Lead)."]);
}

#[test]
fn neither_an_edit_nor_setting_the_ticket_back_takes_a_decline_back() {
    let edit = || Deed::Edit { what: "the commit".into() };
    let declined = Story::new().declines("priya").does("dana", edit()).approves("sam");
    assert_eq!(declined.stands().declined().map(|declined| declined.name.as_str()), Some("Priya Nair"));
    for by in ["dana", "sam"] {
        let set_back = Story::new().declines("priya").does(by, Deed::TakeBack).approves("sam").stands();
        assert!(
            set_back.declined().is_some() && set_back.approval().is_none(),
            "whoever was told no makes it unsaid: {by}"
        );
    }
    for deed in [edit(), Deed::TakeBack] {
        let changed_her_mind = Story::new().declines("priya").does("dana", deed).approves("priya").approves("sam");
        assert!(changed_her_mind.stands().is_full());
    }
}

#[test]
fn j01_an_edit_voids_what_was_approved_also_when_it_is_taken_back() {
    let edit = Deed::Edit { what: "the commit".into() };
    let story = Story::new().approves("priya").does("dana", edit);
    let why = "Priya Nair approved before somebody edited the commit. An approval covers what the ticket said.";
    story.counts_for_nothing(why);
    let again = story.approves("priya").approves("sam");
    assert!(again.stands().is_full(), "both have approved it as it is now");
    // An edit of which the history says nothing yet.
    let unseen = Story::new().approves("priya").with(|story| {
        story.facts.ticket.fields.insert(Field::Links, "https://ci.acme.example/1872".into());
    });
    unseen.counts_for_nothing(
        "Priya Nair approved before the ticket was edited. An approval covers what the ticket said.",
    );
}

#[test]
fn a_status_that_was_set_back_takes_everything_back() {
    let story = Story::new().approves("priya").does("sam", Deed::TakeBack).approves("sam");
    let (said, why) = story.said();
    assert_eq!(said, "Waiting for 1 of 2 approvals: Sam Okafor as Engineering Lead");
    assert_eq!(
        why,
        ["Priya Nair approved before the ticket was set back to review. An approval covers what the ticket said."]
    );
}

#[test]
fn an_approval_does_not_cover_what_was_found_later() {
    let story = Story::new().approves("priya").with(|story| {
        story.facts.siblings = Fact::Known(vec![cm_bot::policy::facts::Sibling {
            ticket: cm_bot::model::TicketKey::parse("PRODCM-413").unwrap(),
            status: "Awaiting approval".into(),
        }]);
    });
    let (said, why) = story.said();
    assert_eq!(said, "Waiting for 2 of 2 approvals: ");
    assert!(why[0].starts_with("Priya Nair approved before cm-bot found this: "), "{why:?}");
    assert!(story.approves("priya").approves("sam").stands().is_full(), "both have seen it now");
}

#[test]
fn the_last_word_of_a_person_counts() {
    let story = Story::new().approves("sam").declines("priya");
    let declined = story.stands().declined().cloned().unwrap();
    assert_eq!((declined.name.as_str(), declined.reason.as_str()), ("Priya Nair", "not before the audit"));
    assert!(!story.stands().is_full() && story.stands().approval().is_none());
    let story = story.approves("priya");
    assert!(story.stands().declined().is_none() && story.stands().is_full());
    assert!(story.declines("sam").stands().approval().is_none());
    let nobody = Story::new().approves("priya").approves("sam").declines("lee");
    assert!(nobody.stands().is_full(), "who may not approve cannot decline either");
}

#[test]
fn a_comment_that_is_gone_counts_no_more() {
    let story = Story::new().approves("priya").does("priya", Deed::Withdraw { of: "0".into() });
    assert_eq!(story.said().0, "Waiting for 2 of 2 approvals: ");
    let story = Story::new().approves("priya").approves("sam").does("priya", Deed::Withdraw { of: "0".into() });
    assert!(
        story.said().0.starts_with("Waiting for 1 of 2 approvals"),
        "what another wrote stands: {}",
        story.said().0
    );
}

/// Nobody's pull request says who had a hand in it, and its author is what anybody may write.
#[test]
fn j07_whoever_committed_or_pushed_what_no_pull_request_brought_does_not_count() {
    let story = |change: fn(&mut Commit, &mut PullRequests)| {
        Story::new().with(|story| {
            let mut none = PullRequests::default();
            change(&mut range(&mut story.facts).commits[0], &mut none);
            story.facts.pull_requests = Fact::Known(none);
        })
    };
    let committed = story(|commit, _| commit.committer.account = Some(user("priya", 1003)));
    let pushed = story(|commit, none| drop(none.first_pushed.insert(commit.sha.clone(), vec![user("priya", 1003)])));
    for story in [committed, pushed] {
        let said = story.approves("priya").said().1;
        assert_eq!(said, ["Priya Nair worked on this change, so somebody else has to approve it."]);
    }
    let for_somebody = story(|commit, _| {
        commit.signature = Signature::ByGithub;
        commit.committer.account = Some(user("priya", 1003));
    });
    assert!(for_somebody.approves("priya").approves("sam").stands().is_full(), "the twin: GitHub's own");
}

#[test]
fn while_github_does_not_say_who_worked_on_it_nobody_counts_yet() {
    let gap = |reason| Gap { what: "the commits".into(), source: Source::Github, reason };
    let story = Story::new().with(|story| story.facts.range = Fact::Unknown(gap(GapReason::Unreachable)));
    let story = story.approves("priya");
    assert_eq!(
        story.said().1,
        [
            "Nobody can say yet whether Priya Nair worked on this change: GitHub did not answer when asked for the commits."
        ]
    );
    let never = Story::new().with(|story| story.facts.range = Fact::Unknown(gap(GapReason::TooMuch)));
    assert!(never.approves("priya").approves("sam").stands().is_full(), "what nobody can find out, people decide");
}

/// The titles of the roles that a change wants.
fn wanted(criteria: &Criteria, change: impl FnOnce(&mut Facts)) -> Vec<String> {
    let mut facts = passing();
    change(&mut facts);
    let decision = evaluate(&facts, criteria, NOW);
    Matrix::of(&facts, &decision, criteria).seats().iter().map(|seat| seat.title()).collect()
}

#[test]
fn two_are_wanted_unless_the_criteria_say_that_one_is_enough() {
    assert_eq!(wanted(&criteria(), |_| {}), ["Security Lead", "Engineering Lead"]);
    let one = |least: &str| criteria_of(&format!("[approvers]\nroles = [\"security-lead\"]\n{least}"), "");
    assert_eq!(wanted(&one("least = 1\n"), |_| {}), ["Security Lead"]);
    assert_eq!(wanted(&one(""), |_| {}), ["Security Lead", "Security Lead"]);
    let any = criteria_of("[approvers]\nroles = [[\"security-lead\", \"engineering-lead\"]]\nleast = 1\n", "");
    assert_eq!(wanted(&any, |_| {}), ["Security Lead or Engineering Lead"]);
}

#[test]
fn j10_what_a_change_touches_adds_up_and_what_is_unknown_counts_as_if_it_did() {
    let more = |condition: &str| {
        let terms = "[approvers]\nroles = [\"security-lead\", \"engineering-lead\"]\n[[approvers.more]]\n";
        criteria_of(&format!("{terms}{condition}\nroles = [\"security-officer\", \"security-lead\"]\n"), "")
    };
    let two = ["Security Lead", "Engineering Lead"];
    let three = ["Security Lead", "Engineering Lead", "Security Officer"];
    assert_eq!(wanted(&more("components = [\"billing-api\"]"), |_| {}), three);
    assert_eq!(wanted(&more("components = [\"other\"]"), |_| {}), two);
    assert_eq!(wanted(&more("environments = [\"prod-us\"]"), |_| {}), three);
    assert_eq!(wanted(&more("environments = [\"prod-eu\"]"), |_| {}), two);
    assert_eq!(wanted(&more("classes = [\"normal\"]"), |_| {}), three);
    assert_eq!(wanted(&more("classes = [\"network\"]"), |_| {}), two);
    assert_eq!(wanted(&more("paths = [\"src/**\"]"), |_| {}), three);
    assert_eq!(wanted(&more("paths = [\"infrastructure/**\"]"), |_| {}), two);
    assert_eq!(wanted(&more("components = [\"billing-api\"]\npaths = [\"infrastructure/**\"]"), |_| {}), two);
    let first = |facts: &mut Facts| facts.baseline = Fact::Known(None);
    assert_eq!(wanted(&more("risks = [\"first_deployment\"]"), |_| {}), two);
    assert_eq!(wanted(&more("risks = [\"first_deployment\"]"), first), three);
    assert_eq!(wanted(&more("paths = [\"infrastructure/**\"]"), first), three, "nobody knows what it changes");
    let unknown = |facts: &mut Facts| facts.placement = cm_bot::policy::facts::Placement::NotOneComponent;
    assert_eq!(wanted(&more("components = [\"other\"]"), unknown), three);
}

#[test]
fn criteria_that_ask_for_nobody_are_refused() {
    let error = |more: &str| {
        let texts = texts_with("", "");
        let terms = texts.criteria.replace("[notify]", &format!("[[approvers.more]]\n{more}\n[notify]"));
        Criteria::parse(&terms, &texts.people).unwrap_err().to_string()
    };
    assert_eq!(
        error("components = [\"billing-api\"]"),
        "`approvers.more` number 1 names no `roles` and no `least`, so it asks for nobody"
    );
    assert_eq!(
        error("risks = [\"luck\"]\nroles = [\"security-lead\"]"),
        "`approvers.more` number 1 names the risk `luck`, which is no rule"
    );
    assert_eq!(
        error("roles = [\"it-manager\"]"),
        "`approvers.more.roles` names the role `it-manager`, which nobody in the people file has"
    );
}

#[test]
fn a_command_is_read_as_it_is_written() {
    let note = |text: &str| Ok(Command::Approve { note: text.into() });
    assert_eq!(read("/cm approve"), note(""));
    assert_eq!(read("  /CM  Approve  the plan is good"), note("the plan is good"));
    assert_eq!(read("/cm decline"), read("/cm decline too bad"));
    assert_eq!(
        read("/cm decline").unwrap_err(),
        "A decline needs a reason of at least 10 characters: /cm decline and then why."
    );
    let reason = "it freezes the tables".to_owned();
    assert_eq!(read(&format!("/cm decline {reason}")), Ok(Command::Decline { reason }));
    assert_eq!((read("/cm check"), read("/cm explain")), (Ok(Command::Check), Ok(Command::Explain)));
    assert!(read("/cm aprove").unwrap_err().starts_with("The commands are /cm approve"));
}

/// The most people who can be seated, by trying every way.
fn most(place: usize, seats: usize, fits: &[Vec<usize>], used: &mut BTreeSet<usize>) -> usize {
    if place == seats {
        return 0;
    }
    let mut best = most(place + 1, seats, fits, used);
    for person in (0..fits.len()).filter(|person| fits[*person].contains(&place)) {
        if used.insert(person) {
            best = best.max(1 + most(place + 1, seats, fits, used));
            used.remove(&person);
        }
    }
    best
}

fn seated(seats: usize, fits: &[Vec<usize>]) -> usize {
    assign(seats, fits).iter().flatten().count()
}

proptest! {
    #[test]
    fn as_many_are_seated_as_any_order_could_seat(
        seats in 0_usize..5,
        fits in prop::collection::vec(prop::collection::vec(0_usize..6, 0..5), 0..6),
        newcomer in prop::collection::vec(0_usize..6, 0..4),
    ) {
        let taken = assign(seats, &fits);
        let people: Vec<usize> = taken.iter().flatten().copied().collect();
        prop_assert_eq!(people.iter().collect::<BTreeSet<_>>().len(), people.len(), "nobody sits twice");
        for (place, person) in taken.iter().enumerate() {
            prop_assert!(person.is_none_or(|person| fits[person].contains(&place)), "everybody fits");
        }
        prop_assert_eq!(people.len(), most(0, seats, &fits, &mut BTreeSet::new()));
        // Who has a seat keeps one when somebody comes.
        let more: Vec<Vec<usize>> = fits.iter().cloned().chain([newcomer.clone()]).collect();
        let after: BTreeSet<usize> = assign(seats, &more).into_iter().flatten().collect();
        prop_assert!(people.iter().all(|person| after.contains(person)));
        // Whoever could fill an empty seat is told so, and nobody else is.
        let helps = seated(seats, &more) > people.len();
        prop_assert_eq!(helps, !openings(&newcomer, &fits, &taken).is_empty());
    }
}

#[test]
fn a_word_counts_no_more_where_nobody_decides_by_now() {
    let said = |way: Way, deciding: Deciding| {
        let act = Act {
            way,
            source: "1".into(),
            by: Some(account("priya")),
            deed: Deed::Approve { note: String::new() },
            at: NOW,
            fingerprint: String::new(),
            seen: Seen::default(),
            refused: None,
        };
        act.under(deciding).refused
    };
    let (link, form) = (Decisions::Link, Decisions::Interactive);
    let in_jira_alone = Deciding { slack: link, pages: link };
    for way in [Way::Status, Way::Field, Way::Comment, Way::ServiceDesk] {
        assert_eq!(said(way, in_jira_alone), None, "Jira is always a way");
    }
    for (way, words, here, elsewhere) in [
        (Way::Slack, "in Slack", Deciding { slack: form, pages: link }, Deciding { slack: link, pages: form }),
        (Way::Page, "on cm-bot's page", Deciding { slack: link, pages: form }, Deciding { slack: form, pages: link }),
    ] {
        assert_eq!(said(way, here), None);
        let refused = |place: &str| Some(format!("Somebody decided {words}, and by now people decide {place}."));
        assert_eq!(said(way, elsewhere), refused("elsewhere"));
        assert_eq!(said(way, in_jira_alone), refused("in Jira alone"));
    }
}

#[test]
fn whose_newest_approval_counts_no_more_has_to_say_so_again() {
    let act = |handle: &str, way: Way, deed: Deed| Act {
        way,
        source: "1".into(),
        by: Some(account(handle)),
        deed,
        at: NOW,
        fingerprint: String::new(),
        seen: Seen::default(),
        refused: None,
    };
    let approved = || Deed::Approve { note: String::new() };
    let declined = || Deed::Decline { reason: "no".into() };
    let people = criteria().people;
    let closed = |acts: &[Act]| rests_on_closed_way(acts, "Priya Nair", (&people, Deciding::default()));
    let (slack, comment) = (act("priya", Way::Slack, approved()), act("priya", Way::Comment, approved()));
    assert!(closed(&[comment.clone(), slack.clone()]));
    assert!(!closed(&[slack.clone(), comment.clone()]), "the newest is in Jira");
    assert!(!closed(&[comment.clone(), act("sam", Way::Slack, approved())]), "it is another person's");
    assert!(!closed(&[comment.clone(), act("priya", Way::Slack, declined())]), "it is no approval");
    let refused = Act { refused: Some("no".into()), ..slack };
    assert!(!closed(&[comment, refused]), "it never counted");
    assert!(!closed(&[]));
}
