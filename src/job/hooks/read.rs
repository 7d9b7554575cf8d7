//! `[hooks]` as TOML: every mistake at its place, and none of the values repeated. Never runs one.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::super::fault::Place;
use super::super::headers::Headers;
use super::super::nearest::nearest;
use super::super::setting::TimeSpan;
use super::{Hook, HookAct, HookAddress, HookMethod, Hooks, ShellLine, Words};
use crate::domain::Fields;

/// What is wrong, and where in the file.
type Wrong = (Range<usize>, String);

type Key<'text> = Spanned<DeString<'text>>;
type Value<'text> = Spanned<DeValue<'text>>;

/// When hooks run.
const OCCASIONS: [&str; 3] = ["on_success", "on_failure", "on_item"];
/// The keys of a hook that is a table.
const KEYS: [&str; 5] = ["command", "url", "timeout", "headers", "method"];

const HOW: &str = "write a command like \"notify-send done\", an address, or a table like { command = [\"mail\", \"me\"] } \
                   or { url = \"https://…\", timeout = \"10s\" }";
const AMBIGUOUS: &str = "is this one command, or are these several hooks? write one as { command = [\"notify-send\", \
                         \"done\"] }, and each of several as a table of its own, like [{ command = \"./tell.sh\" }, …]";

/// What `[hooks]` says, or all that is wrong with it. `text` is that of the whole file.
pub(in super::super) fn read(value: &Value<'_>, text: &str) -> Result<Hooks, Vec<Wrong>> {
    let (hooks, wrong) = understood(value, text);
    if wrong.is_empty() { Ok(hooks) } else { Err(wrong) }
}

/// What is right of `[hooks]`.
pub(super) fn salvaged(value: &Value<'_>, text: &str) -> Hooks {
    understood(value, text).0
}

fn understood(value: &Value<'_>, text: &str) -> (Hooks, Vec<Wrong>) {
    let mut hooks = Hooks::default();
    let Some(table) = value.get_ref().as_table() else {
        let message = "`hooks`: write a table, like [hooks] and below it on_failure = \"notify-send failed\"";
        return (hooks, vec![(value.span(), message.to_owned())]);
    };
    let mut reading = Reading { text, within: String::new(), wrong: Vec::new() };
    for (key, value) in table {
        let name: &str = key.get_ref();
        reading.within = format!("hooks.{name}");
        match name {
            "on_success" => hooks.on_success = reading.hooks(value),
            "on_failure" => hooks.on_failure = reading.hooks(value),
            "on_item" => hooks.on_item = reading.hooks(value),
            _ => reading.wrong.push((key.span(), format!("`hooks`: {}", unknown(name, &OCCASIONS)))),
        }
    }
    (hooks, reading.wrong)
}

fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(&name.to_lowercase().replace('-', "_"), known) {
        Some(near) => format!("unknown key `{name}`; did you mean `{near}`?"),
        None => format!("unknown key `{name}`; the keys are {}", known.join(", ")),
    }
}

/// The reading of the hooks of one occasion.
struct Reading<'a> {
    text: &'a str,
    within: String,
    wrong: Vec<Wrong>,
}

