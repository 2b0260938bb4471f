//! What the compiler says about annotations; see `tests/`.
