//! Code scanning: analyses and alerts.

use super::accounts::Account;
use super::git::Oid;
use super::scene::{DismissAlert, Scan, ScanFinding, SceneError};
use super::world::World;

/// One analysis of one commit.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The id in GitHub's database.
    pub id: u64,
    /// The branch that it was uploaded for.
    pub reference: String,
    /// The commit that was scanned.
    pub commit: Oid,
    /// The tool's name.
    pub tool: String,
    /// Tells apart several analyses of one commit by one tool.
    pub category: String,
    /// How many rules ran.
    pub rules: u64,
    /// The tool's error text.
    pub error: String,
    /// What GitHub says of it when it took it in all the same.
    pub warning: String,
    /// Whether its run did not end well, as its file says.
    pub broke_off: bool,
    /// When it was uploaded.
    pub created: i64,
    /// What it found, each with the number of its alert.
    pub results: Vec<(u64, ScanFinding)>,
}

/// A finding over time: alerts outlive analyses.
#[derive(Debug, Clone)]
pub struct Alert {
    /// The number in the repository.
    pub number: u64,
    /// The id of the newest analysis that found it.
    pub seen_in: u64,
    /// The tool's name.
    pub tool: String,
    /// What was found.
    pub finding: ScanFinding,
    /// When it was first found.
    pub created: i64,
    /// When a later analysis did not find it any more.
    pub fixed: Option<i64>,
    /// Who decided that it does not matter.
    pub dismissed: Option<Dismissal>,
}

/// Somebody's decision about an alert.
#[derive(Debug, Clone)]
pub struct Dismissal {
    /// Who.
    pub by: Account,
    /// When.
    pub at: i64,
    /// Why, in one of GitHub's words.
    pub reason: String,
    /// A remark.
    pub comment: Option<String>,
}

/// The reasons that GitHub offers.
const REASONS: [&str; 3] = ["false positive", "won't fix", "used in tests"];

impl Alert {
    /// As GitHub writes it. What is fixed is not dismissed any more.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (&self.fixed, &self.dismissed) {
            (Some(_), _) => "fixed",
            (None, Some(_)) => "dismissed",
            (None, None) => "open",
        }
    }
}

/// GitHub's words for numbers of security severity.
#[must_use]
pub fn severity_level(score: f64) -> &'static str {
    match score {
        score if score >= 9.0 => "critical",
        score if score >= 7.0 => "high",
        score if score >= 4.0 => "medium",
        _ => "low",
    }
}

impl World {
    /// Takes in an analysis.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn scan(&mut self, step: &Scan) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (commit, reference) = self.scanned(place, &step.commit)?;
        let (id, created) = (self.next_id(), self.now());
        let mut results = Vec::new();
        for finding in &step.findings {
            results.push((self.alert(place, step, (id, finding)), finding.clone()));
        }
        self.close_alerts(place, step, &results);
        self.repos[place].analyses.push(Analysis {
            id,
            reference,
            commit,
            tool: step.tool.clone(),
            category: step.category.clone(),
            rules: step.rules,
            error: step.error.clone(),
            warning: step.warning.clone(),
            broke_off: step.broke_off,
            created,
            results,
        });
        Ok(())
    }

    /// Dismisses the newest open alert of a rule.
    ///
    /// # Errors
    /// When there is none, or GitHub does not know the reason.
    pub fn dismiss_alert(&mut self, step: &DismissAlert) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (at, by) = (self.now(), self.account(&step.by)?);
        if !REASONS.contains(&step.reason.as_str()) {
            return Err(SceneError(format!("`{}` is no reason: say one of {}", step.reason, REASONS.join(", "))));
        }
        let mut newest = self.repos[place].alerts.iter_mut().rev();
        let alert = newest.find(|alert| alert.finding.rule == step.rule && alert.state() == "open");
        let alert = alert.ok_or_else(|| SceneError(format!("`{}` has no open alert", step.rule)))?;
        let (reason, comment) = (step.reason.clone(), step.comment.clone());
        alert.dismissed = Some(Dismissal { by, at, reason, comment });
        Ok(())
    }

    /// The commit and the name under which it was scanned. A workflow that a pull request starts scans what GitHub would
    /// merge, under `refs/pull/N/merge`.
    fn scanned(&self, place: usize, name: &str) -> Result<(Oid, String), SceneError> {
        if name.starts_with("refs/pull/") {
            let commit = self.repos[place].resolve(name);
            return Ok((commit.ok_or_else(|| SceneError(format!("there is no {name} now")))?, name.to_owned()));
        }
        let commit = self.oid_in(place, name)?;
        Ok((commit, self.scanned_ref(place, commit)))
    }

    /// The branch that the commit is on: the default branch before any other.
    fn scanned_ref(&self, place: usize, commit: Oid) -> String {
        let repo = &self.repos[place];
        let holds = |tip: Oid| repo.git.is_ancestor(commit, tip);
        let other = repo.branches.iter().find(|(_, tip)| holds(**tip)).map(|(name, _)| name);
        let branch =
            if repo.released.contains(&commit) { &repo.default_branch } else { other.unwrap_or(&repo.default_branch) };
        format!("refs/heads/{branch}")
    }

    fn alert(&mut self, place: usize, step: &Scan, (analysis, finding): (u64, &ScanFinding)) -> u64 {
        let created = self.now();
        let alerts = &mut self.repos[place].alerts;
        if let Some(known) = alerts.iter_mut().find(|alert| alert.tool == step.tool && same(&alert.finding, finding)) {
            (known.seen_in, known.fixed) = (analysis, None);
            return known.number;
        }
        let number = alerts.len() as u64 + 1;
        let (tool, finding) = (step.tool.clone(), finding.clone());
        alerts.push(Alert { number, seen_in: analysis, tool, finding, created, fixed: None, dismissed: None });
        number
    }

    /// An analysis closes the alerts of its tool and category that it does not find any more.
    fn close_alerts(&mut self, place: usize, step: &Scan, results: &[(u64, ScanFinding)]) {
        let now = self.now();
        let repo = &mut self.repos[place];
        let earlier = repo.analyses.iter().filter(|old| old.tool == step.tool && old.category == step.category);
        let earlier = earlier.map(|old| old.id).collect::<Vec<_>>();
        for alert in &mut repo.alerts {
            let found = results.iter().any(|(number, _)| *number == alert.number);
            if !found && alert.fixed.is_none() && earlier.contains(&alert.seen_in) {
                alert.fixed = Some(now);
            }
        }
    }
}

fn same(one: &ScanFinding, other: &ScanFinding) -> bool {
    (&one.rule, &one.path, &one.message) == (&other.rule, &other.path, &other.message)
}
