//! A document: its headings with their anchors, its links, its blocks of code, and its HTML.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A text with its structure.
pub(crate) struct Markdown<'t> {
    text: &'t str,
    events: Vec<(Event<'t>, Range<usize>)>,
}

/// A block of code between fences.
pub(crate) struct Block {
    /// From 1, where the block opens.
    pub(crate) line: usize,
    /// What stands behind the opening fence.
    pub(crate) language: String,
    pub(crate) code: String,
}

impl<'t> Markdown<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        Self { text, events: Parser::new_ext(text, options).into_offset_iter().collect() }
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text[..at].matches('\n').count()
    }

    /// Text and anchor of each heading, in order; a heading that comes again gets a number, as on code hosts.
    pub(crate) fn headings(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut open: Option<String> = None;
        for (event, _) in &self.events {
            match event {
                Event::Start(Tag::Heading { .. }) => open = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(open) = &mut open {
                        open.push_str(text);
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let text = open.take().unwrap_or_default();
                    let slug = slug(&text);
                    let count = seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
                    let anchor = if *count == 0 { slug } else { format!("{slug}-{count}") };
                    found.push((text, anchor));
                }
                _ => {}
            }
        }
        found
    }

    /// The first heading.
    pub(crate) fn title(&self) -> String {
        self.headings().first().map(|(text, _)| text.clone()).unwrap_or_default()
    }

    /// Each link and picture with its line.
    pub(crate) fn links(&self) -> Vec<(usize, String)> {
        let target = |event: &Event<'_>| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(dest_url.to_string())
            }
            _ => None,
        };
        let found = self.events.iter().filter_map(|(event, range)| Some((target(event)?, range.start)));
        found.map(|(target, at)| (self.line(at), target)).collect()
    }

    /// Each block of code between fences.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut found: Vec<Block> = Vec::new();
        let mut is_open = false;
        for (event, range) in &self.events {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    is_open = true;
                    let line = self.line(range.start);
                    found.push(Block { line, language: language.to_string(), code: String::new() });
                }
                Event::Text(text) if is_open => {
                    if let Some(block) = found.last_mut() {
                        block.code.push_str(text);
                    }
                }
                Event::End(TagEnd::CodeBlock) => is_open = false,
                _ => {}
            }
        }
        found
    }

    /// The document as HTML, each link as `resolve` has it, each heading with its anchor, each table in a frame that scrolls.
    pub(crate) fn to_html(&self, mut resolve: impl FnMut(&str) -> String) -> String {
        let mut anchors = self.headings().into_iter().map(|(_, anchor)| anchor);
        let mut events = Vec::with_capacity(self.events.len());
        for (event, _) in &self.events {
            match event.clone() {
                Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                    let id = anchors.next().map(CowStr::from);
                    events.push(Event::Start(Tag::Heading { level, id, classes, attrs }));
                }
                Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                    let dest_url = CowStr::from(resolve(&dest_url));
                    events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
                Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                    let dest_url = CowStr::from(resolve(&dest_url));
                    events.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
                }
                event @ Event::Start(Tag::Table(_)) => {
                    events.extend([Event::Html("<div class=\"table\">".into()), event]);
                }
                event @ Event::End(TagEnd::Table) => events.extend([event, Event::Html("</div>".into())]),
                event => events.push(event),
            }
        }
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, events.into_iter());
        html
    }

    /// Text and anchor of the headings of the second level: the parts of a page.
    pub(crate) fn parts(&self) -> Vec<(String, String)> {
        let levels = self.events.iter().filter_map(|(event, _)| match event {
            Event::Start(Tag::Heading { level, .. }) => Some(*level),
            _ => None,
        });
        let headings = self.headings().into_iter().zip(levels);
        headings.filter(|(_, level)| *level == HeadingLevel::H2).map(|(heading, _)| heading).collect()
    }
}

/// The anchor of a heading: small letters, digits, `-` and `_`; spaces become `-`, everything else goes.
fn slug(text: &str) -> String {
    let kept = text.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A `b`, c?\n\nSee [d](e.md#f) and ![g](h.svg).\n\n## Same\n\n## Same\n\n```rust\nlet a = 1;\n```\n\n|x|\n|-|\n|y|\n";

    #[test]
    fn structure_is_found() {
        let document = Markdown::new(TEXT);
        let anchors: Vec<String> = document.headings().into_iter().map(|(_, anchor)| anchor).collect();
        assert_eq!(anchors, ["a-b-c", "same", "same-1"]);
        assert_eq!(document.title(), "A b, c?");
        assert_eq!(document.parts().len(), 2);
        assert_eq!(document.links(), [(3, "e.md#f".to_owned()), (3, "h.svg".to_owned())]);
        let blocks = document.blocks();
        assert_eq!((blocks.len(), blocks[0].line, blocks[0].language.as_str()), (1, 9, "rust"));
        assert_eq!(blocks[0].code, "let a = 1;\n");
    }

    #[test]
    fn html_has_anchors_and_links_as_resolved() {
        let html = Markdown::new(TEXT).to_html(|link| link.replace(".md", ".html"));
        for part in
            ["id=\"a-b-c\"", "id=\"same-1\"", "href=\"e.html#f\"", "src=\"h.svg\"", "<div class=\"table\">"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
