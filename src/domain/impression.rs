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
        off <= OTHER_COLOURS * 192
    }
}

/// So many of the 64 bits of the hash may differ.
const OTHER_EDGES: u32 = 4;
/// So far the colours of the places may be apart on average, of 255.
const OTHER_COLOURS: u32 = 4;
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
