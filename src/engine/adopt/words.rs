//! Small words of what is brought into the cluster.

use crate::adopt::{Fault, Kind, Options};
use crate::domain::card::one_line;
use crate::engine::ports::LOCAL;
use crate::store::adoptions::Adopting;

/// Faults that are told; the rest is counted.
const FAULTS: usize = 8;

/// What people call a machine.
pub(super) fn host<'a>(host: &'a str, here: &'a str) -> &'a str {
    if host == LOCAL { here } else { host }
}

/// `paperless on vm3`.
pub(super) fn what(adopting: &Adopting, host: &str) -> String {
    let name = adopting.project.as_ref().map_or(adopting.container.as_str(), |project| project.name.as_str());
    format!("{name} on {host}")
}

/// Where it goes, in a sentence.
pub(super) fn place(options: &Options) -> &'static str {
    match options.to {
        Kind::K8s | Kind::Nomad => "the cluster",
        Kind::Compose => "its new Compose project",
    }
}

/// What is wrong, a sentence for each fault.
pub(super) fn faults(faults: &[Fault]) -> String {
    let told = faults.iter().take(FAULTS).map(|fault| sentence(&one_line(&fault.to_string())));
    let more = faults.len().checked_sub(FAULTS).filter(|more| *more > 0);
    told.chain(more.map(|more| format!("And {more} more."))).collect::<Vec<_>>().join(" ")
}

/// The first of them, for a line.
pub(super) fn first(faults: &[Fault]) -> String {
    faults
        .first()
        .map(|fault| one_line(&fault.to_string()))
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned()
}

/// With a full stop.
pub(super) fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// Bytes as people say them.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut tenths = bytes.saturating_mul(10) / 1024;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    match tenths {
        0..100 if tenths % 10 != 0 => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
        _ => format!("{} {}", tenths / 10, UNITS[unit]),
    }
}

/// `1 decision waits for you`, `3 decisions wait for you`.
pub(super) fn waiting(n: usize) -> String {
    match n {
        1 => "1 decision waits for you".to_owned(),
        n => format!("{n} decisions wait for you"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_say_them() {
        let told = [0, 1024, 1536, 700 * 1024, 12 * 1024 * 1024 * 1024, 5 * 1024_u64.pow(4) / 2].map(size);
        assert_eq!(told, ["0 KiB", "1 KiB", "1.5 KiB", "700 KiB", "12 GiB", "2.5 TiB"]);
        assert_eq!(size(u64::MAX).split(' ').nth(1), Some("TiB"));
    }
}
