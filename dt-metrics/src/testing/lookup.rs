//! Looks up the names in assertions among the instruments of the program.

use crate::descriptor::Kind;
use crate::registry::catalog;
use crate::similarity::edits;

/// Panics unless the program has an instrument of this kind with this name.
#[track_caller]
#[expect(
    clippy::panic,
    reason = "an assertion about a metric that cannot exist would pass or fail for no reason"
)]
pub(super) fn require(kind: Kind, name: &str) {
    if let Some(message) = missing(kind, name, &names()) {
        panic!("{message}");
    }
}

/// The names of all instruments, and their kinds.
fn names() -> Vec<(&'static str, Kind)> {
    let catalog = catalog().into_iter();
    let names = catalog.map(|descriptor| (descriptor.name, descriptor.kind));
    names.collect()
}

/// The message for a name that none of `names` of this kind is.
fn missing(kind: Kind, name: &str, names: &[(&str, Kind)]) -> Option<String> {
    let same = names
        .iter()
        .filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let kinds: Vec<Kind> = same.map(|(_, kind)| *kind).collect();
    if kinds.contains(&kind) {
        return None;
    }
    if let Some(own) = kinds.first() {
        let method = match own {
            Kind::Counter => "counter",
            Kind::UpDownCounter => "up_down_counter",
            Kind::Histogram => "histogram",
            Kind::Gauge => "gauge",
        };
        return Some(format!(
            "`{name}` has the kind `{own}`, not `{kind}`: write `.{method}(\"{name}\")`"
        ));
    }
    let nearest = names.iter().min_by_key(|(own, _)| distance(own, name));
    let advice = nearest.map_or_else(
        || "it has no instruments at all".to_owned(),
        |(nearest, kind)| format!("did you mean the {kind} `{nearest}`?"),
    );
    Some(format!(
        "no instrument of this program is called `{name}`: {advice}"
    ))
}

/// How far two names are from each other. A name without its first sections, such as the crate's or
/// the exporter's prefix, is next to the whole name; otherwise each character that is added, removed or
/// replaced counts.
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    let is_end = |long: &str, short: &str| {
        let rest = long.strip_suffix(short);
        !short.is_empty() && rest.is_some_and(|rest| rest.ends_with('.'))
    };
    if is_end(&left, &right) || is_end(&right, &left) {
        return 1;
    }
    edits(&left, &right)
}

#[cfg(test)]
mod tests;
