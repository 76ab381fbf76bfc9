//! The layers of the configuration, and which value wins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::builder::DefaultState;
use config::{ConfigBuilder, File, FileFormat, Map, Source as _, Value, ValueKind};

use super::Source;
use super::key::{COMPANY_FILE, KEYS, company_file, find, near};

/// Variables that begin like ours and are read by those who run the binary, not by it.
const FOREIGN: [&str; 2] = ["POSTONCE_BIN", "POSTONCE_HELD_BIN"];

/// The file that is read if none is named.
const FILE: &str = "postonce.toml";

/// Values given on the command line.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each field is the flag of its name")]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub database: Option<String>,
    pub ledger_url: Option<String>,
    pub actor: Option<String>,
}

/// All that the configuration is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The command line.
    pub flags: Flags,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The folder in which the default file is looked for.
    pub folder: PathBuf,
}

impl Sources {
    /// The process's own environment and working folder.
    pub fn of_process(flags: Flags) -> Self {
        // A name or value that is no text is no setting of ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { flags, environment, folder: PathBuf::new() }
    }

    /// Who the person at the keyboard is: `--actor`, or the user's name.
    pub fn actor(&self) -> String {
        let users = ["USER", "LOGNAME"].iter().map(|name| self.environment.get(*name));
        let mut names = std::iter::once(self.flags.actor.as_ref()).chain(users).flatten();
        let actor = names.find(|name| !name.trim().is_empty());
        actor.map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
    }
}

/// A value, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) source: Source,
}

/// Every key that has a value, unchecked.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) values: BTreeMap<String, Entry>,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Values of one origin, as the `config` crate takes them.
#[derive(Clone, Debug, Default)]
struct Layer(Map<String, Value>);

