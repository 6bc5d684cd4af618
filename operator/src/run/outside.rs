//! Watches of what comes from outside: the part of the service controller's wiring that a gateway needs. In: the controller. Out: the same one
//! with more to wake it. Must not: start anything.

use super::{Wiring, ours};
use crate::cluster::gateway_api::{Gateway, HttpRoute};
use crate::wake;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use kube::core::error_boundary::DeserializeGuard;
use kube::runtime::controller::Controller;
use kube::runtime::watcher;
use rerp_crds::{RerpService, labels};

impl Wiring {
    /// The gateway of a namespace: whatever there could be served, and what that leads to.
    pub(super) fn outside(
        &self,
        controller: Controller<DeserializeGuard<RerpService>>,
    ) -> Controller<DeserializeGuard<RerpService>> {
        let any = watcher::Config::default;
        let [a, b, c, d] = [(); 4].map(|()| self.context.settings.gateway.clone());
        let controller = controller.watches(self.meta::<Ingress>(), any(), move |one| wake::beside(&one, &a)).watches(
            self.meta::<Service>(),
            any(),
            move |one| wake::beside(&one, &b),
        );
        if !self.gateway_api {
            return controller;
        }
        controller
            .owns(self.meta::<HttpRoute>(), ours(labels::SERVICE))
            .watches(self.meta::<HttpRoute>(), any(), move |one| wake::beside(&one, &c))
            .watches(self.meta::<Gateway>(), any(), move |one| wake::beside(&one, &d))
    }
}
