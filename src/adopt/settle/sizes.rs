//! Bytes, for people and for volumes.

pub(super) const GIB: u64 = 1 << 30;
/// No volume is larger, in GiB: a pebibyte.
const MOST: u64 = 1 << 20;
/// What a copy over a gigabit network comes to, bytes a second.
const COPIED: u64 = 100_000_000;

/// Bytes as people read them: `1.3 GiB`.
#[must_use]
pub fn human(bytes: u64) -> String {
    let units = [("TiB", 1 << 40), ("GiB", GIB), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) if bytes / unit >= 100 => format!("{} {name}", bytes / unit),
        Some((name, unit)) => {
            let tenths = bytes / (unit / 10).max(1);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

/// What to ask for where that much is there now: with room to grow, in a size that a person would have taken.
pub(super) fn asked(bytes: u64) -> u64 {
    let wanted = (bytes.saturating_add(bytes / 10 * 3)).div_ceil(GIB).clamp(1, MOST);
    let step = match wanted {
        0..=3 => 1,
        4..=5 => 5,
        6..=50 => 5,
        51..=200 => 10,
        201..=1000 => 50,
        _ => 100,
    };
    wanted.div_ceil(step).saturating_mul(step).saturating_mul(GIB)
}

/// Bytes, as a person says them: `20Gi`, `512Mi`, `1.5T`, `20 GB`. None of it where it is nothing, or too much.
pub(super) fn read(text: &str) -> Option<u64> {
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text.get(..at)?.trim().parse().ok()?;
    let unit = text.get(at..)?.to_ascii_lowercase();
    let unit: u64 = match unit.trim_end_matches('b').trim_end_matches('i') {
        "m" => 1 << 20,
        "g" => GIB,
        "t" => 1 << 40,
        _ => return None,
    };
    #[expect(clippy::cast_precision_loss, reason = "a size that a person says has few digits")]
    let bytes = number * unit as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within bounds")]
    let bytes = (bytes >= 1_048_576.0 && bytes <= (1_u64 << 50) as f64).then_some(bytes as u64);
    bytes
}

/// How long a copy takes: `about 3 hours`.
pub(in crate::adopt) fn time_to_copy(bytes: u64) -> String {
    let minutes = bytes / COPIED / 60;
    match minutes {
        0..=1 => "a minute or two".to_owned(),
        2..=90 => format!("about {minutes} minutes"),
        _ => format!("about {} hours", (minutes + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well_and_leave_room() {
        assert_eq!(human(1_400_000_000), "1.3 GiB");
        assert_eq!(human(12), "12 bytes");
        assert_eq!(human(300 * GIB), "300 GiB");
        assert_eq!(asked(0), GIB);
        assert_eq!(asked(2 * GIB), 3 * GIB);
        assert_eq!(asked(20 * GIB), 30 * GIB);
        assert_eq!(asked(u64::MAX) % GIB, 0);
        assert_eq!(time_to_copy(1_080_000_000_000), "about 3 hours");
        assert_eq!(
            (read("20Gi"), read("1.5G"), read("512 MB")),
            (Some(20 * GIB), Some(GIB * 3 / 2), Some(512 << 20))
        );
        for wrong in ["", "20", "-1Gi", "0Gi", "claim", "9999999999Ti", "NaNGi", "1Xi"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
