//! What a file costs: compiled, rendered and validated as an entry, run as a test among 10 and 200; and what comparing with a
//! base adds to a run of 200 entries.
#![allow(missing_docs)]

use std::fmt::Write;

use criterion::{Criterion, criterion_group, criterion_main};
use husako_ci::bench::{Repository, compile, runtime};

/// A helper module as users write them: types, functions, a class.
const HELPER: &str = r"
export interface App { name: string; replicas: number; labels: Record<string, string> }
export enum Tier { Web = 'web', Worker = 'worker' }
export function labels(app: App, tier: Tier = Tier.Web): Record<string, string> {
  return { ...app.labels, app: app.name, tier };
}
export class Registry<T extends { name: string }> {
  private readonly items = new Map<string, T>();
  constructor(private readonly prefix: string = '') {}
  add(item: T): this { this.items.set(this.prefix + item.name, item); return this; }
  names(): string[] { return [...this.items.keys()].sort(); }
}
";

const CONFIG: &str = "[entries]\nall = 'entry.ts'\n";

const ENTRY: &str = r"
import { build, cpu, memory, metadata, requests } from 'husako';
import { Deployment } from 'k8s/apps/v1';
import { ConfigMap, Container, Service } from 'k8s/core/v1';
import { labels } from './lib';
const names = Array.from({ length: 10 }, (_, i) => `app-${i}`);
build(names.flatMap((name) => {
  const app = labels({ name, replicas: 2, labels: {} });
  return [
    Deployment().metadata(metadata().name(name).label('app', name)).replicas(2).selector({ matchLabels: app })
      .template({ metadata: { labels: app } }).containers([Container().name(name).image('nginx').resources(requests(cpu('100m').memory('64Mi')))]),
    Service().metadata(metadata().name(name)).selector(app).ports([{ port: 80 }]),
    ConfigMap().metadata(metadata().name(name)).data({ name }),
  ];
}));
";

/// A test file of ten cases; every third imports Kubernetes builders.
fn test_file(number: usize) -> String {
    let mut source = String::from(
        "import { describe, expect, test } from 'husako/test';\nimport { labels, Registry, Tier } from './lib';\n",
    );
    if number.is_multiple_of(3) {
        source.push_str(
            "import { metadata } from 'husako';\nimport { Deployment } from 'k8s/apps/v1';\n\
             test('deployment', () => {\n\
               expect(Deployment().metadata(metadata().name('a')).replicas(3)._render().spec.replicas).toBe(3);\n\
             });\n",
        );
    }
    let _ = writeln!(source, "describe('file {number}', () => {{");
    for case in 0..10 {
        let _ = writeln!(
            source,
            "test('case {case}', () => {{\n\
               expect(labels({{ name: 'a{case}', replicas: 1, labels: {{}} }}, Tier.Worker)).toEqual({{ app: 'a{case}', tier: 'worker' }});\n\
               expect(new Registry().add({{ name: 'b' }}).add({{ name: 'a' }}).names()).toEqual(['a', 'b']);\n\
             }});"
        );
    }
    source.push_str("});\n");
    source
}

fn repository(files: usize) -> Repository {
    let sources: Vec<(String, String)> =
        (0..files).map(|n| (format!("t{n:03}.test.ts"), test_file(n))).collect();
    let tests = sources.iter().map(|(path, source)| (path.as_str(), source.as_str()));
    Repository::new(tests.chain([("lib.ts", HELPER), ("entry.ts", ENTRY), ("husako.toml", CONFIG)]))
}

fn benchmarks(criterion: &mut Criterion) {
    let runtime = runtime();
    let test = test_file(0);
    criterion.bench_function("compile", |bench| bench.iter(|| compile(&test)));

    let entry = repository(0);
    criterion.bench_function("render", |bench| {
        bench.iter(|| assert_eq!(runtime.block_on(entry.render("entry.ts")), 30));
    });
    criterion.bench_function("validate_file", |bench| {
        bench.iter(|| assert_eq!(runtime.block_on(entry.validate_file("entry.ts")), 31));
    });

    let mut group = criterion.benchmark_group("run");
    group.sample_size(20);
    for files in [10, 200] {
        let repository = repository(files);
        // The entry of the repository, too.
        let expected = files * 10 + files.div_ceil(3) + 31;
        group.bench_function(files.to_string(), |bench| {
            bench.iter(|| assert_eq!(runtime.block_on(repository.run(2)), expected));
        });
    }
    group.finish();

    // 200 entries of ten resources each, all of which a helper changes.
    let entries = |version: &str| {
        let lib = format!("export const version = '{version}';");
        let entries: Vec<(String, String)> =
            (0..200).map(|n| (format!("e{n:03}.husako"), shared(n))).collect();
        let files = entries.iter().map(|(path, source)| (path.as_str(), source.as_str()));
        Repository::new(files.chain([("lib.ts", lib.as_str())]))
    };
    let (base, head) = (entries("1"), entries("2"));
    let mut group = criterion.benchmark_group("entries");
    group.sample_size(10);
    group.bench_function("run", |bench| {
        bench.iter(|| assert_eq!(runtime.block_on(head.run(2)), 2200));
    });
    group.bench_function("diff", |bench| {
        bench.iter(|| assert_eq!(runtime.block_on(head.diff(&base, 2)), 2000));
    });
    group.bench_function("diff/nothing", |bench| {
        bench.iter(|| assert_eq!(runtime.block_on(head.diff(&head, 2)), 0));
    });
    group.finish();
}

/// An entry of ten Deployments, with a label and an image that a helper gives.
fn shared(number: usize) -> String {
    format!(
        "import {{ build, metadata }} from 'husako';\n\
         import {{ Deployment }} from 'k8s/apps/v1';\n\
         import {{ version }} from './lib';\n\
         build(Array.from({{ length: 10 }}, (_, i) => {{\n\
           const app = `app-{number}-${{i}}`;\n\
           const labels = {{ app }};\n\
           return Deployment().metadata(metadata().name(app).namespace('prod').label('version', version)).replicas(2)\n\
             .selector({{ matchLabels: labels }}).template({{ metadata: {{ labels }} }})\n\
             .containers([{{ name: 'main', image: 'registry.example/' + app + ':' + version }}]);\n\
         }}));\n"
    )
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
