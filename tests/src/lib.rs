//! Tests of dt-metrics from outside; see `tests/`.
