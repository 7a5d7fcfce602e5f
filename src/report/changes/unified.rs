//! Two texts as one, line by line: what is shown of YAML and of strings with several lines.

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

/// How many equal lines are kept around a difference.
const CONTEXT: usize = 3;
/// With more pairs of differing lines than this, the shortest way from one text to the other is not looked for: it could
/// take seconds.
const MAX_PAIRS: usize = 4_000_000;

/// A unified diff: lines that begin with ` `, `-` or `+`, and `@@ … @@` before each part. Empty when the texts have the
/// same lines. No line ends in a break.
///
/// Two long texts with nothing in common may become one removal and one addition.
pub(crate) fn unified(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines(before), lines(after));
    if old == new {
        return Vec::new();
    }
    let prefix = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let suffix =
        old[prefix..].iter().rev().zip(new[prefix..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_len, new_len) = (old.len() - prefix - suffix, new.len() - prefix - suffix);
    let ops = if old_len.saturating_mul(new_len) <= MAX_PAIRS {
        capture_diff_slices(Algorithm::Myers, &old, &new)
    } else {
        let equal = |old_index, new_index, len| DiffOp::Equal { old_index, new_index, len };
        let replaced = DiffOp::Replace { old_index: prefix, old_len, new_index: prefix, new_len };
        vec![equal(0, 0, prefix), replaced, equal(prefix + old_len, prefix + new_len, suffix)]
            .into_iter()
            .filter(|op| !op.old_range().is_empty() || !op.new_range().is_empty())
            .collect()
    };
    let mut shown = Vec::new();
    for part in group_diff_ops(ops, CONTEXT) {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let (old_start, new_start) = (first.old_range().start, first.new_range().start);
        let range =
            |start: usize, end: usize| format!("{},{}", start + usize::from(end > start), end - start);
        shown.push(format!(
            "@@ -{} +{} @@",
            range(old_start, last.old_range().end),
            range(new_start, last.new_range().end)
        ));
        for op in part {
            let side = |sign: char, lines: &[&str]| {
                lines.iter().map(|line| format!("{sign}{line}")).collect::<Vec<_>>()
            };
            match op.tag() {
                DiffTag::Equal => shown.extend(side(' ', &old[op.old_range()])),
                DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                    shown.extend(side('-', &old[op.old_range()]));
                    shown.extend(side('+', &new[op.new_range()]));
                }
            }
        }
    }
    shown
}

/// The lines of a text. A text that ends with a break has no empty line there.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    if text.is_empty() {
        return Vec::new();
    }
    text.strip_suffix('\n').unwrap_or(text).split('\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_a_difference_is_shown() {
        let text = |changed: &str| {
            (1..=9)
                .map(|n| if n == 5 { format!("{changed}\n") } else { format!("{n}\n") })
                .collect::<String>()
        };
        assert_eq!(
            unified(&text("five"), &text("5\n5.5")),
            ["@@ -2,7 +2,8 @@", " 2", " 3", " 4", "-five", "+5", "+5.5", " 6", " 7", " 8"]
        );
        assert_eq!(unified("", "a\nb\n"), ["@@ -0,0 +1,2 @@", "+a", "+b"]);
        assert_eq!(unified("a\n", "a\n"), Vec::<String>::new());
    }

    #[test]
    fn long_texts_without_anything_in_common_take_no_time() {
        let text = |salt: &str| (0..20_000).map(|n| format!("{salt}{n}\n")).collect::<String>();
        let shown = unified(&format!("same\n{}", text("a")), &format!("same\n{}", text("b")));
        assert_eq!(shown.len(), 1 + 1 + 40_000);
        assert_eq!(&shown[..3], ["@@ -1,20001 +1,20001 @@", " same", "-a0"]);
    }
}
