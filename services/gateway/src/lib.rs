//! The gateway: the one way from outside to the services of the platform. In come requests of strangers, people and staff; out go the
//! answers of services, for requests that exist outside, can be read in one way only, are allowed, and don't come too often.
//!
//! | room | holds |
//! |---|---|
//! | [`table`], [`routes`] | what exists outside, and which of it a request means |
//! | [`target`], [`framing`] | the one reading of a request |
//! | [`headers`], [`cors`], [`body`] | what passes, which pages may ask, how much and how long |
//! | [`auth`] | whether they may ask |
//! | [`rates`], [`limit`] | how often |
//! | [`upstream`], [`forward`] | the way to a service and back |
//! | [`site`] | hosts and paths of Ingresses, and the way to their backends |
//! | [`gateway`], `answer`, [`log`], [`numbers`] | the order of all that, and what is seen of it |
//! | [`front`], [`config`], [`serve`] | sockets, settings, the life of the process |
//!
//! It keeps nothing but what it counts, holds no rule of a service, and changes neither paths nor bodies.

mod answer;
pub mod auth;
pub mod body;
pub mod config;
pub mod cors;
pub mod forward;
pub mod framing;
pub mod front;
pub mod gateway;
pub mod headers;
pub mod limit;
pub mod log;
pub mod numbers;
pub mod rates;
pub mod routes;
pub mod serve;
pub mod site;
pub mod table;
pub mod target;
pub mod upstream;
