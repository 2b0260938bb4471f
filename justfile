# What CI runs, piece by piece. `just` alone lists it.

_list:
    @just --list

# The main job, on screen.
quickstart:
    cargo run --bin quickstart

# All tests.
test:
    cargo test --workspace

# Everything CI checks, in its order.
ci:
    bash .ci/run

# Formatting, lints, documentation.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy -p dt-metrics --no-default-features --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Dependencies: licences, sources, duplicates, unused ones.
deps:
    cargo deny check bans licenses sources
    cargo machete

# What a call costs, next to one atomic add.
bench:
    cargo run --release -p dt-metrics-bench -- hotpath

# Accepts what the compiler says now as the expected output of the UI tests.
bless:
    TRYBUILD=overwrite cargo test -p dt-metrics-ui-tests
