//! What a query costs: GitHub counts before it answers.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::Value;
use apollo_compiler::executable::{DirectiveList, Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;

/// A query that may return more nodes is refused.
pub(super) const NODE_LIMIT: u64 = 500_000;

/// The size of a query at its worst.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Connections, each as often as its parent may occur.
    pub requests: u64,
    /// Nodes that may be returned.
    pub nodes: u64,
}

/// What the counting needs to know.
struct Counter<'a> {
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
    cost: Cost,
}

impl Cost {
    /// Counts an operation with its variables.
    #[must_use]
    pub fn of(document: &ExecutableDocument, operation: &Operation, variables: &JsonMap) -> Cost {
        let mut counter = Counter { document, variables, cost: Cost::default() };
        counter.count(&operation.selection_set, 1);
        counter.cost
    }

    /// The points that the query uses of the rate limit: a hundredth of its requests, rounded, and at least one.
    #[must_use]
    pub fn points(&self) -> u64 {
        ((self.requests + 50) / 100).max(1)
    }

    /// What GitHub says about a query that is too large.
    #[must_use]
    pub fn complaint(&self) -> String {
        let (nodes, limit) = (self.nodes, NODE_LIMIT);
        format!("This query requests up to {nodes} possible nodes which exceeds the maximum limit of {limit}.")
    }
}

impl Counter<'_> {
    fn count(&mut self, selections: &SelectionSet, parents: u64) {
        for selection in &selections.selections {
            match selection {
                Selection::Field(field) if self.is_left_out(&field.directives) => {}
                Selection::Field(field) => self.count_field(field, parents),
                Selection::InlineFragment(fragment) => self.count(&fragment.selection_set, parents),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.count(&fragment.selection_set, parents);
                    }
                }
            }
        }
    }

    /// Whether `@include` says no.
    fn is_left_out(&self, directives: &DirectiveList) -> bool {
        let condition = directives.get("include").and_then(|include| include.specified_argument_by_name("if"));
        match condition.map(|condition| condition.as_ref()) {
            Some(Value::Variable(name)) => self.variables.get(name.as_str()).is_some_and(|value| *value == false),
            Some(Value::Boolean(included)) => !included,
            _ => false,
        }
    }

    fn count_field(&mut self, field: &Field, parents: u64) {
        let size = self.size(field);
        let children = match size {
            None => parents,
            Some(size) => {
                self.cost.requests = self.cost.requests.saturating_add(parents);
                let nodes = parents.saturating_mul(size);
                self.cost.nodes = self.cost.nodes.saturating_add(nodes);
                nodes
            }
        };
        self.count(&field.selection_set, children);
    }

    /// How many things a field returns, if it is a list that the query sizes.
    fn size(&self, field: &Field) -> Option<u64> {
        let argument = |name: &str| field.argument_by_name(name).ok().map(|value| value.as_ref());
        let number = |name: &str| argument(name).and_then(|value| self.number(value));
        number("first").or_else(|| number("last")).or_else(|| argument("ids").and_then(|ids| self.length(ids)))
    }

    fn number(&self, value: &Value) -> Option<u64> {
        match value {
            Value::Variable(name) => self.variables.get(name.as_str())?.as_u64(),
            Value::Int(number) => u64::try_from(number.try_to_i32().ok()?).ok(),
            _ => None,
        }
    }

    fn length(&self, value: &Value) -> Option<u64> {
        let length = match value {
            Value::Variable(name) => self.variables.get(name.as_str())?.as_array()?.len(),
            Value::List(items) => items.len(),
            _ => return None,
        };
        u64::try_from(length).ok()
    }
}
