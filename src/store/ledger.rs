//! What GitHub's deliveries said at the moment when it happened: what a reviewer saw, where the head went, and who sent it.
//!
//! A row comes to be with its delivery, in one transaction, and is never changed. Nothing else of a webhook's body enters
//! a decision.

use std::collections::BTreeMap;

use super::db::{Row, Transaction, Value, insert_rows, query, query_among};
use super::{Store, StoreError, stored};
use crate::model::{
    Account, AccountKind, CommitSha, EVERY_PULL_REQUEST, GithubId, Ledger, Opinion, Push, Receipt, RepoName, Seen,
    SeenReview, Timestamp, UserId,
};

/// Pull requests or commits in one statement, and rows that one writes; SQLite allows some ten thousand values in one.
const AT_ONCE: usize = 500;

/// Columns by name: a statement that an older process prepared has to mean the same after a column was added.
const REVIEWS: &str = "SELECT pull_request, review, commit_sha, submitted_at, received_at FROM seen_reviews \
                       WHERE repository_id = $1 AND pull_request IN";
const PUSHES: &str = "SELECT pull_request, before_sha, after_sha, account_id, account_login, account_kind, received_at \
                      FROM seen_pushes WHERE repository_id = $1 AND pull_request IN";
const COMMITS: &str = "SELECT commit_sha, account_id, account_login, account_kind FROM seen_commits \
                       WHERE repository_id = $1 AND commit_sha IN";
const BASE_CHANGES: &str = "SELECT pull_request, received_at FROM seen_base_changes \
                            WHERE repository_id = $1 AND pull_request IN";

/// The newest row of a table that names a repository.
macro_rules! newest {
    ($table:literal) => {
        concat!(
            "SELECT repository_id, delivery FROM (SELECT repository_id, delivery FROM ",
            $table,
            " WHERE repository = $1 ORDER BY delivery DESC LIMIT 1) AS newest"
        )
    };
}

impl Store {
    /// What the ledger says about pull requests; those that it says nothing about are left out.
    ///
    /// A name stands for the repository that was heard of last under it, so a renamed repository keeps its ledger and one
    /// that took over a name starts an empty one.
    ///
    /// # Errors
    /// When the database does not answer, or a row cannot be read.
    pub async fn ledger(&self, repository: &RepoName, numbers: &[u64]) -> Result<BTreeMap<u64, Ledger>, StoreError> {
        let mut ledger = BTreeMap::new();
        let Some(id) = self.repository_id(repository).await? else { return Ok(ledger) };
        for numbers in numbers.chunks(AT_ONCE) {
            for row in self.seen(REVIEWS, id, numbers).await? {
                entry(&mut ledger, &row)?.reviews.push(seen_review(&row)?);
            }
            for row in self.seen(PUSHES, id, numbers).await? {
                entry(&mut ledger, &row)?.pushes.push(push(&row)?);
            }
            for row in self.seen(BASE_CHANGES, id, numbers).await? {
                entry(&mut ledger, &row)?.base_changes.push(Timestamp(row.get("received_at")?));
            }
        }
        for row in self.seen(BASE_CHANGES, id, &[EVERY_PULL_REQUEST]).await? {
            let at = Timestamp(row.get("received_at")?);
            numbers.iter().for_each(|number| ledger.entry(*number).or_default().base_changes.push(at));
        }
        Ok(ledger)
    }

    /// Who first pushed commits, as far as we heard of it. One whose branch was deleted meanwhile may have come twice.
    ///
    /// # Errors
    /// When the database does not answer, or a row cannot be read.
    pub async fn first_pushed(
        &self,
        repository: &RepoName,
        commits: &[&CommitSha],
    ) -> Result<BTreeMap<CommitSha, Vec<Account>>, StoreError> {
        let mut found: BTreeMap<CommitSha, Vec<Account>> = BTreeMap::new();
        let Some(id) = self.repository_id(repository).await? else { return Ok(found) };
        for commits in commits.chunks(AT_ONCE) {
            let mut query = query_among(COMMITS, (2, commits.len()), "ORDER BY seq").bind(id);
            for commit in commits {
                query = query.bind(commit.as_str());
            }
            for row in query.all(self.db.reader()).await? {
                let commit = stored(CommitSha::parse(row.get("commit_sha")?))?;
                found.entry(commit).or_default().push(account_of(&row)?);
            }
        }
        Ok(found)
    }

    async fn repository_id(&self, name: &RepoName) -> Result<Option<i64>, StoreError> {
        let sql = concat!(
            "SELECT repository_id FROM (",
            newest!("seen_reviews"),
            " UNION ALL ",
            newest!("seen_pushes"),
            " UNION ALL ",
            newest!("seen_base_changes"),
            " UNION ALL ",
            newest!("seen_commits"),
            ") AS heard ORDER BY delivery DESC LIMIT 1"
        );
        let row = query(sql).bind(name.as_str()).optional(self.db.reader()).await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// The rows of a table about pull requests of a repository, in the order in which they came.
    async fn seen(&self, select: &'static str, repository: i64, numbers: &[u64]) -> Result<Vec<Row>, StoreError> {
        let mut query = query_among(select, (2, numbers.len()), "ORDER BY seq").bind(repository);
        for number in numbers {
            query = query.bind(stored(i64::try_from(*number))?);
        }
        query.all(self.db.reader()).await
    }
}

/// What a delivery said, with its number and when it came.
pub(super) struct Line<'a> {
    pub receipt: &'a Receipt,
    pub delivery: i64,
    pub at: Timestamp,
}

