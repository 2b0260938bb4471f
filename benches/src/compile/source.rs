//! The crates that are built: the same functions, annotated in different ways.

use std::fmt::Write as _;

use clap::ValueEnum;

/// Functions in one module, as in code that people write.
const IN_A_MODULE: usize = 50;

/// The attributes of the functions.
#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
pub(crate) enum Candidate {
    Bare,
    Counted,
    CountedArguments,
    Measured,
    Tracing,
    TracingArguments,
    Fastrace,
    Autometrics,
}

impl Candidate {
    pub(crate) const ALL: [Self; 8] = [
        Self::Bare,
        Self::Counted,
        Self::CountedArguments,
        Self::Measured,
        Self::Tracing,
        Self::TracingArguments,
        Self::Fastrace,
        Self::Autometrics,
    ];

    /// As the table calls it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Bare => "no annotation",
            Self::Counted => "`#[counted]`",
            Self::CountedArguments => "`#[counted(name, unit, two literal dims)]`",
            Self::Measured => "`#[measured]`",
            Self::Tracing => "`#[tracing::instrument(skip_all)]`",
            Self::TracingArguments => "`#[tracing::instrument]`",
            Self::Fastrace => "`#[fastrace::trace]`",
            Self::Autometrics => "`#[autometrics]`",
        }
    }

    /// The name of its package.
    pub(crate) const fn package(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Counted => "ours",
            Self::CountedArguments => "ours-arguments",
            Self::Measured => "ours-measured",
            Self::Tracing => "with-tracing",
            Self::TracingArguments => "with-tracing-arguments",
            Self::Fastrace => "with-fastrace",
            Self::Autometrics => "with-autometrics",
        }
    }

    /// The `[dependencies]` of its package; `library` is where ours lives.
    pub(crate) fn dependencies(self, library: &str) -> String {
        match self {
            Self::Bare => String::new(),
            // The dependency of an annotated library; the expansion is the same with the pipeline.
            Self::Counted | Self::CountedArguments | Self::Measured => {
                format!("dt-metrics = {{ path = {library:?}, default-features = false }}\n")
            }
            Self::Tracing | Self::TracingArguments => "tracing = \"0.1.44\"\n".to_owned(),
            Self::Fastrace => {
                "fastrace = { version = \"0.7.17\", features = [\"enable\"] }\n".to_owned()
            }
            Self::Autometrics => {
                "autometrics = { version = \"3.0.0\", features = [\"prometheus\"] }\n".to_owned()
            }
        }
    }

    /// The line before function `number`.
    fn annotation(self, number: usize) -> String {
        match self {
            Self::Bare => String::new(),
            Self::Counted => "#[dt_metrics::counted]\n".to_owned(),
            Self::CountedArguments => format!(
                "#[dt_metrics::counted(name = \"shop.orders.f{number}\", unit = \"{{order}}\", \
                 dims(region = \"eu\", http.route = \"/orders\"))]\n"
            ),
            Self::Measured => "#[dt_metrics::measured]\n".to_owned(),
            Self::Tracing => "#[tracing::instrument(skip_all)]\n".to_owned(),
            Self::TracingArguments => "#[tracing::instrument]\n".to_owned(),
            Self::Fastrace => "#[fastrace::trace]\n".to_owned(),
            Self::Autometrics => "#[autometrics::autometrics]\n".to_owned(),
        }
    }
}

/// The source of a crate: `edit` is in the body of one function in the middle.
pub(crate) fn source(candidate: Candidate, functions: usize, edit: usize) -> String {
    let mut source = String::new();
    for number in 0..functions {
        if number.is_multiple_of(IN_A_MODULE) {
            let close = if number == 0 { "" } else { "}\n" };
            let module = number / IN_A_MODULE;
            let _ = writeln!(source, "{close}pub mod orders_{module} {{");
        }
        let constant = if number == functions / 2 {
            edit
        } else {
            number
        };
        source.push_str(&candidate.annotation(number));
        source.push_str(&function(number, constant));
    }
    source.push_str("}\n");
    source
}

/// A small function as services have them; every second one is async and awaits the one before.
fn function(number: usize, constant: usize) -> String {
    if number.is_multiple_of(2) {
        format!(
            "pub fn f{number}(order: u64, customer: &str) -> Result<u64, String> {{\n\
             \x20   if customer.is_empty() {{\n\
             \x20       return Err(format!(\"order {{order}} has no customer\"));\n\
             \x20   }}\n\
             \x20   let price = order.wrapping_mul({constant}) + customer.len() as u64;\n\
             \x20   Ok(price)\n\
             }}\n"
        )
    } else {
        let before = number - 1;
        format!(
            "pub async fn f{number}(order: u64, customer: &str) -> Result<u64, String> {{\n\
             \x20   let price = f{before}(order, customer)?;\n\
             \x20   std::future::ready(()).await;\n\
             \x20   let tax = price.wrapping_mul({constant}) / 100;\n\
             \x20   Ok(price + tax)\n\
             }}\n"
        )
    }
}
