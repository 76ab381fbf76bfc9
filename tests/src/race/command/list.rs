//! `race list`: what there is.

use std::fmt::Write as _;

use postonce_race_kit::{Factory as _, Plan, Scenario};
use serde_json::json;

use super::{Stop, say};
use crate::race::memory::Memory;

/// Prints the scenarios and the mutants.
pub(crate) fn list(as_json: bool) -> Result<(), Stop> {
    let all = Scenario::all();
    if as_json { say(&format!("{:#}\n", json(&all))) } else { say(&text(&all)) }
}

fn setting(scenario: &Scenario) -> String {
    Plan::calm(scenario.setting.clone()).to_string().trim_end().to_owned()
}

pub(super) fn text(scenarios: &[Scenario]) -> String {
    let mut text = String::new();
    for scenario in scenarios {
        let expected = match scenario.expect {
            Some(it) => format!(", and breaks {it}: {}", it.words()),
            None => String::new(),
        };
        let (name, about) = (scenario.name, scenario.about);
        let setting = setting(scenario);
        let _infallible = writeln!(text, "{name}\n    {about}{expected}\n    {setting}");
    }
    let mutants = Memory.mutants().join(", ");
    let _infallible = writeln!(text, "\nmutants, for --mutant: {mutants}");
    text
}

pub(super) fn json(scenarios: &[Scenario]) -> serde_json::Value {
    let all = scenarios.iter().map(|scenario| {
        json!({
            "name": scenario.name,
            "about": scenario.about,
            "setting": setting(scenario),
            "expect": scenario.expect.map(|it| it.to_string()),
        })
    });
    let all: Vec<_> = all.collect();
    json!({"scenarios": all, "mutants": Memory.mutants()})
}
