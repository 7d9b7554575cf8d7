//! The pictures as a data set: a line of JSON for each image, as Hugging Face's image folder reads it. Never names a
//! file that is not there.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::domain::{Artifact, ImageFile, Usd};
use crate::queue::{ItemRecord, RowRecord};

/// One image. Every line has every key, and a key one type, for a reader infers its columns from them: the image folder
/// from the first 10 MB alone. A column of nothing but nulls has no type there, and the first text behind it would break
/// the reading off; so text that is missing is empty. A number may be null.
#[derive(Serialize)]
struct Line<'a> {
    /// Path below the output folder, where this file lies too.
    file_name: &'a str,
    /// The prompt.
    text: &'a str,
    id: &'a str,
    /// 1 for the item's picture, 2 and up for further images of the same answer. (`image` and `label` are names the
    /// image folder keeps for itself.)
    number: u32,
    caption: &'a str,
    model: &'a str,
    aspect_ratio: &'static str,
    finish_reason: &'a str,
    attempts: u32,
    /// What the item cost; only with its first image, so that the column adds up.
    cost_usd: Option<Usd>,
    blake3: &'a str,
    bytes: u64,
    width: Option<u32>,
    height: Option<u32>,
}

/// Writes the lines to anything, a row of the manifest at a time.
pub struct Metadata<W: Write> {
    output: PathBuf,
    to: W,
}

impl<W: Write> Metadata<W> {
    /// Begins with nothing; the files are looked for below `output`.
    pub fn new(output: &Path, to: W) -> Self {
        Self { output: output.to_owned(), to }
    }

    /// The lines of one row: those of its items that have a picture. Rows with the same request share an item, and an
    /// image belongs into a data set once.
    pub fn write(&mut self, row: &RowRecord) -> io::Result<()> {
        for item in row.items.iter().filter(|item| !item.repeated) {
            if let Some(artifact) = &item.artifact {
                self.images(item, artifact)?;
            }
        }
        Ok(())
    }

    /// Hands back what the lines were written to.
    pub fn finish(self) -> W {
        self.to
    }

    fn images(&mut self, item: &ItemRecord, artifact: &Artifact) -> io::Result<()> {
        for (image, number) in artifact.images.iter().zip(1..) {
            if self.output.join(&image.file).is_file() {
                serde_json::to_writer(&mut self.to, &line(item, artifact, image, number))?;
                self.to.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}

fn line<'a>(record: &'a ItemRecord, artifact: &'a Artifact, image: &'a ImageFile, number: u32) -> Line<'a> {
    let request = &record.item.request;
    Line {
        file_name: &image.file,
        text: &request.prompt,
        id: record.item.id.as_str(),
        number,
        caption: record.caption().unwrap_or_default(),
        model: &request.model,
        aspect_ratio: request.aspect_ratio.map_or("", |ratio| ratio.as_str()),
        finish_reason: artifact.finish_reason.as_deref().unwrap_or_default(),
        attempts: record.attempts,
        cost_usd: record.cost.filter(|_| number == 1),
        blake3: &image.blake3,
        bytes: image.bytes,
        width: image.width,
        height: image.height,
    }
}
