//! Scans that pipelines sent.

use super::db::{Query, Row, Transaction, query};
use super::jobs::{Job, enqueue};
use super::{Received, Store, StoreError, stored};
use crate::model::{BuildName, CommitSha, IssueId, Service, Timestamp, UploadedRun};

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
    /// Stores the runs of a file together with the jobs to look at the service's tickets again: at those that are approved, too,
    /// because what it found counts against a build that has not been deployed.
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
        for issue in approved(&mut transaction, upload.service).await? {
            enqueue(&mut transaction, &Job::Ticket(issue), now).await?;
        }
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
        let mut rows = of_build(of_service(query(sql), service).bind(tool), build).all(self.db.reader()).await?;
        if rows.is_empty() {
            let sql = "SELECT * FROM uploaded_scans WHERE service = $1 AND repository = $2 AND tool = $3 \
                       ORDER BY seq DESC LIMIT 1";
            rows = of_service(query(sql), service).bind(tool).all(self.db.reader()).await?;
        }
        rows.iter().map(run).collect()
    }
}

fn of_service(query: Query, service: &Service) -> Query {
    query.bind(service.name.as_str()).bind(service.repository.as_str())
}

fn of_build(query: Query, build: &BuildName) -> Query {
    query.bind(build.commit.as_str()).bind(&build.job).bind(&build.number)
}

async fn knows(transaction: &mut Transaction, upload: &Upload<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM uploaded_scans WHERE service = $1 AND repository = $2 AND commit_sha = $3 \
               AND build_job = $4 AND build_number = $5 AND file_sha256 = $6";
    let query = of_build(of_service(query(sql), upload.service), upload.build).bind(upload.file_sha256);
    Ok(query.one(transaction).await?.get::<i64>(0)? > 0)
}

async fn files(transaction: &mut Transaction, upload: &Upload<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT count(DISTINCT file_sha256) FROM uploaded_scans WHERE service = $1 AND repository = $2 \
               AND commit_sha = $3 AND build_job = $4 AND build_number = $5";
    of_build(of_service(query(sql), upload.service), upload.build).one(transaction).await?.get(0)
}

/// The tickets of a service that were approved and not finished when we last saw them.
async fn approved(transaction: &mut Transaction, service: &Service) -> Result<Vec<IssueId>, StoreError> {
    // Both states are named because the index of unfinished tickets is asked for by its own words.
    let sql = "SELECT issue_id FROM tickets WHERE service = $1 AND status IN ('pending', 'approved') \
               AND status = 'approved' ORDER BY issue_id";
    let rows = query(sql).bind(service.name.as_str()).all(transaction).await?;
    rows.iter().map(|row| stored(IssueId::parse(row.get("issue_id")?))).collect()
}

async fn insert(
    transaction: &mut Transaction,
    upload: &Upload<'_>,
    (number, run): (usize, &UploadedRun),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO uploaded_scans (service, repository, commit_sha, build_job, build_number, file_sha256, run, \
                 tool, rules, completed, findings, received_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let query = of_build(of_service(query(sql), upload.service), upload.build).bind(upload.file_sha256);
    let query = query.bind(stored(i64::try_from(number))?).bind(&run.tool).bind(stored(i64::try_from(run.rules))?);
    let query = query.bind(i64::from(run.completed)).bind(stored(serde_json::to_string(&run.findings))?);
    query.bind(run.received_at.0).execute(transaction).await?;
    Ok(())
}

fn run(row: &Row) -> Result<UploadedRun, StoreError> {
    let rules: i64 = row.get("rules")?;
    Ok(UploadedRun {
        tool: row.get("tool")?,
        build: BuildName {
            commit: stored(CommitSha::parse(row.get("commit_sha")?))?,
            job: row.get("build_job")?,
            number: row.get("build_number")?,
        },
        rules: stored(u64::try_from(rules))?,
        completed: row.get::<i64>("completed")? == 1,
        findings: stored(serde_json::from_str(row.get("findings")?))?,
        received_at: Timestamp(row.get("received_at")?),
        file_sha256: row.get("file_sha256")?,
    })
}
