//! Annotations that compile, and the compiler's messages for annotations that do not.
//!
//! Messages are the compiler's own, in part: they are compared on one release only.
//! `TRYBUILD=overwrite` renews them.

#[test]
fn accepted() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}

#[rustversion::stable(1.95)]
#[test]
fn refused() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
