//! From a file's text to its prose: what a reader reads as sentences.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation as _;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// CommonMark with tables and front matter.
    Markdown,
    /// Paragraphs with empty lines between them.
    Plain,
}

/// What a document says, without its markup.
///
/// Code blocks, tables, images and raw HTML are left out: they are not read as sentences.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Prose {
    /// The first heading.
    pub title: Option<String>,
    /// The paragraphs and list items; a sentence never goes beyond one.
    pub blocks: Vec<String>,
    /// How many headings there are.
    pub headings: usize,
    /// How many links there are.
    pub links: usize,
    /// How many code blocks there are.
    pub code_blocks: usize,
}

impl Prose {
    /// The prose of a text.
    pub fn of(text: &str, format: Format) -> Self {
        match format {
            Format::Markdown => markdown(text),
            Format::Plain => plain(text),
        }
    }

    /// The sentences, each with at least one word.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.blocks.iter().flat_map(|block| sentences(block))
    }
}

/// The words of a text: what has a letter in it, `don't` and `cache_ttl` as one word each.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.unicode_words()
        .filter(|word| word.contains(char::is_alphabetic))
}

/// After these a full stop ends no sentence.
const ABBREVIATIONS: [&str; 12] = [
    "e.g.", "i.e.", "etc.", "cf.", "vs.", "dr.", "mr.", "mrs.", "ms.", "fig.", "no.", "approx.",
];

/// Splits at the sentence boundaries of Unicode (UAX #29), and mends those after abbreviations.
fn sentences(block: &str) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for piece in block.split_sentence_bounds() {
        let unfinished = sentences
            .last()
            .and_then(|before| before.split_whitespace().last());
        let unfinished = unfinished.is_some_and(|word| {
            let word = word.trim_start_matches(['(', '"', '“']).to_lowercase();
            ABBREVIATIONS.contains(&word.as_str())
        });
        match sentences.last_mut() {
            Some(before) if unfinished => before.push_str(piece),
            _ => sentences.push(piece.to_owned()),
        }
    }
    sentences.retain(|sentence| words(sentence).next().is_some());
    for sentence in &mut sentences {
        sentence.truncate(sentence.trim_end().len());
    }
    sentences
}

fn plain(text: &str) -> Prose {
    let mut prose = Prose::default();
    let mut block = String::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            prose.end_block(&mut block);
        } else {
            block.push_str(line);
            block.push(' ');
        }
    }
    prose
}

fn markdown(text: &str) -> Prose {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut prose = Prose::default();
    let mut block = String::new();
    // How deep we are in what is no prose, and whether the block is a heading.
    let (mut hidden, mut heading) = (0_usize, false);
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(tag) if hides(&tag) => {
                prose.code_blocks += usize::from(matches!(tag, Tag::CodeBlock(_)));
                hidden += 1;
            }
            Event::End(end) if hid(end) => hidden = hidden.saturating_sub(1),
            _ if hidden > 0 => {}
            Event::Start(Tag::Heading { .. }) => heading = true,
            Event::End(TagEnd::Heading(_)) => {
                prose.end_heading(&mut block);
                heading = false;
            }
            Event::Start(Tag::Link { .. }) => prose.links += 1,
            // A list ends the text of the item that it stands in.
            Event::Start(Tag::Paragraph | Tag::Item | Tag::List(_))
            | Event::End(TagEnd::Paragraph | TagEnd::Item)
                if !heading =>
            {
                prose.end_block(&mut block);
            }
            Event::Text(text) | Event::Code(text) => block.push_str(&text),
            Event::SoftBreak | Event::HardBreak => block.push(' '),
            _ => {}
        }
    }
    prose.end_block(&mut block);
    prose
}

fn hides(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::CodeBlock(_)
            | Tag::Table(_)
            | Tag::Image { .. }
            | Tag::HtmlBlock
            | Tag::MetadataBlock(_)
    )
}

fn hid(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::CodeBlock
            | TagEnd::Table
            | TagEnd::Image
            | TagEnd::HtmlBlock
            | TagEnd::MetadataBlock(_)
    )
}

impl Prose {
    fn end_block(&mut self, block: &mut String) {
        let text = std::mem::take(block);
        if words(&text).next().is_some() {
            self.blocks.push(text.trim().to_owned());
        }
    }

    fn end_heading(&mut self, block: &mut String) {
        let text = std::mem::take(block);
        self.headings += 1;
        if self.title.is_none() && !text.trim().is_empty() {
            self.title = Some(text.trim().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "---\ntitle: hidden\n---\n# The *best* note\n\nSee [the guide](https://example.com), e.g. Its first\npage. Then `run` it!\n\n```rust\nlet hidden = 1;\n```\n\n| a table | is hidden |\n|---|---|\n| x | y |\n\n- tight item\n- another\n  - nested\n\n![alt hidden](x.png)\n\n<p>hidden</p>\n";

    #[test]
    fn markup_is_not_prose() {
        let prose = Prose::of(NOTE, Format::Markdown);
        assert_eq!(prose.title.as_deref(), Some("The best note"));
        assert_eq!(
            prose.blocks,
            [
                "See the guide, e.g. Its first page. Then run it!",
                "tight item",
                "another",
                "nested"
            ]
        );
        assert_eq!((prose.headings, prose.links, prose.code_blocks), (1, 1, 1));
    }

    #[test]
    fn sentences_end_where_readers_end_them() {
        let prose = Prose::of(NOTE, Format::Markdown);
        let sentences: Vec<String> = prose.sentences().collect();
        assert_eq!(
            sentences,
            [
                "See the guide, e.g. Its first page.",
                "Then run it!",
                "tight item",
                "another",
                "nested"
            ]
        );
    }

    #[test]
    fn plain_text_has_paragraphs() {
        let prose = Prose::of(
            "One line\nand another.\n\n  \nNew # paragraph.",
            Format::Plain,
        );
        assert_eq!(prose.blocks, ["One line and another.", "New # paragraph."]);
        assert_eq!(Prose::of(" \n--\n", Format::Plain), Prose::default());
    }

    #[test]
    fn words_have_letters() {
        let found: Vec<&str> = words("Don't stop: 42 cache_ttl — naïve, x2!").collect();
        assert_eq!(found, ["Don't", "stop", "cache_ttl", "naïve", "x2"]);
    }
}
