//! Turns the readable `src/schema/kubernetes.txt` into the compact form that the program embeds.
#![allow(clippy::print_stdout, missing_docs)]

use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[allow(dead_code)]
#[path = "src/schema/model.rs"]
mod model;
#[allow(dead_code)]
#[path = "src/schema/packed.rs"]
mod packed;
#[allow(dead_code)]
#[path = "src/schema/text.rs"]
mod text;

const TYPES: &str = "src/schema/kubernetes.txt";

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["build.rs", "Cargo.lock", "src"] {
        println!("cargo::rerun-if-changed={input}");
    }
    println!("cargo::rustc-env=HUSAKO_CI_BUILD={:016x}", own_sources()?);
    let source = fs::read_to_string(TYPES).map_err(|error| format!("reading {TYPES}: {error}"))?;
    match text::parse(&source) {
        Ok(types) => {
            let output = Path::new(&env::var("OUT_DIR")?).join("kubernetes.bin");
            fs::write(&output, pack(&types)?)
                .map_err(|error| format!("writing {}: {error}", output.display()))?;
        }
        Err(error) => println!("cargo::error={TYPES}:{error}"),
    }
    Ok(())
}

/// Tells this build from others: results that one has kept are nothing to another.
fn own_sources() -> Result<u64, Box<dyn Error>> {
    let mut hasher = DefaultHasher::new();
    let mut left = vec![PathBuf::from("Cargo.lock"), PathBuf::from("src")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let mut entries =
                fs::read_dir(&path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
            entries.sort();
            left.extend(entries);
            println!("cargo::rerun-if-changed={}", path.display());
        } else {
            path.hash(&mut hasher);
            fs::read(&path)?.hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

/// The index and the bodies, one after the other.
fn pack(file: &text::Types) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bodies = Vec::new();
    let mut types = Vec::with_capacity(file.types.len());
    for described in &file.types {
        let body = postcard::to_stdvec(&described.body)?;
        let populated = described.body.properties.iter().fold(0, |all, (versions, _)| all | versions.0);
        types.push(packed::Entry {
            name: &described.name,
            versions: described.versions,
            populated: packed::Versions(populated),
            kinds: described
                .kinds
                .iter()
                .map(|(held, kind)| (*held, kind.group.as_str(), kind.version.as_str(), kind.kind.as_str()))
                .collect(),
            plural: described.plural.as_deref(),
            scope: described.scope,
            body: u32::try_from(body.len())?,
        });
        bodies.extend(body);
    }
    let index = packed::Index { versions: file.versions.iter().map(String::as_str).collect(), types };
    let mut bytes = postcard::to_stdvec(&index)?;
    bytes.extend(bodies);
    Ok(bytes)
}
