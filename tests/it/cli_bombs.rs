//! Pictures that claim to be huge: nothing here unpacks pixels, so a claim is only a number. Never a real picture.

use std::fs;

use crate::support::gemini::{answer, image_part};
use crate::support::server::{Server, json};
use crate::support::workspace::Workspace;

/// A PNG of a few bytes that claims so many pixels.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    [b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR", &size[..], b"\x08\x06\0\0\0\0\0\0\0\0\0\0\0IEND\xAE\x42\x60\x82"].concat()
}

#[test]
fn a_picture_that_claims_billions_of_pixels_is_a_file_like_any_other() {
    for (width, height) in [(u32::MAX, u32::MAX), (0, 0), (1, u32::MAX)] {
        let (here, bomb) = (Workspace::new(), claiming(width, height));
        let server = Server::start([json(200, &answer(&image_part(&bomb), "STOP"))]);
        fs::write(here.path("bomb.png"), &bomb).unwrap();
        here.write("list.csv", "id,prompt,images,aspect_ratio\na,a cup,bomb.png,1:1\n");
        here.overnight("run list.csv").at(&server.url()).end().exits(0);
        assert_eq!(fs::read(here.path("output/list/a.png")).unwrap(), bomb);
        here.overnight("run list.csv --rehearse").end();
    }
}
