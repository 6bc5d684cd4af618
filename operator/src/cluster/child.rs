//! Metadata of everything we create. Pure. In: the owner. Out: names, labels, owner references.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Resource;
use rerp_crds::labels;
use std::collections::BTreeMap;

/// Selects everything we manage; the watches of children use it.
pub const SELECTOR: &str = "app.kubernetes.io/managed-by=rerp";

/// The custom resource that children belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// As in `rerp.dev/v1alpha1`.
    pub api_version: String,
    /// As in `ServiceDatabase`.
    pub kind: String,
    /// Namespace of the owner and of all its children.
    pub namespace: String,
    /// Name of the owner.
    pub name: String,
    /// UID of the owner; empty for an object that was never stored.
    pub uid: String,
}

impl Owner {
    /// The owner that `object` is.
    pub fn of<K: Resource<DynamicType = ()>>(object: &K) -> Self {
        let meta = object.meta();
        Self {
            api_version: K::api_version(&()).into_owned(),
            kind: K::kind(&()).into_owned(),
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone().unwrap_or_default(),
            uid: meta.uid.clone().unwrap_or_default(),
        }
    }

    /// The label that carries the owner's name on its children; each kind has its own.
    fn label(&self) -> &'static str {
        match self.kind.as_str() {
            "ServiceDatabase" => labels::DATABASE,
            "DatabaseSplitMigration" => labels::SPLIT,
            _ => labels::SERVICE,
        }
    }

    /// `namespace/name`, as messages say it.
    pub fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Labels that select this owner's children of one component.
    pub fn selector(&self, component: &str) -> BTreeMap<String, String> {
        [(self.label(), self.name.as_str()), (labels::COMPONENT, component)]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    /// All labels of a child: the selector and who manages it.
    pub fn labels(&self, component: &str) -> BTreeMap<String, String> {
        let mut all = self.selector(component);
        all.insert(labels::NAME.to_owned(), self.name.clone());
        all.insert(labels::MANAGED_BY.to_owned(), labels::MANAGER.to_owned());
        all
    }

    /// The controller reference that makes garbage collection remove a child with its owner.
    pub fn reference(&self) -> OwnerReference {
        OwnerReference {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            controller: Some(true),
            block_owner_deletion: Some(true),
        }
    }

    /// Metadata of a child that goes with its owner.
    pub fn child(&self, name: &str, component: &str) -> ObjectMeta {
        ObjectMeta { owner_references: Some(vec![self.reference()]), ..self.keepsake(name, component) }
    }

    /// Metadata of a child that stays when its owner goes, and is found again by its labels.
    pub fn keepsake(&self, name: &str, component: &str) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(self.namespace.clone()),
            labels: Some(self.labels(component)),
            ..ObjectMeta::default()
        }
    }

    /// Who holds a live object, if that isn't us. Ours is what carries our controller reference,
    /// or our labels and nobody's reference (kept from an earlier owner of the same name).
    pub fn other_holder(&self, live: &ObjectMeta) -> Option<String> {
        let controller = live.owner_references.iter().flatten().find(|r| r.controller == Some(true));
        if let Some(holder) = controller {
            return (holder.uid != self.uid).then(|| format!("{} {}", holder.kind, holder.name));
        }
        let labelled = |key: &str, value: &str| {
            live.labels.as_ref().and_then(|labels| labels.get(key)).is_some_and(|found| found == value)
        };
        let ours = labelled(labels::MANAGED_BY, labels::MANAGER) && labelled(self.label(), &self.name);
        (!ours).then(|| "somebody else (it carries neither our owner reference nor our labels)".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(uid: &str) -> Owner {
        Owner {
            api_version: "rerp.dev/v1alpha1".to_owned(),
            kind: "ServiceDatabase".to_owned(),
            namespace: "rerp".to_owned(),
            name: "identity".to_owned(),
            uid: uid.to_owned(),
        }
    }

    #[test]
    fn children_and_keepsakes_are_ours() {
        let owner = owner("u1");
        assert_eq!(owner.other_holder(&owner.child("a", "postgres")), None);
        assert_eq!(owner.other_holder(&owner.keepsake("a", "postgres")), None);
    }

    #[test]
    fn others_are_named() {
        let before = owner("u0").child("a", "postgres");
        assert_eq!(owner("u1").other_holder(&before), Some("ServiceDatabase identity".to_owned()));
        assert!(owner("u1").other_holder(&ObjectMeta::default()).is_some());
    }
}
