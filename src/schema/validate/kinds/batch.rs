//! Jobs and CronJobs (`k8s.io/kubernetes/pkg/apis/batch/validation`).

use super::node::Node;
use super::pod::{self, Context};
use super::{cron, selectors};
use crate::rule::Rule;

/// A Job.
pub fn job(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    job_spec(&spec);
    let selector = spec.get("selector");
    if spec.get("manualSelector").is_true() {
        if spec.require("selector") {
            selectors::label_selector(&selector);
            selectors::matches_template(&selector, &spec.get("template"), false);
        }
        return;
    }
    // The labels that the server gives the pods are its own.
    let name = object.get("metadata").get("name").filled();
    let template = spec.get("template");
    let metadata = template.get("metadata");
    let labels = metadata.get("labels");
    for key in ["job-name", "batch.kubernetes.io/job-name"] {
        let label = labels.get(key);
        if label.is_set() && name.is_some_and(|name| !label.is(name)) {
            label.say_help(Rule::Label, format!("the label `{key}` is the server's"), "leave it out");
        }
    }
    for key in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
        if labels.get(key).is_set() {
            labels.get(key).say_help(
                Rule::Label,
                format!("the label `{key}` is the server's"),
                "leave it out",
            );
        }
    }
    if !selectors::is_empty(&selector) {
        selector.say_help(
            Rule::Selector,
            "the selector of a Job is made by the server",
            "leave it out, or set `manualSelector: true`",
        );
    }
}

/// A CronJob.
pub fn cron_job(object: &Node) {
    if !object.require("spec") {
        return;
    }
    let spec = object.get("spec");
    spec.require("schedule");
    let schedule = spec.get("schedule");
    if let Some(text) = schedule.filled() {
        cron::schedule(&schedule, text);
    }
    let zone = spec.get("timeZone");
    if let Some(text) = zone.str() {
        cron::time_zone(&zone, text);
    }
    for key in ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        spec.get(key).at_least(0);
    }
    if spec.require("jobTemplate") {
        let template = spec.get("jobTemplate");
        template.later(|| selectors::labels(&template.get("metadata").get("labels"), Rule::Label));
        let job = template.get("spec");
        job_spec(&job);
        let selector = job.get("selector");
        selector.forbid("the selector of the Jobs of a CronJob is made by the server");
        if job.get("manualSelector").is_true() {
            job.get("manualSelector")
                .say(Rule::Combination, "the Jobs of a CronJob cannot have a selector of their own");
        }
    }
}

fn job_spec(spec: &Node) {
    const KEYS: [&str; 7] = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    for key in KEYS {
        spec.get(key).at_least(0);
    }
    let indexed = spec.get("completionMode").is("Indexed");
    if indexed && !spec.get("completions").is_set() {
        spec.say(Rule::Required, "missing required field `completions` (`completionMode: Indexed` needs it)");
    }
    if indexed && spec.get("parallelism").int().is_some_and(|number| number > 100_000) {
        spec.get("parallelism").say(Rule::Range, "expected at most 100000 with `completionMode: Indexed`");
    }
    for key in ["backoffLimitPerIndex", "maxFailedIndexes"] {
        if !indexed {
            spec.get(key).forbid(&format!("`{key}` goes only with `completionMode: Indexed`"));
        }
    }
    if spec.get("maxFailedIndexes").is_set() && !spec.get("backoffLimitPerIndex").is_set() {
        spec.get("maxFailedIndexes")
            .say(Rule::Combination, "`maxFailedIndexes` goes only with `backoffLimitPerIndex`");
    }
    if spec.require("template") {
        let template = spec.get("template");
        pod::template(&template, Context::FINISHING);
        failure_policy(spec, &template.get("spec"));
    }
}

