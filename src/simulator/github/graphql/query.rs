//! The root, repositories, references and comparisons.

use std::cell::RefCell;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::GraphQLError;
use serde_json::{Value, json};

use super::super::accounts::Account;
use super::super::git::Oid;
use super::super::ids::{NodeId, opaque};
use super::super::shapes::{Comparison, Links, View};
use super::super::time_text;
use super::super::tokens::{Budget, LIMIT};
use super::super::world::{Repo, World};
use super::commit::{CommitObject, actor};
use super::cost::Cost;
use super::error_json;
use super::objects;
use super::pull::{PullObject, ReviewObject};
use super::record::{Object, Record, Resolved, connection, leaf, object, text, texts};

/// More ids than this cannot be asked for at once.
const IDS: usize = 100;

/// Where every query begins.
#[derive(Debug)]
pub struct Root<'w> {
    /// What there is.
    pub world: &'w World,
    /// Where addresses point to.
    pub links: &'w Links,
    /// What this query costs.
    pub cost: Cost,
    /// What is left of the rate limit.
    pub budget: Budget,
    /// Errors about single entries of a list; the rest of the list is answered.
    pub errors: RefCell<Vec<Value>>,
}

/// A repository.
pub struct RepoObject<'w>(pub View<'w>);

/// A branch.
struct RefObject<'w> {
    view: View<'w>,
    branch: &'w str,
    tip: Oid,
}

/// Two commits side by side.
struct ComparisonObject<'w> {
    view: View<'w>,
    compared: Comparison,
}

impl ObjectValue for Root<'_> {
    fn type_name(&self) -> &str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        match info.field_name() {
            "node" => self.node(text(info, "id").unwrap_or_default()).map(ResolvedValue::Object),
            "nodes" => self.nodes(info),
            "rateLimit" => Ok(ResolvedValue::Object(self.rate_limit())),
            "repository" => self.repository(info),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl<'w> Root<'w> {
    fn view(&self, repo: &'w Repo) -> View<'w> {
        View { world: self.world, repo, links: self.links }
    }

    fn repository<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (owner, name) = (text(info, "owner").unwrap_or_default(), text(info, "name").unwrap_or_default());
        let message = format!("Could not resolve to a Repository with the name '{owner}/{name}'.");
        let repo = self.world.repo(owner, name).ok_or(FieldError { message })?;
        Ok(ResolvedValue::object(RepoObject(self.view(repo))))
    }

    /// An id that means nothing is null in the list and an error beside it.
    fn nodes(&self, info: &ResolveInfo<'_>) -> Resolved<'w> {
        let ids = texts(info, "ids").unwrap_or_default();
        if ids.len() > IDS {
            let message = format!("You may not provide more than {IDS} node ids; you provided {}.", ids.len());
            return Err(FieldError { message });
        }
        let mut nodes = Vec::new();
        for (place, id) in ids.into_iter().enumerate() {
            match self.node(id) {
                Ok(node) => nodes.push(ResolvedValue::Object(node)),
                Err(error) => {
                    self.errors.borrow_mut().push(entry_error_json(info, place, &error));
                    nodes.push(ResolvedValue::null());
                }
            }
        }
        Ok(ResolvedValue::list(nodes))
    }

    fn node(&self, id: &str) -> Result<Object<'w>, FieldError> {
        let message = format!("Could not resolve to a node with the global id of '{id}'");
        NodeId::parse(id).and_then(|id| self.find(id)).ok_or(FieldError { message })
    }

    fn find(&self, id: NodeId) -> Option<Object<'w>> {
        let view = |id: u64| self.world.repos.iter().find(|repo| repo.id == id).map(|repo| self.view(repo));
        match id {
            NodeId::Repository { repo } => Some(Box::new(RepoObject(view(repo)?))),
            NodeId::Commit { repo, oid } | NodeId::Tree { repo, oid } | NodeId::Blob { repo, oid } => {
                objects::with_id(view(repo)?, oid)
            }
            NodeId::Pull { repo, number } => {
                let view = view(repo)?;
                Some(Box::new(PullObject { view, pull: view.repo.pulls.get(&number)? }))
            }
            NodeId::Review { repo, number, place } => {
                let view = view(repo)?;
                let pull = view.repo.pulls.get(&number)?;
                let review = pull.reviews.get(usize::try_from(place).ok()?)?;
                Some(Box::new(ReviewObject { view, pull, review }))
            }
        }
    }

    fn rate_limit(&self) -> Object<'w> {
        Record::new("RateLimit")
            .leaf("cost", self.cost.points())
            .leaf("nodeCount", self.cost.nodes)
            .leaf("limit", LIMIT)
            .leaf("remaining", self.budget.remaining())
            .leaf("used", self.budget.used)
            .leaf("resetAt", time_text(self.budget.reset * 1000))
            .boxed()
    }
}

