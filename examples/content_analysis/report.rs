//! The report as one HTML page: no script, no network, light and dark as the reader's system is.

mod charts;
mod markup;
mod svg;

use self::markup::{count, duration, escape};
use crate::collection::{Collection, Document};
use crate::readability::level;
use crate::sources::Problem;

/// The page.
pub fn page(collection: &Collection) -> String {
    let names = collection.names();
    let body = if collection.documents.is_empty() {
        "<p class=\"empty\">There was nothing to analyze.</p>".to_owned()
    } else {
        [
            tiles(collection, &names),
            section(
                "Readability",
                "Long sentences pull a document to the right, long words pull it up. \
                 The bands are the levels of Flesch’s reading ease; a dot’s area is the number of words.",
                &charts::map(collection, &names),
            ),
            section(
                "Reading ease",
                "Flesch’s scale: 100 is very easy, 0 very hard. The grade is the years of school that a text asks for.",
                &charts::ranking(collection, &names),
            ),
            section(
                "Quality",
                "Each document starts with 100 points, and each check takes its own.",
                &charts::scores(collection, &names),
            ),
            likeness(collection, &names),
            documents(collection, &names),
        ]
        .concat()
    };
    let problems = problems(&collection.problems);
    let style = include_str!("report/style.css");
    let lead = lead(collection);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Content analysis</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>Content analysis</h1>\n\
         <p class=\"lead\">{lead}</p>\n</header>\n{problems}{body}\
         <footer>Readability after Flesch (1948) and Kincaid (1975), key phrases after RAKE (2010), \
         likeness by TF-IDF. Syllables are counted by a heuristic.</footer>\n</main>\n</body>\n</html>\n"
    )
}

fn lead(collection: &Collection) -> String {
    let documents = collection.documents.len();
    let Some(ease) = collection.median(|document| document.readability.ease) else {
        return "No document could be analyzed.".to_owned();
    };
    let words = count(collection.words());
    let minutes = duration(collection.minutes());
    let level = level(ease);
    let documents = plural(documents, "document");
    let mut lead = format!(
        "{documents}, {words} words, {minutes} of reading; the middle one is <em>{level}</em> to read."
    );
    match collection.cached() {
        0 => {}
        1 => lead.push_str(" One has the text of another and was not measured again."),
        several => lead.push_str(&format!(
            " {several} have the text of another and were not measured again."
        )),
    }
    lead
}

fn plural(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(number))
}

fn section(title: &str, lead: &str, content: &str) -> String {
    format!(
        "<section>\n<h2>{title}</h2>\n<p class=\"note\">{lead}</p>\n<div class=\"chart\">{content}</div>\n</section>\n"
    )
}

fn problems(problems: &[Problem]) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let items: String = problems
        .iter()
        .map(|problem| {
            let path = escape(&problem.path.display().to_string());
            let reason = escape(&problem.reason);
            format!("<li><code>{path}</code> <span>{reason}</span></li>\n")
        })
        .collect();
    let title = match problems.len() {
        1 => "One file was not analyzed".to_owned(),
        several => format!("{several} files were not analyzed"),
    };
    format!("<aside class=\"problems\">\n<h2>{title}</h2>\n<ul>\n{items}</ul>\n</aside>\n")
}

fn tiles(collection: &Collection, names: &[String]) -> String {
    let name = |idx: Option<&usize>| idx.map_or_else(String::new, |idx| escape(&names[*idx]));
    let easy = collection.ranked(|document| document.readability.ease);
    let best = collection.ranked(|document| document.quality.score);
    let closest = collection.closest();
    let alike = closest.map_or_else(
        || "–".to_owned(),
        |(a, b, _)| format!("{}<br>{}", escape(&names[a]), escape(&names[b])),
    );
    let cached = collection.cached();
    let tiles = [
        ("Easiest", name(easy.first())),
        ("Hardest", name(easy.last())),
        ("Best score", name(best.first())),
        ("Most alike", alike),
        ("From the cache", plural(cached, "document")),
    ];
    let tiles: String = tiles
        .into_iter()
        .map(|(label, value)| format!("<div><dt>{label}</dt><dd>{value}</dd></div>\n"))
        .collect();
    format!("<dl class=\"tiles\">\n{tiles}</dl>\n")
}

fn likeness(collection: &Collection, names: &[String]) -> String {
    if collection.documents.len() < 2 {
        return String::new();
    }
    section(
        "Likeness",
        "How much two documents share of what they are about: the cosine of their TF-IDF vectors, in percent.",
        &charts::likeness(collection, names),
    )
}

fn documents(collection: &Collection, names: &[String]) -> String {
    let cards: String = (0..collection.documents.len())
        .map(|idx| card(collection, names, idx))
        .collect();
    format!("<section class=\"documents\">\n<h2>Documents</h2>\n{cards}</section>\n")
}

