//! Pictures that stand for reference images which a rehearsal may not fetch. Never knows whose they are: a name is drawn.

use axum::http::StatusCode;

use super::picture::{Drawing, Format, draw};

/// Where they lie, below the root of the server, each under any name.
pub const STAND_INS: &str = "/stand-ins";

/// Pixels of a side: enough to be seen on a contact sheet.
const SIDE: u32 = 512;
/// The longest name that is drawn, in characters; what is longer is no hash.
const LONGEST_NAME: usize = 100;

/// The picture of this name.
pub(super) fn drawn(name: &str) -> Result<(Format, Vec<u8>), StatusCode> {
    if name.len() > LONGEST_NAME {
        return Err(StatusCode::NOT_FOUND);
    }
    let short = name.get(..8).unwrap_or(name);
    let note = "drawn in place of a reference image";
    let drawing = Drawing { prompt: short, note, width: SIDE, height: SIDE, variation: 0 };
    Ok((Format::Jpeg, draw(&drawing, Format::Jpeg)))
}
