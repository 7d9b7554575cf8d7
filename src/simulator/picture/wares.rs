//! The wares of the studio: outlines as a lathe would turn them. Never says where or in which colours they stand.

/// One thing to put on the table. All depths run from 0 at its top to 1 at its foot.
#[derive(Debug)]
pub(super) struct Ware {
    /// Words of a prompt that ask for it, and that seldom stand for anything else.
    pub words: &'static [&'static str],
    /// From the top to the foot: depth, and half the width there as a share of the height.
    pub outline: &'static [(f32, f32)],
    /// Open at the top, so that one looks into it.
    pub open: bool,
    /// A handle at its right side: the depths where it begins and ends.
    pub handle: Option<(f32, f32)>,
    /// A label around it: the depths of its upper and lower edge.
    pub label: Option<(f32, f32)>,
    /// Where a window's light lies along its left side: the depths of its ends.
    pub shine: (f32, f32),
    /// Its height as a share of the room there is.
    pub tall: f32,
}

/// A plain closed ware, for the others to differ from.
const PLAIN: Ware =
    Ware { words: &[], outline: &[], open: false, handle: None, label: None, shine: (0.12, 0.84), tall: 0.8 };

/// Everything in stock. Where two are named in a prompt, the word that comes first decides.
#[rustfmt::skip]
pub(super) const WARES: [Ware; 12] = [
    Ware {
        words: &["bottle", "flask", "oil", "sauce", "perfume", "shampoo", "lotion", "beer"],
        outline: &[
            (0.0, 0.055), (0.05, 0.06), (0.06, 0.05), (0.26, 0.055), (0.34, 0.08), (0.46, 0.165), (0.95, 0.17),
            (1.0, 0.155),
        ],
        label: Some((0.56, 0.84)),
        shine: (0.5, 0.92),
        tall: 0.95,
        ..PLAIN
    },
    Ware {
        words: &["vase", "amphora", "urn"],
        outline: &[(0.0, 0.16), (0.12, 0.10), (0.45, 0.29), (0.8, 0.19), (1.0, 0.14)],
        open: true,
        shine: (0.24, 0.8),
        tall: 0.86,
        ..PLAIN
    },
    Ware {
        words: &["mug", "cup", "coffee", "tea", "tankard"],
        outline: &[(0.0, 0.40), (0.5, 0.395), (0.9, 0.38), (0.97, 0.355), (1.0, 0.33)],
        open: true,
        handle: Some((0.2, 0.76)),
        tall: 0.6,
        ..PLAIN
    },
    Ware {
        words: &["jug", "pitcher", "carafe", "kettle", "teapot"],
        outline: &[(0.0, 0.17), (0.2, 0.15), (0.62, 0.30), (0.93, 0.22), (1.0, 0.21)],
        open: true,
        handle: Some((0.1, 0.66)),
        shine: (0.34, 0.86),
        ..PLAIN
    },
    Ware {
        words: &["bowl", "dish", "basin", "salad"],
        outline: &[(0.0, 0.92), (0.3, 0.86), (0.6, 0.70), (0.86, 0.40), (0.9, 0.34), (1.0, 0.36)],
        open: true,
        shine: (0.2, 0.6),
        tall: 0.38,
        ..PLAIN
    },
    Ware {
        words: &["jar", "jam", "honey", "candle", "pot", "planter"],
        outline: &[
            (0.0, 0.30), (0.01, 0.31), (0.15, 0.31), (0.16, 0.29), (0.18, 0.29), (0.26, 0.38), (0.94, 0.38),
            (1.0, 0.35),
        ],
        label: Some((0.42, 0.8)),
        shine: (0.27, 0.9),
        tall: 0.62,
        ..PLAIN
    },
    Ware {
        words: &["goblet", "wineglass", "trophy", "chalice"],
        outline: &[(0.0, 0.22), (0.2, 0.25), (0.4, 0.19), (0.52, 0.04), (0.88, 0.035), (0.96, 0.18), (1.0, 0.21)],
        open: true,
        shine: (0.1, 0.38),
        tall: 0.82,
        ..PLAIN
    },
    Ware {
        words: &["lamp", "lampshade", "lantern"],
        outline: &[(0.0, 0.16), (0.46, 0.34), (0.461, 0.03), (0.86, 0.03), (0.93, 0.17), (1.0, 0.2)],
        shine: (0.08, 0.4),
        tall: 0.92,
        ..PLAIN
    },
    Ware {
        words: &["tin", "box", "drum", "canister", "soap", "book"],
        outline: &[(0.0, 0.30), (0.02, 0.315), (0.5, 0.315), (0.98, 0.315), (1.0, 0.305)],
        label: Some((0.2, 0.8)),
        tall: 0.7,
        ..PLAIN
    },
    Ware {
        words: &["ball", "globe", "apple", "sphere", "fruit"],
        outline: &[
            (0.0, 0.0), (0.004, 0.063), (0.02, 0.14), (0.045, 0.207), (0.08, 0.271),
            (0.13, 0.336), (0.2, 0.4), (0.29, 0.454), (0.39, 0.488), (0.5, 0.5),
            (0.61, 0.488), (0.71, 0.454), (0.8, 0.4), (0.87, 0.336), (0.92, 0.271),
            (0.955, 0.207), (0.98, 0.14), (0.996, 0.063), (1.0, 0.0),
        ],
        shine: (0.24, 0.5),
        tall: 0.6,
        ..PLAIN
    },
    Ware {
        words: &["bell", "hat", "dress", "skirt"],
        outline: &[(0.0, 0.05), (0.08, 0.06), (0.1, 0.12), (0.16, 0.2), (0.5, 0.27), (0.88, 0.40), (1.0, 0.46)],
        shine: (0.3, 0.86),
        tall: 0.7,
        ..PLAIN
    },
    Ware {
        // A dressmaker's bust on its stand.
        words: &["shirt", "t-shirt", "tee", "sweater", "hoodie", "jacket", "coat", "blouse"],
        outline: &[
            (0.0, 0.06), (0.06, 0.055), (0.09, 0.13), (0.14, 0.22), (0.2, 0.225), (0.44, 0.165), (0.64, 0.215),
            (0.641, 0.02), (0.93, 0.02), (0.97, 0.12), (1.0, 0.14),
        ],
        shine: (0.2, 0.58),
        tall: 0.96,
        ..PLAIN
    },
];

