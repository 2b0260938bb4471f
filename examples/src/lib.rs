//! Runnable examples of dt-metrics; each is a binary of its own.
