//! The job for a list that nobody has described: the first of several drafts, from the one that takes most of the list to
//! the plainest, with which it can be read without a mistake. Never hands one over that was not tried.

use std::iter::once;

use super::draft::{Condition, Draft, Id, Prompt};
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
    for draft in drafts {
        let text = draft.text(about);
        match about.read(&text)? {
            Ok(read) => return certain(about, Guessed { text, draft, read }),
            Err(faults) => wrong = Some((text, faults)),
        }
    }
    match wrong {
        Some((text, faults)) => Err(about.refused(&text, &faults)?),
        None => Err(lists_nothing(about)),
    }
}

/// The same, with the columns that are merely called almost like ours set aside, so that no run warns of them. Not where
/// the list is written for this program: there it may be a slip.
fn certain(about: &About<'_>, guessed: Guessed) -> anyhow::Result<Guessed> {
    let mut draft = guessed.draft.clone();
    if draft.prompt == Prompt::AsItIs || guessed.read.suspects.is_empty() {
        return Ok(guessed);
    }
    draft.ignore.extend(guessed.read.suspects.iter().cloned());
    let text = draft.text(about);
    Ok(about.read(&text)?.map_or(guessed, |read| Guessed { text, draft, read }))
}

/// What may be meant, the likeliest first.
fn drafts(survey: &Survey, about: &About<'_>) -> anyhow::Result<Vec<Draft>> {
    if survey.is_empty() {
        return Err(lists_nothing(about));
    }
    let roles = Roles::of(survey);
    let mut drafts = match roles.prompt.as_deref() {
        Some("prompt") => return Ok(with_prompts(survey)),
        // As the lines of the batch format have it.
        _ if survey.has("request") => vec![Draft::of_nothing()],
        _ => Vec::new(),
    };
    match roles.prompt.clone().or_else(|| roles.title.clone()) {
        Some(subject) => drafts.extend(of_products(survey, &roles, &subject)),
        None if drafts.is_empty() => return Err(unclear(survey, about)),
        None => (),
    }
    Ok(drafts)
}

/// A list of products, each of which this column names or asks for.
fn of_products(survey: &Survey, roles: &Roles, subject: &str) -> Vec<Draft> {
    let products = survey.without(subject, roles.variations);
    let template = match roles.prompt {
        Some(_) => Prompt::Column(subject.to_owned()),
        None => {
            let (title, text) = (subject.to_owned(), roles.text.clone());
            Prompt::Product { title, text, has_tags: has_tags(&products, roles) }
        }
    };
    let condition = Condition {
        filled: subject.to_owned(),
        trimmed: roles.prompt.is_some() || survey.has_blanks(subject),
        other: roles.variations,
    };
    let draft = |pictures: &Option<Pictures>, id: &Id, all| {
        let given = ["prompt", if *id == Id::None { "" } else { "id" }, if pictures.is_none() { "" } else { "images" }];
        Draft {
            prompt: template.clone(),
            id: id.clone(),
            condition: Some(condition.clone()),
            pictures: pictures.clone(),
            forgone: roles.pictures.as_ref().filter(|_| pictures.is_none()).map(|gone| gone.column.clone()),
            ignore: ignored(survey, all, &given),
        }
    };
    let ids = ids(&products, subject);
    let mut drafts = Vec::new();
    for pictures in once(roles.pictures.clone()).chain(roles.pictures.is_some().then_some(None)) {
        drafts.extend(ids.iter().flat_map(|id| [draft(&pictures, id, false), draft(&pictures, id, true)]));
    }
    drafts.dedup();
    drafts
}

/// What may name the products, the likeliest first.
fn ids(products: &Survey, subject: &str) -> Vec<Id> {
    let column = |column: &str| Id::Column(column.to_owned());
    let called = keys(products).take(MOST_KEYS).map(column);
    let slug = products.is_key(subject).then(|| Id::Slug(subject.to_owned()));
    called.chain(slug).chain(first_as_key(products).map(column)).chain(once(Id::None)).collect()
}

/// A list that was written for this program: taken as it is, then without the rows and columns that are not its own.
fn with_prompts(survey: &Survey) -> Vec<Draft> {
    let with = |trimmed, all, given: &[&str]| Draft {
        condition: Some(Condition { filled: "prompt".to_owned(), trimmed, other: None }),
        ignore: ignored(survey, all, given),
        ..Draft::of_nothing()
    };
    let (blanks, own, asked) = (survey.has_blanks("prompt"), ["id", "prompt", "images"], ["prompt"]);
    let filled = with(blanks, false, &READ);
    let (some, most, all) = (with(blanks, false, &own), with(blanks, true, &own), with(blanks, true, &asked));
    vec![Draft::of_nothing(), filled, some, most, all, with(true, true, &asked)]
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
