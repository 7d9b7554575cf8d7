//! The studio: a wall, a floor, light from the left, and one ware with its shadow. Never writes letters.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point, RadialGradient,
    Rect, Shader, SpreadMode, Stroke, Transform,
};

use super::Drawing;
use super::colour::{self, Tone};
use super::wares::{self, Ware};

/// Where the floor begins, from the top of the scene.
const HORIZON: f32 = 0.66;
/// Where the ware's foot stands.
const FOOT: f32 = 0.86;
/// How flat circles look from where we stand.
const FLATNESS: f32 = 0.16;

/// Everything that differs between two scenes.
struct Look {
    wall: Tone,
    ware_tone: Tone,
    ware: &'static Ware,
    /// How far the ware stands from the middle, as a share of the width.
    aside: f32,
}

impl Look {
    fn of(drawing: &Drawing) -> Look {
        let hash = *blake3::hash(drawing.prompt.as_bytes()).as_bytes();
        let words = || drawing.prompt.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
        let share = |byte: u8| f32::from(byte) / 255.0;
        let hue = share(hash[0]) * 360.0;
        let by_lot = Tone::new(hue + 120.0 + 120.0 * share(hash[1]), 0.5, 0.42 + 0.16 * share(hash[2]));
        let aside = (share((drawing.variation >> 8) as u8) - 0.5) * 0.16;
        Look {
            wall: Tone::new(hue, 0.30, 0.80),
            ware_tone: colour::named_in(words())
                .unwrap_or(by_lot)
                .lighter((share(drawing.variation as u8) - 0.5) * 0.06),
            ware: wares::choose(words(), u64::from(hash[3])),
            aside,
        }
    }
}

/// Paints the upper `height` rows of the canvas.
pub(super) fn paint(canvas: &mut Pixmap, height: u32, drawing: &Drawing) {
    let look = Look::of(drawing);
    backdrop(canvas, height, look.wall);
    let (width, height) = (canvas.width() as f32, height as f32);
    let widest = look.ware.outline.iter().fold(0.0_f32, |widest, (_, half)| widest.max(*half));
    // As tall as the ware likes to be, unless the picture is too narrow for it.
    let tall = (height * (FOOT - 0.06) * look.ware.tall).min(width * 0.36 / widest);
    let stand = Stand { x: width * (0.5 + look.aside), top: height * FOOT - tall, tall, widest: widest * tall };
    shadow(canvas, &stand);
    ware(canvas, &stand, &look);
}

/// A place for a ware, in pixels.
struct Stand {
    x: f32,
    top: f32,
    tall: f32,
    /// Half the ware's greatest width.
    widest: f32,
}

impl Stand {
    fn y(&self, depth: f32) -> f32 {
        self.top + depth * self.tall
    }
}

/// Wall and floor: two tones of one hue that each change slowly downwards, so every row is of one colour.
fn backdrop(canvas: &mut Pixmap, height: u32, wall: Tone) {
    let width = canvas.width() as usize;
    let horizon = height as f32 * HORIZON;
    let rows = canvas.data_mut().chunks_exact_mut(width * 4).take(height as usize);
    for (y, pixels) in rows.enumerate() {
        let down = y as f32;
        let on_wall = wall.lighter(0.13 - 0.16 * down / horizon);
        let floor = Tone { saturation: 0.24, ..wall };
        let on_floor = floor.lighter(-0.20 + 0.20 * (down - horizon) / (height as f32 - horizon));
        // Two rows of passage keep the edge from looking cut.
        let share = ((down - horizon) / 3.0 + 0.5).clamp(0.0, 1.0);
        let (above, below) = (on_wall.rgb(), on_floor.rgb());
        let part = |index: usize| ((above[index] * (1.0 - share) + below[index] * share) * 255.0 + 0.5) as u8;
        pixels.copy_from_slice(&[part(0), part(1), part(2), 255].repeat(width));
    }
}

/// Soft on the floor, a little to the right of what casts it.
fn shadow(canvas: &mut Pixmap, stand: &Stand) {
    let reach = stand.widest * 1.5;
    let black = |alpha| Tone::new(0.0, 0.0, 0.0).color(alpha);
    let stops = vec![
        GradientStop::new(0.0, black(0.42)),
        GradientStop::new(0.55, black(0.24)),
        GradientStop::new(1.0, black(0.0)),
    ];
    let origin = Point::from_xy(0.0, 0.0);
    let place = Transform::from_row(1.0, 0.0, 0.0, FLATNESS * 1.4, stand.x + stand.widest * 0.22, stand.y(1.0));
    let shader = RadialGradient::new(origin, 0.0, origin, reach, stops, SpreadMode::Pad, Transform::identity());
    if let (Some(shader), Some(path)) = (shader, PathBuilder::from_circle(0.0, 0.0, reach)) {
        canvas.fill_path(&path, &painted(shader), FillRule::Winding, place, None);
    }
}

