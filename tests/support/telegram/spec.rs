//! The methods and their parameters as the documentation lists them.

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    Str,
    Bool,
    /// An integer, or `@username`.
    Chat,
    List,
    Object,
    /// A file, its id, or where it can be had.
    File,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) required: bool,
}

/// A method: its name, and `name:type`, with `!` where it is required.
const METHODS: &[(&str, &str)] = &[
    ("getMe", ""),
    ("getUpdates", "offset:int limit:int timeout:int allowed_updates:list"),
    ("getWebhookInfo", ""),
    ("deleteWebhook", "drop_pending_updates:bool"),
    ("getChat", "chat_id:chat!"),
    ("getChatMember", "chat_id:chat! user_id:int!"),
    ("getChatAdministrators", "chat_id:chat! return_bots:bool"),
    ("setMyCommands", "commands:list! scope:object language_code:str"),
    ("getMyCommands", "scope:object language_code:str"),
    ("deleteMyCommands", "scope:object language_code:str"),
    (
        "sendMessage",
        "business_connection_id:str chat_id:chat! message_thread_id:int direct_messages_topic_id:int text:str! \
         parse_mode:str entities:list link_preview_options:object disable_notification:bool protect_content:bool \
         allow_paid_broadcast:bool message_effect_id:str suggested_post_parameters:object \
         reply_parameters:object reply_markup:object",
    ),
    (
        "sendDocument",
        "business_connection_id:str chat_id:chat! message_thread_id:int direct_messages_topic_id:int document:file! \
         thumbnail:file caption:str parse_mode:str caption_entities:list disable_content_type_detection:bool \
         disable_notification:bool protect_content:bool allow_paid_broadcast:bool message_effect_id:str \
         suggested_post_parameters:object reply_parameters:object reply_markup:object",
    ),
    (
        "sendPhoto",
        "business_connection_id:str chat_id:chat! message_thread_id:int direct_messages_topic_id:int photo:file! \
         caption:str parse_mode:str caption_entities:list show_caption_above_media:bool has_spoiler:bool \
         disable_notification:bool protect_content:bool allow_paid_broadcast:bool message_effect_id:str \
         suggested_post_parameters:object reply_parameters:object reply_markup:object",
    ),
    ("sendChatAction", "business_connection_id:str chat_id:chat! message_thread_id:int action:str!"),
    (
        "editMessageText",
        "business_connection_id:str chat_id:chat message_id:int inline_message_id:str text:str! parse_mode:str \
         entities:list link_preview_options:object reply_markup:object",
    ),
    (
        "editMessageCaption",
        "business_connection_id:str chat_id:chat message_id:int inline_message_id:str caption:str parse_mode:str \
         caption_entities:list show_caption_above_media:bool reply_markup:object",
    ),
    (
        "editMessageReplyMarkup",
        "business_connection_id:str chat_id:chat message_id:int inline_message_id:str reply_markup:object",
    ),
    ("deleteMessage", "chat_id:chat! message_id:int!"),
    ("createForumTopic", "chat_id:chat! name:str! icon_color:int icon_custom_emoji_id:str"),
    ("editForumTopic", "chat_id:chat! message_thread_id:int! name:str icon_custom_emoji_id:str"),
    ("closeForumTopic", "chat_id:chat! message_thread_id:int!"),
    ("reopenForumTopic", "chat_id:chat! message_thread_id:int!"),
    ("deleteForumTopic", "chat_id:chat! message_thread_id:int!"),
    ("answerCallbackQuery", "callback_query_id:str! text:str show_alert:bool url:str cache_time:int"),
    ("setMessageReaction", "chat_id:chat! message_id:int! reaction:list is_big:bool"),
    ("pinChatMessage", "business_connection_id:str chat_id:chat! message_id:int! disable_notification:bool"),
    ("unpinChatMessage", "business_connection_id:str chat_id:chat! message_id:int"),
];

/// What was once documented and is no longer.
pub(super) const DEPRECATED: &[&str] =
    &["reply_to_message_id", "allow_sending_without_reply", "disable_web_page_preview", "thumb"];

/// A method by its name, in any case, and its parameters.
pub(super) fn method(name: &str) -> Option<(&'static str, Vec<Param>)> {
    let (name, params) = METHODS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some((name, params.split_whitespace().map(param).collect()))
}

fn param(text: &'static str) -> Param {
    let (text, required) = text.strip_suffix('!').map_or((text, false), |text| (text, true));
    let (name, kind) = text.split_once(':').unwrap_or_else(|| panic!("`{text}` has no type"));
    let kind = match kind {
        "int" => Type::Int,
        "str" => Type::Str,
        "bool" => Type::Bool,
        "chat" => Type::Chat,
        "list" => Type::List,
        "object" => Type::Object,
        "file" => Type::File,
        other => panic!("`{other}` is no type"),
    };
    Param { name, kind, required }
}