impl config::Source for Layer {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

impl Layer {
    /// Sets a key. `origin` is read back by [`source`].
    fn set(&mut self, key: &str, origin: &str, text: &str) {
        let leaf = Value::new(Some(&origin.to_owned()), ValueKind::String(text.to_owned()));
        let parts: Vec<&str> = match company_file(key) {
            Some((alias, field)) => vec![COMPANY_FILE, alias, field],
            None => key.split('.').collect(),
        };
        set_in(&mut self.0, &parts, leaf);
    }
}

fn set_in(table: &mut Map<String, Value>, parts: &[&str], leaf: Value) {
    match parts {
        [] => {}
        [last] => {
            table.insert((*last).to_owned(), leaf);
        }
        [first, rest @ ..] => {
            let inner = table
                .entry((*first).to_owned())
                .or_insert_with(|| Value::new(None, ValueKind::Table(Map::new())));
            if let ValueKind::Table(inner) = &mut inner.kind {
                set_in(inner, rest, leaf);
            }
        }
    }
}

const FLAG: &str = "flag:";
const ENVIRONMENT: &str = "environment:";
const DEFAULT: &str = "default";

/// Where a value comes from, by the origin that it was given.
fn source(origin: Option<&str>) -> Source {
    let origin = origin.unwrap_or(DEFAULT);
    if let Some(name) = origin.strip_prefix(FLAG) {
        Source::Flag(name.to_owned())
    } else if let Some(name) = origin.strip_prefix(ENVIRONMENT) {
        Source::Environment(name.to_owned())
    } else if origin == DEFAULT {
        Source::Default
    } else {
        Source::File(origin.to_owned())
    }
}

/// Puts the layers over each other.
pub(super) fn merge(sources: &Sources) -> Merged {
    let mut merged = Merged::default();
    let file = file_layer(sources, &mut merged.problems);
    let aliases = file.as_ref().map(aliases).unwrap_or_default();
    let mut layers = vec![defaults()];
    layers.extend(file);
    layers.push(environment(sources, &aliases, &mut merged.warnings));
    layers.push(flags(&sources.flags));
    let builder = ConfigBuilder::<DefaultState>::default();
    let builder = layers.into_iter().fold(builder, ConfigBuilder::<DefaultState>::add_source);
    match builder.build().and_then(|config| config.collect()) {
        Ok(table) => {
            for (name, value) in table {
                flatten(&name, &value, &mut merged);
            }
        }
        Err(error) => merged.problems.push(format!("the configuration cannot be read: {error}")),
    }
    merged
}

fn defaults() -> Layer {
    let mut layer = Layer::default();
    for key in &KEYS {
        if let Some(default) = key.default {
            layer.set(key.name, DEFAULT, default);
        }
    }
    layer
}

fn flags(flags: &Flags) -> Layer {
    let mut layer = Layer::default();
    if let Some(url) = &flags.database {
        layer.set("database.url", &format!("{FLAG}--database"), url);
    }
    if let Some(url) = &flags.ledger_url {
        layer.set("ledger.base_url", &format!("{FLAG}--ledger-url"), url);
    }
    layer
}

/// The file's values; a file that is not named and not there is no problem.
fn file_layer(sources: &Sources, problems: &mut Vec<String>) -> Option<Layer> {
    let named = sources.flags.config.as_ref();
    let path = named.cloned().unwrap_or_else(|| sources.folder.join(FILE));
    if named.is_none() && !path.exists() {
        return None;
    }
    if !path.is_file() {
        let path = path.display();
        problems.push(format!("{path}: there is no such file; give `--config` one that is there"));
        return None;
    }
    match File::from(path.as_path()).format(FileFormat::Toml).collect() {
        Ok(table) => Some(Layer(table)),
        Err(error) => {
            problems.push(format!("{}: {}", path.display(), first_lines(&error.to_string())));
            None
        }
    }
}

/// A parser's words without its drawing of the place, which can hold a secret.
fn first_lines(words: &str) -> String {
    let kept = words.lines().filter(|line| !line.contains('|'));
    kept.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(": ")
}

fn aliases(layer: &Layer) -> Vec<String> {
    match layer.0.get(COMPANY_FILE).map(|value| &value.kind) {
        Some(ValueKind::Table(table)) => table.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// The environment's values. An empty variable sets nothing.
fn environment(sources: &Sources, aliases: &[String], warnings: &mut Vec<String>) -> Layer {
    let mut layer = Layer::default();
    let set = sources.environment.iter().filter(|(_, value)| !value.is_empty());
    match sources.environment.get("DATABASE_URL") {
        Some(url) if url.is_empty() => {
            let words = "the environment variable DATABASE_URL is empty and counts as not set";
            warnings.push(words.to_owned());
        }
        Some(url) => layer.set("database.url", &format!("{ENVIRONMENT}DATABASE_URL"), url),
        None => {}
    }
    for (name, value) in set {
        let Some(rest) = name.strip_prefix("POSTONCE_") else { continue };
        if FOREIGN.contains(&name.as_str()) {
            continue;
        }
        match key_of_variable(rest, aliases) {
            Some(key) => layer.set(&key, &format!("{ENVIRONMENT}{name}"), value),
            None => warnings.push(unknown_variable(name, rest)),
        }
    }
    layer
}

/// The key that a variable sets. An alias is taken as the file spells it, else in lower case, since
/// many shells have variables in upper case only.
fn key_of_variable(rest: &str, aliases: &[String]) -> Option<String> {
    let parts: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
    let key = match parts.as_slice() {
        [level, alias, field] if level == COMPANY_FILE && !alias.is_empty() => {
            let known = aliases.iter().find(|known| known.to_lowercase() == *alias);
            format!("{COMPANY_FILE}.{}.{field}", known.unwrap_or(alias))
        }
        parts => parts.join("."),
    };
    find(&key).map(|_| key)
}

fn unknown_variable(name: &str, rest: &str) -> String {
    let meant = near(&rest.to_lowercase().replace("__", "."))
        .map(|key| format!("; is POSTONCE_{} meant?", key.to_uppercase().replace('.', "__")));
    format!(
        "environment variable {name} sets nothing: there is no such key{}",
        meant.unwrap_or_default()
    )
}

/// Makes `level.key` of nested tables, and refuses what is no known key.
fn flatten(name: &str, value: &Value, merged: &mut Merged) {
    let origin = source(value.origin());
    let text = match &value.kind {
        ValueKind::Table(table) => {
            if table.is_empty() && !name.starts_with(COMPANY_FILE) {
                let levels = KEYS.iter().any(|key| key.name.starts_with(&format!("{name}.")));
                if !levels {
                    merged.problems.push(unknown_key(name, &origin));
                }
            }
            for (inner, value) in table {
                flatten(&format!("{name}.{inner}"), value, merged);
            }
            return;
        }
        ValueKind::Nil => return,
        ValueKind::Array(_) => {
            let wanted = "is a list; a single value is wanted";
            merged.problems.push(format!("`{name}` ({origin}) {wanted}"));
            return;
        }
        ValueKind::Boolean(value) => value.to_string(),
        ValueKind::I64(value) => value.to_string(),
        ValueKind::I128(value) => value.to_string(),
        ValueKind::U64(value) => value.to_string(),
        ValueKind::U128(value) => value.to_string(),
        ValueKind::Float(value) => value.to_string(),
        ValueKind::String(value) => value.clone(),
    };
    if find(name).is_none() {
        merged.problems.push(unknown_key(name, &origin));
        return;
    }
    merged.values.insert(name.to_owned(), Entry { text, source: origin });
}

fn unknown_key(name: &str, origin: &Source) -> String {
    let place = match origin {
        Source::File(file) => format!("{file}: "),
        Source::Default | Source::Environment(_) | Source::Flag(_) => String::new(),
    };
    match near(name) {
        Some(known) => format!("{place}there is no key `{name}`; is `{known}` meant?"),
        None => format!("{place}there is no key `{name}`; take it out (`config show` lists them)"),
    }
}
