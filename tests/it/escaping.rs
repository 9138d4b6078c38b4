//! For all texts from outside: what they become in Slack, in Jira, on pages, in addresses and in questions.

use cm_bot::integrations::jira::{adf, wiki};
use cm_bot::integrations::teams;
use cm_bot::model::{BranchName, CommitSha, Environment, IssueId, RepoName, ServiceName, Text, TicketKey, shortened};
use cm_bot::render::document::{Block, Document, Inline, Tone};
use cm_bot::render::html;
use cm_bot::render::slack::{Message, Mrkdwn, Part};
use cm_bot::render::teams::card;
use proptest::prelude::*;
use serde_json::Value;
use url::Url;

/// Where every link of these tests leads.
const OURS: &str = "https://cm-bot.example/changes/PRODCM-1";

/// Texts with a meaning somewhere, mixed with anything.
fn hostile() -> impl Strategy<Value = String> {
    let marks = prop::sample::select(vec![
        "<!channel>",
        "<@U0LEE>",
        "<https://evil.example|here>",
        "&lt;",
        "*",
        "_",
        "~",
        "`",
        "```",
        "|",
        ">",
        "\n",
        "\u{202e}",
        "</p>",
        "<script>alert(1)</script>",
        "\" onclick=\"x",
        "'",
        "&",
        "{panel}",
        "[~ana]",
        "!image!",
        "javascript:alert(1)",
        "{code}",
        "@lee",
        ":white_check_mark:",
        "✅",
        "\u{0}",
        "\u{2028}",
    ]);
    let piece = prop_oneof![3 => marks.prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// The same text everywhere that a document can hold one.
pub fn everywhere(text: &str) -> Document {
    let words = || Inline::Words(text.to_owned());
    let line = || {
        vec![words(), Inline::Strong(text.into()), Inline::Code(text.into()), Inline::Link(text.into(), OURS.into())]
    };
    Document(vec![
        Block::Panel(Tone::Bad, vec![line()]),
        Block::Paragraph(line()),
        Block::Numbered(vec![vec![line()]]),
        Block::Folded("1 check".into(), vec![Block::Table(vec!["Check"], vec![vec![line()]]), Block::Rule]),
    ])
}

/// Each node is of a known type, and a text stands in text nodes alone.
pub fn only_texts_hold(node: &Value, text: &str) {
    const TYPES: [&str; 13] = [
        "doc",
        "panel",
        "paragraph",
        "text",
        "orderedList",
        "listItem",
        "expand",
        "table",
        "tableRow",
        "tableHeader",
        "tableCell",
        "rule",
        "link",
    ];
    match node {
        Value::Array(nodes) => nodes.iter().for_each(|node| only_texts_hold(node, text)),
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str);
            assert!(kind.is_none_or(|kind| TYPES.contains(&kind) || ["strong", "code"].contains(&kind)), "{node}");
            for (name, value) in fields {
                match value {
                    Value::String(found) if name == "href" => assert_eq!(found, OURS),
                    Value::String(found) if name == "text" => {
                        assert!(kind == Some("text") && (found == text || found == "Check"), "{found}");
                    }
                    Value::String(found) if found.len() > 3 => assert_ne!(found, text),
                    other => only_texts_hold(other, text),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A text from outside stands in a run, or on a button, and nowhere else in a card.
fn only_runs_hold_words(node: &Value) {
    const OURS_ALONE: [&str; 8] =
        ["RichTextBlock", "TextRun", "Action.OpenUrl", "None", "Default", "Small", "Bolder", "Monospace"];
    match node {
        Value::Array(nodes) => nodes.iter().for_each(only_runs_hold_words),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("text", Value::String(words)) => assert!(fields["type"] == "TextRun" && !words.contains("{{")),
                    ("title", Value::String(_)) => assert_eq!(fields["type"], "Action.OpenUrl"),
                    ("url", Value::String(url)) => assert_eq!(url, OURS),
                    (_, Value::String(other)) => assert!(OURS_ALONE.contains(&other.as_str()), "{name}: {other}"),
                    (_, inner) => only_runs_hold_words(inner),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// In the markup of a Jira Data Center stand the signs that stand there for a word, in their order, and no others: what came
/// with the text is a character reference, a letter, or a sign without a meaning.
pub fn only_our_markup(text: &str) {
    let signs = |text: &str| {
        let body = wiki::document(&everywhere(text));
        let parts = body["wiki"].as_array().unwrap();
        let markup: String = parts.iter().map(|part| part.as_str().unwrap()).collect();
        let mut pieces = markup.split("&#");
        let first = pieces.next().unwrap_or_default().to_owned();
        let whole = pieces.fold(first, |all, piece| all + piece.trim_start_matches(|sign: char| sign.is_ascii_digit()));
        let has_meaning = |sign: &char| !sign.is_alphanumeric() && sign.is_ascii() && !" .,;'\"=/%$".contains(*sign);
        whole.chars().filter(has_meaning).collect::<String>()
    };
    // A comment that would be too long loses its end.
    let (found, ours) = (signs(text), signs("word"));
    let is_short = text.chars().count() < 200;
    assert!(
        text.trim().is_empty() || found == ours || (!is_short && ours.starts_with(found.trim_end())),
        "{text}: {found}"
    );
}

/// What is left of a page without our own tags and entities.
pub fn without_tags(page: &str) -> String {
    let mut rest = page.to_owned();
    for tag in
        ["p", "ol", "li", "table", "thead", "tbody", "tr", "td", "strong", "code", "summary", "section", "details"]
    {
        rest = rest.replace(&format!("<{tag}>"), "").replace(&format!("</{tag}>"), "");
    }
    let own = ["<section class=\"panel bad\">", "<details open>", "<th scope=\"col\">", "</th>", "<hr>", "</a>"];
    own.into_iter().chain([&*format!("<a href=\"{OURS}\">")]).fold(rest, |rest, tag| rest.replace(tag, ""))
}

proptest! {
    #[test]
    fn x02_a_text_ends_where_its_marks_end(text in hostile()) {
        let code = Mrkdwn::new().text(&Text::new().code(&*text));
        prop_assert_eq!(code.as_str().matches('`').count(), 2);
        let bold = Mrkdwn::new().bold(&text);
        prop_assert_eq!(bold.as_str().matches('*').count(), 2);
        let quoted = Mrkdwn::new().text(&Text::new().quoted(&text));
        prop_assert!(!quoted.as_str().contains(['\n', '\r', '<', '>']));
        prop_assert!(shortened(&text, 120).chars().count() <= 120);
    }

    /// Of what a card is made of, only runs of text show words as they are; and only our own pages can be opened.
    #[test]
    fn x02_in_teams_a_text_is_only_ever_a_run(text in hostile()) {
        let line = Mrkdwn::new().words(&text).bold(&text).line().link(&text, OURS).text(&Text::new().code(&*text));
        let parts = vec![Part::Section(line.clone()), Part::Fields(vec![line.clone()]), Part::Context(line)];
        let message = teams::to_json(&card(&Message { fallback: text, parts }));
        let card = &message["attachments"][0]["content"];
        for part in ["body", "actions"] {
            only_runs_hold_words(&card[part]);
        }
    }

    #[test]
    fn x03_in_jira_a_text_is_only_ever_text(text in hostile()) {
        only_texts_hold(&adf::document(&everywhere(&text)), &text);
        only_our_markup(&text);
    }

    #[test]
    fn x04_on_a_page_a_text_is_only_ever_text(text in hostile()) {
        let page = html::document(&everywhere(&text)).into_string();
        let rest = without_tags(&page);
        prop_assert!(!rest.contains(['<', '>', '"']), "{}", rest);
        prop_assert_eq!(page.matches("<a ").count(), 4);
    }

    /// Whatever can be an identifier stays in its place in an address.
    #[test]
    fn x08_no_identifier_leaves_its_place_in_a_path(text in path_like()) {
        let names = [
            RepoName::parse(&text).ok().map(|name| name.to_string()),
            BranchName::parse(&text).ok().map(|name| name.to_string()),
            TicketKey::parse(&text).ok().map(|name| name.to_string()),
            IssueId::parse(&text).ok().map(|name| name.to_string()),
            CommitSha::parse(&text).ok().map(|name| name.to_string()),
        ];
        for name in names.into_iter().flatten() {
            let path = format!("/repos/{name}/git");
            let url = Url::parse("https://api.example").unwrap().join(&path).unwrap();
            prop_assert_eq!((url.path(), url.query(), url.fragment()), (&*path, None, None));
            prop_assert_eq!(url.host_str(), Some("api.example"));
        }
    }

    /// What is put into a question to Jira has nothing in it that could end a quoted word.
    #[test]
    fn x10_no_name_ends_its_quotes_in_a_query(text in "[a-zA-Z0-9 ._/\"'\\\\()=-]{0,30}") {
        for name in [ServiceName::parse(&text).ok().map(String::from), Environment::parse(&text).ok().map(String::from)] {
            prop_assert!(name.is_none_or(|name| !name.contains(['"', '\'', '\\', '(', ')', '='])));
        }
    }
}

fn path_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "acme",
        "billing-api",
        "/",
        "..",
        ".",
        "%2e",
        "%2e%2e",
        "\\",
        "?",
        "#",
        "@",
        ":",
        "//",
        "a b",
        "\u{ff0e}",
        "PRODCM-1",
        "7",
        "\t",
    ]);
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

/// Statements are texts of the program; the type of a query refuses anything else. Where the number of values is known only
/// while it runs, two functions add places for them, and nothing else, to such texts.
#[test]
fn x11_no_statement_is_made_of_words_from_outside() {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("src/store").unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).unwrap();
            let calls = text.lines().filter(|line| line.contains("AssertSqlSafe(")).map(|line| line.trim().to_owned());
            found.extend(calls.map(|line| (entry.display().to_string(), line)));
        }
    }
    found.sort();
    let expected = [
        (
            "src/store/db.rs",
            "Query { sql: AssertSqlSafe(sql).into_sql_str(), values: rows.into_iter().flatten().collect() }",
        ),
        ("src/store/db.rs", "query(AssertSqlSafe(format!(\"{beginning} {} {end}\", places(first, count))))"),
    ];
    assert_eq!(found, expected.map(|(file, line)| (file.to_owned(), line.to_owned())));
}
