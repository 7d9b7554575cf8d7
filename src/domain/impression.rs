//! How a picture looks from far away, and whether two look alike: made of the means of its parts. Never decodes one.

/// How a picture looks from far away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Impression {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether it is one colour all over, or next to that.
    pub is_blank: bool,
    /// A bit for each of 8 by 8 places: whether it is lighter than its neighbour to the right (a difference hash).
    pub hash: u64,
    /// Mean red, green and blue of 8 by 8 places, row by row.
    pub grid: [u8; 192],
}

impl Impression {
    /// An impression is made of so many parts a side: the eight places of the grid, and the nine in a row whose eight
    /// differences are the hash, are each made of whole ones.
    pub const PARTS: usize = 72;

    /// The impression of a picture, upright, of whose parts these are the mean red, green and blue, row by row: as many
    /// as [`Impression::PARTS`] squared.
    pub fn of(width: u32, height: u32, parts: &[[u8; 3]]) -> Self {
        debug_assert_eq!(parts.len(), Self::PARTS * Self::PARTS);
        Self { width, height, is_blank: is_blank(parts), hash: hash(parts), grid: grid(parts) }
    }

    /// Whether another picture looks nearly the same, be it written otherwise or in another size: the same form, its edges
    /// in the same places, and there the same colours.
    pub fn resembles(&self, other: &Self) -> bool {
        (self.hash ^ other.hash).count_ones() <= OTHER_EDGES
            && self.is_formed_like(other)
            && self.is_coloured_like(other)
    }

    /// Whether any of these does.
    pub fn resembles_any<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> bool {
        others.into_iter().any(|other| self.resembles(other))
    }

    fn is_formed_like(&self, other: &Self) -> bool {
        let across = |one: &Self, other: &Self| u64::from(one.width) * u64::from(other.height);
        let (one, two) = (across(self, other), across(other, self));
        one.abs_diff(two) * OTHER_FORM <= one.max(two)
    }

    fn is_coloured_like(&self, other: &Self) -> bool {
        let off: u32 = self.grid.iter().zip(&other.grid).map(|(one, other)| u32::from(one.abs_diff(*other))).sum();
        off * 2 <= OTHER_COLOURS * 192
    }
}

// Measured on 46 pictures, drawn and others: written anew as JPEG of quality 95 to 30, or at 1,500 to 160 pixels, none was
// more than 2 bits and 1.4 of its colours from itself. Of 64,620 pairs of 360 different products, drawn in one studio and
// so alike as products can be, the nearest were 2 bits and 1.6 apart, or 5 and 1.5, or 1 and 2.5. A wrong word costs a
// picture more than a missed one, so these lie close to what is the same.

/// So many of the 64 bits of the hash may differ.
const OTHER_EDGES: u32 = 3;
/// So far the colours of the places may be apart on average: in halves, of 255.
const OTHER_COLOURS: u32 = 3;
/// The ratio of width to height may be off by one part of so many: small sides are rounded.
const OTHER_FORM: u64 = 25;

/// How far a part may be from the middle colour of a blank picture, of 255, in any of red, green and blue.
const NEXT_TO: u8 = 8;
/// One part of so many may be further: a speck, or a mark in a corner, is no content.
const SPECKS: usize = 200;

fn is_blank(parts: &[[u8; 3]]) -> bool {
    let middle = [0, 1, 2].map(|colour| median(parts.iter().map(|part| part[colour])));
    let is_off = |part: &[u8; 3]| part.iter().zip(middle).any(|(value, middle)| value.abs_diff(middle) > NEXT_TO);
    parts.iter().filter(|part| is_off(part)).count() <= parts.len() / SPECKS
}

fn median(values: impl ExactSizeIterator<Item = u8>) -> u8 {
    let mut left = values.len() / 2;
    let mut counts = [0_usize; 256];
    values.for_each(|value| counts[usize::from(value)] += 1);
    let place = counts.iter().position(|count| {
        let is_here = *count > left;
        left = left.saturating_sub(*count);
        is_here
    });
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or_default()
}

/// So much lighter, of 255, a place has to be than its neighbour: what is all but even would be tossed by how a picture is
/// encoded.
const LIGHTER: u32 = 2;

fn hash(parts: &[[u8; 3]]) -> u64 {
    let places = means::<9, 8>(parts);
    // As eyes weigh the three (BT.601), in thousandths.
    let light = |[red, green, blue]: [u32; 3]| (299 * red + 587 * green + 114 * blue) / 1000;
    let rows = places.chunks(9).flat_map(|row| row.windows(2));
    rows.fold(0, |hash, pair| hash << 1 | u64::from(light(pair[0]) > light(pair[1]) + LIGHTER * SHARPER))
}

