//! Texts and numbers, as the page shows them.

/// A text with what HTML takes for markup replaced.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A whole number with its thousands apart.
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Minutes as one says them.
pub(super) fn duration(minutes: f64) -> String {
    let whole = minutes.round();
    if minutes < 1.0 {
        "under a minute".to_owned()
    } else if whole < 60.0 {
        format!("{whole:.0} min")
    } else {
        format!("{:.0} h {:.0} min", (whole / 60.0).floor(), whole % 60.0)
    }
}

/// A text of at most so many characters, cut in its middle.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.to_owned();
    }
    let tail = most.saturating_sub(1) * 2 / 3;
    let head = most.saturating_sub(1) - tail;
    let text = letters[..head]
        .iter()
        .chain(&['…'])
        .chain(&letters[letters.len() - tail..]);
    text.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (number, expected) in cases {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn durations_are_spoken() {
        for (minutes, expected) in [
            (0.4, "under a minute"),
            (1.2, "1 min"),
            (59.4, "59 min"),
            (59.6, "1 h 0 min"),
            (135.0, "2 h 15 min"),
        ] {
            assert_eq!(duration(minutes), expected);
        }
    }

    #[test]
    fn long_texts_lose_their_middle() {
        assert_eq!(shortened("guide.md", 10), "guide.md");
        assert_eq!(shortened("documentation/guide.md", 13), "docu…guide.md");
    }
}
