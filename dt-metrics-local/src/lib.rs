//! Local endpoint.
