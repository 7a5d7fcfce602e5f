//! What must become of every case of every fixture. Each sink is checked against it.

use Told::{AnyError, Error, Failed, Passed, Skipped, Todo};

/// What a report must tell of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Passed,
    Todo,
    /// With this reason.
    Skipped(&'static str),
    /// An assertion, at this place.
    Failed(&'static str),
    /// The kind of the first failure, and its place.
    Error(&'static str, &'static str),
    /// Any kind at any place: what gives way first depends on the machine.
    AnyError,
}

/// A file, and its cases in order. A place is `line:column` in that file, `path:line:column` in another, `-` for none,
/// `*` for any.
pub type File = (&'static str, &'static [(&'static str, Told)]);

/// `fixtures/passing`
#[rustfmt::skip]
pub const PASSING: &[File] = &[
    ("bom.test.ts", &[
        ("bom", Passed),
    ]),
    ("console.test.ts", &[
        ("prints", Passed),
    ]),
    ("crlf.test.ts", &[
        ("crlf", Passed),
    ]),
    ("dialect_a.test.ts", &[
        ("dialect A", Passed),
    ]),
    ("dialect_b.test.ts", &[
        ("dialect B", Passed),
    ]),
    ("duplicate.test.husako", &[
        ("duplicate imports", Passed),
    ]),
    ("each.test.ts", &[
        ("1 + 1 = 2", Passed),
        ("2 + 3 = 5", Passed),
        ("Service has 80", Passed),
        ("letter a (0) > is one character", Passed),
        ("letter b (1) > is one character", Passed),
        ("ab has 2", Passed),
        (" has 0", Passed),
    ]),
    ("hooks.test.ts", &[
        ("outer > first", Passed),
        ("outer > inner > second", Passed),
        ("in order", Passed),
    ]),
    ("imports.test.ts", &[
        ("imports", Passed),
        ("circular functions", Passed),
        ("own exports", Passed),
        ("dynamic import", Passed),
    ]),
    ("installed.test.ts", &[
        ("chart", Passed),
        ("plugin", Passed),
    ]),
    ("language.test.ts", &[
        ("no host", Passed),
        ("eval and Function", Passed),
        ("import.meta", Passed),
        ("the host cannot be imported", Passed),
        ("waiting does not block", Passed),
        ("weak references", Passed),
        ("suspended for ever", Passed),
        ("thenables", Passed),
        ("returns a thenable", Passed),
        ("async iterators", Passed),
        ("a rejection handled late is no failure", Passed),
    ]),
    ("modes.test.ts", &[
        ("runs", Passed),
        ("skipped", Skipped("test.skip")),
        ("planned", Todo),
        ("suite > inside", Skipped("describe.skip")),
        ("same", Passed),
        ("same (2)", Passed),
    ]),
    ("only.test.ts", &[
        ("left out", Skipped("other cases of the file are marked .only")),
        ("suite > marked", Passed),
    ]),
    ("platform.test.ts", &[
        ("url", Passed),
        ("text", Passed),
        ("clone", Passed),
        ("abort", Passed),
    ]),
    ("timers.test.ts", &[
        ("order", Passed),
        ("odd delays", Passed),
        ("cleared", Passed),
        ("far away", Passed),
        ("interval", Passed),
        ("ten thousand", Passed),
        ("never cleared", Passed),
    ]),
    ("typescript.test.ts", &[
        ("typescript > enums", Passed),
        ("typescript > namespaces", Passed),
        ("typescript > classes", Passed),
        ("typescript > decorators", Passed),
        ("typescript > types leave nothing behind", Passed),
        ("typescript > using", Passed),
    ]),
];

/// `fixtures/failing`, with `--max-heap-mb 64`
#[rustfmt::skip]
pub const FAILING: &[File] = &[
    ("async.test.ts", &[
        ("never settles", Error("NeverSettles", "4:1")),
        ("unhandled rejection", Error("UnhandledRejection", "5:61")),
        ("error in a timer", Error("Error", "7:32")),
        ("error in a microtask", Error("Error", "10:71")),
        ("leaves a timer", Passed),
        ("waits for it", Passed),
        ("times out", Error("Timeout", "13:1")),
        ("loops", Error("Timeout", "14:1")),
        ("last", Passed),
        ("leaves a timer (after it was over)", Error("Error", "11:61")),
    ]),
    ("async_describe.test.ts", &[
        ("(LoadError)", Error("LoadError", "3:1")),
    ]),
    ("duplicate.test.ts", &[
        ("(CompileError)", Error("CompileError", "3:10")),
    ]),
    ("empty.test.ts", &[
        ("(NoTests)", Error("NoTests", "-")),
    ]),
    ("hooks.test.ts", &[
        ("beforeAll > one", Error("Error", "5:31")),
        ("beforeAll > inner > two", Error("Error", "5:31")),
        ("beforeEach > three", Failed("10:38")),
        ("afterEach > four", Error("Error", "14:49")),
        ("afterEach > five", Error("Error", "16:34")),
        ("afterAll > six", Passed),
        ("outside", Passed),
        ("afterAll > (afterAll)", Error("Error", "19:30")),
    ]),
    ("import_broken.test.ts", &[
        ("(CompileError)", Error("CompileError", "lib/broken.ts:3:23")),
    ]),
    ("import_circle.test.ts", &[
        ("(LoadError)", Error("LoadError", "lib/circle_b.ts:2:18")),
    ]),
    ("import_missing_chart.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("import_missing_export.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:23")),
    ]),
    ("import_missing_file.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("import_near.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("import_near_file.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("import_near_kubernetes.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("import_node.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("import_throws.test.ts", &[
        ("(LoadError)", Error("LoadError", "lib/throws.ts:2:11")),
    ]),
    ("import_unknown.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("import_url.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("inner/import_outside.test.ts", &[
        ("(LoadError)", Error("LoadError", "2:25")),
    ]),
    ("matchers.test.ts", &[
        ("toBe", Failed("5:13")),
        ("not.toBe", Failed("8:17")),
        ("toEqual", Failed("11:22")),
        ("toStrictEqual", Failed("14:28")),
        ("toMatchObject", Failed("17:20")),
        ("toBeDefined", Failed("20:21")),
        ("toBeUndefined", Failed("23:16")),
        ("toBeNull", Failed("26:21")),
        ("toBeTruthy", Failed("29:13")),
        ("toBeFalsy", Failed("32:15")),
        ("toBeGreaterThan", Failed("35:13")),
        ("toBeGreaterThanOrEqual", Failed("38:13")),
        ("toBeLessThan", Failed("41:13")),
        ("toBeLessThanOrEqual", Failed("44:13")),
        ("toContain", Failed("47:17")),
        ("toHaveProperty", Failed("50:27")),
        ("toHaveLength", Failed("53:17")),
        ("toMatch", Failed("56:17")),
        ("toThrow", Failed("59:20")),
        ("toThrowError", Failed("62:43")),
        ("misuse", Failed("65:13")),
        ("resolves", Failed("68:45")),
        ("rejects", Failed("71:44")),
        ("not awaited", Error("UnhandledRejection", "74:39")),
    ]),
    ("memory.test.ts", &[
        ("before", Passed),
        ("grows", Error("OutOfMemory", "*")),
        ("garbage in circles", Error("OutOfMemory", "*")),
        ("after", Passed),
    ]),
    ("misuse.test.ts", &[
        ("inside a case", Error("Error", "3:31")),
        ("hook inside a case", Error("Error", "4:36")),
    ]),
    ("ok.test.ts", &[
        ("healthy", Passed),
    ]),
    ("syntax.test.ts", &[
        ("(CompileError)", Error("CompileError", "4:13")),
    ]),
    ("thrown.test.ts", &[
        ("suite > nested > own class", Error("Error", "6:13")),
        ("type error", Error("Error", "14:4")),
        ("with a cause", Error("Error", "16:68")),
        ("null", Error("Error", "17:1")),
        ("undefined", Error("Error", "18:1")),
        ("text", Error("Error", "19:1")),
        ("symbol", Error("Error", "20:1")),
        ("frozen", Error("Error", "21:48")),
        ("proxy", Error("Error", "22:1")),
        ("revoked", Error("Error", "23:1")),
        ("cannot be shown", Error("Error", "24:1")),
        ("no prototype", Error("Error", "25:1")),
        ("many", Error("Error", "26:52")),
        ("its own cause", Error("Error", "27:52")),
        ("no message", Error("Error", "28:38")),
        ("looks like an assertion", Error("Error", "29:55")),
        ("stack overflow", Error("StackOverflow", "30:56")),
        ("same name", Error("Error", "31:37")),
        ("same name (2)", Error("Error", "32:37")),
        ("caught nothing", Error("Error", "33:63")),
    ]),
    ("top_level.test.ts", &[
        ("registered", Skipped("not run: the file ended before")),
        ("(LoadError)", Error("LoadError", "4:11")),
    ]),
    ("top_level_names.test.ts", &[
        ("same", Skipped("not run: the file ended before")),
        ("same (2)", Skipped("not run: the file ended before")),
        ("(LoadError)", Error("LoadError", "6:11")),
    ]),
    ("top_level_never.test.ts", &[
        ("registered", Skipped("not run: the file ended before")),
        ("(NeverSettles)", Error("NeverSettles", "-")),
    ]),
    ("top_level_rejection.test.ts", &[
        ("innocent", Passed),
        ("(outside of the tests)", Error("UnhandledRejection", "3:25")),
    ]),
];

/// `fixtures/hostile` without `deadline/` and `many.test.ts`
#[rustfmt::skip]
pub const HOSTILE: &[File] = &[
    ("deleted.test.ts", &[
        ("fails", Failed("7:45")),
        ("fails later", Failed("8:57")),
        ("passes", Passed),
    ]),
    ("flood.test.ts", &[
        ("one long text", Passed),
        ("many lines", Passed),
        ("nothing, often", Passed),
        ("a long message", Error("Error", "7:64")),
        ("after", Passed),
    ]),
    ("forged.test.ts", &[
        ("looks like an assertion", Error("Error", "4:55")),
        ("made by its constructor", Error("Error", "5:95")),
        ("constructor of expect()", Failed("6:108")),
        ("change a matcher", Error("Error", "7:57")),
        ("change expect", Error("Error", "8:32")),
        ("change test", Error("Error", "9:30")),
        ("stack at 0", Error("Error", "10:1")),
        ("stack at the end", Error("Error", "11:1")),
        ("endless stack", Error("Error", "*")),
        ("prepareStackTrace", Failed("13:100")),
        ("stackTraceLimit", Failed("14:125")),
    ]),
    ("getters.test.ts", &[
        ("fails", Failed("6:45")),
        ("passes", Passed),
        ("fails later", Failed("8:57")),
        ("throws", Error("Error", "9:34")),
    ]),
    ("globals.test.ts", &[
        ("fails", Failed("13:45")),
        ("passes", Passed),
        ("fails later", Failed("15:57")),
        ("throws", Error("Error", "16:34")),
    ]),
    ("loop_error.test.ts", &[
        ("message", Error("Error", "*")),
        ("stack", Error("Error", "*")),
        ("trap", Error("Error", "*")),
        ("after", Passed),
    ]),
    ("loops.test.ts", &[
        ("before", Passed),
        ("plain", Error("Timeout", "6:1")),
        ("try and finally", Error("Timeout", "7:1")),
        ("regular expression", Error("Timeout", "8:1")),
        ("await", Error("Timeout", "9:1")),
        ("microtasks", Error("Timeout", "10:1")),
        ("trap of a compared value", Error("Timeout", "11:1")),
        ("getter of a printed value", Error("Timeout", "12:1")),
        ("toString", Error("Timeout", "13:1")),
        ("generator", Error("Timeout", "14:1")),
        ("timer", Error("Timeout", "15:1")),
        ("interval", Error("Timeout", "16:1")),
        ("then of a thenable", Error("Timeout", "17:1")),
        ("after", Passed),
    ]),
    ("ok_1.test.ts", &[
        ("healthy", Passed),
    ]),
    ("ok_2.test.ts", &[
        ("healthy", Passed),
    ]),
    ("promises.test.ts", &[
        ("async function", Failed("8:60")),
        ("rejected promise", Error("Error", "9:45")),
        ("own then", Error("Error", "10:49")),
        ("subclass", Error("Error", "11:113")),
        ("species", Error("Error", "13:26")),
        ("rejects", Failed("17:66")),
        ("resolves", Failed("18:68")),
    ]),
    ("rejections.test.ts", &[
        ("handled late", Passed),
        ("never handled", Error("UnhandledRejection", "9:55")),
        ("after", Passed),
    ]),
    ("stack.test.ts", &[
        ("plain", Error("StackOverflow", "5:47")),
        ("caught", Passed),
        ("stringify", Error("StackOverflow", "7:42")),
        ("parse", Error("StackOverflow", "8:38")),
        ("to string", Error("StackOverflow", "9:1")),
        ("equal", AnyError),
        ("flat", Error("StackOverflow", "11:47")),
        ("console", Passed),
        ("freed", Passed),
        ("proxies", Error("StackOverflow", "14:98")),
        ("bound", AnyError),
        ("sort", Error("StackOverflow", "16:60")),
        ("toPrimitive", Error("StackOverflow", "17:71")),
        ("eval parentheses", Error("StackOverflow", "18:48")),
        ("eval arrows", Error("StackOverflow", "19:63")),
        ("groups", AnyError),
        ("after", Passed),
    ]),
];

/// `fixtures/hostile/deadline`, with a deadline of three seconds
#[rustfmt::skip]
pub const DEADLINE: &[File] = &[
    ("deadline/loop_top.test.ts", &[
        ("registered", Skipped("not run: the file ended before")),
        ("(Timeout)", Error("Timeout", "-")),
    ]),
    ("deadline/native.test.ts", &[
        ("before", Passed),
        ("join", Error("Timeout", "5:1")),
        ("after", Skipped("not run: the file ended before")),
    ]),
    ("deadline/ok.test.ts", &[
        ("healthy", Passed),
    ]),
    ("deadline/slow.test.ts", &[
        ("too slow in native code", Error("Timeout", "*")),
        ("would fail", Skipped("not run: the file ended before")),
    ]),
];
