//! The picture's content for programs.

use serde_json::{Value, json};

use super::Timeline;
use crate::no_return::NoReturn;
use crate::record::{Line, Weight, Wire};

impl Timeline {
    /// Everything as JSON, with every line of the record:
    ///
    /// ```json
    /// {
    ///   "format": "race-timeline/1",
    ///   "plan": "race/1 posting …\n",
    ///   "scenario": "posting",
    ///   "actors": ["cron", "sync-now"],
    ///   "violation": {"invariant": "S1", "means": "posted twice", "words": "INV-1 is …"},
    ///   "no_return": {"after_step": 12},
    ///   "unexpected": null,
    ///   "lines": [{
    ///     "step": 12, "seconds": 310, "lane": "cron", "text": "POST INV-1: http#0",
    ///     "weight": "telling", "request": {"number": 0, "event": "leaves"},
    ///     "rows": ["INV-1 ready → claimed"], "lock": "cron", "marks": ["fault"]
    ///   }]
    /// }
    /// ```
    ///
    /// `violation`, `no_return`, `unexpected`, `request` and `lock` may be `null`. `after_step` is 0
    /// if the violation comes from the beginning. `lane` is an actor's name, `calm run`, `MYOB` or
    /// `world`; `lock` the name of who has the run lock after the line, if that changed, and empty
    /// if nobody has. `weight` is one of `aside`, `read`, `asked`, `done`, `telling`; `event` one of
    /// `leaves`, `lands`, `ends`, `stays`, `answers`; `marks` are `fault`, `no_return`, `violation`.
    pub fn json(&self) -> Value {
        let setting = &self.plan.setting;
        let actors = (0..setting.actors.len()).map(|actor| setting.actor_name(actor));
        json!({
            "format": "race-timeline/1",
            "plan": self.plan.to_string(),
            "scenario": setting.scenario,
            "actors": actors.collect::<Vec<_>>(),
            "violation": self.violation.as_ref().map(|it| json!({
                "invariant": it.invariant.to_string(),
                "means": it.invariant.words(),
                "words": it.words,
            })),
            "no_return": self.no_return.map(|it| json!({"after_step": match it {
                NoReturn::FromTheBeginning => 0,
                NoReturn::After(step) => step,
            }})),
            "unexpected": self.unexpected,
            "lines": self.lines.iter().map(|line| self.line_as_json(line)).collect::<Vec<_>>(),
        })
    }

    fn line_as_json(&self, line: &Line) -> Value {
        let marks = [
            (line.marks.fault, "fault"),
            (line.marks.no_return, "no_return"),
            (line.marks.violation, "violation"),
        ];
        let marks = marks.iter().filter(|(it, _)| *it).map(|(_, name)| *name);
        json!({
            "step": line.step,
            "seconds": line.at.as_secs(),
            "lane": line.lane.name(&self.plan.setting),
            "text": line.text,
            "weight": match line.weight {
                Weight::Aside => "aside",
                Weight::Read => "read",
                Weight::Asked => "asked",
                Weight::Done => "done",
                Weight::Telling => "telling",
            },
            "request": line.wire.map(|wire| {
                let (number, event) = match wire {
                    Wire::Leaves(n) => (n, "leaves"),
                    Wire::Lands(n) => (n, "lands"),
                    Wire::Ends(n) => (n, "ends"),
                    Wire::Stays(n) => (n, "stays"),
                    Wire::Answers(n) => (n, "answers"),
                };
                json!({"number": number, "event": event})
            }),
            "rows": line.rows,
            "lock": line.lock,
            "marks": marks.collect::<Vec<_>>(),
        })
    }
}
