//! The server's settings as fragments of postgresql.conf. The image includes them in the order of
//! their names, so the user's come after ours and win. The image itself sets addresses,
//! authentication and `wal_level`.

use crate::cluster::child::Owner;
use crate::database::check::Embedded;
use crate::database::gather::POSTGRES;
use k8s_openapi::api::core::v1::ConfigMap;
use rerp_crds::names;
use std::fmt::Write;

const MB: i128 = 1 << 20;

/// The ConfigMap with both fragments.
pub(super) fn build(owner: &Owner, embedded: &Embedded) -> ConfigMap {
    let user = render(embedded.parameters.iter().map(|(name, value)| (name.as_str(), value.clone())));
    ConfigMap {
        metadata: owner.child(&names::postgres(&owner.name), POSTGRES),
        data: Some([("10-rerp.conf".to_owned(), render(ours(embedded))), ("50-user.conf".to_owned(), user)].into()),
        ..ConfigMap::default()
    }
}

/// Our own settings. Memory follows the container's, WAL follows the volume's size.
fn ours(embedded: &Embedded) -> impl Iterator<Item = (&'static str, String)> {
    let (memory, storage) = (embedded.memory_bytes, embedded.storage_bytes);
    let megabytes = |bytes: i128| format!("{}MB", bytes / MB);
    [
        ("max_connections", "200".to_owned()),
        // A quarter and three quarters: the manual's advice for a server that shares its machine with nobody.
        ("shared_buffers", megabytes(memory / 4)),
        ("effective_cache_size", megabytes(memory / 4 * 3)),
        ("maintenance_work_mem", megabytes((memory / 16).clamp(16 * MB, 1024 * MB))),
        ("work_mem", megabytes((memory / 256).clamp(2 * MB, 64 * MB))),
        ("max_wal_size", megabytes((storage / 4).clamp(64 * MB, 2048 * MB))),
        ("min_wal_size", megabytes((storage / 16).clamp(32 * MB, 256 * MB))),
        // A forgotten slot must not fill the volume.
        ("max_slot_wal_keep_size", megabytes((storage / 2).max(256 * MB))),
        // For splits, in either direction, several at once.
        ("max_replication_slots", "20".to_owned()),
        ("max_wal_senders", "20".to_owned()),
        ("max_logical_replication_workers", "10".to_owned()),
        ("max_worker_processes", "20".to_owned()),
        ("wal_retrieve_retry_interval", "500ms".to_owned()),
        // Statements and details hold personal data; logs must not.
        ("log_min_error_statement", "panic".to_owned()),
        ("log_error_verbosity", "terse".to_owned()),
        ("log_line_prefix", "%m [%p] %q%a %u@%d ".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("timezone", "UTC".to_owned()),
    ]
    .into_iter()
}

fn render<'a>(settings: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut text = String::from("# Written by the operator; edit spec.engine.embedded.parameters instead.\n");
    for (name, value) in settings {
        // Writing to a String can't fail. In a quoted value only quote and backslash are special.
        let _ = writeln!(text, "{name} = '{}'", value.replace('\\', "\\\\").replace('\'', "''"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        let text = render([("log_line_prefix", r"it's \ ".to_owned())].into_iter());
        assert!(text.ends_with("log_line_prefix = 'it''s \\\\ '\n"), "{text}");
    }
}
