mod checks;
#[cfg(feature = "dynatrace")]
mod lines;
mod normalization;
mod units;
#[cfg(feature = "dynatrace")]
mod values;
