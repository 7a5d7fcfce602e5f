//! `husako:host/expect`: how two texts differ. See `src/sdk/host_expect.d.ts`.

use std::time::{Duration, Instant};

use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Object, Result};
use similar::{ChangeTag, TextDiff};

/// The native module.
pub(super) struct ExpectModule;

impl ModuleDef for ExpectModule {
    fn declare(declare: &Declarations<'_>) -> Result<()> {
        declare.declare("lines")?;
        Ok(())
    }

    fn evaluate<'js>(_: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        exports.export("lines", Func::from(lines))?;
        Ok(())
    }
}

/// How many lines of both texts stand around those of one. Jest's number.
const CONTEXT: usize = 5;
/// How long looking for the smallest difference may take.
const PATIENCE: Duration = Duration::from_millis(200);

fn lines<'js>(ctx: Ctx<'js>, expected: String, received: String) -> Result<Object<'js>> {
    let diff = TextDiff::configure()
        .deadline(Instant::now() + PATIENCE)
        .diff_lines(expected.as_str(), received.as_str());
    let (mut removed, mut added) = (0, 0);
    let mut groups = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        let mut text = String::new();
        for op in &group {
            for change in diff.iter_changes(op) {
                let mark = match change.tag() {
                    ChangeTag::Delete => {
                        removed += 1;
                        "- "
                    }
                    ChangeTag::Insert => {
                        added += 1;
                        "+ "
                    }
                    ChangeTag::Equal => "  ",
                };
                text += mark;
                text += change.value().trim_end_matches(['\n', '\r']);
                text.push('\n');
            }
        }
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (old, new) =
            (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
        let head = format!("@@ -{},{} +{},{} @@\n", old.start + 1, old.len(), new.start + 1, new.len());
        groups.push((head, text));
    }
    // Nothing is left out of a single group that has all lines.
    let longest = expected.lines().count().max(received.lines().count());
    let whole = matches!(&groups[..], [(_, text)] if text.lines().count() >= longest);
    let text: String =
        groups.into_iter().map(|(head, text)| if whole { text } else { head + &text }).collect();
    let told = Object::new(ctx)?;
    told.set("text", text.trim_end_matches('\n'))?;
    told.set("removed", removed)?;
    told.set("added", added)?;
    Ok(told)
}
