//! The cost of annotations on nested futures of generic functions in a build.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Result, cargo};

/// The futures in each other.
const DEPTH: usize = 12;

/// Annotations.
const FORMS: [&str; 18] = [
    "#[tracing::instrument(skip_all)]",
    "#[counted]",
    "#[in_flight]",
    "#[timed]",
    "#[counted(outcome)]",
    "#[measured]",
    "#[measured(duration = false)]",
    "#[measured(in_flight = false)]",
    "#[measured(err_if = *ret > 5)]",
    "#[measured(ret_dims(even = *ret % 2 == 0))]",
    "#[measured(dims(length = REGION.len()))]",
    "#[timed(dims(length = REGION.len()))]",
    "#[counted(by = REGION.len())]",
    "#[counted(outcome, by = REGION.len())]",
    "#[counted(outcome, dims(length = REGION.len()))]",
    "#[counted(when = ok)]",
    "#[recorded(name = \"nested.value\", value = *ret)]",
    "#[counted(outcome)] #[timed]",
];

/// Annotations that mention a parameter besides `ret`.
const FORMS_OF_LIMIT: [&str; 4] = [
    "#[measured]",
    "#[measured(err_if = *ret > limit)]",
    "#[counted(ret_dims(over = *ret > limit))]",
    "#[measured(dims(limit = limit), err_if = *ret > limit)]",
];

/// No annotation, in a program with the library.
const LINKED: &str = "#[allow(unused)]";

/// The function with the future `f`, how a table calls it, its further arguments, and annotations.
const FUNCTIONS: [(&str, &str, &str, &[&str]); 4] = [
    (
        "async fn",
        "async fn w<F: Future<Output = u32>>(f: F) -> u32 { f.await }",
        "",
        &FORMS,
    ),
    (
        "async fn, limit",
        "async fn w<F: Future<Output = u32>>(f: F, limit: u32) -> u32 { f.await }",
        ", 5",
        &FORMS_OF_LIMIT,
    ),
    (
        "-> impl Future",
        "fn w<F: Future<Output = u32>>(f: F) -> impl Future<Output = u32> { async move { f.await } }",
        "",
        &FORMS,
    ),
    (
        "-> impl Future, limit",
        "fn w<F: Future<Output = u32>>(f: F, limit: u32) -> impl Future<Output = u32> { async move { f.await } }",
        ", 5",
        &FORMS_OF_LIMIT,
    ),
];

/// The cost of a program.
struct Cost {
    /// The CPU time of a debug build of the program alone, in seconds.
    seconds: f64,
    /// The memory of that build, in megabytes.
    memory: f64,
    /// The size of the program, in megabytes.
    binary: f64,
    /// The size of the future in bytes, if it fits on the stack.
    future: Option<f64>,
}

/// Prints a row of a table for each annotation on each function: the CPU time and the memory of a debug build of
/// that program alone, the size of the program, and of the future, each with its ratio to the program without
/// annotation. For the size of the program, the ratio is without the library.
pub fn nested() -> Result<()> {
    let work = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/annotate/nested");
    fs::create_dir_all(&work)?;
    let work = work.canonicalize()?;
    println!(
        "| function | annotation | CPU time, s | memory, MB | binary, MB | future, bytes \
         | time, ratio | memory, ratio | binary beyond the library, ratio | future, ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (label, function, arguments, forms) in FUNCTIONS {
        let program = |form| cost(&work, function, arguments, form);
        let bare = program("")?.ok_or("no program without annotation")?;
        let linked = program(LINKED)?.ok_or("no program with the library")?;
        row(label, "no annotation", &bare, &bare, 0.0);
        let library = linked.binary - bare.binary;
        row(
            label,
            "no annotation, the library linked",
            &linked,
            &bare,
            library,
        );
        for form in forms {
            let library = if is_of_tracing(form) { 0.0 } else { library };
            let form_in_code = format!("`{form}`");
            match program(form)? {
                Some(cost) => row(label, &form_in_code, &cost, &bare, library),
                None => println!(
                    "| `{label}` | {form_in_code} | beyond the default `recursion_limit` | | | | | | | |"
                ),
            }
        }
    }
    Ok(())
}

fn is_of_tracing(form: &str) -> bool {
    form.contains("tracing")
}

