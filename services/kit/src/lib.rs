//! What every RERP service shares, so that a service holds nothing but its own rules.
//!
//! In comes the environment and the mounted binding files of a pod; out goes a running service: an HTTP server with
//! limits and problem documents, an admin server, logs and metrics, a database handle that follows its data from one
//! server to another, and clients for the services it depends on. The kit knows nothing of Kubernetes and of no domain.
//!
//! | room | holds |
//! |---|---|
//! | [`app`] | `serve` and `migrate`, start and drain |
//! | [`config`] | environment to checked settings |
//! | [`pool`] | warm connections to both sides of a split, and the retry that makes a cutover invisible |
//! | [`http`] | request context, limits, strict extractors, the server |
//! | [`grpc`] | the same for calls between services: problems as gRPC statuses and back |
//! | [`tls`] | the service's certificate: whom it lets in, and how it calls others |
//! | [`access`] | who asks, and whether they may: the table of a service's routes, and internal tokens |
//! | [`bearer`] | who asks, by the tokens that people have of the issuer |
//! | [`audit`] | what staff say of why they look at whose data |
//! | [`jws`] | signed tokens, read in one way only |
//! | [`problem`] | RFC 9457 answers and their catalogue |
//! | [`openapi`] | a service's interface as a document, from its table and its types |
//! | [`client`] | calls to other services |
//! | [`cache`] | what they answered, for a while |
//! | [`bounded`] | a map that never holds more than it may |
//! | [`batch`] | work on the database for calls that come together, at once |
//! | [`events`] | what services tell each other after the fact: outbox, inbox, and what takes events from one to the other |
//! | [`idempotency`] | `Idempotency-Key`, stored with the effect it protects |
//! | [`rights`] | what is held of people and for how long: export, erasure, lifetimes |
//! | [`tenants`] | whose rows are whose, as data |
//! | [`text`] | rules for texts of people that more than one service needs |
//! | [`migrate`] | schema changes, applied to the side that owns the data |
//! | [`admin`], [`metrics`], [`telemetry`] | what operators look at |

pub mod access;
pub mod admin;
pub mod app;
pub mod audit;
pub mod batch;
pub mod bearer;
pub mod bounded;
pub mod cache;
pub mod client;
pub mod config;
pub mod events;
pub mod grpc;
pub mod http;
pub mod idempotency;
pub mod jws;
pub mod metrics;
pub mod migrate;
pub mod openapi;
pub mod pool;
pub mod problem;
pub mod rights;
pub mod telemetry;
pub mod tenants;
pub mod text;
pub mod tls;

/// Of every program that has the kit. A request is a few hundred small pieces of memory; the C library's allocator took a fifth of a busy service's
/// processor time for them (`docs/adr/0040`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
