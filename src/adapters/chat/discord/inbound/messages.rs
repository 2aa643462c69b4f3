//! What people write.

use super::super::conversation::Conversation;
use super::super::events::Message;
use super::places::Where;
use super::{Hearer, Me, Said};

/// The types of messages that people write: an ordinary one, and a reply.
const WRITTEN: [u64; 2] = [0, 19];

impl Hearer {
    /// Takes a message in.
    pub(super) async fn message(&self, message: Message) {
        let Some(me) = self.me() else { return };
        let is_a_persons =
            !message.author.bot && message.webhook_id.is_none() && message.author.id.0 != me.user;
        if !is_a_persons || !WRITTEN.contains(&message.kind) {
            return;
        }
        let guild = message.guild_id.map(|guild| guild.0);
        let channel = message.channel_id.0;
        let place = self.place(guild, channel, message.author.id.0).await;
        if place == Where::Elsewhere {
            return self.ignored();
        }
        let addressed = place == Where::Private || is_meant(&message, &me);
        let replies_to = message.message_reference.as_ref().and_then(|to| to.message_id);
        let incident = match (place, replies_to) {
            (Where::Thread(incident), _) => incident,
            (_, Some(to)) => self.incident_of(channel, to.0).await,
            _ => None,
        };
        // In the channel people talk about many things, in an incident's thread about the incident.
        let counts = addressed || matches!(place, Where::Thread(Some(_)));
        let text = without_mentions(&message.content, &me);
        if !counts || (text.is_empty() && !addressed) {
            return;
        }
        let conversation = Conversation::Message { channel, message: message.id.0 };
        self.said(&message.author, &conversation, Said { text, incident, addressed, pressed: false }).await;
    }
}

/// Whether a message mentions Steward, by its name or by its role.
fn is_meant(message: &Message, me: &Me) -> bool {
    message.mentions.iter().any(|user| user.id.0 == me.user)
        || message.mention_roles.iter().any(|role| me.roles.contains(&role.0))
}

/// The text without Steward's own name in it.
fn without_mentions(text: &str, me: &Me) -> String {
    let users = [format!("<@{}>", me.user), format!("<@!{}>", me.user)];
    let roles = me.roles.iter().map(|role| format!("<@&{role}>"));
    let bare = users.into_iter().chain(roles).fold(text.to_owned(), |text, name| text.replace(&name, " "));
    bare.trim().to_owned()
}
