//! The same findings as text for a terminal.

use super::document::{Block, Document, Inline, Line};

/// A document as lines of text.
#[must_use]
pub fn document(document: &Document) -> String {
    let mut lines = Vec::new();
    for block in &document.0 {
        add(block, "", &mut lines);
    }
    lines.join("\n") + "\n"
}

fn add(block: &Block, indent: &str, lines: &mut Vec<String>) {
    match block {
        Block::Panel(_, paragraphs) => lines.extend(paragraphs.iter().map(|line| format!("{indent}{}", plain(line)))),
        Block::Paragraph(line) => lines.push(format!("{indent}{}", plain(line))),
        Block::Numbered(items) => items.iter().enumerate().for_each(|(place, item)| {
            for (number, line) in item.iter().enumerate() {
                let lead = if number == 0 { format!("{}. ", place + 1) } else { "   ".into() };
                lines.push(format!("{indent}{lead}{}", plain(line)));
            }
        }),
        Block::Table(head, rows) => add_table(head, rows, indent, lines),
        Block::Folded(title, blocks) => {
            lines.push(format!("{indent}{title}"));
            blocks.iter().for_each(|block| add(block, &format!("{indent}  "), lines));
        }
        Block::Rule => lines.push(String::new()),
    }
}

/// A table with columns as wide as their widest cell; the last column is not padded.
fn add_table(head: &[&'static str], rows: &[Vec<Line>], indent: &str, lines: &mut Vec<String>) {
    let mut table: Vec<Vec<String>> = vec![head.iter().map(|cell| (*cell).to_owned()).collect()];
    table.extend(rows.iter().map(|row| row.iter().map(plain).collect()));
    let width = |column: usize| table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
    for row in &table {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        lines.push(format!("{indent}{}", cells.join("  ").trim_end()));
    }
}

/// The words of a line.
#[must_use]
pub fn plain(line: &Line) -> String {
    let word = |inline: &Inline| match inline {
        Inline::Words(words) | Inline::Strong(words) | Inline::Code(words) | Inline::Link(words, _) => words.clone(),
        Inline::Mention(_, name) => format!("@{name}"),
        Inline::Lozenge(_, word) => (*word).to_owned(),
    };
    line.iter().map(word).collect()
}
