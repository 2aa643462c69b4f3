use super::*;
use crate::config::Proof;
use crate::domain::signal::Severity;

fn faults(text: &str) -> Vec<String> {
    Lab::new(&[("config.toml", text)]).load().unwrap_err()
}

#[test]
fn a_source_of_alerts_is_read_with_its_proof_its_limits_and_its_mapping() {
    let text = "[alerts]\nlisten = \"0.0.0.0:9877\"\nspool = \"drop\"\n\
        [alerts.sources.am]\nformat = \"alertmanager\"\ntoken = \"env:TOKEN\"\nmax_body = \"2MiB\"\nheartbeat = \"15m\"\n\
        target_prefix = \"lab\"\nseverity_map = { SEV1 = \"critical\" }\n\
        [alerts.sources.jobs]\nformat = \"json\"\nhmac = \"env:TOKEN\"\n\
        [alerts.sources.jobs.mapping]\nname = [\"a.b\", \"{c} d\"]\nstate = { path = \"x\", firing = [0] }\n";
    let alerts = Lab::new(&[("config.toml", text)]).load().unwrap().config.alerts;
    let am = &alerts.sources["am"];
    assert!(matches!(&am.proof, Proof::Token(token) if token.expose() == "hunter2"));
    assert_eq!((am.max_body, am.heartbeat.unwrap().as_secs()), (2 * 1024 * 1024, 900));
    assert_eq!(am.reading.naming.severities["sev1"], Severity::Critical);
    assert!(
        matches!(&alerts.sources["jobs"].proof, Proof::Hmac { header, .. } if header == "X-Hub-Signature-256")
    );
    assert!(alerts.spool.ends_with("drop"));
    let off = Lab::new(&[("config.toml", "[alerts]\nlisten = \"off\"\n")]).load().unwrap();
    assert_eq!(off.config.alerts.listen, None);
}

#[test]
fn every_fault_of_a_source_is_told_with_its_line_and_what_to_do() {
    let text = "[alerts.sources.AM]\nformat = \"alertmanger\"\ntoken = \"env:TOKEN\"\nhmac = \"env:TOKEN\"\ntargets = [\"{a\"]\n\
        [alerts.sources.g]\nformat = \"grafana\"\nmapping = {}\nheader = \"X\"\nseverity = \"bad\"\n\
        [alerts.sources.j]\nformat = \"json\"\n\
        [alerts.sources.k]\nformat = \"json\"\n[alerts.sources.k.mapping]\nname = \"a b\"\nstate = { path = \"x\", firing = [] }\nodd = 1\n";
    let told = faults(text);
    for part in [
        "config.toml:1: [alerts.sources] AM: \"AM\" is no name for a source; write",
        "config.toml:2: [alerts.sources.AM] format: there is no format \"alertmanger\"; did you mean `alertmanager`?",
        "config.toml:4: [alerts.sources.AM] hmac: there is a `token` already; keep",
        "config.toml:5: [alerts.sources.AM] targets: \"{a\" makes no target; write",
        "config.toml:8: [alerts.sources.g] mapping: the format \"grafana\" has its own; take it out",
        "config.toml:9: [alerts.sources.g] header: is only for `hmac`; take it out",
        "config.toml:10: [alerts.sources.g] severity: \"bad\" is no severity; there is",
        "config.toml:12: [alerts.sources.j] format: \"json\" says nothing of where things are; add its `mapping`",
        "config.toml:16: [alerts.sources.k.mapping] name: \"a b\" is no path; write",
        "config.toml:17: [alerts.sources.k.mapping] state: has no word for firing; write",
        "config.toml:18: [alerts.sources.k.mapping] odd: no such key here",
    ] {
        assert!(told.iter().any(|line| line.starts_with(part)), "{part:?} is not in {told:#?}");
    }
}

#[test]
fn others_are_listened_to_only_with_a_proof_from_every_source() {
    let open = faults("[alerts]\nlisten = \"0.0.0.0:9877\"\n");
    assert!(
        open[0].starts_with(
            "config.toml:2: [alerts] listen: 0.0.0.0:9877 can be reached by others, and no source"
        ),
        "{open:?}"
    );
    let bare = faults("[alerts]\nlisten = \"[::]:9877\"\n[alerts.sources.am]\nformat = \"alertmanager\"\n");
    assert!(bare[0].contains("`am` has neither `token` nor `hmac`; give each"), "{bare:?}");
    let odd = faults("[alerts]\nlisten = \"9877\"\n");
    assert!(odd[0].contains("\"9877\" is no address to listen on; write"), "{odd:?}");
}
