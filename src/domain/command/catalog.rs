//! The commands as data: what help shows, what adapters register as slash commands, and what the parser looks up.

use super::form::{self, Kind, Slot};
use super::suggest::suggest;
use super::verbs::{self, Args};
use super::words::Word;
use super::{ChatCommand, Misunderstood};
use crate::domain::suppression::Kind as Suppression;

/// One command, as people are told about it.
#[derive(Debug, Clone, Copy)]
pub struct CommandHelp {
    /// Its name: lower-case letters only, so that every platform can register it.
    pub name: &'static str,
    /// How it is written: capitals stand for what the person fills in, brackets for what may be left out.
    pub usage: &'static str,
    /// One that can be typed as it stands.
    pub example: &'static str,
    /// What it does, in a line.
    pub what: &'static str,
    /// Other ways to begin it, lower case, of one word or several.
    pub aliases: &'static [&'static str],
    /// Its fields, in the order in which they are typed.
    pub slots: &'static [Slot],
    pub(super) read: fn(&mut Args<'_>) -> Result<ChatCommand, Misunderstood>,
}

impl CommandHelp {
    /// The command as it would have been typed, from what was filled in. A flag is on when it is `true`.
    #[must_use]
    pub fn typed(&self, filled_in: impl Fn(&str) -> Option<String>) -> String {
        form::typed(self.name, self.slots, filled_in)
    }
}

