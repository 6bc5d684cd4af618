//! Settings that don't move with the tables and change what a service sees.

use super::{Check, Findings};
use crate::inspect::{Inventory, MEANINGS};
use crate::spec::Side;
use crate::sql;

/// Settings that hold a list of names: quoted as a whole they would be one name.
const LISTS: [&str; 5] = [
    "search_path",
    "temp_tablespaces",
    "session_preload_libraries",
    "local_preload_libraries",
    "shared_preload_libraries",
];
/// It has a check of its own.
const READ_ONLY: &str = "default_transaction_read_only";

/// The target's defaults beside the source's.
pub(super) fn check(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    let set = |name: &str, value: &str| {
        let value = if LISTS.contains(&name) { value.to_owned() } else { sql::literal(value) };
        format!("ALTER DATABASE {} SET {} = {value}", sql::ident(&target.server.database), sql::ident(name))
    };
    for name in MEANINGS {
        let (from, to) = (source.server.setting(name), target.server.setting(name));
        if from != to {
            let message =
                format!("{to} here and {from} on the source: statements of the service would mean something else");
            findings.warn(Check::SessionSetting, Side::Target, name, message, set(name, from));
        }
    }
    for (name, value) in &source.server.database_settings {
        let known = MEANINGS.contains(&name.as_str()) || name == READ_ONLY;
        if !known && target.server.database_settings.get(name) != Some(value) {
            // An application's own parameter is where passwords and keys are kept.
            let (shown, fix) = if name.contains('.') {
                (
                    String::new(),
                    format!("ALTER DATABASE {} SET {} = …", sql::ident(&target.server.database), sql::ident(name)),
                )
            } else {
                (format!(" to {value}"), set(name, value))
            };
            let message = format!("set{shown} for the source's database, and not for this one: it doesn't move");
            findings.warn(Check::DatabaseSetting, Side::Target, name, message, fix);
        }
    }
}