/// Writes lines inside the transaction of the deliveries that brought them, with as few statements as there can be.
pub(super) async fn append(transaction: &mut Transaction, lines: &[Line<'_>]) -> Result<(), StoreError> {
    let mut tables: BTreeMap<&'static str, Vec<Vec<Value>>> = BTreeMap::new();
    for line in lines {
        tables.entry(insert(&line.receipt.event)).or_default().extend(rows(line)?);
    }
    for (insert, rows) in tables {
        for rows in rows.chunks(AT_ONCE) {
            insert_rows(insert, rows.to_vec(), "").execute(&mut *transaction).await?;
        }
    }
    Ok(())
}

/// The beginning of a statement for such lines; the first four values are the same in each.
fn insert(event: &Seen) -> &'static str {
    match event {
        Seen::Review { .. } => {
            "INSERT INTO seen_reviews (delivery, received_at, repository_id, repository, pull_request, \
               account_id, account_login, account_kind, commit_sha, review, state, submitted_at)"
        }
        Seen::Push { .. } => {
            "INSERT INTO seen_pushes (delivery, received_at, repository_id, repository, pull_request, \
               account_id, account_login, account_kind, after_sha, before_sha)"
        }
        Seen::BaseChange => {
            "INSERT INTO seen_base_changes (delivery, received_at, repository_id, repository, pull_request)"
        }
        Seen::Commits { .. } => {
            "INSERT INTO seen_commits (delivery, received_at, repository_id, repository, \
               account_id, account_login, account_kind, commit_sha)"
        }
    }
}

/// One row, or one for each commit that was pushed.
fn rows(line: &Line<'_>) -> Result<Vec<Vec<Value>>, StoreError> {
    let receipt = line.receipt;
    let mut row: Vec<Value> = vec![
        line.delivery.into(),
        line.at.0.into(),
        stored(i64::try_from(receipt.repository_id))?.into(),
        receipt.repository.as_str().into(),
    ];
    let number = || Ok::<Value, StoreError>(stored(i64::try_from(receipt.number))?.into());
    match &receipt.event {
        Seen::Review { id, commit, submitted_at, opinion, by } => {
            row.push(number()?);
            row.extend(account(by)?);
            row.extend([commit.as_str().into(), id.into(), opinion_word(*opinion).into(), submitted_at.0.into()]);
        }
        Seen::Push { before, after, by } => {
            row.push(number()?);
            row.extend(account(by)?);
            row.extend([after.as_str().into(), before.as_ref().map(CommitSha::as_str).into()]);
        }
        Seen::BaseChange => row.push(number()?),
        Seen::Commits { commits, by } => {
            row.extend(account(by)?);
            let with = |commit: &CommitSha| [row.as_slice(), &[commit.as_str().into()]].concat();
            return Ok(commits.iter().map(with).collect());
        }
    }
    Ok(vec![row])
}

fn account(by: &Account) -> Result<[Value; 3], StoreError> {
    let UserId::Github(id) = by.id else {
        return Err(StoreError::Damaged("an account of another forge than GitHub".into()));
    };
    Ok([stored(i64::try_from(id.0))?.into(), (&by.login).into(), kind_word(by.kind).into()])
}

fn entry<'a>(ledger: &'a mut BTreeMap<u64, Ledger>, row: &Row) -> Result<&'a mut Ledger, StoreError> {
    let number: i64 = row.get("pull_request")?;
    Ok(ledger.entry(stored(u64::try_from(number))?).or_default())
}

fn seen_review(row: &Row) -> Result<SeenReview, StoreError> {
    Ok(SeenReview {
        id: row.get("review")?,
        commit: stored(CommitSha::parse(row.get("commit_sha")?))?,
        submitted_at: Timestamp(row.get("submitted_at")?),
        received_at: Timestamp(row.get("received_at")?),
    })
}

fn push(row: &Row) -> Result<Push, StoreError> {
    let before: Option<&str> = row.get("before_sha")?;
    Ok(Push {
        before: before.map(|sha| stored(CommitSha::parse(sha))).transpose()?,
        after: stored(CommitSha::parse(row.get("after_sha")?))?,
        by: Some(account_of(row)?),
        at: Timestamp(row.get("received_at")?),
    })
}

fn account_of(row: &Row) -> Result<Account, StoreError> {
    let kind = match row.get("account_kind")? {
        "user" => AccountKind::User,
        "bot" => AccountKind::Bot,
        _ => AccountKind::Other,
    };
    let id: i64 = row.get("account_id")?;
    Ok(Account { id: GithubId(stored(u64::try_from(id))?).into(), login: row.get("account_login")?, kind })
}

fn kind_word(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::User => "user",
        AccountKind::Bot => "bot",
        AccountKind::Other => "other",
    }
}

fn opinion_word(opinion: Opinion) -> &'static str {
    match opinion {
        Opinion::Approved => "approved",
        Opinion::ChangesRequested => "changes_requested",
        Opinion::Dismissed => "dismissed",
        Opinion::Commented => "commented",
    }
}
