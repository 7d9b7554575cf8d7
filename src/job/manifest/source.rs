//! A manifest's bytes behind its byte order mark, and where each stands. Never holds the file.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

use crate::job::fault::{Place, Problem, starts_character};

/// Bytes asked of the file at once.
pub const BLOCK: usize = 64 * 1024;

/// What is left of a file whose first bytes were looked at.
pub type Source = BufReader<Chain<Cursor<Vec<u8>>, File>>;

/// Opens a file behind the byte order mark of UTF-8; that of UTF-16 is a problem.
pub fn open(path: &Path) -> io::Result<(Source, Option<Problem>)> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    file.by_ref().take(3).read_to_end(&mut start)?;
    let mut problem = None;
    match start[..] {
        [0xEF, 0xBB, 0xBF] => start.clear(),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            let message = "the file is in UTF-16; save it as UTF-8 (in a spreadsheet: as \"CSV UTF-8\")";
            problem = Some(Problem::new(Place::START, message));
        }
        _ => {}
    }
    Ok((BufReader::with_capacity(BLOCK, Cursor::new(start).chain(file)), problem))
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
