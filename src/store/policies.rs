//! The criteria under which decisions were made, and when they came into force.

use super::db::{Row, Transaction, query};
use super::{Store, StoreError, audit};
use crate::audit::{Entry, Event};
use crate::model::Timestamp;
use crate::policy::criteria::{Criteria, PolicyTexts, SignatureTexts, differences};

/// The texts of the criteria and people files with their signatures, and what they mean.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The files as they stand.
    pub texts: PolicyTexts,
    /// The same, read and verified.
    pub criteria: Criteria,
}

impl Store {
    /// Notes that this policy is in force from now on, with the difference from the one before; nothing when it was already.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn activate(&self, policy: &Policy, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "SELECT p.digest, p.criteria, p.people, p.criteria_signature, p.people_signature, p.allowed_signers \
                   FROM policy_activations AS a JOIN policies AS p ON p.digest = a.digest ORDER BY a.seq DESC LIMIT 1";
        let last = query(sql).optional(&mut transaction).await?;
        let last = last.as_ref().map(|row| Ok::<_, StoreError>((row.get("digest")?, texts(row)?))).transpose()?;
        let digest = &policy.criteria.digest;
        if last.as_ref().is_some_and(|(before, _): &(String, _)| before == digest) {
            return Ok(false);
        }
        keep(&mut transaction, policy, now).await?;
        query("INSERT INTO policy_activations (digest, activated_at) VALUES ($1, $2)")
            .bind(digest)
            .bind(now.0)
            .execute(&mut transaction)
            .await?;
        let entry = Entry { at: now, ticket: None, event: activated(policy, last, now) };
        audit::append(&mut transaction, &entry).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn activated(policy: &Policy, last: Option<(String, PolicyTexts)>, now: Timestamp) -> Event {
    let standing = policy.criteria.standing_at(now);
    let (before, changed) = match last {
        Some((digest, texts)) => (Some(digest), differences(&texts, &policy.texts)),
        None => (None, Vec::new()),
    };
    Event::PolicyActivated {
        policy_digest: policy.criteria.digest.clone(),
        before,
        changed,
        signed: standing.map_or_else(|why| format!("not signed: {why}"), |signed| signed.to_string()),
    }
}

/// Keeps the texts, so that decisions under them can be made again.
pub(super) async fn keep(transaction: &mut Transaction, policy: &Policy, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO policies (digest, criteria, people, criteria_signature, people_signature, allowed_signers, first_used_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let PolicyTexts { criteria, people, signatures } = &policy.texts;
    query(sql)
        .bind(&policy.criteria.digest)
        .bind(criteria)
        .bind(people)
        .bind(signatures.of_criteria.as_deref())
        .bind(signatures.of_people.as_deref())
        .bind(signatures.allowed_signers.as_deref())
        .bind(now.0)
        .execute(transaction)
        .await?;
    Ok(())
}

/// The texts in a row of `policies`.
pub(super) fn texts(row: &Row) -> Result<PolicyTexts, StoreError> {
    Ok(PolicyTexts {
        criteria: row.get("criteria")?,
        people: row.get("people")?,
        signatures: SignatureTexts {
            of_criteria: row.get("criteria_signature")?,
            of_people: row.get("people_signature")?,
            allowed_signers: row.get("allowed_signers")?,
        },
    })
}
