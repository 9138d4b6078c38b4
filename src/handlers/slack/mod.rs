//! Somebody did something in Slack. Who it was is settled first, by the account and its workspace alone; then the deed.

mod decide;
mod declare;
mod deeds;
mod request;

use super::word::Refusal;
use super::{Context, HandlerError, Next};
use crate::audit::{Entry, Event};
use crate::integrations::slack::interaction::{Deed, Interaction, REQUEST_CHANGE, read};
use crate::integrations::slack::{SlackError, Standing, to_json};
use crate::model::{Person, Timestamp};
use crate::render::decide::subject_of;
use crate::render::emergency::{ACKNOWLEDGE, CALL_OFF, recorded, refused};
use crate::render::form::{APPROVE, DECLARE, DECLINE, NEW_DATE, REQUEST};
use crate::render::slack::Message;

/// The source of deliveries from Slack.
const SOURCE: &str = "slack";

/// What came of a deed.
pub(super) enum Answer {
    /// It stands where everybody sees it.
    Seen,
    /// It was recorded, and only the one who did it is told.
    Recorded(String),
    /// Nothing was recorded.
    Refused(Refusal),
}

/// A deed of a known person.
pub(super) struct Act<'a> {
    /// Who.
    pub person: &'a Person,
    /// When Slack told us.
    pub at: Timestamp,
    /// The id of the delivery.
    pub delivery: &'a str,
}

/// Does what somebody asked for in Slack, or says why not.
pub(super) async fn run(context: &Context, delivery: &str) -> Result<Next, HandlerError> {
    let Some((body, at)) = context.sources.store.delivery(SOURCE, delivery).await? else { return Ok(Next::Nothing) };
    let Some(interaction) = read(&body) else { return Ok(Next::Nothing) };
    let answer = match person(context, &interaction).await? {
        Ok(person) => do_it(context, &interaction, &Act { person, at, delivery }).await?,
        Err(refusal) => Answer::Refused(refusal),
    };
    tell(context, &interaction, answer).await
}

/// Who did it. Slack's word for the account is checked against the signed people file, and Slack says what the account is now.
async fn person<'a>(
    context: &'a Context,
    interaction: &Interaction,
) -> Result<Result<&'a Person, Refusal>, HandlerError> {
    let no = |reason: &str| {
        let next = "Somebody whom the people file names can do it, in Jira or here.";
        Ok(Err(Refusal { reason: reason.into(), next: next.into(), ticket: None }))
    };
    if interaction.team != context.slack.team().await? {
        return no("Your Slack account belongs to another workspace.");
    }
    let Some(person) = context.policy.criteria.people.by_slack(&interaction.account) else {
        return no("Your Slack account is not in the people file.");
    };
    match context.slack.standing(&interaction.account).await {
        Ok(Standing::Member) => Ok(Ok(person)),
        Ok(Standing::Outsider) => no("Guests and people of other workspaces cannot do this."),
        Ok(Standing::Bot) => no("An app cannot do this."),
        Ok(Standing::Deactivated) => no("Your Slack account is switched off."),
        Err(SlackError::Refused(word)) => no(&format!("Slack does not say whether you are a guest ({word}).")),
        Err(error) => Err(error.into()),
    }
}

async fn do_it(context: &Context, interaction: &Interaction, act: &Act<'_>) -> Result<Answer, HandlerError> {
    match &interaction.deed {
        Deed::Press(press) if press.action == ACKNOWLEDGE => deeds::acknowledge(context, &press.value, act).await,
        Deed::Press(press) if press.action == CALL_OFF => deeds::call_off(context, &press.value, act).await,
        Deed::Submit(form) if form.form == NEW_DATE => deeds::new_date(context, form, act).await,
        Deed::Submit(form) if form.form == DECLARE => declare::by_form(context, form, act).await,
        Deed::Submit(form) if form.form == REQUEST => request::by_form(context, form, act).await,
        Deed::Press(press) if press.action == APPROVE || press.action == DECLINE => {
            decide::pressed(context, press, act).await
        }
        Deed::Submit(form) if form.form == APPROVE || form.form == DECLINE => decide::by_form(context, form, act).await,
        Deed::Command(command) if command.name == REQUEST_CHANGE => request::by_command(context, command, act).await,
        Deed::Command(command) => declare::by_command(context, command, act).await,
        Deed::Press(press) => Ok(Answer::Refused(deeds::not_yours(context, &press.value, act).await?)),
        Deed::Submit(_) => Ok(Answer::Refused(Refusal {
            reason: "This form belongs to another version of cm-bot.".into(),
            next: "Please open it again.".into(),
            ticket: None,
        })),
    }
}

async fn tell(context: &Context, interaction: &Interaction, answer: Answer) -> Result<Next, HandlerError> {
    let message = match answer {
        Answer::Seen => return Ok(Next::Nothing),
        Answer::Recorded(what) => recorded(&what),
        Answer::Refused(refusal) => {
            let event = Event::RefusedInSlack {
                account: interaction.account.to_string(),
                what: what(&interaction.deed).to_owned(),
                reason: refusal.reason.clone(),
            };
            let entry = Entry { at: context.clock.now(), ticket: refusal.ticket.clone(), event };
            context.sources.store.append(&entry).await?;
            refused(&refusal.reason, &refusal.next)
        }
    };
    whisper(context, interaction, &message).await;
    Ok(Next::Nothing)
}

/// Only the one sees it who did something, and Slack keeps it nowhere; so it is not tried again.
async fn whisper(context: &Context, interaction: &Interaction, message: &Message) {
    let channel = match &interaction.deed {
        Deed::Press(press) => press.channel.clone(),
        Deed::Command(command) => command.channel.clone(),
        Deed::Submit(form) => {
            let (_, channel) = subject_of(&form.about);
            channel.unwrap_or(&context.emergencies).to_owned()
        }
    };
    let message = to_json(message, "aside");
    if let Err(error) = context.slack.whisper(&channel, &interaction.account, &message).await {
        tracing::warn!("Somebody could not be told what came of something in Slack: {error}");
    }
}

fn what(deed: &Deed) -> &str {
    match deed {
        Deed::Press(press) => &press.action,
        Deed::Submit(form) => &form.form,
        Deed::Command(command) => &command.name,
    }
}
