//! Scans that pipelines sent.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::jobs::{Job, enqueue};
use super::{Received, Store, StoreError, stored};
use crate::model::{BuildName, CommitSha, Service, Timestamp, UploadedRun};

/// Most files of one build. More are a pipeline that runs in circles, or somebody who tries until it fits.
const MOST_FILES: i64 = 20;

/// A file with at least one run, of one build.
#[derive(Debug, Clone)]
pub struct Upload<'a> {
    /// Whose scan it is.
    pub service: &'a Service,
    /// The build that it is of.
    pub build: &'a BuildName,
    /// SHA-256 of the file as it came.
    pub file_sha256: &'a str,
    /// Its runs.
    pub runs: &'a [UploadedRun],
}

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    /// It was stored, or the very same file was there already.
    Stored(Received),
    /// The build has too many files already.
    TooMany,
}

impl Store {
    /// Stores the runs of a file together with the job to look at the service's tickets again.
    ///
    /// # Errors
    /// When they are not on disk.
    pub async fn store_upload(&self, upload: &Upload<'_>, now: Timestamp) -> Result<Uploaded, StoreError> {
        let mut transaction = self.write().await?;
        if knows(&mut transaction, upload).await? {
            return Ok(Uploaded::Stored(Received::Duplicate));
        }
        if files(&mut transaction, upload).await? >= MOST_FILES {
            return Ok(Uploaded::TooMany);
        }
        for (number, run) in upload.runs.iter().enumerate() {
            insert(&mut transaction, upload, (number, run)).await?;
        }
        enqueue(&mut transaction, &Job::Repository(upload.service.repository.clone()), now).await?;
        transaction.commit().await?;
        Ok(Uploaded::Stored(Received::New))
    }

    /// The runs of a tool of one build in the order in which they came; where there are none, the newest of any build.
    ///
    /// # Errors
    /// When the database does not answer, or a row cannot be read.
    pub async fn uploads(
        &self,
        service: &Service,
        tool: &str,
        build: &BuildName,
    ) -> Result<Vec<UploadedRun>, StoreError> {
        let sql = "SELECT * FROM uploaded_scans WHERE service = $1 AND repository = $2 AND tool = $3 \
                   AND commit_sha = $4 AND build_job = $5 AND build_number = $6 ORDER BY seq";
        let query = sqlx::query(sql).bind(service.name.as_str()).bind(service.repository.as_str()).bind(tool);
        let query = query.bind(build.commit.as_str()).bind(&build.job).bind(&build.number);
        let mut rows = query.fetch_all(&self.readers).await?;
        if rows.is_empty() {
            let sql = "SELECT * FROM uploaded_scans WHERE service = $1 AND repository = $2 AND tool = $3 \
                       ORDER BY seq DESC LIMIT 1";
            let query = sqlx::query(sql).bind(service.name.as_str()).bind(service.repository.as_str()).bind(tool);
            rows = query.fetch_all(&self.readers).await?;
        }
        rows.iter().map(run).collect()
    }
}

async fn knows(transaction: &mut Transaction<'static, Sqlite>, upload: &Upload<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM uploaded_scans WHERE service = $1 AND repository = $2 AND commit_sha = $3 \
               AND build_job = $4 AND build_number = $5 AND file_sha256 = $6";
    let Upload { service, build, .. } = upload;
    let query = sqlx::query_scalar(sql).bind(service.name.as_str()).bind(service.repository.as_str());
    let query = query.bind(build.commit.as_str()).bind(&build.job).bind(&build.number).bind(upload.file_sha256);
    let known: i64 = query.fetch_one(&mut **transaction).await?;
    Ok(known > 0)
}

async fn files(transaction: &mut Transaction<'static, Sqlite>, upload: &Upload<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT count(DISTINCT file_sha256) FROM uploaded_scans WHERE service = $1 AND repository = $2 \
               AND commit_sha = $3 AND build_job = $4 AND build_number = $5";
    let Upload { service, build, .. } = upload;
    let query = sqlx::query_scalar(sql).bind(service.name.as_str()).bind(service.repository.as_str());
    Ok(query.bind(build.commit.as_str()).bind(&build.job).bind(&build.number).fetch_one(&mut **transaction).await?)
}

async fn insert(
    transaction: &mut Transaction<'static, Sqlite>,
    upload: &Upload<'_>,
    (number, run): (usize, &UploadedRun),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO uploaded_scans (service, repository, commit_sha, build_job, build_number, file_sha256, run, \
                 tool, rules, completed, findings, received_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let Upload { service, build, .. } = upload;
    let query = sqlx::query(sql).bind(service.name.as_str()).bind(service.repository.as_str());
    let query = query.bind(build.commit.as_str()).bind(&build.job).bind(&build.number).bind(upload.file_sha256);
    let query = query.bind(stored(i64::try_from(number))?).bind(&run.tool).bind(stored(i64::try_from(run.rules))?);
    let query = query.bind(i64::from(run.completed)).bind(stored(serde_json::to_string(&run.findings))?);
    query.bind(run.received_at.0).execute(&mut **transaction).await?;
    Ok(())
}

fn run(row: &SqliteRow) -> Result<UploadedRun, StoreError> {
    let rules: i64 = row.try_get("rules")?;
    Ok(UploadedRun {
        tool: row.try_get("tool")?,
        build: BuildName {
            commit: stored(CommitSha::parse(row.try_get("commit_sha")?))?,
            job: row.try_get("build_job")?,
            number: row.try_get("build_number")?,
        },
        rules: stored(u64::try_from(rules))?,
        completed: row.try_get::<i64, _>("completed")? == 1,
        findings: stored(serde_json::from_str(row.try_get("findings")?))?,
        received_at: Timestamp(row.try_get("received_at")?),
        file_sha256: row.try_get("file_sha256")?,
    })
}