impl ObjectValue for RepoObject<'_> {
    fn type_name(&self) -> &str {
        "Repository"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let repo = self.0.repo;
        match info.field_name() {
            "id" => Ok(leaf(self.0.repo_node())),
            "databaseId" => Ok(leaf(repo.id)),
            "name" => Ok(leaf(repo.name())),
            "nameWithOwner" => Ok(leaf(repo.full_name.as_str())),
            "owner" => Ok(ResolvedValue::Object(actor(&self.0, &Account::owner(repo.owner())))),
            "url" => Ok(leaf(self.0.web())),
            "isPrivate" | "mergeCommitAllowed" | "squashMergeAllowed" | "rebaseMergeAllowed" => Ok(leaf(true)),
            "defaultBranchRef" => Ok(object(self.branch(&repo.default_branch))),
            "ref" => {
                let name = text(info, "qualifiedName").unwrap_or_default();
                let name = name.strip_prefix("refs/").unwrap_or(name);
                Ok(object(self.branch(name.strip_prefix("heads/").unwrap_or(name))))
            }
            "object" => Ok(object(self.git_object(info))),
            "pullRequest" => self.pull_request(info),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl<'w> RepoObject<'w> {
    fn branch(&self, name: &str) -> Option<Object<'w>> {
        let (branch, tip) = self.0.repo.branches.get_key_value(name)?;
        Some(Box::new(RefObject { view: self.0, branch, tip: *tip }))
    }

    fn git_object(&self, info: &ResolveInfo<'_>) -> Option<Object<'w>> {
        match info.arguments().get("oid").and_then(|value| value.as_str()) {
            Some(oid) => objects::with_id(self.0, Oid::parse(oid)?),
            None => objects::named(self.0, info.arguments().get("expression")?.as_str()?),
        }
    }

    fn pull_request(&self, info: &ResolveInfo<'_>) -> Resolved<'w> {
        let number = info.arguments().get("number").and_then(|value| value.as_u64()).unwrap_or_default();
        let message = format!("Could not resolve to a PullRequest with the number of {number}.");
        let pull = self.0.repo.pulls.get(&number).ok_or(FieldError { message })?;
        Ok(ResolvedValue::object(PullObject { view: self.0, pull }))
    }
}

impl ObjectValue for RefObject<'_> {
    fn type_name(&self) -> &str {
        "Ref"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        match info.field_name() {
            "id" => Ok(leaf(opaque("REF", format_args!("{}:{}", self.view.repo.id, self.branch)))),
            "name" => Ok(leaf(self.branch)),
            "prefix" => Ok(leaf("refs/heads/")),
            "repository" => Ok(ResolvedValue::object(RepoObject(self.view))),
            "target" => Ok(object(CommitObject::boxed(self.view, self.tip))),
            "compare" => Ok(object(self.compare(text(info, "headRef").unwrap_or_default()))),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl<'w> RefObject<'w> {
    /// The reference is the base, whatever is given is the head.
    fn compare(&self, head: &str) -> Option<Object<'w>> {
        let head_oid = self.view.repo.resolve(head)?;
        let git = &self.view.repo.git;
        let compared = Comparison {
            name: format!("{}...{head}", self.branch),
            base: self.tip,
            head: head_oid,
            merge_base: git.merge_base(self.tip, head_oid)?,
            ahead: git.range(self.tip, head_oid),
            behind: git.range(head_oid, self.tip).len(),
        };
        Some(Box::new(ComparisonObject { view: self.view, compared }))
    }
}

impl ObjectValue for ComparisonObject<'_> {
    fn type_name(&self) -> &str {
        "Comparison"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (view, compared) = (self.view, &self.compared);
        match info.field_name() {
            "id" => Ok(leaf(opaque("CMP", &compared.name))),
            "status" => Ok(leaf(compared.status().to_uppercase())),
            "aheadBy" => Ok(leaf(compared.ahead.len())),
            "behindBy" => Ok(leaf(compared.behind)),
            "baseTarget" => Ok(object(CommitObject::boxed(view, compared.base))),
            "headTarget" => Ok(object(CommitObject::boxed(view, compared.head))),
            "commits" => {
                let commits = compared.ahead.iter().filter_map(|oid| CommitObject::find(view, *oid));
                let commits = commits.collect::<Vec<_>>();
                connection(info, "ComparisonCommitConnection", &commits, |commit| Box::new(*commit))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

fn entry_error_json(info: &ResolveInfo<'_>, place: usize, error: &FieldError) -> Value {
    let field = info.field_selections().first();
    let location = field.and_then(|field| field.name.location());
    let error = GraphQLError::new(&error.message, location, &info.document().sources);
    let mut shape = error_json(&error);
    shape["path"] = json!([field.map(|field| field.response_key().as_str()), place]);
    shape
}
