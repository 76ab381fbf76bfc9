//! Tests of `listener`, with plain sockets as browsers.

use postonce_adapter_host::HostClock;
use postonce_adapter_myob::{ConsentOptions, Consents};

use super::*;
use crate::config::listening;

fn here(host: &str, port: u16) -> Listening {
    Listening { host: host.to_owned(), port, path: "/connected".to_owned() }
}

/// A state, and its text as it stands in an address.
fn state() -> (ConsentState, String) {
    let state = ConsentState::random().unwrap();
    let options = ConsentOptions {
        authorize_url: "http://localhost/authorize".to_owned(),
        token_url: "http://localhost/token".to_owned(),
        base_url: "http://localhost/accountright".to_owned(),
        api_key: "key".into(),
        api_secret: "secret".into(),
        redirect_uri: "http://localhost/connected".to_owned(),
        scopes: "all".to_owned(),
    };
    let address = Consents::new(options, Arc::new(HostClock)).unwrap().address(&state);
    let text = address.rsplit_once("state=").unwrap().1.to_owned();
    (state, text)
}

async fn answer(listener: Listener, state: ConsentState) -> Result<Redirected, RedirectError> {
    let clock: Arc<dyn Clock> = Arc::new(HostClock);
    listener.answer(&state, &clock).await
}

async fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn one_answer_with_our_state_is_taken_and_all_else_is_told_off() {
    let listener = Listener::bind(&here("127.0.0.1", 0)).await.unwrap();
    let address = listener.sockets[0].local_addr().unwrap().to_string();
    assert_eq!(listener.redirect("", true), format!("http://{address}/connected"));
    let (state, text) = state();
    let answer = tokio::spawn(answer(listener, state));
    // A connection that says nothing holds nobody up.
    let _silent = TcpStream::connect(&address).await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(2 * LINE_BYTES_MAX));
    for (request, status) in [
        (get("/favicon.ico"), "404"),
        (get(&format!("/connected/x?code=no&state={text}")), "404"),
        (format!("POST /connected?code=no&state={text} HTTP/1.1\r\n\r\n"), "405"),
        (get("/connected?code=no&state=other"), "400"),
        (get("/connected?code=no"), "400"),
        (get("/connected?error=access_denied&state=other"), "400"),
        (long, "431"),
    ] {
        let answer = ask(&address, &request).await;
        let line = answer.lines().next().unwrap_or_default();
        assert!(line.contains(status), "{status}: {line}");
        assert!(!answer.contains("code=no"), "nothing is repeated: {answer}");
    }
    assert!(!answer.is_finished());
    let page = ask(&address, &get(&format!("/connected?code=yes&state={text}"))).await;
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("can be closed"), "{page}");
    assert_eq!(answer.await.unwrap().unwrap().code, "yes");
}

#[tokio::test]
async fn the_configured_address_is_sent_to_the_letter() {
    for configured in
        ["http://localhost/connected", "http://localhost:8642", "http://LOCALHOST:08642/x"]
    {
        let at = Listening { port: 0, ..listening(configured).unwrap() };
        let listener = Listener::bind(&at).await.unwrap();
        assert_eq!(listener.redirect(configured, false), configured);
    }
    let at = Listening { port: 0, ..listening("http://localhost:8642").unwrap() };
    let listener = Listener::bind(&at).await.unwrap();
    let port = listener.port;
    assert_eq!(listener.redirect("", true), format!("http://localhost:{port}"));
    let address = listener.sockets[0].local_addr().unwrap().to_string();
    let (state, text) = state();
    let answer = tokio::spawn(answer(listener, state));
    ask(&address, &get(&format!("/?code=yes&state={text}"))).await;
    assert_eq!(answer.await.unwrap().unwrap().code, "yes", "a browser asks for the root then");
}

#[tokio::test]
async fn of_a_request_the_first_line_counts_alone() {
    let cookies = "x".repeat(100 * 1024);
    let odd = b"Cookie: caf\xe9\r\n\r\n".to_vec();
    let long = format!("Cookie: {cookies}\r\n\r\n").into_bytes();
    for headers in [odd, long] {
        let listener = Listener::bind(&here("127.0.0.1", 0)).await.unwrap();
        let address = listener.sockets[0].local_addr().unwrap();
        let (state, text) = state();
        let answer = tokio::spawn(answer(listener, state));
        let line = format!("GET /connected?code=yes&state={text} HTTP/1.1\r\n").into_bytes();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&[line, headers].concat()).await.unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).await.unwrap();
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert_eq!(answer.await.unwrap().unwrap().code, "yes");
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_let_go() {
    let listener = Listener::bind(&here("127.0.0.1", 0)).await.unwrap();
    let address = listener.sockets[0].local_addr().unwrap();
    let (state, _) = state();
    let waiting = tokio::spawn(answer(listener, state));
    let mut silent = TcpStream::connect(address).await.unwrap();
    let read = timeout(PATIENCE * 2, silent.read(&mut [0])).await;
    assert_eq!(read.expect("it is not kept for ever").unwrap(), 0);
    assert!(!waiting.is_finished(), "the answer may still come");
    waiting.abort();
}

#[tokio::test]
async fn a_refusal_with_our_state_ends_the_wait() {
    let listener = Listener::bind(&here("localhost", 0)).await.unwrap();
    let address = listener.sockets[0].local_addr().unwrap().to_string();
    let (state, text) = state();
    let answer = tokio::spawn(answer(listener, state));
    let refused = get(&format!("/connected?error=access_denied&state={text}"));
    assert!(ask(&address, &refused).await.contains("did not let PostOnce in"));
    assert!(matches!(answer.await.unwrap(), Err(RedirectError::Refused { .. })));
}

#[tokio::test]
async fn a_port_has_one_listener() {
    let first = Listener::bind(&here("localhost", 0)).await.unwrap();
    let port = first.sockets[0].local_addr().unwrap().port();
    let Err(failure) = Listener::bind(&here("localhost", port)).await else {
        panic!("two listen on port {port}")
    };
    assert_eq!(failure.exit, Exit::BadConfiguration);
    assert!(failure.message.contains("another `postonce connect`"), "{}", failure.message);
    drop(first);
    assert!(Listener::bind(&here("localhost", port)).await.is_ok());
}
