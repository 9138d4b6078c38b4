//! Answers that cannot change, so that they are asked for once: the comparison of two commits, an object by its name.
//!
//! What is kept here is what another system once answered, in our words. Whether a question has only one answer for ever
//! is for the one who asks to know.

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
        let answer = sqlx::query_scalar(sql).bind(repository.as_str()).bind(question);
        Ok(answer.fetch_optional(&self.readers).await?)
    }

    /// Keeps an answer. The first one stays: there is only one to each of these questions.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn keep(&self, repository: &RepoName, question: &str, answer: &str) -> Result<(), StoreError> {
        if answer.len() > MOST_BYTES {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        let sql = "INSERT INTO kept_answers (repository, question, answer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        sqlx::query(sql).bind(repository.as_str()).bind(question).bind(answer).execute(&mut *transaction).await?;
        let sql = "DELETE FROM kept_answers WHERE seq <= (SELECT max(seq) FROM kept_answers) - $1";
        sqlx::query(sql).bind(MOST_ANSWERS).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_kept_for_its_repository_and_the_first_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
        let (one, other) = (RepoName::parse("acme/a").unwrap(), RepoName::parse("acme/b").unwrap());
        store.keep(&one, "compare 1 2", "ahead").await.unwrap();
        store.keep(&one, "compare 1 2", "something else").await.unwrap();
        assert_eq!(store.kept(&one, "compare 1 2").await.unwrap().as_deref(), Some("ahead"));
        assert_eq!(store.kept(&other, "compare 1 2").await.unwrap(), None);
        assert_eq!(store.kept(&one, "compare 1 3").await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_too_large_is_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
        let repository = RepoName::parse("acme/a").unwrap();
        store.keep(&repository, "tree", &"x".repeat(MOST_BYTES + 1)).await.unwrap();
        assert_eq!(store.kept(&repository, "tree").await.unwrap(), None);
        store.keep(&repository, "tree", &"x".repeat(MOST_BYTES)).await.unwrap();
        assert!(store.kept(&repository, "tree").await.unwrap().is_some());
    }
}
