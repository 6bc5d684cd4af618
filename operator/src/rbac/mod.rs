//! What the operator may do in a cluster, as one table. In: nothing. Out: roles, which `render` turns into the files of
//! `manifests/operator/rbac`; the scripted API server of the tests refuses every call that the table doesn't grant.

mod render;

pub use render::render;

/// Where a role holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the namespaces it is bound in: all, or those that the operator watches.
    Watched,
    /// In the operator's own namespace.
    Own,
}

/// A ClusterRole or a Role.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// Its name in the cluster.
    pub name: &'static str,
    /// Its file, without folder.
    pub file: &'static str,
    /// Where it holds.
    pub scope: Scope,
    /// What it is for, for whoever reviews it; lines of a comment.
    pub why: &'static [&'static str],
    /// What it grants.
    pub rules: &'static [Rule],
}

/// Verbs on kinds of one group.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// API group, empty for the core.
    pub group: &'static str,
    /// Plural names; subresources as in `pods/log`.
    pub resources: &'static [&'static str],
    /// Objects it is limited to; none: all.
    pub names: &'static [&'static str],
    /// Verbs.
    pub verbs: &'static [&'static str],
    /// What the right is used for; lines of a comment.
    pub why: &'static [&'static str],
}

/// A call as the API server's authorizer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whether it is about the operator's own namespace.
    pub own_namespace: bool,
    /// API group, empty for the core.
    pub group: &'a str,
    /// Plural name, with the subresource.
    pub resource: &'a str,
    /// Name of the object; empty for lists, watches and creations.
    pub name: &'a str,
    /// Verb.
    pub verb: &'a str,
}

/// Whether the table grants a call, the operator being bound cluster-wide.
#[must_use]
pub fn permits(request: &Request<'_>) -> bool {
    let holds = |role: &&Role| role.scope == Scope::Watched || request.own_namespace;
    ROLES.iter().filter(holds).flat_map(|role| role.rules).any(|rule| rule.permits(request))
}

impl Rule {
    fn permits(&self, request: &Request<'_>) -> bool {
        self.group == request.group
            && self.resources.contains(&request.resource)
            && self.verbs.contains(&request.verb)
            && (self.names.is_empty() || self.names.contains(&request.name))
    }
}

/// What an object needs that the operator makes, keeps and takes away.
const CHILD: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];
/// What it takes to see and to notice changes.
const SEE: &[&str] = &["get", "list", "watch"];

/// Every right of the operator.
pub const ROLES: [Role; 3] = [
    Role {
        name: "rerp-operator",
        file: "cluster-role.yaml",
        scope: Scope::Watched,
        why: &[
            "What the operator does in the namespaces whose RerpServices, ServiceDatabases and DatabaseSplitMigrations it looks after.",
            "Secrets have a role of their own (cluster-role-secrets.yaml). Nothing here touches nodes, namespaces, RBAC or volumes.",
        ],
        rules: WATCHED,
    },
    Role {
        name: "rerp-operator-secrets",
        file: "cluster-role-secrets.yaml",
        scope: Scope::Watched,
        why: &[
            "Secrets, apart from all other rights, so that they can be bound namespace by namespace (manifests/operator-namespaced).",
        ],
        rules: SECRETS,
    },
    Role {
        name: "rerp-operator",
        file: "role.yaml",
        scope: Scope::Own,
        why: &[
            "In its own namespace the operator needs its Lease (only one process acts at a time) and the certificate authority.",
        ],
        rules: OWN,
    },
];

