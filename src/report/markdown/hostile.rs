//! Whether Markdown keeps its form whatever the texts in it say: it is read as GitHub reads it.

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};

/// Texts that would be something else than text, were they not kept from it.
pub(crate) const TEXTS: &[&str] = &[
    "@octocat @org/team",
    "fixes #123, GH-1, org/repo#1, closes org/repo@4f2a91c3d0b86e57f1a2c3d4e5f60718293a4b5c",
    "4f2a91c3d0b86e57f1a2c3d4e5f60718293a4b5c",
    "http://evil.example https://evil.example/x www.evil.example ftp://evil.example mailto:me@evil.example me@evil.example xmpp:me@evil.example/x",
    "<script>alert(1)</script><img src=x onerror=alert(1)><a href=\"//evil.example\">x</a>",
    "</code></summary></details></table></td></pre></div>",
    "<details><summary>x",
    "<!-- husako-ci -->",
    "x\n<!-- husako-ci: comment -->\nx",
    "-->",
    "<!--",
    "<![CDATA[",
    "<?php",
    "<!DOCTYPE html>",
    "&lt;b&gt; &amp; &#60; &#x3c; &copy; &",
    "`",
    "``",
    "```",
    "````````````",
    "` `` ``` ````",
    "~~~",
    "\n```\n",
    "\n~~~~\n</details>\n```math\n\\frac12\n```\n",
    "```mermaid\ngraph TD\n```",
    "```geojson\n{}\n```",
    "|",
    "\\|",
    "a|b|c",
    "a\\|b\\\\|c",
    "\n|a|b|\n|---|---|\n|c|d|\n",
    "\\",
    "\\\\",
    "\\`",
    "# heading",
    "\n# heading\n",
    "\nx\n===\n",
    "\n---\n",
    "\n***\n",
    "- item",
    "\n1. item\n",
    "\n> quote\n",
    "> [!WARNING]\n> x",
    "*a* **b** _c_ __d__ ~~e~~ ~f~ ==g== ^h^",
    "[x](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "[x]: https://evil.example\n\n[x]",
    "[^1]\n\n[^1]: note",
    "- [ ] task",
    ":tada: :smile:",
    "$x$ $$y$$ $`z`$ \\(a\\) \\[b\\]",
    "\r",
    "\r\n\r\n# x\r",
    "\0",
    "\u{202e}x\u{2066}",
    "\u{200b}\u{200d}\u{feff}",
    "\u{2028}# x\u{2029}# y",
    "\u{85}",
    "\t\tx",
    "   ",
    "",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]8;;https://evil.example\u{7}x\u{1b}]8;;\u{7}",
    "e\u{301}\u{308}",
    "😀",
    "名前",
    "{{ x }} {% y %}",
    "${{ secrets.X }}",
    "::error::x",
    "##[error]x",
    "%0A",
    "[[wiki]]",
    "<https://evil.example>",
    "/dev/null",
];

/// The form of a document: its blocks and our words, with nothing of what code holds.
///
/// # Panics
///
/// When something stands where none of our texts has it: a link to elsewhere, an image, HTML that is not ours, a fence
/// of another kind, or anything in `<code>` but text.
pub(crate) fn form(markdown: &str, links: &[&str]) -> Vec<String> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.table = true;
    extension.autolink = true;
    extension.strikethrough = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.alerts = true;
    extension.superscript = true;
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options);
    let mut form = Vec::new();
    let mut code = false;
    for edge in root.traverse() {
        let node = match edge {
            comrak::arena_tree::NodeEdge::Start(node) => node,
            comrak::arena_tree::NodeEdge::End(node) => {
                if node.data.borrow().value.block() {
                    assert!(!code, "a <code> over the end of a block\n{markdown}");
                    form.push("end".to_owned());
                }
                continue;
            }
        };
        let value = &node.data.borrow().value;
        match value {
            NodeValue::Text(_) if code => {}
            NodeValue::Text(text) => words(text, &mut form),
            NodeValue::HtmlInline(tag) => match tag.as_str() {
                "<code>" => {
                    assert!(!code, "<code> in <code>\n{markdown}");
                    code = true;
                    form.push("code".to_owned());
                }
                "</code>" => {
                    assert!(code);
                    code = false;
                }
                "<wbr>" if code => {}
                "<br>" => form.push("<br>".to_owned()),
                other => panic!("{other}\n{markdown}"),
            },
            NodeValue::HtmlBlock(block) => html(&block.literal, &mut form),
            NodeValue::CodeBlock(block) => {
                assert!(
                    block.closed && matches!(block.info.as_str(), "diff" | "yaml" | "text"),
                    "{}",
                    block.info
                );
                assert!(!block.literal.chars().any(|c| c.is_control() && c != '\n'), "{:?}", block.literal);
                form.push(format!("fence {}", block.info));
            }
            NodeValue::Link(link) => {
                assert!(links.contains(&link.url.as_str()) && !code, "{}\n{markdown}", link.url);
                form.push("link".to_owned());
            }
            NodeValue::Document
            | NodeValue::Paragraph
            | NodeValue::Heading(_)
            | NodeValue::Strong
            | NodeValue::List(_)
            | NodeValue::Item(_)
            | NodeValue::Table(_)
            | NodeValue::TableRow(_)
            | NodeValue::TableCell
            | NodeValue::BlockQuote
            | NodeValue::SoftBreak => {
                assert!(!code, "{value:?} in <code>\n{markdown}");
                form.push(format!("{value:?}").split(['(', ' ']).next().unwrap_or_default().to_owned());
            }
            // None of it is ever written.
            other => panic!("{other:?}\n{markdown}"),
        }
    }
    balanced(&form);
    form
}

/// HTML of ours: folds, and text of the user's as entities.
fn html(block: &str, form: &mut Vec<String>) {
    let mut rest = block;
    let mut code = false;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if !code {
            words(before, form);
        }
        let end = tag.find('>').expect("a tag has an end") + 1;
        match &tag[..end] {
            "<code>" if !code => code = true,
            "</code>" if code => {
                code = false;
                form.push("code".to_owned());
            }
            "<wbr>" if code => {}
            known @ ("<details>" | "<details open>" | "</details>" | "<summary>" | "</summary>") if !code => {
                form.push(known.to_owned());
            }
            other => panic!("{other}\n{block}"),
        }
        rest = &tag[end..];
    }
    assert!(!code && rest.trim().is_empty(), "{block}");
}

/// Our own words. Numbers of lines and the like differ with the text.
fn words(text: &str, form: &mut Vec<String>) {
    assert!(!text.contains(MARK), "{text}");
    form.push(text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect());
}

/// Stands in hostile texts of tests; it may be in code only.
pub(crate) const MARK: &str = "HOSTILE";

fn balanced(form: &[String]) {
    let mut open = Vec::new();
    for part in form {
        match part.as_str() {
            "<details>" | "<details open>" => open.push("details"),
            "<summary>" => open.push("summary"),
            "</details>" => assert_eq!(open.pop(), Some("details")),
            "</summary>" => assert_eq!(open.pop(), Some("summary")),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
