//! Which lines of a record are worth a line of the picture.

use super::Timeline;
use crate::record::{Lane, Line, Weight, Wire};

/// The lines that are shown, in order, and how many are not.
pub(super) struct Selection<'a> {
    pub(super) lines: Vec<&'a Line>,
    pub(super) left_out: usize,
}

/// What is shown only if there is room begins here; what is below is never shown.
const LEAST: u32 = 30;

impl Timeline {
    /// The lines that matter most, `most` of them at most.
    pub(super) fn select(&self, most: usize) -> Selection<'_> {
        let mut ranked: Vec<(u32, usize)> =
            (0..self.lines.len()).map(|place| (self.worth(place), place)).collect();
        ranked.retain(|(worth, _)| *worth >= LEAST);
        let violated = self.violation.is_some();
        // Of equals, what is nearest to the violation; without one, what came first.
        let order = |(worth, place): &(u32, usize)| {
            let nearness = if violated { *place } else { usize::MAX - *place };
            (*worth, nearness)
        };
        ranked.sort_by_key(|it| std::cmp::Reverse(order(it)));
        ranked.truncate(most);
        let mut places: Vec<usize> = ranked.into_iter().map(|(_, place)| place).collect();
        places.sort_unstable();
        let lines: Vec<&Line> = places.iter().filter_map(|place| self.lines.get(*place)).collect();
        let left_out = self.lines.len() - lines.len();
        Selection { lines, left_out }
    }

    /// How much a line matters.
    fn worth(&self, place: usize) -> u32 {
        let Some(line) = self.lines.get(place) else { return 0 };
        let marks = line.marks;
        if marks.fault || marks.violation || marks.no_return || place + 1 == self.lines.len() {
            return 100;
        }
        let moved = !line.rows.is_empty();
        let (relocked, taken) = (line.lock.is_some(), line.lock.as_deref() != Some(""));
        let wire = matches!(line.wire, Some(Wire::Leaves(_) | Wire::Lands(_) | Wire::Ends(_)));
        match line.weight {
            _ if wire => 90,
            _ if moved => 80,
            Weight::Telling if !matches!(line.wire, Some(Wire::Answers(_))) => 70,
            _ if relocked && taken => 60,
            _ if relocked => 55,
            Weight::Telling => 50,
            Weight::Read if self.is_stale(place) => 45,
            Weight::Done => 40,
            Weight::Asked => LEAST,
            Weight::Read => 20,
            Weight::Aside => 10,
        }
    }

    /// Whether others act between what an actor reads and what it does next.
    fn is_stale(&self, place: usize) -> bool {
        let own = self.lines.get(place).map(|it| it.lane);
        let mut later = self.lines.iter().skip(place + 1);
        let next = later.find(|it| matches!(it.lane, Lane::Actor(_)));
        next.is_some_and(|it| Some(it.lane) != own) && later.any(|it| Some(it.lane) == own)
    }
}
