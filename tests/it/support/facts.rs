//! Facts of a ticket that is approved. A test changes one thing and reads what the rule says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cm_bot::model::{
    Account, AccountId, AccountKind, Analysis, BranchName, Commit, CommitSha, Content, Environment, Field, GitActor,
    GithubId, IssueId, Ledger, Merged, Mode, ObjectId, Opinion, PullRequest, Push, Relation, RepoName, Review, Rules,
    Scanner, Service, ServiceName, Signature, Status, Ticket, TicketKey, TicketStatus, Timestamp, Tree, TreeEntry,
    blob_id,
};
use cm_bot::policy::criteria::{Criteria, NAMESPACE, PolicyTexts, SignatureTexts};
use cm_bot::policy::decision::{Decision, Finding};
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::{Fact, Facts, Objects, PastChange, Placement, PullRequests, Range, Scans};
use cm_bot::policy::plan::{Action, Counts, PlanRisk, RiskItem};
use serde::{Deserialize, Serialize};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{HashAlg, LineEnding, PrivateKey};

/// When everything in these facts happened, more or less.
pub const NOW: Timestamp = Timestamp(1_793_610_000_000);

/// The baseline, the commit of the pull request, and its merge.
pub fn sha(digit: char) -> CommitSha {
    CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
}

/// The shipped criteria with five people: Dana (1001), Lee (1002), Priya (1003), Sam (1004).
pub fn criteria() -> Criteria {
    criteria_with("", "")
}

/// The shipped criteria with the first `old` replaced by `new`, signed by Alex (1005).
pub fn criteria_with(old: &str, new: &str) -> Criteria {
    Criteria::read(&texts_with(old, new)).unwrap()
}

/// The texts of those criteria.
pub fn texts_with(old: &str, new: &str) -> PolicyTexts {
    let terms = std::fs::read_to_string("config/criteria.toml").unwrap();
    assert!(terms.contains(old));
    let person = |(name, id, role): (&str, u64, &str)| {
        let handle = name.split(' ').next().unwrap().to_lowercase();
        format!(
            "[[people]]\nname = \"{name}\"\njira = \"712020:{handle}\"\ngithub = [{id}]\nslack = \"U{id}\"\nroles = [{role}]\n"
        )
    };
    let people = [
        ("Dana Reyes", 1001, ""),
        ("Lee Wong", 1002, ""),
        ("Priya Nair", 1003, "\"security-lead\""),
        ("Sam Okafor", 1004, "\"engineering-lead\""),
        ("Alex Silva", 1005, "\"security-officer\""),
    ];
    let people = people.map(person).concat() + "signs_as = \"security-officer@acme.example\"\n";
    signed(terms.replacen(old, new, 1), people)
}

/// The key of the Security Officer of these tests.
pub static OFFICER: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::from(Ed25519Keypair::random(&mut rand_core::OsRng)));

/// Texts with what vouches for them.
pub fn signed(criteria: String, people: String) -> PolicyTexts {
    let signatures = SignatureTexts {
        of_criteria: Some(signature(&OFFICER, NAMESPACE, &criteria)),
        of_people: Some(signature(&OFFICER, NAMESPACE, &people)),
        allowed_signers: Some(allowed(&OFFICER, "")),
    };
    PolicyTexts { criteria, people, signatures }
}

/// A signature as `ssh-keygen -Y sign` writes it.
pub fn signature(key: &PrivateKey, namespace: &str, text: &str) -> String {
    key.sign(namespace, HashAlg::Sha512, text.as_bytes()).unwrap().to_pem(LineEnding::LF).unwrap()
}

/// The line of an allowed signer with more options.
pub fn allowed(key: &PrivateKey, options: &str) -> String {
    format!(
        "security-officer@acme.example namespaces=\"{NAMESPACE}\"{options} {}\n",
        key.public_key().to_openssh().unwrap()
    )
}

/// A human's account.
pub fn user(login: &str, id: u64) -> Account {
    Account { id: GithubId(id).into(), login: login.into(), kind: AccountKind::User }
}

/// A commit by one person.
pub fn commit(name: char, parents: &[char], author: &Account) -> Commit {
    let actor = GitActor { name: author.login.clone(), account: Some(author.clone()) };
    Commit {
        sha: sha(name),
        tree: tree_name(name),
        parents: parents.iter().map(|parent| sha(*parent)).collect(),
        authors: vec![actor.clone()],
        committer: actor,
        signature: Signature::None,
        headline: format!("Commit {name}"),
    }
}

/// A merge commit as GitHub's button makes it.
pub fn merge(name: char, parents: &[char], by: &Account) -> Commit {
    Commit { signature: Signature::ByGithub, ..commit(name, parents, by) }
}

