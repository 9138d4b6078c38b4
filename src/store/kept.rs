//! Answers that cannot change, so that they are asked for once: the comparison of two commits, an object by its name.
//!
//! What is kept here is what another system once answered, in our words. Whether a question has only one answer for ever
//! is for the one who asks to know.

use super::db::query;
use super::{Store, StoreError};
use crate::model::RepoName;

/// Largest answer that is kept, in bytes. A larger one is asked for again.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Most answers that are kept; the oldest make room.
const MOST_ANSWERS: i64 = 20_000;

impl Store {
    /// The answer to a question about a repository, if it was kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn kept(&self, repository: &RepoName, question: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT answer FROM kept_answers WHERE repository = $1 AND question = $2";
        let answer = query(sql).bind(repository.as_str()).bind(question).optional(self.db.reader()).await?;
        answer.map(|row| row.get(0)).transpose()
    }

    /// Keeps an answer. The first one stays: there is only one to each of these questions.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn keep(&self, repository: &RepoName, question: &str, answer: &str) -> Result<(), StoreError> {
        if answer.len() > MOST_BYTES {
            return Ok(());
        }
        let mut transaction = self.db.begin().await?;
        let sql = "INSERT INTO kept_answers (repository, question, answer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        query(sql).bind(repository.as_str()).bind(question).bind(answer).execute(&mut transaction).await?;
        let sql = "DELETE FROM kept_answers WHERE seq <= (SELECT max(seq) FROM kept_answers) - $1";
        query(sql).bind(MOST_ANSWERS).execute(&mut transaction).await?;
        transaction.commit().await
    }
}
