//! Whether figures are exact. In comes JSON of the trading service; out goes whether every number in it is an integer. Must not change
//! it: a number with a point has been through floating point somewhere, and is worth nothing as money.

use serde_json::Value;

/// Whether all numbers in it are integers of 64 bits.
#[must_use]
pub fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(fields) => fields.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_point_is_inexact_wherever_it_stands() {
        assert!(is_exact(
            &json!({ "cash": "100.5", "minor": { "cash": -10_050, "trips": 0 }, "rows": [1, null, true] })
        ));
        for inexact in [json!(1.0), json!({ "a": [{ "b": 0.1 }] }), json!([1, 1e30])] {
            assert!(!is_exact(&inexact), "{inexact}");
        }
    }
}