fn grid(parts: &[[u8; 3]]) -> [u8; 192] {
    let mut grid = [0; 192];
    for (place, mean) in grid.iter_mut().zip(means::<8, 8>(parts).into_iter().flatten()) {
        *place = u8::try_from((mean + SHARPER / 2) / SHARPER).unwrap_or(u8::MAX);
    }
    grid
}

/// Means are told in fractions so fine.
const SHARPER: u32 = 64;

/// The mean red, green and blue of so many places across and down, row by row, in fractions of [`SHARPER`].
fn means<const ACROSS: usize, const DOWN: usize>(parts: &[[u8; 3]]) -> Vec<[u32; 3]> {
    let (wide, high) = (Impression::PARTS / ACROSS, Impression::PARTS / DOWN);
    let mut sums = vec![[0_u32; 3]; ACROSS * DOWN];
    for (place, part) in parts.iter().enumerate() {
        let (row, column) = (place / Impression::PARTS, place % Impression::PARTS);
        for (sum, value) in sums[row / high * ACROSS + column / wide].iter_mut().zip(part) {
            *sum += u32::from(*value);
        }
    }
    let count = u32::try_from(wide * high).unwrap_or(u32::MAX);
    sums.into_iter().map(|sum| sum.map(|value| value * SHARPER / count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A picture whose parts are what this says of their column and row.
    fn seen(part: impl Fn(usize, usize) -> [u8; 3]) -> Impression {
        let places = 0..Impression::PARTS.pow(2);
        let parts: Vec<_> = places.map(|n| part(n % Impression::PARTS, n / Impression::PARTS)).collect();
        Impression::of(720, 720, &parts)
    }

    /// A darker square of this many parts in a light one.
    fn square(left: usize, side: usize, dark: u8) -> Impression {
        let is_in = move |x: usize, y: usize| (left..left + side).contains(&x) && (20..20 + side).contains(&y);
        seen(move |x, y| if is_in(x, y) { [dark, dark, 90] } else { [230, 228, 225] })
    }

    #[test]
    fn one_colour_is_blank_be_it_noisy_or_marked_in_a_corner() {
        for grey in [0, 7, 128, 255] {
            assert!(seen(|_, _| [grey, 10, 200]).is_blank);
        }
        assert!(seen(|x, y| [100 + ((x * 7 + y * 13) % 9) as u8; 3]).is_blank, "grain");
        assert!(square(60, 5, 0).is_blank, "a mark");
        assert!(!square(60, 6, 0).is_blank, "a ring on a table");
        assert!(!seen(|x, _| [x as u8 * 2 + 20; 3]).is_blank, "a wall in the light");
    }

    #[test]
    fn a_bit_is_a_place_that_is_lighter_than_its_neighbour_to_the_right() {
        assert_eq!(seen(|x, _| [250 - 3 * x as u8; 3]).hash, u64::MAX);
        assert_eq!(seen(|x, _| [3 * x as u8; 3]).hash, 0);
        let half = seen(|x, y| if y < 36 { [250 - 3 * x as u8; 3] } else { [9; 3] });
        assert_eq!(half.hash, u64::from(u32::MAX) << 32, "the first row's bits are the highest");
        assert_eq!(seen(|x, _| [100 + (x / 8 % 2) as u8; 3]).hash, 0, "what is all but even");
    }

    #[test]
    fn the_grid_has_the_mean_of_each_place() {
        let one = seen(|x, y| if x < 9 && y < 9 { [1, 2, 3] } else { [200, 100, 50] });
        assert_eq!(
            (&one.grid[..3], &one.grid[3..6], &one.grid[189..]),
            (&[1, 2, 3][..], &[200, 100, 50][..], &[200, 100, 50][..])
        );
    }

    #[test]
    fn another_place_another_colour_and_another_form_are_another_picture() {
        let one = square(20, 24, 40);
        assert!(one.resembles(&square(20, 24, 43)));
        assert!(!one.resembles(&square(38, 24, 40)), "another place");
        assert!(!one.resembles(&square(20, 24, 80)), "another colour");
        assert!(one.resembles(&Impression { width: 300, height: 303, ..one }), "rounded");
        assert!(!one.resembles(&Impression { width: 300, height: 400, ..one }), "another form");
    }

    proptest! {
        #[test]
        fn a_picture_resembles_itself_in_every_size_and_others_only_both_ways(
            parts in proptest::collection::vec(any::<[u8; 3]>(), 64),
            others in proptest::collection::vec(any::<[u8; 3]>(), 64),
            factor in 1_u32..9,
        ) {
            let coarse = |colours: &[[u8; 3]]| seen(|x, y| colours[y / 9 * 8 + x / 9]);
            let (one, other) = (coarse(&parts), coarse(&others));
            let resized = Impression { width: 90 * factor, height: 90 * factor, ..one };
            prop_assert!(one.resembles(&resized));
            prop_assert_eq!(one.resembles(&other), other.resembles(&one));
        }
    }
}
