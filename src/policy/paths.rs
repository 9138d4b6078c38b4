//! Patterns of paths, as criteria write them: `src/phi/**`, `**/CODEOWNERS`, `Jenkinsfile`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

/// A list of patterns. `*` stays within a folder, `**` does not.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct PathPatterns {
    texts: Vec<String>,
    set: GlobSet,
}

impl PathPatterns {
    /// Whether one of them matches a path.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Whether a path in this folder (`""` is the top) could match. Never a wrong no.
    #[must_use]
    pub fn may_match_below(&self, folder: &str) -> bool {
        self.texts.iter().any(|text| reaches(text, folder))
    }
}

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct OnePath(PathPatterns);

impl OnePath {
    /// Whether it matches a path.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.0.matches(path)
    }
}

impl TryFrom<String> for OnePath {
    type Error = String;

    fn try_from(text: String) -> Result<OnePath, String> {
        PathPatterns::try_from(vec![text]).map(OnePath)
    }
}

/// Compares the pattern and the folder step by step as far as the pattern says literally where it goes.
fn reaches(pattern: &str, folder: &str) -> bool {
    let is_literal = |step: &&str| !step.contains(['*', '?', '[', '{', '\\']);
    let literal = pattern.split('/').take_while(is_literal);
    literal.zip(folder.split('/').filter(|step| !step.is_empty())).all(|(one, other)| one == other)
}

impl PartialEq for PathPatterns {
    fn eq(&self, other: &PathPatterns) -> bool {
        self.texts == other.texts
    }
}

impl Eq for PathPatterns {}

impl TryFrom<Vec<String>> for PathPatterns {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<PathPatterns, String> {
        let mut set = GlobSetBuilder::new();
        for text in &texts {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            set.add(glob.map_err(|error| format!("`{text}` is no pattern of paths: {}", error.kind()))?);
        }
        let set = set.build().map_err(|error| error.to_string())?;
        Ok(PathPatterns { texts, set })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> PathPatterns {
        texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().try_into().unwrap()
    }

    #[test]
    fn a_star_stays_in_its_folder_and_two_do_not() {
        let patterns = patterns(&["src/phi/**", "**/CODEOWNERS", "*.lock"]);
        for path in ["src/phi/a.rs", "src/phi/b/c.rs", "CODEOWNERS", "docs/CODEOWNERS", "x.lock"] {
            assert!(patterns.matches(path), "{path}");
        }
        for path in ["src/phi", "src/phish/a.rs", "CODEOWNERS/x", "a/x.lock"] {
            assert!(!patterns.matches(path), "{path}");
        }
    }

    #[test]
    fn folders_are_left_out_only_when_nothing_in_them_can_match() {
        let one = patterns(&["src/phi/**"]);
        assert!(one.may_match_below("") && one.may_match_below("src") && one.may_match_below("src/phi/deep"));
        assert!(!one.may_match_below("docs") && !one.may_match_below("src/pay"));
        assert!(patterns(&["**/CODEOWNERS"]).may_match_below("any/where"));
    }

    #[test]
    fn patterns_are_the_same_when_their_texts_are() {
        assert_eq!(patterns(&["src/phi/**"]), patterns(&["src/phi/**"]));
        assert_ne!(patterns(&["src/phi/**"]), patterns(&["src/pay/**"]));
    }

    #[test]
    fn a_pattern_that_is_none_is_an_error_that_names_it() {
        let error = PathPatterns::try_from(vec!["src/[".to_owned()]).unwrap_err();
        assert!(error.starts_with("`src/[` is no pattern of paths"), "{error}");
    }
}
