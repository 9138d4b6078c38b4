//! The criteria under which decisions were made, and when they came into force.

use super::db::{Row, Transaction, query};
use super::{Store, StoreError, audit, stored};
use crate::audit::{Entry, Event};
use crate::model::Timestamp;
use crate::policy::criteria::{Criteria, CriteriaError, PolicyTexts, SignatureTexts, differences};

/// The texts of the criteria and people files with their signatures, and what they mean.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The files as they stand.
    pub texts: PolicyTexts,
    /// The same, read and verified.
    pub criteria: Criteria,
    /// Newer files that do not count, because nobody vouches for them.
    pub passed_over: Option<PassedOver>,
}

/// Files that nobody has signed, where others were that somebody had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The digest of the files.
    pub digest: String,
    /// Which keys of which file differ from those that count.
    pub changed: Vec<String>,
    /// Why nobody vouches for them.
    pub why: String,
}

impl Policy {
    /// The files as they were read.
    #[must_use]
    pub fn of_files(texts: PolicyTexts, criteria: Criteria) -> Policy {
        Policy { texts, criteria, passed_over: None }
    }

    /// What counts instead of files for which nobody vouches: the criteria and people of the policy that was signed last, and
    /// nobody vouches for those any more either. So nothing is approved by itself, and people decide by rules that were signed
    /// (policy: separation of duties; whoever can write the files must not choose who approves).
    ///
    /// # Errors
    /// When the texts of the signed one cannot be read.
    pub fn or_signed(self, signed: &Policy, now: Timestamp) -> Result<Policy, CriteriaError> {
        let is_same = self.texts.criteria == signed.texts.criteria && self.texts.people == signed.texts.people;
        let Err(why) = self.criteria.standing_at(now) else { return Ok(self) };
        if is_same {
            return Ok(self);
        }
        let texts = PolicyTexts { signatures: SignatureTexts::passed_over(&why), ..signed.texts.clone() };
        let passed_over = PassedOver {
            digest: self.criteria.digest,
            changed: differences(&signed.texts, &self.texts),
            why: why.to_string(),
        };
        Ok(Policy { criteria: Criteria::read(&texts)?, texts, passed_over: Some(passed_over) })
    }
}

impl PassedOver {
    /// Says which files do not count and why.
    #[must_use]
    pub fn sentence(&self) -> String {
        let PassedOver { digest, changed, why } = self;
        format!("the files of digest {digest} do not count, because {why}; they differ in {}", changed.join(", "))
    }
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

    /// Whether this is the policy that came into force last. Before any has, every one is.
    ///
    /// # Errors
    /// [`StoreError::OtherCriteria`] when another process has brought another one into force: what this process thinks of a
    /// ticket counts no more.
    pub async fn assure_in_force(&self, criteria: &Criteria) -> Result<(), StoreError> {
        let sql = "SELECT digest FROM policy_activations ORDER BY seq DESC LIMIT 1";
        match query(sql).optional(self.db.reader()).await? {
            Some(row) if row.get::<String>("digest")? != criteria.digest => Err(StoreError::OtherCriteria),
            Some(_) | None => Ok(()),
        }
    }

    /// Of the policies for which somebody vouched when they came into force, the one that came last.
    ///
    /// # Errors
    /// When the database does not answer, or holds one that this program cannot read.
    pub async fn last_signed(&self) -> Result<Option<Policy>, StoreError> {
        let sql = "SELECT a.activated_at, p.criteria, p.people, p.criteria_signature, p.people_signature, p.allowed_signers \
                   FROM policy_activations AS a JOIN policies AS p ON p.digest = a.digest ORDER BY a.seq DESC";
        for row in query(sql).all(self.db.reader()).await? {
            let texts = texts(&row)?;
            let criteria = stored(Criteria::read(&texts))?;
            if criteria.standing_at(Timestamp(row.get("activated_at")?)).is_ok() {
                return Ok(Some(Policy::of_files(texts, criteria)));
            }
        }
        Ok(None)
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
        passed_over: policy.passed_over.as_ref().map(PassedOver::sentence),
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
