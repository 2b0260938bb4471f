//! The cost of annotations on nested futures of generic functions in a build.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Result, cargo};

/// The futures in each other.
const DEPTH: usize = 12;

/// Annotations, one a line.
const FORMS: [&str; 18] = [
    "",
    LINKED,
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
    "#[counted(when = ok)]",
    "#[recorded(name = \"nested.value\", value = *ret)]",
    "#[counted(outcome)] #[timed]",
];

/// No annotation, in a program with the library.
const LINKED: &str = "#[allow(unused)]";

/// The function with the future `f`, and how a table calls it.
const FUNCTIONS: [(&str, &str); 2] = [
    (
        "async fn",
        "async fn w<F: Future<Output = u32>>(f: F) -> u32 { f.await }",
    ),
    (
        "-> impl Future",
        "fn w<F: Future<Output = u32>>(f: F) -> impl Future<Output = u32> { async move { f.await } }",
    ),
];

/// Prints a row of a table for each annotation on each function: the CPU time and the memory of a debug build of
/// that program alone, the size of the program, and of the future.
pub fn nested() -> Result<()> {
    let work = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/annotate/nested");
    fs::create_dir_all(&work)?;
    let work = work.canonicalize()?;
    println!("| function | annotation | CPU time, s | memory, MB | binary, MB | future, bytes |");
    println!("|---|---|---|---|---|---|");
    for (label, function) in FUNCTIONS {
        for form in FORMS {
            row(&work, label, function, form)?;
        }
    }
    Ok(())
}

fn row(work: &Path, label: &str, function: &str, form: &str) -> Result<()> {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dt-metrics");
    let library = library.canonicalize()?;
    let (name, dependency, import) = match form {
        "" => ("bare", String::new(), ""),
        form if form.contains("tracing") => ("tracing", "tracing = \"0.1\"\n".to_owned(), ""),
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

    let nest = "w(".repeat(DEPTH) + "async { 1_u32 }" + &")".repeat(DEPTH);
    fs::write(
        &main,
        format!(
            "#![allow(unused)]\nuse std::future::Future;\n{import}\
             static REGION: &str = \"eu\";\n{form}\n{function}\n\
             fn main() {{ println!(\"{{}}\", size_of_val(&{nest})); }}\n"
        ),
    )?;
    let form = match form {
        "" => "no annotation".to_owned(),
        LINKED => "no annotation, the library linked".to_owned(),
        form => format!("`{form}`"),
    };
    let (seconds, memory) = match build(&folder)? {
        Ok(used) => used,
        Err(stderr) if stderr.contains("recursion_limit") => {
            println!("| `{label}` | {form} | beyond the default `recursion_limit` | | | |");
            return Ok(());
        }
        Err(stderr) => return Err(format!("{label} with {form}:\n{stderr}").into()),
    };
    let program = folder.join("target/debug").join(format!("nested-{name}"));
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    let size = fs::metadata(&program)?.len();
    let ran = Command::new(&program).output()?;
    let future = if ran.status.success() {
        String::from_utf8_lossy(&ran.stdout).trim().to_owned()
    } else {
        "larger than the stack".to_owned()
    };
    println!(
        "| `{label}` | {form} | {seconds:.2} | {memory} | {:.1} | {future} |",
        megabytes(size),
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Builds the package in a process of its own, whose children's use of resources is that of this build. Returns
/// the seconds of CPU time and the megabytes of the largest process, or the message of the compiler.
fn build(folder: &Path) -> Result<std::result::Result<(f64, u64), String>> {
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
