//! Every route of the table by everybody, with and without what they need.

use std::collections::BTreeSet;

use http::StatusCode;
use postonce_domain::{Role, Side};
use serde_json::{Value, json};

use super::world::{As, World};
use crate::route::{Route, TABLE, Who};

fn everybody() -> Vec<As> {
    let sides = [As::OneSided(Side::Platform), As::OneSided(Side::Ordering)];
    let roles = Role::ALL
        .into_iter()
        .flat_map(|role| [As::Session(role), As::Person(role), As::Machine(role)]);
    [As::Nobody].into_iter().chain(sides).chain(roles).collect()
}

/// What keeps somebody out, worked out anew; nothing if they get through.
fn refusal(route: &Route, who: As) -> Option<(StatusCode, &'static str)> {
    let (role, is_person) = match who {
        As::Nobody => (None, false),
        As::Session(role) | As::Person(role) => (Some(role), true),
        As::Machine(role) => (Some(role), false),
        As::OneSided(_) => (Some(Role::Operator), false),
    };
    let needed = match route.who {
        Who::Anyone => None,
        Who::Role(needed) | Who::Person(needed) => Some(needed),
    };
    let only_people = matches!(route.who, Who::Person(_));
    let forbidden = |kind| Some((StatusCode::FORBIDDEN, kind));
    match (needed, role) {
        (Some(_), None) => return Some((StatusCode::UNAUTHORIZED, "unauthorized")),
        (Some(needed), Some(role)) if role < needed => return forbidden("role"),
        (Some(_), Some(_)) if only_people && !is_person => return forbidden("person"),
        (Some(_) | None, _) => {}
    }
    if let (As::OneSided(theirs), Some(side)) = (who, route.side)
        && theirs != side
    {
        return forbidden("side");
    }
    let is_without_key = matches!(who, As::Session(_));
    if route.changes() && needed.is_some() && is_without_key { forbidden("form_key") } else { None }
}

#[tokio::test]
async fn every_route_lets_through_whom_it_should_and_nobody_else() {
    for route in TABLE {
        for who in everybody() {
            let world = World::new().await;
            world.import(&["INV-1"]).await;
            let path = route.path.replace("{id}", "1").replace("{company_file}", "shop");
            let answer = if route.changes() {
                world.post(&path, who, json!({})).await
            } else {
                world.get(&path, who).await
            };
            let what = format!("{} {path} as {who:?}: {answer:?}", route.method.as_str());
            if let Some((status, kind)) = refusal(route, who) {
                assert_eq!((answer.status, answer.kind()), (status, kind), "{what}");
            } else {
                let kinds = ["unauthorized", "role", "person", "side", "form_key"];
                assert!(!kinds.contains(&answer.kind()), "{what}");
                assert!(!answer.status.is_server_error(), "{what}");
            }
        }
    }
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let document = crate::document("");
    let of_table: BTreeSet<String> = TABLE
        .iter()
        .map(|route| format!("{} {}", route.method.as_str().to_lowercase(), route.path))
        .collect();
    assert_eq!(of_table.len(), TABLE.len(), "a route stands there twice");
    let paths = document["paths"].as_object().unwrap();
    let of_document: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    assert_eq!(of_document, of_table);
}

#[test]
fn every_reference_of_the_document_leads_somewhere_and_every_route_says_what_it_does() {
    let document = crate::document("/books");
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > TABLE.len());
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut ids = BTreeSet::new();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            assert!(!operation["summary"].as_str().unwrap().is_empty());
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{operation}");
        }
    }
    assert_eq!(document["servers"][0]["url"], "/books");
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            references.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| collect(value, references));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
