//! The wiki markup of Jira Data Center as people read it: one line a paragraph, list item, table row or title. It knows what
//! bots write, and takes everything else for words.

use super::super::scene::Scene;

/// A comment as text.
pub(super) fn text(markup: &str, scene: &Scene) -> String {
    let mut number = 0;
    let mut lines = Vec::new();
    for line in markup.lines().map(str::trim) {
        let item = line.strip_prefix("# ");
        number = if item.is_some() { number + 1 } else { 0 };
        match item {
            Some(item) => lines.extend(hanging(number, item, scene)),
            None => lines.extend(shown(line, scene)),
        }
    }
    lines.join("\n")
}

/// A numbered item; what belongs to it stands below it.
fn hanging(number: usize, item: &str, scene: &Scene) -> Vec<String> {
    let mark = format!("{number}. ");
    let indent = " ".repeat(mark.len());
    let prefixes = std::iter::once(mark.as_str()).chain(std::iter::repeat(indent.as_str()));
    prefixes.zip(item.split(" \\\\ ")).map(|(prefix, part)| format!("{prefix}{}", words(part, scene))).collect()
}

fn shown(line: &str, scene: &Scene) -> Option<String> {
    if line.is_empty() || (line.starts_with("{panel") && line.ends_with('}')) {
        return None;
    }
    if line == "----" {
        return Some("────".into());
    }
    if let Some(title) = line.strip_prefix("h5. ") {
        return Some(format!("▸ {}", words(title, scene)));
    }
    let heads = line.strip_prefix("||").and_then(|line| line.strip_suffix("||"));
    let cells = line.strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    let cells: Vec<String> = match (heads, cells) {
        (Some(heads), _) => heads.split("||").map(str::to_owned).collect(),
        (None, Some(cells)) => split_outside_links(cells),
        (None, None) => return Some(words(line, scene)),
    };
    Some(cells.iter().map(|cell| words(cell.trim(), scene)).collect::<Vec<_>>().join(" | "))
}

/// The cells of a row: a bar inside a link separates nothing.
fn split_outside_links(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_inside = false;
    for sign in row.chars() {
        is_inside = match sign {
            '[' => true,
            ']' => false,
            _ => is_inside,
        };
        match cells.last_mut().filter(|_| sign != '|' || is_inside) {
            Some(cell) => cell.push(sign),
            None => cells.push(String::new()),
        }
    }
    cells
}

/// Words without their marks. Colours stand for lozenges.
fn words(markup: &str, scene: &Scene) -> String {
    let mut rest = markup.replace("{*}", "").replace("{{", "").replace("}}", "").replace("{color}", "]");
    while let Some((before, after)) = rest.split_once("{color:") {
        let word = after.split_once('}').map_or(after, |(_, word)| word);
        rest = format!("{before}\u{1}{word}");
    }
    let mut text = String::new();
    let mut rest = rest.as_str();
    while let Some((before, after)) = rest.split_once('[') {
        let (inside, after) = after.split_once(']').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(&linked(inside, scene));
        rest = after;
    }
    text.push_str(rest);
    references(&text).replace('\u{1}', "[")
}

/// A mention shows the name of somebody, a link its words.
fn linked(inside: &str, scene: &Scene) -> String {
    match inside.strip_prefix('~') {
        Some(name) => {
            let person = scene.people.iter().find(|person| person.name == name);
            format!("@{}", person.map_or(name, |person| person.full_name.as_str()))
        }
        None => inside.split('|').next().unwrap_or_default().to_owned(),
    }
}

/// Character references as the signs that browsers show.
fn references(text: &str) -> String {
    let mut pieces = text.split("&#");
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let sign = piece.split_once(';').and_then(|(number, rest)| Some((char::from_u32(number.parse().ok()?)?, rest)));
        match sign {
            Some((sign, rest)) => {
                shown.push(sign);
                shown.push_str(rest);
            }
            None => {
                shown.push_str("&#");
                shown.push_str(piece);
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_reads_as_it_is_shown() {
        let scene = Scene::parse("title = 't'\nabout = 'a'\ntimeline = []\nexpect = []").unwrap();
        let markup = "{panel:bgColor=#fffae6}\n{color:#974f00}{*}WAITING{*}{color} for [~dana]\n\n{{a&#45;b}}\n{panel}\n\n\
                      # One \\\\ more\n# Two\n\nh5. 9 checks\n\n|| Check || Result ||\n| [Review|https://a.example] |  |\n\n----";
        let text =
            "[WAITING] for @Dana Reyes\na-b\n1. One\n   more\n2. Two\n▸ 9 checks\nCheck | Result\nReview | \n────";
        assert_eq!(super::text(markup, &scene), text);
    }
}
