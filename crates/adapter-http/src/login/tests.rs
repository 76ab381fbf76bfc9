use super::*;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(1_000 + seconds)
}

#[test]
fn after_five_wrong_passwords_of_a_name_each_try_waits_and_others_do_not() {
    let logins = Logins::default();
    for _ in 0..NAME_TRIES {
        assert_eq!(logins.begin("Ann", "10.0.0.1", at(0)), Ok(()));
    }
    assert_eq!(logins.begin("ann", "10.0.0.2", at(10)), Err(Duration::from_secs(20)));
    assert_eq!(logins.begin("bob", "10.0.0.1", at(10)), Ok(()));
    assert_eq!(logins.begin("ann", "10.0.0.2", at(30)), Ok(()));
    assert_eq!(logins.begin("ann", "10.0.0.2", at(31)), Err(Duration::from_secs(29)));
}

#[test]
fn after_thirty_of_an_address_whoever_comes_from_there_waits() {
    let logins = Logins::default();
    for number in 0..ADDRESS_TRIES {
        assert_eq!(logins.begin(&format!("name{number}"), "10.0.0.1", at(0)), Ok(()));
    }
    assert!(logins.begin("ann", "10.0.0.1", at(1)).is_err());
    assert_eq!(logins.begin("ann", "10.0.0.2", at(1)), Ok(()));
}

#[test]
fn a_right_password_and_a_quarter_of_an_hour_forget() {
    let logins = Logins::default();
    for _ in 0..3 * NAME_TRIES {
        assert_eq!(logins.begin("ann", "10.0.0.1", at(0)), Ok(()));
        logins.succeeded("ann", "10.0.0.1");
    }
    for _ in 0..NAME_TRIES {
        assert_eq!(logins.begin("bob", "10.0.0.3", at(0)), Ok(()));
    }
    assert!(logins.begin("bob", "10.0.0.3", at(1)).is_err());
    for _ in 0..NAME_TRIES {
        assert_eq!(logins.begin("bob", "10.0.0.3", at(900)), Ok(()));
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let logins = Logins::default();
    for number in 0..KEPT_MAX {
        assert_eq!(logins.begin(&number.to_string(), &number.to_string(), at(0)), Ok(()));
    }
    assert!(logins.tries.lock().unwrap().len() <= KEPT_MAX);
}
