//! `tsconfig.json`, by which an editor finds the modules: only what is husako's is changed, comments and formatting stay.

use std::collections::BTreeMap;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};

use crate::tree::RelPath;

/// What a project without the file gets: what husako's files are, and nothing that is emitted.
const NEW: &str = r#"{
  "compilerOptions": {
    "target": "ESNext",
    "module": "ESNext",
    "moduleResolution": "Bundler",
    "lib": ["ESNext"],
    "types": [],
    "strict": true,
    "noEmit": true,
    "allowJs": true,
    "skipLibCheck": true,
    "allowImportingTsExtensions": true,
    "paths": {}
  },
  "include": ["**/*.ts"],
  "exclude": ["node_modules"]
}
"#;

/// What begins every path that is husako's.
const OWN: &str = ".husako/";

/// The text of the file after `modules` lead to their files, which are relative to the folder of the file. `before` is what
/// it says now, if it is there.
///
/// # Errors
///
/// It cannot be read, or its parts are not what they have to be: what is wrong, for a sentence that begins with its path.
pub(super) fn merge(before: Option<&str>, modules: &BTreeMap<String, String>) -> Result<String, String> {
    let root = CstRootNode::parse(before.unwrap_or(NEW), &ParseOptions::default())
        .map_err(|error| format!("cannot be read: {error}"))?;
    let object =
        |found: Option<CstObject>, name: &str| found.ok_or(format!("has a `{name}` that is no object"));
    let config = object(root.object_value_or_create(), "{}")?;
    let options = object(config.object_value_or_create("compilerOptions"), "compilerOptions")?;
    let base = options.get("baseUrl").and_then(|base| base.value()?.as_string_lit()?.decoded_value().ok());
    let paths = object(options.object_value_or_create("paths"), "paths")?;
    let targets: BTreeMap<&str, String> =
        modules.iter().map(|(name, path)| (name.as_str(), from(base.as_deref(), path))).collect();
    for property in paths.properties() {
        let Some(name) = property.decoded_name() else { continue };
        // Of what is there no more; what leads elsewhere is somebody else's.
        if !targets.contains_key(name.as_str())
            && leads_to_own(&property.to_serde_value().unwrap_or_default())
        {
            property.remove();
        }
    }
    for (name, path) in targets {
        let value = serde_json::json!([path]);
        match paths.get(name) {
            Some(known) if known.value().and_then(|known| known.to_serde_value()) == Some(value) => {}
            Some(known) => known.set_value(CstInputValue::Array(vec![path.into()])),
            None => _ = paths.append(name, CstInputValue::Array(vec![path.into()])),
        }
    }
    Ok(root.to_string())
}

/// A path from the folder that `paths` are relative to.
fn from(base: Option<&str>, path: &str) -> String {
    let up = base.and_then(RelPath::new).map_or(0, |base| base.parts().count());
    if up == 0 { format!("./{path}") } else { format!("{}{path}", "../".repeat(up)) }
}

fn leads_to_own(value: &serde_json::Value) -> bool {
    let text = value.as_array().and_then(|paths| paths.first()?.as_str());
    text.is_some_and(|path| path.trim_start_matches("./").trim_start_matches("../").starts_with(OWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(names: &[(&str, &str)]) -> BTreeMap<String, String> {
        names.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect()
    }

    fn usual() -> BTreeMap<String, String> {
        modules(&[("husako", ".husako/types/husako.d.ts"), ("k8s/*", ".husako/types/k8s/*")])
    }

    #[test]
    fn a_new_file_has_what_an_editor_needs() {
        let text = merge(None, &usual()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["compilerOptions"]["paths"]["k8s/*"][0], "./.husako/types/k8s/*");
        assert_eq!(value["compilerOptions"]["strict"], true);
        assert_eq!(merge(Some(&text), &usual()).unwrap(), text);
    }

    #[test]
    fn comments_and_formatting_stay() {
        let before = "// ours\n{\n\t\"extends\": \"./base.json\", // why\n\t\"compilerOptions\": {\n\t\t/* strict */ \"strict\": false,\n\t\t\"paths\": {\n\t\t\t\"@/*\": [\"./src/*\"], // src\n\t\t\t\"old\": [\"./.husako/plugins/old/a.d.ts\"],\n\t\t},\n\t},\n}\n";
        let after = merge(Some(before), &usual()).unwrap();
        for kept in
            ["// ours", "// why", "/* strict */ \"strict\": false", "\"@/*\": [\"./src/*\"]", "// src"]
        {
            assert!(after.contains(kept), "{kept}: {after}");
        }
        assert!(!after.contains("old"), "{after}");
        assert!(after.contains("\"husako\": [\"./.husako/types/husako.d.ts\"]"), "{after}");
        assert_eq!(merge(Some(&after), &usual()).unwrap(), after);
    }

    #[test]
    fn a_base_url_is_heeded() {
        let before = r#"{"compilerOptions": {"baseUrl": "./src/ts"}}"#;
        let after = merge(Some(before), &usual()).unwrap();
        assert!(after.contains("\"../../.husako/types/k8s/*\""), "{after}");
        assert_eq!(merge(Some(&after), &usual()).unwrap(), after);
        let here = merge(Some(r#"{"compilerOptions": {"baseUrl": "."}}"#), &usual()).unwrap();
        assert!(here.contains("\"./.husako/types/k8s/*\""), "{here}");
    }

    #[test]
    fn what_is_no_configuration_is_told() {
        let wrong = |text: &str| merge(Some(text), &usual()).unwrap_err();
        assert!(wrong("{\"a\":").starts_with("cannot be read: "), "{}", wrong("{\"a\":"));
        assert_eq!(wrong("[]"), "has a `{}` that is no object");
        assert_eq!(wrong("{\"compilerOptions\": 1}"), "has a `compilerOptions` that is no object");
        assert_eq!(wrong("{\"compilerOptions\": {\"paths\": []}}"), "has a `paths` that is no object");
        assert!(merge(Some(""), &usual()).is_ok(), "an empty file is a new one");
    }
}
