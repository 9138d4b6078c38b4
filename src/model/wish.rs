//! What somebody asks for in Slack, before there is a ticket.

use super::declaration::{Unclear, known, registered};
use super::service::{Scope, Service};

/// A change that somebody wants. The texts are untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The class of change, as the criteria write it.
    pub class: String,
    /// What is changed.
    pub scope: Scope,
    /// What is to be done.
    pub what: String,
    /// Why it is needed.
    pub why: String,
    /// Where there is more to read.
    pub links: Option<String>,
}

impl Wish {
    /// Reads `CLASS SERVICE ENVIRONMENT what is to be done | why it is needed | links`; the links may be left out.
    ///
    /// # Errors
    /// With what is missing.
    pub fn parse(text: &str, classes: &[&str], services: &[Service]) -> Result<Wish, Unclear> {
        if text.trim().is_empty() {
            return Err(Unclear::Empty);
        }
        let mut words = text.trim().splitn(4, char::is_whitespace);
        let mut word = || words.next().unwrap_or("");
        let (class, service, environment, rest) = (word().to_lowercase(), word(), word(), word());
        if !classes.contains(&class.as_str()) {
            return Err(Unclear::NoClass(classes.join(", ")));
        }
        let scope = registered(service, environment, services);
        let scope = scope.ok_or_else(|| Unclear::NoScope(known(services)))?;
        let mut parts = rest.split('|').map(str::trim).map(str::to_owned);
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let (Some(what), Some(why)) = (part(), part()) else { return Err(Unclear::NoReason) };
        Ok(Wish { class, scope, what, why, links: part() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BranchName, Environment, RepoName, ServiceName};

    fn services() -> Vec<Service> {
        vec![Service {
            name: ServiceName::parse("billing-api").unwrap(),
            forge: crate::model::Forge::Github,
            repository: RepoName::parse("acme/billing-api").unwrap(),
            branch: BranchName::parse("main").unwrap(),
            environments: vec![Environment::parse("prod-us").unwrap()],
            scanners: Vec::new(),
        }]
    }

    #[test]
    fn a_wish_names_class_service_environment_what_and_why() {
        let read = |text: &str| Wish::parse(text, &["provisioning", "access"], &services());
        let wish = read("Provisioning billing-api prod-us a second database | the first one is full | INF-12").unwrap();
        assert_eq!((wish.class.as_str(), wish.scope.to_string().as_str()), ("provisioning", "billing-api to prod-us"));
        assert_eq!((wish.what.as_str(), wish.why.as_str()), ("a second database", "the first one is full"));
        assert_eq!(wish.links.as_deref(), Some("INF-12"));
        assert_eq!(read("access billing-api prod-us one | two").unwrap().links, None);
        assert_eq!(read(" "), Err(Unclear::Empty));
        let unclear = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(
            unclear("normal billing-api prod-us a | b"),
            "it does not begin with a class of change that can be asked for here: provisioning, access"
        );
        assert_eq!(
            unclear("access web prod-us a | b"),
            "it does not name a registered service and environment: billing-api prod-us"
        );
        for text in
            ["access billing-api prod-us a", "access billing-api prod-us | b", "access billing-api prod-us a | "]
        {
            assert_eq!(unclear(text), "say what you change and why, with a | between them", "{text}");
        }
    }
}