/// Every command, in the order in which help shows them.
pub const COMMANDS: &[CommandHelp] = &[
    CommandHelp {
        name: "help",
        usage: "help [COMMAND]",
        example: "help silence",
        what: "What you can type, or how one command is written.",
        aliases: &["commands", "usage"],
        slots: &[Slot::new("command", "", Kind::Command, "One command; all of them without")],
        read: verbs::help,
    },
    CommandHelp {
        name: "status",
        usage: "status",
        example: "status",
        what: "How the lab is, in a few lines.",
        aliases: &["show status"],
        slots: &[],
        read: |_| Ok(ChatCommand::Status),
    },
    CommandHelp {
        name: "incidents",
        usage: "incidents [all]",
        example: "incidents all",
        what: "The incidents that are not over; with `all` the closed ones too.",
        aliases: &["list", "list incidents", "show incidents", "open incidents"],
        slots: &[Slot::new("all", "all", Kind::Flag, "The closed ones too")],
        read: verbs::incidents,
    },
    CommandHelp {
        name: "show",
        usage: "show [N]",
        example: "show 3",
        what: "One incident and its story; in its thread the number can be left out.",
        aliases: &["incident"],
        slots: &[Slot::new("incident", "", Kind::Incident, "Which incident; this thread's without")],
        read: verbs::show,
    },
    CommandHelp {
        name: "changes",
        usage: "what changed? [since WHEN] [on TARGET] [for N]",
        example: "what changed since yesterday on nas?",
        what: "Possible causes: commits, deploys, edits, what Steward did. WHEN is `2h`, `yesterday`, `14:00` or a date.",
        aliases: &[
            "what changed",
            "what's changed",
            "what has changed",
            "what was changed",
            "whats changed",
            "show changes",
            "list changes",
        ],
        slots: &[
            Slot::new("since", "since", Kind::Time, "2h, yesterday, 14:00 or a date"),
            Slot::new("on", "on", Kind::Target, "Only what touches this target"),
            Slot::new("incident", "for", Kind::Incident, "Seen from this incident"),
        ],
        read: verbs::changes,
    },
    CommandHelp {
        name: "ack",
        usage: "ack [N]",
        example: "ack 3",
        what: "You are on it: stops reminders, not repair.",
        aliases: &["acknowledge"],
        slots: &[Slot::new("incident", "", Kind::Incident, "Which incident; this thread's without")],
        read: verbs::ack,
    },
    CommandHelp {
        name: "silence",
        usage: "silence [TARGET] for DURATION [because WHY]",
        example: "silence nas/media for 2h because new disk",
        what: "No messages, calls or automatic repair for a while; without a target, for this thread's.",
        aliases: &["mute"],
        slots: &[
            Slot::new("target", "", Kind::Target, "A target or {matchers}; this thread's root without"),
            Slot::new("from", "from", Kind::Soon, "From when: 22:00, tomorrow 8:00; at once without"),
            Slot::new("duration", "for", Kind::Duration, "How long: 2h, 30m, 1d").required(),
            Slot::new("comment", "because", Kind::Text, "Why"),
        ],
        read: |args| verbs::silence(args, Suppression::Silence),
    },
    CommandHelp {
        name: "maintenance",
        usage: "maintenance [TARGET] [from TIME] for DURATION [because WHY]",
        example: "maintenance nas from 22:00 for 2h because new disks",
        what: "A silence while somebody works on it: skills that can't look there are no problem meanwhile.",
        aliases: &[],
        slots: &[
            Slot::new("target", "", Kind::Target, "A target or {matchers}; this thread's root without"),
            Slot::new("from", "from", Kind::Soon, "From when: 22:00, tomorrow 8:00; at once without"),
            Slot::new("duration", "for", Kind::Duration, "How long: 2h, 30m, 1d").required(),
            Slot::new("comment", "because", Kind::Text, "Why"),
        ],
        read: |args| verbs::silence(args, Suppression::Maintenance),
    },
    CommandHelp {
        name: "silences",
        usage: "silences",
        example: "silences",
        what: "The silences and maintenance in force, and those to come.",
        aliases: &["list silences", "show silences"],
        slots: &[],
        read: |_| Ok(ChatCommand::Silences),
    },
    CommandHelp {
        name: "ignored",
        usage: "ignored [since WHEN]",
        example: "ignored since yesterday",
        what: "What was held back as noise, by which rule and how often; today's without a time.",
        aliases: &[
            "what did you ignore",
            "what have you ignored",
            "what was ignored",
            "what do you ignore",
            "what did you hold back",
            "what was held back",
            "held back",
            "show ignored",
        ],
        slots: &[Slot::new("since", "since", Kind::Time, "2h, yesterday, 14:00 or a date")],
        read: verbs::ignored,
    },
    CommandHelp {
        name: "digest",
        usage: "digest [since WHEN]",
        example: "digest since yesterday",
        what: "What broke, what was fixed, what waits for you; of the last 24 hours without a time.",
        aliases: &["what happened", "show digest"],
        slots: &[Slot::new("since", "since", Kind::Time, "2h, yesterday, 14:00 or a date")],
        read: verbs::digest,
    },
    CommandHelp {
        name: "unsilence",
        usage: "unsilence N",
        example: "unsilence 2",
        what: "Ends a silence early.",
        aliases: &["unmute"],
        slots: &[Slot::new("silence", "", Kind::Silence, "Which silence").required()],
        read: verbs::unsilence,
    },
    CommandHelp {
        name: "approve",
        usage: "approve N",
        example: "approve 7",
        what: "Permits exactly what the request shows, once.",
        aliases: &["allow"],
        slots: &[Slot::new("approval", "", Kind::Approval, "Which request").required()],
        read: verbs::approve,
    },
    CommandHelp {
        name: "deny",
        usage: "deny N [WHY]",
        example: "deny 7 too risky",
        what: "Refuses what the request shows.",
        aliases: &["reject"],
        slots: &[
            Slot::new("approval", "", Kind::Approval, "Which request").required(),
            Slot::new("reason", "because", Kind::Text, "Why"),
        ],
        read: verbs::deny,
    },
    CommandHelp {
        name: "approvals",
        usage: "approvals",
        example: "approvals",
        what: "What waits for a person's permission.",
        aliases: &["list approvals", "show approvals"],
        slots: &[],
        read: |_| Ok(ChatCommand::Approvals),
    },
    CommandHelp {
        name: "run",
        usage: "run SKILL",
        example: "run disk-space",
        what: "Runs a skill now.",
        aliases: &["check"],
        slots: &[Slot::new("skill", "", Kind::Skill, "Which skill").required()],
        read: verbs::run,
    },
    CommandHelp {
        name: "pause",
        usage: "pause",
        example: "pause",
        what: "From now on every change asks first.",
        aliases: &[],
        slots: &[],
        read: |_| Ok(ChatCommand::Pause),
    },
    CommandHelp {
        name: "resume",
        usage: "resume",
        example: "resume",
        what: "Ends a pause.",
        aliases: &["unpause"],
        slots: &[],
        read: |_| Ok(ChatCommand::Resume),
    },
    CommandHelp {
        name: "reload",
        usage: "reload",
        example: "reload",
        what: "Reads skills, runbooks, topology and policy again.",
        aliases: &[],
        slots: &[],
        read: |_| Ok(ChatCommand::Reload),
    },
    CommandHelp {
        name: "merge",
        usage: "merge N into M",
        example: "merge 4 into 3",
        what: "Two incidents are one fault: N ends, M goes on.",
        aliases: &[],
        slots: &[
            Slot::new("incident", "", Kind::Incident, "The incident that ends").required(),
            Slot::new("into", "into", Kind::Incident, "The incident that goes on").required(),
        ],
        read: verbs::merge,
    },
    CommandHelp {
        name: "split",
        usage: "split TARGET from N",
        example: "split lab/api from 3",
        what: "A target has a fault of its own and leaves incident N.",
        aliases: &[],
        slots: &[
            Slot::new("target", "", Kind::Target, "What has a fault of its own").required(),
            Slot::new("incident", "from", Kind::Incident, "The incident it leaves").required(),
        ],
        read: verbs::split,
    },
    CommandHelp {
        name: "clear",
        usage: "clear N",
        example: "clear 3",
        what: "An incident that was stuck is handled, or its source never says that it is over.",
        aliases: &["handled"],
        slots: &[Slot::new("incident", "", Kind::Incident, "The incident").required()],
        read: verbs::clear,
    },
    CommandHelp {
        name: "undo",
        usage: "undo [N]",
        example: "undo 3",
        what: "Take back what the last repair of incident N did, while that can be done.",
        aliases: &["take back", "roll back", "rollback"],
        slots: &[Slot::new("incident", "", Kind::Incident, "The incident whose repair is taken back")],
        read: verbs::undo,
    },
    CommandHelp {
        name: "trust",
        usage: "trust",
        example: "trust",
        what: "Which repairs have proved themselves, and where.",
        aliases: &["show trust"],
        slots: &[],
        read: |_| Ok(ChatCommand::Trust),
    },
    CommandHelp {
        name: "topology",
        usage: "topology [TARGET]",
        example: "topology nas/media",
        what: "What a target needs, what needs it, and how that is known.",
        aliases: &["show topology"],
        slots: &[Slot::new("target", "", Kind::Target, "Which target")],
        read: verbs::topology,
    },
    CommandHelp {
        name: "ask",
        usage: "ask [#N] WORDS",
        example: "ask the blog is slow since this morning",
        what: "A wish or a question in plain words, or more on case #N; in a thread the words alone do.",
        aliases: &[],
        slots: &[Slot::new("words", "", Kind::Text, "What you want, in your own words").required()],
        read: verbs::ask,
    },
    CommandHelp {
        name: "investigate",
        usage: "investigate [N]",
        example: "investigate 3",
        what: "Have the agent look into an incident; in its thread the number can be left out.",
        aliases: &["look into"],
        slots: &[Slot::new("incident", "", Kind::Incident, "Which incident; this thread's without")],
        read: verbs::investigate,
    },
    CommandHelp {
        name: "stop",
        usage: "stop [N]",
        example: "stop 3",
        what: "Stop the agent's run in this thread; repairs that have begun go on to a safe point.",
        aliases: &[],
        slots: &[Slot::new("incident", "", Kind::Incident, "Which incident; this thread's without")],
        read: verbs::stop,
    },
    CommandHelp {
        name: "goal",
        usage: "goal [NAME]",
        example: "goal health-check",
        what: "The agent's standing goals; with a name, runs that one now.",
        aliases: &["goals", "list goals", "run goal"],
        slots: &[Slot::new("name", "", Kind::Goal, "Which goal; all of them without")],
        read: verbs::goal,
    },
    CommandHelp {
        name: "adopt",
        usage: "adopt CONTAINER [on HOST] [to k8s|nomad|compose]",
        example: "adopt paperless on vm3",
        what: "Bring a container into the cluster: its plan, your decisions, then a request for your yes.",
        aliases: &[],
        slots: &[
            Slot::new("container", "", Kind::Name, "Which container, by its name").required(),
            Slot::new("host", "on", Kind::Host, "Where it runs now; this machine without"),
            Slot::new("to", "to", Kind::Cluster, "k8s, nomad or compose; the configured one without"),
        ],
        read: verbs::adopt,
    },
    CommandHelp {
        name: "decide",
        usage: "decide [#N] NUMBER CHOICE",
        example: "decide 3 share",
        what: "Settle or change a decision about what is brought into the cluster, in its thread or of case #N.",
        aliases: &[],
        slots: &[
            Slot::new("incident", "", Kind::Incident, "Which case; this thread's without"),
            Slot::new("decision", "", Kind::Decision, "The number of the decision").required(),
            Slot::new("choice", "", Kind::Name, "The choice").required(),
        ],
        read: verbs::decide,
    },
    CommandHelp {
        name: "skills",
        usage: "skills",
        example: "skills",
        what: "The skills and how their last runs went.",
        aliases: &["list skills", "show skills"],
        slots: &[],
        read: |_| Ok(ChatCommand::Skills),
    },
    CommandHelp {
        name: "runbooks",
        usage: "runbooks [NAME]",
        example: "runbooks",
        what: "The runbooks: what Steward can repair; or one of them, step by step.",
        aliases: &["list runbooks", "show runbooks"],
        slots: &[Slot::new("name", "", Kind::Runbook, "One runbook and what it does; all of them without")],
        read: verbs::runbooks,
    },
];

