//! What the event bus is told: a ConfigMap that its pods see as a file, and follow without a restart.

use crate::service::check::Checked;
use crate::service::check::bus::Rights;
use crate::service::gather::COMPONENT;
use k8s_openapi::api::core::v1::ConfigMap;
use rerp_crds::names;

/// Name of the file.
const FILE: &str = "events.json";

pub(super) fn build(checked: &Checked, rights: &Rights) -> ConfigMap {
    let owner = &checked.owner;
    ConfigMap {
        metadata: owner.child(&names::bus_events(&owner.name), COMPONENT),
        data: Some([(FILE.to_owned(), rights.file())].into()),
        ..ConfigMap::default()
    }
}
