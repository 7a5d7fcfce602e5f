//! Repositories to measure with, made here.

use std::fmt::Write;

/// Paths and texts.
pub type Files = Vec<(String, String)>;

/// How many helper modules there are, each of which imports the one before.
pub const HELPERS: usize = 8;

/// A kind of test file.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Five cases of plain logic.
    Tiny,
    /// Ten cases with classes and functions of helper modules.
    Helpers,
    /// Ten cases with builders of Kubernetes resources.
    Kubernetes,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Tiny, Kind::Helpers, Kind::Kubernetes];

    /// What it is called, and how many cases a file has.
    pub fn told(self) -> (&'static str, usize) {
        match self {
            Kind::Tiny => ("tiny", 5),
            Kind::Helpers => ("helpers", 10),
            Kind::Kubernetes => ("kubernetes", 10),
        }
    }

    /// The test file of a number.
    pub fn source(self, number: usize) -> String {
        let mut source = String::from("import { describe, expect, test } from 'husako/test';\n");
        let head = match self {
            Kind::Tiny => "",
            Kind::Helpers => {
                "import { labels, Store, Tier } from './lib/m7';\nimport { label } from './lib/m4';\n"
            }
            Kind::Kubernetes => {
                "import { cpu, metadata, requests } from 'husako';\nimport { LabelSelector } from 'k8s/_common';\n\
                 import { Deployment } from 'k8s/apps/v1';\nimport { Container, Service, ServicePort } from 'k8s/core/v1';\n"
            }
        };
        let _ = writeln!(source, "{head}describe('file {number}', () => {{");
        for case in 0..self.told().1 {
            let body = match self {
                Kind::Tiny => format!(
                    "const sum: number = [1, 2, {case}].reduce((a, b) => a + b, 0);\n\
                     expect(sum).toBe({case} + 3);\nexpect(sum).toBeGreaterThan(0);"
                ),
                Kind::Helpers => format!(
                    "const app = {{ name: 'a{case}', replicas: 1, labels: {{}} }};\n\
                     expect(labels(app, Tier.Worker)).toEqual({{ app: 'a{case}', tier: 'worker' }});\n\
                     expect(new Store().add({{ name: 'b' }}).add({{ name: 'a' }}).names()).toEqual(['a', 'b']);\n\
                     expect(label(app)).toContain('a{case}-4');"
                ),
                Kind::Kubernetes => format!(
                    "const web: any = Deployment().metadata(metadata().name('web').label('app', 'web')).replicas({case})\n\
                       .selector(LabelSelector().matchLabels({{ app: 'web' }}))\n\
                       .containers([Container().name('web').image('nginx').resources(requests(cpu('100m')))])._render();\n\
                     expect(web.spec.replicas).toBe({case});\nexpect(web.metadata.labels).toEqual({{ app: 'web' }});\n\
                     const service: any = Service().metadata(metadata().name('web')).ports([ServicePort().port(80)])._render();\n\
                     expect(service.spec.ports).toHaveLength(1);"
                ),
            };
            let _ = writeln!(source, "test('case {case}', () => {{\n{body}\n}});");
        }
        source.push_str("});\n");
        source
    }
}

/// A helper module as users write them: types, an enum, functions, a class.
pub fn helper(number: usize) -> String {
    let (import, more) = match number {
        0 => (String::new(), ""),
        _ => (format!("import {{ label as before }} from './m{}';\n", number - 1), " + before(app)"),
    };
    format!(
        "{import}\
         export interface App {{ name: string; replicas: number; labels: Record<string, string> }}\n\
         export enum Tier {{ Web = 'web', Worker = 'worker' }}\n\
         export const label = (app: App): string => `${{app.name}}-{number} `{more};\n\
         export function labels(app: App, tier: Tier = Tier.Web): Record<string, string> {{\n\
           return {{ ...app.labels, app: app.name, tier }};\n\
         }}\n\
         export class Store<T extends {{ name: string }}> {{\n\
           private readonly items = new Map<string, T>();\n\
           constructor(private readonly prefix: string = '') {{}}\n\
           add(item: T): this {{ this.items.set(this.prefix + item.name, item); return this; }}\n\
           names(): string[] {{ return [...this.items.keys()].sort(); }}\n\
         }}\n"
    )
}

fn helpers() -> impl Iterator<Item = (String, String)> {
    (0..HELPERS).map(|n| (format!("lib/m{n}.ts"), helper(n))).chain([("husako.toml".into(), String::new())])
}

/// That many test files of a kind, and the helpers.
pub fn tests(kind: Kind, files: usize) -> Files {
    helpers().chain((0..files).map(|n| (format!("t{n:05}.test.ts"), kind.source(n)))).collect()
}

/// That many entries of ten resources each, all of which have a label and an image that a helper decides by `version`.
pub fn entries(files: usize, version: &str) -> Files {
    let helper = ("lib.ts".to_owned(), format!("export const version = '{version}';\n"));
    (0..files).map(|n| (format!("e{n:03}.husako"), entry(n))).chain([helper]).collect()
}

/// How many resources an entry has.
pub const RESOURCES: usize = 10;

fn entry(number: usize) -> String {
    format!(
        "import {{ build, cpu, memory, metadata, requests }} from 'husako';\n\
         import {{ Deployment }} from 'k8s/apps/v1';\n\
         import {{ Container, Service }} from 'k8s/core/v1';\n\
         import {{ version }} from './lib';\n\
         build(Array.from({{ length: {RESOURCES} / 2 }}, (_, i) => {{\n\
           const app = `app-{number}-${{i}}`;\n\
           const labels = {{ app }};\n\
           const meta = () => metadata().name(app).namespace('prod').label('version', version);\n\
           return [\n\
             Deployment().metadata(meta()).replicas(2).selector({{ matchLabels: labels }})\n\
               .template({{ metadata: {{ labels }} }})\n\
               .containers([Container().name('main').image(`registry.example/${{app}}:${{version}}`)\n\
                 .resources(requests(cpu('100m').memory('64Mi')))]),\n\
             Service().metadata(meta()).selector(labels).ports([{{ port: 80 }}]),\n\
           ];\n\
         }}).flat());\n"
    )
}

/// A tree of that many files in folders of twenty: one in four is a test, the rest is no matter of ours.
pub fn tree(files: usize) -> Files {
    let name = |n: usize| match n % 4 {
        0 => format!("t{n}.test.ts"),
        1 => format!("m{n}.ts"),
        2 => format!("notes{n}.md"),
        _ => format!("values{n}.yaml"),
    };
    (0..files).map(|n| (format!("team{}/app{}/{}", n / 400, n / 20, name(n)), String::new())).collect()
}

/// The definition of a custom resource with about 100 fields, as YAML.
pub fn definition(number: usize) -> String {
    let mut text = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: kinds{number}.example.com}}\n\
         spec:\n  group: example.com\n  scope: Namespaced\n  names: {{plural: kinds{number}, singular: kind{number}, kind: Kind{number}}}\n  \
         versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        \
         type: object\n        properties:\n          spec:\n            type: object\n            properties:\n"
    );
    for part in 0..20 {
        let _ = writeln!(
            text,
            "              part{part}:\n                type: object\n                required: [name]\n                properties:\n                  \
             name: {{type: string, maxLength: 63}}\n                  size: {{type: integer, minimum: 0}}\n                  \
             tags: {{type: array, items: {{type: string}}}}\n                  \
             limits: {{type: object, additionalProperties: {{type: string}}}}"
        );
    }
    text
}
