//! In which format a manifest is written, as its name or a person says. Never looks into it.

use std::path::Path;
use std::str::FromStr;

use super::paths::{extension, without_gz};
use crate::domain::values::UnknownValue;

/// The format of a manifest, and whether it is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManifestFormat {
    /// How its rows are written.
    pub rows: RowFormat,
    /// Whether it says of itself that it is compressed with gzip. What does not say so may still be.
    pub gzip: bool,
}

/// How the rows of a manifest are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// Cells separated by commas.
    Csv,
    /// Cells separated by tabs.
    Tsv,
    /// A JSON object a line.
    JsonLines,
    /// The cells of a workbook's sheet.
    Xlsx,
    /// No rows at all: a folder, each of whose images is one.
    Folder,
}

impl ManifestFormat {
    /// Plain `.csv`.
    pub const CSV: Self = Self { rows: RowFormat::Csv, gzip: false };

    /// A folder of images.
    pub const FOLDER: Self = Self { rows: RowFormat::Folder, gzip: false };

    /// The format that a file's name tells, in whatever case; none if its ending is no manifest's.
    pub fn of_file(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_string_lossy().to_lowercase();
        let (_, ending) = without_gz(&name).rsplit_once('.')?;
        Some(Self { rows: RowFormat::of_ending(ending)?, gzip: name.ends_with(".gz") }).filter(Self::is_written)
    }

    /// Whether anybody writes it: a workbook is compressed in itself.
    fn is_written(&self) -> bool {
        !(self.gzip && self.rows == RowFormat::Xlsx)
    }
}

/// Whether a file's name is that of a spreadsheet of a kind that is not read.
pub fn is_foreign_sheet(file: &Path) -> bool {
    ["xls", "xlsb", "ods", "numbers"].contains(&extension(file).as_str())
}

impl RowFormat {
    fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            // The second has macros besides, which nobody runs here.
            "xlsx" | "xlsm" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

impl FromStr for ManifestFormat {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let plain = without_gz(text);
        let format = RowFormat::of_ending(plain).map(|rows| Self { rows, gzip: plain != text });
        format.filter(Self::is_written).ok_or_else(|| UnknownValue {
            value: text.to_owned(),
            what: "the format of a manifest",
            known: "csv, tsv, jsonl or xlsx, or one of the first three with .gz".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_format_in_whatever_case() {
        for (name, rows, gzip) in [
            ("a.csv", RowFormat::Csv, false),
            ("a.b.TSV", RowFormat::Tsv, false),
            ("a.jsonl.gz", RowFormat::JsonLines, true),
            ("A.NDJSON.Gz", RowFormat::JsonLines, true),
            ("A.XLSX", RowFormat::Xlsx, false),
            ("a.xlsm", RowFormat::Xlsx, false),
        ] {
            assert_eq!(ManifestFormat::of_file(Path::new(name)), Some(ManifestFormat { rows, gzip }), "{name}");
        }
        for name in ["a", "a.gz", "a.xls", "a.xlsx.gz", "csv", "csv.gz", "a.csv.gz.gz", "a.csv.zip", ".."] {
            assert_eq!(ManifestFormat::of_file(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn a_person_names_a_format_by_its_ending() {
        let format = ManifestFormat { rows: RowFormat::Tsv, gzip: true };
        assert_eq!("tsv.gz".parse(), Ok(format));
        for text in ["", "gz", ".gz", "CSV", "xlsx.gz", "xls", "ä"] {
            assert!(
                text.parse::<ManifestFormat>().unwrap_err().to_string().contains("use csv, tsv, jsonl or xlsx"),
                "{text}"
            );
        }
    }
}
