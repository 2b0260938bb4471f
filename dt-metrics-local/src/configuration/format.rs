//! The formats of generated configuration, and their files.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The format of generated configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// Bodies for Dynatrace's API.
    #[default]
    Json,
    /// Resources of the Terraform provider `dynatrace-oss/dynatrace`, in Terraform's JSON syntax
    /// (`.tf.json`).
    ///
    /// Resources: <https://github.com/dynatrace-oss/terraform-provider-dynatrace/tree/main/docs/resources>.
    /// Syntax: <https://developer.hashicorp.com/terraform/language/syntax/json>.
    Terraform,
    /// A project of Monaco, version 2.
    ///
    /// Schemas: `cmd/monaco/generate/schemas/json-schemas` of
    /// <https://github.com/Dynatrace/dynatrace-configuration-as-code>.
    Monaco,
}

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// The path, relative to a folder of your choice, with `/` between its parts.
    pub path: String,
    /// The text of the file.
    pub content: String,
    /// Whether your own version of the file is to be kept.
    pub keep_existing: bool,
}

/// A configuration of Dynatrace, in all formats.
pub(super) struct Item {
    /// The text that the identifier is made of.
    pub(super) name: String,
    /// The arguments of the Terraform resource. Texts are templates for [`terraform_text`].
    pub(super) terraform: Value,
    /// The template of Monaco, as JSON.
    pub(super) monaco: String,
}

/// Configurations of one type.
pub(super) struct Collection {
    /// The name of files and folders.
    pub(super) name: &'static str,
    /// The Terraform resource.
    pub(super) resource: &'static str,
    /// The value of `type` in a configuration of Monaco, as lines of YAML.
    pub(super) monaco_type: &'static [&'static str],
    /// All of them for the API.
    pub(super) json: String,
    pub(super) items: Vec<Item>,
}

impl Collection {
    pub(super) fn files(self, format: Format) -> Vec<File> {
        match format {
            Format::Json => vec![File::new(format!("{}.json", self.name), self.json)],
            Format::Terraform => vec![self.terraform()],
            Format::Monaco => self.monaco(),
        }
    }

    fn terraform(self) -> File {
        let mut names = Names::default();
        let resources: Map<_, _> = self
            .items
            .into_iter()
            .map(|item| {
                let name = names.unique(&item.name, '_');
                (name, terraform_templates(item.terraform))
            })
            .collect();
        let content = pretty(&json!({ "resource": { self.resource: resources } }));
        File::new(format!("{}.tf.json", self.name), content)
    }

    fn monaco(self) -> Vec<File> {
        let mut names = Names::default();
        let folder = format!("{PROJECT}/{}", self.name);
        let mut config = "configs:\n".to_owned();
        let mut files = Vec::new();
        for item in self.items {
            let id = names.unique(&item.name, '-');
            let name = yaml_text(&item.name);
            // Writing to a `String` never fails.
            let _ = writeln!(
                config,
                "- id: {id}\n  config:\n    name: {name}\n    template: {id}.json"
            );
            config.push_str("  type:");
            for line in self.monaco_type {
                let _ = writeln!(config, "{line}");
            }
            let template = monaco_template(&item.monaco);
            files.push(File::new(format!("{folder}/{id}.json"), template));
        }
        files.insert(0, File::new(format!("{folder}/config.yaml"), config));
        let mut manifest = File::new("manifest.yaml".to_owned(), MANIFEST.to_owned());
        manifest.keep_existing = true;
        files.insert(0, manifest);
        files
    }
}

/// The folder of the project.
const PROJECT: &str = "dt-metrics";

/// The manifest names variables for the URL (`https://….apps.dynatrace.com`) and the token.
const MANIFEST: &str = "\
manifestVersion: \"1.0\"
projects:
- name: dt-metrics
environmentGroups:
- name: default
  environments:
  - name: dynatrace
    url:
      type: environment
      value: DT_ENVIRONMENT_URL
    auth:
      platformToken:
        name: DT_PLATFORM_TOKEN
";

impl File {
    fn new(path: String, mut content: String) -> Self {
        if !content.ends_with('\n') {
            content.push('\n');
        }
        Self {
            path,
            content,
            keep_existing: false,
        }
    }
}

/// Identifiers, each one used once.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// An identifier of letters, digits and `separator`, made of a text.
    fn unique(&mut self, text: &str, separator: char) -> String {
        let mut name = String::new();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                name.push(c.to_ascii_lowercase());
            } else if !name.is_empty() && !name.ends_with(separator) {
                name.push(separator);
            }
        }
        let name = name.trim_end_matches(separator);
        // An identifier of Terraform begins with a letter.
        let is_letter = |c: char| c.is_ascii_alphabetic();
        let name = if name.starts_with(is_letter) {
            name.to_owned()
        } else {
            format!("m{separator}{name}")
        };
        let mut unique = name.clone();
        let mut number = 2;
        while !self.0.insert(unique.clone()) {
            unique = format!("{name}{separator}{number}");
            number += 1;
        }
        unique
    }
}

pub(super) fn pretty(value: &impl Serialize) -> String {
    // Structs of numbers and strings always serialize.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// All texts as templates of Terraform that stand for these texts.
fn terraform_templates(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(terraform_text(&text)),
        Value::Array(all) => all.into_iter().map(terraform_templates).collect(),
        Value::Object(all) => {
            let all = all.into_iter();
            all.map(|(key, value)| (key, terraform_templates(value)))
                .collect()
        }
        other => other,
    }
}

/// A text as a template of Terraform, in which `${` and `%{` would begin an expression.
///
/// `$${` stands for `${`, but a run such as `$$${` would be ambiguous, so that each sign of a longer run
/// is an expression of its own.
fn terraform_text(text: &str) -> String {
    let mut template = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['$', '%']) {
        let (before, run) = rest.split_at(at);
        template.push_str(before);
        let sign = if run.starts_with('$') { '$' } else { '%' };
        let after = run.trim_start_matches(sign);
        let length = run.len() - after.len();
        match (after.starts_with('{'), length) {
            (false, _) => template.push_str(&run[..length]),
            (true, 1) => template.extend([sign, sign]),
            (true, _) => {
                for _ in 0..length {
                    template.extend(["${\"", if sign == '$' { "$" } else { "%" }, "\"}"]);
                }
            }
        }
        rest = after;
    }
    template.push_str(rest);
    template
}

/// JSON as a template of Monaco, in which `{{` would begin an action of Go's templates. Outside of texts,
/// pretty JSON has no `{{`.
fn monaco_template(json: &str) -> String {
    let mut template = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '{' && template.ends_with('{') {
            template.push_str("\\u007b");
        } else {
            template.push(c);
        }
    }
    template
}

/// A text in YAML, in double quotes.
fn yaml_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ if c.is_alphanumeric() => quoted.push(c),
            _ => {
                // Writing to a `String` never fails.
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
