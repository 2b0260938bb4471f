//! Annotations.
