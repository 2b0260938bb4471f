//! What a configuration looks like in a log, without secrets.

use std::fmt;

use super::Builder;

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("dynatrace", &self.dynatrace)
            .field("push_interval", &self.push_interval)
            .field("exporters", &self.exporters.len())
            .field("no_exporter", &self.no_exporter)
            .field("set_global", &!self.not_global)
            .field("strict", &self.strict)
            .field("flush_on_termination", &self.flush_on_termination)
            .field("service_name", &self.service_name)
            .field("cardinality_limit", &self.cardinality_limit)
            .field("health_metrics", &self.health_metrics)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .finish_non_exhaustive()
    }
}
