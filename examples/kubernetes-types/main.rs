//! Writes `src/schema/kubernetes.txt`, the description of Kubernetes' types, from packages of public registries.
//!
//! The folder given holds the unpacked packages, each under its name and version:
//!
//! ```text
//! kubernetes-validate-1.37.0     PyPI: pip download --no-deps kubernetes-validate==1.37.0; unzip
//! k8s-openapi-0.29.0             crates.io: the crate's source
//! golang-k8s-api-dev-0.32.3      Debian trixie: apt-get download golang-k8s-api-dev; dpkg -x
//! golang-k8s-api-dev-0.36.4      Debian sid
//! ```
//!
//! `kubernetes-validate` says which versions there are and what their types look like, `k8s-openapi` adds plural names and
//! scopes, `golang-k8s-api-dev` sets of values. The last two may be missing.
//!
//! `cargo run --example kubernetes-types -- <folder>`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod definitions;
mod enums;
mod merge;
#[allow(dead_code)]
#[path = "../../src/schema/model.rs"]
mod model;
#[allow(dead_code)]
#[path = "../../src/schema/packed.rs"]
mod packed;
mod resources;
#[allow(dead_code)]
#[path = "../../src/schema/text.rs"]
mod text;

/// Where the result goes, from the repository's root.
const OUTPUT: &str = "src/schema/kubernetes.txt";

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: cargo run --example kubernetes-types -- <folder with the packages>");
        return ExitCode::from(2);
    };
    let output = Path::new(env!("CARGO_MANIFEST_DIR")).join(OUTPUT);
    let written = generate(Path::new(&folder))
        .and_then(|text| fs::write(&output, text).map_err(|error| format!("writing {OUTPUT}: {error}")));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A package's folder.
struct Package {
    name: String,
    version: String,
    path: PathBuf,
}

/// The whole file, from a folder with packages.
fn generate(folder: &Path) -> Result<String, String> {
    let packages = packages(folder)?;
    let of = |name: &'static str| packages.iter().filter(move |package| package.name == name);

    let mut enums = BTreeMap::new();
    for package in of("golang-k8s-api-dev") {
        enums.insert(minor(&package.version)?, read_enums(&package.path)?);
    }
    let mut resources = resources::Resources::new();
    for file in of("k8s-openapi").flat_map(|package| files(&package.path.join("src"))) {
        if file.extension().is_some_and(|extension| extension == "rs") {
            resources::read(&read(&file)?, &mut resources)
                .map_err(|reason| format!("{}: {reason}", file.display()))?;
        }
    }
    let schemas = of("kubernetes-validate").next_back().ok_or("no package kubernetes-validate")?;
    let mut versions = BTreeMap::new();
    for file in files(&schemas.path.join("kubernetes_validate/kubernetes-json-schema")) {
        let Some(version) = local_version(&file) else { continue };
        let json =
            serde_json::from_str(&read(&file)?).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut definitions =
            definitions::definitions(&json).map_err(|reason| format!("{}: {reason}", file.display()))?;
        let minor = minor(version)?;
        for definition in &mut definitions {
            for property in &mut definition.properties {
                let field = format!("{}/{}", definition.name, property.name);
                let values = enums::values(&enums, minor, &field);
                if !values.is_empty() {
                    enums::restrict(&mut property.kind, values)
                        .map_err(|reason| format!("{field}: {reason}"))?;
                }
            }
        }
        versions.insert(minor, (format!("1.{minor}"), definitions));
    }
    if versions.is_empty()
        || versions.keys().zip(versions.keys().skip(1)).any(|(before, after)| before + 1 != *after)
    {
        return Err(format!("versions that do not follow each other: {:?}", versions.keys()));
    }
    let types = merge::merge(versions.into_values().collect(), &resources);
    Ok(format!("{}\n{types}", header(&packages)))
}

fn header(packages: &[Package]) -> String {
    let mut header = String::from(
        "# Kubernetes' types, in all versions that are listed. How a line is read: src/schema/text.rs.\n\
         # Made by `cargo run --example kubernetes-types -- <folder with the packages>`; not to be edited.\n\
         # Taken from these packages, which describe the API of Kubernetes (The Kubernetes Authors; licence of API and\n\
         # packages: Apache-2.0). Only facts are taken: names, types and marks, no text.\n",
    );
    for package in packages {
        let (registry, what) = match package.name.as_str() {
            "kubernetes-validate" => ("PyPI", "types"),
            "k8s-openapi" => ("crates.io", "plural names and scopes"),
            _ => ("Debian", "sets of values"),
        };
        header += &format!("#   {registry} {} {}: {what}\n", package.name, package.version);
    }
    header
}

/// The known packages in a folder, sorted by name and version.
fn packages(folder: &Path) -> Result<Vec<Package>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("reading {}: {error}", folder.display()))?;
    let mut packages: Vec<Package> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let (name, version) = path.file_name()?.to_str()?.rsplit_once('-')?;
            let known = ["kubernetes-validate", "k8s-openapi", "golang-k8s-api-dev"].contains(&name);
            known.then(|| Package { name: name.to_owned(), version: version.to_owned(), path: path.clone() })
        })
        .collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(packages)
}

/// The version of `…/v1.37.0-local/_definitions.json`; `None` for other files.
fn local_version(file: &Path) -> Option<&str> {
    let folder = file.parent()?.file_name()?.to_str()?;
    let version = folder.strip_prefix('v')?.strip_suffix("-local")?;
    (file.file_name()? == "_definitions.json").then_some(version)
}

/// The second number of a version: Kubernetes 1.37.0 is 0.37.0 in its Go packages.
fn minor(version: &str) -> Result<u32, String> {
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse().ok());
    minor.ok_or_else(|| format!("no minor number in version {version:?}"))
}

fn read_enums(package: &Path) -> Result<enums::Enums, String> {
    let root = package.join("usr/share/gocode/src/k8s.io/api");
    let mut sources = enums::Sources::new().map_err(|error| error.to_string())?;
    for file in files(&root) {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let generated = ["_test.go", ".pb.go", "doc_generated.go"].iter().any(|end| name.ends_with(end));
        if !name.ends_with(".go") || generated || name.starts_with("zz_") {
            continue;
        }
        let Some(folder) = file.strip_prefix(&root).ok().and_then(Path::parent).and_then(Path::to_str) else {
            continue;
        };
        sources.read(folder, &read(&file)?);
    }
    Ok(sources.enums())
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("reading {}: {error}", file.display()))
}

/// All files below a folder, sorted; none when it is missing.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn packages_become_the_file() {
        let folder = root().join("fixtures/kubernetes-types");
        let expected = fs::read_to_string(folder.join("expected.txt")).unwrap();
        assert_eq!(generate(&folder).unwrap(), expected);
        assert!(text::parse(&expected).is_ok(), "what is written can be read");
    }

    #[test]
    fn the_committed_file_is_what_the_packages_give() {
        let Some(folder) = std::env::var_os("HUSAKO_CI_KUBERNETES_PACKAGES") else {
            // Not `println!`, which the test runner keeps to itself.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: HUSAKO_CI_KUBERNETES_PACKAGES does not name the folder with the packages"
            );
            return;
        };
        let committed = fs::read_to_string(root().join(OUTPUT)).unwrap();
        let fresh = generate(Path::new(&folder)).unwrap();
        // Not assert_eq: both are larger than anyone reads.
        let differs = fresh.lines().zip(committed.lines()).position(|(fresh, committed)| fresh != committed);
        assert!(
            fresh == committed,
            "{OUTPUT} is out of date, from line {:?} on",
            differs.map(|line| line + 1)
        );
    }
}
