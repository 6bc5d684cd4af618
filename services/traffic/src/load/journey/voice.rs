//! In whose name a request is made. In: a request, and a person of the seed or staff. Out: the same request with what has its service believe that,
//! if we have a certificate and the service names us as a speaker (`RERP_ACCESS_SPEAKERS`). Must not be part of a platform that serves real people.

use super::step::Service;
use reqwest::RequestBuilder;
use rerp_kit::access::{Assurance, Principal, PrincipalKind, Speaker, TOKEN};
use rerp_kit::tls::Tls;
use std::sync::Arc;
use uuid::Uuid;

/// Whoever declares what journeys need. No platform user has this identifier.
const STAFF: Uuid = Uuid::from_u128(0x7472_6166_6669_6300_0000_0000_0000_0001);

/// Speaks for people. Clones share what was minted.
#[derive(Debug, Clone)]
pub struct Voice(Option<Arc<Speaker>>);

impl Voice {
    /// Speaks with this certificate; without one it says nothing, as to services in the clear, which ask nobody.
    #[must_use]
    pub fn of(tls: Option<&Tls>) -> Self {
        Self(tls.map(|tls| Arc::new(Speaker::new(tls))))
    }

    /// A request of a person's.
    pub fn person(&self, id: Uuid, service: Service, request: RequestBuilder) -> RequestBuilder {
        self.says(Principal { id, kind: PrincipalKind::Person, assurance: Assurance::First }, service, request)
    }

    /// A request of those who run the platform.
    pub fn staff(&self, service: Service, request: RequestBuilder) -> RequestBuilder {
        let staff = Principal { id: STAFF, kind: PrincipalKind::Staff, assurance: Assurance::Second };
        self.says(staff, service, request)
    }

    /// What can't be said isn't: the service refuses the request then, and the journey counts it as failed.
    fn says(&self, who: Principal, service: Service, request: RequestBuilder) -> RequestBuilder {
        let Some(speaker) = &self.0 else { return request };
        match speaker.token(&who, service.name()) {
            Ok(token) => request.header(TOKEN, token),
            Err(error) => {
                tracing::error!(%error, "a service can't be told who asks");
                request
            }
        }
    }
}
