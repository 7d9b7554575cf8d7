//! The job for a list that nobody has described: the first of several drafts, from the one that takes most of the list to
//! the plainest, with which it can be read without a mistake. Never hands one over that was not tried.

use std::iter::once;

use super::draft::{Draft, Id, Prompt};
use super::roles::{Pictures, Roles, first_as_key, keys};
use super::survey::Survey;
use super::trial::{About, Read};
use crate::cli::exit::UsageError;
use crate::job::manifest::READ;

/// Columns that shops have too, for something else.
const AMBIGUOUS: [&str; 10] =
    ["id", "images", "name", "model", "labels", "extra", "safety", "variants", "seed", "temperature"];

/// Columns that may name items and are tried.
const MOST_KEYS: usize = 2;

/// A job for a list, and what it was guessed from.
pub struct Guessed {
    /// The job file.
    pub text: String,
    /// What it says.
    pub draft: Draft,
    /// What the list holds by it.
    pub read: Read,
}

/// Finds a job for a list.
pub fn guess(about: &About<'_>) -> anyhow::Result<Guessed> {
    let drafts = if about.is_folder { vec![Draft::of_folder()] } else { drafts(&about.survey()?, about)? };
    let mut wrong = None;
    for mut draft in drafts {
        draft.forgone = draft.forgone.filter(|_| wrong.is_some());
        let text = draft.text(about);
        match about.read(&text)? {
            Ok(read) => return Ok(Guessed { text, draft, read }),
            Err(faults) => wrong = Some((text, faults)),
        }
    }
    match wrong {
        Some((text, faults)) => Err(about.refused(&text, &faults)?),
        None => Err(lists_nothing(about)),
    }
}

/// What may be meant, the likeliest first.
fn drafts(survey: &Survey, about: &About<'_>) -> anyhow::Result<Vec<Draft>> {
    if survey.is_empty() {
        return Err(lists_nothing(about));
    }
    let roles = Roles::of(survey);
    let is_ours = survey.has("prompt") && roles.prompt.as_deref() == Some("prompt");
    if is_ours || survey.has("request") {
        return Ok(as_it_is(survey, is_ours));
    }
    let Some(subject) = roles.prompt.clone().or_else(|| roles.title.clone()) else {
        return Err(unclear(survey, about));
    };
    let products = survey.without(&subject, roles.variations);
    let template = match (&roles.prompt, &roles.title) {
        (Some(column), _) => Prompt::Column(column.clone()),
        (None, _) => {
            Prompt::Product { title: subject.clone(), text: roles.text.clone(), has_tags: has_tags(&products, &roles) }
        }
    };
    let ids = keys(&products).take(MOST_KEYS).map(|column| Id::Column(column.to_owned()));
    let slug = products.is_key(&subject).then(|| Id::Slug(subject.clone()));
    let first = first_as_key(&products).map(|column| Id::Column(column.to_owned()));
    let ids: Vec<Id> = ids.chain(slug).chain(first).chain(once(Id::None)).collect();
    let pictures = once(roles.pictures.clone()).chain(roles.pictures.is_some().then_some(None));
    let mut drafts = Vec::new();
    for pictures in pictures {
        for id in &ids {
            for all in [false, true] {
                let given =
                    ["prompt", if *id == Id::None { "" } else { "id" }, if pictures.is_none() { "" } else { "images" }];
                drafts.push(Draft {
                    prompt: template.clone(),
                    id: id.clone(),
                    condition: Some((subject.clone(), roles.variations)),
                    forgone: roles.pictures.clone().filter(|_| pictures.is_none()).map(|gone: Pictures| gone.column),
                    pictures: pictures.clone(),
                    ignore: ignored(survey, all, &given),
                });
            }
        }
    }
    drafts.dedup_by(|one, other| one == other);
    Ok(drafts)
}

/// A list that was written for this program: taken as it is, then without the rows and columns that are not its own.
fn as_it_is(survey: &Survey, has_prompts: bool) -> Vec<Draft> {
    let plain = Draft { prompt: Prompt::AsItIs, ..Draft::of_nothing() };
    let condition = has_prompts.then(|| ("prompt".to_owned(), None));
    let filled = Draft { condition, ..plain.clone() };
    let with = |all, given: &[&str]| Draft { ignore: ignored(survey, all, given), ..filled.clone() };
    let own = ["id", "prompt", "images"];
    let (some, most, all) = (with(false, &own), with(true, &own), with(true, &["prompt"]));
    let mut drafts = vec![plain, filled, some, most, all];
    drafts.dedup_by(|one, other| one == other);
    drafts
}

/// The columns that have a meaning for this program: those that mostly mean something else in a shop, or `all`; but none
/// of those that are given otherwise.
fn ignored(survey: &Survey, all: bool, given: &[&str]) -> Vec<String> {
    let is_other = |name: &&str| all || AMBIGUOUS.contains(name);
    let meant = READ.into_iter().filter(is_other).filter(|name| !given.contains(name));
    meant.filter(|name| survey.has(name)).map(str::to_owned).collect()
}

fn has_tags(products: &Survey, roles: &Roles) -> bool {
    let is_tagged =
        |cell: &str| cell.contains("</") || cell.contains("<br") || cell.contains('&') && cell.contains(';');
    let is_called_so = |column: &str| column.to_lowercase().contains("html");
    roles.text.iter().any(|column| is_called_so(column) || products.filled(column).any(is_tagged))
}

fn lists_nothing(about: &About<'_>) -> anyhow::Error {
    UsageError(format!("{} lists nothing; name a list with a row for each picture", about.list)).into()
}

/// That nothing tells what the pictures should show.
fn unclear(survey: &Survey, about: &About<'_>) -> anyhow::Error {
    let names: Vec<&str> = survey.columns().iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let message = format!(
        "no column of {} tells what its rows are; call the one that does `title`, or add a column `prompt` that says what \
         each picture should show (it has {})",
        about.list,
        names.join(", ")
    );
    UsageError(message).into()
}
