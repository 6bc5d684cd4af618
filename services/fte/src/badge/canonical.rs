//! One way to write JSON: RFC 8785 for what our documents hold. In comes a document; out goes its text. Pure. Must not write fractions: nothing
//! that is signed holds one, and how they are written is the long half of that RFC.

use serde_json::Value;

use super::BadgeError;

/// The largest integer that every reader of JSON takes for what it is: 2^53 - 1.
const LARGEST: u64 = 9_007_199_254_740_991;

/// The canonical text: no spaces, the names of an object in the order of their UTF-16 units.
///
/// # Errors
/// [`BadgeError::Number`] for a number that is no integer, or too large a one.
pub fn canonical(value: &Value) -> Result<String, BadgeError> {
    let mut text = String::new();
    write(value, &mut text)?;
    Ok(text)
}

fn write(value: &Value, text: &mut String) -> Result<(), BadgeError> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&serde_json::to_string(value)?),
        Value::Number(number) => {
            let size = number.as_i64().map(i64::unsigned_abs).or_else(|| number.as_u64());
            if size.is_none_or(|size| size > LARGEST) {
                return Err(BadgeError::Number);
            }
            text.push_str(&number.to_string());
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write(item, text)?;
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            text.push('{');
            for (at, (name, field)) in fields.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(name)?);
                text.push(':');
                write(field, text)?;
            }
            text.push('}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(text: &str) -> String {
        canonical(&serde_json::from_str(text).unwrap()).unwrap()
    }

    /// RFC 8785, 3.2.2 and 3.2.3, without the numbers that we refuse.
    #[test]
    fn texts_of_the_rfc() {
        let sample = r#"{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
        assert_eq!(of(sample), "{\"literals\":[null,true,false],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
        let sample = r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}"#;
        let canonical = of(sample);
        let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
        let places: Vec<usize> = order.iter().map(|name| canonical.find(name).unwrap()).collect();
        assert!(places.is_sorted(), "{canonical}");
    }

    #[test]
    fn nested_objects_are_ordered_too() {
        assert_eq!(
            of(r#"{ "b" : [ {"y": 1, "x": -2} , [] ], "a": {}, "": 0 }"#),
            r#"{"":0,"a":{},"b":[{"x":-2,"y":1},[]]}"#
        );
        assert_eq!(of("\"\\b\\f\\t\\u001F\\u007f\""), "\"\\b\\f\\t\\u001f\u{7f}\"");
    }

    #[test]
    fn a_number_that_others_could_misread_is_refused() {
        for (number, good) in [
            (json!(9_007_199_254_740_991_i64), true),
            (json!(-9_007_199_254_740_991_i64), true),
            (json!(9_007_199_254_740_992_i64), false),
            (json!(u64::MAX), false),
            (json!(i64::MIN), false),
            (json!(1.5), false),
            (json!(1.0), false),
        ] {
            assert_eq!(canonical(&json!([{ "n": number }])).is_ok(), good, "{number}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_and_written_the_same(
            fields in proptest::collection::btree_map(any::<String>(), any::<(String, i32, bool)>(), 0..8),
        ) {
            let value = json!(fields);
            let text = canonical(&value).unwrap();
            let back: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&back, &value);
            prop_assert_eq!(canonical(&back).unwrap(), text);
        }
    }
}
