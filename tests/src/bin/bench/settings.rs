//! What is to be measured, as the command line says it.

use anyhow::{Context as _, Result, bail};

/// The parts, in the order in which they are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Throughput,
    Selection,
    Busy,
    Whole,
    Rate,
}

impl Part {
    const ALL: [Self; 5] = [Self::Throughput, Self::Selection, Self::Busy, Self::Whole, Self::Rate];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Selection => "selection",
            Self::Busy => "busy",
            Self::Whole => "whole",
            Self::Rate => "rate",
        }
    }
}

/// The databases on which each part is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    MariaDb,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Sqlite, Self::MariaDb];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::MariaDb => "mariadb",
        }
    }
}

/// What is to be measured.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) parts: Vec<Part>,
    pub(crate) databases: Vec<Kind>,
    /// Invoices of one measurement of throughput.
    pub(crate) invoices: u32,
    /// How often each is measured, in turns; `None` is each part's own choice.
    pub(crate) rounds: Option<u32>,
    /// Posted invoices in the larger database of `selection`.
    pub(crate) posted: u32,
    /// The sizes of `whole`.
    pub(crate) few: u32,
    pub(crate) many: u32,
}

const USAGE: &str = "\
    --only throughput|selection|busy|whole|rate  --database sqlite|mariadb  --rounds N\n\
    --invoices N (throughput)  --posted N (selection)  --few N --many N (whole)";

impl Settings {
    pub(crate) fn of_process() -> Result<Self> {
        let mut settings = Self {
            parts: Part::ALL.to_vec(),
            databases: Kind::ALL.to_vec(),
            invoices: 4_000,
            rounds: None,
            posted: 1_000_000,
            few: 1_000,
            many: 100_000,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name}: one of\n{USAGE}"))?;
            settings.set(&name, &value)?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let number = || match value.parse::<u32>() {
            Ok(number) if number > 0 => Ok(number),
            _ => bail!("{name} {value}: not a number above 0"),
        };
        match name {
            "--only" => self.parts = named(value, &Part::ALL, Part::name)?,
            "--database" => self.databases = named(value, &Kind::ALL, Kind::name)?,
            "--rounds" => self.rounds = Some(number()?),
            "--invoices" => self.invoices = number()?,
            "--posted" => self.posted = number()?,
            "--few" => self.few = number()?,
            "--many" => self.many = number()?,
            _ => bail!("`{name}` is none of\n{USAGE}"),
        }
        Ok(())
    }
}

fn named<T: Copy>(value: &str, all: &[T], name: fn(T) -> &'static str) -> Result<Vec<T>> {
    let found = all.iter().copied().find(|it| name(*it) == value);
    Ok(vec![found.with_context(|| format!("`{value}`: one of\n{USAGE}"))?])
}
