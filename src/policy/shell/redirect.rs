//! Redirections: what is read and written besides what the words say.

use brush_parser::ast::{IoFileRedirectKind as Kind, IoFileRedirectTarget as Target, IoRedirect};

use super::super::segment::Word;
use super::super::sight::Input;
use super::Shell;
use super::scope::Scope;
use super::units;

impl Shell<'_> {
    /// Sees what a redirection reads or writes, and sets what the command then reads.
    pub(super) fn redirect(&mut self, redirect: &IoRedirect, scope: &mut Scope) {
        match redirect {
            IoRedirect::File(number, kind, target) => self.file(*number, kind, target, scope),
            IoRedirect::OutputAndError(word, append) => {
                let file = self.word(&word.value, scope);
                self.writes(file, *append, scope);
            }
            IoRedirect::HereString(number, word) => {
                let text = self.word(&word.value, scope);
                let input = text.known().map_or(Input::Some, |text| Input::Text(format!("{text}\n")));
                reads(*number, input, scope);
            }
            IoRedirect::HereDocument(number, document) => {
                let text = &document.doc.value;
                let expands = document.requires_expansion && units::may_expand(text);
                if expands && text.contains(['`', '(', '{']) {
                    self.sight.opaque("its here-document may run commands", vec![text.clone()]);
                }
                let changed = expands || document.requires_expansion && text.contains('\\');
                reads(*number, if changed { Input::Some } else { Input::Text(text.clone()) }, scope);
            }
        }
    }

    fn file(&mut self, number: Option<i32>, kind: &Kind, target: &Target, scope: &mut Scope) {
        match (kind, target) {
            (_, Target::Fd(_)) => {}
            (_, Target::ProcessSubstitution(_, subshell)) => {
                if matches!(kind, Kind::Read | Kind::ReadAndWrite) {
                    reads(number, Input::Some, scope);
                }
                let mut inner = scope.clone();
                inner.context.input = Input::Some;
                self.list(&subshell.list, &mut inner);
            }
            (
                Kind::DuplicateInput | Kind::DuplicateOutput,
                Target::Duplicate(word) | Target::Filename(word),
            ) => {
                self.duplicate(number, kind, &word.value, scope);
            }
            (_, Target::Filename(word) | Target::Duplicate(word)) => {
                let file = self.word(&word.value, scope);
                match kind {
                    Kind::Read => {
                        let empty = file.known() == Some("/dev/null");
                        reads(number, if empty { Input::None } else { Input::Some }, scope);
                        self.reads_file(file, scope);
                    }
                    Kind::ReadAndWrite => {
                        reads(number, Input::Some, scope);
                        self.reads_file(file.clone(), scope);
                        self.writes(file, true, scope);
                    }
                    Kind::Append => self.writes(file, true, scope),
                    _ => self.writes(file, false, scope),
                }
            }
        }
    }

    /// `2>&1`, `<&-`; and `>&file`, which writes.
    fn duplicate(&mut self, number: Option<i32>, kind: &Kind, raw: &str, scope: &mut Scope) {
        let word = self.word(raw, scope);
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        match word.known() {
            Some("-") if matches!(kind, Kind::DuplicateInput) => reads(number, Input::None, scope),
            Some(text) if digits(text.strip_suffix('-').unwrap_or(text)) => {
                if matches!(kind, Kind::DuplicateInput) && text != "0" {
                    reads(number, Input::Some, scope);
                }
            }
            _ if matches!(kind, Kind::DuplicateOutput) => self.writes(word, false, scope),
            _ => self.sight.opaque("nobody knows what it reads from", vec![raw.to_owned()]),
        }
    }

    fn reads_file(&mut self, file: Word, scope: &Scope) {
        if !matches!(file.known(), Some("/dev/null" | "/dev/stdin" | "/dev/fd/0")) {
            self.redirected_file(vec![Word::Known("cat".into()), file], scope);
        }
    }

    fn writes(&mut self, file: Word, append: bool, scope: &Scope) {
        const NOWHERE: [&str; 5] = ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/fd/1", "/dev/fd/2"];
        if !file.known().is_some_and(|file| NOWHERE.contains(&file)) {
            let flag = append.then(|| Word::Known("-a".into()));
            let words = [Word::Known("tee".into())].into_iter().chain(flag).chain([file]).collect();
            self.redirected_file(words, scope);
        }
    }

    fn redirected_file(&mut self, words: Vec<Word>, scope: &Scope) {
        let file = words.last().map_or("", Word::text);
        if ["/dev/tcp/", "/dev/udp/"].iter().any(|net| file.contains(net)) {
            let texts = vec![file.to_owned()];
            return self
                .sight
                .opaque("it opens a connection: bash takes this file for a host and a port", texts);
        }
        // The file is opened by the shell, which reads nothing for it.
        let mut context = scope.context.clone();
        context.input = Input::None;
        context.env.clear();
        self.sight.see(words, &context);
    }
}

/// Only what replaces descriptor 0 is what a command reads.
fn reads(number: Option<i32>, input: Input, scope: &mut Scope) {
    if number.unwrap_or(0) == 0 {
        scope.context.input = input;
    }
}
