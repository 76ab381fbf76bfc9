use super::*;

#[test]
fn a_bare_number_is_seconds_and_units_are_letters() {
    for (raw, seconds) in [("30s", 30), ("5m", 300), ("1h", 3_600), ("2d", 172_800), ("7", 7)] {
        assert_eq!(parse(raw), Ok(Duration::from_secs(seconds)), "{raw}");
    }
}

#[test]
fn what_is_no_duration_is_refused() {
    for raw in ["", "s", "-1", "1.5s", "5 m", "5w", "1e3", "99999999999999999999", "9999d"] {
        assert!(parse(raw).is_err(), "{raw}");
    }
}
