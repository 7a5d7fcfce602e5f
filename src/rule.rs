//! What rendered resources, and changes of them, are judged by: the rules' names, and how severe each is unless `[ci.rules]`
//! says otherwise.

/// How a finding of a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is not told.
    Off,
    /// It is told.
    Warn,
    /// It is told, and the resource fails.
    Error,
}

impl Level {
    /// The words that `[ci.rules]` takes.
    pub const NAMES: [&str; 3] = ["off", "warn", "error"];

    /// Its name in `[ci.rules]`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }

    /// The level with this name in `[ci.rules]`.
    pub fn named(name: &str) -> Option<Level> {
        [Level::Off, Level::Warn, Level::Error].into_iter().find(|level| level.name() == name)
    }
}

/// What a rule judges.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A resource as it is.
    Resource,
    /// What becomes of a resource between two revisions.
    Change,
}

macro_rules! rules {
    ($($about:ident $rule:ident $name:literal $level:ident $summary:literal;)*) => {
        /// A rule that rendered resources, or changes of them, are judged by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $summary] $rule,)*
        }

        impl Rule {
            /// All rules, in the order in which they are documented.
            pub const ALL: &[Rule] = &[$(Rule::$rule,)*];

            /// Its name in `[ci.rules]` and in reports.
            pub fn name(self) -> &'static str {
                match self { $(Rule::$rule => $name,)* }
            }

            /// What it judges.
            #[cfg(test)]
            pub fn about(self) -> About {
                match self { $(Rule::$rule => About::$about,)* }
            }

            /// How it counts when nobody says: what the API server rejects is an error, what it warns about, or what
            /// goes wrong only later in the cluster, a warning.
            pub fn default_level(self) -> Level {
                match self { $(Rule::$rule => Level::$level,)* }
            }

            /// What it finds, as the table of the README says it.
            pub fn summary(self) -> &'static str {
                match self { $(Rule::$rule => $summary,)* }
            }
        }
    };
}

