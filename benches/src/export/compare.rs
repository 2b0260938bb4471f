//! The processes, one after the other, and the table of what they say.

use std::env;
use std::error::Error;
use std::process::Command;

use comfy_table::Table;

use super::Kind;
use super::client::Report;
use crate::sink::Sink;

/// Prints what exporting so many series costs.
pub(crate) fn run(series: usize, cycles: usize) -> Result<(), Box<dyn Error>> {
    let sink = Sink::start()?;
    println!(
        "{series} series, all changed in each cycle; collected, encoded, sent, answered; median \
         of {cycles} cycles after the first"
    );
    let mut reports = Vec::new();
    for kind in [Kind::None, Kind::Lines, Kind::Otlp] {
        let sent = sink.bytes();
        let timed = client(kind, &sink, series, cycles, false)?;
        let sent = sink.bytes() - sent;
        let followed = client(kind, &sink, series, cycles, true)?;
        reports.push((kind, sent as f64 / (cycles + 1) as f64, timed, followed));
    }
    println!("{}", table(&reports));
    Ok(())
}

fn client(
    kind: Kind,
    sink: &Sink,
    series: usize,
    cycles: usize,
    memory: bool,
) -> Result<Report, Box<dyn Error>> {
    let name = clap::ValueEnum::to_possible_value(&kind).ok_or("a kind has a name")?;
    let mut command = Command::new(env::current_exe()?);
    command
        .args(["export-client", "--kind", name.get_name()])
        .args(["--url", &kind.url(sink)])
        .args(["--series", &series.to_string()])
        .args(["--cycles", &cycles.to_string()]);
    if memory {
        command.arg("--memory");
    }
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{kind:?}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.parse()?)
}

fn table(reports: &[(Kind, f64, Report, Report)]) -> Table {
    const MIB: f64 = 1024.0 * 1024.0;
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header([
        "exporter",
        "ms",
        "first ms",
        "peak of extra memory, MiB",
        "first peak, MiB",
        "kept between cycles, MiB",
        "sent, MiB",
    ]);
    for (kind, sent, timed, followed) in reports {
        table.add_row([
            kind.name().to_owned(),
            format!("{:.1}", timed.later_ns / 1e6),
            format!("{:.1}", timed.first_ns / 1e6),
            format!("{:.1}", followed.later_bytes / MIB),
            format!("{:.1}", followed.first_bytes / MIB),
            format!("{:.1}", followed.kept_bytes / MIB),
            format!("{:.1}", sent / MIB),
        ]);
    }
    let of = |wanted| reports.iter().find(|(kind, ..)| *kind == wanted);
    if let (Some((.., lines, lines_memory)), Some((.., otlp, otlp_memory))) =
        (of(Kind::Lines), of(Kind::Otlp))
    {
        table.add_row([
            "dt-metrics / opentelemetry-otlp".to_owned(),
            format!("{:.2}", lines.later_ns / otlp.later_ns),
            format!("{:.2}", lines.first_ns / otlp.first_ns),
            format!("{:.2}", lines_memory.later_bytes / otlp_memory.later_bytes),
            format!("{:.2}", lines_memory.first_bytes / otlp_memory.first_bytes),
        ]);
    }
    table
}
