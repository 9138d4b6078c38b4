//! Emergencies, and what happened to each. A mark is made once, whoever makes it, so nothing is said twice.

use std::collections::BTreeSet;

use super::actions::insert;
use super::db::{Row, Transaction, query};
use super::{NewAction, Store, StoreError, audit, stored};
use crate::audit::Entry;
use crate::model::{Declaration, EmergencyId, IssueId, ServiceName, Timestamp};
use crate::policy::follow_up::emergency::{Announced, Emergency, Ending};
use crate::policy::follow_up::parts::Part;

/// An emergency in our records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyRecord {
    /// Its id.
    pub id: EmergencyId,
    /// Its ticket, once there is one.
    pub issue: Option<IssueId>,
    /// What was declared.
    pub declaration: Declaration,
    /// What happened to it.
    pub state: Emergency,
    /// What was missing at the last look.
    pub missing: BTreeSet<Part>,
    /// Where its announcement is: channel and `ts`. A ticket's is with the posts.
    pub root: Option<(String, String)>,
}

/// Something that happened to an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark<'a> {
    /// A lead knows of it.
    Acknowledged(&'a str),
    /// A change went to production on its account.
    Used,
    /// More time was given.
    NewDate(Timestamp),
    /// Every part of its documentation is there: what it says, as JSON.
    Documented(&'a str),
    /// It was called off.
    CalledOff,
    /// A step of the follow-up was taken.
    Step(&'a str),
}

impl Mark<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Mark::Acknowledged(_) => "acknowledged",
            Mark::Used => "used",
            Mark::NewDate(_) => "new-date",
            Mark::Documented(_) | Mark::CalledOff => "ended",
            Mark::Step(_) => "step",
        }
    }

    /// What makes it another mark than one of the same kind.
    fn name(&self) -> String {
        match self {
            Mark::Acknowledged(name) | Mark::Step(name) => (*name).to_owned(),
            Mark::Used | Mark::CalledOff => String::new(),
            // What was called off and used nevertheless ends once more.
            Mark::Documented(_) => "documented".to_owned(),
            Mark::NewDate(until) => until.0.to_string(),
        }
    }

    fn detail(&self) -> &'static str {
        match self {
            Mark::Documented(_) => "documented",
            Mark::CalledOff => "called-off",
            Mark::Acknowledged(_) | Mark::Used | Mark::NewDate(_) | Mark::Step(_) => "",
        }
    }
}

