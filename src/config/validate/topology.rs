//! `[topology]`: the paths and names in it.

use super::Check;
use crate::config::document::keys;
use crate::config::settings::TopologySettings;
use crate::domain::target::Target;
use crate::domain::topology::SourceKind;

impl Check<'_> {
    pub(super) fn topology(&mut self, mut raw: TopologySettings) -> TopologySettings {
        let prefix = &raw.kubernetes.prefix;
        if !prefix.is_empty()
            && let Err(error) = Target::parse(prefix)
        {
            self.report(&keys(["topology", "kubernetes", "prefix"]), error.to_string(), None);
        }
        if !raw.compose.is_empty() && !raw.learn.contains(&SourceKind::Compose) {
            let hint = "add \"compose\" to `learn`, or take `compose` out".to_owned();
            let what = "files are named, and `learn` says that they are not read";
            self.report(&keys(["topology", "compose"]), what, Some(hint));
        }
        // Whether there are such files is asked when they are read: they may come.
        for pattern in &mut raw.compose {
            *pattern = self.around.folder.join(&*pattern);
        }
        raw
    }
}
