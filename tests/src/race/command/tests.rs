//! The command: what it understands, what it says, and its exit codes.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use postonce_race_kit::{
    Bound, Budget, Coverage, Invariant, Scenario, Stage, Strategy, exhaust_while, hunt_while,
};

use super::arguments::{Command, Format, Replay, Run};
use super::report::{Outcome, Seen, summary};
use super::rung::{Rung, Store};
use super::{Stop, list, replay, run, text};
use crate::race::memory::Memory;
use crate::race::processes;

fn parse(line: &str) -> Result<Command, Stop> {
    parse_with(line, |_| None)
}

fn parse_with(line: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Command, Stop> {
    Command::parse(line.split_whitespace().map(str::to_owned).collect(), variable)
}

fn wanted(line: &str) -> Run {
    match parse(line) {
        Ok(Command::Run(run)) => run,
        other => panic!("{other:?}"),
    }
}

fn refused(line: &str) -> String {
    match parse(line) {
        Err(Stop::Usage(words)) => words,
        other => panic!("`{line}`: {other:?}"),
    }
}

#[test]
fn a_run_takes_its_flags_in_any_order() {
    let run = wanted("run --runs 5 posting --seed 9 lease --only pct3 --json --seconds 2");
    let names: Vec<&str> = run.scenarios.iter().map(|it| it.name).collect();
    assert_eq!(names, ["posting", "lease"]);
    assert_eq!((run.runs, run.seed), (5, 9));
    assert_eq!((run.only, run.exhaustive), (Some(Strategy::Pct(3)), None));
    assert_eq!(run.time.map(|it| it.as_secs()), Some(2));
    assert!(run.json && !run.require_expected);
}

#[test]
fn without_a_name_every_scenario_is_hunted_in() {
    assert_eq!(wanted("run").scenarios.len(), Scenario::all().len());
    assert_eq!(wanted("run").runs, 10_000);
    // What ends by itself or by the clock needs no number.
    assert_eq!(wanted("run --seconds 1").runs, u64::MAX);
    assert_eq!(wanted("run --exhaustive 2").runs, u64::MAX);
    assert_eq!(wanted("run --exhaustive 2 --runs 7").runs, 7);
}

#[test]
fn variables_stand_for_flags_and_flags_win() {
    let variable = |name: &str| Some(if name == "RACE_SEED" { "3" } else { "4" }.to_owned());
    let of = |line: &str| match parse_with(line, variable) {
        Ok(Command::Run(run)) => (run.seed, run.runs),
        other => panic!("{other:?}"),
    };
    assert_eq!(of("run"), (3, 4));
    assert_eq!(of("run --seed 5 --runs 6"), (5, 6));
    let bad = parse_with("run", |_| Some("many".to_owned()));
    assert!(matches!(bad, Err(Stop::Usage(words)) if words.contains("RACE_RUNS")));
}

#[test]
fn what_is_not_understood_is_named() {
    for (line, word) in [
        ("hunt", "`hunt`"),
        ("list posting", "`posting`"),
        ("run postin", "`postin`"),
        ("run --runs", "--runs"),
        ("run --runs many", "`many`"),
        ("run --only pct4", "sticky, uniform, pct2, pct3, pct5"),
        ("run --only sticky --exhaustive 1", "--only"),
        ("run --fast", "`--fast`"),
        ("replay", "a file"),
        ("replay a b", "one file"),
        ("replay a --format png", "text, svg, json"),
        ("replay a --on paper", "memory"),
        ("run --runs 0", "--runs"),
        ("run --seconds 0", "--seconds"),
        ("run --exhaustive 1001", "1000 at most"),
        ("run --on sqlite --mutant posts-anyway", "in memory only"),
        ("run --on processes --seconds 5", "--seconds"),
        ("run --on processes --exhaustive 1", "--exhaustive"),
        ("run --mutant it --on processes", "--mutant"),
        ("run --on processes --only sticky", "--only"),
        ("run --on processes --json", "--json"),
        ("run --on processes --require-expected", "--require-expected"),
        ("run --on processes --runs 9999999", "1000000 at most"),
        ("run --on processes posting lease", "do not play lease"),
        ("replay a --on processes --format svg", "--format"),
        ("replay a --on processes --output b", "--output"),
    ] {
        let words = refused(line);
        assert!(words.contains(word), "`{line}`: {words}");
    }
}

#[test]
fn a_variable_that_plays_nothing_is_refused() {
    let none = |name: &str| (name == "RACE_RUNS").then(|| "0".to_owned());
    let asked = parse_with("run", none);
    assert!(matches!(&asked, Err(Stop::Usage(it)) if it.contains("RACE_RUNS")), "{asked:?}");
}

#[test]
fn an_argument_that_is_no_text_is_refused() {
    let asked = text(vec![OsString::from("run"), OsString::from_vec(vec![b'a', 0xff])]);
    assert!(matches!(&asked, Err(Stop::Usage(it)) if it.contains("no text")), "{asked:?}");
}

#[test]
fn on_processes_the_scenarios_are_theirs_and_the_number_is_bounded() {
    let run = wanted("run --on processes");
    let names: Vec<&str> = run.scenarios.iter().map(|it| it.name).collect();
    assert_eq!((names, run.runs), (processes::SCENARIOS.to_vec(), 200));
}

#[test]
fn a_mutant_in_a_plan_is_for_memory_only() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("a.race");
    std::fs::write(&file, "race/1 posting lock=run actors=cron faults=0 mutant=posts-anyway\n")?;
    let on = Rung::Calls(Store::Sqlite);
    let done = replay::replay(&Replay { file: Some(file), format: Format::Text, output: None, on });
    assert!(matches!(&done, Err(Stop::Usage(it)) if it.contains("in memory only")), "{done:?}");
    Ok(())
}

