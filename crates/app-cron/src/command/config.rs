//! `postonce config check` and `show`.

use serde::Serialize;

use crate::args::ConfigCommand;
use crate::config::{Loaded, load};
use crate::exit::{Exit, Failure};
use crate::output::talk;
use crate::table::Rows;
use crate::wiring::Context;

#[derive(Serialize)]
struct CheckJson<'a> {
    problems: &'a [String],
    warnings: &'a [String],
}

#[derive(Serialize)]
struct KeyJson<'a> {
    key: &'a str,
    value: Option<&'a str>,
    source: &'static str,
    /// The file, variable or flag.
    from: Option<String>,
}

pub(crate) fn run(context: &Context<'_>, args: &ConfigCommand) -> Result<Exit, Failure> {
    let loaded = load(&context.sources);
    match args {
        ConfigCommand::Check => check(context, &loaded),
        ConfigCommand::Show => show(context, &loaded),
    }
    for warning in &loaded.warnings {
        talk(&format!("warning: {warning}"));
    }
    loaded.into_config().map(|_| Exit::Done)
}

fn check(context: &Context<'_>, loaded: &Loaded) {
    if context.output.is_json() {
        let (problems, warnings) = (&loaded.problems, &loaded.warnings);
        context.output.value(&CheckJson { problems, warnings });
    } else if loaded.problems.is_empty() {
        context.output.line("The configuration is in order.");
    }
}

fn show(context: &Context<'_>, loaded: &Loaded) {
    if context.output.is_json() {
        let keys = loaded.shown.iter().map(|shown| KeyJson {
            key: &shown.key,
            value: shown.value.as_deref(),
            source: shown.source.kind(),
            from: shown.source.name().map(str::to_owned),
        });
        context.output.value(&keys.collect::<Vec<_>>());
        return;
    }
    let mut rows = Rows::new(&["key", "value", "source"]);
    for shown in &loaded.shown {
        let value = shown.value.clone().unwrap_or_else(|| "(none)".to_owned());
        rows.add([shown.key.clone(), value, shown.source.to_string()]);
    }
    context.output.line(&rows.text(""));
}
