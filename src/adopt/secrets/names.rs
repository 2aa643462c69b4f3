//! Which names say that their value is a secret.

use super::values;

/// A word of these at the end of a name, or as the end of such a word (`PGPASSWORD`), says that the value is one.
const SECRET_ENDS: &[&str] = &[
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "TOKENS",
    "APIKEY",
    "AUTHKEY",
    "APITOKEN",
    "CREDENTIAL",
    "CREDENTIALS",
    "REQUIREPASS",
    "MASTERAUTH",
    "USERPASS",
    "MNEMONIC",
    "HTPASSWD",
    // What people of other tongues call it.
    "PASSWORT",
    "KENNWORT",
    "MOTDEPASSE",
    "CONTRASENA",
    "SENHA",
    "WACHTWOORD",
    "PAROLA",
    "LOSENORD",
    "SALASANA",
    "HASLO",
    "HESLO",
];
/// Whole words that say so.
const SECRET_WORDS: &[&str] = &["PASS", "PWD", "PW", "SALT", "PEPPER", "JWT", "PSK", "MDP", "PASSE"];
/// Words before `KEY` that make it a secret whatever it looks like.
const KEY_OF: &[&str] = &[
    "API",
    "ACCESS",
    "PRIVATE",
    "SECRET",
    "AUTH",
    "ENCRYPTION",
    "SIGNING",
    "LICENSE",
    "LICENCE",
    "MASTER",
    "PRESHARED",
    "SHARED",
    "SESSION",
    "COOKIE",
    "ENCRYPT",
    "JWT",
    "ADMIN",
    "ACCOUNT",
    "CRYPT",
    "CIPHER",
    "HMAC",
    "STORAGE",
    "APP",
    "APPLICATION",
    "ENC",
    "AES",
    "DES",
    "VAULT",
    "DEPLOY",
    "PRODUCT",
    "ACTIVATION",
    "RECOVERY",
    "UNLOCK",
    "STREAM",
];
/// Words before `KEY` with which it is none: it is public, or names a thing.
const NO_KEY_OF: &[&str] = &[
    "PUBLIC",
    "PUB",
    "SITE",
    "AUTHORIZED",
    "HOT",
    "PRIMARY",
    "FOREIGN",
    "SORT",
    "PARTITION",
    "ROUTING",
    "CACHE",
    "GROUP",
    "MAP",
    "INDEX",
    "REGISTRY",
    "TRANSLATION",
    "PREFIX",
    "HOST",
    "KNOWN",
    "METRIC",
    "LABEL",
];
/// Words that end in `KEY` and mean something else.
const NO_KEYS: &[&str] = &[
    "MONKEY",
    "DONKEY",
    "TURKEY",
    "HOCKEY",
    "JOCKEY",
    "WHISKEY",
    "HOTKEY",
    "PUBKEY",
    "PUBLICKEY",
    "SITEKEY",
];
/// Words of names whose address opens what it leads to, if there is something random in it.
const TELLING_ADDRESSES: &[&str] = &[
    "WEBHOOK",
    "WEBHOOKS",
    "HOOK",
    "PING",
    "PUSH",
    "HC",
    "HEALTHCHECK",
    "HEALTHCHECKS",
    "HEARTBEAT",
    "FEED",
    "INVITE",
    "NOTIFICATION",
    "NOTIFICATIONS",
    "APPRISE",
    "SHOUTRRR",
    "NOTIFY",
];
/// With these in front a flag says what to do about a secret.
const DEEDS: &[&str] = &[
    "NO", "SKIP", "DISABLE", "WITHOUT", "ALLOW", "GENERATE", "REQUIRE", "ENABLE", "EMPTY", "IGNORE", "HIDE",
    "SHOW", "PRINT", "RESET", "ROTATE",
];
/// A word of these at the end says that the value tells something about a secret instead.
const ABOUT: &[&str] = &[
    "ALGO",
    "ALGORITHM",
    "ALLOWED",
    "AUDIENCE",
    "BACKEND",
    "CLAIM",
    "CMD",
    "COMMAND",
    "COST",
    "COUNT",
    "DAYS",
    "DIR",
    "DIRECTORY",
    "DISABLE",
    "DISABLED",
    "DURATION",
    "ENABLE",
    "ENABLED",
    "ENDPOINT",
    "EXPIRATION",
    "EXPIRE",
    "EXPIRES",
    "EXPIRY",
    "FIELD",
    "FILE",
    "FILENAME",
    "FORMAT",
    "HASHER",
    "HEADER",
    "HINT",
    "HOST",
    "HOURS",
    "ID",
    "INTERVAL",
    "ISSUER",
    "ITERATIONS",
    "LENGTH",
    "LIFESPAN",
    "LIFETIME",
    "LIMIT",
    "LOGIN",
    "MAX",
    "METHOD",
    "MIN",
    "MINUTES",
    "MODE",
    "NAME",
    "NAMESPACE",
    "PARAM",
    "PATH",
    "POLICY",
    "PORT",
    "PREFIX",
    "PROVIDER",
    "RATE",
    "REQUIRED",
    "RESET",
    "ROUNDS",
    "SCHEME",
    "SCOPE",
    "SCOPES",
    "SECONDS",
    "SIZE",
    "STORE",
    "STRATEGY",
    "STRENGTH",
    "THROUGH",
    "TIMEOUT",
    "TTL",
    "TYPE",
    "URI",
    "URL",
    "USER",
    "USERNAME",
    "VALIDITY",
    "VERSION",
];
/// What comes behind a secret's word without changing what the value is: `PASSWORD_HASH`, `TOKEN_1`, `SECRET_KEY_BASE`.
const SAME: &[&str] =
    &["HASH", "BASE", "VALUE", "BASE64", "B64", "HASHED", "ENCODED", "JSON", "DEV", "PROD", "OLD", "NEW"];
