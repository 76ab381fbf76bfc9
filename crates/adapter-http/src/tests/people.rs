//! Logging in and out, and requests of other sites.

use std::net::SocketAddr;

use axum::body::Body;
use http::{Request, StatusCode};
use postonce_domain::Role;
use postonce_ports::account::{AccountChange, Accounts as _};
use serde_json::json;

use super::world::{As, PASSWORD, World, name, request};
use crate::guard::Peer;

const ANN: As = As::Person(Role::Operator);

fn login(user: &str, password: &str) -> Request<Body> {
    let body = json!({ "name": user, "password": password });
    request("POST", "/login", As::Nobody, Some(body))
}

#[tokio::test]
async fn who_knows_the_password_gets_a_session_that_ends_with_it() {
    let world = World::with(|settings| settings.secure = true).await;
    let answer = world.send(login("operator", PASSWORD)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let shown = cookie.split(';').next().unwrap().to_owned();
    assert!(shown.len() > 64, "{shown}");
    let form_key = answer.body["form_key"].as_str().unwrap().to_owned();
    let with_session = |method: &str, path: &str| {
        let mut request = request(method, path, As::Nobody, None);
        request.headers_mut().insert("cookie", shown.parse().unwrap());
        request.headers_mut().insert("x-postonce-form-key", form_key.parse().unwrap());
        request
    };
    let me = world.send(with_session("GET", "/me")).await;
    assert_eq!((me.status, &me.body["role"]), (StatusCode::OK, &json!("operator")), "{me:?}");
    let out = world.send(with_session("POST", "/logout")).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT, "{out:?}");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(world.send(with_session("GET", "/me")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_disabled_account_are_one_answer() {
    let world = World::new().await;
    let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
    let _done = world.store.change_account(&name("viewer"), 1, change, "test").await.unwrap();
    let mut answers = Vec::new();
    for (user, password) in [
        ("operator", "wrong horse battery"),
        ("nobody", PASSWORD),
        ("no name at all", PASSWORD),
        ("viewer", PASSWORD),
    ] {
        let answer = world.send(login(user, password)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{user}: {answer:?}");
        assert_eq!(answer.header("set-cookie"), "");
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn after_five_wrong_passwords_even_the_right_one_waits() {
    let world = World::new().await;
    for _ in 0..5 {
        let answer = world.send(login("operator", "wrong horse battery")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let answer = world.send(login("OPERATOR", PASSWORD)).await;
    let expected = (StatusCode::TOO_MANY_REQUESTS, "too_often");
    assert_eq!((answer.status, answer.kind()), expected, "{answer:?}");
    assert_eq!(answer.header("retry-after"), "30");
    assert_eq!(world.send(login("admin", PASSWORD)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_page_of_another_site_sends_is_refused() {
    let origin = "https://books.example.com";
    let world = World::with(|settings| settings.public_origin = Some(origin.to_owned())).await;
    let cases = [
        ("sec-fetch-site", "cross-site", false),
        ("sec-fetch-site", "same-site", false),
        ("sec-fetch-site", "same-origin", true),
        ("origin", "https://evil.example.com", false),
        ("origin", "null", false),
        ("origin", origin, true),
        ("origin", "http://127.0.0.1:8480", true),
    ];
    for (header, value, is_ours) in cases {
        for mut request in
            [login("operator", PASSWORD), request("POST", "/platform/myob/sync", ANN, None)]
        {
            request.headers_mut().insert(header, value.parse().unwrap());
            request.headers_mut().insert("host", "127.0.0.1:8480".parse().unwrap());
            let answer = world.send(request).await;
            assert_eq!(answer.kind() != "other_site", is_ours, "{header}: {value}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_form_carries_its_key_as_a_field() {
    let world = World::new().await;
    let form = |body: &str| {
        let mut request = request("POST", "/platform/myob/sync", As::Session(Role::Operator), None);
        let kind = "application/x-www-form-urlencoded".parse().unwrap();
        request.headers_mut().insert("content-type", kind);
        *request.body_mut() = Body::from(body.to_owned());
        request
    };
    let without = world.send(form("limit=1")).await;
    assert_eq!(without.kind(), "form_key");
    let wrong = world.send(form("limit=1&form_key=form-admin")).await;
    assert_eq!(wrong.kind(), "form_key");
    let right = world.send(form("limit=1&company_file=&form_key=form-operator")).await;
    assert_eq!(right.status, StatusCode::ACCEPTED, "{right:?}");
}

#[tokio::test]
async fn a_token_that_is_not_known_is_no_reason_to_look_at_the_cookie() {
    let world = World::new().await;
    for value in ["Bearer nonsense", "Basic b3BlcmF0b3I6eA==", "Bearer "] {
        let mut request = request("GET", "/status", ANN, None);
        request.headers_mut().insert("authorization", value.parse().unwrap());
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{value}: {answer:?}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
}

#[tokio::test]
async fn whoever_sits_behind_a_proxy_is_told_apart_by_it_and_by_nobody_else() {
    let proxy: SocketAddr = "10.0.0.9:1".parse().unwrap();
    let world = World::with(|settings| settings.trusted_proxies = vec![proxy.ip()]).await;
    let from = |peer: SocketAddr, told: &str, user: &str| {
        let mut request = login(user, "wrong horse battery");
        request.extensions_mut().insert(Peer(peer));
        request.headers_mut().insert("x-forwarded-for", told.parse().unwrap());
        request
    };
    // Thirty of one client behind the proxy, whatever it says of itself.
    for number in 0..30 {
        let told = format!("1.1.1.{number}, 192.0.2.1");
        let answer = world.send(from(proxy, &told, &format!("user{number}"))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    }
    let again = world.send(from(proxy, "192.0.2.1", "user")).await;
    assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS);
    let other = world.send(from(proxy, "192.0.2.2", "user")).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);
    // Who is no proxy of ours is who they are.
    let liar = world.send(from("192.0.2.1:5".parse().unwrap(), "192.0.2.3", "user")).await;
    assert_eq!(liar.status, StatusCode::TOO_MANY_REQUESTS);
}
