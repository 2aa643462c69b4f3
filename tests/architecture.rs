//! Holds the tree to its design: which layer imports from which, who may read the clock, how long a file gets,
//! and whether the README's map is the territory.
//!
//! The tables are in `architecture/rules.rs`.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/map.rs"]
mod map;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;

use rules::{LAYERS, check, module_of};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The paths of all Rust files under `src/`, relative to it, sorted.
fn files(folder: &Path, prefix: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path(), &format!("{name}/"))?);
        } else if name.ends_with(".rs") {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// What the checker says about one file in a house of a few adapters.
fn said(file: &str, source: &str) -> Vec<String> {
    let house = [
        "adapters/mod.rs",
        "adapters/clock.rs",
        "adapters/exec/mod.rs",
        "adapters/exec/group.rs",
        "adapters/chat/mod.rs",
    ];
    let chats = ["adapters/chat/discord/mod.rs", "adapters/chat/telegram.rs", "adapters/chat/console.rs"];
    let modules = house.into_iter().chain(chats).map(module_of).collect();
    check(file, source, &modules)
}

#[test]
fn every_file_keeps_the_rules_of_its_layer() {
    let src = root().join("src");
    let files = files(&src, "").unwrap();
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| module_of(file)).collect();
    let violations: Vec<String> = files
        .iter()
        .flat_map(|file| check(file, &std::fs::read_to_string(src.join(file)).unwrap(), &modules))
        .collect();
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn the_imports_of_the_tree_are_really_seen() {
    let source = std::fs::read_to_string(root().join("src/engine/ports.rs")).unwrap();
    let seen = imports::paths(&source::tokens(&source), &module_of("engine/ports.rs"));
    assert!(seen.iter().any(|path| path.starts_with("crate::policy::Authorized")), "{seen:?}");
}

#[test]
fn the_table_only_points_inwards() {
    for (at, (layer, allowed)) in LAYERS.iter().enumerate() {
        for name in *allowed {
            assert!(LAYERS[..at].iter().any(|(earlier, _)| earlier == name), "{layer} points at {name}");
        }
    }
}

#[test]
fn an_upward_import_is_caught_however_it_is_written() {
    for source in [
        "use crate::engine::ports::Clock;",
        "use crate::{domain::signal::Signal, engine::{self, ports}};",
        "pub use crate::engine::ports as p;",
        "use super::super::engine::ports;",
        "use super::{super::engine::ports::Clock, record};",
        "use steward::engine::ports;",
        "fn f(clock: &dyn crate::engine::ports::Clock) {}",
        "type T = Vec<super::super::engine::ports::Child>;",
        "mod inner { use super::super::super::engine::ports; }",
        "use crate::*;",
        "use crate as house;",
        "use super::super::*;",
        "#[cfg(test)] mod tests { use crate::engine::ports::Clock; }",
        "/* a comment */ use /* in */ crate /* between */ :: engine :: ports;",
        "const S: &str = r#\"\"#; const C: char = '\"'; use crate::engine::ports;",
        "fn f<'a>(x: &'a str) { let b = b'\\''; crate::engine::ports::f() }",
    ] {
        let found = said("store/record.rs", source);
        assert!(!found.is_empty(), "{source:?} passed");
        assert!(found.iter().all(|line| line.starts_with("src/store/record.rs:1: ")), "{found:?}");
    }
}

#[test]
fn an_import_from_above_is_no_violation_nor_is_one_in_words_only() {
    for source in [
        "use crate::{domain::signal::{self, Signal}, policy::Authorized, store::other};",
        "use super::other::Thing; use super::super::domain::signal;",
        "mod inner { use super::super::other; }",
        "mod a { mod b {} } mod c { use super::super::other; }",
        "// use crate::engine::ports;\n/// [`crate::engine::ports`]\n/* use crate::engine; /* crate::app::x */ */",
        "const HINT: &str = \"crate::engine::ports \\\" crate::app::x\"; const RAW: &str = r##\"crate::app::x\"#\"##;",
        "fn f() -> impl Fn() + use<> { || () }",
    ] {
        assert_eq!(said("store/record.rs", source), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn adapters_never_import_each_other() {
    for (file, source) in [
        ("adapters/exec/mod.rs", "use crate::adapters::clock::System;"),
        ("adapters/exec/group.rs", "use super::super::clock::System;"),
        ("adapters/chat/telegram.rs", "use super::discord::Markup;"),
        ("adapters/chat/telegram.rs", "use super::{discord::{Markup, Gateway}};"),
        ("adapters/chat/discord/mod.rs", "fn f() { crate::adapters::chat::console::print(); }"),
        ("adapters/chat/console.rs", "use crate::adapters::{exec, chat::Width};"),
    ] {
        let found = said(file, source);
        assert!(!found.is_empty(), "{source:?} passed");
        assert!(found.iter().all(|line| line.contains("adapters never import each other")), "{found:?}");
    }
    for (file, source) in [
        ("adapters/exec/group.rs", "use super::Runner; use crate::adapters::exec::mod_local;"),
        ("adapters/chat/telegram.rs", "use super::Width; use crate::adapters::Shared;"),
        ("adapters/chat/mod.rs", "pub use discord::Discord; pub use self::telegram::Telegram;"),
        ("adapters/mod.rs", "use self::chat::Width;"),
    ] {
        assert_eq!(said(file, source), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn what_is_pure_stays_pure() {
    for source in [
        "use tokio::sync::mpsc;",
        "use std::{collections::BTreeMap, fs};",
        "fn f() { std::process::exit(1) }",
        "use std::time::{Duration, Instant};",
        "use std::time; fn f(at: time::SystemTime) {}",
        "use ulid::Ulid; fn f() { Ulid::new(); }",
        "use chrono::Utc as Z; fn f() { Z::now(); }",
    ] {
        for file in ["domain/incident.rs", "policy/rules.rs"] {
            assert!(!said(file, source).is_empty(), "{source:?} passed in {file}");
        }
    }
    let tests =
        "use std::time::Duration; #[cfg(test)] mod tests { use std::fs; fn f() { fs::read(\"x\"); } }";
    assert_eq!(said("domain/incident.rs", tests), Vec::<String>::new());
    assert_eq!(said("domain/incident/tests.rs", "use std::fs;"), Vec::<String>::new());
}

#[test]
fn the_clock_is_read_in_its_adapter_and_nowhere_else() {
    for source in [
        "fn f() { chrono::Utc::now(); }",
        "use chrono::prelude::*; fn f() { Utc::now(); }",
        "use std::time::SystemTime; fn f() { SystemTime::now(); }",
        "use std::time; fn f() { time::Instant::now(); }",
        "fn f() { tokio::time::Instant::now(); }",
    ] {
        assert_eq!(said("store/record.rs", source).len(), 1, "{source}");
        assert_eq!(said("adapters/clock.rs", source), Vec::<String>::new(), "{source}");
        assert_eq!(said("main.rs", source), Vec::<String>::new(), "{source}");
    }
    assert_eq!(said("adapters/exec/mod.rs", "fn f() { Utc::now(); }").len(), 1);
    assert_eq!(said("engine/respond.rs", "use tokio::time::sleep;").len(), 1);
}

#[test]
fn sql_does_not_read_the_clock_either() {
    for sql in ["DEFAULT CURRENT_TIMESTAMP", "strftime('%s', 'now')", "select unixepoch() - 60"] {
        let found = said("store/record.rs", &format!("\nconst SQL: &str = \"{sql}\";"));
        assert_eq!(found.len(), 1, "{sql}");
        assert!(found[0].starts_with("src/store/record.rs:2: "), "{found:?}");
    }
    assert_eq!(
        said("store/record.rs", "// not CURRENT_TIMESTAMP\nconst SQL: &str = \"at < ?1\";"),
        Vec::<String>::new()
    );
}

#[test]
fn a_file_that_holds_two_concepts_is_found_by_its_length_without_tests() {
    let long = "fn f() {}\n".repeat(501);
    assert_eq!(said("store/record.rs", &long).len(), 1);
    assert_eq!(said("store/tests.rs", &long), Vec::<String>::new());
    let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    assert_eq!(said("store/record.rs", &tested), Vec::<String>::new());
}

#[test]
fn a_new_room_needs_a_place_in_the_list() {
    assert!(said("attic/mod.rs", "")[0].contains("`attic` is no layer"));
}

#[test]
fn the_readmes_map_is_the_territory() {
    let src = root().join("src");
    let readme = std::fs::read_to_string(root().join("README.md"))
        .expect("README.md, with the architecture map between <!-- map --> and <!-- /map -->");
    let problems = map::compare(&readme, &files(&src, "").unwrap());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_map_with_a_gap_or_a_fancy_is_noticed() {
    let files: Vec<String> = [
        "app.rs",
        "domain/mod.rs",
        "domain/card.rs",
        "domain/command/mod.rs",
        "store/mod.rs",
        "store/log.rs",
    ]
    .map(str::to_owned)
    .to_vec();
    let map = |inside: &str| map::compare(&format!("<!-- map -->\n{inside}\n<!-- /map -->"), &files);
    let whole = "`src/app.rs`, `src/domain/{card,command}`, [src/store/](src/store/)";
    assert_eq!(map(whole), Vec::<String>::new());
    assert_eq!(map(&whole.replace("card,", "")), ["README.md's map leaves out src/domain/card"]);
    assert_eq!(
        map(&format!("{whole} `src/attic.rs`")),
        ["README.md's map shows src/attic.rs, which is not there"]
    );
    assert_eq!(map::compare("no map", &files).len(), 1);
}
