//! Tests of `http`.

use super::*;

#[test]
fn loopback_is_recognised() {
    let is = |url: &str| is_loopback(&url.parse().unwrap());
    assert!(is("http://127.0.0.1:1/"));
    assert!(is("http://[::1]:1/"));
    assert!(is("http://localhost/"));
    assert!(!is("https://api.myob.com/accountright"));
    assert!(!is("http://10.0.0.1/"));
}
