use serde_json::{Value as Json, json};

use super::{Changes, SwitchError, Switches, switches, text};

fn changes(given: &Json) -> Result<Changes, SwitchError> {
    Changes::of_json(given.as_object().unwrap())
}

#[test]
fn every_value_that_a_switch_names_can_be_set_and_is_shown_as_it_was_set() {
    for switch in switches() {
        let words = switch.values.split('|').map(|value| match value {
            "n" => "17",
            "YYYY-MM-DD" => "2026-07-01",
            word => word,
        });
        for word in words {
            let mut set = Switches::default();
            set.apply(&changes(&json!({ switch.name: word })).unwrap());
            let shown = set.shown();
            assert_eq!(text(shown.get(switch.name).unwrap()), word, "{}", switch.name);
            let others = |all: &serde_json::Map<String, Json>| {
                let mut all = all.clone();
                all.remove(switch.name);
                all
            };
            assert_eq!(others(&shown), others(&Switches::default().shown()));
        }
    }
}

#[test]
fn what_is_shown_can_be_set_again() {
    let shown = Json::Object(Switches::default().shown());
    let mut set = Switches::default();
    set.apply(&changes(&shown).unwrap());
    assert_eq!(set, Switches::default());
    assert_eq!(switches().len(), shown.as_object().unwrap().len());
}

#[test]
fn unknown_names_and_values_are_refused_by_name() {
    let error = |given| changes(&given).unwrap_err().to_string();
    let unknown = error(json!({ "list_memo": "absent", "colour": "red" }));
    assert_eq!(unknown, "there is no switch `colour`; GET /sandbox/switches lists them");
    let value = error(json!({ "duplicate_number": "perhaps" }));
    assert_eq!(
        value,
        "the switch `duplicate_number` cannot be `perhaps`: it takes accept|reject|warn"
    );
    for (name, value) in [
        ("visibility_ms", json!(-1)),
        ("visibility_ms", json!("")),
        ("visibility_ms", json!(null)),
        ("access_life_s", json!(1_000_000_000_001_u64)),
        ("price_decimals", json!(7)),
        ("lock_period_before", json!("2026-02-30")),
        ("retry_after", json!("soon")),
        ("keys", json!(["old"])),
    ] {
        assert!(changes(&json!({ name: value })).is_err(), "{name} {value}");
    }
}

#[test]
fn the_command_lines_form_is_name_and_value() {
    let mut changes = Changes::default();
    changes.add("keys=old").unwrap();
    changes.add("visibility_ms = 5").unwrap();
    assert_eq!(serde_json::to_value(&changes).unwrap(), json!({"keys":"old","visibility_ms":"5"}));
    assert_eq!(changes.add("keys"), Err(SwitchError::Form("keys".into())));
}
