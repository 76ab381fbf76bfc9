//! Random walks.

use super::{Decider, Menu, Pick};

/// Random numbers that are the same for the same seed, for ever: `SplitMix64`
/// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next one.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    /// One of `0..below`; 0 if there is none.
    pub fn below(&mut self, below: usize) -> usize {
        let below = u64::try_from(below).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % below).unwrap_or(0)
    }

    /// True in so many of 256 cases.
    pub fn of_256(&mut self, cases: u8) -> bool {
        self.number() % 256 < u64::from(cases)
    }
}

/// A walk that carries on with some probability, and else goes anywhere.
#[derive(Clone, Debug)]
pub struct Walk {
    chance: Chance,
    carry_on: u8,
    fault: u8,
}

impl Walk {
    /// Carries on in 7 of 10 cases: the best finder of all, on the whole.
    pub fn sticky(seed: u64) -> Self {
        Self { chance: Chance::new(seed), carry_on: 179, fault: 20 }
    }

    /// Every choice that is no fault is as likely as any other.
    pub fn uniform(seed: u64) -> Self {
        Self { chance: Chance::new(seed), carry_on: 0, fault: 20 }
    }
}

impl Decider for Walk {
    fn pick(&mut self, menu: &Menu<'_>) -> Pick {
        let faults = menu.choices.len() - menu.safe;
        if faults > 0 && self.chance.of_256(self.fault) {
            return Pick::At(menu.safe + self.chance.below(faults));
        }
        if self.chance.of_256(self.carry_on) {
            return Pick::At(0);
        }
        Pick::At(self.chance.below(menu.safe))
    }
}
