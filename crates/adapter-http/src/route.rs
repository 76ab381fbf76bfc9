//! Every door, a line each: what is asked for, who may, and how it is documented.

use futures::future::{BoxFuture, ready};
use postonce_domain::{Role, Side};
use postonce_wire::{
    CheckedDoubtJson, ConnectionJson, CreationJson, DoubtJson, FileNoteJson, InvoiceJson,
    MappingRowJson, NoteJson, PairsJson, ResolvedJson, RunJson, ShowJson, StatusJson,
};

use crate::api;
use crate::api::{health, in_doubt, invoices, mapping, runs, session, sync};
use crate::document::{Shape, list, one};
use crate::request::{Answer, Call};

/// What answers a request that got through the guard.
pub(crate) type Handler = fn(Call) -> BoxFuture<'static, Answer>;

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Changes nothing.
    Get,
    /// Does something.
    Post,
}

impl Method {
    /// As HTTP spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever reaches it.
    Anyone,
    /// Who has this role or more.
    Role(Role),
    /// A person who has this role or more; no machine.
    Person(Role),
}

/// A name that may stand in a query, and what it does.
pub(crate) type QueryName = (&'static str, &'static str);

/// A door.
#[expect(missing_debug_implementations, reason = "it holds functions")]
pub struct Route {
    /// How it is asked.
    pub method: Method,
    /// Where, behind the base path.
    pub path: &'static str,
    /// Who may.
    pub who: Who,
    /// Whose button it is, if it is one side's.
    pub side: Option<Side>,
    /// Whether it heeds an `Idempotency-Key`.
    pub keyed: bool,
    /// What it does, in words.
    pub summary: &'static str,
    pub(crate) query: &'static [QueryName],
    pub(crate) body: Option<Shape>,
    pub(crate) status: u16,
    pub(crate) answer: Option<Shape>,
    pub(crate) run: Handler,
}

impl Route {
    /// Whether it does something, so that a browser must prove that its user wants it.
    pub fn changes(&self) -> bool {
        self.method == Method::Post
    }

    /// The names that may stand in its query.
    pub(crate) fn query_names(&self) -> Vec<&'static str> {
        self.query.iter().map(|(name, _)| *name).collect()
    }

    const fn new(method: Method, path: &'static str, who: Who, run: Handler) -> Self {
        Self {
            method,
            path,
            who,
            side: None,
            keyed: false,
            summary: "",
            query: &[],
            body: None,
            status: 200,
            answer: None,
            run,
        }
    }

    const fn says(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    const fn query(self, query: &'static [QueryName]) -> Self {
        Self { query, ..self }
    }

    const fn body(self, body: Shape) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn answers(self, answer: Shape) -> Self {
        Self { answer: Some(answer), ..self }
    }

    const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    const fn keyed(self) -> Self {
        Self { keyed: true, ..self }
    }

    const fn of(self, side: Side) -> Self {
        Self { side: Some(side), ..self }
    }
}

const fn get(path: &'static str, who: Who, run: Handler) -> Route {
    Route::new(Method::Get, path, who, run)
}

const fn post(path: &'static str, who: Who, run: Handler) -> Route {
    Route::new(Method::Post, path, who, run)
}

const VIEWER: Who = Who::Role(Role::Viewer);
const OPERATOR: Who = Who::Role(Role::Operator);

const AFTER: QueryName = ("after", "Only what has a greater id, to go on where a page ended.");
const LIMIT: QueryName = ("limit", "So many at most: 1 to 500.");