#[test]
fn what_was_found_on_a_store_is_replayed_there() -> Result<()> {
    let mut report = hunted("run stall-before-the-wire")?;
    report.on = Rung::Calls(Store::Sqlite);
    let text = report.to_string();
    assert!(text.contains("race replay - --on sqlite <<'PLAN'\n"), "{text}");
    Ok(())
}

#[test]
fn a_search_that_played_nothing_has_failed() -> Result<()> {
    let nothing = wanted("run posting");
    assert_eq!(run::verdict(&nothing, &[]), Err(Stop::Failed));
    let mut report = hunted("run posting --runs 3")?;
    assert_eq!(run::verdict(&nothing, std::slice::from_ref(&report)), Ok(()));
    report.seen = Seen::Random(Coverage::default());
    assert_eq!(run::verdict(&nothing, &[report]), Err(Stop::Failed));
    Ok(())
}

#[test]
fn a_mutant_that_nobody_knows_is_refused() {
    let asked = run::run(&wanted("run posting --mutant no-such-bug --runs 1"));
    assert!(matches!(&asked, Err(Stop::Usage(it)) if it.contains("`no-such-bug`")), "{asked:?}");
}

#[test]
fn the_list_has_every_scenario_with_a_setting_that_can_be_replayed() -> Result<()> {
    let text = list::text(&Scenario::all());
    let settings: Vec<&str> =
        text.lines().map(str::trim).filter(|it| it.starts_with("race/1 ")).collect();
    assert_eq!(settings.len(), Scenario::all().len());
    for (setting, scenario) in settings.iter().zip(Scenario::all()) {
        let plan: postonce_race_kit::Plan = setting.parse()?;
        assert_eq!(plan.setting, scenario.setting);
        assert!(text.contains(scenario.about));
    }
    assert!(text.contains("and breaks S1: posted twice"), "{text}");
    let json = list::json(&Scenario::all());
    assert_eq!(json["scenarios"].as_array().map(Vec::len), Some(Scenario::all().len()));
    Ok(())
}

fn hunted(line: &str) -> Result<super::report::Report> {
    let wanted = wanted(line);
    let scenario = wanted.scenarios.first().context("a scenario")?;
    run::hunt(&wanted, scenario, &Memory).map_err(anyhow::Error::msg)
}

#[test]
fn the_same_seed_says_the_same() -> Result<()> {
    let told = |seed: u64| -> Result<serde_json::Value> {
        let mut json = hunted(&format!("run later --runs 150 --seed {seed}"))?.json();
        json["per_second"] = 0.into();
        Ok(json)
    };
    assert_eq!(told(1)?, told(1)?);
    assert_ne!(told(1)?, told(2)?);
    Ok(())
}

