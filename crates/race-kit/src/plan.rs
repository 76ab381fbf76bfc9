//! A schedule as a text that a person can read, keep in a test and edit.
//!
//! ```text
//! race/1 posting lock=run invoices=1 actors=cron,sync-now faults=2
//! cron@5 crash                # before the fifth port call of cron
//! http#0 lost                 # request 0 takes effect, and its answer never comes
//! sync-now@3 time-passes
//! cron@4 switch sync-now      # instead of the fourth call of cron, sync-now goes on
//! expect S1
//! ```
//!
//! Whatever no line speaks of goes on as it would: the same actor, then what is in the air, then
//! the next actor, then time. A line says what happens instead when its first word is what would go
//! on next. Lines with the same first word happen in the order in which they stand.

use std::fmt;
use std::str::FromStr;

use crate::choice::{Choice, Object, Target, Verb};
use crate::invariant::Invariant;
use crate::setting::Setting;

/// One thing that happens instead of what would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// What would go on next.
    pub at: Object,
    /// What happens instead.
    pub choice: Choice,
}

/// A setting, what happens in it that is unusual, and what that breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Who acts on what.
    pub setting: Setting,
    /// What happens instead of what would, in order.
    pub items: Vec<Item>,
    /// The invariant that is to be broken; `None` if none is.
    pub expect: Option<Invariant>,
}

/// What is wrong with the text of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it, and what may stand there.
    pub message: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for PlanError {}

/// How a plan begins: the format and its version.
const FORMAT: &str = "race/1";

impl Plan {
    /// A plan in which nothing unusual happens.
    pub fn calm(setting: Setting) -> Self {
        Self { setting, items: Vec::new(), expect: None }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORMAT} {}", self.setting)?;
        for item in &self.items {
            writeln!(f, "{}", Named(&self.setting, item))?;
        }
        match self.expect {
            Some(invariant) => writeln!(f, "expect {invariant}"),
            None => Ok(()),
        }
    }
}

/// An item with the names of a setting's actors.
pub(crate) struct Named<'a>(pub(crate) &'a Setting, pub(crate) &'a Item);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(setting, Item { at, choice }) = self;
        let verb = choice.verb.as_str();
        write!(f, "{} {verb}", object_text(setting, *at))?;
        let implied = implied(*at, choice.verb);
        if implied == Some(choice.object) {
            return Ok(());
        }
        write!(f, " {}", object_text(setting, choice.object))
    }
}

/// How a plan names a thing.
pub(crate) fn object_text(setting: &Setting, object: Object) -> String {
    match object {
        Object::Call { actor, nth } => format!("{}@{nth}", setting.actor_name(actor)),
        Object::Request(n) => format!("http#{n}"),
        Object::Zombie(n) => format!("zombie#{n}"),
        Object::Actor(actor) => setting.actor_name(actor),
        Object::Time(n) => format!("time#{n}"),
        Object::World => "world".to_owned(),
    }
}

/// What a verb happens to when a line does not say: what its first word names.
fn implied(at: Object, verb: Verb) -> Option<Object> {
    match (verb.target(), at) {
        (Target::World, _) => Some(Object::World),
        (Target::Actor, Object::Call { actor, .. }) => Some(Object::Actor(actor)),
        (Target::Call | Target::CallOrRequest, Object::Call { .. })
        | (Target::Request | Target::CallOrRequest, Object::Request(_)) => Some(at),
        _ => None,
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let mut lines = text.lines().enumerate().filter_map(|(place, line)| {
            let line = line.split_once(" #").map_or(line, |(before, _)| before).trim();
            let comment = line.is_empty() || line.starts_with('#');
            (!comment).then_some((place + 1, line))
        });
        let at = |line: usize| move |message: String| PlanError { line, message };
        let Some((number, head)) = lines.next() else {
            return Err(at(1)(format!("there is no plan; it begins with `{FORMAT} SCENARIO`")));
        };
        let mut plan = Self::calm(setting(head).map_err(at(number))?);
        for (number, line) in lines {
            if plan.expect.is_some() {
                return Err(at(number)("`expect` is the last line".to_owned()));
            }
            match line.split_once(' ') {
                Some(("expect", name)) => {
                    let known = Invariant::from_name(name.trim());
                    let unknown = || format!("there is no invariant `{name}`: S1 to S15, L1 to L6");
                    plan.expect = Some(known.ok_or_else(unknown).map_err(at(number))?);
                }
                _ => plan.items.push(item(&plan.setting, line).map_err(at(number))?),
            }
        }
        Ok(plan)
    }
}

fn setting(head: &str) -> Result<Setting, String> {
    let mut words = head.split_whitespace();
    if words.next() != Some(FORMAT) {
        return Err(format!("a plan begins with `{FORMAT} SCENARIO`, not `{head}`"));
    }
    let name = words.next().ok_or_else(|| format!("a scenario follows after `{FORMAT}`"))?;
    let mut setting = Setting { scenario: name.to_owned(), ..Setting::default() };
    for word in words {
        let pair = word.split_once('=').ok_or_else(|| format!("`{word}` is no `key=value`"))?;
        setting.set(pair.0, pair.1)?;
    }
    Ok(setting)
}

fn item(setting: &Setting, line: &str) -> Result<Item, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (at, verb, object) = match words.as_slice() {
        [at, verb] => (*at, *verb, None),
        [at, verb, object] => (*at, *verb, Some(*object)),
        _ => return Err(format!("`{line}` is no `AT VERB [OBJECT]`")),
    };
    let at = object_of(setting, at)?;
    let known = Verb::from_word(verb).ok_or_else(|| {
        let words: Vec<&str> = Verb::ALL.iter().map(|(_, word)| *word).collect();
        format!("there is no verb `{verb}`; there are: {}", words.join(", "))
    })?;
    let object = match object {
        Some(text) => object_of(setting, text)?,
        None => implied(at, known).ok_or_else(|| format!("`{verb}` needs to be told to what"))?,
    };
    Ok(Item { at, choice: Choice { verb: known, object } })
}

fn object_of(setting: &Setting, text: &str) -> Result<Object, String> {
    let number = |text: &str| text.parse::<u32>().map_err(|_| format!("`{text}` is no number"));
    if let Some((name, nth)) = text.split_once('@') {
        return Ok(Object::Call { actor: actor_of(setting, name)?, nth: number(nth)? });
    }
    match text.split_once('#') {
        Some(("http", n)) => Ok(Object::Request(number(n)?)),
        Some(("zombie", n)) => Ok(Object::Zombie(number(n)?)),
        Some(("time", n)) => Ok(Object::Time(number(n)?)),
        Some(_) => Err(format!("`{text}` is none of http#N, zombie#N, time#N")),
        None if text == "world" => Ok(Object::World),
        None => actor_of(setting, text).map(Object::Actor),
    }
}

fn actor_of(setting: &Setting, name: &str) -> Result<usize, String> {
    setting.actor_of(name).ok_or_else(|| {
        let names: Vec<String> = (0..setting.actors.len()).map(|n| setting.actor_name(n)).collect();
        format!("there is no actor `{name}`; there are: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests;
