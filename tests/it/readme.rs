//! The README tells the truth.

use cm_bot::policy::{Duty, RULES};

#[test]
fn its_table_of_rules_is_the_table_of_rules() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let mut table = String::from("| rule | question | policy | may be switched off |\n|---|---|---|---|\n");
    for rule in RULES {
        let off = if rule.duty == Duty::Optional { "yes" } else { "no" };
        table += &format!("| `{}` | {} | {} | {off} |\n", rule.id, rule.question, rule.section);
    }
    assert!(readme.contains(&table), "put this into README.md:\n\n{table}");
}
