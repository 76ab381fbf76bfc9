use super::*;
use crate::choice::{Choice, Object, Verb};
use crate::plan::Item;

fn call(actor: usize, nth: u32) -> Object {
    Object::Call { actor, nth }
}

fn go(object: Object) -> Choice {
    Choice { verb: Verb::Switch, object }
}

/// Two actors and a fault.
const ACTORS: [Option<usize>; 2] = [Some(0), Some(1)];

fn choices() -> [Choice; 3] {
    let crash = Choice { verb: Verb::Crash, object: Object::Actor(0) };
    [go(call(0, 1)), go(call(1, 1)), crash]
}

fn picks(decider: &mut dyn Decider, count: usize) -> Vec<usize> {
    let choices = choices();
    let menu = Menu { choices: &choices, safe: 2, actors: &ACTORS, key: None };
    let pick = |_| match decider.pick(&menu) {
        Pick::At(place) => place,
        other => panic!("{other:?}"),
    };
    (0..count).map(pick).collect()
}

fn share(picks: &[usize], place: usize) -> usize {
    picks.iter().filter(|it| **it == place).count()
}

#[test]
fn one_seed_is_one_walk() {
    assert_eq!(picks(&mut Walk::sticky(5), 200), picks(&mut Walk::sticky(5), 200));
    assert_ne!(picks(&mut Walk::sticky(5), 200), picks(&mut Walk::sticky(6), 200));
    assert_eq!(picks(&mut Pct::new(5, 3), 200), picks(&mut Pct::new(5, 3), 200));
}

#[test]
fn a_sticky_walk_carries_on_mostly_and_a_uniform_one_does_not() {
    let sticky = picks(&mut Walk::sticky(1), 10_000);
    // 0.7 and half of the rest, of the 236 in 256 that are no faults.
    assert!((7_500..8_200).contains(&share(&sticky, 0)), "{}", share(&sticky, 0));
    assert!((600..1_000).contains(&share(&sticky, 2)), "{}", share(&sticky, 2));
    let uniform = picks(&mut Walk::uniform(1), 10_000);
    assert!((4_300..4_900).contains(&share(&uniform, 0)), "{}", share(&uniform, 0));
}

#[test]
fn priorities_let_one_actor_starve_but_for_the_changes() {
    let calm = |depth, seed| {
        let mut pct = Pct::new(seed, depth);
        let picks = picks(&mut pct, 80);
        picks.iter().filter(|it| **it < 2).copied().collect::<Vec<_>>()
    };
    for seed in 0..20 {
        let mut one = calm(1, seed);
        one.dedup();
        assert_eq!(one.len(), 1, "without a change one goes on for ever");
    }
    let changes = (0..20).filter(|seed| {
        let mut picks = calm(2, *seed);
        picks.dedup();
        picks.len() == 2
    });
    assert!(changes.count() > 10, "one change puts the first one back");
}

#[test]
fn a_plan_happens_when_its_first_word_comes_up() {
    let item =
        Item { at: call(0, 2), choice: Choice { verb: Verb::Crash, object: Object::Actor(1) } };
    let later = Item { at: call(0, 9), ..item };
    let mut replay = Replay::new(&[item, later]);
    let at = |replay: &mut Replay, object| {
        let choices = [go(object)];
        replay.pick(&Menu { choices: &choices, safe: 1, actors: &[Some(0)], key: None })
    };
    assert_eq!(at(&mut replay, call(0, 1)), Pick::At(0));
    assert_eq!(at(&mut replay, call(0, 2)), Pick::This(item.choice));
    assert_eq!(at(&mut replay, call(0, 2)), Pick::At(0), "an item happens once");
    assert_eq!(replay.unused(), [later]);
}

/// Plays a tree of `depth` steps with `width` choices each. The paths that were taken.
fn paths(decider: &mut Exhaustive, depth: usize, width: usize) -> Vec<Vec<usize>> {
    let mut paths = Vec::new();
    while decider.advance() {
        let mut path = Vec::new();
        for _ in 0..depth {
            let choices: Vec<Choice> = (0..width).map(|actor| go(call(actor, 1))).collect();
            let menu = Menu { choices: &choices, safe: width, actors: &[], key: None };
            let Pick::At(place) = decider.pick(&menu) else { panic!("it stops") };
            path.push(place);
        }
        paths.push(path);
    }
    paths
}

#[test]
fn an_exhaustive_search_takes_every_path_once() {
    let mut all = paths(&mut Exhaustive::new(99, false), 4, 3);
    assert_eq!(all.len(), 81);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 81);
}

#[test]
fn a_bound_of_deviations_is_kept() {
    let some = paths(&mut Exhaustive::new(1, false), 4, 3);
    // None, or one of two at one of four places.
    assert_eq!(some.len(), 1 + 4 * 2);
    assert!(some.iter().all(|path| path.iter().filter(|it| **it > 0).count() <= 1));
}

#[test]
fn a_state_is_entered_again_only_with_more_deviations_left() {
    let mut search = Exhaustive::new(2, true);
    let choices = choices();
    let pick = |search: &mut Exhaustive, key| {
        search.pick(&Menu { choices: &choices, safe: 2, actors: &ACTORS, key: Some(key) })
    };
    assert!(search.advance());
    assert_eq!(pick(&mut search, 1), Pick::At(0));
    assert_eq!(pick(&mut search, 2), Pick::At(0));
    assert!(search.advance());
    // The second step deviates; what follows was met with more deviations left.
    assert_eq!(pick(&mut search, 1), Pick::At(0));
    assert_eq!(pick(&mut search, 2), Pick::At(1));
    assert_eq!(pick(&mut search, 2), Pick::Stop);
    assert_eq!(search.so_far(false).states, 2);
}
