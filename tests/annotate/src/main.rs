//! Annotates every function of a crate, and proves that nothing else changed.
//!
//! ```sh
//! cargo run -p dt-metrics-annotate -- write path/to/a/crate
//! cargo run -p dt-metrics-annotate -- prove regex-syntax 0.8.12
//! cargo run -p dt-metrics-annotate -- prove regex-syntax 0.8.12 --clippy \
//!     --with 'counted(outcome, dims(kind = "x"))' --with timed
//! cargo run -p dt-metrics-annotate -- prove regex-syntax 0.8.12 --impls
//! cargo run -p dt-metrics-annotate -- cost num-traits 0.2.19 --macros
//! cargo run -p dt-metrics-annotate -- nested
//! ```

mod cargo;
mod cost;
mod diagnostics;
mod fetch;
mod macros;
mod manifest;
mod nested;
mod package;
mod prove;
mod source;
mod test_run;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser};

#[derive(Parser)]
enum Command {
    /// Annotates the functions of the crate in a folder, in place.
    Write {
        /// Where its Cargo.toml is.
        folder: PathBuf,
        #[command(flatten)]
        options: Options,
    },
    /// Checks a crate of the registry bare, with `tracing::instrument(skip_all)`, and with `measured`,
    /// and prints the seconds of each, and the number of annotations.
    Cost {
        /// Its name.
        name: String,
        /// Its version; the newest if left out.
        version: Option<String>,
        #[command(flatten)]
        options: Options,
        /// How often each is checked; the least counts.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Builds a program with twelve futures of a generic function in each other, bare and with each
    /// annotation, and prints a table.
    Nested,
    /// A process of `nested`.
    #[command(hide = true)]
    NestedBuild {
        /// Where the program's Cargo.toml is.
        folder: PathBuf,
    },
    /// Builds and tests a crate of the registry, bare and annotated, and compares.
    Prove {
        /// Its name.
        name: String,
        /// Its version; the newest if left out.
        version: Option<String>,
        #[command(flatten)]
        options: Options,
        /// Also compares the lints of clippy, in all groups: pedantic, nursery, restriction
        #[arg(long)]
        clippy: bool,
        /// Features to build with, as cargo takes them.
        #[arg(long, default_value = "")]
        features: String,
        /// Builds with all features.
        #[arg(long)]
        all_features: bool,
        /// Further arguments of cargo, such as `--lib`, `--tests` or `--release`
        #[arg(last = true)]
        cargo: Vec<String>,
    },
}

#[derive(Args, Clone)]
struct Options {
    /// An annotation with its arguments, of dt-metrics or `tracing::instrument(skip_all)`. Repeat the option to
    /// put several on each function, in this order.
    #[arg(long, value_name = "ANNOTATION", default_value = "measured")]
    with: Vec<String>,
    /// Puts an annotation on `impl` blocks as a whole, instead of annotations on each method.
    #[arg(
        long,
        value_name = "ANNOTATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "measured"
    )]
    impls: Option<String>,
    /// Also functions in `macro_rules!` and in the input of macros that stand for items.
    #[arg(long)]
    macros: bool,
    /// Also functions in `tests`, `examples` and `benches`.
    #[arg(long)]
    tests: bool,
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Write { folder, options } => package::annotate(&folder, &options)
            .map(|count| println!("{count} annotated"))
            .map(|()| true),
        Command::Cost {
            name,
            version,
            options,
            rounds,
        } => cost::cost(&name, version.as_deref(), &options, rounds).map(|()| true),
        Command::Nested => nested::nested().map(|()| true),
        Command::NestedBuild { folder } => nested::build_alone(&folder),
        Command::Prove {
            name,
            version,
            options,
            clippy,
            features,
            all_features,
            cargo,
        } => {
            let mut arguments = Vec::new();
            if !features.is_empty() {
                arguments.push(format!("--features={features}"));
            }
            if all_features {
                arguments.push("--all-features".to_owned());
            }
            arguments.extend(cargo);
            prove::prove(&name, version.as_deref(), &options, clippy, &arguments)
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Errors as text for a person.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[cfg(test)]
mod tests;
