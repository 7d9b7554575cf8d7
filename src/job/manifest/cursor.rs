//! The bytes of a file, one by one, with the place of each. Never looks at more than one ahead, never holds the file.

use std::io::{self, Read};

use crate::job::fault::{Place, Problem, starts_character};

/// Bytes asked of the source at once.
const BLOCK: usize = 64 * 1024;

/// Reads bytes and knows where it is. A line ends with `\n`, `\r\n` or a lone `\r`.
pub struct Cursor {
    source: Box<dyn Read + Send>,
    block: Box<[u8]>,
    at: usize,
    filled: usize,
    line: u64,
    column: u64,
    after_return: bool,
}

impl Cursor {
    /// Starts at the first byte of a source.
    pub fn new(source: Box<dyn Read + Send>) -> Self {
        Self {
            source,
            block: vec![0; BLOCK].into_boxed_slice(),
            at: 0,
            filled: 0,
            line: 1,
            column: 1,
            after_return: false,
        }
    }

    /// Where the next byte stands.
    pub const fn place(&self) -> Place {
        Place::new(self.line, self.column)
    }

    /// Skips the byte order mark of UTF-8; that of UTF-16 is a problem. To be called first.
    pub fn skip_mark(&mut self) -> io::Result<Option<Problem>> {
        self.fill(3)?;
        match &self.block[..self.filled] {
            [0xEF, 0xBB, 0xBF, ..] => self.at = 3,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                let message = "the file is in UTF-16; save it as UTF-8 (in a spreadsheet: as \"CSV UTF-8\")";
                return Ok(Some(Problem::new(Place::START, message)));
            }
            _ => {}
        }
        Ok(None)
    }

    /// The next byte, which stays the next.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.filled {
            self.fill(1)?;
        }
        Ok(self.block[..self.filled].get(self.at).copied())
    }

    /// The next byte, and on to the one after it.
    pub fn next(&mut self) -> io::Result<Option<u8>> {
        let next = self.peek()?;
        if let Some(byte) = next {
            self.at += 1;
            self.step_over(byte);
        }
        Ok(next)
    }

    fn step_over(&mut self, byte: u8) {
        match byte {
            b'\n' if self.after_return => {}
            b'\n' | b'\r' => {
                self.line += 1;
                self.column = 1;
            }
            _ if starts_character(byte) => self.column += 1,
            _ => {}
        }
        self.after_return = byte == b'\r';
    }

    /// Reads a new block of at least so many bytes, or what is left.
    fn fill(&mut self, least: usize) -> io::Result<()> {
        (self.at, self.filled) = (0, 0);
        while self.filled < least {
            match self.source.read(&mut self.block[self.filled..]) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
