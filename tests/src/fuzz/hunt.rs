//! The search: inputs that a target answers in new words, and one that breaks a promise.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::corpus::sum;
use super::mutate::mutated;
use super::targets::{Target, Verdict};
use crate::storm::Chance;

/// Inputs that are kept in memory, at most.
const CORPUS_MAX: usize = 2_000;

/// Tries to make an input shorter, at most.
const TRIES_MAX: u32 = 4_000;

/// A search in one target. The same seed and corpus make the same inputs.
#[derive(Debug)]
pub struct Hunt<'a> {
    target: &'a Target,
    chance: Chance,
    corpus: Vec<Vec<u8>>,
    heard: BTreeSet<String>,
    /// Inputs read so far.
    pub executions: u64,
}

/// An input that broke a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The input.
    pub input: Vec<u8>,
    /// Which promise.
    pub why: String,
}

/// What one more input came to.
#[derive(Debug)]
pub enum Step {
    /// Nothing new.
    Heard,
    /// It was answered in new words.
    New(Vec<u8>),
    /// It broke a promise.
    Broken(Broken),
}

/// Reads an input; a panic is a broken promise.
pub fn read(target: &Target, input: &[u8]) -> Verdict {
    catch_unwind(AssertUnwindSafe(|| (target.read)(input))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

impl<'a> Hunt<'a> {
    /// A search that begins with `corpus`; broken promises of it are told at once.
    pub fn new(target: &'a Target, seed: u64, corpus: Vec<Vec<u8>>) -> Result<Self, Broken> {
        let mut heard = BTreeSet::new();
        for input in &corpus {
            match read(target, input) {
                Ok(words) => heard.insert(words),
                Err(why) => return Err(Broken { input: input.clone(), why }),
            };
        }
        let chance = Chance::new(seed ^ sum(target.name.as_bytes()));
        let executions = u64::try_from(corpus.len()).unwrap_or_default();
        Ok(Self { target, chance, corpus, heard, executions })
    }

    /// Reads one more input.
    pub fn step(&mut self) -> Step {
        let (one, other) = (self.pick(), self.pick());
        let input = mutated(&mut self.chance, &one, &other, self.target.words);
        self.executions += 1;
        match read(self.target, &input) {
            Err(why) => Step::Broken(Broken { input, why }),
            Ok(words) => {
                if self.corpus.len() >= CORPUS_MAX || !self.heard.insert(words) {
                    return Step::Heard;
                }
                self.corpus.push(input.clone());
                Step::New(input)
            }
        }
    }

    /// How many inputs the search works with by now.
    pub fn size(&self) -> usize {
        self.corpus.len()
    }

    fn pick(&mut self) -> Vec<u8> {
        let last = u64::try_from(self.corpus.len().saturating_sub(1)).unwrap_or_default();
        let at = usize::try_from(self.chance.between(0, last)).unwrap_or_default();
        self.corpus.get(at).cloned().unwrap_or_default()
    }
}

/// A shorter input that breaks a promise too: stretches are taken out as long as that is so.
pub fn minimised(target: &Target, broken: Broken) -> Broken {
    let mut best = broken;
    let (mut length, mut tries) = (best.input.len(), 0);
    while length > 0 {
        let mut at = 0;
        while at < best.input.len() && tries < TRIES_MAX {
            let mut input = best.input.clone();
            drop(input.drain(at..(at + length).min(best.input.len())));
            tries += 1;
            match read(target, &input) {
                Err(why) => best = Broken { input, why },
                Ok(_) => at += length,
            }
        }
        length = length.div_euclid(2);
    }
    best
}
