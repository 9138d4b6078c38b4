//! Check suites, check runs and what they add up to.

use apollo_compiler::resolvers::{ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::super::checks::{Run, Suite, app_name, app_slug};
use super::super::git::Oid;
use super::super::ids::opaque;
use super::super::shapes::View;
use super::super::statuses::CommitStatus;
use super::super::time_text;
use super::commit::{CommitObject, actor, actor_or_null};
use super::query::RepoObject;
use super::record::{Object, Record, Resolved, connection, leaf, object};

/// A check suite.
#[derive(Debug, Clone, Copy)]
struct SuiteObject<'w> {
    view: View<'w>,
    suite: &'w Suite,
}

/// All checks of a commit.
#[derive(Debug, Clone, Copy)]
struct RollupObject<'w> {
    view: View<'w>,
    oid: Oid,
    state: &'static str,
}

/// One of all checks of a commit.
#[derive(Debug, Clone, Copy)]
enum Context<'w> {
    Run(&'w Run),
    Status(&'w CommitStatus),
}

/// A check suite.
#[must_use]
pub fn suite<'w>(view: View<'w>, suite: &'w Suite) -> Object<'w> {
    Box::new(SuiteObject { view, suite })
}

/// All checks of a commit, if there are any.
#[must_use]
pub fn rollup(view: View<'_>, oid: Oid) -> Option<Object<'_>> {
    let state = view.repo.rollup(oid)?;
    Some(Box::new(RollupObject { view, oid, state }))
}

impl ObjectValue for SuiteObject<'_> {
    fn type_name(&self) -> &str {
        "CheckSuite"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (view, suite) = (self.view, self.suite);
        match info.field_name() {
            "id" => Ok(leaf(opaque("CS", suite.id))),
            "databaseId" => Ok(leaf(suite.id)),
            "createdAt" | "updatedAt" => Ok(leaf(time_text(suite.created))),
            "app" => Ok(ResolvedValue::Object(app(suite.app))),
            "commit" => Ok(object(CommitObject::boxed(view, suite.commit))),
            "push" => Ok(object(self.push())),
            "status" => Ok(leaf(self.status())),
            "conclusion" => Ok(leaf(self.conclusion())),
            "workflowRun" => Ok(ResolvedValue::null()),
            "checkRuns" => connection(info, "CheckRunConnection", &self.runs(), |one| run(view, one)),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl<'w> SuiteObject<'w> {
    fn runs(&self) -> Vec<&'w Run> {
        self.view.repo.latest_runs(self.suite.commit).into_iter().filter(|run| run.suite == self.suite.id).collect()
    }

    fn status(&self) -> &'static str {
        match self.runs().as_slice() {
            [] => "QUEUED",
            runs if runs.iter().any(|run| run.conclusion.is_none()) => "IN_PROGRESS",
            _ => "COMPLETED",
        }
    }

    fn conclusion(&self) -> Option<&'static str> {
        let green = |run: &&Run| matches!(run.conclusion.as_deref(), Some("success" | "neutral" | "skipped"));
        let verdict = if self.runs().iter().all(green) { "SUCCESS" } else { "FAILURE" };
        (self.status() == "COMPLETED").then_some(verdict)
    }

    fn push(&self) -> Option<Object<'w>> {
        let push = self.suite.push.as_ref()?;
        let record = Record::new("Push")
            .leaf("id", opaque("PSH", self.suite.id))
            .leaf("previousSha", push.before.map(|oid| oid.to_string()))
            .leaf("nextSha", push.after.to_string())
            .object("pusher", Some(actor(&self.view, &push.by)))
            .object("repository", Some(Box::new(RepoObject(self.view))));
        Some(record.boxed())
    }
}

impl ObjectValue for RollupObject<'_> {
    fn type_name(&self) -> &str {
        "StatusCheckRollup"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let view = self.view;
        match info.field_name() {
            "id" => Ok(leaf(opaque("SCR", self.oid))),
            "state" => Ok(leaf(self.state)),
            "commit" => Ok(object(CommitObject::boxed(view, self.oid))),
            "contexts" => {
                let runs = view.repo.latest_runs(self.oid).into_iter().map(Context::Run);
                let statuses = view.repo.latest_statuses(self.oid).into_iter().map(Context::Status);
                let contexts = runs.chain(statuses).collect::<Vec<_>>();
                connection(info, "StatusCheckRollupContextConnection", &contexts, |one| match one {
                    Context::Run(one) => run(view, one),
                    Context::Status(one) => status(view, one),
                })
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

fn run<'w>(view: View<'w>, run: &'w Run) -> Object<'w> {
    let of_suite = view.repo.suites.iter().find(|suite| suite.id == run.suite);
    Record::new("CheckRun")
        .leaf("id", opaque("CR", run.id))
        .leaf("databaseId", run.id)
        .leaf("name", run.name.as_str())
        .leaf("status", run.status().to_uppercase())
        .leaf("conclusion", run.conclusion.as_ref().map(|word| word.to_uppercase()))
        .leaf("startedAt", time_text(run.started))
        .leaf("completedAt", run.conclusion.is_some().then(|| time_text(run.started)))
        .leaf("detailsUrl", format!("{}/runs/{}", view.web(), run.id))
        .leaf("externalId", "")
        .object("checkSuite", of_suite.map(|one| suite(view, one)))
        .boxed()
}

fn status<'w>(view: View<'w>, status: &CommitStatus) -> Object<'w> {
    Record::new("StatusContext")
        .leaf("id", opaque("SC", status.id))
        .leaf("context", status.context.as_str())
        .leaf("state", status.state.word().to_uppercase())
        .leaf("createdAt", time_text(status.created))
        .leaf("description", Value::Null)
        .leaf("targetUrl", Value::Null)
        .object("creator", actor_or_null(&view, &status.by))
        .boxed()
}

fn app<'w>(id: u64) -> Object<'w> {
    Record::new("App")
        .leaf("id", opaque("A", id))
        .leaf("databaseId", id)
        .leaf("slug", app_slug(id))
        .leaf("name", app_name(id))
        .boxed()
}
