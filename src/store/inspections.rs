//! Inspections: populations, draws and results.

use super::db::{Row, query};
use super::{Store, StoreError, audit, stored};
use crate::audit::dice::FirstRound;
use crate::audit::draw::{Draw, Population};
use crate::audit::{Entry, Event};
use crate::model::{DecisionId, Month, TicketKey, Timestamp};
use crate::policy::follow_up::inspection::Member;

/// A change that was approved, or an emergency, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectableChange {
    /// Its ticket.
    pub ticket: TicketKey,
    /// By which decision of ours it was approved, if it was one.
    pub decision: Option<DecisionId>,
    /// Whether people approved it.
    pub by_people: bool,
}

/// A deployment that nothing let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsanctionedDeployment {
    /// Its number in our records.
    pub number: i64,
    /// The newest ticket that had approved its commit for its scope, if one had.
    pub ticket: Option<TicketKey>,
}

/// A draw as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDraw {
    /// Which draw of the month, from 1.
    pub number: i64,
    /// What nobody could know when the population was fixed.
    pub entropy: String,
    /// Who brought it.
    pub brought_by: String,
    /// Why it was drawn once more.
    pub reason: Option<String>,
    /// How many were to be drawn.
    pub size: usize,
    /// Those that were.
    pub tickets: Vec<TicketKey>,
}

