//! A job for somebody's list, as a file that explains itself. Never longer than a screen or two.

use std::fmt::Write as _;

use super::roles::Pictures;
use super::spelling::{escaped, filled, named, quoted, word};
use super::trial::About;
use crate::report::words::shell_word;

/// A job that may fit a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What is asked.
    pub prompt: Prompt,
    /// What an item is called.
    pub id: Id,
    /// Which rows are meant.
    pub condition: Option<Condition>,
    /// Where the pictures are that go along.
    pub pictures: Option<Pictures>,
    /// The column of pictures that cannot be had.
    pub forgone: Option<String>,
    /// The columns that are not read.
    pub ignore: Vec<String>,
}

/// Which rows are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The column that must hold something.
    pub filled: String,
    /// Whether blanks are nothing.
    pub trimmed: bool,
    /// A column, and what must not stand in it.
    pub other: Option<(&'static str, &'static str)>,
}

/// What is asked of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// What the list says in its own column `prompt`.
    AsItIs,
    /// What it says in another.
    Column(String),
    /// A photograph of what a row tells.
    Product {
        /// The column of the title.
        title: String,
        /// The column that says more.
        text: Option<String>,
        /// Whether that is HTML.
        has_tags: bool,
    },
    /// The photograph itself, anew.
    Photograph,
}

/// What an item is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// What this column says.
    Column(String),
    /// What this column says, as it can stand in an address.
    Slug(String),
    /// Nothing: it is named by its request, or as the list says.
    None,
}

impl Draft {
    /// One that takes a list as it is.
    pub fn of_nothing() -> Self {
        let (pictures, forgone, ignore) = (None, None, Vec::new());
        Self { prompt: Prompt::AsItIs, id: Id::None, condition: None, pictures, forgone, ignore }
    }

    /// One for a folder of images.
    pub fn of_folder() -> Self {
        Self { prompt: Prompt::Photograph, ..Self::of_nothing() }
    }

    /// The job file.
    pub fn text(&self, about: &About<'_>) -> String {
        let file = about.file.file_name().unwrap_or_default().to_string_lossy();
        let mut text = head(&shell_word(&format!("jobs/{file}")));
        text += FIRST;
        text += &about.list_lines();
        self.write_rows(&mut text);
        text += SETTINGS;
        self.write_template(&mut text);
        text
    }

    /// Which rows and columns of the list are meant.
    fn write_rows(&self, text: &mut String) {
        if let Some(Condition { filled, trimmed, other }) = &self.condition {
            *text += match &self.prompt {
                Prompt::Product { .. } => VARIANTS,
                _ => "\n# Which rows: those that ask for something.\n",
            };
            let mut condition = format!("{}{} != ''", named(filled), if *trimmed { " | trim" } else { "" });
            if let Some((column, value)) = other {
                let _ = write!(condition, " and {} != {}", named(column), word(value));
            }
            let _ = writeln!(text, "where = {}", quoted(&condition));
        }
        if !self.ignore.is_empty() {
            *text +=
                "\n# Columns of the list that are not meant as settings, though they are called so or nearly so.\n";
            let names: Vec<String> = self.ignore.iter().map(|name| quoted(name)).collect();
            let _ = writeln!(text, "ignore = [{}]", names.join(", "));
        }
    }

    fn write_template(&self, text: &mut String) {
        let Some(prompt) = self.prompt() else {
            *text += AS_IT_IS;
            return;
        };
        *text += TEMPLATE;
        match &self.id {
            Id::Column(column) => _ = writeln!(text, "id = {}", quoted(&filled(column, ""))),
            Id::Slug(column) => _ = writeln!(text, "id = {}", quoted(&filled(column, " | slug"))),
            Id::None => (),
        }
        let _ = writeln!(text, "prompt = \"\"\"\n{}\"\"\"", escaped(&prompt));
        self.write_pictures(text);
        if let Prompt::Product { title, .. } = &self.prompt {
            *text += "\n# Where a picture goes below the output folder, without its ending; `/` makes folders.\n";
            let _ = writeln!(text, "# name = {}", quoted(&filled(title, " | slug")));
        }
        *text += MATRIX;
    }

