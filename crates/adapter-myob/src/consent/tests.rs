use super::*;
use crate::tests::host::TestClock;
use crate::tests::server::{Server, answer};

fn state() -> ConsentState {
    ConsentState("s-1_x".to_owned())
}

fn parsed(address: &str) -> Result<Redirected, RedirectError> {
    parse_redirect(address, &state())
}

#[test]
fn an_answer_is_read_from_a_whole_address_or_a_path() {
    let wanted = Redirected {
        code: "a/b+c".to_owned(),
        business_id: Some("id-1".to_owned()),
        business_name: Some("Café & Söhne".to_owned()),
    };
    let query = "code=a%2Fb%2Bc&businessId=id-1&businessName=Caf%C3%A9+%26+S%C3%B6hne&state=s-1_x";
    for start in
        ["/connected", "http://localhost:1/connected", "https://app.example/x", "http://desktop/"]
    {
        assert_eq!(parsed(&format!("{start}?{query}")), Ok(wanted.clone()), "{start}");
    }
    assert!(!format!("{wanted:?}").contains("a/b"), "{wanted:?}");
    let old = parsed("/?code=x&state=s-1_x").unwrap();
    assert_eq!((old.business_id, old.business_name), (None, None));
}

#[test]
fn without_our_state_nothing_is_taken() {
    for query in [
        "code=x",
        "code=x&state=",
        "code=x&state=s-1_",
        "code=x&state=s-1_y",
        "code=x&state=s-1_xx",
        "code=x&state=s-1_x&state=s-1_x",
        "error=access_denied&state=other",
        "error=access_denied",
    ] {
        assert_eq!(parsed(&format!("/?{query}")), Err(RedirectError::OtherState), "{query}");
    }
}

#[test]
fn a_refusal_is_told_in_its_words() {
    let refused = parsed("/?error=access_denied&error_description=no+way&state=s-1_x");
    let error = refused.unwrap_err();
    assert_eq!(error.to_string(), "MYOB answered `access_denied`: no way");
    let both = parsed("/?error=access_denied&code=x&state=s-1_x").unwrap_err();
    assert_eq!(both.to_string(), "MYOB answered `access_denied`");
    assert_eq!(parsed("/?state=s-1_x"), Err(RedirectError::NoCode));
    assert_eq!(parsed("/?code=x&code=y&state=s-1_x"), Err(RedirectError::NoCode));
    for text in ["", "code=x&state=s-1_x", "hello"] {
        assert_eq!(parsed(text), Err(RedirectError::NotAnAddress), "{text}");
    }
}

#[test]
fn two_states_differ_and_do_not_show() {
    let (one, other) = (ConsentState::random().unwrap(), ConsentState::random().unwrap());
    assert!(one.0 != other.0 && one.0.len() == 43, "{} {}", one.0, other.0);
    assert_eq!(format!("{one:?}"), "ConsentState(***)");
}

fn consents(server: &Server) -> Consents {
    let options = ConsentOptions {
        authorize_url: format!("{}/oauth2/account/authorize", server.url),
        token_url: format!("{}/token", server.url),
        base_url: format!("{}/accountright", server.url),
        api_key: "the key".into(),
        api_secret: "the secret".into(),
        redirect_uri: "http://localhost:8642/connected".to_owned(),
        scopes: "sme-sales sme-company-file".to_owned(),
    };
    Consents::new(options, Arc::new(TestClock::default())).unwrap()
}

#[tokio::test]
async fn the_address_says_all_that_myob_wants_to_know() {
    let server = Server::start(|_| answer(200, "{}"));
    let address = consents(&server).address(&state());
    let (path, query) = address.split_once('?').unwrap();
    assert!(path.ends_with("/oauth2/account/authorize"), "{path}");
    assert_eq!(
        query,
        "client_id=the+key&redirect_uri=http%3A%2F%2Flocalhost%3A8642%2Fconnected&response_type=code\
         &scope=sme-sales+sme-company-file&prompt=consent&state=s-1_x"
    );
}

#[tokio::test]
async fn a_code_is_sent_once_whatever_comes_of_it() {
    let given = "{\"access_token\":\"a\",\"expires_in\":\"1200\",\"refresh_token\":\"r\"}";
    let server = Server::start(move |_| answer(200, given));
    let tokens = consents(&server).tokens("the code").await.unwrap();
    assert_eq!((tokens.refresh.as_str(), tokens.access.expose_secret()), ("r", "a"));
    assert_eq!(tokens.rest, Duration::from_secs(1200));
    let form = server.seen().first().unwrap().body.clone();
    for part in
        ["grant_type=authorization_code", "code=the+code", "scope=sme-sales+sme-company-file"]
    {
        assert!(form.contains(part), "{part}: {form}");
    }
    for (status, body, words) in [
        (400, "{\"error\":\"invalid_grant\"}", "no tokens for this consent: invalid_grant"),
        (400, "{\"error\":\"invalid_client\"}", "`ledger.api_secret`"),
        (500, "", "did not come: it answered 500"),
        (200, "{\"access_token\":\"a\"}", "no refresh token"),
        (200, "[]", "cannot be read"),
    ] {
        let server = Server::start(move |_| answer(status, body));
        let error = consents(&server).tokens("the code").await.unwrap_err();
        assert!(error.to_string().contains(words), "{status} {body}: {error}");
        assert_eq!(server.seen().len(), 1, "{status} {body}");
    }
}
