//! A file's path as an address. Never opens a file.

use std::ffi::OsStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What may stand in an address as it is: the unreserved characters of RFC 3986, and the slash between folders. A
/// colon is not among them, so a folder's name is never taken for a scheme.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The address of a file below a folder, `/` between folders.
pub(super) fn address(file: impl AsRef<OsStr>) -> String {
    percent_encode(file.as_ref().as_encoded_bytes(), ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_means_anything_in_an_address() {
        assert_eq!(address("Möbel/50% off #1?.jpg"), "M%C3%B6bel/50%25%20off%20%231%3F.jpg");
        assert_eq!(address("javascript:alert(1)"), "javascript%3Aalert%281%29");
        assert_eq!(address("mug-7_a~2.jpg"), "mug-7_a~2.jpg");
    }
}
