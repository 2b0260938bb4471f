//! Compiler messages about annotations; see `tests/`.