/// Plain answers, no secrets.
const ANSWERS: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "null",
    "nil",
    "enabled",
    "disabled",
    "enable",
    "disable",
    "auto",
    "0",
    "1",
    "undefined",
    "optional",
    "required",
    "always",
    "never",
    "accept",
    "accepted",
    "agree",
    "default",
];

/// Whether a variable of that name and value is a secret: by its name, or by what the value looks like. Without a value
/// by its name alone.
#[must_use]
pub fn looks_secret(name: &str, value: Option<&str>) -> bool {
    let words = words(name);
    let by_name = by_name(name, &words, value);
    by_name || value.is_some_and(|value| values::is_secret(&words, value))
}

/// Whether the name alone says that this value is a secret.
pub(super) fn is_named(name: &str, value: &str) -> bool {
    by_name(name, &words(name), Some(value))
}

/// Whether the name says what to do about a secret, and not what it is: `--no-password`, `--generate-token`.
pub(super) fn is_deed(name: &str) -> bool {
    words(name).first().is_some_and(|word| DEEDS.contains(&word.as_str()))
}

/// The words of a name, in capitals: `dbPassword`, `db.password`, `DB__PASSWORD`, `--db-password` are `DB PASSWORD`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = '_';
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            before = '_';
            continue;
        }
        let begins = before == '_' || (before.is_ascii_lowercase() && c.is_ascii_uppercase());
        match words.last_mut() {
            Some(word) if !begins => word.push(c.to_ascii_uppercase()),
            _ => words.push(c.to_ascii_uppercase().to_string()),
        }
        before = c;
    }
    words
}

fn by_name(name: &str, words: &[String], value: Option<&str>) -> bool {
    if matches!(name, "PWD" | "OLDPWD") {
        return false;
    }
    let Some(strength) = strength(words) else { return false };
    let Some(value) = value.map(str::trim) else { return strength.is_certain() };
    if value.is_empty()
        || ANSWERS.contains(&value.to_ascii_lowercase().as_str())
        || values::is_reference(value)
        || (counts(words) && value.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return false;
    }
    match strength {
        Strength::Always => true,
        Strength::UnlessPath => !values::is_path(value),
        Strength::UnlessWord => values::looks_random(value) || values::looks_chosen(value),
        Strength::IfLong => value.len() >= 4,
        Strength::IfPair => {
            value.contains([':', '/', '@']) && !values::is_path(value) || values::looks_random(value)
        }
        Strength::IfLogin => values::is_login(value),
        Strength::IfAddressHoldsOne => values::is_telling_address(value),
    }
}