fn ware(canvas: &mut Pixmap, stand: &Stand, look: &Look) {
    let tone = look.ware_tone;
    if let Some((begin, end)) = look.ware.handle {
        handle(canvas, stand, look, (begin, end));
    }
    let body = outline(stand, look.ware, 0.0, 1.0);
    fill(canvas, body.as_ref(), rounded(stand, tone));
    if let Some((begin, end)) = look.ware.label {
        let label = if tone.lightness > 0.7 { tone.lighter(-0.34) } else { Tone::new(tone.hue, 0.25, 0.92) };
        let strip = outline(stand, look.ware, begin, end);
        fill(canvas, strip.as_ref(), rounded(stand, label));
    }
    highlight(canvas, stand, look);
    let rim = look.ware.half_width(0.0) * stand.tall;
    let rim_tone = if look.ware.open { tone.lighter(-0.20) } else { tone.lighter(0.10) };
    ellipse(canvas, (stand.x, stand.top), rim, tone.lighter(0.16));
    ellipse(canvas, (stand.x, stand.top + rim * 0.012), rim * 0.94, rim_tone);
}

/// The part of a turned body between two depths, its edges as round as circles seen from slightly above.
fn outline(stand: &Stand, ware: &Ware, begin: f32, end: f32) -> Option<Path> {
    let sides: Vec<(f32, f32)> =
        ware.side(begin, end).into_iter().map(|(depth, half)| (stand.y(depth), half * stand.tall)).collect();
    let (&(top, rim), &(bottom, foot)) = (sides.first()?, sides.last()?);
    let mut path = PathBuilder::new();
    path.move_to(stand.x - rim, top);
    for (y, half) in &sides {
        path.line_to(stand.x - half, *y);
    }
    bow(&mut path, (stand.x, bottom), foot, foot);
    for (y, half) in sides.iter().rev() {
        path.line_to(stand.x + half, *y);
    }
    bow(&mut path, (stand.x, top), -rim, rim);
    path.close();
    path.finish()
}

/// Half a flat circle, hanging down from its left end to its right one (or back, when `half` is negative).
fn bow(path: &mut PathBuilder, (x, y): (f32, f32), half: f32, radius: f32) {
    // A cubic is as deep as three quarters of its handles.
    let handle = y + radius * FLATNESS * 4.0 / 3.0;
    path.cubic_to(x - half, handle, x + half, handle, x + half, y);
}

/// Light from the left over a round body.
fn rounded(stand: &Stand, tone: Tone) -> Option<Shader<'static>> {
    let stops = [(0.0, -0.12), (0.18, 0.03), (0.32, 0.13), (0.55, 0.0), (0.85, -0.16), (1.0, -0.10)];
    let stops = stops.map(|(at, more)| GradientStop::new(at, tone.lighter(more).color(1.0))).to_vec();
    let (left, right) = (Point::from_xy(stand.x - stand.widest, 0.0), Point::from_xy(stand.x + stand.widest, 0.0));
    LinearGradient::new(left, right, stops, SpreadMode::Pad, Transform::identity())
}

/// A window's light, along the left side of the body.
fn highlight(canvas: &mut Pixmap, stand: &Stand, look: &Look) {
    let (begin, end) = look.ware.shine;
    let mut path = PathBuilder::new();
    for (depth, half) in look.ware.side(begin, end) {
        let (x, y) = (stand.x - half * stand.tall * 0.62, stand.y(depth));
        if path.is_empty() { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    let Some(path) = path.finish() else { return };
    for (share, alpha) in [(0.10, 0.10), (0.05, 0.16)] {
        let stroke = Stroke { width: stand.widest * share, line_cap: LineCap::Round, ..Stroke::default() };
        let paint = painted(Shader::SolidColor(Color::from_rgba(1.0, 1.0, 1.0, alpha).unwrap_or(Color::WHITE)));
        canvas.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
    }
}

/// A loop at the right side, behind the body.
fn handle(canvas: &mut Pixmap, stand: &Stand, look: &Look, (begin, end): (f32, f32)) {
    let at = |depth: f32| (stand.x + look.ware.half_width(depth) * stand.tall * 0.92, stand.y(depth));
    let (upper, lower) = (at(begin), at(end));
    let reach = stand.tall * (end - begin) * 0.72;
    let mut path = PathBuilder::new();
    path.move_to(upper.0, upper.1);
    path.cubic_to(upper.0 + reach, upper.1, lower.0.max(upper.0) + reach, lower.1, lower.0, lower.1);
    let Some(path) = path.finish() else { return };
    for (share, more) in [(0.085, -0.12), (0.05, -0.02), (0.02, 0.08)] {
        let stroke = Stroke { width: stand.tall * share, line_cap: LineCap::Round, ..Stroke::default() };
        let paint = painted(Shader::SolidColor(look.ware_tone.lighter(more).color(1.0)));
        canvas.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
    }
}

fn ellipse(canvas: &mut Pixmap, (x, y): (f32, f32), half: f32, tone: Tone) {
    let bounds = Rect::from_xywh(x - half, y - half * FLATNESS, half * 2.0, half * 2.0 * FLATNESS);
    let path = bounds.and_then(PathBuilder::from_oval);
    fill(canvas, path.as_ref(), Some(Shader::SolidColor(tone.color(1.0))));
}

/// Fills a path; one without extent is not seen anyway.
fn fill(canvas: &mut Pixmap, path: Option<&Path>, shader: Option<Shader<'static>>) {
    if let (Some(path), Some(shader)) = (path, shader) {
        canvas.fill_path(path, &painted(shader), FillRule::Winding, Transform::identity(), None);
    }
}

fn painted(shader: Shader<'static>) -> Paint<'static> {
    Paint { shader, anti_alias: true, ..Paint::default() }
}
