use super::*;
use crate::setting::{LockKind, Role};

const TEXT: &str = "\
# what a stalled sender does
race/1 posting lock=run invoices=2 actors=cron,sync-now,cron faults=3

cron@5 crash                # before its fifth call
cron@5 crash sync-now
http#0 lost
cron-2@3 time-passes
cron@4 switch sync-now@2
cron@4 lost http#1
zombie#0 switch time#1
expect S1
";

fn parse(text: &str) -> Result<Plan, String> {
    text.parse().map_err(|error: PlanError| error.to_string())
}

#[test]
fn a_plan_says_who_and_what() {
    let plan = parse(TEXT).unwrap();
    assert_eq!(plan.setting.lock, LockKind::Run);
    assert_eq!(plan.setting.actors, [Role::Cron, Role::SyncNow, Role::Cron]);
    assert_eq!(plan.expect, Some(Invariant::S1));
    let fifth = Object::Call { actor: 0, nth: 5 };
    let crash = |object| Choice { verb: Verb::Crash, object };
    assert_eq!(plan.items[0], Item { at: fifth, choice: crash(Object::Actor(0)) });
    assert_eq!(plan.items[1], Item { at: fifth, choice: crash(Object::Actor(1)) });
    let lost = Choice { verb: Verb::Lost, object: Object::Request(0) };
    assert_eq!(plan.items[2], Item { at: Object::Request(0), choice: lost });
    let time = Choice { verb: Verb::TimePasses, object: Object::World };
    assert_eq!(plan.items[3], Item { at: Object::Call { actor: 2, nth: 3 }, choice: time });
}

#[test]
fn a_plan_is_read_as_it_is_written() {
    let plan = parse(TEXT).unwrap();
    let text = plan.to_string();
    assert_eq!(parse(&text).unwrap(), plan);
    assert!(
        text.starts_with("race/1 posting lock=run invoices=2 actors=cron,sync-now,cron faults=3\n")
    );
    assert!(text.contains("\ncron@5 crash\ncron@5 crash sync-now\nhttp#0 lost\n"), "{text}");
}

#[test]
fn every_setting_and_every_verb_can_be_written_and_read() {
    let head = "race/1 all lock=lease invoices=3 actors=handler,branch faults=9 rejected=1 files=2 \
                lookup-always=yes repost-absent=yes late-unbounded=yes filter=blind stranger=yes \
                two-steps=yes all-points=yes concurrency=3 page=1 mutant=m";
    let mut plan = parse(head).unwrap();
    for (verb, _) in Verb::ALL {
        let at = Object::Call { actor: 0, nth: 2 };
        let object = match verb.target() {
            Target::Any | Target::Call => at,
            Target::Request | Target::CallOrRequest => Object::Request(4),
            Target::Actor => Object::Actor(1),
            Target::World => Object::World,
        };
        plan.items.push(Item { at, choice: Choice { verb, object } });
    }
    let text = plan.to_string();
    assert_eq!(parse(&text).unwrap(), plan, "{text}");
    assert!(text.starts_with(head), "{text}");
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, error) in [
        ("", "line 1: there is no plan; it begins with `race/1 SCENARIO`"),
        ("race/2 x", "line 1: a plan begins with `race/1 SCENARIO`, not `race/2 x`"),
        ("race/1 x lock=maybe", "line 1: `lock` cannot be `maybe`; it can be: run, useless, lease"),
        ("race/1 x invoices=many", "line 1: `invoices` is a number from 0 to 9, not `many`"),
        ("race/1 x stranger=1", "line 1: `stranger` is yes or no, not `1`"),
        ("race/1 x\n\ncron@1 explode", "line 3: there is no verb `explode`; there are: switch,"),
        (
            "race/1 x\nnobody@1 crash",
            "line 2: there is no actor `nobody`; there are: cron, sync-now",
        ),
        ("race/1 x\nhttp#0 crash", "line 2: `crash` needs to be told to what"),
        ("race/1 x\ncron@x crash", "line 2: `x` is no number"),
        ("race/1 x\ncron@1", "line 2: `cron@1` is no `AT VERB [OBJECT]`"),
        ("race/1 x\nexpect S99", "line 2: there is no invariant `S99`: S1 to S15, L1 to L6"),
        ("race/1 x\nexpect S1\ncron@1 crash", "line 3: `expect` is the last line"),
    ] {
        let told = parse(text).unwrap_err();
        assert!(told.starts_with(error), "{text}: {told}");
    }
    assert!(parse("race/1 x colour=red").unwrap_err().contains("there is no setting `colour`"));
}
