//! The GraphQL texts that cm-bot sends are valid. `tests/peers` holds them against GitHub's own schema as well.

use apollo_compiler::{ExecutableDocument, Schema};

#[test]
fn every_query_fits_the_schema() {
    let text = std::fs::read_to_string("src/simulator/github/schema.graphql").unwrap();
    let schema = Schema::parse_and_validate(text, "schema.graphql").unwrap();
    for name in ["commit_origins", "commit_names", "pull_requests", "objects", "edge", "comments"] {
        let query = std::fs::read_to_string(format!("src/integrations/github/queries/{name}.graphql")).unwrap();
        if let Err(error) = ExecutableDocument::parse_and_validate(&schema, query, name) {
            panic!("{name}: {}", error.errors);
        }
    }
}
