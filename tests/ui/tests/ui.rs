//! What compiles, and what the compiler says of what does not.
//!
//! Messages are the compiler's own, in part: they are compared on one release only.
//! `TRYBUILD=overwrite` writes them anew.

#[test]
fn accepted() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}

#[rustversion::stable(1.95)]
#[test]
fn refused() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
