//! What the bot may do in the channel, worked out as Discord's documentation says. Pure.

use serde_json::Value;

use super::posting::snowflake;

const ADMINISTRATOR: u64 = 1 << 3;

/// A right that the bot needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Right {
    /// What Discord calls it.
    pub(super) name: &'static str,
    bit: u64,
    /// Whether nothing goes without it.
    pub(super) vital: bool,
}

/// What Steward needs in its channel.
pub(super) const RIGHTS: [Right; 9] = [
    Right { name: "View Channel", bit: 1 << 10, vital: true },
    Right { name: "Send Messages", bit: 1 << 11, vital: true },
    Right { name: "Create Public Threads", bit: 1 << 35, vital: true },
    Right { name: "Send Messages in Threads", bit: 1 << 38, vital: true },
    Right { name: "Embed Links", bit: 1 << 14, vital: true },
    Right { name: "Attach Files", bit: 1 << 15, vital: true },
    Right { name: "Read Message History", bit: 1 << 16, vital: true },
    Right { name: "Manage Threads", bit: 1 << 34, vital: false },
    Right { name: "Mention @everyone, @here, and All Roles", bit: 1 << 17, vital: false },
];

/// All of [`RIGHTS`] as the number that an invitation carries.
pub(super) fn wanted() -> u64 {
    RIGHTS.iter().fold(0, |all, right| all | right.bit)
}

/// The rights that are missing in a channel. `guild`, `member` and `channel` are Discord's objects of the guild, of the
/// bot in it, and of the channel.
pub(super) fn missing(guild: &Value, member: &Value, channel: &Value, bot: u64) -> Vec<Right> {
    let granted = granted(guild, member, channel, bot);
    RIGHTS.into_iter().filter(|right| granted & right.bit == 0).collect()
}

fn granted(guild: &Value, member: &Value, channel: &Value, bot: u64) -> u64 {
    let everyone = snowflake(&guild["id"]).unwrap_or_default();
    if snowflake(&guild["owner_id"]) == Some(bot) {
        return u64::MAX;
    }
    let own: Vec<u64> = list(&member["roles"]).iter().filter_map(snowflake).collect();
    let is_own = |id: u64| id == everyone || own.contains(&id);
    let roles = list(&guild["roles"]).iter().filter(|role| snowflake(&role["id"]).is_some_and(is_own));
    let base = roles.fold(0, |all, role| all | snowflake(&role["permissions"]).unwrap_or_default());
    if base & ADMINISTRATOR != 0 {
        return u64::MAX;
    }
    // First what is set for everyone, then for the roles together, then for the bot itself; a yes beats a no.
    let overwrites = list(&channel["permission_overwrites"]);
    let of = |applies: &dyn Fn(u64) -> bool| {
        let theirs = overwrites.iter().filter(|overwrite| snowflake(&overwrite["id"]).is_some_and(applies));
        theirs.fold((0, 0), |(allow, deny), overwrite| {
            let bits = |name: &str| snowflake(&overwrite[name]).unwrap_or_default();
            (allow | bits("allow"), deny | bits("deny"))
        })
    };
    let steps = [of(&|id| id == everyone), of(&|id| own.contains(&id)), of(&|id| id == bot)];
    let granted = steps.into_iter().fold(base, |granted, (allow, deny)| granted & !deny | allow);
    let view = RIGHTS[0].bit;
    // Who can't see the channel can do nothing in it.
    if granted & view == 0 { 0 } else { granted }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BOT: u64 = 9;
    const SEND: u64 = 1 << 11;

    /// The names of the missing rights, with these bits for everyone and for the bot's role, and these overwrites.
    fn names(everyone: u64, role: u64, overwrites: &Value) -> Vec<&'static str> {
        let guild = json!({ "id": "1", "owner_id": "5", "roles": [
            { "id": "1", "permissions": everyone.to_string() },
            { "id": "2", "permissions": role.to_string() },
            { "id": "3", "permissions": u64::MAX.to_string() },
        ] });
        let member = json!({ "roles": ["2"] });
        let channel = json!({ "permission_overwrites": overwrites });
        missing(&guild, &member, &channel, BOT).iter().map(|right| right.name).collect()
    }

    fn overwrite(id: u64, allow: u64, deny: u64) -> Value {
        json!({ "id": id.to_string(), "allow": allow.to_string(), "deny": deny.to_string() })
    }

    #[test]
    fn the_rights_of_the_own_roles_add_up_and_those_of_others_do_not_count() {
        assert_eq!(names(0, wanted(), &json!([])), Vec::<&str>::new());
        assert_eq!(names(wanted() & !SEND, SEND, &json!([])), Vec::<&str>::new());
        assert_eq!(names(wanted() & !SEND, 0, &json!([])), ["Send Messages"]);
    }

    #[test]
    fn an_administrator_may_everything_whatever_the_channel_says() {
        assert_eq!(names(0, ADMINISTRATOR, &json!([overwrite(1, 0, u64::MAX)])), Vec::<&str>::new());
    }

    #[test]
    fn the_channel_overrules_the_roles_and_the_bot_itself_comes_last() {
        let everyone_may_not = overwrite(1, 0, SEND);
        assert_eq!(names(wanted(), 0, &json!([everyone_may_not])), ["Send Messages"]);
        let role_may = overwrite(2, SEND, 0);
        assert_eq!(names(wanted(), 0, &json!([role_may, everyone_may_not])), Vec::<&str>::new());
        let bot_may_not = overwrite(BOT, 0, SEND);
        assert_eq!(names(wanted(), 0, &json!([bot_may_not, role_may])), ["Send Messages"]);
        assert_eq!(
            names(wanted(), 0, &json!([overwrite(3, 0, SEND)])),
            Vec::<&str>::new(),
            "a role of others"
        );
    }

    #[test]
    fn without_a_view_of_the_channel_nothing_else_counts() {
        assert_eq!(names(wanted() & !(1 << 10), 0, &json!([])).len(), RIGHTS.len());
    }
}
