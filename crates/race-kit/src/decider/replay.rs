//! A plan, step by step.

use super::{Decider, Menu, Pick};
use crate::plan::Item;

/// Carries on, but for what the plan says.
#[derive(Clone, Debug)]
pub struct Replay {
    /// With whether it has happened.
    items: Vec<(Item, bool)>,
}

impl Replay {
    /// Plays these items.
    pub fn new(items: &[Item]) -> Self {
        Self { items: items.iter().map(|item| (*item, false)).collect() }
    }

    /// The items that never came up.
    pub fn unused(&self) -> Vec<Item> {
        self.items.iter().filter(|(_, used)| !used).map(|(item, _)| *item).collect()
    }
}

impl Decider for Replay {
    fn pick(&mut self, menu: &Menu<'_>) -> Pick {
        let at = menu.default_object();
        let next = self.items.iter_mut().find(|(item, used)| !used && item.at == at);
        next.map_or(Pick::At(0), |(item, used)| {
            *used = true;
            Pick::This(item.choice)
        })
    }
}
