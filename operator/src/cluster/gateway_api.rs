//! Kinds of the Gateway API (gateway.networking.k8s.io/v1), as far as the operator reads and writes them. The specs stay JSON: what of
//! it is understood is said where it is judged. Must not: ask whether the cluster knows these kinds; one that doesn't answers 404.

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// API group.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// A kind with its spec and its status as JSON.
macro_rules! kind {
    ($(#[doc = $doc:literal])+ $name:ident, $kind:literal, $plural:literal) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// Lists leave it out of their items.
            #[serde(default = "api_version")]
            api_version: String,
            #[serde(default)]
            kind: String,
            /// Metadata.
            #[serde(default)]
            pub metadata: ObjectMeta,
            /// What is wanted.
            #[serde(default)]
            pub spec: Value,
            /// What was seen and done.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub status: Option<Value>,
        }

        impl $name {
            /// An object that was never stored.
            #[must_use]
            pub fn new(metadata: ObjectMeta, spec: Value) -> Self {
                Self { api_version: api_version(), kind: $kind.to_owned(), metadata, spec, status: None }
            }
        }

        impl Resource for $name {
            type DynamicType = ();
            type Scope = NamespaceResourceScope;

            fn kind(_: &()) -> Cow<'_, str> {
                Cow::Borrowed($kind)
            }

            fn group(_: &()) -> Cow<'_, str> {
                Cow::Borrowed(GROUP)
            }

            fn version(_: &()) -> Cow<'_, str> {
                Cow::Borrowed("v1")
            }

            fn plural(_: &()) -> Cow<'_, str> {
                Cow::Borrowed($plural)
            }

            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    };
}

kind! {
    /// Hosts and paths, and where they lead.
    HttpRoute, "HTTPRoute", "httproutes"
}

kind! {
    /// Listeners that routes hang on.
    Gateway, "Gateway", "gateways"
}

fn api_version() -> String {
    format!("{GROUP}/v1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_item_of_a_list_is_read_and_an_object_is_written_whole() {
        let item = json!({"metadata": {"name": "a"}, "spec": {"hostnames": ["a.example"]}});
        let route: HttpRoute = serde_json::from_value(item).unwrap();
        assert_eq!((route.spec["hostnames"][0].as_str(), route.status), (Some("a.example"), None));
        let written = serde_json::to_value(HttpRoute::new(ObjectMeta::default(), json!({}))).unwrap();
        assert_eq!(written["apiVersion"], "gateway.networking.k8s.io/v1");
        assert_eq!(written["kind"], "HTTPRoute");
        assert_eq!(
            HttpRoute::url_path(&(), Some("rerp")),
            "/apis/gateway.networking.k8s.io/v1/namespaces/rerp/httproutes"
        );
    }
}
