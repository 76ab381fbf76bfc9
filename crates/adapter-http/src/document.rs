//! The table as an `OpenAPI` document.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::guard::least;
use crate::input::FORM_KEY_HEADER;
use crate::problem::PROBLEM_JSON;
use crate::route::{Route, TABLE, Who};

/// A named schema with all that it refers to; gives its name.
type Named = fn(&mut Vec<(String, RefOr<Schema>)>) -> String;

/// What a body holds.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    named: Named,
    is_list: bool,
}

/// One value.
pub(crate) const fn one<T: ToSchema>() -> Shape {
    Shape { named: named::<T>, is_list: false }
}

/// A list of values.
pub(crate) const fn list<T: ToSchema>() -> Shape {
    Shape { named: named::<T>, is_list: true }
}

fn named<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) -> String {
    let name = T::name().into_owned();
    schemas.push((name.clone(), <T as PartialSchema>::schema()));
    T::schemas(schemas);
    name
}

/// The `OpenAPI` document of every door, for a server at `base`.
pub fn document(base: &str) -> Value {
    let mut schemas = Vec::new();
    let mut paths = Map::new();
    for route in TABLE {
        let operation = operation(route, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    let mut components = Map::new();
    for (name, schema) in schemas {
        components.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
    components.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "PostOnce",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Pushes finished invoices to MYOB, each at most once.",
        },
        "servers": [{ "url": if base.is_empty() { "/" } else { base } }],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "machine": { "type": "http", "scheme": "bearer" },
                "person": { "type": "apiKey", "in": "cookie", "name": crate::caller::SESSION },
            },
        },
    })
}

fn operation(route: &Route, schemas: &mut Vec<(String, RefOr<Schema>)>) -> Value {
    let mut parameters = Vec::new();
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')) {
        let name = name.trim_end_matches('}');
        let number = json!({ "type": "integer", "format": "int64", "minimum": 1 });
        let schema = if name == "id" { number } else { json!({ "type": "string" }) };
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    for (name, words) in route.query {
        let schema = query_schema(name);
        parameters
            .push(json!({ "name": name, "in": "query", "description": words, "schema": schema }));
    }
    if route.keyed {
        let words = "The same key and request again gets the same answer, and does nothing again.";
        let schema =
            json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" });
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "description": words, "schema": schema,
        }));
    }
    if route.changes() && route.who != Who::Anyone {
        let words = "The form key of a person's session (GET /me tells it); machines need none.";
        parameters.push(json!({
            "name": FORM_KEY_HEADER.as_str(), "in": "header", "description": words,
            "schema": { "type": "string" },
        }));
    }
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "parameters": parameters,
        "security": security(route.who),
        "responses": responses(route, schemas),
    });
    if let Some(role) = least(route.who) {
        operation["x-least-role"] = json!(role.as_str());
    }
    if let Some(body) = &route.body {
        let schema = schema_of(body, schemas);
        let content = json!({
            "application/json": { "schema": schema },
            "application/x-www-form-urlencoded": { "schema": schema },
        });
        operation["requestBody"] = json!({ "content": content });
    }
    operation
}

fn query_schema(name: &str) -> Value {
    match name {
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 500 }),
        "after" => json!({ "type": "integer", "format": "int64", "minimum": 0 }),
        "since" => json!({ "type": "string", "format": "date" }),
        "state" => {
            let states = postonce_domain::StateName::ALL.map(postonce_domain::StateName::as_str);
            json!({ "type": "array", "items": { "type": "string", "enum": states } })
        }
        _ => json!({ "type": "string" }),
    }
}

fn operation_id(route: &Route) -> String {
    let words = route.path.split(['/', '-', '.']).filter(|part| !part.is_empty());
    let words = words.map(|part| part.trim_matches(['{', '}']));
    let words: Vec<&str> = words.collect();
    format!("{}_{}", route.method.as_str().to_lowercase(), words.join("_"))
}

fn security(who: Who) -> Value {
    match who {
        Who::Anyone => json!([]),
        Who::Role(_) => json!([{ "machine": [] }, { "person": [] }]),
        Who::Person(_) => json!([{ "person": [] }]),
    }
}

fn responses(route: &Route, schemas: &mut Vec<(String, RefOr<Schema>)>) -> Value {
    let mut answer = json!({ "description": route.summary });
    if let Some(shape) = &route.answer {
        let schema = schema_of(shape, schemas);
        answer["content"] = json!({ "application/json": { "schema": schema } });
    }
    let mut responses = Map::new();
    responses.insert(route.status.to_string(), answer);
    let reference = json!({ "$ref": "#/components/schemas/Problem" });
    let content = json!({ PROBLEM_JSON: { "schema": reference } });
    for (status, words) in problems(route) {
        let problem = json!({ "description": words, "content": content });
        responses.insert(status.to_string(), problem);
    }
    Value::Object(responses)
}

/// What may go wrong on a route.
fn problems(route: &Route) -> Vec<(u16, &'static str)> {
    let mut problems = vec![
        (400, "The request is not understood."),
        (413, "The body is too large."),
        (415, "The body is of another kind."),
        (500, "Something went wrong."),
        (503, "The database does not answer, or PostOnce is being stopped."),
        (504, "It takes too long, and goes on."),
    ];
    if route.who != Who::Anyone || route.path == "/login" {
        problems.push((401, "You are not logged in."));
    }
    if route.who != Who::Anyone || route.changes() {
        problems.push((403, "You may not do this."));
    }
    if route.path.contains('{') {
        problems.push((404, "There is no such thing."));
    }
    if route.changes() {
        problems.push((409, "Another run is in progress, or what you saw has moved on."));
        problems.push((422, "The request does not say what is needed."));
        problems.push((502, "MYOB does not let us in."));
    }
    if route.path == "/login" {
        problems.push((429, "Too many wrong passwords; wait."));
    }
    problems
}

fn schema_of(shape: &Shape, schemas: &mut Vec<(String, RefOr<Schema>)>) -> Value {
    let name = (shape.named)(schemas);
    let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
    if shape.is_list { json!({ "type": "array", "items": reference }) } else { reference }
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457): what is wrong, and the mend.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
        },
        "additionalProperties": true,
    })
}
