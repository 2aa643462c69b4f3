//! "Bring paperless on vm3 into the cluster": the sentences in which people say that, and `adopt` itself.
//!
//! A sentence is taken only where all of it is understood: "bring the logs over" is for somebody else.

use super::ChatCommand;
use super::words::Word;

/// Characters of a name at most: more than any container or machine has.
const NAME: usize = 128;

/// What a cluster is, as people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cluster {
    /// Kubernetes.
    K8s,
    /// Nomad.
    Nomad,
    /// Docker Compose.
    Compose,
}

impl Cluster {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::K8s, Self::Nomad, Self::Compose];

    /// What is typed for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::K8s => "k8s",
            Self::Nomad => "nomad",
            Self::Compose => "compose",
        }
    }

    /// The kind that a word means, in lower case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "k8s" | "k3s" | "kubernetes" | "kube" => Some(Self::K8s),
            "nomad" => Some(Self::Nomad),
            "compose" | "docker-compose" => Some(Self::Compose),
            _ => None,
        }
    }
}

/// What is to be brought, from where, and to what.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    container: Option<String>,
    host: Option<String>,
    to: Option<Cluster>,
    /// Whether it was said that it goes somewhere at all.
    goes: bool,
}

impl Wanted {
    pub(super) fn command(self) -> ChatCommand {
        ChatCommand::Adopt { container: self.container, host: self.host, to: self.to }
    }
}

/// How a sentence may begin in which somebody wants something.
const LEADS: [&[&str]; 9] = [
    &["can", "you"],
    &["could", "you"],
    &["would", "you"],
    &["i", "want", "to"],
    &["i", "want", "you", "to"],
    &["i'd", "like", "to"],
    &["i'd", "like", "you", "to"],
    &["let's"],
    &["let", "us"],
];
const VERBS: [&str; 7] = ["bring", "move", "migrate", "get", "take", "put", "adopt"];
const ARTICLES: [&str; 4] = ["the", "my", "our", "that"];
const THINGS: [&str; 5] = ["container", "service", "app", "stack", "project"];
const THESE: [&str; 3] = ["this", "it", "that"];

/// A whole sentence that says that something is to be brought into the cluster. `None`: it says something else.
pub(super) fn sentence(words: &[Word]) -> Option<ChatCommand> {
    let begins = |lead: &&&[&str]| {
        let keys = words.iter().map(|word| word.key.as_str());
        words.len() > lead.len() && keys.zip(lead.iter()).all(|(key, part)| key == *part)
    };
    let lead = LEADS.iter().filter(begins).map(|lead| lead.len()).max().unwrap_or(0);
    let mut rest = words.get(lead..)?;
    while rest.first().is_some_and(|word| ["please", "also", "just", "now"].contains(&word.key.as_str())) {
        rest = rest.get(1..)?;
    }
    let (verb, rest) = rest.split_first()?;
    if !VERBS.contains(&verb.key.as_str()) {
        return None;
    }
    let wanted = object_and_ways(rest)?;
    // `adopt` needs no more; whatever else people do with things, it has to say where to.
    (wanted.goes || verb.key == "adopt").then(|| wanted.command())
}

/// What follows the verb: the container, and in any order where it runs and where it goes.
pub(super) fn object_and_ways(words: &[Word]) -> Option<Wanted> {
    let mut reader = Reader { words, at: 0 };
    let mut wanted = reader.object()?;
    while reader.at < words.len() {
        reader.way(&mut wanted)?;
    }
    Some(wanted)
}

struct Reader<'a> {
    words: &'a [Word],
    at: usize,
}

impl Reader<'_> {
    fn key(&self, ahead: usize) -> &str {
        self.words.get(self.at + ahead).map_or("", |word| word.key.as_str())
    }

    fn accept(&mut self, keys: &[&str]) -> bool {
        let here = keys.contains(&self.key(0)) && !self.key(0).is_empty();
        self.at += usize::from(here);
        here
    }

    /// `paperless`, `the paperless container`, `vm3/docker/paperless`, or `this`.
    fn object(&mut self) -> Option<Wanted> {
        let more = |next: &str| !next.is_empty() && !is_way(next) && !THINGS.contains(&next);
        if THESE.contains(&self.key(0)) && !more(self.key(1)) {
            self.at += 1;
            if !self.accept(&THINGS) {
                self.accept(&["one"]);
            }
            return Some(Wanted::default());
        }
        self.accept(&ARTICLES);
        if THINGS.contains(&self.key(0)) && !is_way(self.key(1)) && !self.key(1).is_empty() {
            self.at += 1;
            self.accept(&["called", "named"]);
        }
        let word = self.words.get(self.at)?;
        if is_way(&word.key) {
            return None;
        }
        self.at += 1;
        // As the topology has it: the machine, what is between, and the container.
        let (host, container) = match word.bare.split_once('/') {
            Some((host, rest)) => (Some(name(host)?), rest.rsplit('/').next().unwrap_or(rest)),
            None => (None, word.bare.as_str()),
        };
        let wanted = Wanted { container: Some(name(container)?), host, ..Wanted::default() };
        self.accept(&THINGS);
        Some(wanted)
    }

    /// Where it runs, or where it goes; each at most once.
    fn way(&mut self, wanted: &mut Wanted) -> Option<()> {
        let start = self.at;
        if !wanted.goes && self.destination(wanted) {
            return Some(());
        }
        self.at = start;
        self.accept(&["that", "which"]);
        self.accept(&["is", "runs", "lives"]);
        self.accept(&["running", "living"]);
        if wanted.host.is_some() || !self.accept(&["on", "from", "at", "off"]) {
            return None;
        }
        self.accept(&["the", "my", "our"]);
        if ["host", "machine", "server", "vm"].contains(&self.key(0)) && name_follows(self.key(1)) {
            self.at += 1;
        }
        let word = self.words.get(self.at)?;
        self.at += 1;
        wanted.host = Some(name(&word.bare)?);
        Some(())
    }

    /// `into the cluster`, `to kubernetes`, `over`.
    fn destination(&mut self, wanted: &mut Wanted) -> bool {
        let over = self.accept(&["over", "across"]);
        let into = self.accept(&["into", "to", "in", "onto", "on", "inside"]);
        if into {
            self.accept(&["to", "the", "our", "my"]);
            self.accept(&["the", "our", "my"]);
        }
        let named = if !into {
            None
        } else if self.key(0) == "docker" && self.key(1) == "compose" {
            self.at += 2;
            Some(Cluster::Compose)
        } else {
            let kind = Cluster::parse(self.key(0));
            self.at += usize::from(kind.is_some());
            kind
        };
        let cluster = into && self.accept(&["cluster"]);
        // `over` says that it goes, where nothing but that or its place follows.
        wanted.goes = named.is_some() || cluster || over && !into;
        wanted.to = named;
        wanted.goes
    }
}

/// Whether a word begins to say where something runs or goes.
fn is_way(key: &str) -> bool {
    const WAYS: [&str; 16] = [
        "on", "from", "at", "off", "into", "to", "in", "onto", "inside", "over", "across", "that", "which",
        "running", "runs", "is",
    ];
    WAYS.contains(&key)
}

fn name_follows(key: &str) -> bool {
    !key.is_empty() && !is_way(key)
}

/// A name as Docker and ssh take it: no path, no option.
fn name(text: &str) -> Option<String> {
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    (begins && text.len() <= NAME && text.chars().all(good)).then(|| text.to_owned())
}
