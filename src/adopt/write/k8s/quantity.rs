//! Amounts as Kubernetes writes them.

/// Bytes: `10Gi`, `512Mi`, exactly.
pub(super) fn bytes(bytes: u64) -> String {
    const KIB: u64 = 1024;
    for (unit, size) in [
        ("Ti", KIB.pow(4)),
        ("Gi", KIB.pow(3)),
        ("Mi", KIB.pow(2)),
        ("Ki", KIB),
        ("G", 1_000_000_000),
        ("M", 1_000_000),
    ] {
        if bytes >= size && bytes.is_multiple_of(size) {
            return format!("{}{unit}", bytes / size);
        }
    }
    bytes.to_string()
}

/// Bytes that were seen, in whole mebibytes.
pub(super) fn about(seen: u64) -> u64 {
    const MIB: u64 = 1024 * 1024;
    seen.div_ceil(MIB).max(1).saturating_mul(MIB)
}

/// Thousandths of a CPU: `500m`, `2`.
pub(super) fn cpu(milli: u64) -> String {
    if milli > 0 && milli.is_multiple_of(1000) { (milli / 1000).to_string() } else { format!("{milli}m") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_the_largest_unit_that_fits() {
        assert_eq!(bytes(10 * 1024 * 1024 * 1024), "10Gi");
        assert_eq!(bytes(1536 * 1024 * 1024), "1536Mi");
        assert_eq!(bytes(1_000_000), "1M");
        assert_eq!(bytes(1_000_001), "1000001");
        assert_eq!(bytes(about(183_427_072)), "175Mi");
        assert_eq!((cpu(500), cpu(2000), cpu(0)), ("500m".into(), "2".into(), "0m".into()));
    }
}
