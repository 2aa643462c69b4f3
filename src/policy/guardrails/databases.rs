//! Databases that are dropped or emptied.

use std::sync::LazyLock;

use regex::Regex;

use super::seen::Seen;

/// Programs that hand SQL, or something like it, to a database.
const CLIENTS: [&str; 19] = [
    "psql",
    "mysql",
    "mariadb",
    "sqlite3",
    "sqlite",
    "mongosh",
    "mongo",
    "cqlsh",
    "clickhouse-client",
    "clickhouse",
    "influx",
    "cockroach",
    "mysqlsh",
    "pgcli",
    "mycli",
    "usql",
    "duckdb",
    "isql",
    "sqlplus",
];

/// What this command destroys, if it does.
pub(super) fn destroys(seen: Seen<'_>) -> Option<&'static str> {
    let is = match seen.name {
        "dropdb" => true,
        "mysqladmin" | "mariadb-admin" => seen.any(&["drop"]),
        "redis-cli" | "valkey-cli" | "keydb-cli" => seen.texts().any(|text| {
            let text = text.to_lowercase();
            ["flushall", "flushdb"].iter().any(|flush| text.contains(flush))
        }),
        "influx" => seen.pair(&["bucket"], &["delete"]) || drops(seen.texts()),
        name => CLIENTS.contains(&name) && drops(seen.texts()),
    };
    is.then_some("drops or empties a database")
}

/// Whether this command would run whatever SQL it is given.
pub(super) fn is_client(name: &str) -> bool {
    CLIENTS.contains(&name)
}

/// What drops or empties something, in SQL and in the tongues of MongoDB and InfluxDB.
static DROPS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const PARTS: [&str; 7] = [
        r"\bdrop\s+(database|schema|table|keyspace|tablespace|bucket|collection|measurement|series|owned)\b",
        r"\btruncate\b",
        r"dropdatabase\s*\(",
        r"\.drop\s*\(",
        r#"\bdelete\s+from\s+[\w.`"]+\s*(;|$)"#,
        r#"\bdelete\s+from\s+[\w.`"]+\s+where\s+\(?\s*(true|1|not\s+false|'?\d+'?\s*(=|>=|<=|<>|>|<)\s*'?\d+'?)\s*\)?\s*(;|$)"#,
        r"\.(deletemany|remove)\s*\(\s*(\{\s*\})?\s*[,)]",
    ];
    Regex::new(&format!("(?i){}", PARTS.join("|"))).ok()
});

/// What SQL passes over: `drop/**/table`.
static COMMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?s)/\*.*?\*/|--[^\n]*\n").ok());

/// Whether one of these texts drops or empties what a database holds.
pub(super) fn drops<'a>(texts: impl IntoIterator<Item = &'a str>) -> bool {
    // Were the expression broken, every word to a database would count: a test rules that out.
    texts.into_iter().any(|text| {
        let bare = COMMENTS.as_ref().map_or(text.into(), |comments| comments.replace_all(text, " "));
        DROPS.as_ref().is_none_or(|drops| drops.is_match(text) || drops.is_match(&bare))
    })
}
