//! Accounts.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::json;

use super::super::Gitlab;
use super::super::accounts::Account;
use super::super::shapes::{user, whole_user};
use super::{Answer, Asked, Refusal, Reply};

pub(super) fn routes() -> Router<Arc<Gitlab>> {
    Router::new()
        .route("/user", get(myself))
        .route("/users", get(search))
        .route("/users/{id}", get(one))
        .route("/personal_access_tokens/self", get(own_token))
}

async fn myself(Extension(asked): Extension<Asked>) -> Reply {
    Ok(whole_user(&Account::token_owner(), &asked.web).into())
}

/// A word is looked for in names and user names. An address has to be the whole one that somebody shows to everybody; others
/// are found by nobody but administrators.
async fn search(State(gitlab): State<Arc<Gitlab>>, Extension(asked): Extension<Asked>) -> Reply {
    let world = gitlab.locked();
    let wanted = asked.value("search").unwrap_or_default().to_lowercase();
    let has_it = |account: &Account| {
        if wanted.contains('@') {
            return account.email.to_lowercase() == wanted;
        }
        account.name.to_lowercase().contains(&wanted) || account.username.to_lowercase().contains(&wanted)
    };
    let is_named =
        |account: &Account| asked.value("username").is_none_or(|name| account.username.eq_ignore_ascii_case(name));
    let mut found: Vec<Account> = world.accounts().into_iter().filter(|one| has_it(one) && is_named(one)).collect();
    found.sort_by_key(|account| std::cmp::Reverse(account.id));
    Ok(Answer::page(&asked, &found, |account| user(account, &asked.web)))
}

async fn one(State(gitlab): State<Arc<Gitlab>>, Path(id): Path<u64>, Extension(asked): Extension<Asked>) -> Reply {
    let world = gitlab.locked();
    let others = [Account::token_owner(), Account::ghost()];
    let found = world.accounts().into_iter().chain(others).find(|account| account.id == id);
    let account = found.ok_or_else(|| Refusal::not_found("User Not Found"))?;
    Ok(whole_user(&account, &asked.web).into())
}

async fn own_token() -> Reply {
    Ok(json!({
        "id": 1, "name": "cm-bot", "revoked": false, "created_at": "2026-01-01T00:00:00.000Z", "description": "",
        "scopes": ["read_api", "read_repository"], "user_id": Account::token_owner().id,
        "last_used_at": null, "active": true, "expires_at": "2027-01-01",
    })
    .into())
}
