//! What `init` says: what it took for what, what it made, what to type next. Never decides anything.

use super::draft::{Id, Prompt};
use super::guess::Guessed;
use crate::cli::program;
use crate::report::words::{counted, one_line, shell_word};

/// Which column was taken for what, and how many items that gives.
pub fn guessed(list: &str, guessed: &Guessed) -> String {
    let Guessed { draft, read, .. } = guessed;
    let items = counted(read.items, "item", "items");
    let mut told = format!("{}: {} of {}\n", one_line(list), items, counted(read.rows, "row", "rows"));
    let mut say = |what: &str, words: String| told += &format!("  {what:<9} {}\n", one_line(&words));
    match &draft.prompt {
        Prompt::AsItIs => say("asked", "what the list says itself".to_owned()),
        Prompt::Photograph => say("asked", "each image anew, on a plain background".to_owned()),
        Prompt::Column(column) => say("asked", format!("`{column}`")),
        Prompt::Product { title, text, .. } => {
            say("title", format!("`{title}`"));
            text.iter().for_each(|text| say("text", format!("`{text}`, shortened")));
        }
    }
    match &draft.id {
        Id::Column(column) => say("id", format!("`{column}`")),
        Id::Slug(column) => say("id", format!("`{column}`, as it stands in an address")),
        Id::None => (),
    }
    if let Some(pictures) = &draft.pictures {
        let first = if pictures.separator.is_some() { "the first of " } else { "" };
        say("pictures", format!("{first}`{}`", pictures.column));
    } else if let Some(column) = &draft.forgone {
        say("pictures", format!("none, for those in `{column}` cannot be had"));
    }
    if let Some(condition) = draft.condition.as_ref().filter(|_| read.items < read.rows) {
        let other = condition.other.map(|(column, value)| format!(", and those whose `{column}` is {value}"));
        say("left out", format!("rows without `{}`{}", condition.filled, other.unwrap_or_default()));
    }
    if !draft.ignore.is_empty() {
        say("not read", format!("{}, which are no settings", draft.ignore.join(", ")));
    }
    told
}

/// What was written.
pub fn made(files: &[String]) -> String {
    files.iter().map(|file| format!("made {}\n", one_line(file))).collect()
}

/// What to type next for a job.
pub fn next(job: &str) -> String {
    let (program, job) = (shell_word(&program()), shell_word(job));
    format!(
        "\nNext:\n  # plays it through: no key, no network, nothing paid\n  {program} run {job} --rehearse\n  \
         # what it would ask for and cost\n  {program} plan {job}\n  \
         # in earnest, the first five\n  export OVERNIGHT_API_KEY=...\n  {program} run {job} --limit 5\n"
    )
}
