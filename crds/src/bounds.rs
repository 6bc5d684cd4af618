//! Schemas of bounded strings that several kinds share. In: nothing. Out: schema fragments for `schema_with`.
//!
//! Everything a rule looks at is bounded, because the apiserver estimates the cost of a rule from the bounds and refuses rules that could be slow.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Longest `metadata.name` of our kinds, in characters. Children get suffixes, and label values and DNS labels end at 63:
/// the longest child is a StatefulSet whose pods carry `<name>-postgres-<10 characters of hash>` as a label.
pub const NAME_MAX: usize = 40;
/// Pattern of `metadata.name` of our kinds: a DNS label that starts with a letter, because Services are named after it.
pub const NAME_PATTERN: &str = "^[a-z]([-a-z0-9]*[a-z0-9])?$";
/// Longest schema name in bytes: `rerp_<8 hex>_<schema>_migrate_a` has to fit PostgreSQL's 63.
pub const SCHEMA_MAX: usize = 39;

/// Name of an object of ours: `NAME_PATTERN`, at most `NAME_MAX`.
pub fn object_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 40, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"})
}

/// Name of any Kubernetes object (Secret, ConfigMap): a DNS subdomain.
pub fn subdomain(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"})
}

/// Name of a schema in PostgreSQL that needs no quoting.
pub fn pg_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 39, "pattern": "^[a-z_][a-z0-9_]*$"})
}

/// Name of a database in PostgreSQL; a dash is allowed because the default is `metadata.name`.
pub fn pg_database(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z_][-a-z0-9_]*$"})
}

/// Absolute path of an HTTP request.
pub fn http_path(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 256, "pattern": "^/[-A-Za-z0-9._~/%]*$"})
}

/// Name inside a pod: a DNS label.
pub fn label_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"})
}

/// Absolute path of a folder.
pub fn folder(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 2, "maxLength": 256, "pattern": "^(/[-A-Za-z0-9_][-A-Za-z0-9._]*)+$"})
}

/// Name of an environment variable.
pub fn env_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})
}

/// Key in a Secret or ConfigMap.
pub fn config_key(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[-._a-zA-Z0-9]+$"})
}

/// Strings of a command line: at most 64 of 1024 characters.
pub fn command_line(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 64, "x-kubernetes-list-type": "atomic", "items": {"type": "string", "maxLength": 1024}})
}

/// A command: as `command_line`, with at least the program.
pub fn command(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "minItems": 1, "maxItems": 64, "x-kubernetes-list-type": "atomic", "items": {"type": "string", "minLength": 1, "maxLength": 1024}})
}

/// Labels, annotations, node selectors: at most 32 entries with values of at most 1024 characters.
pub fn string_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 32, "additionalProperties": {"type": "string", "maxLength": 1024}})
}

/// Labels to select by: at most 8, with values as Kubernetes allows them.
pub fn label_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 8, "additionalProperties":
        {"type": "string", "maxLength": 63, "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"}})
}

/// Names of types of events: at most 64, of at most 100 characters. The form is a rule's, which can say what to do instead.
pub fn event_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 64, "x-kubernetes-list-type": "set", "items": {"type": "string", "minLength": 1, "maxLength": 100}})
}

/// Name of a host with at least one dot, lower-case.
pub fn host(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$"})
}

/// As [`host`], or all names with one label more: `*.example.com`.
pub fn host_or_wildcard(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^([*]\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$"})
}

/// Paths of HTTP requests: at most 16 of at most 256 characters. The form is a rule's, which can say what to do instead.
pub fn http_paths(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 16, "x-kubernetes-list-type": "atomic", "items":
        {"type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[-A-Za-z0-9._~/]+$"}})
}

/// An amount as Kubernetes writes it (`250m`, `512Mi`, `10Gi`).
pub fn quantity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 24, "pattern": "^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"})
}

/// Amounts by resource name (`cpu`, `memory`, `ephemeral-storage`).
pub fn quantity_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 8, "additionalProperties":
        {"type": "string", "minLength": 1, "maxLength": 24, "pattern": "^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"}})
}