/// How sure a name makes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strength {
    Always,
    UnlessPath,
    /// Where it is no plain word, name or number.
    UnlessWord,
    /// A door's `PIN`, not that of a plug.
    IfLong,
    /// `user:password`, `user/password`.
    IfPair,
    /// `user:password`, `user;password`.
    IfLogin,
    /// An address that opens what it leads to.
    IfAddressHoldsOne,
}

impl Strength {
    /// Whether it is a secret where the value is not known.
    fn is_certain(self) -> bool {
        matches!(self, Self::Always | Self::UnlessPath)
    }
}

fn strength(words: &[String]) -> Option<Strength> {
    let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_more = |word: &String| is_number(word) || SAME.contains(&word.as_str());
    let mut end = words.len();
    while end > 1 && words.get(end - 1).is_some_and(is_more) {
        end -= 1;
    }
    let words = words.get(..end)?;
    let last = words.last()?.trim_end_matches(|c: char| c.is_ascii_digit());
    let before = words.len().checked_sub(2).and_then(|at| words.get(at)).map_or("", String::as_str);
    let has = |word: &str| words.iter().any(|other| other == word);
    let is_address = words.iter().any(|word| TELLING_ADDRESSES.contains(&word.as_str()));
    if is_address
        && matches!(last, "WEBHOOK" | "WEBHOOKS" | "HOOK" | "URL" | "URLS" | "URI" | "PUSH" | "PING")
    {
        return Some(Strength::IfAddressHoldsOne);
    }
    match last {
        "ID" if before == "KEY"
            && words.len() > 2
            && words.get(words.len() - 3).is_some_and(|word| word == "ACCESS") =>
        {
            Some(Strength::Always)
        }
        // Rails' `ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY` is a key of that, and no table's.
        "KEY" | "KEYS" if has("ENCRYPTION") && !has("PUBLIC") => Some(Strength::UnlessPath),
        "KEY" | "KEYS" if NO_KEY_OF.contains(&before) => None,
        "KEY" | "KEYS" if KEY_OF.contains(&before) => Some(Strength::UnlessPath),
        "KEY" if words.iter().any(|word| word.starts_with("WIREGUARD") || word == "WG") => {
            Some(Strength::UnlessPath)
        }
        "SEED" if matches!(before, "OTP" | "TOTP" | "WALLET") => Some(Strength::Always),
        "KEY" | "KEYS" | "SEED" | "COOKIE" | "COOKIES" | "LICENSE" | "LICENCE" | "PAT" => {
            let is_erlang = last == "COOKIE" && before == "ERLANG";
            Some(if is_erlang { Strength::Always } else { Strength::UnlessWord })
        }
        "PIN" => Some(Strength::IfLong),
        "COMMUNITY" if has("SNMP") => Some(Strength::Always),
        "USER" if before == "OPENVPN" => Some(Strength::Always),
        "USER" | "USERS" | "LOGINS" | "ACCOUNTS" => Some(Strength::IfLogin),
        "CLAIM" if before == "PLEX" => Some(Strength::Always),
        "DSN" | "AUTH" | "BASICAUTH" => Some(Strength::IfPair),
        "CREDENTIALS" | "CREDENTIAL" => Some(Strength::UnlessPath),
        _ if ABOUT.contains(&last) => None,
        _ if is_secret_word(last) => Some(Strength::Always),
        _ if last.ends_with("KEY") && !NO_KEYS.contains(&last) => Some(Strength::UnlessWord),
        // `SECRET_KEY_BASE`, `PASSWORD_FOR_ADMIN`: in the midst of a name it has to be one of the plain words.
        _ if words.iter().any(|word| matches!(word.as_str(), "PASSWORD" | "PASSWD" | "PASSPHRASE")) => {
            Some(Strength::Always)
        }
        _ if words.iter().any(|word| matches!(word.as_str(), "SECRET" | "TOKEN" | "APIKEY")) => {
            Some(Strength::UnlessWord)
        }
        _ => None,
    }
}

