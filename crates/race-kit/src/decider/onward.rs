//! The beginning of a plan, and then a walk of its own.

use super::{Chance, Decider, Menu, Pick, Replay, Walk};
use crate::choice::{Choice, Object, Verb};
use crate::plan::Item;

/// Plays so many choices as a plan has them, and walks on from there: whoever can act acts in any
/// order, and now and then time passes first. Nothing else goes wrong any more.
#[derive(Clone, Debug)]
pub(crate) struct Onward {
    replay: Replay,
    left: u32,
    walk: Walk,
    chance: Chance,
}

/// Of 256 steps of the walk, before how many time passes although somebody could act.
const TIME_PASSES: u8 = 12;

impl Onward {
    /// The first `steps` choices of a plan, and then the walk of this seed.
    pub(crate) fn new(items: &[Item], steps: u32, seed: u64) -> Self {
        let walk = if seed.is_multiple_of(2) { Walk::sticky(seed) } else { Walk::uniform(seed) };
        Self { replay: Replay::new(items), left: steps, walk, chance: Chance::new(!seed) }
    }
}

impl Decider for Onward {
    fn pick(&mut self, menu: &Menu<'_>) -> Pick {
        if self.left > 0 {
            self.left -= 1;
            return self.replay.pick(menu);
        }
        if self.chance.of_256(TIME_PASSES) {
            let verb = if self.chance.of_256(128) { Verb::Pause } else { Verb::TimePasses };
            return Pick::This(Choice { verb, object: Object::World });
        }
        let choices = menu.choices.get(..menu.safe).unwrap_or_default();
        self.walk.pick(&Menu { choices, ..*menu })
    }
}
