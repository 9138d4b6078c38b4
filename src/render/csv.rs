//! Tables for spreadsheets (RFC 4180). Text from outside stays text: no program takes a cell for a formula.

/// Signs with which a spreadsheet begins a formula, or from which it makes one when it reads the file.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// A row with its end of line. Every cell is quoted, and one that could be read as a formula begins with an apostrophe.
#[must_use]
pub fn row<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let cells: Vec<String> =
        cells.into_iter().map(|cell| format!("\"{}\"", safe(cell.as_ref()).replace('"', "\"\""))).collect();
    cells.join(",") + "\r\n"
}

/// The text as a spreadsheet shows it and never computes it.
fn safe(text: &str) -> String {
    let text: String = text.chars().map(|char| if char == '\0' { '\u{fffd}' } else { char }).collect();
    let is_formula = text.trim_start_matches([' ', '\n']).starts_with(FORMULA);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_a_formula() {
        for text in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\u{ff1d}1", "=HYPERLINK(\"http://x\")"]
        {
            assert!(row([text]).starts_with("\"'"), "{text:?}: {}", row([text]));
        }
        assert_eq!(row(["PRODCM-412", "a \"b\", c", ""]), "\"PRODCM-412\",\"a \"\"b\"\", c\",\"\"\r\n");
        assert_eq!(
            row(["2026-11-02T09:10:00Z", "billing-api to prod-us"]),
            "\"2026-11-02T09:10:00Z\",\"billing-api to prod-us\"\r\n"
        );
    }
}