impl Ware {
    /// One side between two depths, in steps close enough together to look round: (depth, half width).
    pub fn side(&self, begin: f32, end: f32) -> Vec<(f32, f32)> {
        let steps = 96;
        let even = (0..=steps).map(|step| begin + (end - begin) * step as f32 / steps as f32);
        let corners = self.outline.iter().map(|(depth, _)| *depth);
        let mut depths: Vec<f32> = even.chain(corners.filter(|depth| *depth > begin && *depth < end)).collect();
        depths.sort_by(f32::total_cmp);
        depths.into_iter().map(|depth| (depth, self.half_width(depth))).collect()
    }

    /// Half the width at a depth: a cubic between the points of the outline (Hermite's) that never bulges past them.
    pub fn half_width(&self, depth: f32) -> f32 {
        let after = self.outline.iter().position(|(at, _)| *at >= depth);
        let after = after.unwrap_or(self.outline.len() - 1).max(1);
        let ((from, start), (to, end)) = (self.outline[after - 1], self.outline[after]);
        let share = ((depth - from) / (to - from)).clamp(0.0, 1.0);
        let (leaving, arriving) = (self.slope(after - 1) * (to - from), self.slope(after) * (to - from));
        let rest = 1.0 - share;
        start * (1.0 + 2.0 * share) * rest * rest
            + leaving * share * rest * rest
            + end * share * share * (3.0 - 2.0 * share)
            - arriving * share * share * rest
    }

    /// The slope at a point: none at a turning point, else the harmonic mean of both sides, which cannot overshoot.
    fn slope(&self, index: usize) -> f32 {
        let slopes = |points: &[(f32, f32)]| (points[1].1 - points[0].1) / (points[1].0 - points[0].0);
        let before = (index > 0).then(|| slopes(&self.outline[index - 1..]));
        let after = self.outline.get(index + 1).map(|_| slopes(&self.outline[index..]));
        match (before, after) {
            (Some(before), Some(after)) if before * after <= 0.0 => 0.0,
            (Some(before), Some(after)) => 2.0 * before * after / (before + after),
            (end, None) | (None, end) => end.unwrap_or(0.0),
        }
    }
}

/// The ware that the prompt asks for, or one by lot.
pub(super) fn choose<'a>(mut words: impl Iterator<Item = &'a str>, lot: u64) -> &'static Ware {
    let asked = |word: &str| {
        let singular = word.strip_suffix('s').unwrap_or(word);
        let is_asked = |name: &str| name.eq_ignore_ascii_case(word) || name.eq_ignore_ascii_case(singular);
        WARES.iter().find(|ware| ware.words.iter().any(|name| is_asked(name)))
    };
    words.find_map(asked).unwrap_or(&WARES[(lot % WARES.len() as u64) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_run_from_top_to_foot() {
        for ware in &WARES {
            let depths: Vec<f32> = ware.outline.iter().map(|(depth, _)| *depth).collect();
            assert!(
                depths.is_sorted() && depths.first() == Some(&0.0) && depths.last() == Some(&1.0),
                "{:?}",
                ware.words
            );
        }
    }

    #[test]
    fn a_prompt_gets_the_ware_it_names() {
        let named = |prompt: &'static str| choose(prompt.split(' '), 0).words[0];
        assert_eq!(named("two blue Mugs on oak"), "mug");
        assert_eq!(named("a vase of glass"), "vase");
    }
}
