#[cfg(feature = "dynatrace")]
mod batcher;
mod checks;
#[cfg(feature = "dynatrace")]
mod lines;
mod normalization;
#[cfg(feature = "dynatrace")]
mod series;
#[cfg(feature = "dynatrace")]
mod summaries;
mod units;
#[cfg(feature = "dynatrace")]
mod values;
