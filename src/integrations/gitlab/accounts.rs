//! Whose account it is, and what somebody may do.
//!
//! An address in a commit is anybody's to write. It stands for an account only where GitLab itself connects the two: as the
//! author of a commit, or because the account shows exactly this address, which GitLab has confirmed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use serde_json::json;

use super::client::{GitlabClient, project};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::with_people;
use crate::integrations::git::GitCommit;
use crate::model::{Account, AccountKind, Commit, CommitSha, Service, UserId, shortened};

/// Commits in one query. GitLab counts the fields of a query and answers no more than 250.
const BATCH: usize = 20;

/// From this level on a member may push: Developer (<https://docs.gitlab.com/api/members/#roles>).
const DEVELOPER: u32 = 30;

impl GitlabClient {
    /// The account with a number; nothing when there is none any more (<https://docs.gitlab.com/api/users/>).
    ///
    /// # Errors
    /// When GitLab does not answer, or with another account.
    pub(super) async fn account(&self, id: u64) -> Result<Option<Account>, SourceError> {
        if let Some(known) = self.memory.accounts.get(&id) {
            return Ok(known);
        }
        let found = self.user(id).await?.map(|user| of_user(&user));
        self.memory.accounts.keep(id, &found);
        Ok(found)
    }

    async fn user(&self, id: u64) -> Result<Option<wire::User>, SourceError> {
        match self.read::<wire::User>(&format!("/users/{id}")).await {
            Ok(user) if user.id == id => Ok(Some(user)),
            Ok(_) => Err(SourceError::Unreadable("another account than the one asked for".into())),
            Err(SourceError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether somebody may push to the project of a service; whoever is no member may not
    /// (<https://docs.gitlab.com/api/members/>).
    ///
    /// # Errors
    /// When GitLab does not answer, or about somebody else.
    pub(in crate::integrations) async fn may_push(
        &self,
        service: &Service,
        account: &Account,
    ) -> Result<bool, SourceError> {
        let UserId::Gitlab(id) = account.id else {
            return Err(SourceError::Unreadable("an account of another forge".into()));
        };
        let question = (service.repository.to_string(), id);
        if let Some(known) = self.memory.rights.get(&question) {
            return Ok(known);
        }
        let path = project(&service.repository, &format!("/members/all/{id}"));
        let may_push = match self.read::<wire::Member>(&path).await {
            Ok(member) if member.id == id => member.access_level >= DEVELOPER && member.state == "active",
            Ok(_) => return Err(SourceError::Unreadable("the rights of another account".into())),
            Err(SourceError::NotFound) => false,
            Err(error) => return Err(error),
        };
        self.memory.rights.keep(question, &may_push);
        Ok(may_push)
    }

    /// Commits with the accounts behind their names.
    ///
    /// # Errors
    /// When GitLab does not answer for one of them.
    pub(super) async fn with_people(
        &self,
        service: &Service,
        commits: &[GitCommit],
    ) -> Result<Vec<Commit>, SourceError> {
        let authors = self.authors(service, commits).await?;
        let mut by_address: HashMap<String, Option<Account>> = HashMap::new();
        for commit in commits {
            if let (Some(address), Some(Some(account))) = (&commit.author.address, authors.get(&commit.sha)) {
                by_address.insert(address.clone(), Some(account.clone()));
            }
        }
        let others = commits.iter().flat_map(|commit| commit.co_authors.iter().chain([&commit.committer]));
        let addresses: BTreeSet<&String> = others.filter_map(|named| named.address.as_ref()).collect();
        for address in addresses {
            if !by_address.contains_key(address) {
                by_address.insert(address.clone(), self.by_address(address).await?);
            }
        }
        let known = |address: &str| by_address.get(address).cloned().flatten();
        let whole = |commit: &GitCommit| with_people(commit, authors.get(&commit.sha).cloned().flatten(), known);
        Ok(commits.iter().map(whole).collect())
    }

    /// The accounts to which GitLab connects commits by the address of the author, by commit.
    async fn authors(
        &self,
        service: &Service,
        commits: &[GitCommit],
    ) -> Result<BTreeMap<CommitSha, Option<Account>>, SourceError> {
        let mut authors = BTreeMap::new();
        for some in commits.chunks(BATCH) {
            let question = json!({ "query": query(some), "variables": { "path": service.repository.as_str() } });
            let answered: wire::Answered = self.query(&question).await?.json()?;
            let mut found = commits_in(answered)?;
            for (place, commit) in some.iter().enumerate() {
                let missing = || SourceError::Incomplete(format!("commit {} is missing", commit.sha));
                let authored = found.remove(&format!("c{place}")).flatten().ok_or_else(missing)?;
                if authored.sha != commit.sha.as_str() {
                    return Err(SourceError::Unreadable("another commit than the one asked for".into()));
                }
                authors.insert(commit.sha.clone(), authored.author.map(of_graphql).transpose()?);
            }
        }
        Ok(authors)
    }

    /// The only account that shows this address; nothing where there is none, or more than one.
    async fn by_address(&self, address: &str) -> Result<Option<Account>, SourceError> {
        let key = address.to_owned();
        if let Some(known) = self.memory.addresses.get(&key) {
            return Ok(known);
        }
        let pairs = [("search", address), ("per_page", "5")];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let found: Vec<wire::UserNumber> = self.read(&format!("/users?{query}")).await?;
        // A name may look like an address, so the search alone says nothing.
        let user = match found.as_slice() {
            [one] => self.user(one.id).await?.filter(|user| shows(user, address)),
            _ => None,
        };
        let account = user.map(|user| of_user(&user));
        self.memory.addresses.keep(key, &account);
        Ok(account)
    }
}

fn shows(user: &wire::User, address: &str) -> bool {
    [&user.public_email, &user.commit_email, &user.email]
        .into_iter()
        .any(|shown| shown.as_deref().is_some_and(|shown| shown.eq_ignore_ascii_case(address)))
}

fn query(commits: &[GitCommit]) -> String {
    let mut lines = String::new();
    for (place, commit) in commits.iter().enumerate() {
        let sha = &commit.sha;
        // Writing to a String does not fail.
        let _ = write!(lines, " c{place}: commit(ref: \"{sha}\") {{ sha author {{ id username bot }} }}");
    }
    format!("query($path: ID!) {{ project(fullPath: $path) {{ repository {{{lines} }} }} }}")
}

fn commits_in(answered: wire::Answered) -> Result<BTreeMap<String, Option<wire::Authored>>, SourceError> {
    if let Some(complaint) = answered.errors.iter().flatten().next() {
        return Err(SourceError::Unreadable(shortened(&complaint.message, 120)));
    }
    let project = answered.data.and_then(|data| data.project).ok_or(SourceError::NotFound)?;
    project.repository.ok_or(SourceError::NotFound)
}

fn of_user(user: &wire::User) -> Account {
    let kind = match user.bot {
        Some(false) => AccountKind::User,
        Some(true) => AccountKind::Bot,
        None => AccountKind::Other,
    };
    Account { id: UserId::Gitlab(user.id), login: user.username.clone(), kind }
}

fn of_graphql(user: wire::GraphqlUser) -> Result<Account, SourceError> {
    let odd = || SourceError::Unreadable("an account without a number".into());
    let number = user.id.strip_prefix("gid://gitlab/User/").and_then(|number| number.parse().ok()).ok_or_else(odd)?;
    let kind = if user.bot { AccountKind::Bot } else { AccountKind::User };
    Ok(Account { id: UserId::Gitlab(number), login: user.username, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(json: serde_json::Value) -> wire::User {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_account_that_is_not_said_to_be_a_persons_is_not_one() {
        let kind = |bot: serde_json::Value| {
            let mut json = json!({ "id": 7, "username": "dana" });
            json["bot"] = bot;
            of_user(&user(json)).kind
        };
        assert_eq!(kind(json!(false)), AccountKind::User);
        assert_eq!(kind(json!(true)), AccountKind::Bot);
        assert_eq!(kind(json!(null)), AccountKind::Other);
    }

    #[test]
    fn a_name_that_looks_like_an_address_is_none() {
        let named = user(json!({ "id": 7, "username": "dana@acme.example", "bot": false, "public_email": "" }));
        assert!(!shows(&named, "dana@acme.example"));
        let shown = user(json!({ "id": 7, "username": "dana", "bot": false, "public_email": "dana@acme.example" }));
        assert!(shows(&shown, "dana@acme.example") && !shows(&shown, "ana@acme.example"));
    }

    #[test]
    fn a_query_with_a_complaint_says_nothing() {
        let answered = |json| commits_in(serde_json::from_value(json).unwrap());
        let data = json!({ "project": { "repository": {} } });
        assert!(answered(json!({ "data": data })).is_ok());
        let both = json!({ "data": data, "errors": [{ "message": "half of it" }] });
        assert!(matches!(answered(both), Err(SourceError::Unreadable(_))));
        assert!(matches!(answered(json!({ "data": { "project": null } })), Err(SourceError::NotFound)));
    }
}
