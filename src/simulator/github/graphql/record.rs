//! Objects and connections that the other files of this folder answer with.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// No connection gives out more at once.
const LIMIT: i64 = 100;

/// What resolves to one field.
pub type Resolved<'a> = Result<ResolvedValue<'a>, FieldError>;

/// An object of any type.
pub type Object<'w> = Box<dyn ObjectValue + 'w>;

/// An object whose fields are all known when it is made.
pub struct Record<'w> {
    kind: &'static str,
    fields: Vec<(&'static str, Field<'w>)>,
}

enum Field<'w> {
    Leaf(Value),
    Object(Object<'w>),
    List(Vec<Object<'w>>),
}

/// An object that somebody else owns.
struct Borrowed<'a>(&'a dyn ObjectValue);

impl<'w> Record<'w> {
    /// An object of this type, without fields yet.
    #[must_use]
    pub fn new(kind: &'static str) -> Record<'w> {
        Record { kind, fields: Vec::new() }
    }

    /// Adds a scalar.
    #[must_use]
    pub fn leaf(mut self, name: &'static str, value: impl Into<Value>) -> Record<'w> {
        self.fields.push((name, Field::Leaf(value.into())));
        self
    }

    /// Adds an object, or null.
    #[must_use]
    pub fn object(mut self, name: &'static str, object: Option<Object<'w>>) -> Record<'w> {
        self.fields.push((name, object.map_or(Field::Leaf(Value::Null), Field::Object)));
        self
    }

    /// Adds a list of objects.
    #[must_use]
    pub fn list(mut self, name: &'static str, objects: Vec<Object<'w>>) -> Record<'w> {
        self.fields.push((name, Field::List(objects)));
        self
    }

    /// This record where any object may stand.
    #[must_use]
    pub fn boxed(self) -> Object<'w> {
        Box::new(self)
    }
}

impl ObjectValue for Record<'_> {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let field = self.fields.iter().find(|(name, _)| *name == info.field_name());
        match field.map(|(_, field)| field) {
            None => Err(self.unknown_field_error(info)),
            Some(Field::Leaf(value)) => Ok(leaf(value.clone())),
            Some(Field::Object(object)) => Ok(ResolvedValue::object(Borrowed(object.as_ref()))),
            Some(Field::List(objects)) => {
                let objects = objects.iter().map(|object| ResolvedValue::object(Borrowed(object.as_ref())));
                Ok(ResolvedValue::list(objects))
            }
        }
    }
}

impl ObjectValue for Borrowed<'_> {
    fn type_name(&self) -> &str {
        self.0.type_name()
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        self.0.resolve_field(info)
    }
}

/// A scalar, or null.
#[must_use]
pub fn leaf<'a>(value: impl Into<Value>) -> ResolvedValue<'a> {
    ResolvedValue::leaf(value.into())
}

/// An object, or null.
#[must_use]
pub fn object(object: Option<Object<'_>>) -> ResolvedValue<'_> {
    object.map_or_else(ResolvedValue::null, ResolvedValue::Object)
}

/// An argument that is a text.
#[must_use]
pub fn text<'a>(info: &'a ResolveInfo<'a>, name: &str) -> Option<&'a str> {
    info.arguments().get(name).and_then(|value| value.as_str())
}

/// An argument that is a list of texts or enum values; null counts as none.
#[must_use]
pub fn texts<'a>(info: &'a ResolveInfo<'a>, name: &str) -> Option<Vec<&'a str>> {
    let list = info.arguments().get(name)?.as_array()?;
    Some(list.iter().filter_map(|value| value.as_str()).collect())
}

/// One page of a list as a connection of this type.
///
/// # Errors
/// When the query says neither how many, or says too many.
pub fn connection<'w, T>(
    info: &ResolveInfo<'_>,
    kind: &'static str,
    items: &[T],
    node: impl Fn(&T) -> Object<'w>,
) -> Resolved<'w> {
    let (start, end) = window(info, items.len())?;
    let page = Record::new("PageInfo")
        .leaf("hasNextPage", end < items.len())
        .leaf("hasPreviousPage", start > 0)
        .leaf("startCursor", (start < end).then(|| cursor(start)))
        .leaf("endCursor", (start < end).then(|| cursor(end - 1)));
    let nodes = items.get(start..end).unwrap_or_default().iter().map(node).collect();
    let record = Record::new(kind).leaf("totalCount", items.len()).object("pageInfo", Some(page.boxed()));
    Ok(ResolvedValue::Object(record.list("nodes", nodes).boxed()))
}

/// The part of a list that the arguments of a connection ask for.
fn window(info: &ResolveInfo<'_>, total: usize) -> Result<(usize, usize), FieldError> {
    let number = |name: &str| info.arguments().get(name).and_then(|value| value.as_i64());
    let (first, last) = (size("first", number("first"), info)?, size("last", number("last"), info)?);
    let mut start = place(text(info, "after"))?.map_or(0, |place| place + 1).min(total);
    let mut end = place(text(info, "before"))?.unwrap_or(total).clamp(start, total);
    match (first, last) {
        (Some(first), _) => end = end.min(start + first),
        (None, Some(last)) => start = start.max(end.saturating_sub(last)),
        (None, None) => {
            let name = info.field_name();
            let message =
                format!("You must provide a `first` or `last` value to properly paginate the `{name}` connection.");
            return Err(FieldError { message });
        }
    }
    Ok((start, end))
}

fn size(argument: &str, size: Option<i64>, info: &ResolveInfo<'_>) -> Result<Option<usize>, FieldError> {
    let name = info.field_name();
    match size {
        None => Ok(None),
        Some(size) if size > LIMIT => {
            let message = format!(
                "Requesting {size} records on the `{name}` connection exceeds the `{argument}` limit of {LIMIT} records."
            );
            Err(FieldError { message })
        }
        Some(size) => {
            let message = format!("`{argument}` on the `{name}` connection cannot be less than zero.");
            usize::try_from(size).map(Some).map_err(|_| FieldError { message })
        }
    }
}

/// Clients must not look into cursors; GitHub changed their form more than once.
fn cursor(place: usize) -> String {
    STANDARD.encode(format!("cursor:v2:{}", json!([place])))
}

fn place(cursor: Option<&str>) -> Result<Option<usize>, FieldError> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let inside = STANDARD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let place = inside.as_deref().and_then(|text| text.strip_prefix("cursor:v2:["));
    let place = place.and_then(|text| text.strip_suffix(']')).and_then(|text| text.parse().ok());
    place.map(Some).ok_or_else(|| FieldError { message: format!("`{cursor}` does not appear to be a valid cursor.") })
}
