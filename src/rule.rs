//! What rendered resources are judged by: the rules' names, and how severe each is unless `[ci.rules]` says otherwise.

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

    /// The level with this name in `[ci.rules]`.
    pub fn named(name: &str) -> Option<Level> {
        match name {
            "off" => Some(Level::Off),
            "warn" => Some(Level::Warn),
            "error" => Some(Level::Error),
            _ => None,
        }
    }
}

macro_rules! rules {
    ($($rule:ident $name:literal $level:ident $summary:literal;)*) => {
        /// A rule that rendered resources are judged by.
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

            /// How it counts when nobody says: what the API server rejects is an error, what it warns about, or what
            /// goes wrong only later in the cluster, a warning.
            pub fn default_level(self) -> Level {
                match self { $(Rule::$rule => Level::$level,)* }
            }

            /// What it finds, as the table of the README says it.
            #[cfg(test)]
            pub fn summary(self) -> &'static str {
                match self { $(Rule::$rule => $summary,)* }
            }
        }
    };
}

rules! {
    UnknownField "unknown-field" Error "a field that the type does not have";
    Type "type" Error "a value of another type than the field's, or an integer out of its range of bits";
    Required "required" Error "a required field that is not there";
    Enum "enum" Error "a value that is none of the field's";
    Format "format" Error "a string that is no quantity, time, base64 or whatever else the field must be";
    Range "range" Error "a number below the minimum or above the maximum, or no multiple of what it must be";
    Length "length" Error "too few or too many characters, items or keys";
    Pattern "pattern" Error "a string that does not match the pattern of its schema";
    Combination "combination" Error "fields that exclude each other, or of which one is missing (oneOf, anyOf, not)";
    Duplicate "duplicate" Error "two items of a list with the same key, name or value";
    Name "name" Error "a name or namespace with a wrong syntax, missing, or not allowed here";
    Label "label" Error "a label or annotation with a wrong key or value";
    Port "port" Error "a port out of range, or a port name with a wrong syntax";
    Selector "selector" Error "a selector that is invalid or does not match the labels of its template";
    Volume "volume" Error "a mount of a volume that is not there, or a volume without exactly one source";
    Cron "cron" Error "a schedule or time zone that cannot be read";
    Value "value" Error "any other value that the API server refuses";
    Custom "custom-rule" Error "a rule of a CRD (x-kubernetes-validations) that does not hold";
    RemovedApi "removed-api" Error "an apiVersion that the target version of Kubernetes no longer serves";
    DeprecatedApi "deprecated-api" Warn "an apiVersion that a later version of Kubernetes no longer serves";
    ServerWarning "server-warning" Warn "what the API server accepts with a warning";
    Environment "environment" Warn "an environment variable that is set twice";
    Image "image" Warn "an image reference that no registry client can read";
    Reference "reference" Warn "a reference to a key that a ConfigMap or Secret of the same entry does not have";
    DuplicateResource "duplicate-resource" Warn "a resource that an entry renders twice";
    UnknownKind "unknown-kind" Warn "a kind without a schema: hardly anything of it was checked";
    NotChecked "not-checked" Warn "a rule of a CRD that could not be evaluated";
    ClassInstance "class-instance" Warn "an instance of a class where a plain object is meant";
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
    fn the_table_of_the_readme_is_true() {
        let level = |rule: &Rule| match rule.default_level() {
            Level::Off => "off",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        let rows: Vec<&str> = include_str!("../README.md")
            .lines()
            .skip_while(|line| *line != "| Rule | Default | What it finds |")
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        let row = |rule: &Rule| format!("| `{}` | {} | {} |", rule.name(), level(rule), rule.summary());
        assert_eq!(rows, Rule::ALL.iter().map(row).collect::<Vec<_>>());
    }
}
