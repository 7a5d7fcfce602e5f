//! Random edits of a repository: after each, a run that may use kept results tells what a run without them tells.
//!
//! Forty edits by default: `HUSAKO_CI_FUZZ_EDITS` is how many to make, `HUSAKO_CI_FUZZ_SEED` the seed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Project, Run};

/// How many edits are made unless the environment says otherwise.
const EDITS: u64 = 40;

/// After how many edits the repository is written anew: most edits break something, and little would run in the end.
const FRESH: u64 = 20;

/// The helper modules. Each imports only later ones.
const MODULES: [&str; 4] = ["a", "b", "c", "d"];

/// How many test files there are at first.
const TESTS: u64 = 7;

/// What the configuration says of the plugin.
const PLUGIN: &str = "[plugins]\nplugin = { source = 'path', path = 'plugin' }\n";

/// What is never edited: without a configuration at the root there would be another repository.
const ROOT_CONFIG: &str = "husako.toml";

/// SplitMix64, as Steele, Lea and Flood have it in "Fast splittable pseudorandom number generators" (2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Whether what happens so often, in percent, happens now.
    fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one_of<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// At most `most` of them, in their order.
    fn some_of<'t>(&mut self, of: &[&'t str], most: u64) -> Vec<&'t str> {
        let mut some = of.to_vec();
        let count = self.below(most.min(of.len() as u64) + 1);
        while some.len() as u64 > count {
            some.remove(usize::try_from(self.below(some.len() as u64)).unwrap());
        }
        some
    }
}

/// A repository that is edited, what earlier runs gave, and what was done.
struct Fuzz {
    random: Random,
    project: Project,
    /// What lies beside the repository, for links that leave it.
    outside: TempDir,
    results: TempDir,
    /// The texts that were written, to be written again.
    written: Vec<(String, String)>,
    edits: Vec<String>,
}

impl Fuzz {
    fn new(seed: u64) -> Fuzz {
        let fuzz = Fuzz {
            random: Random(seed),
            project: Project::of(&[]),
            outside: TempDir::new().unwrap(),
            results: TempDir::new().unwrap(),
            written: Vec::new(),
            edits: Vec::new(),
        };
        fs::create_dir(fuzz.project.path().join(".git")).unwrap();
        fs::write(fuzz.outside.path().join("a.ts"), "export const v = 0;\n").unwrap();
        fuzz
    }

    /// Writes everything, in place of all that is there.
    fn begin(&mut self) {
        self.edits.push("begin anew".to_owned());
        for path in self.files() {
            fs::remove_file(self.at(&path)).unwrap();
        }
        for name in MODULES {
            let text = self.module(name);
            self.write(&format!("lib/{name}.ts"), &text);
        }
        (0..TESTS).for_each(|number| self.write_test(number));
        for path in ["dev.ts", "main.husako"] {
            let text = self.entry();
            self.write(path, &text);
        }
        for (path, text) in [
            (ROOT_CONFIG, self.config()),
            ("crds/thing.yaml", self.crd()),
            ("chart.json", self.chart()),
            ("plugin/plugin.toml", self.plugin()),
            ("plugin/say.ts", "export const said: number = 1;\n".to_owned()),
        ] {
            self.write(path, &text);
        }
        self.write_snapshots();
    }

    fn module(&mut self, name: &str) -> String {
        let random = &mut self.random;
        let later: Vec<&str> = MODULES.into_iter().filter(|module| *module > name).collect();
        let imported = random.some_of(&later, 2);
        let mut text = String::new();
        for module in &imported {
            let ending = random.one_of(&["", ".ts", ".js"]);
            let _ = writeln!(text, "import {{ v as {module} }} from './{module}{ending}';");
        }
        if random.happens(4) {
            text += "import { said } from 'plugin/say';\nexport const said2 = said;\n";
        }
        if random.happens(10) {
            text += "export const late = async () => (await import('./' + 'd')).v;\n";
        }
        if random.happens(2) {
            text += "this is no TypeScript (\n";
        }
        if random.happens(2) {
            text += "throw new Error('not today');\n";
        }
        let sum: String =
            imported.iter().fold(random.below(4).to_string(), |sum, module| sum + " + " + module);
        text + &format!("export const v: number = {sum};\n")
    }

