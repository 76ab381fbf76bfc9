use super::*;

#[test]
fn loopback_is_told_by_the_host_alone() {
    for raw in ["http://127.0.0.1:1/accountright", "http://LOCALHOST", "http://[::1]:80/x"] {
        assert!(is_loopback(raw), "{raw}");
    }
    for raw in [
        "https://api.myob.com/localhost",
        "http://127.0.0.1.example.com/",
        "http://localhost@example.com/",
        "http://localhost:x/",
    ] {
        assert!(!is_loopback(raw), "{raw}");
    }
}

#[test]
fn the_origin_is_what_stands_before_the_path() {
    let url = parse("http://127.0.0.1:8080/a/accountright").unwrap();
    assert_eq!((url.origin, url.path), ("http://127.0.0.1:8080", "/a/accountright"));
    assert_eq!(parse("https://h").unwrap().origin, "https://h");
}
