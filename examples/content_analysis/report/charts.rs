//! The charts.

use super::markup::{count, escape, shortened};
use super::svg::{Axis, Drawing, level_class};
use crate::collection::{Collection, Document};
use crate::readability::{LEVELS, word_length_for};
use crate::topics::Phrase;

/// The width of a chart that spans the page.
const WIDTH: f64 = 1000.0;

/// The room for document names at a chart's left, and how many letters fit in.
const NAMES: (f64, usize) = (250.0, 34);

/// How many documents the likeness chart shows: more cells could not be told apart.
const LIKENESS_MOST: usize = 32;

/// Documents by the length of their sentences and words, on the levels of reading ease.
pub(super) fn map(collection: &Collection, names: &[String]) -> String {
    let height = 480.0;
    let mut drawing = Drawing::new(
        WIDTH,
        height,
        "Documents by the length of their sentences and of their words",
    );
    let spread = |measure: fn(&Document) -> f64, margin: f64| {
        let values = collection.documents.iter().map(measure);
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let margin = margin.max((high - low) * 0.15);
        ((low - margin).max(0.0), high + margin)
    };
    let x = Axis {
        values: spread(|document| document.readability.sentence_length, 2.0),
        pixels: (52.0, WIDTH - 106.0),
    };
    let y = Axis {
        values: spread(|document| document.readability.word_length, 0.1),
        pixels: (height - 48.0, 12.0),
    };
    bands(&mut drawing, x, y);
    for tick in x.ticks(8.0) {
        drawing.text(
            "tick",
            (x.at(tick), height - 30.0),
            "middle",
            &format!("{tick:.0}"),
        );
    }
    for tick in y.ticks(6.0) {
        drawing.line("grid", (x.pixels.0, y.at(tick)), (x.pixels.1, y.at(tick)));
        drawing.text(
            "tick",
            (x.pixels.0 - 8.0, y.at(tick) + 4.0),
            "end",
            &format!("{tick:.1}"),
        );
    }
    drawing.text(
        "axis",
        (x.pixels.1, height - 8.0),
        "end",
        "words a sentence →",
    );
    drawing.add(format!(
        "<text class=\"axis\" transform=\"translate(13 {:.1}) rotate(-90)\" text-anchor=\"end\">syllables a word →</text>",
        y.pixels.1
    ));
    dots(&mut drawing, collection, names, x, y);
    drawing.finish()
}

/// The bands between the lines of equal reading ease.
fn bands(drawing: &mut Drawing, x: Axis, y: Axis) {
    let (left, right) = x.pixels;
    let (bottom, top) = y.pixels;
    let at = |ease: f64, value: f64| y.at(word_length_for(ease, value));
    drawing.add(format!(
        "<clipPath id=\"map\"><rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"6\"/></clipPath>\n\
         <g clip-path=\"url(#map)\">",
        right - left,
        bottom - top
    ));
    let (mut above, mut outside) = (400.0, Vec::new());
    for (idx, level) in LEVELS.iter().enumerate() {
        let below = if level.from == i32::MIN {
            -400.0
        } else {
            f64::from(level.from)
        };
        let (from, to) = x.values;
        drawing.add(format!(
            "<polygon class=\"band level-{idx}\" points=\"{left:.1},{:.1} {right:.1},{:.1} {right:.1},{:.1} {left:.1},{:.1}\"/>",
            at(above, from),
            at(above, to),
            at(below, to),
            at(below, from)
        ));
        // The name stands where the band ends at the right, if it has room there.
        let (low, high) = (at(above, to).min(bottom), at(below, to).max(top));
        if low - high > 18.0 {
            outside.push((idx, level.name, f64::midpoint(low, high) + 4.0));
        }
        above = below;
    }
    drawing.add("</g>");
    for (idx, name, y) in outside {
        drawing.text(
            &format!("band-name level-{idx}"),
            (right + 10.0, y),
            "start",
            name,
        );
    }
}

