//! The GraphQL API (<https://docs.gitlab.com/api/graphql/reference/>), as far as it says whose a commit is.

use std::sync::{Arc, LazyLock};

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::resolvers::{Execution, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::github::graphql::record::{Object, Record, Resolved, leaf, object, text};
use super::super::traffic::{Nodes, graphql_nodes};
use super::Gitlab;
use super::accounts::Account;
use super::git::Oid;
use super::shapes::{View, short, time};
use super::world::World;

/// How much one query may ask for, and how long it may be.
const COMPLEXITY: usize = 250;
const LENGTH: usize = 10_000;

static SCHEMA: LazyLock<Result<Valid<Schema>, String>> = LazyLock::new(|| {
    let text = include_str!("schema.graphql");
    Schema::parse_and_validate(text, "schema.graphql").map_err(|invalid| invalid.errors.to_string())
});

/// Answers a query. What is wrong with it is told with status 200.
pub(super) async fn answer(State(gitlab): State<Arc<Gitlab>>, request: Request) -> Response {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let web = format!("http://{host}");
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap_or_else(|_| Bytes::new());
    let question = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    let answer = execute(&gitlab.locked(), &web, &question).unwrap_or_else(|message| complaint(&message));
    let nodes = Nodes(graphql_nodes(&answer["data"]));
    let kind = (header::CONTENT_TYPE, "application/json; charset=utf-8");
    let mut response = (StatusCode::OK, [kind], answer.to_string()).into_response();
    response.extensions_mut().insert(nodes);
    response
}

fn complaint(message: &str) -> Value {
    json!({ "errors": [{ "message": message }] })
}

fn execute(world: &World, web: &str, question: &Value) -> Result<Value, String> {
    let schema = SCHEMA.as_ref().map_err(Clone::clone)?;
    let query = question["query"].as_str().unwrap_or_default().to_owned();
    if query.len() > LENGTH {
        return Err("Query too large".into());
    }
    let document = ExecutableDocument::parse_and_validate(schema, query, "query.graphql");
    let document = document.map_err(|invalid| invalid.errors.to_string())?;
    let operation = document.operations.get(question["operationName"].as_str());
    let operation = operation.map_err(|error| error.to_graphql_error(&document.sources).message)?;
    let complexity = fields(&operation.selection_set, &document);
    if complexity > COMPLEXITY {
        return Err(format!("Query has complexity of {complexity}, which exceeds max complexity of {COMPLEXITY}"));
    }
    let given = serde_json::from_value::<Option<JsonMap>>(question["variables"].clone()).ok().flatten();
    let variables = coerce_variable_values(schema, operation, &given.unwrap_or_default());
    let variables = variables.map_err(|error| error.to_graphql_error(&document.sources).message)?;
    let root = Root { world, web };
    let execution = Execution::new(schema, &document).operation(operation).coerced_variable_values(&variables);
    let response = execution.execute_sync(&root);
    let response = response.map_err(|error| error.to_graphql_error(&document.sources).message)?;
    let mut answer = json!({ "data": response.data });
    if !response.errors.is_empty() {
        answer["errors"] = response.errors.iter().map(|error| json!({ "message": error.message })).collect();
    }
    Ok(answer)
}

/// How many fields a query asks for. GitLab counts more for some of them, and never less.
fn fields(selections: &SelectionSet, document: &ExecutableDocument) -> usize {
    let one = |selection: &Selection| match selection {
        Selection::Field(field) => 1 + fields(&field.selection_set, document),
        Selection::InlineFragment(inline) => fields(&inline.selection_set, document),
        Selection::FragmentSpread(spread) => {
            document.fragments.get(&spread.fragment_name).map_or(0, |one| fields(&one.selection_set, document))
        }
    };
    selections.selections.iter().map(one).sum()
}

/// Where every query begins.
struct Root<'w> {
    world: &'w World,
    web: &'w str,
}

/// The repository of a project.
struct RepositoryObject<'w>(View<'w>);

impl ObjectValue for Root<'_> {
    fn type_name(&self) -> &str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        match info.field_name() {
            "project" => Ok(object(self.project(text(info, "fullPath").unwrap_or_default()))),
            "currentUser" => Ok(ResolvedValue::Object(user(&Account::token_owner(), self.web))),
            "metadata" => {
                let metadata = Record::new("Metadata").leaf("version", "18.6.0-ee").leaf("revision", "0c1ffee");
                Ok(ResolvedValue::Object(metadata.boxed()))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl<'w> Root<'w> {
    /// A project that the token may not see is null, and no error.
    fn project(&self, path: &str) -> Option<Object<'w>> {
        let project = self.world.projects.iter().find(|project| project.path.eq_ignore_ascii_case(path))?;
        let view = View { world: self.world, project, web: self.web };
        let name = project.path.rsplit('/').next().unwrap_or_default();
        let shape = Record::new("Project")
            .leaf("id", format!("gid://gitlab/Project/{}", project.id))
            .leaf("fullPath", project.path.as_str())
            .leaf("name", name)
            .leaf("webUrl", view.address())
            .object("repository", Some(Box::new(RepositoryObject(view))));
        Some(shape.boxed())
    }
}

impl ObjectValue for RepositoryObject<'_> {
    fn type_name(&self) -> &str {
        "Repository"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let project = self.0.project;
        let named = |default: &'a str| text(info, "ref").unwrap_or(default);
        match info.field_name() {
            "exists" => Ok(leaf(true)),
            "empty" => Ok(leaf(project.branches.is_empty())),
            "rootRef" => Ok(leaf(project.default_branch.as_str())),
            "commit" => Ok(object(project.resolve(named("")).and_then(|oid| commit(&self.0, oid)))),
            "tree" => {
                let tip = project.resolve(named(&project.default_branch));
                let last = tip.and_then(|oid| commit(&self.0, oid));
                Ok(object(Some(Record::new("Tree").object("lastCommit", last).boxed())))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

/// A commit, with the account to which GitLab counts it. It says nothing of the committer's.
fn commit<'w>(view: &View<'w>, id: Oid) -> Option<Object<'w>> {
    let commit = view.project.git.commit(id)?;
    let author = view.world.account_with_email(&commit.author.email);
    let title = commit.message.lines().next().unwrap_or_default();
    let shape = Record::new("Commit")
        .leaf("id", format!("gid://gitlab/CommitPresenter/{id}"))
        .leaf("sha", id.to_string())
        .leaf("shortId", short(id))
        .leaf("title", title)
        .leaf("message", commit.message.as_str())
        .leaf("authorName", commit.author.name.as_str())
        .leaf("authorEmail", commit.author.email.as_str())
        .leaf("authoredDate", time(commit.author.seconds * 1000))
        .leaf("committerName", commit.committer.name.as_str())
        .leaf("committerEmail", commit.committer.email.as_str())
        .leaf("committedDate", time(commit.committer.seconds * 1000))
        .leaf("webUrl", format!("{}/-/commit/{id}", view.address()))
        .object("author", author.map(|account| user(&account, view.web)));
    Some(shape.boxed())
}

fn user<'w>(account: &Account, web: &str) -> Object<'w> {
    Record::new("User")
        .leaf("id", format!("gid://gitlab/User/{}", account.id))
        .leaf("username", account.username.as_str())
        .leaf("name", account.name.as_str())
        .leaf("bot", account.is_bot)
        .leaf("publicEmail", account.email.as_str())
        .leaf("webUrl", format!("{web}/{}", account.username))
        .boxed()
}