/// The command that a word names, by its name or another way to begin it. Letter case doesn't count.
#[must_use]
pub fn help_for(word: &str) -> Option<&'static CommandHelp> {
    let word = word.to_lowercase();
    COMMANDS.iter().find(|help| ways(help).any(|way| way == word))
}

/// The command that the words begin, by the longest way to begin it, and how many words that took.
pub(super) fn find(words: &[Word]) -> Option<(&'static CommandHelp, usize)> {
    let begun = |way: &&'static str| {
        let mut keys = words.iter().map(|word| word.key.as_str());
        way.split(' ').all(|part| keys.next() == Some(part))
    };
    let ways = COMMANDS.iter().flat_map(|help| ways(help).map(move |way| (help, way)));
    let found = ways.filter(|(_, way)| begun(way)).map(|(help, way)| (help, way.split(' ').count()));
    found.max_by_key(|(_, used)| *used)
}

/// The command that the first `count` words nearly are, and the right way to begin it.
pub(super) fn nearest(words: &[Word], count: usize) -> Option<(&'static CommandHelp, &'static str)> {
    let head: Vec<&str> = words.get(..count)?.iter().map(|word| word.key.as_str()).collect();
    let candidates = COMMANDS.iter().flat_map(ways).filter(|way| way.split(' ').count() == count);
    let near = suggest(&head.join(" "), candidates)?;
    Some((help_for(near)?, near))
}

fn ways(help: &'static CommandHelp) -> impl Iterator<Item = &'static str> {
    std::iter::once(help.name).chain(help.aliases.iter().copied())
}
