//! What the charts have in common.

use std::fmt::Write as _;

use super::markup::escape;
use crate::readability::LEVELS;

/// A drawing of a width and a height, in pixels of its own; it scales with the page.
pub(super) struct Drawing {
    width: f64,
    height: f64,
    label: &'static str,
    content: String,
}

impl Drawing {
    pub(super) fn new(width: f64, height: f64, label: &'static str) -> Self {
        Self {
            width,
            height,
            label,
            content: String::new(),
        }
    }

    /// Adds markup.
    pub(super) fn add(&mut self, markup: impl AsRef<str>) {
        self.content.push_str(markup.as_ref());
        self.content.push('\n');
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    pub(super) fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64), more: &str) {
        let ((x, y), (width, height)) = (at, size);
        self.add(format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" {more}/>"
        ));
    }

    /// Adds a text; `anchor` is `start`, `middle` or `end`.
    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: &str, text: &str) {
        let (x, y) = at;
        let text = escape(text);
        self.add(format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    /// The drawing as an element.
    pub(super) fn finish(self) -> String {
        let Self {
            width,
            height,
            label,
            content,
        } = self;
        let mut element = String::new();
        // Writing into a `String` cannot fail.
        let _ = writeln!(
            element,
            "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{label}\">\n{content}</svg>"
        );
        element
    }
}

/// A straight way from values to pixels.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    pub(super) values: (f64, f64),
    pub(super) pixels: (f64, f64),
}

impl Axis {
    pub(super) fn at(self, value: f64) -> f64 {
        let (from, to) = self.values;
        let (start, end) = self.pixels;
        start + (value - from) / (to - from) * (end - start)
    }

    /// Round values along it, about `count` of them.
    pub(super) fn ticks(self, count: f64) -> Vec<f64> {
        let (from, to) = self.values;
        let rough = (to - from) / count;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|step| step * power)
            .find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let first = (from / step - 1e-9).ceil();
        let ticks = (0..).map(|idx| (first + f64::from(idx)) * step);
        ticks.take_while(|tick| *tick <= to + step * 1e-9).collect()
    }
}

/// The class that colors what has this reading ease.
pub(super) fn level_class(ease: f64) -> String {
    let idx = LEVELS
        .iter()
        .position(|level| ease >= f64::from(level.from));
    format!("level-{}", idx.unwrap_or(LEVELS.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_straight() {
        let axis = Axis {
            values: (0.0, 10.0),
            pixels: (100.0, 0.0),
        };
        assert!((axis.at(2.5) - 75.0).abs() < 1e-9);
        assert_eq!(axis.ticks(5.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    }

    #[test]
    fn ticks_are_round() {
        let axis = Axis {
            values: (1.31, 2.04),
            pixels: (0.0, 1.0),
        };
        let ticks: Vec<String> = axis
            .ticks(4.0)
            .iter()
            .map(|tick| format!("{tick:.1}"))
            .collect();
        assert_eq!(ticks, ["1.4", "1.6", "1.8", "2.0"]);
    }
}
