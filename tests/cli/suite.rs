//! Cases that are run again, and runs that stop after so many failures.

use crate::run::Project;

const FLAKY: &str = "import { test } from \"husako/test\";
let runs = 0;
test(\"a\", () => { if (runs++ === 0) throw new Error(\"the first time\"); });
";

#[test]
fn a_flaky_case_passes_unless_it_is_not_to() {
    let project = Project::of(&[("a.test.ts", FLAKY)]);
    project.run(&[]).exits_with(1);
    let told = project.report(&["--retries", "2"]);
    told.run.exits_with(0);
    assert!(told.run.stdout.contains("FLAKY") && told.run.stdout.contains("1 flaky"), "{}", told.run.stdout);
    let case = &told.json["files"][0]["cases"][0];
    assert_eq!(case["status"], "flaky");
    assert_eq!(case["attempts"][0]["failures"][0]["message"], "the first time");
    assert!(told.junit.contains("<flakyError"), "{}", told.junit);
    let told = project.report(&["--retries", "2", "--flaky", "fail"]);
    told.run.exits_with(1);
    assert_eq!(told.json["files"][0]["status"], "failed");
    assert!(told.junit.contains("failures=\"1\""), "{}", told.junit);
}

#[test]
fn nothing_more_is_started_once_enough_have_failed() {
    let failing = "import { test } from \"husako/test\";
for (const name of [\"a\", \"b\", \"c\"]) test(name, () => { throw new Error(name); });
";
    let project = Project::of(&[("a.test.ts", failing), ("b.test.ts", failing)]);
    let told = project.report(&["--max-fail", "2", "--jobs", "1"]);
    told.run.exits_with(1);
    let files = &told.json["files"];
    let statuses: Vec<&str> =
        files[0]["cases"].as_array().unwrap().iter().map(|case| case["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["error", "error", "skipped"]);
    assert_eq!(files[1]["status"], "notRun");
    assert_eq!(told.json["summary"]["stopped"], "max-fail");
}