/// A dot for each document, the large ones first, and as many names as find room.
fn dots(drawing: &mut Drawing, collection: &Collection, names: &[String], x: Axis, y: Axis) {
    let largest = collection
        .documents
        .iter()
        .map(|document| document.readability.words)
        .max()
        .unwrap_or(1);
    let radius = |document: &Document| {
        4.0 + 18.0 * (document.readability.words as f64 / largest.max(1) as f64).sqrt()
    };
    let place = |document: &Document| {
        (
            x.at(document.readability.sentence_length),
            y.at(document.readability.word_length),
        )
    };
    let ranked = collection.ranked(|document| document.readability.words as f64);
    for idx in &ranked {
        let document = &collection.documents[*idx];
        let (cx, cy) = place(document);
        let (radius, class) = (radius(document), level_class(document.readability.ease));
        let title = escape(&format!(
            "{}: {} words, reading ease {:.0}",
            names[*idx],
            count(document.readability.words),
            document.readability.ease
        ));
        drawing.add(format!(
            "<a href=\"#document-{idx}\"><circle class=\"dot {class}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{radius:.1}\"><title>{title}</title></circle></a>"
        ));
    }
    let around = |idx: usize| {
        let document = &collection.documents[idx];
        let ((cx, cy), radius) = (place(document), radius(document));
        [cx - radius, cy - radius, cx + radius, cy + radius]
    };
    let mut taken: Vec<[f64; 4]> = ranked.iter().map(|idx| around(*idx)).collect();
    for idx in ranked {
        let [left, top, right, bottom] = around(idx);
        let (cx, cy) = place(&collection.documents[idx]);
        let name = shortened(&names[idx], 30);
        let length = name.chars().count() as f64 * 6.6;
        let places = [
            ("start", right + 5.0, right + 5.0, cy),
            ("end", left - 5.0, left - 5.0 - length, cy),
            ("middle", cx, cx - length / 2.0, top - 10.0),
            ("middle", cx, cx - length / 2.0, bottom + 10.0),
        ];
        for (anchor, at, left, middle) in places {
            let place = [left, middle - 7.0, left + length, middle + 7.0];
            let inside = place[0] > x.pixels.0 && place[2] < x.pixels.1 - 4.0;
            if inside && !taken.iter().any(|other| overlap(other, &place)) {
                drawing.text("dot-name", (at, middle + 4.0), anchor, &name);
                taken.push(place);
                break;
            }
        }
    }
}

