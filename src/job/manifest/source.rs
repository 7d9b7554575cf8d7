//! A manifest's bytes behind its byte order mark, and where each stands. Never holds the file.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::trace::Trace;
use crate::job::fault::{Place, Problem, starts_character};
use crate::job::{ManifestFormat, RowFormat};

/// Bytes asked of the file at once.
pub const BLOCK: usize = 64 * 1024;

/// How data compressed with gzip begins (RFC 1952). No text in UTF-8 begins so.
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// What is left of a manifest whose first bytes were looked at.
pub type Source = BufReader<Bytes>;

/// Bytes from wherever they come.
type Bytes = Box<dyn Read + Send>;

/// Opens a file, or with none standard input, behind the byte order mark of UTF-8; that of UTF-16 is a problem.
/// What is compressed with gzip is decompressed as it is read; the format may demand that it be. A workbook is a problem
/// where text is expected.
pub fn open(file: Option<&Path>, format: ManifestFormat, trace: &Trace) -> io::Result<(Source, Option<Problem>)> {
    let mut bytes: Bytes = match file {
        Some(path) => Box::new(trace.of(File::open(path)?)),
        None => Box::new(io::stdin()),
    };
    let mut start = first(&mut bytes, GZIP.len())?;
    let compressed = start == GZIP;
    let mut problem = None;
    if compressed {
        bytes = Box::new(Gunzip(MultiGzDecoder::new(Cursor::new(start).chain(bytes))));
        start = Vec::new();
    } else if format.gzip {
        let message = "the file is not compressed with gzip, though its name or `manifest_format` ends in .gz; leave \
                       that ending out, or compress the file again";
        problem = Some(Problem::new(Place::START, message));
    }
    match first(&mut bytes, 3 - start.len()) {
        Ok(rest) => start.extend(rest),
        Err(error) if compressed => problem = Some(cut_off(Place::START, &error)),
        Err(error) => return Err(error),
    }
    match start[..] {
        _ if format.rows == RowFormat::Xlsx => {}
        // How archives begin, of which .xlsx is one, and .xls.
        [b'P', b'K', 3] | [0xD0, 0xCF, 0x11] => {
            let message = "the file is a spreadsheet's and no text; if it is a .xlsx workbook give it that ending, or save \
                           its sheet as CSV UTF-8";
            problem = Some(Problem::new(Place::START, message));
        }
        [0xEF, 0xBB, 0xBF] => start.clear(),
        // With its mark, or without: the first characters of a list are ASCII, whose other half is zero.
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, (1..), ..] | [(1..), 0, ..] => {
            let message = "the file is in UTF-16; save it as UTF-8 (in a spreadsheet: as \"CSV UTF-8\")";
            problem = Some(Problem::new(Place::START, message));
        }
        _ => {}
    }
    Ok((BufReader::with_capacity(BLOCK, Box::new(Cursor::new(start).chain(bytes))), problem))
}

/// Up to so many bytes from the beginning.
fn first(bytes: &mut Bytes, count: usize) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    bytes.take(count as u64).read_to_end(&mut first)?;
    Ok(first)
}

/// That a manifest cannot be read from `place` on.
pub fn cut_off(place: Place, error: &io::Error) -> Problem {
    Problem::new(place, format!("the file cannot be read on from here: {error}"))
}

/// Decompresses, and says what it means when it cannot.
struct Gunzip<R>(MultiGzDecoder<R>);

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into).map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::UnexpectedEof => "its gzip data is cut off; copy the whole file again",
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                    "its gzip data is damaged; copy the file again, or compress it again"
                }
                _ => return error,
            };
            io::Error::new(error.kind(), why)
        })
    }
}

/// Where a byte stands. A line ends with `\n`, `\r\n` or a lone `\r`.
#[derive(Clone, Copy)]
pub struct Position {
    line: u64,
    column: u64,
    after_return: bool,
}

impl Position {
    /// Where the first byte stands.
    pub const START: Self = Self { line: 1, column: 1, after_return: false };

    /// The place of the character that begins here.
    pub const fn place(self) -> Place {
        Place::new(self.line, self.column)
    }

    /// Where the byte behind `bytes` stands, the first of which stands here.
    pub fn behind(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => {}
                b'\n' | b'\r' => (self.line, self.column) = (self.line + 1, 1),
                byte => self.column += u64::from(starts_character(*byte)),
            }
            self.after_return = *byte == b'\r';
        }
        self
    }
}
