//! The clean change with more in it: what attacks are played on.

use crate::support::{TestScene, scene};

/// Steps of the clean change, as its file has them.
pub const DEPLOYED: &str = "deployed_before = { ticket = \"PRODCM-398\", commit = \"v1\" }";
pub const PUSH: &str = "push = { branch = \"round-totals\", commit = \"fix\" }";
pub const OPEN: &str = "open_pull_request = { number = 871, from = \"round-totals\", by = \"dana\", title = \"Round invoice totals to cents\" }";
pub const REVIEW: &str = "review = { pull_request = 871, by = \"lee\" }";
pub const MERGE: &str = "merge = { pull_request = 871, by = \"dana\", commit = \"merged\" }";
pub const SCAN: &str = "scan = { commit = \"merged\" }";
pub const TICKET: &str = "create_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";

/// The usual people, and mallory, a developer like any other.
const CAST: &str = r#"
[[people]]
name = "dana"
full_name = "Dana Reyes"
[[people]]
name = "lee"
full_name = "Lee Wong"
[[people]]
name = "priya"
full_name = "Priya Nair"
roles = ["security-lead"]
[[people]]
name = "sam"
full_name = "Sam Okafor"
roles = ["engineering-lead"]
[[people]]
name = "alex"
full_name = "Alex Silva"
roles = ["security-officer"]
[[people]]
name = "mallory"
full_name = "Mallory Stone"
"#;

/// A step that happens.
pub fn step(verb: &str) -> String {
    format!("[[timeline]]\n{verb}\n")
}

/// A step of the attack alone.
pub fn attacks(verb: &str) -> String {
    format!("[[timeline]]\nonly = \"scene\"\n{verb}\n")
}

/// A step of the twin alone.
pub fn in_twin(verb: &str) -> String {
    format!("[[timeline]]\nonly = \"twin\"\n{verb}\n")
}

/// Both leads approve a ticket: one in a comment, one by its status.
pub fn both_approve(ticket: &str) -> String {
    let comment = format!("comment = {{ ticket = \"{ticket}\", by = \"priya\", text = \"/cm approve\" }}");
    let moved = format!("move_ticket = {{ ticket = \"{ticket}\", by = \"sam\", to = \"Approved\" }}");
    step(&comment) + &step(&moved)
}

/// A commit that somebody makes.
pub fn commit(id: &str, parent: &str, author: &str, more: &str) -> String {
    format!("[[commits]]\nid = \"{id}\"\nparents = [\"{parent}\"]\nauthor = \"{author}\"\n{more}\n")
}

/// The clean change.
pub fn clean() -> TestScene {
    scene("clean-change")
}

impl TestScene {
    /// More happens, or exists, before a step.
    pub fn before(self, verb: &str, more: &str) -> TestScene {
        self.with(&step(verb), &format!("{more}\n{}", step(verb)))
    }

    /// More happens, or exists, after a step.
    pub fn after(self, verb: &str, more: &str) -> TestScene {
        self.with(&step(verb), &format!("{}{more}\n", step(verb)))
    }

    /// In the attack another step happens in the place of this one.
    pub fn attacked(self, verb: &str, attack: &str) -> TestScene {
        self.with(&step(verb), &format!("{}{}", attacks(attack), in_twin(verb)))
    }

    /// Something else happens in both variants.
    pub fn instead(self, verb: &str, attack: &str, twin: &str) -> TestScene {
        self.with(&step(verb), &format!("{}{}", attacks(attack), in_twin(twin)))
    }

    /// The usual people with mallory, and whoever else.
    pub fn people(self, more: &str) -> TestScene {
        self.more(&format!("{CAST}{more}"))
    }

    /// In the attack the commit of pull request 871 is this one; `keys` are added to it.
    pub fn fix_in_attack(self, keys: &str) -> TestScene {
        let other = commit("fix", "v1", "dana", &format!("only = \"scene\"\nmessage = \"Round\"\n{keys}\n"));
        self.with("id = \"fix\"\n", "id = \"fix\"\nonly = \"twin\"\n").more(&other)
    }

    /// The first commit has one more file.
    pub fn first_file(self, path: &str, content: &str) -> TestScene {
        let file = toml::Value::String(content.into());
        let first = "message = \"Add invoice totals\"\nfiles = { ";
        self.with(first, &format!("{first}\"{path}\" = {file}, "))
    }

    /// The ticket is about another commit, which is scanned too; `of_twin` in the twin.
    pub fn deploys(self, commit: &str, of_twin: &str) -> TestScene {
        let scan = |commit: &str| SCAN.replace("merged", commit);
        let ticket = |commit: &str| TICKET.replace("merged", commit);
        self.instead(SCAN, &scan(commit), &scan(of_twin)).instead(TICKET, &ticket(commit), &ticket(of_twin))
    }

    /// More people, services, criteria or commits.
    pub fn more(self, blocks: &str) -> TestScene {
        self.with("[[timeline]]", &format!("{blocks}\n[[timeline]]"))
    }
}
