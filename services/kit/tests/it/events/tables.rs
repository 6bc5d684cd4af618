//! The tables of services are the kit's, word for word: what the kit asks of them is tested here once.

use std::path::{Path, PathBuf};

use rerp_kit::audit;
use rerp_kit::events::{inbox, outbox};
use rerp_kit::rights;
use rerp_kit::tenants::STAFF_ACCESS;

fn services() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn migration(service: &str, file: &str) -> String {
    std::fs::read_to_string(services().join(service).join("migrations").join(file)).unwrap()
}

#[test]
fn migrations_hold_the_text_of_the_kit() {
    let people = std::fs::read_to_string(services().join("people/src/verified_people.sql")).unwrap();
    for (service, file, later, reads) in [
        ("identity", "0003_events.sql", "0004_outbox_relay.sql", false),
        ("account", "0003_events.sql", "0004_outbox_relay.sql", true),
        ("billing", "0002_events.sql", "0003_outbox_relay.sql", true),
        ("fte", "0002_events.sql", "0004_outbox_relay.sql", true),
    ] {
        assert_eq!(migration(service, later), outbox::RELAY_DDL, "{service}: whose turn it is");
        let text = migration(service, file);
        assert!(text.contains(outbox::DDL), "{service}: outbox");
        assert_eq!((text.contains(inbox::DDL), text.contains(&people)), (reads, reads), "{service}: inbox");
    }
}

#[test]
fn the_log_of_rights_is_the_kit_s() {
    for service in ["identity", "account", "billing", "fte", "marketing"] {
        assert!(migration(service, "0020_rights.sql").contains(rights::DDL), "{service}");
    }
}

#[test]
fn every_service_records_what_staff_do_in_the_same_words() {
    for service in ["identity", "account", "marketing", "billing", "fte"] {
        assert!(migration(service, "0010_tenants.sql").contains(STAFF_ACCESS), "{service}");
        assert!(migration(service, "0030_audit.sql").contains(audit::DDL), "{service}");
    }
}

/// Tables move by logical replication, which needs to know a row.
#[test]
fn every_table_has_a_key() {
    for ddl in [outbox::DDL, outbox::RELAY_DDL, inbox::DDL, rights::DDL, STAFF_ACCESS] {
        assert_eq!(ddl.matches("CREATE TABLE").count(), ddl.matches("PRIMARY KEY").count());
        for never in ["UNLOGGED", "LISTEN", "NOTIFY"] {
            assert!(!ddl.contains(never), "{never}");
        }
    }
}
