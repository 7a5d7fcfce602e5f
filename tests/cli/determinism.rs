//! The clock, what is random, and the order of cases: set for a run, known of a file, and changed to see what depends on them.

use serde_json::{Value, json};

use crate::run::Project;

const CLOCK: &str = "import { expect, test } from \"husako/test\";
test(\"this year\", () => { expect(new Date().getFullYear()).toBe(2026); });
";
const RANDOM: &str = "import { test } from \"husako/test\";
test(\"number \" + Math.random(), () => { console.log(Math.random()); });
";
const ORDER: &str = "import { expect, test } from \"husako/test\";
let cases = 0;
test(\"first\", () => { cases += 1; expect(cases).toBe(1); });
test(\"second\", () => { cases += 1; expect(cases).toBe(2); });
";
const PLAIN: &str = "import { expect, test } from \"husako/test\";
test(\"passes\", () => { expect(new Date(0).getTime()).toBe(0); });
test.skip(\"is skipped\", () => {});
test.fails(\"fails as it should\", () => { expect(1).toBe(2); });
";
const CONFIG_MAP: &str = "import { build, name } from \"husako\";
import { ConfigMap } from \"k8s/core/v1\";
build([ConfigMap().metadata(name(\"a\")).data({ b: \"1\" }), ConfigMap().metadata(name(\"at\")).data({ \"built.at\": Date() })]);
";
const SECRET: &str = "import { build, name } from \"husako\";
import { Secret } from \"k8s/core/v1\";
build([Secret().metadata(name(\"s\")).set(\"stringData\", { password: \"hunter\" + Math.random() })]);
";

fn file<'a>(report: &'a Value, path: &str) -> &'a Value {
    report["files"].as_array().unwrap().iter().find(|file| file["path"] == path).unwrap()
}

fn names(report: &Value, path: &str) -> Vec<String> {
    let cases = file(report, path)["cases"].as_array().unwrap();
    cases.iter().map(|case| case["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_a_file_asks_for_is_known() {
    let project = Project::of(&[
        ("clock.test.ts", CLOCK),
        ("random.test.ts", RANDOM),
        ("plain.test.ts", PLAIN),
        (
            "performance.test.ts",
            "import { test } from \"husako/test\"; test(\"t\", () => { performance.now(); });",
        ),
        ("dev.ts", CONFIG_MAP),
        ("husako.toml", "[entries]\ndev = \"dev.ts\"\n"),
    ]);
    let reported = project.report(&["--now", "2026-05-01"]);
    reported.run.exits_with(0);
    let reads = |path| file(&reported.json, path)["reads"].clone();
    assert_eq!(reads("clock.test.ts"), json!(["clock"]));
    assert_eq!(reads("random.test.ts"), json!(["random"]));
    assert_eq!(reads("performance.test.ts"), json!(["clock"]));
    assert_eq!(reads("dev.ts"), json!(["clock"]));
    assert_eq!(reads("plain.test.ts"), Value::Null);
}

#[test]
fn a_run_can_be_given_its_time() {
    let clock = "import { expect, test, vi } from \"husako/test\";
test(\"stands still\", async () => {
  const before = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([Date.now(), performance.now() - before]).toEqual([Date.UTC(2026, 0, 31, 10), 0]);
  expect(new Date().toISOString()).toBe(\"2026-01-31T10:00:00.000Z\");
  expect(Date()).toContain(\"2026\");
  const Same = new Date().constructor as DateConstructor;
  expect(new Same().getTime()).toBe(Date.now());
  class Own extends Date {}
  expect(new Own()).toBeInstanceOf(Own);
  expect(new Own().getTime()).toBe(Date.now());
  expect([Date.UTC(2020, 0), Date.parse(\"2020-01-01\")]).toEqual([1577836800000, 1577836800000]);
  vi.useFakeTimers({ now: 5 });
  expect(Date.now()).toBe(5);
  vi.useRealTimers();
  expect(Date.now()).toBe(Date.UTC(2026, 0, 31, 10));
});
";
    let project = Project::of(&[("clock.test.ts", clock)]);
    project.report(&["--now", "2026-01-31T12:00:00+02:00"]).run.exits_with(0);
    project.report(&["--now", "2026-01-31T13:00:00+02:00"]).run.exits_with(1);
    let run = project.run(&["--now", "31.1.2026"]);
    run.exits_with(2);
    assert!(
        run.stderr.contains("is neither a time such as 2026-01-31T12:00:00Z nor a date"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_random_comes_of_the_seed_that_is_told() {
    let project = Project::of(&[("random.test.ts", RANDOM), ("same/random.test.ts", RANDOM)]);
    let drawn = project.report(&[]);
    let seed = drawn.json["summary"]["seed"].as_u64().unwrap().to_string();
    let told = format!(" Seed {seed} (to repeat it: --seed {seed})");
    assert!(drawn.run.stdout.contains(&told), "{}", drawn.run.stdout);
    let again = project.report(&["--seed", &seed]);
    let of = |report: &Value| names(report, "random.test.ts");
    assert_eq!(of(&drawn.json), of(&again.json));
    assert_ne!(of(&drawn.json), names(&drawn.json, "same/random.test.ts"));
    assert_ne!(of(&drawn.json), of(&project.report(&[]).json));

    let plain = Project::of(&[("plain.test.ts", PLAIN)]).report(&["--seed", "5"]);
    assert_eq!(plain.json["summary"]["seed"], Value::Null, "nothing was random");
    assert!(!plain.run.stdout.contains("Seed"), "{}", plain.run.stdout);
}

#[test]
fn files_and_cases_are_shuffled_as_the_seed_says() {
    let test = "import { test } from \"husako/test\";
for (let i = 0; i < 9; i++) test(\"case \" + i, () => { console.log(\"ran \" + i); });
";
    let project = Project::of(&[]);
    (0..5).for_each(|n| project.write(&format!("{n}.test.ts"), test));
    let order = |args: &[&str]| {
        let run = project.run(&[&["-v", "--jobs", "1"], args].concat());
        run.exits_with(0);
        let told = run.stdout.lines().filter(|line| line.contains("✓") && !line.contains("case ")).count();
        assert_eq!(told, 5);
        let files = run
            .stdout
            .lines()
            .filter_map(|line| line.split_once(".test.ts"))
            .map(|(file, _)| file.to_owned());
        files.collect::<Vec<_>>()
    };
    assert_eq!(order(&["--shuffle", "--seed", "1"]), order(&["--shuffle", "--seed", "1"]));
    assert_ne!(order(&["--shuffle", "--seed", "1"]), order(&["--shuffle", "--seed", "2"]));
    let reported = project.report(&["--shuffle", "--seed", "7"]);
    assert_eq!(reported.json["summary"]["seed"], 7, "the order was random");
}

#[test]
fn what_depends_on_its_circumstances_is_named() {
    let project = Project::of(&[
        ("clock.test.ts", CLOCK),
        ("random.test.ts", RANDOM),
        ("order.test.ts", ORDER),
        ("plain.test.ts", PLAIN),
        ("dev.ts", CONFIG_MAP),
        ("prod.ts", SECRET),
        ("husako.toml", "[entries]\ndev = \"dev.ts\"\nprod = \"prod.ts\"\n"),
    ]);
    project.report(&["--now", "2026-05-01"]).run.exits_with(0);
    let reported = project.report(&["--now", "2026-05-01", "--check-determinism"]);
    let run = reported.run.exits_with(1);
    let told = |path: &str| {
        let case = file(&reported.json, path)["cases"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&case["name"], &case["status"]), (&json!("(determinism)"), &json!("failed")));
        let failure = &case["failures"][0];
        assert_eq!(failure["kind"], "Nondeterminism");
        (failure["message"].as_str().unwrap().to_owned(), failure["help"].as_str().unwrap().to_owned())
    };
    let (message, help) = told("clock.test.ts");
    assert!(
        message.starts_with("case \"this year\" passed, and failed when the file ran again:"),
        "{message}"
    );
    assert!(message.contains("Received: 2027") && help.contains("the clock alone"), "{message} {help}");
    let (message, help) = told("random.test.ts");
    assert!(
        message.starts_with("case \"number 0.")
            && message.ends_with("was there only when the file ran first")
    );
    assert!(help.contains("Math.random() alone"), "{help}");
    let (message, help) = told("order.test.ts");
    assert!(
        message.starts_with("case \"first\" passed, and failed")
            && help.contains("the order of the cases alone")
    );
    let (message, _) = told("dev.ts");
    assert!(message.starts_with("$.data[\"built.at\"] of ConfigMap at is \"Fri May 01 2026"), "{message}");
    let (message, _) = told("prod.ts");
    assert_eq!(
        message,
        "$.stringData.password of Secret s is <redacted>, and <redacted> when the entry ran again"
    );
    assert!(!run.stdout.contains("hunter") && !reported.junit.contains("hunter"), "{}", run.stdout);
    assert_eq!(names(&reported.json, "plain.test.ts").len(), 3, "nothing is said of what is the same");
}

#[test]
fn the_same_in_all_circumstances_is_fine() {
    let project = Project::fixture("sample");
    let plain = project.report(&[]);
    let checked = project.report(&["--check-determinism"]);
    assert_eq!(plain.json["summary"]["cases"], checked.json["summary"]["cases"]);
}

#[test]
fn a_limit_that_is_reached_is_no_difference() {
    let slow = "import { expect, test } from \"husako/test\";
test(\"waits for the year to end\", () => { while (Date.now() > Date.UTC(2027, 0)); });
test(\"passes\", () => { expect(1).toBe(1); });
";
    let project = Project::of(&[("slow.test.ts", slow)]);
    let args =
        ["--now", "2026-05-01", "--check-determinism", "--test-timeout-ms", "200", "--timeout-ms", "2000"];
    project.report(&args).run.exits_with(0);
}

#[test]
fn the_cause_that_is_told_is_that_of_what_differs() {
    let project = Project::of(&[(
        "a.test.ts",
        "import { expect, test } from \"husako/test\";
test(\"random\", ({ skip }) => { skip(Math.random() < 0.5); });
test(\"date\", () => { expect(new Date().getFullYear()).toBe(2026); });
",
    )]);
    // The seed decides whether the first case differs at all: among these it does for some.
    let told = (0..8).map(|seed| project.run(&["--check-determinism", "--seed", &seed.to_string()]).stdout);
    let told: Vec<String> = told.filter(|text| text.contains("case \"random\" ")).collect();
    assert!(!told.is_empty());
    for text in told {
        assert!(text.contains("it differs with Math.random() alone"), "{text}");
    }
}