    fn test(&mut self) -> String {
        let random = &mut self.random;
        let imported = random.some_of(&MODULES, 3);
        let mut text = "import { test, expect, renderEntry } from 'husako/test';\n".to_owned();
        for module in &imported {
            let _ = writeln!(text, "import {{ v as {module} }} from './lib/{module}';");
        }
        let sum: String = imported.iter().fold("1".to_owned(), |sum, module| sum + " + " + module);
        // What it prints is told, too: so any other value shows, whether it fails or not.
        let name = random.below(3);
        let matcher =
            random.one_of(&["toBeGreaterThan(0)", "toBeGreaterThan(0)", "toBeLessThan(4)", "toBe(3)"]);
        let _ = writeln!(text, "test('t{name}', () => {{ console.log({sum}); expect({sum}).{matcher}; }});");
        if random.happens(30) {
            let _ = writeln!(text, "test('kept', () => {{ expect({{ sum: {sum} }}).toMatchSnapshot(); }});");
        }
        if random.happens(10) {
            let _ = writeln!(text, "test('inline', () => {{ expect({sum}).toMatchInlineSnapshot('3'); }});");
        }
        if random.happens(15) {
            let number = random.below(2);
            let _ = writeln!(
                text,
                "test('file', async () => {{ await expect('x').toMatchFileSnapshot('./out{number}.txt'); }});"
            );
        }
        if random.happens(25) {
            let (entry, v) =
                (random.one_of(&["dev", "nowhere", "dev.ts", "x/main.ts", "main.husako"]), random.below(4));
            let _ = writeln!(
                text,
                "test('entry', async () => {{ expect((await renderEntry('{entry}'))[0].data.v).toBe('{v}'); }});"
            );
        }
        if random.happens(15) {
            let (module, v) = (random.one_of(&["a", "b", "c", "d", "zz"]), random.below(4));
            let _ = writeln!(
                text,
                "test('late', async () => {{ expect((await import('./lib/' + '{module}')).v).toBe({v}); }});"
            );
        }
        if random.happens(12) {
            text += "import { Thing } from 'k8s/acme.io/v1';\n\
                     test('custom', () => { expect(Thing().size(1)._render().kind).toBe('Thing'); });\n";
        }
        if random.happens(8) {
            text += "import { Web } from 'helm/web';\n\
                     test('chart', () => { expect(Web().replicas(1)).toBeDefined(); });\n";
        }
        if random.happens(8) {
            text += "import { said } from 'plugin/say';\ntest('plugin', () => { expect(said).toBe(1); });\n";
        }
        if random.happens(8) {
            text += "test('clock', () => { Date.now(); });\n";
        }
        text
    }

    fn write_test(&mut self, number: u64) {
        let (path, text) = (test_path(number), self.test());
        let text = if path.starts_with("x/") { text.replace("./lib/", "../lib/") } else { text };
        self.write(&path, &text);
    }

    fn entry(&mut self) -> String {
        let (module, name) = (self.random.one_of(&MODULES), self.random.below(2));
        // Judged otherwise where a rule is off, or another version of Kubernetes is asked for.
        let more = self.random.one_of(&["", ".set('dta', {})"]);
        format!(
            "import {{ build, metadata }} from 'husako';\nimport {{ ConfigMap }} from 'k8s/core/v1';\n\
             import {{ v }} from './lib/{module}';\n\
             build([ConfigMap().metadata(metadata().name('n{name}')).data({{ v: `${{v}}` }}){more}]);\n"
        )
    }