impl Store {
    /// Records that an emergency was declared. A second time it changes nothing.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn open_emergency(&self, emergency: &EmergencyRecord, entry: &Entry) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sql = "INSERT INTO emergencies (id, issue_id, service, declaration, declared_at, leads_needed, missing) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let scope = emergency.declaration.scope.as_ref();
        let inserted = query(sql)
            .bind(emergency.id.to_string())
            .bind(emergency.issue.as_ref().map(IssueId::as_str))
            .bind(scope.map(|scope| scope.service.as_str()))
            .bind(stored(serde_json::to_string(&emergency.declaration))?)
            .bind(emergency.state.declared.0)
            .bind(i64::try_from(emergency.state.leads_needed).unwrap_or(i64::MAX))
            .bind(stored(serde_json::to_string(&emergency.missing))?)
            .execute(&mut transaction)
            .await?;
        if inserted == 1 {
            audit::append(&mut transaction, entry).await?;
        }
        transaction.commit().await
    }

    /// An emergency by its id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn emergency(&self, id: EmergencyId) -> Result<Option<EmergencyRecord>, StoreError> {
        let sql = "SELECT id, issue_id, declaration, declared_at, leads_needed, missing, channel, root, \
                   EXISTS (SELECT 1 FROM posts AS p WHERE p.issue_id = emergencies.issue_id AND p.place = 'emergencies') AS posted \
                   FROM emergencies WHERE id = $1";
        self.one_emergency(query(sql).bind(id.to_string()).optional(self.db.reader()).await?).await
    }

    /// The emergency that a ticket declares or documents.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn emergency_of(&self, issue: &IssueId) -> Result<Option<EmergencyRecord>, StoreError> {
        let sql = "SELECT id, issue_id, declaration, declared_at, leads_needed, missing, channel, root, \
                   EXISTS (SELECT 1 FROM posts AS p WHERE p.issue_id = emergencies.issue_id AND p.place = 'emergencies') AS posted \
                   FROM emergencies WHERE issue_id = $1";
        self.one_emergency(query(sql).bind(issue.as_str()).optional(self.db.reader()).await?).await
    }

    /// The emergencies that have not ended, oldest first. One that was called off and used nevertheless has not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_emergencies(&self) -> Result<Vec<(EmergencyId, Option<IssueId>)>, StoreError> {
        let sql = "SELECT id, issue_id FROM emergencies WHERE NOT EXISTS (SELECT 1 FROM emergency_marks AS m \
                   WHERE m.emergency = emergencies.id AND m.kind = 'ended' AND (m.detail <> 'called-off' OR NOT EXISTS \
                   (SELECT 1 FROM emergency_marks AS u WHERE u.emergency = m.emergency AND u.kind = 'used'))) \
                   ORDER BY declared_at, id";
        let rows = query(sql).all(self.db.reader()).await?;
        rows.iter().map(|row| Ok((stored(EmergencyId::parse(row.get("id")?))?, issue(row)?))).collect()
    }

    /// Whether the newest emergency of a service that was declared before `before` was not documented in time. One that was
    /// called off in time is none: else whoever declares one and calls it off makes the late one forgotten.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_emergency_was_overdue(
        &self,
        service: &ServiceName,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM emergency_marks AS m WHERE m.emergency = e.id AND m.kind = 'step' \
                   AND m.name LIKE 'overdue-%') AS late FROM emergencies AS e \
                   WHERE e.service = $1 AND e.declared_at < $2 AND (EXISTS (SELECT 1 FROM emergency_marks AS m \
                     WHERE m.emergency = e.id AND (m.kind = 'used' OR (m.kind = 'step' AND m.name LIKE 'overdue-%'))) \
                     OR NOT EXISTS (SELECT 1 FROM emergency_marks AS m WHERE m.emergency = e.id AND m.kind = 'ended' \
                     AND m.detail = 'called-off')) ORDER BY e.declared_at DESC LIMIT 1";
        let row = query(sql).bind(service.as_str()).bind(before.0).optional(self.db.reader()).await?;
        row.map_or(Ok(false), |row| row.get("late"))
    }

    /// Makes a mark, with its audit entry and what is to be said. Says whether it is new; when it was made before, nothing
    /// is done.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn mark_emergency(
        &self,
        emergency: &EmergencyRecord,
        mark: Mark<'_>,
        (entry, actions): (&Entry, &[NewAction]),
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "INSERT INTO emergency_marks (emergency, kind, name, detail, marked_at) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT DO NOTHING";
        let new = query(sql).bind(emergency.id.to_string()).bind(mark.kind()).bind(mark.name()).bind(mark.detail());
        if new.bind(entry.at.0).execute(&mut transaction).await? == 0 {
            return Ok(false);
        }
        if let Mark::Documented(texts) = mark {
            keep(&mut transaction, (emergency.id, texts), entry.at).await?;
        }
        say(&mut transaction, emergency, (actions, entry.at)).await?;
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes what is missing now, and what is to be said about it.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_missing(
        &self,
        emergency: &EmergencyRecord,
        missing: &BTreeSet<Part>,
        (actions, now): (&[NewAction], Timestamp),
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sql = "UPDATE emergencies SET missing = $1 WHERE id = $2";
        let query = query(sql).bind(stored(serde_json::to_string(missing))?).bind(emergency.id.to_string());
        query.execute(&mut transaction).await?;
        say(&mut transaction, emergency, (actions, now)).await?;
        transaction.commit().await
    }

    /// Notes where the announcement of an emergency is that has no ticket yet.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_announcement(&self, id: EmergencyId, (channel, root): (&str, &str)) -> Result<(), StoreError> {
        let sql = "UPDATE emergencies SET channel = $1, root = $2 WHERE id = $3";
        query(sql).bind(channel).bind(root).bind(id.to_string()).execute(self.db.writer()).await.map(drop)
    }

    /// Notes the ticket of an emergency.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_ticket_of(&self, id: EmergencyId, issue: &IssueId) -> Result<(), StoreError> {
        let sql = "UPDATE emergencies SET issue_id = $1 WHERE id = $2 AND issue_id IS NULL";
        query(sql).bind(issue.as_str()).bind(id.to_string()).execute(self.db.writer()).await.map(drop)
    }

    /// What the documentation of each emergency said when every part of it was there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn documentations(&self) -> Result<Vec<(EmergencyId, String)>, StoreError> {
        let sql = "SELECT emergency, texts FROM emergency_documentation ORDER BY documented_at, emergency";
        let rows = query(sql).all(self.db.reader()).await?;
        rows.iter().map(|row| Ok((stored(EmergencyId::parse(row.get("emergency")?))?, row.get("texts")?))).collect()
    }

    async fn one_emergency(&self, row: Option<Row>) -> Result<Option<EmergencyRecord>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let sql = "SELECT kind, name, detail, marked_at FROM emergency_marks WHERE emergency = $1 ORDER BY seq";
        let marks = query(sql).bind(row.get::<String>("id")?).all(self.db.reader()).await?;
        record(&row, &marks).map(Some)
    }
}