/// An approval by somebody with the right to push, an hour before [`NOW`].
pub fn approval(by: &Account, of: char) -> Review {
    Review {
        id: format!("review-{}-{of}", by.login),
        author: Some(by.clone()),
        opinion: Opinion::Approved,
        submitted_at: Timestamp(NOW.0 - 3_600_000),
        commit: Some(sha(of)),
        may_push: true,
        text: String::new(),
        edited_at: None,
    }
}

/// A push by somebody, two hours before [`NOW`].
pub fn push(by: &Account, before: Option<char>, after: char) -> Push {
    Push { before: before.map(sha), after: sha(after), by: Some(by.clone()), at: Timestamp(NOW.0 - 7_200_000) }
}

/// The name of the tree of a commit: one file that holds the commit's letter; the merge `c` holds what `b` does.
pub fn tree_name(commit: char) -> ObjectId {
    let content = if commit == 'c' { 'b' } else { commit };
    put(&mut Objects::default(), &[("src/totals.js", &content.to_string())])
}

/// Puts files, with all folders above them, where proofs look for them.
pub fn put(objects: &mut Objects, files: &[(&str, &str)]) -> ObjectId {
    let mut tree = Tree::default();
    let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, content) in files {
        match path.split_once('/') {
            Some((folder, below)) => folders.entry(folder).or_default().push((below, content)),
            None => {
                let id = blob_id(content.as_bytes());
                objects.contents.insert(id.clone(), Content::Text((*content).to_owned()));
                tree.entries.insert((*path).to_owned(), TreeEntry { mode: Mode::FILE, id });
            }
        }
    }
    for (folder, files) in folders {
        let id = put(objects, &files);
        tree.entries.insert(folder.to_owned(), TreeEntry { mode: Mode::FOLDER, id });
    }
    objects.trees.insert(tree.id(), tree.clone());
    tree.id()
}

/// The trees of all commits that a test may name.
fn objects() -> Objects {
    let mut objects = Objects::default();
    for content in "0123456789abdef".chars() {
        put(&mut objects, &[("src/totals.js", &content.to_string())]);
    }
    objects
}

/// A ticket of billing-api to prod-us: pull request 871 by Dana, approved by Lee, merged, scanned.
pub fn passing() -> Facts {
    let (dana, lee) = (user("dana", 1001), user("lee", 1002));
    let ticket = ticket();
    let placement = Placement::of(&ticket, &[service()]);
    let pull_request = PullRequest {
        number: 871,
        repository: service().repository,
        title: "Round totals".into(),
        base: service().branch,
        head: sha('b'),
        opener: Some(dana.clone()),
        assignees: Vec::new(),
        assigned_by_machines: Vec::new(),
        own: None,
        commits: None,
        merged: Some(Merged { commit: sha('c'), at: Timestamp(NOW.0 - 1_800_000) }),
        squash: None,
        reviews: vec![approval(&lee, 'b')],
        first_seen: BTreeMap::from([(sha('b'), Timestamp(NOW.0 - 7_200_000))]),
        pushes: vec![push(&dana, None, 'b')],
        force_pushes: Vec::new(),
        base_changes: Vec::new(),
        dismissals: Vec::new(),
        ledger: Ledger::default(),
    };
    Facts {
        ticket,
        staged: Fact::not_asked("the change to staging"),
        workflow: Fact::not_asked("the workflow of the ticket"),
        plan: None,
        clock_ahead_ms: Fact::Known(0),
        gathered_at: NOW,
        first_seen: Some(NOW),
        placement,
        repository_url: "https://github.example/acme/billing-api".into(),
        baseline: Fact::Known(Some(PastChange {
            ticket: TicketKey::parse("PRODCM-398").unwrap(),
            commit: sha('a'),
            approved_at: Timestamp(NOW.0 - 86_400_000),
            decision: None,
        })),
        approved_before: Fact::Known(None),
        siblings: Fact::Known(Vec::new()),
        on_branch: Fact::Known(Relation::Identical),
        range: Fact::Known(Range {
            relation: Relation::Ahead,
            base_tree: tree_name('a'),
            commits: vec![commit('b', &['a'], &dana), merge('c', &['a', 'b'], &dana)],
            removed: 0,
            removed_commits: Vec::new(),
        }),
        pull_requests: Fact::Known(PullRequests {
            by_number: BTreeMap::from([(871, pull_request)]),
            of_commit: BTreeMap::from([(sha('b'), vec![871]), (sha('c'), vec![871])]),
            ..PullRequests::default()
        }),
        objects: objects(),
        scans: Fact::Known(Scans {
            analyses: vec![Analysis {
                warning: String::new(),
                id: 1,
                tool: "CodeQL".into(),
                category: "/language:rust".into(),
                commit: sha('c'),
                error: String::new(),
                rules: 120,
                results: 0,
                created_at: NOW,
            }],
            findings: BTreeMap::from([(1, Fact::Known(Vec::new()))]),
            checks: Vec::new(),
            statuses: Vec::new(),
            uploads: Vec::new(),
            dismissals: Fact::not_asked("the dismissed alerts"),
        }),
    }
}

