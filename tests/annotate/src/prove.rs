//! A crate bare and annotated: it compiles as before and does as before.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::diagnostics::{self, Diagnostics};
use crate::test_run::{self, Tests};
use crate::{Options, Result, cargo, fetch, manifest, package};

/// Prints the differences, and returns whether there are none.
pub fn prove(
    name: &str,
    version: Option<&str>,
    options: &Options,
    clippy: bool,
    arguments: &[String],
) -> Result<bool> {
    let work = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/annotate");
    fs::create_dir_all(&work)?;
    let work = work.canonicalize()?;
    let fetched = fetch::fetch(name, version, &work.join("fetch"))?;
    println!("{name} {}", fetched.version);
    let work = work.join(format!("{name}-{}", fetched.version));
    let target = work.with_file_name("target");

    let bare = Copy::of(&fetched.folder, work.join("bare"), &target)?;
    let before = bare.examine(clippy, arguments)?;
    println!(
        "bare: {} diagnostics, {} tests",
        before.diagnostics.values().sum::<usize>(),
        test_run::total(&before.tests)
    );

    let annotated = Copy::of(&bare.folder, work.join("annotated"), &target)?;
    let count = package::annotate(&annotated.folder, options)?;
    annotated.add_catalog()?;
    println!("annotated: {count} functions or blocks");
    let after = annotated.examine(clippy, arguments)?;
    let instruments = after.instruments.unwrap_or_default();
    println!("catalogue: {instruments} instruments");
    Ok(before.agrees_with(&after) && count > 0 && instruments > 0)
}

/// Groups of lints that are enabled in addition to clippy's defaults.
const LINTS: &[&str] = &[
    "-Wclippy::pedantic",
    "-Wclippy::nursery",
    "-Wclippy::restriction",
    "-Aclippy::blanket_clippy_restriction_lints",
    // It stands where the expression does that is returned, which is now one of ours.
    "-Aclippy::implicit_return",
    "-Wfuture_incompatible",
    "-Wlet_underscore",
    "-Wmissing_debug_implementations",
    "-Wnonstandard_style",
    "-Wrust_2018_idioms",
    "-Wrust_2021_compatibility",
    "-Wrust_2024_compatibility",
    "-Wsingle_use_lifetimes",
    "-Wtrivial_casts",
    "-Wtrivial_numeric_casts",
    "-Wunreachable_pub",
    "-Wunused",
    "-Wunused_import_braces",
    "-Wunused_lifetimes",
    "-Wunused_qualifications",
    "-Wunused_results",
    "-Wvariant_size_differences",
];

/// A copy of a package.
struct Copy {
    folder: PathBuf,
    target: String,
}

/// The observed behaviour of a package.
struct Seen {
    diagnostics: Diagnostics,
    tests: Tests,
    instruments: Option<usize>,
    success: bool,
    stderr: String,
}

impl Copy {
    fn of(original: &Path, folder: PathBuf, target: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        package::copy(original, &folder)?;
        manifest::alone(&folder)?;
        let target = format!("--target-dir={}", target.display());
        Ok(Self { folder, target })
    }

    /// Adds a test to the library that prints the number of its instruments.
    fn add_catalog(&self) -> Result<()> {
        package::append(&self.folder.join("src/lib.rs"), &test_run::catalog())
    }

    fn examine(&self, clippy: bool, arguments: &[String]) -> Result<Seen> {
        let began = Instant::now();
        let mut messages = String::new();
        if clippy {
            let checked = self.cargo(&["clippy", "--message-format=json"], arguments, LINTS)?;
            messages += &checked.stdout;
        }
        let built = self.cargo(
            &["test", "--no-run", "--message-format=json"],
            arguments,
            &[],
        )?;
        messages += &built.stdout;
        let manifest = self.folder.join("Cargo.toml").display().to_string();
        let diagnostics = diagnostics::read(&messages, &manifest);
        let building = began.elapsed();
        let tested = self.cargo(&["test", "--no-fail-fast"], arguments, &[])?;
        let catalog = self.cargo(&["test"], arguments, &[test_run::CATALOG, "--nocapture"])?;
        println!(
            "  built in {:.1} s, tested in {:.1} s",
            building.as_secs_f64(),
            began.elapsed().saturating_sub(building).as_secs_f64()
        );
        Ok(Seen {
            diagnostics,
            tests: test_run::read(&tested.stdout),
            instruments: test_run::instruments(&catalog.stdout),
            success: tested.success,
            stderr: built.stderr + &tested.stderr,
        })
    }

    fn cargo(
        &self,
        command: &[&str],
        arguments: &[String],
        program: &[&str],
    ) -> Result<cargo::Output> {
        let mut all: Vec<&str> = command.to_vec();
        all.push(&self.target);
        all.extend(arguments.iter().map(String::as_str));
        if !program.is_empty() {
            all.push("--");
            all.extend(program);
        }
        cargo::run(&self.folder, &all)
    }
}

impl Seen {
    fn agrees_with(&self, after: &Self) -> bool {
        let new = diagnostics::more(&self.diagnostics, &after.diagnostics);
        diagnostics::show("new", &new);
        let silent = diagnostics::more(&after.diagnostics, &self.diagnostics);
        println!("{} new diagnostics, {} silent", new.len(), silent.len());
        diagnostics::show("silent", &silent);
        let mut differences = 0;
        for test in self.tests.keys().chain(after.tests.keys()) {
            let (before, now) = (self.tests.get(test), after.tests.get(test));
            if before != now {
                differences += 1;
                if differences <= 20 {
                    println!("{} {}: {before:?} before, {now:?} now", test.0, test.1);
                }
            }
        }
        println!(
            "{} tests, {}",
            test_run::total(&after.tests),
            if differences == 0 {
                "all as before"
            } else {
                "not all as before"
            }
        );
        if self.success != after.success {
            println!("{}", after.stderr);
        }
        new.is_empty()
            && differences == 0
            && self.success == after.success
            && test_run::total(&after.tests) > 0
    }
}
