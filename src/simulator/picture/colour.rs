//! Colours by hue and by word. Never knows what they are for.

use tiny_skia::Color;

/// A colour as people think of it: hue in degrees, saturation and lightness from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tone {
    pub hue: f32,
    pub saturation: f32,
    pub lightness: f32,
}

impl Tone {
    pub const fn new(hue: f32, saturation: f32, lightness: f32) -> Tone {
        Tone { hue, saturation, lightness }
    }

    /// The same colour, lighter by `more` (darker when negative), within what colours can be.
    pub fn lighter(self, more: f32) -> Tone {
        Tone { lightness: (self.lightness + more).clamp(0.03, 0.97), ..self }
    }

    /// In red, green and blue from 0 to 1, by the usual HSL formula.
    pub fn rgb(self) -> [f32; 3] {
        let chroma = self.saturation * self.lightness.min(1.0 - self.lightness);
        [0.0, 8.0, 4.0].map(|offset| {
            let k = (offset + self.hue / 30.0).rem_euclid(12.0);
            self.lightness - chroma * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
        })
    }

    pub fn color(self, alpha: f32) -> Color {
        let [red, green, blue] = self.rgb().map(|part| part.clamp(0.0, 1.0));
        Color::from_rgba(red, green, blue, alpha.clamp(0.0, 1.0)).unwrap_or(Color::BLACK)
    }
}

/// Words for colours and materials, as prompts use them.
const WORDS: [(&str, Tone); 30] = [
    ("black", Tone::new(220.0, 0.06, 0.16)),
    ("charcoal", Tone::new(220.0, 0.06, 0.26)),
    ("grey", Tone::new(215.0, 0.05, 0.55)),
    ("gray", Tone::new(215.0, 0.05, 0.55)),
    ("silver", Tone::new(210.0, 0.08, 0.72)),
    ("steel", Tone::new(210.0, 0.10, 0.65)),
    ("white", Tone::new(40.0, 0.15, 0.92)),
    ("ivory", Tone::new(48.0, 0.45, 0.88)),
    ("cream", Tone::new(44.0, 0.50, 0.85)),
    ("beige", Tone::new(38.0, 0.35, 0.75)),
    ("tan", Tone::new(32.0, 0.40, 0.60)),
    ("oak", Tone::new(33.0, 0.45, 0.55)),
    ("wooden", Tone::new(28.0, 0.45, 0.45)),
    ("brown", Tone::new(24.0, 0.50, 0.32)),
    ("leather", Tone::new(24.0, 0.55, 0.38)),
    ("terracotta", Tone::new(16.0, 0.55, 0.52)),
    ("copper", Tone::new(20.0, 0.55, 0.50)),
    ("orange", Tone::new(26.0, 0.85, 0.54)),
    ("gold", Tone::new(43.0, 0.65, 0.52)),
    ("brass", Tone::new(43.0, 0.55, 0.48)),
    ("yellow", Tone::new(48.0, 0.88, 0.56)),
    ("green", Tone::new(145.0, 0.42, 0.40)),
    ("olive", Tone::new(70.0, 0.40, 0.36)),
    ("teal", Tone::new(180.0, 0.50, 0.36)),
    ("blue", Tone::new(214.0, 0.58, 0.48)),
    ("navy", Tone::new(222.0, 0.50, 0.26)),
    ("purple", Tone::new(275.0, 0.40, 0.45)),
    ("lavender", Tone::new(262.0, 0.45, 0.75)),
    ("pink", Tone::new(340.0, 0.65, 0.74)),
    ("red", Tone::new(2.0, 0.68, 0.46)),
];

/// The colour that the prompt names first, if it names one.
pub(super) fn named_in<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Tone> {
    words.find_map(|word| WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, tone)| *tone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_are_where_they_belong() {
        assert_eq!(Tone::new(0.0, 1.0, 0.5).rgb(), [1.0, 0.0, 0.0]);
        assert_eq!(Tone::new(120.0, 1.0, 0.5).rgb(), [0.0, 1.0, 0.0]);
        assert_eq!(Tone::new(240.0, 1.0, 0.5).rgb(), [0.0, 0.0, 1.0]);
        assert_eq!(Tone::new(77.0, 0.0, 0.25).rgb(), [0.25; 3]);
    }
}