/// What a test changes: the one pull request.
pub fn pull_request(facts: &mut Facts) -> &mut PullRequest {
    match &mut facts.pull_requests {
        Fact::Known(pull_requests) => pull_requests.by_number.get_mut(&871).unwrap(),
        Fact::Unknown(gap) => panic!("{gap}"),
    }
}

/// What a test changes: the commits of the range.
pub fn range(facts: &mut Facts) -> &mut Range {
    match &mut facts.range {
        Fact::Known(range) => range,
        Fact::Unknown(gap) => panic!("{gap}"),
    }
}

/// What a test changes: the scans.
pub fn scans(facts: &mut Facts) -> &mut Scans {
    match &mut facts.scans {
        Fact::Known(scans) => scans,
        Fact::Unknown(gap) => panic!("{gap}"),
    }
}

/// Judges under the shipped criteria.
pub fn judge(facts: &Facts) -> Decision {
    evaluate(facts, &criteria(), NOW)
}

/// A plan that deletes so many things; the id of each is its place.
pub fn risky(count: usize) -> PlanRisk {
    let item = |place: usize| RiskItem {
        id: place.to_string(),
        actions: vec![Action::Delete],
        address: format!("aws_instance.of[{place}]"),
        moved_from: None,
        deposed: None,
        attributes: Vec::new(),
        reasons: vec!["A delete in production".into()],
    };
    let items = (0..count).map(item).collect();
    PlanRisk { digest: "0".repeat(64), terraform_version: None, counts: Counts::default(), items }
}

/// What one rule says under the shipped criteria.
pub fn finding(facts: &Facts, rule: &str) -> Finding {
    let decision = judge(facts);
    decision.findings().iter().find(|judged| judged.rule == rule).unwrap().finding.clone()
}

/// A finding as people read it: headline, details, what to do.
pub fn read(finding: &Finding) -> String {
    let details = finding.details.iter().map(|detail| format!("\n  {}", detail.plain()));
    let todo = finding.todo.as_ref().map_or_else(String::new, |todo| format!("\n  Do this: {}", todo.text.plain()));
    format!("{}{}{todo}", finding.headline, details.collect::<String>())
}

fn service() -> Service {
    Service {
        name: ServiceName::parse("billing-api").unwrap(),
        forge: cm_bot::model::Forge::Github,
        repository: RepoName::parse("acme/billing-api").unwrap(),
        branch: BranchName::parse("main").unwrap(),
        environments: vec![Environment::parse("prod-us").unwrap()],
        scanners: vec![Scanner::Analysis {
            tool: "CodeQL".into(),
            category: "/language:rust".into(),
            rules: Rules::All,
        }],
    }
}

fn ticket() -> Ticket {
    let filled = [
        (Field::Environment, "prod-us"),
        (Field::Repository, "acme/billing-api"),
        (Field::Commit, sha('c').as_str().to_owned().leak()),
        (Field::Branch, "main"),
        (Field::BuildJob, "billing-api/release"),
        (Field::BuildNumber, "1871"),
        (Field::DeployAction, "apply"),
        (Field::Justification, "Customers see totals that are off by a cent."),
        (Field::RollbackPlan, "Deploy build 1850 again; the schema has not changed."),
        (Field::Links, "https://ci.acme.example/1871"),
        (Field::ChangeClass, "normal"),
    ];
    Ticket {
        id: IssueId::parse("10412").unwrap(),
        key: TicketKey::parse("PRODCM-412").unwrap(),
        summary: "Deploy billing-api to prod-us".into(),
        status: Status { name: "Awaiting approval".into(), meaning: TicketStatus::Pending },
        requester: Some(AccountId::parse("712020:dana").unwrap()),
        requester_name: "Dana Reyes".into(),
        creator: None,
        components: vec!["billing-api".into()],
        fields: filled.into_iter().map(|(field, text)| (field, text.to_owned())).collect(),
    }
}

/// A decision and all that it was made from, for `tests/mutants`.
#[derive(Serialize, Deserialize)]
pub struct Recorded {
    /// The facts.
    pub facts: Facts,
    /// The texts of criteria, people and what vouches for them.
    pub texts: PolicyTexts,
    /// When it was made.
    pub at: Timestamp,
    /// The decision, word for word.
    pub said: String,
}

/// What becomes of a ticket, with everything that people read about it.
pub fn said(facts: &Facts, criteria: &Criteria, at: Timestamp) -> String {
    serde_json::to_string(&evaluate(facts, criteria, at)).unwrap()
}
