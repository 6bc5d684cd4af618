//! A request on its way to a service. In: what is left of a client's request. Out: the same request, once or as often as its body was
//! kept. Must not change the path.

use axum::body::Body;
use axum::http::uri::{Authority, Parts, PathAndQuery, Scheme};
use bytes::Bytes;
use hyper::{HeaderMap, Request, Uri, Version};

use crate::body::Witness;
use crate::log::Named;

/// A body.
#[derive(Debug)]
pub enum Payload {
    /// All of it: it can be sent again.
    Kept(Bytes),
    /// It comes in while it goes out, and can be sent once.
    Flowing(Body, Witness),
}

/// See the file's header.
pub struct Outgoing<'a> {
    /// The client's request: its method, path and query go on as they came.
    pub named: Named<'a>,
    /// What passes the gateway of its headers, and what the service is told. Made anew for each attempt: most requests need one, and would pay for a
    /// copy that nobody looks at.
    pub headers: &'a (dyn Fn() -> HeaderMap + Send + Sync),
    /// The body.
    pub payload: Payload,
    /// Whether the service takes it twice as it takes it once.
    pub again: bool,
}

/// What a failure has to be judged by once a request is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Left {
    pub(super) witness: Witness,
}

impl std::fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("again", &self.again).finish_non_exhaustive()
    }
}

impl Outgoing<'_> {
    /// Whether it can be sent once more.
    #[must_use]
    pub fn may_repeat(&self) -> bool {
        self.again && matches!(self.payload, Payload::Kept(_))
    }

    /// The request to a service; the second one of a flowing body has none.
    ///
    /// # Errors
    /// Scheme, authority and target don't make an address, hence a bug.
    pub(super) fn request(
        &mut self,
        scheme: &Scheme,
        authority: &Authority,
        version: Version,
    ) -> Result<(Request<Body>, Left), axum::http::Error> {
        let parts = self.named.parts;
        let target = parts.uri.path_and_query().cloned();
        let mut address = Parts::default();
        address.scheme = Some(scheme.clone());
        address.authority = Some(authority.clone());
        address.path_and_query = Some(target.unwrap_or_else(|| PathAndQuery::from_static("/")));
        let (body, left) = match &mut self.payload {
            Payload::Kept(bytes) if bytes.is_empty() => (Body::empty(), Left::default()),
            Payload::Kept(bytes) => (Body::from(bytes.clone()), Left::default()),
            Payload::Flowing(body, witness) => (std::mem::take(body), Left { witness: witness.clone() }),
        };
        let mut request = Request::new(body);
        *request.method_mut() = parts.method.clone();
        *request.version_mut() = version;
        *request.uri_mut() = Uri::from_parts(address)?;
        *request.headers_mut() = (self.headers)();
        Ok((request, left))
    }
}
