//! What kind of thing changed.

use serde::{Deserialize, Serialize};

/// What kind of thing a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A commit in a repository.
    Commit,
    /// Flux brought a revision into the cluster.
    Reconcile,
    /// Pods were replaced: a restart, or a new template.
    Rollout,
    /// Another image runs.
    Image,
    /// Another number of pods, or other limits for them.
    Scale,
    /// Packages were installed, upgraded or removed.
    Package,
    /// A deployment, as something outside said.
    Deploy,
    /// A machine started.
    Reboot,
    /// Something came to be there, or is gone.
    Inventory,
    /// A file of the operator's was edited.
    Edit,
    /// Steward did it.
    Action,
    /// Something else, or a kind that this version does not know.
    #[default]
    #[serde(other)]
    Other,
}

impl ChangeKind {
    /// The word that it is stored and shown by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Reconcile => "reconcile",
            Self::Rollout => "rollout",
            Self::Image => "image",
            Self::Scale => "scale",
            Self::Package => "package",
            Self::Deploy => "deploy",
            Self::Reboot => "reboot",
            Self::Inventory => "inventory",
            Self::Edit => "edit",
            Self::Action => "action",
            Self::Other => "other",
        }
    }

    /// The reverse of [`ChangeKind::as_str`]; what is unknown is [`ChangeKind::Other`].
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).unwrap_or_default()
    }

    /// Whether changes of this kind shift the baseline as a rule: other software, another amount of it, or a fresh
    /// start, so that yesterday's measurements say nothing about today. A commit does so only if its gist changes an
    /// image, a version, replicas or resources, and a reconciliation likewise if its diff is known: their readers
    /// decide. An edit of a file of Steward's own and an action of Steward's (a restart, a remount) shift nothing.
    #[must_use]
    pub fn shifts_baseline(self) -> bool {
        match self {
            Self::Reconcile
            | Self::Rollout
            | Self::Image
            | Self::Scale
            | Self::Package
            | Self::Deploy
            | Self::Reboot
            | Self::Inventory => true,
            Self::Commit | Self::Edit | Self::Action | Self::Other => false,
        }
    }

    const ALL: [Self; 12] = [
        Self::Commit,
        Self::Reconcile,
        Self::Rollout,
        Self::Image,
        Self::Scale,
        Self::Package,
        Self::Deploy,
        Self::Reboot,
        Self::Inventory,
        Self::Edit,
        Self::Action,
        Self::Other,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_back_by_its_word_and_a_later_versions_kind_does_not_break_this_one() {
        for kind in ChangeKind::ALL {
            assert_eq!(ChangeKind::from_word(kind.as_str()), kind);
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("{:?}", kind.as_str()));
            assert_eq!(serde_json::from_str::<ChangeKind>(&json).unwrap(), kind);
        }
        assert_eq!(serde_json::from_str::<ChangeKind>("\"teleport\"").unwrap(), ChangeKind::Other);
        assert_eq!(ChangeKind::from_word("teleport"), ChangeKind::Other);
    }
}