impl Reading<'_> {
    /// One hook, or a list of them.
    fn hooks(&mut self, value: &Value<'_>) -> Vec<Hook> {
        let Some(list) = value.get_ref().as_array() else { return self.hook(value).into_iter().collect() };
        let words = list.iter().map(|entry| entry.get_ref().as_str()).collect::<Option<Vec<_>>>();
        if let Some([first, _, ..]) = words.as_deref()
            && !first.trim().contains(char::is_whitespace)
            && !HookAddress::is_meant(first)
        {
            self.note(value.span(), AMBIGUOUS);
            return Vec::new();
        }
        list.iter().filter_map(|entry| self.hook(entry)).collect()
    }

    fn hook(&mut self, value: &Value<'_>) -> Option<Hook> {
        let place = Place::of_offset(self.text, value.span().start);
        if let Some(table) = value.get_ref().as_table() {
            let (act, timeout) = self.table(value, table.iter().collect())?;
            return Some(Hook { act, timeout, place });
        }
        let act = match value.get_ref() {
            DeValue::String(text) if HookAddress::is_meant(text) => self.request(value)?,
            DeValue::String(_) | DeValue::Array(_) => self.command(value)?,
            _ => return self.complain(value, HOW),
        };
        Some(Hook { act, timeout: None, place })
    }

    /// A hook that says more than what to run or to ask.
    fn table(
        &mut self,
        whole: &Value<'_>,
        entries: Vec<(&Key<'_>, &Value<'_>)>,
    ) -> Option<(HookAct, Option<Duration>)> {
        let before = self.wrong.len();
        for (key, _) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.get_ref().as_ref())) {
            let message = unknown(key.get_ref(), &KEYS);
            self.note(key.span(), &message);
        }
        let entry = |name: &str| entries.iter().copied().find(|(key, _)| key.get_ref() == name);
        let timeout = entry("timeout").and_then(|(_, value)| self.timeout(value));
        let method = entry("method").map_or(Some(HookMethod::default()), |(_, value)| self.method(value));
        let headers = entry("headers").map_or(Some(Headers::default()), |(_, value)| self.headers(value));
        let act = match (entry("command"), entry("url")) {
            (Some((_, command)), None) => {
                for (key, _) in ["headers", "method"].into_iter().filter_map(entry) {
                    self.note(key.span(), "only an address has headers and a method; this is a command");
                }
                self.command(command)
            }
            (None, Some((_, url))) => self.request(url),
            (Some(_), Some((key, _))) => {
                self.note(key.span(), "a hook is a command or an address; make two of them, in a list");
                None
            }
            (None, None) if self.wrong.len() > before => None,
            (None, None) => self.complain(whole, HOW),
        };
        let act = match act? {
            HookAct::Request { address, .. } => HookAct::Request { address, method: method?, headers: headers? },
            act => act,
        };
        (self.wrong.len() == before).then_some((act, timeout))
    }

    /// A line for the shell, or words for none.
    fn command(&mut self, value: &Value<'_>) -> Option<HookAct> {
        let is_empty = |text: &str| text.trim().is_empty() || text.contains('\0');
        match value.get_ref() {
            DeValue::String(line) if is_empty(line) => self.complain(value, "the command is empty; write one"),
            DeValue::String(line) if HookAddress::is_meant(line) => {
                self.complain(value, "this is an address; write it as url = \"https://…\"")
            }
            DeValue::String(line) => Some(HookAct::Shell(ShellLine(line.to_string()))),
            DeValue::Array(words) => {
                let texts = words.iter().map(|word| word.get_ref().as_str().map(str::to_owned));
                match texts.collect::<Option<Vec<_>>>() {
                    Some(words) if words.first().is_some_and(|program| !is_empty(program)) => {
                        Some(HookAct::Program(Words(words)))
                    }
                    Some(_) => self.complain(value, "the command is empty; write the program and what is given to it"),
                    None => self.complain(value, "a command's words are text; put each into quotes"),
                }
            }
            _ => self.complain(value, "a command is text, or a list of words; put it into quotes"),
        }
    }

    /// An address, without headers so far.
    fn request(&mut self, value: &Value<'_>) -> Option<HookAct> {
        let Some(text) = value.get_ref().as_str() else {
            return self.complain(value, "an address is text; put it into quotes");
        };
        match HookAddress::of(text) {
            Ok(address) => {
                let (method, headers) = (HookMethod::default(), Headers::default());
                Some(HookAct::Request { address, method, headers })
            }
            Err(why) => self.complain(value, &why),
        }
    }

    fn timeout(&mut self, value: &Value<'_>) -> Option<Duration> {
        match value.get_ref().as_str().map(str::parse::<TimeSpan>) {
            Some(Ok(span)) => Some(span.0),
            Some(Err(error)) => self.complain(value, &error.to_string()),
            None => self.complain(value, "a time is text with its unit; write one like timeout = \"10s\""),
        }
    }

    fn method(&mut self, value: &Value<'_>) -> Option<HookMethod> {
        let known = value.get_ref().as_str().and_then(|text| {
            HookMethod::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, method)| method)
        });
        known.or_else(|| self.complain(value, "the method is \"POST\", \"PUT\" or \"GET\""))
    }

    fn headers(&mut self, value: &Value<'_>) -> Option<Headers> {
        let Some(table) = value.get_ref().as_table() else {
            return self.complain(value, "headers are a table; write them like { X-Team = \"catalogue\" }");
        };
        // A value that is no text is found wrong by itself, without being repeated.
        let texts = table.iter().map(|(key, value)| (key.get_ref().to_string(), fields_text(value)));
        match Headers::of_hook(&texts.collect::<Fields>()) {
            Ok(headers) => Some(headers),
            Err(bad) => {
                for entry in bad {
                    let key = table.iter().find(|(key, _)| *key.get_ref() == *entry.key).map(|(key, _)| key.span());
                    self.note(key.unwrap_or(value.span()), &entry.message);
                }
                None
            }
        }
    }

    fn complain<T>(&mut self, value: &Value<'_>, message: &str) -> Option<T> {
        self.note(value.span(), message);
        None
    }

    fn note(&mut self, at: Range<usize>, message: &str) {
        self.wrong.push((at, format!("`{}`: {message}", self.within)));
    }
}

fn fields_text(value: &Value<'_>) -> serde_json::Value {
    value.get_ref().as_str().map_or(serde_json::Value::Null, |text| text.into())
}

#[cfg(test)]
mod tests;
