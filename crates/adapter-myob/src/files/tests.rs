use super::*;

fn base() -> Url {
    "https://api.myob.com/accountright".parse().unwrap()
}

fn listed(uri: &str) -> Option<String> {
    let body = format!("[{{\"Id\":\"a-1\",\"Name\":\"Acme\",\"Uri\":\"{uri}\"}}]");
    let files = read_files(&body, &base()).unwrap();
    assert_eq!((files[0].id.as_str(), files[0].name.as_str()), ("a-1", "Acme"));
    files[0].base_url.clone()
}

#[test]
fn a_company_file_that_lies_elsewhere_says_where() {
    let elsewhere = Some("https://ar3.api.myob.com/accountright".to_owned());
    assert_eq!(listed("https://ar3.api.myob.com/accountright/a-1"), elsewhere);
    assert_eq!(listed("https://ar3.api.myob.com/accountright/a-1/"), elsewhere);
    assert_eq!(listed("https://api.myob.com/accountright/a-1"), None);
}

#[test]
fn a_token_goes_to_myob_alone() {
    for uri in [
        "http://ar3.api.myob.com/accountright/a-1",
        "https://myob.com.example/accountright/a-1",
        "https://notmyob.com/accountright/a-1",
        "https://u:p@ar3.api.myob.com/accountright/a-1",
        "http://localhost:8080/accountright/a-1",
        "https://ar3.api.myob.com/accountright/another",
    ] {
        assert_eq!(listed(uri), None, "{uri}");
    }
    let here = Url::parse("http://127.0.0.1:1/accountright").unwrap();
    assert!(may_have_tokens(&"http://localhost:2/x".parse().unwrap(), &here));
}

#[test]
fn what_is_no_list_of_company_files_is_not_read_as_an_empty_one() {
    for body in ["{}", "{\"Items\":[]}", "[1]", "[{\"Name\":\"Acme\"}]", ""] {
        assert_eq!(read_files(body, &base()), None, "{body}");
    }
    assert_eq!(read_files("[]", &base()), Some(Vec::new()));
}
