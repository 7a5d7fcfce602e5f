//! The sources of the builtin modules, in TypeScript.
//!
//! They go through the same compiler as the user's files, once per process.

use phf::{Map, phf_map};

/// By path below `src/sdk/`.
static SOURCES: Map<&'static str, &'static str> = phf_map! {
    "base.ts" => include_str!("base.ts"),
    "builders.ts" => include_str!("builders.ts"),
    "callbacks.ts" => include_str!("callbacks.ts"),
    "console.ts" => include_str!("console.ts"),
    "environment/abort.ts" => include_str!("environment/abort.ts"),
    "dates.ts" => include_str!("dates.ts"),
    "environment/clock.ts" => include_str!("environment/clock.ts"),
    "environment/clone.ts" => include_str!("environment/clone.ts"),
    "environment/text.ts" => include_str!("environment/text.ts"),
    "environment/url.ts" => include_str!("environment/url.ts"),
    "fragments.ts" => include_str!("fragments.ts"),
    "globals.ts" => include_str!("globals.ts"),
    "helpers/decorate.ts" => include_str!("helpers/decorate.ts"),
    "helpers/decorateMetadata.ts" => include_str!("helpers/decorateMetadata.ts"),
    "helpers/decorateParam.ts" => include_str!("helpers/decorateParam.ts"),
    "helpers/usingCtx.ts" => include_str!("helpers/usingCtx.ts"),
    "husako.ts" => include_str!("husako.ts"),
    "instances.ts" => include_str!("instances.ts"),
    "misses.ts" => include_str!("misses.ts"),
    "primordials.ts" => include_str!("primordials.ts"),
    "promises.ts" => include_str!("promises.ts"),
    "runtime.ts" => include_str!("runtime.ts"),
    "stack.ts" => include_str!("stack.ts"),
    "starters_core.ts" => include_str!("starters_core.ts"),
    "starters_meta.ts" => include_str!("starters_meta.ts"),
    "test/again.ts" => include_str!("test/again.ts"),
    "test/asymmetric.ts" => include_str!("test/asymmetric.ts"),
    "test/chai.ts" => include_str!("test/chai.ts"),
    "test/context.ts" => include_str!("test/context.ts"),
    "test/current.ts" => include_str!("test/current.ts"),
    "test/each.ts" => include_str!("test/each.ts"),
    "test/equality.ts" => include_str!("test/equality.ts"),
    "test/errors.ts" => include_str!("test/errors.ts"),
    "test/expect.ts" => include_str!("test/expect.ts"),
    "test/extend.ts" => include_str!("test/extend.ts"),
    "test/fake_timers.ts" => include_str!("test/fake_timers.ts"),
    "test/fixtures.ts" => include_str!("test/fixtures.ts"),
    "test/format.ts" => include_str!("test/format.ts"),
    "test/index.ts" => include_str!("test/index.ts"),
    "test/kinds.ts" => include_str!("test/kinds.ts"),
    "test/line_diff.ts" => include_str!("test/line_diff.ts"),
    "test/matchers.ts" => include_str!("test/matchers.ts"),
    "test/mock_matchers.ts" => include_str!("test/mock_matchers.ts"),
    "test/mock_types.ts" => include_str!("test/mock_types.ts"),
    "test/mocks.ts" => include_str!("test/mocks.ts"),
    "test/more_matchers.ts" => include_str!("test/more_matchers.ts"),
    "test/numbers.ts" => include_str!("test/numbers.ts"),
    "test/outcome.ts" => include_str!("test/outcome.ts"),
    "test/printer.ts" => include_str!("test/printer.ts"),
    "test/paths.ts" => include_str!("test/paths.ts"),
    "test/placeholders.ts" => include_str!("test/placeholders.ts"),
    "test/plain.ts" => include_str!("test/plain.ts"),
    "test/poll.ts" => include_str!("test/poll.ts"),
    "test/pretty.ts" => include_str!("test/pretty.ts"),
    "test/property.ts" => include_str!("test/property.ts"),
    "test/quantity.ts" => include_str!("test/quantity.ts"),
    "test/resource_matchers.ts" => include_str!("test/resource_matchers.ts"),
    "test/resource_matching.ts" => include_str!("test/resource_matching.ts"),
    "test/resources.ts" => include_str!("test/resources.ts"),
    "test/shown.ts" => include_str!("test/shown.ts"),
    "test/snapshot_matchers.ts" => include_str!("test/snapshot_matchers.ts"),
    "test/suite.ts" => include_str!("test/suite.ts"),
    "test/text.ts" => include_str!("test/text.ts"),
    "test/throwing.ts" => include_str!("test/throwing.ts"),
    "test/vi.ts" => include_str!("test/vi.ts"),
    "timers.ts" => include_str!("timers.ts"),
    "tracing.ts" => include_str!("tracing.ts"),
    "values.ts" => include_str!("values.ts"),
};

/// What users import, and where it is.
static PUBLIC: Map<&'static str, &'static str> = phf_map! {
    "husako" => "husako.ts",
    "husako/_base" => "base.ts",
    "husako/test" => "test/index.ts",
    // What the compiler imports for syntax that the engine does not know.
    "@oxc-project/runtime/helpers/decorate" => "helpers/decorate.ts",
    "@oxc-project/runtime/helpers/decorateMetadata" => "helpers/decorateMetadata.ts",
    "@oxc-project/runtime/helpers/decorateParam" => "helpers/decorateParam.ts",
    "@oxc-project/runtime/helpers/usingCtx" => "helpers/usingCtx.ts",
};

/// What generated modules import, and where it is.
static INTERNAL: Map<&'static str, &'static str> = phf_map! {
    "husako:builders" => "builders.ts",
    "husako:starters-core" => "starters_core.ts",
    "husako:starters-meta" => "starters_meta.ts",
};

/// Every module, by its path below `src/sdk/`, and its source.
pub(crate) fn sources() -> impl Iterator<Item = (&'static str, &'static str)> {
    SOURCES.entries().map(|(path, source)| (*path, *source))
}

/// The source of a module, by its path below `src/sdk/`.
pub(crate) fn source(path: &str) -> Option<&'static str> {
    SOURCES.get(path).copied()
}

/// The module that users import as `specifier`.
pub(crate) fn public(specifier: &str) -> Option<&'static str> {
    PUBLIC.get(specifier).copied()
}

/// The specifiers that users can import, for suggestions.
pub(crate) fn public_names() -> impl Iterator<Item = &'static str> {
    PUBLIC.keys().copied().filter(|name| name.starts_with("husako"))
}

/// The module that generated modules import as `specifier`.
pub(crate) fn internal(specifier: &str) -> Option<&'static str> {
    INTERNAL.get(specifier).or_else(|| PUBLIC.get(specifier)).copied()
}
