//! Whether a picture has the shape that was asked for. Never looks at the picture itself.

use super::request::AspectRatio;

/// How far a picture's sides may be from the ratio and still be it: the model rounds them to multiples of 16 pixels,
/// which makes 1.1 % at most (16:9 comes as 1376 × 768), while the two nearest ratios (4:5 and 3:4) are 6 % apart.
const TOLERANCE: f64 = 0.03;

/// Whether so many pixels across and down have this ratio.
pub fn fits(ratio: AspectRatio, width: u32, height: u32) -> bool {
    let sides = ratio.as_str().split_once(':');
    let number = |side: &str| side.parse::<f64>().ok();
    let Some((across, down)) = sides.and_then(|(across, down)| Some((number(across)?, number(down)?))) else {
        return true;
    };
    let form = f64::from(width) / f64::from(height.max(1)) / (across / down);
    (form - 1.0).abs() <= TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_the_model_sends_fit_and_those_of_other_ratios_do_not() {
        let sizes = [
            ("1:1", 1024, 1024),
            ("3:2", 1264, 848),
            ("4:3", 1200, 896),
            ("4:5", 928, 1152),
            ("16:9", 1376, 768),
            ("21:9", 1584, 672),
        ];
        for (name, width, height) in sizes {
            let fitting = AspectRatio::ALL.iter().filter(|ratio| fits(**ratio, width, height));
            assert_eq!(fitting.map(|ratio| ratio.as_str()).collect::<Vec<_>>(), [name]);
        }
        assert!(!fits(AspectRatio::Square, 0, 0));
    }
}
