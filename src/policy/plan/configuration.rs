//! Which attributes the configuration sets, from the part of the plan that repeats it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, Deserialize)]
struct Configuration {
    root_module: Module,
}

#[derive(Debug, Deserialize)]
struct Module {
    resources: Option<Vec<Resource>>,
    module_calls: Option<BTreeMap<String, Call>>,
}

#[derive(Debug, Deserialize)]
struct Call {
    module: Option<Module>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    address: String,
    expressions: Option<BTreeMap<String, IgnoredAny>>,
}

/// Resources by address, without the numbers and names of their instances, and the attributes that each sets.
#[derive(Debug, Default)]
pub(super) struct Settings(BTreeMap<String, BTreeSet<String>>);

impl Settings {
    /// Reads them. A configuration that cannot be read says nothing, and what hangs on it stays risky.
    pub fn read(text: &[u8]) -> Settings {
        let mut settings = Settings::default();
        if let Ok(configuration) = serde_json::from_slice::<Configuration>(text) {
            settings.add(configuration.root_module, "");
        }
        settings
    }

    fn add(&mut self, module: Module, place: &str) {
        for resource in module.resources.into_iter().flatten() {
            let names = resource.expressions.into_iter().flatten().map(|(name, _)| name);
            self.0.entry(format!("{place}{}", resource.address)).or_default().extend(names);
        }
        for (name, call) in module.module_calls.into_iter().flatten() {
            if let Some(module) = call.module {
                self.add(module, &format!("{place}module.{name}."));
            }
        }
    }

    /// Whether the configuration may set this attribute. A resource that is not in it may set anything.
    pub fn may_set(&self, address: &str, attribute: &str) -> bool {
        self.0.get(&without_instances(address)).is_none_or(|names| names.contains(attribute))
    }
}

/// `module.a["x"].aws_sqs_queue.q[0]` is `module.a.aws_sqs_queue.q`.
fn without_instances(address: &str) -> String {
    let (mut kept, mut is_key, mut is_quoted, mut is_escaped) = (String::new(), false, false, false);
    for char in address.chars() {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' if is_key => is_quoted = !is_quoted,
            '[' if !is_quoted => is_key = true,
            ']' if !is_quoted => is_key = false,
            char if !is_key => kept.push(char),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_instances_are_no_part_of_a_place_in_the_configuration() {
        let cut = |address: &str| without_instances(address);
        assert_eq!(cut(r#"module.a["x.[y]\"]"].aws_sqs_queue.q[0]"#), "module.a.aws_sqs_queue.q");
        assert_eq!(cut("aws_sqs_queue.q"), "aws_sqs_queue.q");
        assert_eq!(cut(r#"a"b[0]"#), r#"a"b"#);
        assert_eq!(cut(r"a\b[0]"), r"a\b");
    }

    #[test]
    fn what_is_not_in_the_configuration_may_set_anything() {
        let text = br#"{"root_module":{"module_calls":{"a":{"module":{"resources":[
            {"address":"aws_sqs_queue.q","expressions":{"name":{}}}]}}}}}"#;
        let settings = Settings::read(text);
        assert!(settings.may_set("module.a[1].aws_sqs_queue.q", "name"));
        assert!(!settings.may_set("module.a[1].aws_sqs_queue.q", "policy"));
        assert!(settings.may_set("aws_sqs_queue.q", "policy"));
        assert!(Settings::read(b"{").may_set("module.a.aws_sqs_queue.q", "policy"));
    }
}
