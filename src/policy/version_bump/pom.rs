//! `pom.xml`: the `version` right below `project`; not the parent's, not a dependency's.
//!
//! A file that says `${project.version}` elsewhere lets its own version decide the version of a dependency or a plugin;
//! it needs a review. So does the parent of other modules: one that names another version of it is built with whatever the
//! repository has under that version (<https://maven.apache.org/ref/current/maven-model-builder/#inheritance-assembly>).
//! Document types, and with them entities, and processing instructions are refused.

use std::ops::Range;

use roxmltree::{Document, Error, Node};
use serde_json::{Map, Value};

use super::reading::{Reading, Side, add};

/// Elements nested deeper than this are no manifest.
const DEEPEST: usize = 50;
/// What Maven replaces by the package's own version, or by something that holds it
/// (<https://maven.apache.org/ref/current/maven-model-builder/#model-interpolation>).
const OWN_VERSION: &[&str] = &[
    "${project.version}",
    "${pom.version}",
    "${version}",
    "${project.id}",
    "${project.artifact.",
    "${project.build.finalName}",
    "${pom.build.finalName}",
    "${build.finalName}",
];

/// Reads a `pom.xml`.
pub(super) fn read(side: &Side<'_>) -> Result<Reading, String> {
    let document = Document::parse(side.text).map_err(|error| match error == Error::DtdDetected {
        true => "it declares a document type".to_owned(),
        false => "it is no XML".to_owned(),
    })?;
    let project = document.root_element();
    if project.tag_name().name() != "project" {
        return Err("it is no Maven project".into());
    }
    if document.descendants().any(|node| node.is_pi()) {
        return Err("it holds a processing instruction".into());
    }
    let words: String = document.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect();
    let attributes = || document.descendants().flat_map(|node| node.attributes()).map(|attribute| attribute.value());
    let is_used = |own: &&&str| words.contains(**own) || attributes().any(|value| value.contains(**own));
    if let Some(used) = OWN_VERSION.iter().find(is_used) {
        return Err(format!("it uses its own version elsewhere, as {}", used.trim_end_matches('.')));
    }
    if is_parent(project) {
        return Err("it may be the parent of other modules, which name its version".into());
    }
    let version = version(project)?;
    let place = place(version, side.text)?;
    Reading::found(vec![place], rest(project, version)?)
}

/// Whether other modules may inherit from it. What stands in the configuration of a plugin does not say so.
fn is_parent(project: Node<'_, '_>) -> bool {
    let profiles =
        project.children().filter(|node| node.tag_name().name() == "profiles").flat_map(|node| node.children());
    let mut named = project.children().chain(profiles.flat_map(|profile| profile.children()));
    named.any(|node| match node.tag_name().name() {
        "modules" | "subprojects" => true,
        "packaging" => node.text().is_none_or(|kind| kind.trim() == "pom" || kind.contains("${")),
        _ => false,
    })
}

/// The one `version` of the project itself.
fn version<'a, 'i>(project: Node<'a, 'i>) -> Result<Node<'a, 'i>, String> {
    let mut versions = project.children().filter(|node| node.is_element() && node.tag_name().name() == "version");
    match (versions.next(), versions.next()) {
        (Some(version), None) => Ok(version),
        (Some(_), Some(_)) => Err("the element `version` stands twice".into()),
        (None, _) => Err("it has no version of its own".into()),
    }
}

/// Its text, which must be one piece and written just as it is read.
fn place(version: Node<'_, '_>, text: &str) -> Result<Range<usize>, String> {
    let mut children = version.children();
    let (Some(only), None) = (children.next(), children.next()) else {
        return Err("its version is not written plainly".into());
    };
    let place = only.range();
    let plain = only.is_text() && text.get(place.clone()) == only.text();
    if plain { Ok(place) } else { Err("its version is not written plainly".into()) }
}

/// All other elements, by the names on the way to them.
fn rest(project: Node<'_, '_>, version: Node<'_, '_>) -> Result<Value, String> {
    let mut rest = Map::new();
    for node in project.descendants().filter(|node| node.is_element() && *node != version) {
        add(&mut rest, name(node)?, &content(node));
    }
    Ok(Value::Object(rest))
}

fn name(node: Node<'_, '_>) -> Result<String, String> {
    let mut names: Vec<&str> = node.ancestors().take(DEEPEST + 1).map(|node| node.tag_name().name()).collect();
    if names.len() > DEEPEST {
        return Err("it is nested too deeply".into());
    }
    names.pop(); // the document
    names.reverse();
    Ok(if names.len() > 1 { names.split_off(1).join("/") } else { names.concat() })
}

/// An element's attributes and its own text; white space between elements says nothing here.
fn content(node: Node<'_, '_>) -> String {
    let mut content = String::from("<");
    for attribute in node.attributes() {
        content.push_str(&format!("{}={}\n", attribute.name(), attribute.value()));
    }
    let words = node.children().filter(Node::is_text).filter_map(|child| child.text());
    content.extend(words.filter(|words| !words.trim().is_empty()));
    content
}
