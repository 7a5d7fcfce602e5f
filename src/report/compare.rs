//! The two sides of a failed comparison as lines of text.
//!
//! Short values are put below each other; longer ones become a diff by lines, `-` expected and `+` received.

use similar::{ChangeTag, TextDiff};

use super::text::{Look, Tint, cut_line};
use crate::event::Comparison;

/// The most lines of one diff on a terminal.
const MAX_LINES: usize = 120;
/// How many equal lines are kept around a difference on a terminal.
const CONTEXT: usize = 3;
/// How many equal characters are kept around a difference in a long line on a terminal.
const CONTEXT_CHARS: usize = 30;
/// A side of one line is long when it has more characters than this.
const SHORT: usize = 60;
/// With more lines on both sides together, only what they begin and end with is compared: a full diff of two
/// wholly different texts takes quadratic time.
const MAX_DIFFED: usize = 4000;
/// In longer lines, the characters that differ are not looked for.
const MAX_EMPHASIZED: usize = 600;

/// One line of a diff: whose it is, and its parts with whether each is what differs.
struct Line {
    tag: ChangeTag,
    parts: Vec<(bool, String)>,
}

/// The comparison as text. No line ends in a break.
///
/// Escape sequences are shown here, not left out: they may be what differs.
pub(crate) fn lines(comparison: &Comparison, look: Look) -> Vec<String> {
    let Comparison { expected, received } = comparison;
    let side = |text: &str| text.split('\n').map(|line| look.visible(line)).collect::<Vec<_>>();
    if expected == received {
        let mut lines = vec!["Expected and received print the same:".to_owned()];
        lines.extend(look.cut(side(expected), MAX_LINES, |line| format!("  {line}")));
        return lines;
    }
    if !expected.contains('\n') && !received.contains('\n') {
        return two_lines(expected, received, look);
    }
    let (expected, received) = (side(expected), side(received));
    let diff = diff(&expected, &received, look.color);
    let mut shown = vec![
        format!("{}  {}", look.paint(Tint::Good, "- expected"), look.paint(Tint::Bad, "+ received")),
        String::new(),
    ];
    let folded = if look.terminal { fold(diff) } else { diff.into_iter().map(Ok).collect() };
    shown.extend(look.cut(folded, MAX_LINES, |line| match line {
        Ok(line) => render(&line, look),
        Err(equal) => look.paint(Tint::Faint, &format!("  … {equal} equal lines …")),
    }));
    shown
}

/// `Expected:` and `Received:`, one line each.
fn two_lines(expected: &str, received: &str, look: Look) -> Vec<String> {
    let (old, new): (Vec<char>, Vec<char>) = (expected.chars().collect(), received.chars().collect());
    let prefix = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let suffix =
        old[prefix..].iter().rev().zip(new[prefix..].iter().rev()).take_while(|(a, b)| a == b).count();
    let long = look.terminal && old.len().max(new.len()) > SHORT;
    // Two values with little in common are not made clearer by marking nearly all of both.
    let emphasize = 2 * (prefix + suffix) >= old.len().max(new.len());
    let show = |chars: &[char], tint: Tint, spot: Tint| {
        let (before, rest) = chars.split_at(prefix);
        let (middle, after) = rest.split_at(rest.len() - suffix);
        let text = |part: &[char]| {
            let text: String = part.iter().collect();
            look.visible(&if look.terminal { cut_line(&text) } else { text.into() })
        };
        let cut_before = if long { before.len().saturating_sub(CONTEXT_CHARS) } else { 0 };
        let kept_after = if long { after.len().min(CONTEXT_CHARS) } else { after.len() };
        let mut line = if cut_before > 0 { "…".to_owned() } else { String::new() };
        if look.color && emphasize {
            line = look.paint(tint, &(line + &text(&before[cut_before..])));
            line += &look.paint(spot, &text(middle));
            line += &look.paint(tint, &text(&after[..kept_after]));
        } else {
            line += &text(&chars[cut_before..chars.len() - (after.len() - kept_after)]);
            line = look.paint(tint, &line);
        }
        if kept_after < after.len() {
            line += "…";
        }
        line
    };
    vec![
        format!("Expected: {}", show(&old, Tint::Good, Tint::GoodSpot)),
        format!("Received: {}", show(&new, Tint::Bad, Tint::BadSpot)),
    ]
}

/// All lines of both sides.
fn diff(expected: &[String], received: &[String], emphasize: bool) -> Vec<Line> {
    let whole = |tag, line: &String| Line { tag, parts: vec![(false, line.clone())] };
    if expected.len() + received.len() > MAX_DIFFED {
        let prefix = expected.iter().zip(received).take_while(|(a, b)| a == b).count();
        let (old, new) = (&expected[prefix..], &received[prefix..]);
        let suffix = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
        let (old, after) = old.split_at(old.len() - suffix);
        let mut lines: Vec<Line> =
            expected[..prefix].iter().map(|line| whole(ChangeTag::Equal, line)).collect();
        lines.extend(old.iter().map(|line| whole(ChangeTag::Delete, line)));
        lines.extend(new[..new.len() - suffix].iter().map(|line| whole(ChangeTag::Insert, line)));
        lines.extend(after.iter().map(|line| whole(ChangeTag::Equal, line)));
        return lines;
    }
    let old: Vec<&str> = expected.iter().map(String::as_str).collect();
    let new: Vec<&str> = received.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut lines = Vec::with_capacity(old.len().max(new.len()));
    for op in diff.ops() {
        let short =
            old[op.old_range()].iter().chain(&new[op.new_range()]).all(|line| line.len() <= MAX_EMPHASIZED);
        if emphasize && short {
            lines.extend(diff.iter_inline_changes(op).map(|change| Line {
                tag: change.tag(),
                parts: change.values().iter().map(|(differs, part)| (*differs, (*part).to_owned())).collect(),
            }));
        } else {
            lines.extend(
                diff.iter_changes(op).map(|change| Line {
                    tag: change.tag(),
                    parts: vec![(false, change.value().to_owned())],
                }),
            );
        }
    }
    lines
}

