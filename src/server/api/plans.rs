//! A pipeline sends the Terraform plan that it is going to apply. It is judged as it comes, and never kept.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use futures_util::StreamExt as _;

use super::changes::{broken, change, conflict, own, too_large};
use super::wire::Judgement;
use super::{Api, Caller, unavailable};
use crate::handlers::gate;
use crate::model::{Environment, Text};
use crate::policy::plan::{PlanError, PlanReader, PlanRisk, RiskItem, Target};
use crate::render::plan as render;
use crate::server::problem::Problem;
use crate::store::Planned;

/// Largest plan, in bytes.
const MOST_BYTES: usize = 512 * 1024 * 1024;

/// Most risky changes of one plan. Nobody looks at more at once.
const MOST_ITEMS: usize = 1_000;

/// `POST /api/v1/changes/{id}/plan`: 200 with what was judged, whether or not it is risky.
pub(super) async fn judge(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Judgement>, Problem> {
    let request = own(&api, &caller, &id).await?;
    if request.used.is_some() {
        return Err(too_late());
    }
    let Ok(_place) = api.plans.try_acquire() else {
        return Err(unavailable("too_many_plans", "Too many plans are judged at this moment."));
    };
    let risk = read(&api, &request.deployment.environment, body).await?;
    let planned = gate::plan(&api.context, &request, &risk).await.map_err(|error| broken(&error))?;
    if planned == Planned::TooLate {
        return Err(too_late());
    }
    api.wake.all();
    let now = change(&api, &own(&api, &caller, &id).await?).await?;
    Ok(Json(Judgement {
        id: now.id,
        verdict: render::verdict(&risk),
        summary: render::counts(&risk),
        risky: risk.items.len().try_into().unwrap_or(u64::MAX),
        changes: risk.items.iter().map(RiskItem::sentence).map(|text: Text| text.plain()).collect(),
        plan_sha256: risk.digest,
        state: now.state,
        ticket: now.ticket,
        who: now.who,
    }))
}

/// Judges a plan as it comes, by the rules of the criteria in force.
async fn read(api: &Api, environment: &Environment, body: Body) -> Result<PlanRisk, Problem> {
    let rules = api.context.policy.criteria.terms.plan_rules();
    let mut reader = PlanReader::new(&rules, Target::Environment(environment));
    let (mut pieces, mut length) = (body.into_data_stream(), 0_usize);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| unavailable("broken_off", "The plan broke off. Nothing was recorded."))?;
        length = length.saturating_add(piece.len());
        if length > MOST_BYTES {
            return Err(too_large(MOST_BYTES));
        }
        reader.push(&piece).map_err(|error| unjudged(&error))?;
    }
    let risk = reader.finish().map_err(|error| unjudged(&error))?;
    if risk.items.len() > MOST_ITEMS {
        return Err(unjudged(&PlanError::TooMuch(MOST_ITEMS)));
    }
    Ok(risk)
}

fn unjudged(error: &PlanError) -> Problem {
    let sentence = error.to_string();
    let mut letters = sentence.chars();
    let sentence = letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    Problem::new(
        (StatusCode::UNPROCESSABLE_ENTITY, "plan_unrecognised"),
        "The plan could not be judged",
        format!("{sentence}. Nothing was recorded, and nothing is let through by it."),
        "send what `terraform show -json PLAN` prints.",
    )
}

fn too_late() -> Problem {
    conflict("let_through_already", "This run was let through already, with the plan before. Nothing was recorded.")
}
