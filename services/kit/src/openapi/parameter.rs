//! What stands in paths, queries and headers. In: names, what they are, and what they look like. Out: parameters as the document has them.

use serde_json::{Map, Value, json};

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A part of the path.
    Path,
    /// A header.
    Header,
}

/// A parameter of a path or a header.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) place: Place,
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) required: bool,
    pub(super) schema: Value,
}

impl Parameter {
    /// As the document has it.
    pub(super) fn document(&self) -> Value {
        let place = if self.place == Place::Path { "path" } else { "header" };
        json!({ "name": self.name, "in": place, "description": self.what, "required": self.required, "schema": self.schema })
    }
}

/// The parameters of a query, from the schema of the type that reads it.
pub(super) fn of_query(schema: &Value) -> Vec<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    let parameter = |(name, schema): (String, Value)| {
        let mut schema = schema.as_object().cloned().unwrap_or_default();
        let what = schema.remove("description").unwrap_or_default();
        without_null(&mut schema);
        let required = required.contains(&json!(name));
        json!({ "name": name, "in": "query", "description": what, "required": required, "schema": schema })
    };
    fields.into_iter().map(parameter).collect()
}

/// A query has no null: what is optional is left out.
fn without_null(schema: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = schema.get("type") else { return };
    let types: Vec<Value> = types.iter().filter(|one| **one != "null").cloned().collect();
    let types = if let [one] = types.as_slice() { one.clone() } else { Value::Array(types) };
    schema.insert("type".to_owned(), types);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_s_optional_field_is_left_out_and_never_null() {
        let schema = json!({
            "type": "object",
            "properties": { "limit": { "type": ["integer", "null"], "description": "How many", "minimum": 1 }, "name": { "type": "string" } },
            "required": ["name"]
        });
        let mut parameters = of_query(&schema);
        parameters.sort_by_key(|one| one["name"].to_string());
        let limit = json!({ "name": "limit", "in": "query", "description": "How many", "required": false, "schema": { "type": "integer", "minimum": 1 } });
        assert_eq!(parameters[0], limit);
        assert_eq!((&parameters[1]["required"], &parameters[1]["schema"]["type"]), (&json!(true), &json!("string")));
        assert!(of_query(&json!({})).is_empty());
    }
}
