//! What `package` writes is what the published schema of the manifest says.

use regex::Regex;
use serde_json::{Value, json};

use super::assemble::samples;
use crate::bundle::Bundle;

const SCHEMA: &str = include_str!("../../../crates/nmrctl/manifest.schema.json");

/// Where `value` is not what `schema` says. Knows the words that our schema uses, and no other.
fn faults(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{at}: {what}"));
    let fields = schema.as_object().unwrap();
    let mut inner = Vec::new();
    for (word, rule) in fields {
        match word.as_str() {
            "$schema" | "title" | "description" => {}
            "const" if rule != value => fault(format!("is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => fault(format!("is none of {rule}")),
            "type" => {
                let kinds = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                if !kinds.iter().any(|kind| is(value, kind.as_str().unwrap())) {
                    fault(format!("is not of type {rule}"));
                }
            }
            "pattern" => {
                let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
                if value.as_str().is_some_and(|text| !pattern.is_match(text)) {
                    fault(format!("does not match {rule}"));
                }
            }
            "minimum" if value.as_i64() < rule.as_i64() && value.is_number() => {
                fault(format!("is below {rule}"));
            }
            "required" if value.is_object() => {
                for name in
                    rule.as_array().unwrap().iter().filter(|name| value[name.as_str().unwrap()].is_null())
                {
                    if value.get(name.as_str().unwrap()).is_none() {
                        fault(format!("has no {name}"));
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(*rule, json!(false));
                for name in value.as_object().into_iter().flat_map(serde_json::Map::keys) {
                    if fields["properties"].get(name).is_none() {
                        fault(format!("has {name:?}, which is not described"));
                    }
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    inner.extend(value.get(name).map(|value| (rule, value, format!("{at}.{name}"))));
                }
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                inner.extend(items.map(|(number, item)| (rule, item, format!("{at}[{number}]"))));
            }
            "const" | "enum" | "minimum" | "required" => {}
            other => panic!("the schema uses {other:?}"),
        }
    }
    for (rule, value, at) in inner {
        faults.extend(self::faults(rule, value, &at));
    }
    faults
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the schema has the type {other:?}"),
    }
}

fn manifest(bundle: &Bundle) -> Value {
    serde_json::from_slice(&bundle.files["manifest.json"]).unwrap()
}

#[test]
fn manifests_of_signed_and_unsigned_bundles_follow_the_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for bundle in [samples::bundle(), samples::unsigned()] {
        assert_eq!(faults(&schema, &manifest(&bundle), "manifest"), Vec::<String>::new());
    }
}

#[test]
fn whatever_is_missing_or_too_much_or_of_another_form_breaks_the_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let broken = |change: fn(&mut Value)| {
        let mut manifest = manifest(&samples::bundle());
        change(&mut manifest);
        faults(&schema, &manifest, "manifest").join("; ")
    };
    assert_eq!(broken(|m| m["format"] = json!(2)), "manifest.format: is not 1");
    assert_eq!(broken(|m| m["new"] = json!(1)), "manifest: has \"new\", which is not described");
    assert_eq!(
        broken(|m| drop(m["drivers"][0].as_object_mut().unwrap().remove("inf"))),
        "manifest.drivers[0]: has no \"inf\""
    );
    assert!(
        broken(|m| m["files"][1]["sha256"] = json!("AB"))
            .contains("manifest.files[1].sha256: does not match")
    );
    assert!(broken(|m| m["minimum_build"] = json!("new")).contains("is not of type \"integer\""));
}
