//! Whether a text can stand in a column at all: what a job file puts into every row is told there, and not with each row.
//! Never looks at a row.

use super::cells::parse;
use super::raw_row::TEMPLATED;
use super::{names, naming};
use crate::domain::{AspectRatio, ImageSize, Modalities, Thinking};
use crate::job::setting::{ModelName, Seed, Temperature};
use crate::job::shape::Known;

/// What job files may say of columns.
pub const KNOWN: Known = Known { columns: &TEMPLATED, wrong_with };

/// What is wrong with a text in this column, whatever else stands in its row.
fn wrong_with(column: &str, text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match column {
        "aspect_ratio" => parse::<AspectRatio>(text).err(),
        "image_size" => parse::<ImageSize>(text).err(),
        "thinking" => parse::<Thinking>(text).err(),
        "modalities" => parse::<Modalities>(text).err(),
        "temperature" => parse::<Temperature>(text).err(),
        "seed" => parse::<Seed>(text).err(),
        "model" => parse::<ModelName>(text).err(),
        "variants" => naming::variants(text).err(),
        "name" => names::path(text).err(),
        _ => None,
    }
}
