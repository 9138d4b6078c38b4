//! Calls to Slack about one person: who somebody is, what only that person sees.

use serde_json::{Value, json};

use super::client::{SlackClient, SlackError};
use super::wire;
use crate::model::SlackId;

/// What Slack says of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A full member of our workspace.
    Member,
    /// A guest, or somebody of another workspace.
    Outsider,
    /// An app.
    Bot,
    /// The account is switched off.
    Deactivated,
}

impl SlackClient {
    /// Our workspace.
    ///
    /// # Errors
    /// When Slack does not say.
    pub async fn team(&self) -> Result<&str, SlackError> {
        let ask = || async { Ok(self.ask::<wire::Myself>("auth.test", json!({})).await?.team_id) };
        self.team_id.get_or_try_init(ask).await.map(String::as_str)
    }

    /// What an account is now. A name or a photo says nothing, so none is read.
    ///
    /// # Errors
    /// When Slack does not say.
    pub async fn standing(&self, account: &SlackId) -> Result<Standing, SlackError> {
        let answer: wire::UserInfo = self.ask("users.info", json!({"user": account})).await?;
        let user = answer.user;
        let is_ours = user.team_id.as_deref() == Some(self.team().await?);
        Ok(if user.deleted {
            Standing::Deactivated
        } else if user.is_bot.unwrap_or(false) || user.is_app_user.unwrap_or(false) {
            Standing::Bot
        } else if !is_ours
            || [user.is_restricted, user.is_ultra_restricted, user.is_stranger].contains(&Some(true))
            || user.is_restricted.is_none()
        {
            Standing::Outsider
        } else {
            Standing::Member
        })
    }

    /// The channel of the direct messages to somebody.
    ///
    /// # Errors
    /// When there is none.
    pub async fn direct(&self, account: &SlackId) -> Result<String, SlackError> {
        let opened: wire::Opened = self.ask("conversations.open", json!({"users": account})).await?;
        Ok(opened.channel.id)
    }

    /// Shows something to one person. Slack keeps it nowhere.
    ///
    /// # Errors
    /// When the person is not in the channel.
    pub async fn whisper(&self, channel: &str, account: &SlackId, message: &Value) -> Result<(), SlackError> {
        let arguments =
            json!({"channel": channel, "user": account, "text": message["text"], "blocks": message["blocks"]});
        self.tell::<Value>("chat.postEphemeral", arguments).await.map(drop)
    }

    /// Opens a form for whoever has just done something; the trigger is good for three seconds.
    ///
    /// # Errors
    /// When it came too late.
    pub async fn open_form(&self, trigger: &str, view: &Value) -> Result<(), SlackError> {
        self.tell::<Value>("views.open", json!({"trigger_id": trigger, "view": view})).await.map(drop)
    }
}
