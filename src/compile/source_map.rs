//! From positions in compiled code back to the source.

/// Where the pieces of compiled code come from.
#[derive(Debug)]
pub(crate) struct SourceMap {
    /// Line and column in the code, line and column in the source, all from 0; sorted. `None`: everything is where it was.
    tokens: Option<Vec<[u32; 4]>>,
    /// How many lines the code has: a stack that user code made up may speak of others.
    lines: u32,
    /// Lines of the code that are not ASCII: the engine counts columns in bytes, source maps in UTF-16 units.
    wide: Vec<(u32, String)>,
}

impl SourceMap {
    pub(super) fn new(map: &oxc_sourcemap::SourceMap<'_>, code: &str) -> SourceMap {
        let tokens = map
            .get_tokens()
            .filter(|token| token.get_source_id().is_some())
            .map(|t| [t.get_dst_line(), t.get_dst_col(), t.get_src_line(), t.get_src_col()])
            .collect();
        SourceMap::of(Some(tokens), code)
    }

    /// Of code in which everything is where it was in the source.
    pub(super) fn same(source: &str) -> SourceMap {
        SourceMap::of(None, source)
    }

    fn of(tokens: Option<Vec<[u32; 4]>>, code: &str) -> SourceMap {
        let wide = if code.is_ascii() {
            Vec::new()
        } else {
            code.lines().zip(0..).filter(|(l, _)| !l.is_ascii()).map(|(l, n)| (n, l.to_owned())).collect()
        };
        SourceMap { tokens, lines: code.lines().count() as u32, wide }
    }

    /// The place in the source of a place in the code, as the engine tells it.
    ///
    /// Lines and columns from 1. The column of the code is in bytes; the one returned in UTF-16 units, which are code
    /// points for all that stands in the basic plane.
    pub(crate) fn original(&self, line: u32, column: u32) -> Option<(u32, u32)> {
        let line = line.checked_sub(1).filter(|line| *line < self.lines)?;
        let mut column = column.checked_sub(1)?;
        if let Ok(at) = self.wide.binary_search_by_key(&line, |(n, _)| *n) {
            let text = &self.wide[at].1;
            let end =
                (0..=(column as usize).min(text.len())).rev().find(|end| text.is_char_boundary(*end))?;
            column = text[..end].encode_utf16().count() as u32;
        }
        let Some(tokens) = &self.tokens else { return Some((line + 1, column + 1)) };
        let after = tokens.partition_point(|token| (token[0], token[1]) <= (line, column));
        // On a line that begins inside a template literal the nearest token is on an earlier one.
        let token = tokens.get(after.checked_sub(1)?)?;
        Some((token[2] + 1, token[3] + 1))
    }
}