fn card(collection: &Collection, names: &[String], idx: usize) -> String {
    let document = &collection.documents[idx];
    let (readability, quality) = (&document.readability, &document.quality);
    let title = escape(&document.title);
    let name = escape(&names[idx]);
    let class = svg::level_class(readability.ease);
    let level = level(readability.ease);
    let measures = [
        ("Words", count(readability.words)),
        ("Sentences", count(readability.sentences)),
        ("Reading time", duration(readability.minutes)),
        ("Reading ease", format!("{:.0}", readability.ease)),
        ("Grade", format!("{:.1}", readability.grade)),
        (
            "Words a sentence",
            format!("{:.1}", readability.sentence_length),
        ),
        (
            "Syllables a word",
            format!("{:.2}", readability.word_length),
        ),
        ("Headings", count(document.prose.headings)),
        ("Links", count(document.prose.links)),
        ("Code blocks", count(document.prose.code_blocks)),
    ];
    let measures: String = measures
        .into_iter()
        .map(|(label, value)| format!("<div><dt>{label}</dt><dd>{value}</dd></div>"))
        .collect();
    let own: String = document
        .own_terms
        .iter()
        .map(|term| format!("<li>{}</li>", escape(term)))
        .collect();
    format!(
        "<details id=\"document-{idx}\">\n<summary><span class=\"title\">{title}</span> <span class=\"path\">{name}</span>\
         {cached}<span class=\"badge {class}\">{level}</span><span class=\"score\">{score:.0}</span></summary>\n\
         <dl class=\"measures\">{measures}</dl>\n<div class=\"columns\">\n\
         <div><h3>Key phrases</h3>{phrases}<h3>What sets it apart</h3><ul class=\"terms\">{own}</ul></div>\n\
         <div><h3>Checks</h3>{checks}<h3>Words a sentence</h3>{lengths}</div>\n</div>\n{findings}</details>\n",
        cached = cached(collection, names, idx),
        score = quality.score,
        phrases = charts::phrases(&document.topics.phrases),
        checks = checks(document),
        lengths = charts::lengths(&quality.sentence_lengths),
        findings = findings(document),
    )
}

/// Says where a document's measures came from, if they were not made for it.
fn cached(collection: &Collection, names: &[String], idx: usize) -> String {
    let document = &collection.documents[idx];
    if document.cached.is_empty() {
        return String::new();
    }
    let measures = document.cached.join(", ");
    let text = document.same_text_as.map_or_else(
        || "measured before".to_owned(),
        |other| format!("the text of {}", escape(&names[other])),
    );
    format!(
        "<span class=\"badge cached\" title=\"from the cache: {measures}\">cached: {text}</span>"
    )
}

fn checks(document: &Document) -> String {
    let rows: String = document
        .quality
        .checks
        .iter()
        .map(|check| {
            let decimals = usize::from(!check.unit.is_empty());
            let lost = if check.lost < 0.05 { "–".to_owned() } else { format!("−{:.1}", check.lost) };
            let share = 100.0 * check.lost / check.at_most;
            format!(
                "<tr><th>{}</th><td>{:.decimals$}{}</td><td class=\"meter\"><i style=\"width:{share:.0}%\"></i></td>\
                 <td>{lost}</td></tr>",
                check.name, check.value, check.unit
            )
        })
        .collect();
    format!("<table class=\"checks\">{rows}</table>")
}

fn findings(document: &Document) -> String {
    let quality = &document.quality;
    let longest = quality
        .longest
        .iter()
        .map(|sentence| ("The longest sentence", sentence));
    let passive = quality
        .passive
        .iter()
        .map(|sentence| ("Passive voice", sentence));
    let doubled = quality.doubled.iter().map(|found| ("Doubled word", found));
    let quotes: String = longest
        .chain(doubled)
        .chain(passive)
        .map(|(what, quote)| {
            format!(
                "<figure><figcaption>{what}</figcaption><blockquote>{}</blockquote></figure>\n",
                escape(quote)
            )
        })
        .collect();
    if quotes.is_empty() {
        quotes
    } else {
        format!("<h3>Worth a look</h3>\n<div class=\"quotes\">{quotes}</div>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::tests::document;

    fn sample() -> Collection {
        let mut copy = document(
            "docs/copy.md",
            "# A & `<b>`\n\nRetries wait. The backoff grows, and the note was read.",
        );
        copy.cached = vec!["readability"];
        let documents = vec![
            document(
                "docs/a.md",
                "# A & `<b>`\n\nRetries wait. The backoff grows, and the note was read.",
            ),
            copy,
            document(
                "docs/deep/c.md",
                "Bread needs flour, water and salt. It was was baked.",
            ),
        ];
        let problems = vec![Problem {
            path: "docs/<gone>.md".into(),
            reason: "no such file or directory".to_owned(),
        }];
        Collection::of(documents, problems)
    }

    #[test]
    fn the_page_stands_alone() {
        let page = page(&sample());
        for outside in ["<script", "http://", "https://", "src=", "@import", "url(h"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("prefers-color-scheme: dark"));
        assert!(
            !page.contains("NaN") && !page.contains("inf"),
            "a measure is no number"
        );
    }

    #[test]
    fn text_from_documents_is_escaped() {
        let page = page(&sample());
        assert!(page.contains("A &amp; &lt;b&gt;"));
        assert!(page.contains("docs/&lt;gone&gt;.md"));
        assert!(!page.contains("<gone>"));
    }

    #[test]
    fn every_document_and_problem_is_there() {
        let page = page(&sample());
        for expected in [
            "a.md",
            "copy.md",
            "deep/c.md",
            "no such file or directory",
            "cached: the text of a.md",
            "Doubled word",
        ] {
            assert!(page.contains(expected), "{expected}");
        }
        assert_eq!(page.matches("<details").count(), 3);
    }

    #[test]
    fn nothing_and_one_have_a_page_too() {
        let nothing = page(&Collection::default());
        assert!(nothing.contains("There was nothing to analyze."));
        let one = page(&Collection::of(vec![document("a.md", "One.")], Vec::new()));
        assert!(!one.contains("NaN") && !one.contains("Likeness"));
    }

    #[test]
    fn tags_are_balanced() {
        let page = page(&sample());
        for tag in [
            "section", "details", "svg", "g", "dl", "ul", "table", "figure", "div", "a",
        ] {
            let opened = page.matches(&format!("<{tag}>")).count()
                + page.matches(&format!("<{tag} ")).count();
            let closed = page.matches(&format!("</{tag}>")).count();
            assert_eq!(opened, closed, "{tag}");
        }
    }
}
