//! scratch
#![allow(warnings, clippy::all, clippy::pedantic)]
use postonce_race_kit::*;
use postonce_tests::race::memory::Memory;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let head = args[1].clone();
    if head == "all" {
        let n: u64 = args[2].parse().unwrap();
        for sc in Scenario::all() {
            let stage = Stage::new(&Memory, sc.setting.clone()).unwrap();
            let start = std::time::Instant::now();
            let h = hunt(
                &stage,
                Budget { runs: n, seed: 1, verbs: sc.verbs, only: None, coverage: true },
            )
            .unwrap();
            println!(
                "{:22} {:6} runs, {:6.0}/s, states {:5} steep {} never {:?}",
                sc.name,
                h.coverage.schedules,
                h.coverage.schedules as f64 / start.elapsed().as_secs_f64(),
                h.coverage.states.len(),
                h.coverage.is_steep(),
                h.coverage.never().len()
            );
            if let Some(f) = h.found {
                println!("  {} {:?}", f.violation, sc.expect);
                let m = minimise(&Memory, &f.plan, f.violation.invariant);
                match m {
                    Ok(m) => println!("{} runs {}\n{}", f.nth, m.runs, m.plan),
                    Err(e) => println!("{e}"),
                }
            }
        }
        return;
    }
    let n: u64 = args[2].parse().unwrap();
    let mode = args.get(3).map(String::as_str).unwrap_or("sticky");
    let plan: Plan = head.parse().unwrap();
    let stage = Stage::new(&Memory, plan.setting.clone()).unwrap();
    let start = std::time::Instant::now();
    let mut steps = 0u64;
    let mut bad = 0;
    if mode == "replay" {
        let mut d = Replay::new(&plan.items);
        let p = stage.play(&mut d, Options { record: true, ..Options::default() }).unwrap();
        for l in &p.record.lines {
            println!(
                "{:4} {:6} {:?} {} {:?} {:?}",
                l.step,
                l.at.as_secs(),
                l.lane,
                l.text,
                l.rows,
                l.lock
            );
        }
        println!("{:?} {:?}", p.violation, p.impossible);
        return;
    }
    if let Some(dev) = mode.strip_prefix("exhaust") {
        let most: u32 = dev.parse().unwrap_or(99);
        let mut d = Exhaustive::new(most, args.get(4).is_none());
        let mut runs = 0;
        while d.advance() {
            let p = stage.play(&mut d, Options::default()).unwrap();
            steps += u64::from(p.steps);
            runs += 1;
            if let Some(v) = p.violation {
                bad += 1;
                if bad < 3 {
                    println!("{v}");
                    print!(
                        "{}",
                        Plan {
                            setting: plan.setting.clone(),
                            items: p.items.clone(),
                            expect: None
                        }
                    );
                }
            }
            if runs >= n {
                break;
            }
        }
        let t = start.elapsed().as_secs_f64();
        println!(
            "runs {runs} {:?} bad {bad} in {t:.2}s = {:.0}/s; steps/run {:.1}",
            d.so_far(runs < n),
            runs as f64 / t,
            steps as f64 / runs as f64
        );
        return;
    }
    let mut cov = std::collections::BTreeMap::new();
    for seed in 0..n {
        let mut d: Box<dyn Decider> = match mode {
            "pct3" => Box::new(Pct::new(seed, 3)),
            "uniform" => Box::new(Walk::uniform(seed)),
            _ => Box::new(Walk::sticky(seed)),
        };
        let p = stage.play(&mut *d, Options::default()).unwrap();
        steps += u64::from(p.steps);
        let _ = &mut cov;
        *cov.entry(p.violation.as_ref().map(|v| v.invariant)).or_insert(0) += 1;
        if let Some(v) = p.violation {
            bad += 1;
            if bad < 3 {
                println!("seed {seed}: {v}");
                print!(
                    "{}",
                    Plan { setting: plan.setting.clone(), items: p.items.clone(), expect: None }
                );
            }
        }
    }
    let t = start.elapsed().as_secs_f64();
    println!(
        "{n} runs, bad {bad} {cov:?} in {t:.2}s = {:.0}/s; steps/run {:.1}",
        n as f64 / t,
        steps as f64 / n as f64
    );
}