const WATCHED: &[Rule] = &[
    Rule {
        group: "rerp.dev",
        resources: &["rerpservices", "servicedatabases", "databasesplitmigrations"],
        names: &[],
        verbs: &["get", "list", "watch", "patch"],
        why: &[
            "To see what users want. Patch, because a DatabaseSplitMigration carries a finalizer while databases hold something of it.",
        ],
    },
    Rule {
        group: "rerp.dev",
        resources: &["rerpservices/status", "servicedatabases/status", "databasesplitmigrations/status"],
        names: &[],
        verbs: &["get", "patch"],
        why: &["To say what was seen and done."],
    },
    Rule {
        group: "rerp.dev",
        resources: &["rerpservices/finalizers", "servicedatabases/finalizers", "databasesplitmigrations/finalizers"],
        names: &[],
        verbs: &["update"],
        why: &[
            "Children block the deletion of their owner; where OwnerReferencesPermissionEnforcement is on, that needs this right.",
        ],
    },
    Rule {
        group: "apps",
        resources: &["deployments", "statefulsets"],
        names: &[],
        verbs: CHILD,
        why: &[
            "Services run as Deployments, split workers too; databases run as StatefulSets.",
            "Delete, because a worker and the pods of a dropped setting have to go before their owner does.",
        ],
    },
    Rule {
        group: "",
        resources: &["services", "serviceaccounts", "configmaps"],
        names: &[],
        verbs: CHILD,
        why: &[
            "Addresses of services and databases, an identity without rights for each service, what databases and event buses are told.",
        ],
    },
    Rule {
        group: "policy",
        resources: &["poddisruptionbudgets"],
        names: &[],
        verbs: CHILD,
        why: &["So that draining a node leaves a service with replicas serving."],
    },
    Rule {
        group: "networking.k8s.io",
        resources: &["networkpolicies", "ingresses"],
        names: &[],
        verbs: CHILD,
        why: &[
            "Who reaches a pod, and whom it reaches; ways in from outside, to services and at a namespace's gateway.",
        ],
    },
    Rule {
        group: "networking.k8s.io",
        resources: &["ingresses/status"],
        names: &[],
        verbs: &["get", "patch"],
        why: &["To say where the gateway serves an Ingress, and what of it isn't served."],
    },
    Rule {
        group: "gateway.networking.k8s.io",
        resources: &["httproutes"],
        names: &[],
        verbs: CHILD,
        why: &["As Ingresses, where the cluster knows the Gateway API."],
    },
    Rule {
        group: "gateway.networking.k8s.io",
        resources: &["gateways"],
        names: &[],
        verbs: SEE,
        why: &["Routes hang on Gateways, which have hosts and certificates."],
    },
    Rule {
        group: "gateway.networking.k8s.io",
        resources: &["httproutes/status", "gateways/status"],
        names: &[],
        verbs: &["get", "patch"],
        why: &["To say what of them the gateway serves."],
    },
    Rule {
        group: "",
        resources: &["pods"],
        names: &[],
        verbs: SEE,
        why: &["To name what keeps a pod from running (an image, a Secret, a crash) in the Ready condition."],
    },
    Rule {
        group: "",
        resources: &["persistentvolumeclaims"],
        names: &[],
        verbs: SEE,
        why: &["To see that a database's volume is lost or can't be provided."],
    },
    Rule {
        group: "events.k8s.io",
        resources: &["events"],
        names: &[],
        verbs: &["create", "patch"],
        why: &["One event per change of the Ready condition."],
    },
];

const SECRETS: &[Rule] = &[Rule {
    group: "",
    resources: &["secrets"],
    names: &[],
    verbs: CHILD,
    why: &[
        "get: the passwords of databases, and what a spec names, are read by name.",
        "create, patch, delete: bindings and credentials are the operator's to write; it never writes a Secret that isn't its own.",
        "list, watch: a binding that somebody deletes or edits is put right at once, and while the certificate authority changes, who",
        "holds what of it is looked at. The operator asks for Secrets with its own label only, but RBAC knows no labels, so this right",
        "is wider than its use.",
    ],
}];

const OWN: &[Rule] = &[
    Rule {
        group: "coordination.k8s.io",
        resources: &["leases"],
        names: &[],
        verbs: &["create"],
        why: &["Creation can't be limited by name."],
    },
    Rule {
        group: "coordination.k8s.io",
        resources: &["leases"],
        names: &["rerp-operator"],
        verbs: &["get", "update"],
        why: &[],
    },
    Rule {
        group: "",
        resources: &["secrets"],
        names: &[],
        verbs: &["create"],
        why: &["Creation can't be limited by name."],
    },
    Rule {
        group: "",
        resources: &["secrets"],
        names: &["rerp-ca"],
        verbs: &["get", "update"],
        why: &[
            "The certificate authority is read for every certificate, and another takes its place when it grows old.",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn may(verb: &str, resource: &str, name: &str, own_namespace: bool) -> bool {
        permits(&Request { own_namespace, group: "coordination.k8s.io", resource, name, verb })
    }

    #[test]
    fn rights_hold_where_their_role_is_bound_and_for_the_names_they_give() {
        assert!(may("update", "leases", "rerp-operator", true));
        assert!(!may("update", "leases", "rerp-operator", false), "its own namespace only");
        assert!(!may("update", "leases", "kube-scheduler", true), "its own lease only");
        assert!(!may("delete", "leases", "rerp-operator", true));
    }

    #[test]
    fn nothing_is_granted_that_would_let_the_operator_grant_itself_more() {
        let mut rules = ROLES.iter().flat_map(|role| role.rules);
        assert!(rules.all(|rule| {
            let words = rule.resources.iter().chain(rule.verbs).chain([&rule.group]);
            !words
                .clone()
                .any(|word| ["*", "escalate", "bind", "impersonate", "rbac.authorization.k8s.io"].contains(word))
        }));
    }
}