    fn config(&mut self) -> String {
        let random = &mut self.random;
        let (version, level) = (random.one_of(&["1.30", "1.36"]), random.one_of(&["off", "warn", "error"]));
        let plugin = random.one_of(&[PLUGIN, PLUGIN, PLUGIN, ""]);
        let entries =
            random.one_of(&["", "[ci]\nentries = ['x/*.ts']\n", "[ci]\nexclude = ['t1.test.ts']\n"]);
        format!(
            "[entries]\ndev = 'dev.ts'\n[charts]\nweb = {{ source = 'file', path = 'chart.json' }}\n\
             [resources]\nkubernetes = {{ source = 'release', version = '{version}' }}\n\
             thing = {{ source = 'file', path = 'crds' }}\n{plugin}{entries}[ci.rules]\nunknown-field = '{level}'\n"
        )
    }

    fn crd(&mut self) -> String {
        let field = self.random.one_of(&["size", "count"]);
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: things.acme.io}}\n\
             spec:\n  group: acme.io\n  scope: Namespaced\n  \
             names: {{plural: things, singular: thing, kind: Thing, listKind: ThingList}}\n  versions:\n  \
             - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        \
             type: object\n        properties:\n          spec:\n            type: object\n            \
             properties: {{{field}: {{type: integer}}}}\n"
        )
    }

    fn chart(&mut self) -> String {
        let field = self.random.one_of(&["replicas", "count"]);
        format!("{{\"type\": \"object\", \"properties\": {{\"{field}\": {{\"type\": \"integer\"}}}}}}\n")
    }

    fn plugin(&mut self) -> String {
        let path = self.random.one_of(&["say.ts", "other.ts"]);
        format!("[plugin]\nname = 'plugin'\nversion = '1.0.0'\n[modules]\n'plugin/say' = '{path}'\n")
    }

    /// Makes one edit.
    fn edit(&mut self) {
        let (module, number) = (self.random.one_of(&MODULES), self.random.below(TESTS));
        let v = self.random.below(4);
        match self.random.below(100) {
            0..22 => {
                let text = self.module(module);
                self.write(&format!("lib/{module}.ts"), &text);
            }
            22..36 => self.write_test(number),
            36..42 => {
                let (path, text) = (self.random.one_of(&["dev.ts", "main.husako"]), self.entry());
                self.write(path, &text);
            }
            42..46 => {
                let text = self.config();
                self.write(ROOT_CONFIG, &text);
            }
            46..50 => {
                let (path, text) = match self.random.below(4) {
                    0 => ("chart.json", self.chart()),
                    1 => ("plugin/plugin.toml", self.plugin()),
                    2 => ("plugin/say.ts", format!("export const said: number = {v};\n")),
                    _ => ("crds/thing.yaml", self.crd()),
                };
                self.write(path, &text);
            }
            // What lies where a run has looked in vain, or before what it found.
            50..62 => {
                let path = match self.random.below(9) {
                    0 => format!("lib/{module}"),
                    1 => format!("lib/{module}.js"),
                    2 => format!("lib/{module}.husako"),
                    3 => format!("lib/{module}/index.ts"),
                    4 => format!("lib/{module}/index.js"),
                    5 => "lib/zz.ts".to_owned(),
                    6 => "plugin/other.ts".to_owned(),
                    7 => "crds/other.yaml".to_owned(),
                    _ => "x/main.ts".to_owned(),
                };
                let text = match path.as_str() {
                    "crds/other.yaml" => self.crd(),
                    "x/main.ts" => self.entry().replace("./lib", "../lib"),
                    "plugin/other.ts" => format!("export const said: number = {v};\n"),
                    _ => format!("export const v = {};\n", self.random.below(100)),
                };
                self.write(&path, &text);
            }
            // Another project, or no longer; files that are not looked at, or are again.
            62..66 => {
                let path = self.random.one_of(&["x/husako.toml", "lib/husako.toml", ".gitignore"]);
                let text =
                    if path == ".gitignore" { self.random.one_of(&["t2*\n", "lib/\n", ""]) } else { "" };
                self.write(path, text);
            }
            66..73 => {
                if let Some(path) = self.any_file() {
                    self.edits.push(format!("remove {path}"));
                    fs::remove_file(self.at(&path)).unwrap();
                }
            }
            73..78 => {
                let to = match self.random.below(3) {
                    0 => test_path(number),
                    1 => format!("lib/{module}.ts"),
                    _ => format!("lib/{module}/index.ts"),
                };
                if let Some(from) = self.any_file() {
                    let bytes = fs::read(self.at(&from)).unwrap_or_default();
                    let _ = fs::remove_file(self.at(&from));
                    self.edits.push(format!("rename {from} to {to}"));
                    self.put(&to, &bytes);
                }
            }
            78..83 => self.link(),
            // A snapshot that is another, or is of nothing.
            83..87 => {
                let path = self.at(&format!("__snapshots__/t{number}.test.ts.snap"));
                if let Ok(text) = fs::read_to_string(&path) {
                    let text = match self.random.below(3) {
                        0 => text.replace(&format!("sum: {v}"), "sum: 9"),
                        1 => text.replace("sum: 9", &format!("sum: {v}")),
                        _ => format!("{text}\nexports[`gone {v}`] = `1`;\n"),
                    };
                    self.edits.push(format!("write {}:\n{text}", path.display()));
                    fs::write(path, text).unwrap();
                }
            }
            87..90 => {
                let (path, text) =
                    (self.random.one_of(&["out0.txt", "out1.txt"]), self.random.one_of(&["x", "y", "x\n"]));
                self.write(path, text);
            }
            // As it was once.
            _ => {
                let at = usize::try_from(self.random.below(self.written.len() as u64)).unwrap();
                let (path, text) = self.written[at].clone();
                self.write(&path, &text);
            }
        }
    }

    /// Makes a symbolic link: to a file, a folder, itself, nothing, or out of the repository.
    fn link(&mut self) {
        let outside = self.outside.path().join("a.ts");
        let target = match self.random.below(10) {
            0..3 => "a.ts",
            3..6 => "b.ts",
            6 => "c.ts",
            7 => "nowhere.ts",
            8 => "../lib",
            _ => outside.to_str().unwrap(),
        };
        let path = self.random.one_of(&["lib/d.ts", "lib/zz.ts", "lib/c", "lib/c.ts", "y", "lib/b"]);
        let target = if path == "y" { "lib" } else { target };
        #[cfg(unix)]
        {
            self.make_way(path);
            self.edits.push(format!("link {path} to {target}"));
            std::os::unix::fs::symlink(target, self.at(path)).unwrap();
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.project.path().join(path)
    }

    fn write(&mut self, path: &str, text: &str) {
        self.edits.push(format!("write {path}:\n{text}"));
        self.written.push((path.to_owned(), text.to_owned()));
        self.put(path, text.as_bytes());
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        self.make_way(path);
        fs::write(self.at(path), bytes).unwrap();
    }

    /// Removes whatever is at a path, and what is no folder above it.
    fn make_way(&self, path: &str) {
        let mut folder = self.project.path().to_owned();
        for part in Path::new(path).parent().unwrap() {
            folder.push(part);
            if fs::symlink_metadata(&folder).is_ok_and(|found| !found.is_dir()) {
                fs::remove_file(&folder).unwrap();
            }
        }
        fs::create_dir_all(&folder).unwrap();
        match fs::symlink_metadata(self.at(path)) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(self.at(path)).unwrap(),
            Ok(_) => fs::remove_file(self.at(path)).unwrap(),
            Err(_) => {}
        }
    }

    /// A file or link of the repository.
    fn any_file(&mut self) -> Option<String> {
        let mut found = self.files();
        found.retain(|path| path != ROOT_CONFIG);
        let at = usize::try_from(self.random.below(found.len().max(1) as u64)).unwrap();
        found.get(at).cloned()
    }

    /// All files and links of the repository, sorted.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        files(self.project.path(), "", &mut found);
        found.sort();
        found
    }

    /// What a run tells in its JSON report, or why there is none, without what may differ between two runs of the same files.
    fn told(&self, cache: &str) -> Told {
        let report = self.outside.path().join("report.json");
        let mut command = self.project.command();
        command
            .env("HUSAKO_CI_CACHE", cache)
            .env("HUSAKO_CI_CACHE_DIR", self.results.path())
            .env("CI", "true");
        let run = Run::of(command.args(["--quiet", "--json"]).arg(&report));
        let Ok(text) = fs::read_to_string(&report) else {
            return Told { status: run.status, report: Value::String(run.stderr), files: 0, cached: 0 };
        };
        fs::remove_file(&report).unwrap();
        let mut report: Value = serde_json::from_str(&text).unwrap();
        let files = report["files"].as_array().unwrap();
        let cached = files.iter().filter(|file| file["cached"] == true).count();
        let files = files.len();
        forget_what_may_differ(&mut report);
        Told { status: run.status, report, files, cached }
    }

    /// Runs as a person does at home: missing snapshots are written.
    fn write_snapshots(&mut self) {
        self.edits.push("run, and write snapshots".to_owned());
        Run::of(self.project.command().arg("--quiet"));
    }
}

