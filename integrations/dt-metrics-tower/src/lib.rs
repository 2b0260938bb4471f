//! HTTP and gRPC metrics for tower services on Dynatrace: one layer for all routes.
//!
//! ```
//! use axum::{Router, routing::get};
//! use dt_metrics_tower::HttpServerMetrics;
//!
//! let app: Router = Router::new()
//!     .route("/orders/{id}", get(|| async { "an order" }))
//!     .layer(HttpServerMetrics::new());
//! ```
//!
//! - [`HttpServerMetrics`] for axum, hyper and every other server of tower services.
//! - [`HttpClientMetrics`] for clients: `reqwest` (feature `reqwest`), hyper and others.
//! - [`RpcServerMetrics`] for servers of tonic.
//!
//! The metrics are recorded like metrics of annotations, so they are sent together with the
//! program's other metrics: see the crate `dt-metrics`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attributes;
mod body;
mod call;
mod client;
#[cfg(feature = "reqwest")]
mod reqwest_client;
mod route;
mod rpc;
mod server;
mod service;

pub use attributes::ErrorType;
pub use body::MeasuredBody;
pub use client::HttpClientMetrics;
pub use route::Route;
pub use rpc::RpcServerMetrics;
pub use server::HttpServerMetrics;
pub use service::{MeasuredFuture, MeasuredService};