#[test]
fn what_holds_is_told_with_what_was_seen() -> Result<()> {
    let report = hunted("run posting --runs 60")?;
    assert_eq!(report.outcome(), Outcome::Holds);
    let text = report.to_string();
    for part in ["60 schedules, ", "sometimes: ", "never: ", "moves: ", "→", "    holds\n"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(summary(&[report]), "60 schedules; of 1 scenarios 1 hold");
    Ok(())
}

#[test]
fn what_is_here_to_be_broken_is_broken_and_says_how() -> Result<()> {
    let report = hunted("run stall-before-the-wire")?;
    assert_eq!(report.outcome(), Outcome::AsExpected);
    let text = report.to_string();
    assert!(text.contains("breaks, as it should, in schedule "), "{text}");
    let (_, rest) = text.split_once("race replay - <<'PLAN'\n").context("how to replay it")?;
    let plan = rest.split_once("PLAN\n").context("the plan's end")?.0;
    let plan: postonce_race_kit::Plan = plan.parse()?;
    assert_eq!(plan.expect, Some(Invariant::S1));
    Ok(())
}

#[test]
fn what_breaks_and_is_not_to_is_drawn() -> Result<()> {
    let mut wanted = wanted("run stall-before-the-wire");
    wanted.scenarios[0].expect = None;
    let factory = Box::new(Memory);
    let report = run::hunt(&wanted, &wanted.scenarios[0], &*factory).map_err(anyhow::Error::msg)?;
    assert_eq!(report.outcome(), Outcome::Breaks);
    let text = report.to_string();
    for part in ["BREAKS in schedule ", "! S1, posted twice", "run lock", "<<'PLAN'"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json = report.json();
    assert_eq!(json["outcome"], "breaks");
    assert_eq!(json["found"]["timeline"]["violation"]["invariant"], "S1");
    assert_eq!(run::verdict(&wanted, &[report]), Err(Stop::Failed));
    Ok(())
}

#[test]
fn what_is_to_break_and_does_not_fails_only_if_that_is_required() -> Result<()> {
    let report = hunted("run late-for-ever-resent --runs 1")?;
    assert_eq!(report.outcome(), Outcome::NotBroken);
    assert!(report.to_string().contains("NOT BROKEN: S1"), "{report}");
    let reports = [report];
    assert_eq!(run::verdict(&wanted("run late-for-ever-resent"), &reports), Ok(()));
    let required = wanted("run late-for-ever-resent --require-expected");
    assert_eq!(run::verdict(&required, &reports), Err(Stop::Failed));
    Ok(())
}

#[test]
fn an_exhaustive_search_says_whether_it_is_complete() -> Result<()> {
    let all = hunted("run posting --exhaustive 1")?.to_string();
    assert!(all.contains("; all with 1 deviations at most"), "{all}");
    let some = hunted("run posting --exhaustive 1 --runs 3")?.to_string();
    assert!(some.contains("; not all with 1 deviations at most"), "{some}");
    Ok(())
}

#[test]
fn a_search_ends_when_it_is_told_to_with_what_it_has_seen() -> Result<()> {
    let scenario = Scenario::named("posting").context("a scenario")?;
    let factory = Box::new(Memory);
    let stage = Stage::new(&*factory, scenario.setting).map_err(anyhow::Error::msg)?;
    let mut asked = 0;
    let mut go_on = || {
        asked += 1;
        asked <= 7
    };
    let (runs, verbs) = (u64::MAX, scenario.verbs);
    let budget = Budget { runs, seed: 1, verbs, only: None, coverage: true };
    let hunt = hunt_while(&stage, budget, &mut go_on).map_err(anyhow::Error::msg)?;
    assert_eq!(hunt.coverage.schedules, 7);
    assert!(!hunt.coverage.states.is_empty() && hunt.found.is_none());
    let bound = Bound { deviations: 9, runs, verbs, prune: true, go_on: false };
    let all = exhaust_while(&stage, bound, &mut || false).map_err(anyhow::Error::msg)?;
    assert!(!all.exhausted.complete);
    Ok(())
}

fn replayed(plan: &str, format: Format) -> Result<(Result<(), Stop>, String)> {
    let folder = tempfile::tempdir()?;
    let (file, output) = (folder.path().join("a.race"), folder.path().join("a.out"));
    std::fs::write(&file, plan)?;
    let wanted =
        Replay { file: Some(file), format, output: Some(output.clone()), on: Rung::MEMORY };
    let done = replay::replay(&wanted);
    Ok((done, std::fs::read_to_string(output).unwrap_or_default()))
}

const CALM: &str = "race/1 posting lock=run invoices=1 actors=cron faults=0\n";

#[test]
fn a_plan_that_does_what_it_says_is_drawn_in_each_form() -> Result<()> {
    let (done, text) = replayed(CALM, Format::Text)?;
    assert_eq!(done, Ok(()));
    assert!(text.contains("Nothing is broken."), "{text}");
    let (done, svg) = replayed(CALM, Format::Svg)?;
    assert_eq!(done, Ok(()));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    let (done, json) = replayed(CALM, Format::Json)?;
    assert_eq!(done, Ok(()));
    let json: serde_json::Value = serde_json::from_str(&json)?;
    ensure!(json["plan"] == CALM, "{json}");
    Ok(())
}

#[test]
fn a_plan_that_does_not_do_what_it_says_fails_and_is_drawn_all_the_same() -> Result<()> {
    for (line, why) in [
        ("expect S1", "S1 holds, and was to be broken"),
        ("cron@999 crash", "`cron@999 crash` never comes up"),
    ] {
        let (done, text) = replayed(&format!("{CALM}{line}\n"), Format::Text)?;
        assert_eq!(done, Err(Stop::Failed));
        assert!(text.contains(&format!("Not as the plan says: {why}.")), "{text}");
    }
    Ok(())
}

#[test]
fn a_file_that_is_no_plan_is_told_by_its_line() -> Result<()> {
    let (done, _) = replayed(&format!("{CALM}\n# why\ncron@1 explode\n"), Format::Text)?;
    let Err(Stop::Unreadable(words)) = done else { panic!("{done:?}") };
    assert!(words.contains("a.race:4: there is no verb `explode`"), "{words}");
    Ok(())
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let file = Some(PathBuf::from("no/such/plan.race"));
    let done =
        replay::replay(&Replay { file, format: Format::Text, output: None, on: Rung::MEMORY });
    assert!(
        matches!(&done, Err(Stop::Missing(it)) if it.contains("no/such/plan.race")),
        "{done:?}"
    );
}
