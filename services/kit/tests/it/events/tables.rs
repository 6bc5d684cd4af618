//! The tables of services are the kit's, word for word: what the kit asks of them is tested here once.

use std::path::{Path, PathBuf};

use rerp_kit::events::{inbox, outbox};
use rerp_kit::rights;

fn services() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn migration(service: &str, file: &str) -> String {
    std::fs::read_to_string(services().join(service).join("migrations").join(file)).unwrap()
}

#[test]
fn migrations_hold_the_text_of_the_kit() {
    let people = std::fs::read_to_string(services().join("people/src/verified_people.sql")).unwrap();
    for (service, file, reads) in [
        ("identity", "0003_events.sql", false),
        ("account", "0003_events.sql", true),
        ("billing", "0002_events.sql", true),
        ("fte", "0002_events.sql", true),
    ] {
        let text = migration(service, file);
        assert!(text.contains(outbox::DDL), "{service}: outbox");
        assert_eq!((text.contains(inbox::DDL), text.contains(&people)), (reads, reads), "{service}: inbox");
    }
}

#[test]
fn the_log_of_rights_is_the_kit_s() {
    for service in ["identity", "account", "billing", "fte", "marketing"] {
        assert!(migration(service, "0010_rights.sql").contains(rights::DDL), "{service}");
    }
}

/// Tables move by logical replication, which needs to know a row.
#[test]
fn every_table_has_a_key() {
    for ddl in [outbox::DDL, inbox::DDL, rights::DDL] {
        assert_eq!(ddl.matches("CREATE TABLE").count(), ddl.matches("PRIMARY KEY").count());
        for never in ["UNLOGGED", "LISTEN", "NOTIFY"] {
            assert!(!ddl.contains(never), "{never}");
        }
    }
}
