//! Performance data of a Nagios plugin: `'label'=value[UOM];[warn];[crit];[min];[max]`.

use std::collections::BTreeMap;

use crate::domain::metric::Sample;
use crate::domain::report::Report;

/// What perfdata came to. It is by-work of a plugin that somebody else wrote, so what can't be read is noted and
/// does not cost the status.
#[derive(Default)]
pub(super) struct Perfdata {
    pub(super) samples: Vec<Sample>,
    unread: Vec<String>,
    surplus: usize,
}

impl Perfdata {
    /// Reads all lines of perfdata of the skill `name`, which all metrics' names begin with.
    pub(super) fn read(name: &str, lines: &[&str]) -> Self {
        let prefix = snake(name);
        let mut perfdata = Self::default();
        for line in lines {
            let mut rest = line.trim_start();
            while !rest.is_empty() {
                let (item, after) = split_item(rest);
                perfdata.take(&prefix, item);
                rest = after.trim_start();
            }
        }
        perfdata
    }

    /// What to tell a person about perfdata that was not kept.
    pub(super) fn notes(&self) -> Vec<String> {
        let unread = self.unread.iter().map(|item| format!("[perfdata not understood: {item}]"));
        let surplus = (self.surplus > 0).then(|| format!("[{} more perfdata not kept]", self.surplus));
        unread.chain(surplus).collect()
    }

    fn take(&mut self, prefix: &str, item: &str) {
        const MAX_UNREAD: usize = 10;
        match read_item(prefix, item) {
            Item::Sample(_) if self.samples.len() == Report::MAX_METRICS => self.surplus += 1,
            Item::Sample(sample) => self.samples.push(sample),
            Item::Undetermined => {}
            Item::Unread if self.unread.len() == MAX_UNREAD => self.surplus += 1,
            Item::Unread => self.unread.push(item.chars().take(100).collect()),
        }
    }
}

enum Item {
    Sample(Sample),
    /// The plugin says that it could not determine the value (`U`).
    Undetermined,
    Unread,
}

/// The first item and what follows it. White space separates items, but not within a quoted label.
fn split_item(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '\'';
        c.is_whitespace() && !quoted
    });
    text.split_at(end.unwrap_or(text.len()))
}

fn read_item(prefix: &str, item: &str) -> Item {
    let Some((label, data)) = split_label(item) else { return Item::Unread };
    let measured = data.split(';').next().unwrap_or_default();
    if measured == "U" {
        return Item::Undetermined;
    }
    let digits =
        measured.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(measured.len());
    let digits = exponent_end(measured, digits);
    let (number, unit) = measured.split_at(digits);
    let (Ok(value), Some((suffix, factor))) = (number.parse::<f64>(), convert(unit)) else {
        return Item::Unread;
    };
    let slug = snake(&label);
    let slug = slug.trim_matches('_');
    let name =
        [prefix, slug, &suffix].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    if name.len() > Sample::MAX_NAME || label.chars().count() > Sample::MAX_LABEL_VALUE {
        return Item::Unread;
    }
    // Labels such as `/` and `/var` would become the same name, or none: keep what they were.
    let changed = slug != label;
    let labels = changed.then(|| ("label".to_owned(), label)).into_iter().collect::<BTreeMap<_, _>>();
    Item::Sample(Sample { name, labels, value: value * factor })
}

/// Splits `label=rest` or `'a label'=rest`, where `''` within quotes is one quote.
fn split_label(item: &str) -> Option<(String, &str)> {
    let Some(quoted) = item.strip_prefix('\'') else {
        let (label, data) = item.split_once('=')?;
        return (!label.is_empty()).then(|| (label.to_owned(), data));
    };
    let mut from = 0;
    loop {
        let quote = from + quoted.get(from..)?.find('\'')?;
        let after = &quoted[quote + 1..];
        if after.starts_with('\'') {
            from = quote + 2;
            continue;
        }
        let label = quoted[..quote].replace("''", "'");
        return Some((label, after.strip_prefix('=')?));
    }
}

/// Where a number really ends if what follows its digits is an exponent (`1.5e-05s`).
fn exponent_end(text: &str, digits: usize) -> usize {
    let exponent = &text[digits..];
    let Some(power) = exponent.strip_prefix(['e', 'E']) else { return digits };
    let signed = power.strip_prefix(['+', '-']).unwrap_or(power);
    let length = signed.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 { digits } else { text.len() - signed.len() + length }
}

/// The suffix of a metric's name for a unit, and the factor to the base unit. Bytes go by 1,024, as the standard
/// plugins count. An unknown unit is a suffix; `None` if it could not be one.
fn convert(unit: &str) -> Option<(String, f64)> {
    const K: f64 = 1024.0;
    let (suffix, factor) = match unit {
        "" => ("", 1.0),
        "s" => ("seconds", 1.0),
        "ms" => ("seconds", 1e-3),
        "us" => ("seconds", 1e-6),
        "%" => ("percent", 1.0),
        "c" => ("total", 1.0),
        "B" => ("bytes", 1.0),
        "KB" | "kB" | "KiB" => ("bytes", K),
        "MB" | "MiB" => ("bytes", K * K),
        "GB" | "GiB" => ("bytes", K * K * K),
        "TB" | "TiB" => ("bytes", K * K * K * K),
        other => {
            let word = other.len() <= 16 && other.chars().all(|c| c.is_ascii_alphanumeric());
            return word.then(|| (other.to_ascii_lowercase(), 1.0));
        }
    };
    Some((suffix.to_owned(), factor))
}

/// Lower case, `_` for what a metric's name can't hold, and no digit in front.
fn snake(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        if c != '_' || !out.ends_with('_') {
            out.push(c);
        }
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}
