//! The logins of a service's database: keys `current` and, while a migration is under way, `next`, each a whole URI. The pods
//! see a change as changed files; nothing restarts.

use crate::service::check::Checked;
use crate::service::check::database::DatabaseUse;
use crate::service::gather::COMPONENT;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use rerp_crds::names;

/// For the pods. The annotations are the durable record of where the data is: migrations may be deleted when they are done.
pub(super) fn app(checked: &Checked, database: &DatabaseUse) -> Secret {
    let name = names::service_database_secret(&checked.owner.name);
    let next = database.next.as_ref().map(|logins| &logins.app);
    let mut secret = secret(checked, &name, &database.current.app, next);
    secret.metadata.annotations = Some(database.record.annotations());
    secret
}

/// For the migrate command.
pub(super) fn migrate(checked: &Checked, database: &DatabaseUse) -> Secret {
    let name = names::service_migrate_secret(&checked.owner.name);
    secret(checked, &name, &database.current.migrate, database.next.as_ref().map(|logins| &logins.migrate))
}

fn secret(checked: &Checked, name: &str, current: &[u8], next: Option<&Vec<u8>>) -> Secret {
    let keys = [("current", Some(current.to_vec())), ("next", next.cloned())];
    Secret {
        metadata: checked.owner.child(name, COMPONENT),
        type_: Some("Opaque".to_owned()),
        data: Some(keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), ByteString(value?)))).collect()),
        ..Secret::default()
    }
}
