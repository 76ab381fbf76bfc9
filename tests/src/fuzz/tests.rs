//! What is in the corpus is read by every run of the tests, and a little more.

use super::command::wanted;
use super::corpus::inputs;
use super::hunt::{Broken, Hunt, Step, minimised, read};
use super::targets::{TARGETS, Target};

/// So many inputs are made in each target.
const INPUTS: u32 = 400;

#[test]
fn what_was_found_once_is_not_found_again() {
    for target in TARGETS {
        let inputs = inputs(target.name).unwrap();
        assert!(!inputs.is_empty(), "{} has no corpus", target.name);
        for (name, input) in inputs {
            let verdict = read(&target, &input);
            assert!(verdict.is_ok(), "{}/{name}: {verdict:?}", target.name);
        }
    }
}

/// The words of a short search, one for each kind of answer.
fn searched(target: &Target, seed: u64) -> Result<Vec<Vec<u8>>, Broken> {
    let corpus = inputs(target.name).unwrap().into_iter().map(|(_, input)| input).collect();
    let mut hunt = Hunt::new(target, seed, corpus)?;
    let mut new = Vec::new();
    for _ in 0..INPUTS {
        match hunt.step() {
            Step::Heard => {}
            Step::New(input) => new.push(input),
            Step::Broken(broken) => return Err(minimised(target, broken)),
        }
    }
    Ok(new)
}

#[test]
fn a_short_search_breaks_no_promise() {
    for target in TARGETS {
        let found = searched(&target, 1);
        assert!(found.is_ok(), "{}: {found:?}", target.name);
    }
}

#[test]
fn a_seed_makes_the_same_inputs_again() {
    let target = super::targets::target("post").unwrap();
    assert_eq!(searched(target, 7), searched(target, 7));
    assert_ne!(searched(target, 7), searched(target, 8));
}

#[test]
fn a_broken_promise_is_found_and_made_short() {
    fn fussy(input: &[u8]) -> Result<String, String> {
        assert!(!input.contains(&b'['), "an unexpected bracket");
        if input.contains(&b'!') { Err("loud".to_owned()) } else { Ok(input.len().to_string()) }
    }
    let target = Target { name: "post", words: &[], read: fussy };
    let mut hunt = Hunt::new(&target, 1, vec![b"hello".to_vec()]).ok().unwrap();
    let broken = (0..10_000).find_map(|_| match hunt.step() {
        Step::Broken(broken) => Some(broken),
        Step::Heard | Step::New(_) => None,
    });
    let short = minimised(&target, broken.unwrap());
    assert_eq!(short.input, b"[");
    assert!(short.why.contains("an unexpected bracket"), "{}", short.why);
    let loud = Broken { input: b"not so loud!!".to_vec(), why: String::new() };
    assert_eq!(minimised(&target, loud).input, b"!");
}

#[test]
fn arguments_are_understood_or_refused_by_name() {
    let parse =
        |line: &str| wanted(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let all = parse("post csv --seconds 3 --seed 9 --keep").unwrap();
    assert_eq!(
        (all.targets.as_slice(), all.seconds, all.seed, all.keep),
        (&["post", "csv"][..], 3, 9, true)
    );
    assert_eq!(parse("--replay a/b").unwrap().replay, Some("a/b".into()));
    for (line, words) in [("pots", "`pots`"), ("--seed", "--seed"), ("--seed x", "--seed")] {
        let error = format!("{:#}", parse(line).unwrap_err());
        assert!(error.contains(words), "{line}: {error}");
    }
}