/// What an inspector found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionResult {
    /// The ticket.
    pub ticket: TicketKey,
    /// `sound` or `finding`.
    pub result: String,
    /// In the inspector's words.
    pub note: String,
    /// Who.
    pub inspector: String,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// What was approved in a month, whether it was voided later or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn approved_in(&self, month: Month) -> Result<Vec<InspectableChange>, StoreError> {
        let (from, until) = month.bounds();
        // A row of `approvals` tells of the first approval; what was voided and given again is told by its marks.
        let sql = "SELECT ticket_key, decision_id, approved_by FROM ( \
                     SELECT ticket_key, decision_id, approved_by, approved_at FROM approvals \
                     UNION ALL SELECT a.ticket_key, m.decision_id, CASE WHEN m.decision_id IS NULL THEN 'people' END, \
                       m.approved_at FROM approval_marks AS m \
                       JOIN approvals AS a ON a.issue_id = m.issue_id AND a.commit_sha = m.commit_sha \
                       WHERE m.mark = 'given' AND EXISTS (SELECT 1 FROM approval_marks AS v WHERE v.issue_id = m.issue_id \
                         AND v.commit_sha = m.commit_sha AND v.mark = 'voided' AND v.seq < m.seq)) AS given \
                   WHERE approved_at >= $1 AND approved_at < $2 ORDER BY approved_at, ticket_key";
        let rows = query(sql).bind(from.0).bind(until.0).all(self.db.reader()).await?;
        rows.iter().map(inspectable).collect()
    }

    /// The last decision about each ticket that was an emergency in a month.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn emergencies_in(&self, month: Month) -> Result<Vec<InspectableChange>, StoreError> {
        let (from, until) = month.bounds();
        let sql = "SELECT d.ticket_key, d.id AS decision_id, NULL AS approved_by FROM decisions AS d \
                   WHERE d.verdict = 'emergency' AND d.decided_at >= $1 AND d.decided_at < $2 \
                   AND NOT EXISTS (SELECT 1 FROM decisions AS e WHERE e.issue_id = d.issue_id \
                   AND e.verdict = 'emergency' AND e.decided_at < $2 AND e.evaluation > d.evaluation) \
                   ORDER BY d.decided_at, d.id";
        let rows = query(sql).bind(from.0).bind(until.0).all(self.db.reader()).await?;
        rows.iter().map(inspectable).collect()
    }

    /// What went out in a month and nothing had let through, in the order in which it was seen.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn unsanctioned_in(&self, month: Month) -> Result<Vec<UnsanctionedDeployment>, StoreError> {
        let (from, until) = month.bounds();
        let sql = "SELECT s.seq, (SELECT a.ticket_key FROM approvals AS a WHERE a.service = s.service \
                     AND a.environment = s.environment AND a.commit_sha = s.commit_sha ORDER BY a.seq DESC LIMIT 1) AS ticket_key \
                   FROM sightings AS s WHERE s.request_id IS NULL AND s.deployed_at >= $1 AND s.deployed_at < $2 ORDER BY s.seq";
        let rows = query(sql).bind(from.0).bind(until.0).all(self.db.reader()).await?;
        let deployment = |row: &Row| {
            let ticket: Option<String> = row.get("ticket_key")?;
            Ok(UnsanctionedDeployment {
                number: row.get("seq")?,
                ticket: ticket.map(|key| stored(TicketKey::parse(&key))).transpose()?,
            })
        };
        rows.iter().map(deployment).collect()
    }

    /// When what there is to inspect of a month was fixed, and when it was first drawn.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn inspection_times(&self, month: Month) -> Result<(Option<Timestamp>, Option<Timestamp>), StoreError> {
        let sql = "SELECT (SELECT closed_at FROM inspection_populations WHERE month = $1) AS closed_at, \
                   (SELECT min(drawn_at) FROM inspection_draws WHERE month = $1) AS drawn_at";
        let row = query(sql).bind(month.to_string()).one(self.db.reader()).await?;
        let time = |at: Option<i64>| at.map(Timestamp);
        Ok((time(row.get("closed_at")?), time(row.get("drawn_at")?)))
    }

    /// Fixes what there is to inspect of a month. Says whether it was done now, and not before.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn close_population(&self, population: &Population, now: Timestamp) -> Result<bool, StoreError> {
        let members: Vec<&Member> = population.members().collect();
        let text = stored(serde_json::to_string(&members))?;
        let root = population.root();
        let mut transaction = self.write().await?;
        let sql = "INSERT INTO inspection_populations (month, members, root, closed_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT DO NOTHING";
        let month = population.month().to_string();
        let insert = query(sql).bind(month.as_str()).bind(text.as_str()).bind(root.as_str()).bind(now.0);
        if insert.execute(&mut transaction).await? == 0 {
            return Ok(false);
        }
        let event = Event::population_closed(population, &text);
        audit::append(&mut transaction, &Entry { at: now, ticket: None, event }).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// What there is to inspect of a month, if it is fixed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn population(&self, month: Month) -> Result<Option<Population>, StoreError> {
        let sql = "SELECT members FROM inspection_populations WHERE month = $1";
        let Some(row) = query(sql).bind(month.to_string()).optional(self.db.reader()).await? else { return Ok(None) };
        let members: Vec<Member> = stored(serde_json::from_str(row.get("members")?))?;
        Ok(Some(Population::of(month, members)))
    }

    /// The stored lists of all months that were closed, as they stand: month and text.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn populations(&self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT month, members FROM inspection_populations ORDER BY month";
        let rows = query(sql).all(self.db.reader()).await?;
        rows.iter().map(|row| Ok((row.get("month")?, row.get("members")?))).collect()
    }

    /// Records a draw, and which round of a beacon it had to be, unless another one was recorded under this number meanwhile.
    /// Says whether it was.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn record_draw(
        &self,
        (month, recorded): (Month, &RecordedDraw),
        (draw, beacon): (&Draw, Option<FirstRound>),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "INSERT INTO inspection_draws (month, draw, entropy, brought_by, reason, size, tickets, drawn_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
        let insert = query(sql)
            .bind(month.to_string())
            .bind(recorded.number)
            .bind(recorded.entropy.as_str())
            .bind(recorded.brought_by.as_str())
            .bind(recorded.reason.as_deref())
            .bind(i64::try_from(recorded.size).unwrap_or(i64::MAX))
            .bind(stored(serde_json::to_string(&recorded.tickets))?)
            .bind(now.0);
        if insert.execute(&mut transaction).await? == 0 {
            return Ok(false);
        }
        let event = Event::InspectionDrawn {
            month: month.to_string(),
            draw: recorded.number,
            entropy: recorded.entropy.clone(),
            brought_by: recorded.brought_by.clone(),
            reason: recorded.reason.clone(),
            size: recorded.size,
            root: draw.root.clone(),
            seed: draw.seed.clone(),
            tickets: recorded.tickets.clone(),
            beacon,
        };
        audit::append(&mut transaction, &Entry { at: now, ticket: None, event }).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The draws of a month, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn draws(&self, month: Month) -> Result<Vec<RecordedDraw>, StoreError> {
        let sql = "SELECT draw, entropy, brought_by, reason, size, tickets FROM inspection_draws \
                   WHERE month = $1 ORDER BY draw";
        let rows = query(sql).bind(month.to_string()).all(self.db.reader()).await?;
        rows.iter().map(recorded_draw).collect()
    }

    /// Records what an inspector found.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn record_result(&self, month: Month, result: &InspectionResult) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sql = "INSERT INTO inspection_results (month, ticket_key, result, note, inspector, recorded_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        query(sql)
            .bind(month.to_string())
            .bind(result.ticket.as_str())
            .bind(result.result.as_str())
            .bind(result.note.as_str())
            .bind(result.inspector.as_str())
            .bind(result.at.0)
            .execute(&mut transaction)
            .await?;
        let event = Event::Inspected {
            month: month.to_string(),
            result: result.result.clone(),
            note: result.note.clone(),
            inspector: result.inspector.clone(),
        };
        let entry = Entry { at: result.at, ticket: Some(result.ticket.clone()), event };
        audit::append(&mut transaction, &entry).await?;
        transaction.commit().await
    }

    /// What inspectors found in a month, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn results(&self, month: Month) -> Result<Vec<InspectionResult>, StoreError> {
        let sql = "SELECT ticket_key, result, note, inspector, recorded_at FROM inspection_results \
                   WHERE month = $1 ORDER BY seq";
        let rows = query(sql).bind(month.to_string()).all(self.db.reader()).await?;
        rows.iter().map(inspection_result).collect()
    }
}

fn inspectable(row: &Row) -> Result<InspectableChange, StoreError> {
    let decision: Option<String> = row.get("decision_id")?;
    let by: Option<String> = row.get("approved_by")?;
    Ok(InspectableChange {
        ticket: stored(TicketKey::parse(row.get("ticket_key")?))?,
        decision: decision.map(|id| stored(DecisionId::parse(&id))).transpose()?,
        by_people: by.is_some(),
    })
}

fn recorded_draw(row: &Row) -> Result<RecordedDraw, StoreError> {
    Ok(RecordedDraw {
        number: row.get("draw")?,
        entropy: row.get("entropy")?,
        brought_by: row.get("brought_by")?,
        reason: row.get("reason")?,
        size: stored(usize::try_from(row.get::<i64>("size")?))?,
        tickets: stored(serde_json::from_str(row.get("tickets")?))?,
    })
}

fn inspection_result(row: &Row) -> Result<InspectionResult, StoreError> {
    Ok(InspectionResult {
        ticket: stored(TicketKey::parse(row.get("ticket_key")?))?,
        result: row.get("result")?,
        note: row.get("note")?,
        inspector: row.get("inspector")?,
        at: Timestamp(row.get("recorded_at")?),
    })
}
