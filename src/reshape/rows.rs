//! A decoded picture row by row, in red, green and blue as they look on white, and the means of its parts. Never copies a
//! whole picture.

use image::{DynamicImage, GenericImageView, Rgb, RgbImage};

/// Reduces a picture to so many pixels, each the mean of what it covers. Made for far fewer than it has.
pub(super) fn reduced(picture: &DynamicImage, width: u32, height: u32) -> RgbImage {
    let (across, down) = (Spans::of(picture.width(), width), Spans::of(picture.height(), height));
    let mut reduced = RgbImage::new(width, height);
    let mut row = vec![0; picture.width() as usize * 3];
    let mut read = None;
    let mut sums = vec![0.0; row.len()];
    for (place, weights) in down.iter().enumerate() {
        sums.fill(0.0);
        for (y, weight) in weights {
            // A row that two pixels share is read for the first.
            if read != Some(y) {
                read_row(picture, y, &mut row);
                read = Some(y);
            }
            sums.iter_mut().zip(&row).for_each(|(sum, value)| *sum += weight * f32::from(*value));
        }
        for (column, weights) in across.iter().enumerate() {
            let mut mean = [0.5; 3];
            for (x, weight) in weights {
                let place = x as usize * 3;
                mean.iter_mut().zip(&sums[place..place + 3]).for_each(|(mean, sum)| *mean += weight * sum);
            }
            // As it is written in a file: a whole number, which the half above rounds.
            reduced.put_pixel(column as u32, place as u32, Rgb(mean.map(|value| value as u8)));
        }
    }
    reduced
}

/// One side, divided into so many equal spans, which need not begin or end where a pixel does.
struct Spans {
    length: u32,
    count: u32,
}

impl Spans {
    fn of(length: u32, count: u32) -> Self {
        Self { length, count }
    }

    /// The pixels of each span with their share in it.
    fn iter(&self) -> impl Iterator<Item = impl Iterator<Item = (u32, f32)>> {
        let (length, count) = (u64::from(self.length), u64::from(self.count));
        // In parts of a pixel of which each has as many as there are spans, all ends are whole numbers.
        (0..count).map(move |span| {
            let (start, end) = (span * length, (span + 1) * length);
            (start / count..end.div_ceil(count)).map(move |pixel| {
                let share = end.min((pixel + 1) * count) - start.max(pixel * count);
                (pixel as u32, share as f32 / length as f32)
            })
        })
    }
}

/// Reads a row into red, green and blue of 8 bits.
fn read_row(picture: &DynamicImage, y: u32, row: &mut [u8]) {
    fn line<const SAMPLES: usize>(samples: &[u8], y: u32, width: usize) -> &[[u8; SAMPLES]] {
        let (pixels, _) = samples.as_chunks();
        &pixels[y as usize * width..][..width]
    }
    let (to, _) = row.as_chunks_mut::<3>();
    let width = to.len();
    match picture {
        DynamicImage::ImageRgb8(picture) => to.copy_from_slice(line(picture, y, width)),
        DynamicImage::ImageRgba8(picture) => {
            let pixels = line::<4>(picture, y, width);
            to.iter_mut().zip(pixels).for_each(|(to, pixel)| *to = on_white(*pixel));
        }
        DynamicImage::ImageLuma8(picture) => {
            to.iter_mut().zip(line::<1>(picture, y, width)).for_each(|(to, [light])| *to = [*light; 3]);
        }
        // What few programs write.
        other => to.iter_mut().zip(0..).for_each(|(to, x)| *to = on_white(other.get_pixel(x, y).0)),
    }
}

fn on_white([red, green, blue, alpha]: [u8; 4]) -> [u8; 3] {
    let (alpha, through) = (u32::from(alpha), u32::from(u8::MAX - alpha) * 255);
    [red, green, blue].map(|value| ((u32::from(value) * alpha + through + 127) / 255) as u8)
}
