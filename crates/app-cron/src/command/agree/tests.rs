use super::*;

#[test]
fn only_a_clear_yes_is_one() {
    for answer in ["y\n", "Y\n", " yes \n", "YES\n"] {
        assert!(means_yes(answer), "{answer:?}");
    }
    for answer in ["", "\n", "n\n", "no\n", "yeah, no\n", "ye\n"] {
        assert!(!means_yes(answer), "{answer:?}");
    }
}
