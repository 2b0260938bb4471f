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
    cargo hack clippy --feature-powerset -p dt-metrics -p dt-metrics-local -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Dependencies: licences, sources, duplicates, unused ones.
deps:
    cargo deny check bans licenses sources
    cargo machete

# What users depend on: packages, public interface, oldest versions, other platforms.
publish:
    bash .ci/package
    bash .ci/api
    bash .ci/oldest
    bash .ci/platforms

# What a call costs, next to one atomic add; what a line and an export cost, next to peers.
bench:
    cargo run --release -p dt-metrics-bench -- hotpath
    cargo run --release -p dt-metrics-bench -- encode
    cargo run --release -p dt-metrics-bench -- export
    cargo run --release -p dt-metrics-bench -- outage

# Fuzzes the writer and the strict reader of lines.
fuzz seconds="60":
    bash .ci/fuzz {{seconds}}

# Accepts what the compiler says now as the expected output of the UI tests.
bless:
    TRYBUILD=overwrite cargo test -p dt-metrics-ui-tests
