//! The words of `export`. Never acts on them.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::WorkspaceArgs;
use crate::queue::ItemState;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  # every row and column of the list, and what became of it
  overnight export nightly > results.csv
  # what failed, to be mended and run again
  overnight export nightly --status failed -o failed.csv
  # the paths of the pictures
  overnight export nightly --format jsonl | jq -r '.file // empty'
  # for a shop that fetches the pictures where they were uploaded to
  overnight export nightly --format shopify -o import.csv \\
      --image-url https://cdn.shop.example/2026/
  # what was approved in a review, with who said so, and why
  overnight export nightly --approved --verdicts -o approved.csv

The list's own columns come first, as they were. Behind them: status, file,
caption, attempts, finish_reason, failure, cost_usd, blake3, width, height. A
column of the list with one of these names comes back as manifest_<name>. A row
with several items gives a line for each; one without an item gives one line,
without results.

Formats:
  csv       own cells are exactly as they were; what the model or the server
            said never begins a formula
  jsonl     the same with numbers and null, and every value as it was
  shopify   every row once, with its picture in Image Src, Image Position and
            Image Alt Text (the caption; else what stands there, else Title),
            or in these columns of Shopify's newer export. Further pictures of
            a row follow its product, in rows with nothing but the handle. A
            row without a picture stays as it was. Of items that failed, csv
            tells all, and shopify only where a row has nothing better

What was said in a review (`overnight review`): a caption that a person edited
stands in place of the model's, here and as Image Alt Text. --approved takes
the items whose approval is of the picture that they have now. --favourites
takes of each row the picture that was chosen to stand for it, whether it is
the newest one or not, and where none was chosen the only approved one; a
picture that was rejected is none. With csv and jsonl, rows of which nothing is
left are left out. With shopify every row stays, one of which nothing is left
as it was, and a product's favourite comes first. --verdicts adds verdict,
favourite (the file), note, reviewed_by, reviewed_at.";

#[derive(Args, Debug)]
pub(in crate::cli) struct ExportArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    /// How it is written
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    pub format: ExportFormat,
    /// The file it is written to, in one instant; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// Only items that stand so, and their rows; may be given several times
    #[arg(long = "status", value_name = "STATUS", value_parser = item_state())]
    pub states: Vec<ItemState>,
    /// Only items whose picture is approved, and their rows
    #[arg(long, conflicts_with = "favourites")]
    pub approved: bool,
    /// Only the pictures that stand for their rows
    #[arg(long)]
    pub favourites: bool,
    /// Tell what was said of each item as well
    #[arg(long)]
    pub verdicts: bool,
    /// With shopify: the address at which the output folder's pictures can be fetched, such as
    /// https://cdn.shop.example/2026/
    #[arg(long, value_name = "PREFIX", env = "OVERNIGHT_IMAGE_URL", value_parser = image_url)]
    pub image_url: Option<String>,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

/// How `export` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    /// A table: a line an item
    Csv,
    /// JSON Lines: an object an item
    Jsonl,
    /// A table to import into a Shopify shop: a line a row, and one for each further picture
    Shopify,
}

/// The states of an item by their names.
fn item_state() -> impl TypedValueParser<Value = ItemState> {
    let names = PossibleValuesParser::new(ItemState::ALL.iter().map(|state| state.as_str()));
    names.try_map(|name| {
        let state = ItemState::ALL.iter().copied().find(|state| state.as_str() == name);
        state.ok_or("this is no status")
    })
}

/// What stands before a picture's path in its address: with a slash at its end, unless the path belongs into a query.
fn image_url(text: &str) -> Result<String, String> {
    let behind = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let is_address = behind.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if !is_address || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("this is no address; write for example https://cdn.shop.example/2026/".to_owned());
    }
    let is_whole = text.ends_with('/') || text.contains('?');
    Ok(if is_whole { text.to_owned() } else { format!("{text}/") })
}
