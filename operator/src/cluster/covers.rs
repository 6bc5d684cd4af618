//! Does a live object already say what we want? Pure. In: two JSON values. Out: yes or no.
//! A "no" only costs an apply that changes nothing; a wrong "yes" would leave drift, so only what
//! the API server is known to normalise is treated as equal.

use serde_json::Value;

/// True if every field of `wanted` is in `live` with the same value. Fields that others own are
/// ignored; lists must have the same length, since an entry we don't know may be one we dropped.
/// Absent and empty are the same, because the API server drops empty maps and lists.
pub fn covers(live: &Value, wanted: &Value) -> bool {
    at(live, wanted, false)
}

fn at(live: &Value, wanted: &Value, quantity: bool) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => wanted.iter().all(|(key, want)| {
            let inside = quantity || matches!(key.as_str(), "limits" | "requests" | "sizeLimit");
            match live.get(key) {
                Some(have) => at(have, want, inside),
                None => is_empty(want),
            }
        }),
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(have, want)| at(have, want, quantity))
        }
        (Value::String(live), Value::String(wanted)) if quantity => {
            live == wanted || amount(live).is_some_and(|live| amount(wanted) == Some(live))
        }
        (live, wanted) => live == wanted || (is_empty(live) && is_empty(wanted)),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A Kubernetes quantity in thousandths, so that `1000m` equals `1`. None if it isn't one.
pub fn amount(text: &str) -> Option<i128> {
    const SUFFIXES: [(&str, i128); 13] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("Pi", 1 << 50),
        ("Ei", 1 << 60),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
        ("P", 1_000_000_000_000_000),
        ("E", 1_000_000_000_000_000_000),
        ("", 1),
    ];
    if let Some(milli) = text.strip_suffix('m') {
        return milli.parse().ok();
    }
    let (digits, factor) = SUFFIXES.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)))?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: i128 = format!("{fraction:0<3}").parse().ok()?;
    let whole: i128 = if whole.is_empty() && !fraction.is_empty() { 0 } else { whole.parse().ok()? };
    whole.checked_mul(1000)?.checked_add(thousandths)?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_others_add_does_not_matter() {
        let live = json!({"spec": {"replicas": 1, "added": true}, "status": {}});
        assert!(covers(&live, &json!({"spec": {"replicas": 1}})));
        assert!(!covers(&live, &json!({"spec": {"replicas": 2}})));
        assert!(!covers(&live, &json!({"spec": {"paused": true}})));
    }

    #[test]
    fn empty_is_absent_and_lists_are_compared_whole() {
        assert!(covers(&json!({}), &json!({"a": {}, "b": [], "c": null})));
        assert!(!covers(&json!({"a": [1, 2]}), &json!({"a": [1]})));
    }

    #[test]
    fn quantities_are_compared_by_value_and_only_where_they_live() {
        let live = json!({"limits": {"cpu": "1", "memory": "1Gi"}, "value": "1"});
        assert!(covers(&live, &json!({"limits": {"cpu": "1000m", "memory": "1024Mi"}})));
        assert!(!covers(&live, &json!({"limits": {"cpu": "1001m"}})));
        assert!(!covers(&live, &json!({"value": "1000m"})));
    }

    #[test]
    fn amounts() {
        assert_eq!(amount("0.5"), Some(500));
        assert_eq!(amount("500m"), Some(500));
        assert_eq!(amount("1Ki"), Some(1_024_000));
        assert_eq!(amount("1.5Gi"), Some(1_610_612_736_000));
        assert_eq!(amount("ten"), None);
        assert_eq!(amount(""), None);
    }
}
