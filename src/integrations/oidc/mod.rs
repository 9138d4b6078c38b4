//! Who asks the gate: a pipeline that proves it with an OpenID Connect token, or one that has a token of its job. And who
//! signs in on the pages (`sign_in.rs`).
//!
//! A token is believed for what its issuer is pinned for in the settings, and for nothing else. Of its header only the
//! algorithm (one of two) and the key's name count; where keys are is asked of the pinned issuer alone
//! (<https://openid.net/specs/openid-connect-discovery-1_0.html>, RFC 8725).

mod keys;
mod sign_in;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};

use super::SourceError;
use super::signature::is_token;
use crate::model::{
    CiSystem, CommitSha, Environment, GithubId, ParseError, PipelineName, RepoName, ServiceName, Timestamp,
    branch_of_ref,
};
use crate::policy::gate::Proven;
use crate::settings::{Identity, ServiceGate};
use keys::{Homes, Keys};
use wire::Claims;

pub use sign_in::{Attempt, SignIn};

/// Largest token, in bytes.
const MOST_BYTES: usize = 8 * 1024;

/// How wrong the clock of an issuer may be, in seconds.
const LEEWAY: i64 = 30;

/// The algorithms that are accepted. Nothing that a public key could be taken for the secret of.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::ES256];

/// Everybody who may ask the gate.
#[derive(Debug, Clone)]
pub struct Callers {
    gates: Arc<Vec<ServiceGate>>,
    keys: Keys,
}

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It proves nothing.
    #[error("{0}")]
    Token(&'static str),
    /// Whether it proves something could not be found out.
    #[error("the keys of its issuer could not be read: {0}")]
    Keys(SourceError),
}

impl Callers {
    /// Those of the settings.
    #[must_use]
    pub fn new(gates: Arc<Vec<ServiceGate>>, http: reqwest::Client) -> Callers {
        Callers { gates, keys: Keys::new(http, Homes::Own) }
    }

    /// What a token proves, used from this address at this time.
    ///
    /// # Errors
    /// When it proves nothing, or that cannot be found out.
    pub async fn identify(&self, token: &str, from: Option<IpAddr>, now: Timestamp) -> Result<Proven, Refused> {
        if token.len() > MOST_BYTES {
            return Err(Refused::Token("it is too long"));
        }
        if token.bytes().filter(|byte| *byte == b'.').count() == 2 {
            return self.of_issuer(token, now).await;
        }
        self.of_job(token, from)
    }

    /// A token of one job. Every token is compared, so that the time says nothing. It speaks for those services alone that
    /// take it from this address.
    fn of_job(&self, token: &str, from: Option<IpAddr>) -> Result<Proven, Refused> {
        let all = self.gates.iter().flat_map(|gate| gate.tokens.iter().map(move |known| (gate, known)));
        let matching: Vec<_> = all.filter(|(_, known)| is_token(token, &known.digest)).collect();
        if matching.is_empty() {
            return Err(Refused::Token("nobody knows it"));
        }
        let near: Vec<_> = matching.into_iter().filter(|(_, known)| known.is_near(from)).collect();
        let [(gate, known), ..] = near.as_slice() else {
            return Err(Refused::Token("it may not be used from this address"));
        };
        let services = near.iter().filter(|(_, other)| other.job == known.job).map(|(gate, _)| gate.service.clone());
        Ok(Proven {
            subject: format!("token of {} for {}", known.job, gate.service),
            services: services.collect(),
            job: Some(known.job.clone()),
            ..Proven::default()
        })
    }

    async fn of_issuer(&self, token: &str, now: Timestamp) -> Result<Proven, Refused> {
        let (algorithm, kid) = signed_with(token)?;
        let issuer = wire::issuer(token).ok_or(Refused::Token("it names no issuer"))?;
        let trusted: Vec<(&ServiceName, &Identity)> = self
            .gates
            .iter()
            .flat_map(|gate| gate.identities.iter().map(move |identity| (&gate.service, identity)))
            .filter(|(_, identity)| identity.issuer == issuer)
            .collect();
        if trusted.is_empty() {
            return Err(Refused::Token("nobody trusts its issuer"));
        }
        let key = self.keys.find(&issuer, (&kid, algorithm), now).await?;
        let claims = decode::<Claims>(token, &key, &signature_only(algorithm));
        let claims = claims.map_err(|_| Refused::Token("its signature is wrong, or a claim is missing"))?.claims;
        in_time((claims.exp, claims.iat, claims.nbf), now)?;
        proven(&claims, &trusted)
    }
}

/// The algorithm and the name of the key with which a token says it was signed.
fn signed_with(token: &str) -> Result<(Algorithm, String), Refused> {
    let header = decode_header(token).map_err(|_| Refused::Token("its header cannot be read"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Refused::Token("it is signed in a way that is not accepted"));
    }
    let names_keys = header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some();
    if names_keys {
        return Err(Refused::Token("it brings its own keys"));
    }
    Ok((header.alg, header.kid.ok_or(Refused::Token("it names no key"))?))
}