/// Keeps what the documentation says, so that it is known although its fields are emptied.
async fn keep(
    transaction: &mut Transaction,
    (id, texts): (EmergencyId, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO emergency_documentation (emergency, texts, documented_at) VALUES ($1, $2, $3)";
    query(sql).bind(id.to_string()).bind(texts).bind(now.0).execute(transaction).await.map(drop)
}

/// What is said of an emergency without a ticket is said by whoever announces it.
async fn say(
    transaction: &mut Transaction,
    emergency: &EmergencyRecord,
    (actions, now): (&[NewAction], Timestamp),
) -> Result<(), StoreError> {
    match &emergency.issue {
        Some(issue) => insert(transaction, (issue, None), actions, now).await,
        None => Ok(()),
    }
}

fn issue(row: &Row) -> Result<Option<IssueId>, StoreError> {
    row.get::<Option<String>>("issue_id")?.map(|id| stored(IssueId::parse(&id))).transpose()
}

fn record(row: &Row, marks: &[Row]) -> Result<EmergencyRecord, StoreError> {
    let root: Option<String> = row.get("root")?;
    let posted: bool = row.get("posted")?;
    let mut state = Emergency {
        declared: Timestamp(row.get("declared_at")?),
        used: None,
        acknowledged: Vec::new(),
        leads_needed: usize::try_from(row.get::<i64>("leads_needed")?).unwrap_or(usize::MAX),
        new_date: None,
        was_overdue: false,
        ended: None,
        announced: if root.is_some() || posted { Announced::InSlack } else { Announced::NotYet },
        taken: BTreeSet::new(),
    };
    marks.iter().try_for_each(|mark| add(&mut state, mark))?;
    state.ended = state.ended.filter(|ending| *ending == Ending::Documented || state.used.is_none());
    Ok(EmergencyRecord {
        id: stored(EmergencyId::parse(row.get("id")?))?,
        issue: issue(row)?,
        declaration: stored(serde_json::from_str(row.get("declaration")?))?,
        state,
        missing: stored(serde_json::from_str(row.get("missing")?))?,
        root: row.get::<Option<String>>("channel")?.zip(root),
    })
}

fn add(state: &mut Emergency, mark: &Row) -> Result<(), StoreError> {
    let (name, at) = (mark.get::<String>("name")?, Timestamp(mark.get("marked_at")?));
    match mark.get::<&str>("kind")? {
        "acknowledged" => state.acknowledged.push((name, at)),
        "used" => state.used = Some(at),
        "new-date" => state.new_date = Some(Timestamp(stored(name.parse())?)),
        "ended" if mark.get::<&str>("detail")? == "called-off" => state.ended = Some(Ending::CalledOff),
        "ended" => state.ended = Some(Ending::Documented),
        "step" => {
            state.was_overdue |= name.starts_with("overdue-");
            state.taken.insert(name);
        }
        other => return Err(StoreError::Damaged(format!("a mark of kind `{other}`"))),
    }
    Ok(())
}
