//! What strikes the eye about a picture, and whether it does: plain data and pure decisions. Never decodes one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::impression::Impression;
use super::request::{Modalities, Request};
use super::values::{UnknownValue, values};

values! {
    /// Something that a picture should pass, called by what does not pass it.
    Check, "a check" {
        /// It has not the shape that was asked for.
        Shape = "shape",
        /// It is far smaller than anyone would ask for.
        Tiny = "tiny",
        /// It is one colour all over, or next to that.
        Blank = "blank",
        /// It is nearly the same as another item's.
        Duplicate = "duplicate",
        /// It is nearly the same as a reference that was sent along.
        Unchanged = "unchanged",
        /// A caption was asked for, and none came.
        Uncaptioned = "uncaptioned",
    }
}

/// The least pixels of a picture's shorter side, unless somebody says otherwise: more than a stamp has or a preview, and far
/// less than the model's own pictures, of which the widest (1584x672) has the fewest.
pub const LEAST_SIDE: u32 = 256;

/// Width and height of a picture, where its header tells them.
pub type Size = (Option<u32>, Option<u32>);

/// The first of an answer's pictures that has not the shape that was asked for. None where no shape was; a picture that
/// does not tell its size is taken as it is.
pub fn misshapen(request: &Request, sizes: impl IntoIterator<Item = Size>) -> Option<(u32, u32)> {
    let ratio = request.aspect_ratio?;
    let mut sizes = sizes.into_iter().filter_map(|(width, height)| Some((width?, height?)));
    sizes.find(|(width, height)| !ratio.fits(*width, *height))
}

/// The size of a picture, if its shorter side has less than so many pixels.
pub fn tiny((width, height): Size, least: u32) -> Option<(u32, u32)> {
    Some((width?, height?)).filter(|(width, height)| (*width).min(*height) < least)
}

/// Whether a caption was asked for, and none came.
pub fn is_uncaptioned(request: &Request, caption: Option<&str>) -> bool {
    caption.is_none() && request.modalities == Modalities::TextAndImage
}

/// An item's pictures as checks look at them. What is not known is not held against them.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// What was asked for.
    pub request: &'a Request,
    /// Width and height of each picture, the item's own first.
    pub sizes: &'a [Size],
    /// What the model said beside them.
    pub caption: Option<&'a str>,
    /// How the first looks, if anyone could look at it.
    pub impression: Option<&'a Impression>,
    /// How the references look that were sent along.
    pub references: &'a [Impression],
    /// Whether another item's looks nearly the same.
    pub has_twin: bool,
}

impl Looked<'_> {
    /// The checks that they do not pass, in the order in which they are told; `least` is the least of the shorter side.
    pub fn found(&self, least: u32) -> Vec<Check> {
        let is_found = |check: &Check| match check {
            Check::Shape => misshapen(self.request, self.sizes.iter().copied()).is_some(),
            Check::Tiny => self.sizes.first().is_some_and(|size| tiny(*size, least).is_some()),
            Check::Blank => self.impression.is_some_and(|impression| impression.is_blank),
            Check::Duplicate => self.has_twin,
            Check::Unchanged => self.impression.is_some_and(|impression| impression.resembles_any(self.references)),
            Check::Uncaptioned => is_uncaptioned(self.request, self.caption),
        };
        Check::ALL.iter().copied().filter(is_found).collect()
    }
}

/// The checks that a picture must pass to be kept, as a job says it. By itself it demands none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accept {
    /// That of its shape.
    pub shape: bool,
    /// That of its size: the least pixels of the shorter side.
    pub tiny: Option<u32>,
    /// That it shows anything.
    pub blank: bool,
    /// That no other item's looks nearly the same.
    pub duplicate: bool,
    /// That it is another picture than its references.
    pub unchanged: bool,
    /// That a caption came where one was asked for.
    pub uncaptioned: bool,
}

impl Accept {
    /// Whether a picture has to be decoded for it.
    pub fn looks(&self) -> bool {
        self.blank || self.duplicate || self.unchanged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AspectRatio;

    fn asked() -> Request {
        Request { aspect_ratio: Some(AspectRatio::R16x9), ..Request::new("m", "p") }
    }

    fn grey(value: u8) -> Impression {
        Impression::of(1376, 768, &[[value; 3]; Impression::PARTS * Impression::PARTS])
    }

    fn looked<'a>(request: &'a Request, sizes: &'a [Size]) -> Looked<'a> {
        Looked { request, sizes, caption: Some("a cup"), impression: None, references: &[], has_twin: false }
    }

    #[test]
    fn what_is_as_asked_passes_and_what_is_not_known_is_not_held_against_it() {
        let request = asked();
        assert_eq!(looked(&request, &[(Some(1376), Some(768))]).found(LEAST_SIDE), []);
        assert_eq!(looked(&request, &[(None, None), (Some(1376), None)]).found(LEAST_SIDE), []);
        assert_eq!(looked(&request, &[]).found(LEAST_SIDE), []);
    }

    #[test]
    fn each_check_is_found_by_what_it_is_about() {
        let request = asked();
        let (blank, sizes) = (grey(9), [(Some(255), Some(255))]);
        let everything = Looked {
            caption: None,
            impression: Some(&blank),
            references: &[grey(90), grey(10)],
            has_twin: true,
            ..looked(&request, &sizes)
        };
        assert_eq!(everything.found(LEAST_SIDE), Check::ALL);
        assert!(!everything.found(255).contains(&Check::Tiny), "the least is enough");
        let other = Looked { references: &[grey(90)], ..everything };
        assert!(!other.found(LEAST_SIDE).contains(&Check::Unchanged));
        let alone = Request { modalities: Modalities::Image, aspect_ratio: None, ..asked() };
        assert_eq!(Looked { request: &alone, impression: None, ..other }.found(1), [Check::Duplicate]);
    }

    #[test]
    fn the_shape_of_every_picture_counts_and_the_size_of_the_first() {
        let request = asked();
        let sizes = [(Some(1376), Some(768)), (Some(64), Some(64))];
        assert_eq!(looked(&request, &sizes).found(LEAST_SIDE), [Check::Shape]);
        assert_eq!(misshapen(&request, sizes), Some((64, 64)));
    }

    #[test]
    fn only_what_is_about_pixels_makes_anyone_look_at_them() {
        let glance = Accept { shape: true, tiny: Some(1), uncaptioned: true, ..Accept::default() };
        assert!(!glance.looks() && !Accept::default().looks());
        for accept in [
            Accept { blank: true, ..glance },
            Accept { duplicate: true, ..glance },
            Accept { unchanged: true, ..glance },
        ] {
            assert!(accept.looks());
        }
    }
}
