//! Writes YAML that every reader takes the same way, YAML 1.1 readers included. In: anything serialisable. Out: text.

use serde::Serialize;

/// `value` as one YAML document.
///
/// Every string is quoted if a YAML 1.1 reader could take it for something else (`on`, `yes`, `12:30`, `1e3`).
/// Errors: the value has no YAML form (a map with keys that aren't strings).
pub fn write<T: Serialize>(value: &T) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(value)
}