/// What a run told.
struct Told {
    status: Option<i32>,
    report: Value,
    files: usize,
    cached: usize,
}

/// One in seven lies in a folder of its own.
fn test_path(number: u64) -> String {
    if number == 6 { "x/t6.test.ts".to_owned() } else { format!("t{number}.test.ts") }
}

/// All that is no folder, by path, but for git's own.
fn files(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name == ".git" {
            continue;
        }
        let path = format!("{prefix}{name}");
        match entry.file_type().unwrap().is_dir() {
            true => files(&entry.path(), &format!("{path}/"), found),
            false => found.push(path),
        }
    }
}

fn forget_what_may_differ(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["cached", "durationMs", "jobs", "seed", "startedAt"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget_what_may_differ);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_what_may_differ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The first file of two reports that is told otherwise, as both tell it.
fn differing(with: &Value, without: &Value) -> String {
    let files = |report: &Value| report["files"].as_array().cloned().unwrap_or_default();
    let (ours, theirs) = (files(with), files(without));
    let pair = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
    let (ours, theirs) = pair.unwrap_or((with, without));
    format!("with kept results:\n{ours:#}\nwithout:\n{theirs:#}")
}

fn from_environment(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name} is to be a number, and is {text:?}"))
}

#[test]
fn kept_results_never_change_what_a_run_tells() {
    let edits = from_environment("HUSAKO_CI_FUZZ_EDITS", EDITS);
    let seed = from_environment("HUSAKO_CI_FUZZ_SEED", 4);
    let mut fuzz = Fuzz::new(seed);
    let (mut all, mut cached) = (0, 0);
    for number in 1..=edits {
        if number % FRESH == 1 {
            fuzz.begin();
        }
        fuzz.edit();
        if fuzz.random.happens(5) {
            fuzz.write_snapshots();
        }
        let (with, without) = (fuzz.told("auto"), fuzz.told("off"));
        let same = (with.status, &with.report) == (without.status, &without.report);
        assert!(
            same,
            "seed {seed}, edit {number}: {:?} with kept results, {:?} without\n{}\nthe last edits:\n{}",
            with.status,
            without.status,
            differing(&with.report, &without.report),
            fuzz.edits[fuzz.edits.len().saturating_sub(6)..].join("\n")
        );
        all += with.files;
        cached += with.cached;
    }
    eprintln!("seed {seed}: {edits} edits, {cached} of {all} results were kept ones");
    // Else nothing was compared but a run with itself.
    assert!(cached * 4 > all, "only {cached} of {all} results were kept ones");
}