fn row(label: &str, form: &str, cost: &Cost, bare: &Cost, library: f64) {
    let (future, of_future) = match (cost.future, bare.future) {
        (Some(future), Some(bare)) => (format!("{future}"), format!("{:.1}", future / bare)),
        _ => ("larger than the stack".to_owned(), String::new()),
    };
    println!(
        "| `{label}` | {form} | {:.2} | {:.0} | {:.1} | {future} | {:.1} | {:.1} | {:.1} | {of_future} |",
        cost.seconds,
        cost.memory,
        cost.binary,
        cost.seconds / bare.seconds,
        cost.memory / bare.memory,
        (cost.binary - library) / bare.binary,
    );
}

/// The cost of a program, unless the types are nested beyond the default recursion limit.
fn cost(work: &Path, function: &str, arguments: &str, form: &str) -> Result<Option<Cost>> {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dt-metrics");
    let library = library.canonicalize()?;
    let (name, dependency, import) = match form {
        "" => ("bare", String::new(), ""),
        form if is_of_tracing(form) => ("tracing", "tracing = \"0.1\"\n".to_owned(), ""),
        _ => (
            "ours",
            format!(
                "dt-metrics = {{ path = '{}', default-features = false }}\n",
                library.display()
            ),
            "use dt_metrics::*;\n",
        ),
    };
    let folder = work.join(name);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(
        folder.join("Cargo.toml"),
        format!(
            "[package]\nname = \"nested-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependency}\n[workspace]\n"
        ),
    )?;
    // The versions that this workspace has locked.
    let lock = library.join("../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock"))?;
    let main = folder.join("src/main.rs");
    // The first build is that of the dependencies.
    fs::write(&main, "fn main() {}\n")?;
    let built = build(&folder)?;
    built.map_err(|stderr| format!("the dependencies of {form:?}:\n{stderr}"))?;

    let close = format!("{arguments})");
    let nest = "w(".repeat(DEPTH) + "async { 1_u32 }" + &close.repeat(DEPTH);
    fs::write(
        &main,
        format!(
            "#![allow(unused)]\nuse std::future::Future;\n{import}\
             static REGION: &str = \"eu\";\n{form}\n{function}\n\
             fn main() {{ println!(\"{{}}\", size_of_val(&{nest})); }}\n"
        ),
    )?;
    let (seconds, memory) = match build(&folder)? {
        Ok(used) => used,
        Err(stderr) if stderr.contains("recursion_limit") => return Ok(None),
        Err(stderr) => return Err(format!("{function} with {form}:\n{stderr}").into()),
    };
    let program = folder.join("target/debug").join(format!("nested-{name}"));
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    let size = fs::metadata(&program)?.len();
    let ran = Command::new(&program).output()?;
    let future = String::from_utf8_lossy(&ran.stdout);
    Ok(Some(Cost {
        seconds,
        memory,
        binary: megabytes(size),
        future: future.trim().parse().ok().filter(|_| ran.status.success()),
    }))
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Builds the package in a process of its own, whose children's use of resources is that of this build. Returns
/// the seconds of CPU time and the megabytes of the largest process, or the message of the compiler.
fn build(folder: &Path) -> Result<std::result::Result<(f64, f64), String>> {
    let output = Command::new(std::env::current_exe()?)
        .arg("nested-build")
        .arg(folder)
        .output()?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers = said
        .split_once(' ')
        .and_then(|(seconds, memory)| Some((seconds.parse().ok()?, memory.trim().parse().ok()?)));
    Ok(numbers.ok_or_else(|| format!("the build said {said:?}")))
}

/// A process of [`nested`].
pub fn build_alone(folder: &Path) -> Result<bool> {
    // Also if the environment names another folder.
    let target = folder.join("target").display().to_string();
    let command = [
        "build",
        "--config=build.incremental=false",
        "--target-dir",
        &target,
    ];
    let built = cargo::run(folder, &command)?;
    if !built.success {
        eprintln!("{}", built.stderr);
        return Ok(false);
    }
    let (seconds, memory) = used()?;
    println!("{seconds} {memory}");
    Ok(true)
}

/// The CPU time of all children that have ended, in seconds, and the memory of the largest one, in megabytes.
#[cfg(unix)]
#[expect(clippy::cast_precision_loss, reason = "seconds")]
fn used() -> Result<(f64, i64)> {
    use nix::sys::resource::{UsageWho, getrusage};

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    let times = times.map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6);
    // Kilobytes on Linux, bytes on macOS.
    let unit = if cfg!(target_os = "macos") {
        1_000_000
    } else {
        1_000
    };
    Ok((times.iter().sum(), usage.max_rss() / unit))
}

#[cfg(not(unix))]
fn used() -> Result<(f64, i64)> {
    Err("only Unix reports what a build used".into())
}
