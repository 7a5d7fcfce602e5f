//! What a reviewer must not miss, over all resources.

use std::collections::BTreeMap;

use super::dangers::{Found, Subject, dangers};
use super::redact::Secrets;
use crate::change::{Danger, FieldPath, FieldStep};
use crate::config::Ci;
use crate::rule::{Level, Rule};

/// The dangers of all resources, as they are found.
#[derive(Default)]
pub(super) struct Dangers {
    found: Vec<Danger>,
    known: BTreeMap<(Rule, Level, Option<FieldPath>, String), usize>,
}

impl Dangers {
    /// Judges what becomes of the resource with this number, by the strictest of the levels: a change cannot silence a
    /// rule for itself. The secrets of both sides are taken out of what is told.
    pub(super) fn judge(
        &mut self,
        resource: usize,
        subject: &Subject<'_>,
        levels: &[&Ci],
        secrets: &Secrets,
    ) {
        for Found { rule, path, reason } in dangers(subject) {
            self.add(resource, Found { rule, path, reason }, levels, secrets);
        }
    }

    fn add(
        &mut self,
        resource: usize,
        Found { rule, path, reason }: Found,
        levels: &[&Ci],
        secrets: &Secrets,
    ) {
        let level = levels.iter().map(|ci| ci.rules.of(rule)).max().unwrap_or(rule.default_level());
        if level == Level::Off {
            return;
        }
        let path = path.map(|path| without_secrets(path, secrets));
        let reason = secrets.mask(&reason);
        let danger = self.known.entry((rule, level, path.clone(), reason.clone())).or_insert_with(|| {
            self.found.push(Danger { rule, level, resources: Vec::new(), path, reason });
            self.found.len() - 1
        });
        let resources = &mut self.found[*danger].resources;
        if resources.last() != Some(&resource) {
            resources.push(resource);
        }
    }

    /// Adds a danger that was found elsewhere, if it is that of any resource.
    pub(super) fn join(&mut self, danger: Danger) {
        if danger.resources.is_empty() {
            return;
        }
        let key = (danger.rule, danger.level, danger.path.clone(), danger.reason.clone());
        match self.known.get(&key) {
            Some(known) => self.found[*known].resources.extend(danger.resources),
            None => {
                self.known.insert(key, self.found.len());
                self.found.push(danger);
            }
        }
    }

    /// All that was found: errors first, then in the order in which the rules are documented, then of the resources.
    pub(super) fn in_order(self) -> Vec<Danger> {
        let mut found = self.found;
        found.iter_mut().for_each(|danger| danger.resources.sort_unstable());
        found.sort_by(|a, b| {
            let key = |danger: &Danger| (std::cmp::Reverse(danger.level), danger.rule);
            key(a).cmp(&key(b)).then_with(|| a.resources.cmp(&b.resources))
        });
        found
    }
}

fn without_secrets(path: FieldPath, secrets: &Secrets) -> FieldPath {
    let step = |step| match step {
        FieldStep::Key(key) => FieldStep::Key(secrets.mask(&key)),
        FieldStep::Item(keys) => {
            FieldStep::Item(keys.into_iter().map(|(key, value)| (key, secrets.mask(&value))).collect())
        }
        FieldStep::Value(value) => FieldStep::Value(secrets.mask(&value)),
        FieldStep::Index(at) => FieldStep::Index(at),
    };
    FieldPath(path.0.into_iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diff::redact::secrets_of;

    fn ci(rule: Rule, level: Level) -> Ci {
        let mut ci = Ci::default();
        ci.rules.set(rule, level);
        ci
    }

    fn found(rule: Rule, reason: &str) -> Found {
        Found { rule, path: None, reason: reason.to_owned() }
    }

    #[test]
    fn dangers_are_grouped_and_in_the_order_of_how_bad_they_are() {
        let none = Secrets::default();
        let error = ci(Rule::ProbeRemoved, Level::Error);
        let mut dangers = Dangers::default();
        dangers.add(0, found(Rule::HostAccess, "a"), &[&error], &none);
        dangers.add(1, found(Rule::StatefulDeletion, "b"), &[&error], &none);
        dangers.add(2, found(Rule::ProbeRemoved, "c"), &[&error], &none);
        dangers.add(3, found(Rule::HostAccess, "a"), &[&error], &none);
        let told: Vec<(Rule, Vec<usize>)> =
            dangers.in_order().into_iter().map(|danger| (danger.rule, danger.resources)).collect();
        assert_eq!(
            told,
            [
                (Rule::ProbeRemoved, vec![2]),
                (Rule::StatefulDeletion, vec![1]),
                (Rule::HostAccess, vec![0, 3])
            ]
        );
    }

    #[test]
    fn a_change_cannot_silence_a_rule_for_itself() {
        let none = Secrets::default();
        let (off, warn) = (ci(Rule::Privileged, Level::Off), ci(Rule::Privileged, Level::Warn));
        let mut dangers = Dangers::default();
        dangers.add(0, found(Rule::Privileged, "a"), &[&off, &off], &none);
        dangers.add(1, found(Rule::Privileged, "a"), &[&warn, &off], &none);
        assert_eq!(dangers.in_order()[0].resources, [1]);
    }

    #[test]
    fn no_secret_of_the_resource_is_told() {
        let secret = json!({"kind": "Secret", "stringData": {"a": "hunter22"}});
        let secrets = Secrets::default().with(secrets_of(&secret, &[]));
        let mut dangers = Dangers::default();
        let path = FieldPath(vec![FieldStep::Value("hunter22".to_owned())]);
        let found = Found { path: Some(path), ..found(Rule::Privileged, "because of hunter22") };
        dangers.add(0, found, &[], &secrets);
        let danger = &dangers.in_order()[0];
        assert_eq!(danger.reason, "because of <redacted>");
        assert_eq!(danger.path.as_ref().unwrap().to_string(), "[<redacted>]");
    }
}