rules! {
    Resource UnknownField "unknown-field" Error "a field that the type does not have";
    Resource Type "type" Error "a value of another type than the field's, or an integer out of its range of bits";
    Resource Required "required" Error "a required field that is not there";
    Resource Enum "enum" Error "a value that is none of the field's";
    Resource Format "format" Error "a string that is no quantity, time, base64 or whatever else the field must be";
    Resource Range "range" Error "a number below the minimum or above the maximum, or no multiple of what it must be";
    Resource Length "length" Error "too few or too many characters, items or keys";
    Resource Pattern "pattern" Error "a string that does not match the pattern of its schema";
    Resource Combination "combination" Error "fields that exclude each other, or of which one is missing (oneOf, anyOf, not)";
    Resource Duplicate "duplicate" Error "two items of a list with the same key, name or value";
    Resource Name "name" Error "a name or namespace with a wrong syntax, missing, or not allowed here";
    Resource Label "label" Error "a label or annotation with a wrong key or value";
    Resource Port "port" Error "a port out of range, or a port name with a wrong syntax";
    Resource Selector "selector" Error "a selector that is invalid or does not match the labels of its template";
    Resource Volume "volume" Error "a mount of a volume that is not there, or a volume without exactly one source";
    Resource Cron "cron" Error "a schedule or time zone that cannot be read";
    Resource Value "value" Error "any other value that the API server refuses";
    Resource Custom "custom-rule" Error "a rule of a CRD (x-kubernetes-validations) that does not hold";
    Resource RemovedApi "removed-api" Error "an apiVersion that the target version of Kubernetes no longer serves";
    Resource DeprecatedApi "deprecated-api" Warn "an apiVersion that a later version of Kubernetes no longer serves";
    Resource ServerWarning "server-warning" Warn "what the API server accepts with a warning";
    Resource Environment "environment" Warn "an environment variable that is set twice";
    Resource Image "image" Warn "an image reference that no registry client can read";
    Resource Reference "reference" Warn "a reference to a key that a ConfigMap or Secret of the same entry does not have";
    Resource DuplicateResource "duplicate-resource" Warn "a resource that an entry renders twice";
    Resource UnknownKind "unknown-kind" Warn "a kind without a schema: hardly anything of it was checked";
    Resource NotChecked "not-checked" Warn "a rule of a CRD that could not be evaluated";
    Resource ClassInstance "class-instance" Warn "an instance of a class where a plain object is meant";
    Change StatefulDeletion "stateful-deletion" Warn "a PersistentVolumeClaim, PersistentVolume, StatefulSet, Namespace, CustomResourceDefinition or Secret is deleted";
    Change ImmutableField "immutable-field" Warn "a field is changed that the API server does not let change";
    Change CrdVersion "crd-version" Warn "a version of a CRD is removed or no longer served, or another one is stored";
    Change ScaledToZero "scaled-to-zero" Warn "a workload is scaled to no replicas";
    Change BlockedEviction "blocked-eviction" Warn "a PodDisruptionBudget lets no pod be evicted, so that nodes cannot be drained";
    Change Privileged "privileged" Warn "a container becomes privileged, loses a fence before the kernel of its node, or may gain privileges";
    Change HostAccess "host-access" Warn "a pod gets a folder, the network, a port or the processes of its node";
    Change Capability "capability" Warn "a container gets more Linux capabilities";
    Change RunAsRoot "run-as-root" Warn "a container may run, or runs, as root where it did not";
    Change WildcardRbac "wildcard-rbac" Warn "a role gets `*` as verb, resource, API group or URL";
    Change ClusterAdmin "cluster-admin" Warn "somebody is bound to cluster-admin";
    Change ResourcesRemoved "resources-removed" Warn "a container loses a request or a limit";
    Change ProbeRemoved "probe-removed" Warn "a container loses a probe";
    Change MutableImage "mutable-image" Warn "an image is named without tag and digest, or with `latest`";
    Change IngressRemoved "ingress-removed" Warn "an Ingress or a route loses a host, a path or a certificate";
}

impl Rule {
    /// The rule with this name.
    pub fn named(name: &str) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.name() == name)
    }
}

/// The level of every rule: its default, unless configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(std::collections::BTreeMap<Rule, Level>);

impl Levels {
    /// Sets the level of a rule.
    pub fn set(&mut self, rule: Rule, level: Level) {
        self.0.insert(rule, level);
    }

    /// The level of a rule.
    pub fn of(&self, rule: Rule) -> Level {
        self.0.get(&rule).copied().unwrap_or_else(|| rule.default_level())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_by_their_names_and_can_be_set() {
        for rule in Rule::ALL {
            assert_eq!(Rule::named(rule.name()), Some(*rule));
        }
        let mut levels = Levels::default();
        assert_eq!(levels.of(Rule::Image), Level::Warn);
        levels.set(Rule::Image, Level::Off);
        assert_eq!((levels.of(Rule::Image), levels.of(Rule::Name)), (Level::Off, Level::Error));
    }

    #[test]
    fn the_tables_of_the_readme_are_true() {
        let tables = [
            (About::Resource, "| Rule | Default | What it finds |"),
            (About::Change, "| Rule about changes | Default | What it finds |"),
        ];
        for (about, heading) in tables {
            let rows: Vec<&str> = include_str!("../README.md")
                .lines()
                .skip_while(|line| *line != heading)
                .skip(2)
                .take_while(|line| line.starts_with('|'))
                .collect();
            let row = |rule: &Rule| {
                format!("| `{}` | {} | {} |", rule.name(), rule.default_level().name(), rule.summary())
            };
            let rules = Rule::ALL.iter().filter(|rule| rule.about() == about);
            assert_eq!(rows, rules.map(row).collect::<Vec<_>>());
        }
    }
}
