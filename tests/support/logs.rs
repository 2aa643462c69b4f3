//! What was logged at WARN and above. A story that does not expect it fails.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// The log of one story: of the thread that it runs on.
pub struct Logs {
    lines: Arc<Mutex<Vec<String>>>,
    _guard: tracing::subscriber::DefaultGuard,
    /// With a single one, a test beside this that has none could decide that a line interests nobody.
    _another: tracing::Dispatch,
}

impl Logs {
    pub fn listen() -> Self {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let guard = tracing::subscriber::set_default(Listener(lines.clone()));
        let another = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        Self { lines, _guard: guard, _another: another }
    }

    /// Takes out the lines that have this; there has to be one.
    pub fn expect(&self, part: &str) {
        let mut lines = self.lines.lock().unwrap();
        let before = lines.len();
        lines.retain(|line| !line.contains(part));
        assert!(lines.len() < before, "{part:?} was not logged; there is only {lines:#?}");
    }

    /// Takes out the lines that have this, if there are any.
    pub fn forgive(&self, part: &str) {
        self.lines.lock().unwrap().retain(|line| !line.contains(part));
    }

    pub fn nothing_unexpected(&self) {
        let lines = self.lines.lock().unwrap();
        assert!(lines.is_empty(), "logged and not expected: {lines:#?}");
    }
}

struct Listener(Arc<Mutex<Vec<String>>>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