fn is_secret_word(word: &str) -> bool {
    SECRET_WORDS.contains(&word)
        || SECRET_ENDS.iter().any(|end| word.ends_with(end))
        || (word.len() > 3 && (word.ends_with("PW") || word.ends_with("PWD")))
        || (word.ends_with("PASS") && !matches!(word, "BYPASS" | "COMPASS" | "ENCOMPASS" | "TRESPASS"))
}

/// Whether a plain number is a count or a size under this name, and no secret: `MAX_TOKENS`.
fn counts(words: &[String]) -> bool {
    let first = words.first().map_or("", String::as_str);
    matches!(first, "MAX" | "MIN" | "NUM" | "LIMIT" | "N")
        || words.last().is_some_and(|word| word.ends_with("TOKENS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_that_its_value_is_a_secret() {
        for name in [
            "POSTGRES_PASSWORD",
            "PGPASSWORD",
            "MYSQL_PWD",
            "SMTP_PASS",
            "DBPASS",
            "dbPassword",
            "spring.datasource.password",
            "Auth__ClientSecret",
            "TUNNEL_TOKEN",
            "SONARR_API_KEY",
            "SONARR__AUTH__APIKEY",
            "TS_AUTHKEY",
            "NEXTAUTH_SECRET",
            "SECRET_KEY_BASE",
            "RESTIC_PASSWORD",
            "BORG_PASSPHRASE",
            "WIREGUARD_PRIVATE_KEY",
            "WIREGUARD_PRESHARED_KEY",
            "OPENVPN_USER",
            "OPENVPN_PASSWORD",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "PASSWORD_HASH",
            "MEILI_MASTER_KEY",
            "COOKIE_SECRET",
            "PASSWORD_1",
            "RCON_PASSWORD",
            "PLEX_CLAIM",
            "ADMIN_PASSWORD",
            "APP_KEY",
            "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
            "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
            "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
        ] {
            assert!(looks_secret(name, Some("abc")), "{name}");
            assert!(looks_secret(name, None), "{name} without a value");
        }
    }

    #[test]
    fn what_only_tells_something_about_a_secret_is_none() {
        for (name, value) in [
            ("PWD", "/app"),
            ("TOKEN_EXPIRY", "3600"),
            ("PASSWORD_RESET_ENABLED", "true"),
            ("PUBLIC_KEY", "abc"),
            ("KEYBOARD", "de"),
            ("SECRET_NAME", "web"),
            ("DB_PASSWORD_FILE", "/run/secrets/db"),
            ("TOKEN_TTL", "60"),
            ("ALLOW_EMPTY_PASSWORD", "yes"),
            ("MAX_TOKENS", "4096"),
            ("DB_PASSWORD", ""),
            ("BYPASS", "lan"),
            ("WEBHOOK_URL", "https://n8n.example.org/"),
            ("SSL_KEY", "/certs/key.pem"),
            ("PRIVATE_KEY", "/certs/tls.key"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/config/gcp.json"),
            ("AUTH", "oidc"),
            ("SORT_KEY", "name"),
            ("PRIMARY_KEY", "customer_id_2"),
            ("ENCRYPTION_PUBLIC_KEY", "abc"),
            ("JWT_ALGORITHM", "HS256"),
            ("TOKENIZERS_PARALLELISM", "false"),
            ("PASSWORD", "{{ vault }}"),
            ("COMPOSE_PROJECT_NAME", "media"),
            ("PASSWORD", "/run/secrets/pw"),
        ] {
            assert!(!looks_secret(name, Some(value)), "{name}={value}");
        }
    }
}
