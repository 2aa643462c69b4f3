//! Short names: people say `jellyfin` where the target is `k8s/media/jellyfin`.

use std::collections::BTreeSet;

use super::Target;

/// The most that are named of those that may be meant.
const NAMED: usize = 3;

/// What a short name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// This target alone ends so.
    One(Target),
    /// All of these end so, in order.
    Several(Vec<Target>),
    /// None does.
    Unknown,
}

/// Looks among known targets for those whose path ends in `named`, segment by segment.
#[must_use]
pub fn by_ending<'a>(named: &Target, known: impl IntoIterator<Item = &'a Target>) -> Meant {
    let ends = |target: &&Target| {
        let before = target.as_str().strip_suffix(named.as_str());
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let found: BTreeSet<&Target> = known.into_iter().filter(ends).collect();
    let mut found: Vec<Target> = found.into_iter().cloned().collect();
    match (found.len(), found.pop()) {
        (1, Some(only)) => Meant::One(only),
        (_, Some(last)) => {
            found.push(last);
            Meant::Several(found)
        }
        (_, None) => Meant::Unknown,
    }
}

/// `I know no `jellyfin`; did you mean k8s/media/jellyfin or lab/jellyfin?`
#[must_use]
pub fn did_you_mean(named: &Target, meant: &[Target]) -> String {
    let names: Vec<&str> = meant.iter().take(NAMED).map(Target::as_str).collect();
    format!("I know no `{named}`; did you mean {}?", names.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_means_the_one_target_whose_path_ends_so() {
        let known: Vec<Target> = ["k8s/media/jellyfin", "k8s/media/sonarr", "lab/sonarr", "nas/xjellyfin"]
            .map(|name| Target::parse(name).unwrap())
            .into();
        let meant = |name: &str| by_ending(&Target::parse(name).unwrap(), &known);
        assert_eq!(meant("jellyfin"), Meant::One(known[0].clone()));
        assert_eq!(meant("media/jellyfin"), Meant::One(known[0].clone()));
        assert_eq!(meant("sonarr"), Meant::Several(known[1..3].to_vec()));
        assert_eq!(meant("fin"), Meant::Unknown);
        assert_eq!(meant("k8s/media"), Meant::Unknown);
        let told = did_you_mean(&Target::parse("sonarr").unwrap(), &known[1..3]);
        assert_eq!(told, "I know no `sonarr`; did you mean k8s/media/sonarr or lab/sonarr?");
    }
}
