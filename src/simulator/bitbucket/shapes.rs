//! Bitbucket's JSON, with what stands in it besides.

use serde_json::{Value, json};

use super::super::git::{Commit, Oid};
use super::{Event, Pull, What, Word, World};

/// In other things a commit is named by its first digits.
fn cut(id: Oid) -> String {
    id.to_string().chars().take(12).collect()
}

impl World {
    pub(super) fn repository(&self) -> Value {
        json!({"type": "repository", "full_name": self.name, "scm": "git"})
    }

    pub(super) fn user(&self, name: &str) -> Value {
        if !self.people.contains(&name) {
            return Value::Null;
        }
        json!({
            "type": "user", "uuid": self.uuid(name).braced().to_string(), "nickname": name, "display_name": name,
            "account_id": format!("557058:{name}"),
        })
    }

    pub(super) fn commit_json(&self, id: Oid, commit: &Commit) -> Value {
        let parents: Vec<Value> =
            commit.parents.iter().map(|id| json!({"type": "commit", "hash": id.to_string()})).collect();
        let raw = format!("{} <{}>", commit.author.name, commit.author.email);
        // Bitbucket finds the account by the address.
        let mut author = json!({"type": "author", "raw": raw});
        let name = commit.author.email.split('@').next().unwrap_or_default();
        if !self.user(name).is_null() {
            author["user"] = self.user(name);
        }
        let date = date(commit.author.seconds);
        json!({"type": "commit", "hash": id.to_string(), "date": date, "author": author, "parents": parents})
    }

    pub(super) fn pull_json(&self, number: u64, pull: &Pull) -> Value {
        let participants: Vec<Value> = pull.says.iter().map(|(name, word)| self.participant(name, *word)).collect();
        json!({
            "type": "pullrequest", "id": number, "title": format!("Change {number}"),
            "state": if pull.merge.is_some() { "MERGED" } else { "OPEN" },
            "author": self.user(pull.author),
            "source": self.side(&pull.source, Some(pull.head)),
            "destination": self.side(&pull.target, self.branches.get(&pull.target).copied()),
            "merge_commit": pull.merge.map(|id| json!({"type": "commit", "hash": cut(id)})),
            "participants": participants,
        })
    }

    fn participant(&self, name: &str, word: Word) -> Value {
        let state = if word == Word::Approved { "approved" } else { "changes_requested" };
        json!({"type": "participant", "user": self.user(name), "role": "REVIEWER", "approved": word == Word::Approved, "state": state})
    }

    fn side(&self, branch: &str, commit: Option<Oid>) -> Value {
        let commit = commit.map(|id| json!({"type": "commit", "hash": cut(id)}));
        json!({"branch": {"name": branch}, "commit": commit, "repository": self.repository()})
    }

    pub(super) fn event(&self, pull: &Pull, event: &Event) -> Value {
        let date = date(event.seconds);
        match &event.what {
            What::Updated { state, head, target } => json!({"update": {
                "date": date, "state": state, "title": "Change", "author": self.user(pull.author),
                "source": self.side(&pull.source, Some(*head)),
                "destination": self.side(target, self.branches.get(target).copied()),
            }}),
            What::Said(name, Word::Approved) => json!({"approval": {"date": date, "user": self.user(name)}}),
            What::Said(name, Word::Objected) => json!({"changes_requested": {"date": date, "user": self.user(name)}}),
        }
    }
}

fn date(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    format!("{}.123456+00:00", at.strftime("%Y-%m-%dT%H:%M:%S"))
}
