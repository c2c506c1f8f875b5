//! Text whose font is not known: how wide it is about, where to cut it, how to write it.

/// Text that fits its place.
#[derive(Clone, PartialEq)]
pub(super) struct Fitted {
    /// What is shown.
    pub(super) text: String,
    /// The whole text, where what is shown is cut.
    pub(super) whole: Option<String>,
    /// About how wide it is.
    pub(super) width: f64,
}

impl Fitted {
    /// The text at this size in pixels (a little more for bold type), cut with `…` where it is wider than `most`.
    pub(super) fn new(text: &str, size: f64, most: f64) -> Self {
        let width = |text: &str| text.chars().map(advance).sum::<f64>() * size;
        let whole = width(text);
        if whole <= most {
            return Self {
                text: text.to_owned(),
                whole: None,
                width: whole,
            };
        }
        let mut room = most - advance('…') * size;
        let fits = |c: &char| {
            room -= advance(*c) * size;
            room >= 0.0
        };
        let start: String = text.chars().take_while(fits).collect();
        let cut = format!("{}…", start.trim_end());
        Self {
            width: width(&cut),
            text: cut,
            whole: Some(text.to_owned()),
        }
    }
}

/// How wide a character is about in a sans-serif font, of the font's size; rather too wide than too narrow.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.3,
        't' | 'f' | 'r' | '(' | ')' | '[' | ']' | '{' | '}' | '-' | '/' | '"' | ' ' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 0.92,
        'A'..='Z' | '&' | '+' | '<' | '>' | '=' | '~' | '#' => 0.7,
        '0'..='9' => 0.6,
        c if c.is_ascii() => 0.58,
        // Combining marks take no room, East Asian scripts and emoji a full square.
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0.0,
        c if c >= '\u{1100}' => 1.0,
        _ => 0.65,
    }
}

/// Appends text to XML, in an element or in a quoted attribute.
///
/// A line break becomes a space; what XML does not allow is left out.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_whole() {
        let fitted = Fitted::new("fetch-rates", 13.0, 200.0);
        assert_eq!(
            (fitted.text.as_str(), &fitted.whole),
            ("fetch-rates", &None)
        );
        assert!((50.0..110.0).contains(&fitted.width), "{}", fitted.width);
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        let long = "a very long description of a node that nobody would ever want to read in full";
        for most in [20.0, 60.0, 200.0] {
            let fitted = Fitted::new(long, 11.0, most);
            assert!(fitted.width <= most, "{} > {most}", fitted.width);
            assert!(
                fitted.text.ends_with('…') && !fitted.text.ends_with(" …"),
                "{}",
                fitted.text
            );
            assert_eq!(fitted.whole.as_deref(), Some(long));
        }
    }

    #[test]
    fn scripts_differ_in_width() {
        let width = |text| Fitted::new(text, 10.0, 1000.0).width;
        assert!(width("価格") > width("ab"));
        assert!(width("mmm") > width("iii"));
        assert_eq!(width("e\u{301}"), width("e"));
    }

    #[test]
    fn escapes_what_xml_wants_escaped() {
        let mut out = String::new();
        push_escaped(&mut out, "a<b> & \"c\"\n\nd\u{0}\u{1b}");
        assert_eq!(out, "a&lt;b&gt; &amp; &quot;c&quot;  d");
    }
}