/// Replaces equal lines that are far from every difference with their number.
fn fold(diff: Vec<Line>) -> Vec<Result<Line, usize>> {
    let changed: Vec<usize> = diff
        .iter()
        .enumerate()
        .filter(|(_, line)| line.tag != ChangeTag::Equal)
        .map(|(index, _)| index)
        .collect();
    let mut folded = Vec::new();
    let mut hidden: Vec<Line> = Vec::new();
    let flush = |hidden: &mut Vec<Line>, folded: &mut Vec<Result<Line, usize>>| {
        if hidden.len() > 1 {
            folded.push(Err(hidden.len()));
            hidden.clear();
        } else {
            folded.extend(hidden.drain(..).map(Ok));
        }
    };
    for (index, line) in diff.into_iter().enumerate() {
        let next = changed.partition_point(|at| *at < index);
        let after = next.checked_sub(1).is_some_and(|before| index - changed[before] <= CONTEXT);
        let before = changed.get(next).is_some_and(|at| at - index <= CONTEXT);
        if after || before {
            flush(&mut hidden, &mut folded);
            folded.push(Ok(line));
        } else {
            hidden.push(line);
        }
    }
    flush(&mut hidden, &mut folded);
    folded
}

fn render(line: &Line, look: Look) -> String {
    let (sign, tint, spot) = match line.tag {
        ChangeTag::Equal => {
            let text: String = line.parts.iter().map(|(_, part)| part.as_str()).collect();
            let text = if look.terminal { cut_line(&text) } else { text.into() };
            return format!("  {text}").trim_end().to_owned();
        }
        ChangeTag::Delete => ("- ", Tint::Good, Tint::GoodSpot),
        ChangeTag::Insert => ("+ ", Tint::Bad, Tint::BadSpot),
    };
    let mut parts = line.parts.clone();
    if look.terminal {
        // Only a line that is one part can be this long.
        for (_, part) in &mut parts {
            *part = cut_line(part).into_owned();
        }
    }
    let length: usize = parts.iter().map(|(_, part)| part.len()).sum();
    let text: String = parts.iter().map(|(_, part)| part.as_str()).collect();
    let mut blanks = length - text.trim_end_matches([' ', '\t']).len();
    // Blanks at the end of a line that differs may be all that differs: show them.
    for (_, part) in parts.iter_mut().rev() {
        let here = blanks.min(part.len());
        let shown: String =
            part[part.len() - here..].chars().map(|c| if c == '\t' { '→' } else { '·' }).collect();
        part.replace_range(part.len() - here.., &shown);
        blanks -= here;
    }
    let mut shown = look.paint(tint, sign);
    for (differs, part) in &parts {
        shown += &look.paint(if *differs { spot } else { tint }, part);
    }
    shown.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(expected: &str, received: &str, look: Look) -> String {
        lines(&Comparison { expected: expected.to_owned(), received: received.to_owned() }, look).join("\n")
    }

    #[test]
    fn short_values_stand_below_each_other() {
        assert_eq!(compared("3", "2", Look::FILE), "Expected: 3\nReceived: 2");
        assert_eq!(
            compared("\"web-v1\"", "\"web-v2\"", Look::terminal(true)),
            "Expected: \u{1b}[32m\"web-v\u{1b}[0m\u{1b}[1;7;32m1\u{1b}[0m\u{1b}[32m\"\u{1b}[0m\n\
             Received: \u{1b}[31m\"web-v\u{1b}[0m\u{1b}[1;7;31m2\u{1b}[0m\u{1b}[31m\"\u{1b}[0m"
        );
        assert_eq!(compared("{}", "{}", Look::FILE), "Expected and received print the same:\n  {}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_difference() {
        let (before, after) = ("a".repeat(500), "b".repeat(500));
        let shown =
            compared(&format!("{before}1{after}"), &format!("{before}22{after}"), Look::terminal(false));
        let (before, after) = ("a".repeat(30), "b".repeat(30));
        assert_eq!(shown, format!("Expected: …{before}1{after}…\nReceived: …{before}22{after}…"));
        assert!(compared(&"a".repeat(500), "b", Look::FILE).contains(&"a".repeat(500)));
    }

    #[test]
    fn lines_far_from_the_difference_are_folded_on_a_terminal() {
        let text = |changed: &str| {
            (1..=20)
                .map(|n| if n == 10 { changed.to_owned() } else { n.to_string() })
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(
            compared(&text("ten"), &text("TEN "), Look::terminal(false)),
            "- expected  + received\n\n  … 6 equal lines …\n  7\n  8\n  9\n- ten\n+ TEN·\n  11\n  12\n  13\n  … 7 equal lines …"
        );
        assert_eq!(compared(&text("ten"), &text("TEN"), Look::FILE).lines().count(), 2 + 21);
    }

    #[test]
    fn large_texts_are_compared() {
        let text =
            |salt: usize| (0..40_000).map(|n| format!("{}\n", n * 7919 % 1000 + salt)).collect::<String>();
        let shown = compared(&text(0), &text(1), Look::terminal(true));
        assert!(shown.lines().count() <= MAX_LINES + 3);
    }
}
