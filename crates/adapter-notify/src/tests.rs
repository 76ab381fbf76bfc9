//! Each way against a receiver of the test's own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_adapter_host::HostClock;
use postonce_ports::clock::Clock;
use postonce_ports::notice::{Message, Messenger as _};
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::{Command, Mail, MailOptions, Security, SigningKey, Webhook, mailboxes};

fn message() -> Message {
    Message {
        id: "0f-7".to_owned(),
        kind: "run_failed".to_owned(),
        heading: "A sync run failed".to_owned(),
        text: "run 3, failed: no — é\nrun 4, failed: \"no\"".to_owned(),
        raised_at: "2026-03-01T10:00:00Z".parse().unwrap(),
    }
}

const BODY: &str = "{\"type\":\"postonce.run_failed\",\"timestamp\":\"2026-03-01T10:00:00Z\",\
    \"data\":{\"id\":\"0f-7\",\"kind\":\"run_failed\",\"heading\":\"A sync run failed\",\
    \"lines\":[\"run 3, failed: no — é\",\"run 4, failed: \\\"no\\\"\"]}}";

fn key() -> SigningKey {
    SigningKey::new(&SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap()
}

/// A server that reads one request, answers with `head`, and says what it read.
async fn receiver(head: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?token=secret", listener.local_addr().unwrap());
    let reading = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"]}}") {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the request is whole");
        }
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(read).unwrap()
    });
    (url, reading)
}

#[tokio::test]
async fn a_webhook_carries_its_id_and_a_signature_over_time_and_body() {
    let (url, reading) = receiver("204 No Content").await;
    let webhook = Webhook::new(&url, key(), Arc::new(HostClock)).unwrap();
    webhook.deliver(&message()).await.unwrap();
    let request = reading.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, BODY);
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).unwrap().1.to_owned()
    };
    assert_eq!(header("webhook-id"), "0f-7");
    let second: i64 = header("webhook-timestamp").parse().unwrap();
    assert!((HostClock.wall().as_second() - second).abs() < 60);
    assert_eq!(header("webhook-signature"), key().sign("0f-7", second, body));
}

#[tokio::test]
async fn an_answer_that_is_no_success_is_told_without_the_address() {
    for (head, words) in [
        ("503 Service Unavailable", "the receiver answered 503"),
        (
            "302 Found\r\nlocation: /else",
            "the receiver answered 302, and redirects are not followed",
        ),
    ] {
        let (url, reading) = receiver(head).await;
        let webhook = Webhook::new(&url, key(), Arc::new(HostClock)).unwrap();
        let error = webhook.deliver(&message()).await.unwrap_err();
        assert_eq!(error.to_string(), words);
        reading.await.unwrap();
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{gone}/hook?token=secret");
    let webhook = Webhook::new(&url, key(), Arc::new(HostClock)).unwrap();
    let error = webhook.deliver(&message()).await.unwrap_err().to_string();
    assert!(error.contains("refused") && !error.contains("secret"), "{error}");
}

/// A mail server that takes one letter and says what it was given.
async fn mail_server() -> (u16, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let reading = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let (mut seen, mut is_letter) = (Vec::new(), false);
        write.write_all(b"220 here\r\n").await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            let answer = match line.as_str() {
                "." => "250 taken\r\n",
                "DATA" => "354 go on\r\n",
                "QUIT" => "221 bye\r\n",
                _ if is_letter => "",
                _ => "250 well\r\n",
            };
            is_letter = line == "DATA" || (is_letter && line != ".");
            write.write_all(answer.as_bytes()).await.unwrap();
            let is_over = line == "QUIT" || line == ".";
            seen.push(line);
            if is_over {
                break;
            }
        }
        seen
    });
    (port, reading)
}

fn options(port: u16) -> MailOptions {
    MailOptions {
        server: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        user: None,
        password: None,
        from: "PostOnce <postonce@example.com>".to_owned(),
        to: "ada@example.com, Grace <grace@example.com>".to_owned(),
    }
}

#[tokio::test]
async fn a_mail_goes_to_everybody_and_keeps_its_id() {
    let (port, reading) = mail_server().await;
    Mail::new(&options(port)).unwrap().deliver(&message()).await.unwrap();
    let seen = reading.await.unwrap().join("\n");
    for part in [
        "MAIL FROM:<postonce@example.com>",
        "RCPT TO:<ada@example.com>",
        "RCPT TO:<grace@example.com>",
        "Subject: PostOnce: A sync run failed",
        "Message-ID: <0f-7@postonce.invalid>",
        "run 4, failed",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
}

#[tokio::test]
async fn a_mail_server_that_is_not_there_or_speaks_no_tls_gets_nothing() {
    let (port, reading) = mail_server().await;
    let mut safe = MailOptions { security: Security::StartTls, ..options(port) };
    safe.server = "localhost".to_owned();
    let error = Mail::new(&safe).unwrap().deliver(&message()).await;
    assert!(error.is_err(), "a server without TLS is not told a word");
    reading.abort();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert!(Mail::new(&options(gone)).unwrap().deliver(&message()).await.is_err());
}

#[test]
fn an_address_that_is_none_is_named() {
    let error = mailboxes("ada@example.com, grace").unwrap_err().to_string();
    assert_eq!(error, "`grace` is no address such as `Ada <ada@example.com>`");
    assert!(mailboxes("").is_err());
}

fn script(folder: &tempfile::TempDir, text: &str) -> String {
    let path = folder.path().join("tell.sh");
    std::fs::write(&path, text).unwrap();
    format!("sh {} given 'as it is'", path.display())
}

#[tokio::test]
async fn a_command_reads_the_message_and_nothing_of_our_environment() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let text = format!("cat > {0}; env >> {0}; echo \"$@\" >> {0}", out.display());
    let command = Command::new(&script(&folder, &text), Arc::new(HostClock)).unwrap();
    command.deliver(&message()).await.unwrap();
    let seen = std::fs::read_to_string(out).unwrap();
    let (body, rest) = seen.split_once('\n').unwrap();
    assert_eq!(body, BODY);
    assert!(rest.contains("given 'as it is'"), "no shell has read the arguments: {rest}");
    assert!(!rest.contains("HOME=") && !rest.contains("CARGO"), "{rest}");
}

#[tokio::test]
async fn a_command_that_fails_is_told_with_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let command = script(&folder, "echo 'the pager is broken' >&2; exit 3");
    let command = Command::new(&command, Arc::new(HostClock)).unwrap();
    let error = command.deliver(&message()).await.unwrap_err().to_string();
    assert_eq!(error, "the command ended with exit status: 3: the pager is broken");
    let command = Command::new("no-such-program-anywhere", Arc::new(HostClock)).unwrap();
    let error = command.deliver(&message()).await.unwrap_err().to_string();
    assert!(error.starts_with("`no-such-program-anywhere` cannot be started"), "{error}");
    assert!(Command::new("  ", Arc::new(HostClock)).is_err());
}

/// A clock on which every wait is over almost at once.
struct Hurried;

#[async_trait]
impl Clock for Hurried {
    fn boot(&self) -> Duration {
        HostClock.boot()
    }

    fn wall(&self) -> Timestamp {
        HostClock.wall()
    }

    async fn sleep(&self, _: Duration) {
        HostClock.sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_command_that_does_not_end_is_killed() {
    let command = Command::new("sleep 300", Arc::new(Hurried)).unwrap();
    let error = command.deliver(&message()).await.unwrap_err().to_string();
    assert_eq!(error, "the command took more than 30 s and was killed");
}
