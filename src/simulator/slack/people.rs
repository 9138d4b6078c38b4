//! Users and user groups.

use serde_json::{Value, json};

use super::super::scene::Person;
use super::Slack;
use super::api::{Answer, Refusal};
use super::args::Args;
use super::state::channels;

/// The workspace.
pub(super) const TEAM: &str = "T0ACME";
/// The bot as a user.
pub(super) const BOT_USER: &str = "U0CMBOT";
/// The bot as a bot.
pub(super) const BOT_ID: &str = "B0CMBOT";
/// The bot's app.
pub(super) const APP_ID: &str = "A0CMBOT";
/// Where the workspace says it is.
pub(super) const SITE: &str = "https://acme.slack.com/";

/// A user group, whose members are the people of a role.
#[derive(Debug)]
pub(super) struct Group {
    pub id: &'static str,
    pub handle: &'static str,
    pub name: &'static str,
    pub role: &'static str,
}

/// The user groups.
pub(super) static GROUPS: [Group; 2] = [
    Group { id: "S0SECLEAD", handle: "security-leads", name: "Security leads", role: "security-lead" },
    Group { id: "S0ENGLEAD", handle: "engineering-leads", name: "Engineering leads", role: "engineering-lead" },
];

impl Slack {
    pub(super) fn auth_test(&self) -> Answer {
        Ok(json!({
            "url": SITE, "team": "Acme", "user": "cm-bot", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID,
            "is_enterprise_install": false,
        }))
    }

    pub(super) fn user_info(&self, args: &Args) -> Answer {
        let id = args.needed("user")?;
        if id == BOT_USER {
            return Ok(json!({ "user": bot() }));
        }
        let person = self.shared.scene.people.iter().find(|person| person.slack_id() == id);
        person.map(|person| json!({ "user": user(person) })).ok_or_else(|| Refusal::of("user_not_found"))
    }

    pub(super) fn user_by_email(&self, args: &Args) -> Answer {
        let email = args.needed("email")?;
        let person = self.shared.scene.people.iter().find(|person| person.email().eq_ignore_ascii_case(email));
        person.map(|person| json!({ "user": user(person) })).ok_or_else(|| Refusal::of("users_not_found"))
    }

    pub(super) fn user_groups(&self, args: &Args) -> Answer {
        let groups = GROUPS.iter().map(|group| {
            let members = self.members(group);
            let mut shape = json!({
                "id": group.id, "team_id": TEAM, "is_usergroup": true, "is_subteam": true, "name": group.name,
                "description": "", "handle": group.handle, "is_external": false, "date_create": 0, "date_update": 0,
                "date_delete": 0, "auto_type": null, "created_by": BOT_USER, "updated_by": BOT_USER,
                "deleted_by": null, "prefs": { "channels": [], "groups": [] }, "user_count": members.len(),
            });
            if args.says_yes("include_users") {
                shape["users"] = json!(members);
            }
            shape
        });
        Ok(json!({ "usergroups": groups.collect::<Vec<_>>() }))
    }

    pub(super) fn user_group_members(&self, args: &Args) -> Answer {
        let id = args.needed("usergroup")?;
        let group = GROUPS.iter().find(|group| group.id == id).ok_or_else(|| Refusal::of("no_such_subteam"))?;
        Ok(json!({ "users": self.members(group) }))
    }

    fn members(&self, group: &Group) -> Vec<String> {
        let people =
            self.shared.scene.people.iter().filter(|person| person.roles.iter().any(|role| role == group.role));
        people.map(Person::slack_id).collect()
    }

    pub(super) fn conversation_info(&self, args: &Args) -> Answer {
        let channel = self.channel(args.needed("channel")?)?;
        if let Some(user) = channel.user {
            return Ok(json!({ "channel": { "id": channel.id, "created": 0, "is_im": true, "user": user } }));
        }
        Ok(json!({ "channel": {
            "id": channel.id, "name": channel.name, "name_normalized": channel.name, "is_channel": true,
            "is_group": false, "is_im": false, "is_mpim": false, "is_private": false, "is_archived": false,
            "is_general": false, "is_shared": false, "is_member": true, "created": 0, "creator": BOT_USER,
            "context_team_id": TEAM, "num_members": self.shared.scene.people.len() + 1,
            "topic": { "value": "", "creator": "", "last_set": 0 },
            "purpose": { "value": "", "creator": "", "last_set": 0 },
        } }))
    }

    pub(super) fn open_conversation(&self, args: &Args) -> Answer {
        if let Some(channel) = args.text("channel") {
            return Ok(json!({ "channel": { "id": self.channel(channel)?.id } }));
        }
        let user = args.needed("users")?;
        let known = self.shared.scene.people.iter().any(|person| person.slack_id() == user);
        let known = if known { Ok(()) } else { Err(Refusal::of("user_not_found")) };
        known.map(|()| json!({ "channel": { "id": super::state::direct(user).id } }))
    }

    /// The channel with this id.
    pub(super) fn channel(&self, id: &str) -> Result<super::state::Channel, Refusal> {
        super::state::channel(id, &self.shared.scene).ok_or_else(|| Refusal::of("channel_not_found"))
    }

    /// Where a message may go: a channel by id or name, or a person, which means the direct conversation.
    pub(super) fn destination(&self, to: &str) -> Result<super::state::Channel, Refusal> {
        let named = channels().into_iter().find(|channel| channel.name == to.trim_start_matches('#'));
        let person = self.shared.scene.people.iter().find(|person| person.slack_id() == to);
        named.or_else(|| person.map(|_| super::state::direct(to))).map_or_else(|| self.channel(to), Ok)
    }
}

fn user(person: &Person) -> Value {
    json!({
        "id": person.slack_id(), "team_id": super::deeds::team(person), "name": person.name,
        "deleted": person.slack == "deactivated",
        "real_name": person.full_name, "tz": "Etc/UTC", "tz_label": "Coordinated Universal Time", "tz_offset": 0,
        "profile": {
            "real_name": person.full_name, "real_name_normalized": person.full_name, "display_name": person.name,
            "display_name_normalized": person.name, "email": person.email(), "team": TEAM,
        },
        "is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": person.slack == "guest",
        "is_ultra_restricted": false, "is_stranger": person.slack == "stranger", "is_bot": person.bot, "is_app_user": false, "is_email_confirmed": true,
        "updated": 0, "who_can_share_contact_card": "EVERYONE",
    })
}

fn bot() -> Value {
    json!({
        "id": BOT_USER, "team_id": TEAM, "name": "cm-bot", "deleted": false, "real_name": "cm-bot",
        "profile": { "real_name": "cm-bot", "display_name": "cm-bot", "bot_id": BOT_ID, "api_app_id": APP_ID },
        "is_restricted": false, "is_ultra_restricted": false, "is_bot": true, "is_app_user": false, "updated": 0,
    })
}
