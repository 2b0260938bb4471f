use clap::Parser;
use clap::builder::NonEmptyStringValueParser;

/// A local stand-in for the Dynatrace metric ingest endpoint: judges every line and shows it.
///
/// On its default port a program with no configuration finds it as if it were a `OneAgent`.
// No `Debug`: it would print the token.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Where to listen
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:14499")]
    pub(crate) listen: String,

    /// The token to ask for on the Dynatrace API; without it, every request is taken
    #[arg(long, value_name = "TOKEN", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) token: Option<String>,
}
