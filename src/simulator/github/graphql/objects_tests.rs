use serde_json::{Value, json};

use super::super::tests::{READY, played, served};
use super::tests::ask;

/// Every kind of entry that a tree can have.
const KINDS: &str = "
commits = [ { id = 'all', author = 'dana', files = { 'src/lib.rs' = 'one', run = 'x' }, executables = ['run'],
    links = { link = 'src/lib.rs' }, submodules = { sub = '4b825dc642cb6eb9a060e54bf8d69288fbee4904' } } ]
timeline = [ { push = { branch = 'main', commit = 'all' } } ]";

#[tokio::test]
async fn a_tree_lists_every_kind_of_entry_with_its_mode() {
    let (github, url) = served(played(KINDS)).await;
    let query =
        "query($oid: GitObjectID) { repository(owner: \"acme\", name: \"billing-api\") { databaseId object(oid: $oid) {
        ... on Commit { tree { oid entries { name path mode type size oid } } } } } }";
    let answer = ask(&github, &url, query, json!({ "oid": github.sha("all").unwrap() })).await;
    assert_eq!(answer.get("errors"), None);
    let tree = &answer["data"]["repository"]["object"]["tree"];
    let entries = tree["entries"].as_array().unwrap().iter();
    let entries = entries.map(|one| json!([one["name"], one["mode"], one["type"], one["size"]]));
    let expected = json!([
        ["link", 40960, "blob", 10],
        ["run", 33261, "blob", 1],
        ["src", 16384, "tree", 0],
        ["sub", 57344, "commit", 0],
    ]);
    assert_eq!(json!(entries.collect::<Vec<_>>()), expected);
    assert_eq!(tree["entries"][3]["oid"], "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

#[tokio::test]
async fn many_objects_are_looked_up_in_one_query() {
    let (github, url) = served(played(KINDS)).await;
    let blob = "... on Blob { oid byteSize isBinary isTruncated text }";
    let lookups = "root: object(expression: \"main:\") { ... on Tree { oid entries { name path object { oid } } } }
        folder: object(expression: \"refs/heads/main:src\") { __typename ... on Tree { entries { path } } }
        submodule: object(expression: \"main:sub\") { oid } nothing: object(oid: \"00000000000000000000000000000000000000aa\") { oid }";
    let query = format!(
        "{{ repository(owner: \"acme\", name: \"billing-api\") {{ ref(qualifiedName: \"refs/heads/main\") {{ name prefix target {{ oid }} }}
            file: object(expression: \"main:src/lib.rs\") {{ {blob} }} {lookups} }} }}"
    );
    let answer = ask(&github, &url, &query, Value::Null).await;
    assert_eq!(answer.get("errors"), None);
    let found = &answer["data"]["repository"];
    let target = json!({ "name": "main", "prefix": "refs/heads/", "target": { "oid": github.sha("all").unwrap() } });
    assert_eq!(found["ref"], target);
    assert_eq!((&found["file"]["text"], &found["file"]["byteSize"]), (&json!("one"), &json!(3)));
    assert_eq!((&found["file"]["isBinary"], &found["file"]["isTruncated"]), (&json!(false), &json!(false)));
    assert_eq!(found["folder"], json!({ "__typename": "Tree", "entries": [{ "path": "src/lib.rs" }] }));
    assert_eq!(found["root"]["entries"][3]["object"], Value::Null, "a submodule is in another repository");
    assert_eq!((&found["submodule"], &found["nothing"]), (&Value::Null, &Value::Null));
    let again = "query($oid: GitObjectID) { repository(owner: \"acme\", name: \"billing-api\") { object(oid: $oid) { oid __typename } } }";
    let answer = ask(&github, &url, again, json!({ "oid": found["file"]["oid"] })).await;
    assert_eq!(answer["data"]["repository"]["object"]["__typename"], "Blob");
}

#[tokio::test]
async fn a_conversation_can_be_read() {
    let steps = "
        { review = { pull_request = 7, by = 'sam', text = 'Fine.' } },
        { comment_on_pull_request = { pull_request = 7, by = 'priya', text = 'Soon?' } },
        { assign = { pull_request = 7, who = 'lee', by = 'sam' } },
        { delete_account = { who = 'priya' } },
        { close_pull_request = { pull_request = 7, by = 'dana' } } ]";
    let (github, url) = served(played(&format!("{READY}{steps}"))).await;
    let query = "{ repository(owner: \"acme\", name: \"billing-api\") { pullRequest(number: 7) {
        state merged mergedAt closed headRefOid assignees(first: 9) { nodes { login } }
        comments(first: 9) { totalCount nodes { author { login } body createdAt lastEditedAt } }
        reviews(first: 9) { nodes { body lastEditedAt fullDatabaseId databaseId } } } } }";
    let answer = ask(&github, &url, query, Value::Null).await;
    assert_eq!(answer.get("errors"), None);
    let pull = &answer["data"]["repository"]["pullRequest"];
    assert_eq!((&pull["state"], &pull["merged"], &pull["mergedAt"]), (&json!("CLOSED"), &json!(false), &Value::Null));
    assert_eq!(pull["assignees"]["nodes"], json!([{ "login": "lee" }]));
    let comment = &pull["comments"]["nodes"][0];
    assert_eq!((&comment["author"], &comment["body"]), (&Value::Null, &json!("Soon?")), "her account is gone");
    assert_eq!(pull["reviews"]["nodes"][0]["body"], "Fine.");
}