    fn write_pictures(&self, text: &mut String) {
        if let Some(pictures) = &self.pictures {
            let split = pictures.separator.map(|separator| format!(" | split({}) | first", word(separator)));
            let path = filled(&pictures.column, &(split.unwrap_or_default() + " | trim"));
            *text += "\n# The picture that goes along to the model; paths start at the list's folder, addresses are fetched.\n";
            let _ = writeln!(text, "images = [{}]", quoted(&path));
        } else if let Some(column) = &self.forgone {
            *text +=
                "\n# The list names pictures that are not where it says, so they do not go along. Once they are:\n";
            let _ = writeln!(text, "# images = [{}]", quoted(&filled(column, "")));
        } else if self.prompt != Prompt::Photograph {
            *text += "\n# Pictures that go along to the model; paths start at the list's folder, and * stands for anything.\n";
            let name = match &self.id {
                Id::Column(column) => filled(column, ""),
                _ => String::new(),
            };
            let _ = writeln!(text, "# images = [{}]", quoted(&format!("photos/{name}*.jpg")));
        }
    }

    /// The words that are asked; none where the list has them.
    fn prompt(&self) -> Option<String> {
        Some(match &self.prompt {
            Prompt::AsItIs => return None,
            Prompt::Column(column) => filled(column, ""),
            Prompt::Photograph => PHOTOGRAPH.to_owned(),
            Prompt::Product { title, text, has_tags } => {
                let tags = if *has_tags { " | striptags" } else { "" };
                let more = text.iter().map(|text| format!("\n{}", filled(text, &format!("{tags} | truncate(300)"))));
                let scene = format!("Studio photograph of {} {SCENE}", filled(title, " | trim"));
                scene + &self.likeness() + &more.collect::<String>()
            }
        })
    }

    /// That the product is the one in the picture, where there is one.
    fn likeness(&self) -> String {
        match &self.pictures {
            None => String::new(),
            Some(one) if one.in_every_row => format!(" {LIKENESS}"),
            Some(one) => format!("{{% if {} %}} {LIKENESS}{{% endif %}}", named(&one.column)),
        }
    }
}

/// The commands for a job, at the top of its file.
fn head(job: &str) -> String {
    let mut head = "# Begun by `overnight init`; every line is yours to change.\n#\n".to_owned();
    for (command, purpose) in [
        (format!("overnight run {job} --rehearse"), "plays it through: no key, no network, nothing paid"),
        (format!("overnight plan {job}"), "what it would ask for and cost"),
        ("export OVERNIGHT_API_KEY=...".to_owned(), "the key of your endpoint"),
        (format!("overnight run {job} --limit 20"), "the first twenty, to look at"),
        (format!("overnight run {job}"), "all of them; the same command again goes on"),
    ] {
        let width = job.len() + "overnight run  --rehearse".len();
        let _ = writeln!(head, "#   {command:<width$}   {purpose}");
    }
    head
}

const SCENE: &str = "on a plain light background, in soft daylight, true colours, no text.";

const LIKENESS: &str = "Keep the product exactly as in the reference image.";

const VARIANTS: &str = "
# Which rows: in a shop's export, those without this are variants or further pictures of the one above.
";

const FIRST: &str = "
# The list, which is read and never changed. Paths start at the folder of this file.
";

const SETTINGS: &str = "
# The shape of the pictures: 1:1, 3:2, 2:3, 3:4, 4:3, 4:5, 5:4, 9:16, 16:9 or 21:9; without it the model chooses.
# aspect_ratio = \"4:5\"

# Requests a minute at most, as your endpoint's quota allows.
# rpm = 300

# A pilot: only so many are made at first, and the others when `overnight approve` says that these are good.
# pilot = 20
";

const AS_IT_IS: &str = "
# What is asked stands in the list. A template takes its place: {{ title }} is what stands in the column `title`; a
# column whose name is no single word is {{ row['Its Name'] }}.
# [template]
# prompt = \"Studio photograph of {{ title }} on a plain light background.\"
";

const TEMPLATE: &str = "
# What is asked for each row. {{ Title }} is what stands in the column `Title`; a column whose name is no single word is
# {{ row['Its Name'] }}.
[template]
";

const MATRIX: &str = "
# Every row once with each of these values; then write {{ background }} into the prompt.
# [matrix]
# background = [\"white paper\", \"an oak table\"]
";

const PHOTOGRAPH: &str = "The product of this photograph, unchanged in shape, colour and proportions, as a studio photograph on a \
                          plain light background, in soft daylight, no text.";