/// What failures of pods mean for the Job.
fn failure_policy(spec: &Node, pod: &Node) {
    let policy = spec.get("podFailurePolicy");
    if !policy.is_set() {
        return;
    }
    if !pod.get("restartPolicy").is("Never") {
        policy.say(Rule::Combination, "`podFailurePolicy` goes only with `restartPolicy: Never`");
    }
    for rule in policy.get("rules").items() {
        rule.require("action");
        rule.exactly_one(Rule::Combination, &["onExitCodes", "onPodConditions"]);
        let codes = rule.get("onExitCodes");
        if codes.is_set() {
            codes.require("values");
            for value in codes.get("values").items() {
                let success = value.int() == Some(0) && codes.get("operator").is("In");
                if success {
                    value.say(Rule::Value, "the exit code 0 is no failure, `In` cannot have it");
                }
            }
            let name = codes.get("containerName");
            let known = ["containers", "initContainers"].iter().any(|list| {
                let containers = pod.get(list);
                containers.items().any(|container| container.get("name").str() == name.str())
            });
            if name.filled().is_some() && !known {
                name.say(Rule::Value, format!("the pod has no container {}", name.shown()));
            }
        }
        for pattern in rule.get("onPodConditions").items() {
            pattern.get("status").one_of(&["True", "False", "Unknown"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rule::Rule::*;
    use crate::schema::validate::kinds::testing::*;

    fn template() -> serde_json::Value {
        patched(&super::super::testing::template(), "/spec/restartPolicy", json!("Never"))
    }

    #[test]
    fn jobs_are_judged() {
        let base = object("batch/v1", "Job", json!({"spec": {"template": template()}}));
        accept_all(
            &base,
            &[
                ("/spec/completionMode", json!("NonIndexed")),
                ("/spec/ttlSecondsAfterFinished", json!(0)),
                (
                    "/spec/podFailurePolicy",
                    json!({"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1], "containerName": "web"}}]}),
                ),
            ],
        );
        let policy = |rule: serde_json::Value| json!({"rules": [rule]});
        reject_all(
            &base,
            &[
                ("/spec", json!(null), Required, "$"),
                ("/spec/template", json!(null), Required, "$.spec"),
                (
                    "/spec/template/metadata/labels",
                    json!({"job-name": "x"}),
                    Label,
                    "$.spec.template.metadata.labels[\"job-name\"]",
                ),
                ("/spec/template/spec/restartPolicy", json!(null), Required, "$.spec.template.spec"),
                (
                    "/spec/template/spec/restartPolicy",
                    json!("Always"),
                    Enum,
                    "$.spec.template.spec.restartPolicy",
                ),
                ("/spec/completions", json!(-1), Range, "$.spec.completions"),
                ("/spec/backoffLimit", json!(-1), Range, "$.spec.backoffLimit"),
                ("/spec/completionMode", json!("Indexed"), Required, "$.spec"),
                ("/spec/backoffLimitPerIndex", json!(1), Combination, "$.spec.backoffLimitPerIndex"),
                ("/spec/selector", json!({"matchLabels": {"app": "web"}}), Selector, "$.spec.selector"),
                (
                    "/spec/podFailurePolicy",
                    policy(json!({"action": "Count"})),
                    Combination,
                    "$.spec.podFailurePolicy.rules[0]",
                ),
                (
                    "/spec/podFailurePolicy",
                    policy(json!({"action": "Count", "onExitCodes": {"operator": "In", "values": [0]}})),
                    Value,
                    "$.spec.podFailurePolicy.rules[0].onExitCodes.values[0]",
                ),
                (
                    "/spec/podFailurePolicy",
                    policy(
                        json!({"action": "Count", "onExitCodes": {"operator": "In", "values": [1], "containerName": "x"}}),
                    ),
                    Value,
                    "$.spec.podFailurePolicy.rules[0].onExitCodes.containerName",
                ),
            ],
        );
    }

    #[test]
    fn cron_jobs_are_judged() {
        let spec = json!({"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template()}}});
        let base = object("batch/v1", "CronJob", json!({"spec": spec}));
        accepts(&base, "/spec/timeZone", json!("Europe/Berlin"));
        reject_all(
            &base,
            &[
                ("/spec/schedule", json!(""), Required, "$.spec.schedule"),
                ("/spec/schedule", json!("0 3 * *"), Cron, "$.spec.schedule"),
                ("/spec/timeZone", json!("Local"), Cron, "$.spec.timeZone"),
                ("/spec/startingDeadlineSeconds", json!(-1), Range, "$.spec.startingDeadlineSeconds"),
                ("/spec/failedJobsHistoryLimit", json!(-1), Range, "$.spec.failedJobsHistoryLimit"),
                ("/spec/jobTemplate", json!(null), Required, "$.spec"),
                (
                    "/spec/jobTemplate/spec/selector",
                    json!({}),
                    Combination,
                    "$.spec.jobTemplate.spec.selector",
                ),
                (
                    "/spec/jobTemplate/spec/template/spec/restartPolicy",
                    json!("Always"),
                    Enum,
                    "$.spec.jobTemplate.spec.template.spec.restartPolicy",
                ),
            ],
        );
    }
}