fn overlap(a: &[f64; 4], b: &[f64; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// Documents by their reading ease.
pub(super) fn ranking(collection: &Collection, names: &[String]) -> String {
    let row = 26.0;
    let ranked = collection.ranked(|document| document.readability.ease);
    let height = 34.0 + row * ranked.len() as f64;
    let mut drawing = Drawing::new(WIDTH, height, "Documents by their reading ease");
    let eases = collection
        .documents
        .iter()
        .map(|document| document.readability.ease);
    let (low, high) = eases.fold((0.0_f64, 100.0_f64), |(low, high), ease| {
        (low.min(ease), high.max(ease))
    });
    let x = Axis {
        values: (low, high),
        pixels: (NAMES.0, WIDTH - 110.0),
    };
    let mut above = high;
    for (idx, level) in LEVELS.iter().enumerate() {
        let below = f64::from(level.from).max(low);
        if below < above {
            let size = (x.at(above) - x.at(below), height - 26.0);
            drawing.rect(&format!("band level-{idx}"), (x.at(below), 22.0), size, "");
        }
        above = above.min(below);
    }
    for tick in x.ticks(10.0) {
        drawing.text("tick", (x.at(tick), 14.0), "middle", &format!("{tick:.0}"));
    }
    drawing.text("axis", (WIDTH - 8.0, 14.0), "end", "ease · grade");
    for (position, idx) in ranked.into_iter().enumerate() {
        let document = &collection.documents[idx];
        let (ease, middle) = (document.readability.ease, 40.0 + row * position as f64);
        let class = level_class(ease);
        name(&mut drawing, idx, &names[idx], middle);
        drawing.line(
            &format!("stem {class}"),
            (x.at(low), middle),
            (x.at(ease), middle),
        );
        drawing.add(format!(
            "<circle class=\"dot {class}\" cx=\"{:.1}\" cy=\"{middle:.1}\" r=\"6\"/>",
            x.at(ease)
        ));
        drawing.text(
            "value",
            (WIDTH - 60.0, middle + 4.0),
            "end",
            &format!("{ease:.0}"),
        );
        drawing.text(
            "tick",
            (WIDTH - 8.0, middle + 4.0),
            "end",
            &format!("{:.1}", document.readability.grade),
        );
    }
    drawing.finish()
}

/// A document's name at a row's left, as a link to its card.
fn name(drawing: &mut Drawing, idx: usize, name: &str, middle: f64) {
    drawing.add(format!("<a href=\"#document-{idx}\">"));
    drawing.text(
        "name",
        (NAMES.0 - 14.0, middle + 4.0),
        "end",
        &shortened(name, NAMES.1),
    );
    drawing.add("</a>");
}

/// Documents by their score, and what they lost it for.
pub(super) fn scores(collection: &Collection, names: &[String]) -> String {
    let row = 26.0;
    let ranked = collection.ranked(|document| document.quality.score);
    let height = 44.0 + row * ranked.len() as f64;
    let mut drawing = Drawing::new(
        WIDTH,
        height,
        "Documents by their score, and what they lost it for",
    );
    let x = Axis {
        values: (0.0, 100.0),
        pixels: (NAMES.0, WIDTH - 60.0),
    };
    let checks = collection
        .documents
        .first()
        .map(|document| document.quality.checks.as_slice());
    let mut at = NAMES.0;
    for (idx, check) in checks.unwrap_or_default().iter().enumerate() {
        drawing.rect(
            &format!("lost lost-{idx}"),
            (at, 6.0),
            (11.0, 11.0),
            "rx=\"2\"",
        );
        drawing.text("legend", (at + 17.0, 16.0), "start", check.name);
        at += 38.0 + check.name.chars().count() as f64 * 6.0;
    }
    for (position, idx) in ranked.into_iter().enumerate() {
        let document = &collection.documents[idx];
        let middle = 46.0 + row * position as f64;
        name(&mut drawing, idx, &names[idx], middle);
        let score = document.quality.score;
        drawing.rect(
            "track",
            (x.at(0.0), middle - 8.0),
            (x.at(100.0) - x.at(0.0), 16.0),
            "rx=\"3\"",
        );
        drawing.rect(
            "kept",
            (x.at(0.0), middle - 8.0),
            (x.at(score) - x.at(0.0), 16.0),
            "rx=\"3\"",
        );
        let mut from = score;
        for (check_idx, check) in document
            .quality
            .checks
            .iter()
            .enumerate()
            .filter(|(_, check)| check.lost > 0.05)
        {
            let width = x.at(from + check.lost) - x.at(from);
            let title = format!(
                "{}: {:.1}{}, −{:.1} points",
                check.name, check.value, check.unit, check.lost
            );
            drawing.add(format!(
                "<rect class=\"lost lost-{check_idx}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"16\" rx=\"2\"><title>{title}</title></rect>",
                x.at(from) + 1.0,
                middle - 8.0,
                (width - 1.0).max(0.5)
            ));
            from += check.lost;
        }
        drawing.text(
            "value",
            (WIDTH - 8.0, middle + 4.0),
            "end",
            &format!("{score:.0}"),
        );
    }
    drawing.finish()
}

/// How alike each document is to each.
pub(super) fn likeness(collection: &Collection, names: &[String]) -> String {
    let mut shown = collection.ranked(|document| document.readability.words as f64);
    shown.truncate(LIKENESS_MOST);
    shown.sort_unstable();
    let cell = ((WIDTH - NAMES.0 - 120.0) / shown.len() as f64).min(54.0);
    let top = 130.0;
    let height = top + cell * shown.len() as f64 + 8.0;
    let mut drawing = Drawing::new(WIDTH, height, "How alike each document is to each");
    for (row, a) in shown.iter().enumerate() {
        let y = top + cell * row as f64;
        name(&mut drawing, *a, &names[*a], y + cell / 2.0);
        let x = NAMES.0 + cell * (row as f64 + 0.5);
        drawing.add(format!(
            "<text class=\"name\" transform=\"translate({:.1} {:.1}) rotate(-42)\">{}</text>",
            x,
            top - 8.0,
            escape(&shortened(&names[*a], 22))
        ));
        for (column, b) in shown.iter().enumerate() {
            let (likeness, x) = (collection.likeness[*a][*b], NAMES.0 + cell * column as f64);
            let percent = format!("{:.0}", 100.0 * likeness);
            let own = if a == b { " own" } else { "" };
            let title = escape(&format!("{} and {}: {percent}%", names[*a], names[*b]));
            drawing.add(format!(
                "<rect class=\"cell{own}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"3\" style=\"--share:{:.3}\"><title>{title}</title></rect>",
                x + 1.0,
                y + 1.0,
                cell - 2.0,
                cell - 2.0,
                // Most documents share little: the root lets that be seen.
                likeness.sqrt()
            ));
            if cell >= 26.0 && a != b {
                let class = if likeness > 0.4 {
                    "cell-value strong"
                } else {
                    "cell-value"
                };
                drawing.text(
                    class,
                    (x + cell / 2.0, y + cell / 2.0 + 4.0),
                    "middle",
                    &percent,
                );
            }
        }
    }
    let left_out = collection.documents.len() - shown.len();
    let note = format!(
        "<p class=\"note\">The {LIKENESS_MOST} longest documents; {left_out} more are in the JSON file.</p>\n"
    );
    let mut chart = drawing.finish();
    if left_out > 0 {
        chart.push_str(&note);
    }
    chart
}

/// Key phrases by their strength.
pub(super) fn phrases(phrases: &[Phrase]) -> String {
    let row = 24.0;
    let mut drawing = Drawing::new(
        460.0,
        row * phrases.len().max(1) as f64,
        "Key phrases by their strength",
    );
    let strongest = phrases
        .iter()
        .map(|phrase| phrase.score)
        .fold(1e-9, f64::max);
    for (position, phrase) in phrases.iter().enumerate() {
        let y = row * position as f64;
        let width = 418.0 * phrase.score / strongest;
        drawing.rect("phrase", (0.0, y + 2.0), (width, row - 4.0), "rx=\"3\"");
        drawing.text(
            "phrase-name",
            (8.0, y + 16.5),
            "start",
            &shortened(&phrase.text, 48),
        );
        drawing.text(
            "tick",
            (456.0, y + 16.5),
            "end",
            &format!("×{}", phrase.count),
        );
    }
    if phrases.is_empty() {
        drawing.text("tick", (8.0, 16.0), "start", "none");
    }
    drawing.finish()
}

/// How many sentences have how many words.
pub(super) fn lengths(bars: &[u32; 9]) -> String {
    let mut drawing = Drawing::new(460.0, 120.0, "How many sentences have how many words");
    let highest = bars.iter().copied().max().unwrap_or(0).max(1);
    let width = 460.0 / bars.len() as f64;
    for (idx, bar) in bars.iter().enumerate() {
        let height = 78.0 * f64::from(*bar) / f64::from(highest);
        let x = width * idx as f64;
        let class = if idx >= 5 { "bar long" } else { "bar" };
        drawing.rect(
            class,
            (x + 2.0, 98.0 - height),
            (width - 4.0, height),
            "rx=\"2\"",
        );
        if *bar > 0 {
            drawing.text(
                "tick",
                (x + width / 2.0, 93.0 - height),
                "middle",
                &bar.to_string(),
            );
        }
        let range = if idx == 8 {
            "41+".to_owned()
        } else {
            format!("{}–{}", idx * 5 + 1, idx * 5 + 5)
        };
        drawing.text("tick", (x + width / 2.0, 114.0), "middle", &range);
    }
    drawing.line("base", (0.0, 98.5), (460.0, 98.5));
    drawing.finish()
}
