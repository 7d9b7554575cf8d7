//! In which format a manifest is written, as its name or a person says. Never looks into it.

use std::path::Path;
use std::str::FromStr;

use super::paths::without_gz;
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
}

impl ManifestFormat {
    /// Plain `.csv`.
    pub const CSV: Self = Self { rows: RowFormat::Csv, gzip: false };

    /// The format that a file's name tells, in whatever case; none if its ending is no manifest's.
    pub fn of_file(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_string_lossy().to_lowercase();
        let (_, ending) = without_gz(&name).rsplit_once('.')?;
        let rows = RowFormat::of_ending(ending)?;
        Some(Self { rows, gzip: name.ends_with(".gz") })
    }
}

impl RowFormat {
    fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

impl FromStr for ManifestFormat {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let plain = without_gz(text);
        let rows = RowFormat::of_ending(plain).ok_or_else(|| UnknownValue {
            value: text.to_owned(),
            what: "the format of a manifest",
            known: "csv, tsv or jsonl, or one of them with .gz".to_owned(),
        })?;
        Ok(Self { rows, gzip: plain != text })
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
        ] {
            assert_eq!(ManifestFormat::of_file(Path::new(name)), Some(ManifestFormat { rows, gzip }), "{name}");
        }
        for name in ["a", "a.gz", "a.xlsx", "csv", "csv.gz", "a.csv.gz.gz", "a.csv.zip", ".."] {
            assert_eq!(ManifestFormat::of_file(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn a_person_names_a_format_by_its_ending() {
        let format = ManifestFormat { rows: RowFormat::Tsv, gzip: true };
        assert_eq!("tsv.gz".parse(), Ok(format));
        for text in ["", "gz", ".gz", "CSV", "xlsx", "ä"] {
            assert!(
                text.parse::<ManifestFormat>().unwrap_err().to_string().contains("use csv, tsv or jsonl"),
                "{text}"
            );
        }
    }
}
