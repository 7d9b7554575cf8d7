//! The aspect ratios the model knows and their pixel sizes at 1K. Never invents another.

/// One aspect ratio and the picture size it stands for. Sizes are those observed for this model and its siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AspectRatio {
    /// As the protocol writes it, such as `16:9`.
    pub name: &'static str,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl AspectRatio {
    /// Every ratio the model takes.
    pub const ALL: [AspectRatio; 10] = [
        AspectRatio::new("1:1", 1024, 1024),
        AspectRatio::new("3:2", 1264, 848),
        AspectRatio::new("2:3", 848, 1264),
        AspectRatio::new("3:4", 896, 1200),
        AspectRatio::new("4:3", 1200, 896),
        AspectRatio::new("4:5", 928, 1152),
        AspectRatio::new("5:4", 1152, 928),
        AspectRatio::new("9:16", 768, 1376),
        AspectRatio::new("16:9", 1376, 768),
        AspectRatio::new("21:9", 1584, 672),
    ];
    /// What a request gets that names no ratio and brings no reference.
    pub const SQUARE: AspectRatio = AspectRatio::ALL[0];

    const fn new(name: &'static str, width: u32, height: u32) -> AspectRatio {
        AspectRatio { name, width, height }
    }

    /// The ratio of that name, if the model knows it.
    pub fn named(name: &str) -> Option<AspectRatio> {
        AspectRatio::ALL.into_iter().find(|ratio| ratio.name == name)
    }

    /// The ratio whose form is nearest to a picture of `width` by `height` pixels.
    pub fn nearest(width: usize, height: usize) -> AspectRatio {
        // Logarithms make twice as wide and twice as tall equally far from square.
        let form = (width.max(1) as f64 / height.max(1) as f64).ln();
        let distance = |ratio: &AspectRatio| (f64::from(ratio.width).ln() - f64::from(ratio.height).ln() - form).abs();
        let nearer = |a: &AspectRatio, b: &AspectRatio| distance(a).total_cmp(&distance(b));
        AspectRatio::ALL.into_iter().min_by(nearer).unwrap_or(AspectRatio::SQUARE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_every_size_is_nearest_to_its_own_ratio() {
        for ratio in AspectRatio::ALL {
            assert_eq!(AspectRatio::nearest(ratio.width as usize * 3, ratio.height as usize * 3), ratio);
        }
        assert_eq!(AspectRatio::nearest(0, 0), AspectRatio::SQUARE);
    }
}