/// Every door there is.
pub static TABLE: &[Route] = &[
    get("/livez", Who::Anyone, |_| Box::pin(ready(health::livez())))
        .says("Whether the process answers.")
        .answers(one::<health::HealthJson>()),
    get("/readyz", Who::Anyone, |call| Box::pin(health::readyz(call)))
        .says("Whether the database answers.")
        .answers(one::<health::HealthJson>()),
    get("/healthz", VIEWER, |call| Box::pin(health::healthz(call)))
        .says("Whether something waits for a person: runs, doubt, alarms, connections.")
        .query(&[("verbose", "With each thing that was looked at.")])
        .answers(one::<health::HealthJson>()),
    get("/openapi.json", Who::Anyone, |call| Box::pin(ready(api::openapi(&call))))
        .says("This document."),
    post("/login", Who::Anyone, |call| Box::pin(session::login(call)))
        .says("Log in; the answer sets the session's cookie and tells the form key.")
        .body(one::<session::Login>())
        .answers(one::<session::MeJson>()),
    post("/logout", Who::Person(Role::Viewer), |call| Box::pin(session::logout(call)))
        .says("Log out.")
        .status(204),
    get("/me", VIEWER, |call| Box::pin(ready(session::me(&call))))
        .says("Who you are, and the form key of your session.")
        .answers(one::<session::MeJson>()),
    get("/status", VIEWER, |call| Box::pin(api::status(call)))
        .says("The lock, the invoices by state, the last run, the alarms.")
        .answers(one::<StatusJson>()),
    post("/platform/myob/sync", OPERATOR, |call| Box::pin(sync::sync(call, Side::Platform)))
        .of(Side::Platform)
        .keyed()
        .says("Start a sync run from the platform's side.")
        .body(one::<sync::Sync>())
        .status(202)
        .answers(one::<sync::StartedJson>()),
    post("/ordering/myob/sync", OPERATOR, |call| Box::pin(sync::sync(call, Side::Ordering)))
        .of(Side::Ordering)
        .keyed()
        .says("Start a sync run from the ordering side.")
        .body(one::<sync::Sync>())
        .status(202)
        .answers(one::<sync::StartedJson>()),
    get("/invoices", VIEWER, |call| Box::pin(invoices::list(call)))
        .says("Invoices by rising id, a page at a time; the header Link names the next page.")
        .query(&[
            ("state", "Only this state; may stand there several times."),
            ("company_file", "Only this company file."),
            ("code", "Only those whose reason has this code."),
            ("since", "Only those dated on or after."),
            AFTER,
            LIMIT,
        ])
        .answers(list::<InvoiceJson>()),
    get("/invoices/{id}", VIEWER, |call| Box::pin(invoices::show(call)))
        .says("One invoice and its trail.")
        .answers(one::<ShowJson>()),
    post("/invoices/reprocess", OPERATOR, |call| Box::pin(invoices::reprocess_all(call)))
        .keyed()
        .says("Send rejected invoices again, in one run.")
        .body(one::<invoices::ReprocessAll>())
        .status(202)
        .answers(one::<sync::StartedJson>()),
    post("/invoices/{id}/reprocess", OPERATOR, |call| Box::pin(invoices::reprocess(call)))
        .keyed()
        .says("Send a rejected invoice again.")
        .body(one::<invoices::Reprocess>())
        .status(202)
        .answers(one::<sync::StartedJson>()),
    post("/invoices/{id}/resolve", Who::Person(Role::Operator), |call| {
        Box::pin(invoices::resolve(call))
    })
    .keyed()
    .says("Say what an invoice in doubt, or one that needs a person, really is.")
    .body(one::<invoices::Resolve>())
    .answers(one::<ResolvedJson>()),
    post("/invoices/{id}/hold", OPERATOR, |call| Box::pin(invoices::hold(call, true)))
        .says("Keep an invoice from being sent.")
        .body(one::<invoices::Hold>())
        .answers(one::<InvoiceJson>()),
    post("/invoices/{id}/unhold", OPERATOR, |call| Box::pin(invoices::hold(call, false)))
        .says("Let a held invoice be sent again.")
        .body(one::<invoices::Hold>())
        .answers(one::<InvoiceJson>()),
    get("/in-doubt", VIEWER, |call| Box::pin(in_doubt::list(call)))
        .says("Invoices of which nobody knows whether they are in the ledger.")
        .answers(list::<DoubtJson>()),
    get("/in-doubt/creations", VIEWER, |call| Box::pin(in_doubt::creations(call)))
        .says("Customers and items of which nobody knows whether they were created.")
        .answers(list::<CreationJson>()),
    post("/in-doubt/check", OPERATOR, |call| Box::pin(in_doubt::check(call)))
        .says("Ask the ledger now.")
        .body(one::<in_doubt::Check>())
        .answers(list::<CheckedDoubtJson>()),
    get("/runs", VIEWER, |call| Box::pin(runs::list(call)))
        .says("Sync runs, newest first.")
        .query(&[LIMIT])
        .answers(list::<RunJson>()),
    get("/runs/{id}", VIEWER, |call| Box::pin(runs::show(call)))
        .says("One sync run.")
        .answers(one::<RunJson>()),
    get("/audit/pairs", VIEWER, |call| Box::pin(api::pairs(call)))
        .says("Whether every claim has its outcome.")
        .answers(one::<PairsJson>()),
    get("/audit/notes", VIEWER, |call| Box::pin(api::notes(call)))
        .says("The trail of all invoices, a page at a time; the header Link names the next page.")
        .query(&[AFTER, LIMIT])
        .answers(list::<NoteJson>()),
    get("/audit/files", VIEWER, |call| Box::pin(api::files(call)))
        .says("The trail of company files: cut-overs and take-overs.")
        .query(&[("company_file", "Only this company file."), AFTER, LIMIT])
        .answers(list::<FileNoteJson>()),
    get("/mapping/{company_file}", VIEWER, |call| Box::pin(mapping::list(call)))
        .says("What the codes of a company file are in the ledger.")
        .answers(list::<MappingRowJson>()),
    post("/mapping/{company_file}", OPERATOR, |call| Box::pin(mapping::set(call)))
        .says("Say what one code is in the ledger, or take its row out.")
        .body(one::<mapping::Set>())
        .answers(one::<MappingRowJson>()),
    get("/connections", VIEWER, |call| Box::pin(api::connections(call)))
        .says("By whose consent each company file lets us in.")
        .answers(list::<ConnectionJson>()),
];
