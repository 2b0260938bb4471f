//! Caches whose names are known only at run time, for example from a configuration file: each gets
//! its instruments when it is made, and they end with it.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::collections::HashMap;
use std::time::Duration;

use dt_metrics::instrument::{BuildError, Counter, Gauge};

struct Cache {
    entries: HashMap<u32, String>,
    hits: Counter,
    misses: Counter,
    size: Gauge,
}

impl Cache {
    fn new(name: &str) -> Result<Self, BuildError> {
        let requests = Counter::builder("cache.requests")
            .unit("{request}")
            .description("Requests to a cache")
            .dimension("cache", name)
            .build()?;
        Ok(Self {
            entries: HashMap::new(),
            hits: requests.with([("result", "hit")])?,
            misses: requests.with([("result", "miss")])?,
            size: Gauge::builder(format!("cache.{name}.entries")).build()?,
        })
    }

    fn get(&mut self, key: u32) -> &str {
        if self.entries.contains_key(&key) {
            self.hits.add(1); // as cheap as an annotation
        } else {
            self.misses.add(1);
            self.size.set(self.entries.len() + 1);
        }
        self.entries
            .entry(key)
            .or_insert_with(|| format!("entry {key}"))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metrics = dt_metrics::builder().prefix("shop").install()?;
    let configuration = "users\norders\nprice list\n";
    for name in configuration.lines() {
        let mut cache = match Cache::new(name) {
            Ok(cache) => cache,
            Err(error) => {
                println!("{error}"); // a name from outside can be an invalid one
                continue;
            }
        };
        for request in 0..10 {
            cache.get(request % 4);
        }
        println!("{name}: {} entries", cache.entries.len());
    } // each cache is dropped here, and its series end after the push of their last values
    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}");
    }
    Ok(())
}