/// The library checks the signature; time and audience are checked here, by our own clock and for each service.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

/// By when a token ends, when it was made and from when it counts.
fn in_time((exp, iat, nbf): (i64, i64, Option<i64>), now: Timestamp) -> Result<(), Refused> {
    let now = now.seconds();
    if exp.saturating_add(LEEWAY) <= now {
        return Err(Refused::Token("it has expired"));
    }
    if iat.max(nbf.unwrap_or(iat)) > now.saturating_add(LEEWAY) {
        return Err(Refused::Token("it is from the future"));
    }
    Ok(())
}

/// What the claims prove for those services that trust exactly this pipeline.
fn proven(claims: &Claims, trusted: &[(&ServiceName, &Identity)]) -> Result<Proven, Refused> {
    let for_us: Vec<_> = trusted.iter().filter(|(_, identity)| claims.aud.is_exactly(&identity.audience)).collect();
    if for_us.is_empty() {
        return Err(Refused::Token("it is for somebody else (its audience)"));
    }
    let matching: Vec<_> = for_us.into_iter().filter(|(_, identity)| is_pinned(claims, identity)).collect();
    let Some((_, identity)) = matching.first() else {
        return Err(Refused::Token("its repository, workflow or job is not registered for any service"));
    };
    let services = matching.iter().map(|(service, _)| (*service).clone()).collect();
    let read = match identity.system {
        CiSystem::GithubActions => github(claims),
        CiSystem::Gitlab => gitlab(claims),
        CiSystem::Jenkins | CiSystem::Other => jenkins(claims, identity),
    };
    let read = read.map_err(|_| Refused::Token("a claim that says what was built is missing, or is none"))?;
    Ok(Proven { subject: claims.sub.chars().take(200).collect(), services, ..read })
}

fn is_pinned(claims: &Claims, identity: &Identity) -> bool {
    let same = |pinned: &Option<String>, said: &Option<String>| pinned.is_some() && pinned == said;
    match identity.system {
        CiSystem::GithubActions => {
            same(&identity.repository_id, &claims.repository_id) && same(&identity.workflow, &claims.job_workflow_ref)
        }
        CiSystem::Gitlab => {
            same(&identity.repository_id, &claims.project_id) && same(&identity.workflow, &claims.ci_config_ref_uri)
        }
        CiSystem::Jenkins => identity.subject.as_deref() == Some(claims.sub.as_str()),
        CiSystem::Other => false,
    }
}

/// <https://docs.github.com/actions/reference/security/oidc>: a run is named by its id, its job by the workflow's file.
fn github(claims: &Claims) -> Result<Proven, ParseError> {
    let workflow = need(&claims.workflow_ref)?;
    let file = workflow.split_once('@').map_or(workflow, |(file, _)| file);
    Ok(Proven {
        system: Some(CiSystem::GithubActions),
        repository: Some(RepoName::parse(need(&claims.repository)?)?),
        job: Some(PipelineName::parse(file)?),
        build: Some(PipelineName::parse(need(&claims.run_id)?)?),
        attempt: Some(number(need(&claims.run_attempt)?)?),
        branch: Some(branch_of_ref(need(&claims.reference)?)?),
        commit: Some(CommitSha::parse(need(&claims.sha)?)?),
        environment: claims.environment.as_deref().map(Environment::parse).transpose()?,
        started_by: claims.actor_id.as_deref().and_then(|id| id.parse().ok()).map(GithubId),
        ..Proven::default()
    })
}

/// <https://docs.gitlab.com/ci/secrets/id_token_authentication/>: a run is named by its pipeline, its job by the project.
/// "Retry" starts the job again in the same pipeline, as a job with another id.
fn gitlab(claims: &Claims) -> Result<Proven, ParseError> {
    let project = need(&claims.project_path)?;
    Ok(Proven {
        system: Some(CiSystem::Gitlab),
        repository: RepoName::parse(project).ok(),
        job: Some(PipelineName::parse(project)?),
        build: Some(PipelineName::parse(need(&claims.pipeline_id)?)?),
        started_job: Some(PipelineName::parse(need(&claims.job_id)?)?),
        branch: Some(branch_of_ref(need(&claims.ref_path)?)?),
        commit: Some(CommitSha::parse(need(&claims.sha)?)?),
        environment: claims.environment.as_deref().map(Environment::parse).transpose()?,
        ..Proven::default()
    })
}

/// Jenkins' plugin `oidc-provider`: the subject is the job's address; what was built it does not say.
fn jenkins(claims: &Claims, identity: &Identity) -> Result<Proven, ParseError> {
    Ok(Proven {
        system: Some(CiSystem::Jenkins),
        job: identity.job.clone(),
        build: Some(PipelineName::parse(need(&claims.build_number)?)?),
        ..Proven::default()
    })
}

fn need(claim: &Option<String>) -> Result<&str, ParseError> {
    claim.as_deref().ok_or_else(|| ParseError::new("", "a claim"))
}

fn number(text: &str) -> Result<u32, ParseError> {
    text.parse().map_err(|_| ParseError::new(text, "a number"))
}
