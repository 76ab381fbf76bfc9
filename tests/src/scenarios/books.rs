//! A ledger that does as it is told, and remembers what it was asked.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{
    BlockCode, BlockReason, ClaimToken, CompanyFile, Computed, Invoice, LedgerDocument, LedgerUid,
    Marker, Money, NotSentCause, Outcome, PreparedRequest, SearchKey,
};
use postonce_ports::clock::Clock as _;
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};

use super::ports::ManualClock;

/// What it does with a request to post; `Posted` unless told otherwise.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Posted,
    /// It answers with the id of the first document.
    PostedBefore,
    /// It answers with amounts of its own.
    PostedWith(Computed),
    Rejected,
    /// It books the document, and the answer is lost.
    BooksAndLoses,
    /// The request is lost.
    Loses,
    NotSent(NotSentCause),
    Panics,
}

/// What happens while a request is prepared; nothing unless told otherwise.
#[derive(Clone, Debug)]
pub(super) enum Preparing {
    Works,
    Takes(Duration),
    NotAuthorised,
}

/// Which searches find anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Searches {
    #[default]
    Work,
    OnlyByNumber,
    OnlyByReference,
    Broken,
    Unanswered,
}

/// What it has, what it will do, what it was asked.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) documents: Vec<LedgerDocument>,
    /// Documents that a search does not show.
    pub(super) hidden: BTreeSet<LedgerUid>,
    pub(super) searches: Searches,
    /// So many searches are not answered, and then they are.
    pub(super) unanswered: u32,
    /// Numbers that no search is answered for.
    pub(super) unsearchable: BTreeSet<String>,
    /// A search for this number meets a bug.
    pub(super) poison: Option<String>,
    pub(super) answers: VecDeque<Answer>,
    /// What it answers once `answers` is used up.
    pub(super) always: Option<Answer>,
    pub(super) preparing: VecDeque<Preparing>,
    /// Customers that it does not know.
    pub(super) unknown: BTreeSet<String>,
    /// Company files that do not answer.
    pub(super) unreachable: BTreeSet<CompanyFile>,
    /// How many requests it was asked to prepare.
    pub(super) prepared: usize,
    /// The numbers of the requests that reached the wire, and when.
    pub(super) posts: Vec<(String, Duration)>,
    /// The searches, as `number N` and `reference R`.
    pub(super) asked: Vec<String>,
    uids: u32,
}

/// A handle to it.
#[derive(Clone)]
pub(super) struct Bookkeeper {
    books: Arc<Mutex<Books>>,
    clock: ManualClock,
}

impl Bookkeeper {
    pub(super) fn new(clock: ManualClock) -> Self {
        Self { books: Arc::default(), clock }
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unavailable<T>(words: &str) -> Result<T, LedgerError> {
        Err(LedgerError::Unavailable { message: words.to_owned(), source: None })
    }
}

impl Books {
    /// Books the document of a request.
    fn book(&mut self, request: &PreparedRequest) -> LedgerUid {
        self.add(request.number.as_str(), request.reference.as_str(), &request.marker.to_string())
    }

    /// A document that comes from wherever.
    pub(super) fn add(&mut self, number: &str, reference: &str, memo: &str) -> LedgerUid {
        self.uids += 1;
        let uid = LedgerUid::parse(&format!("doc-{}", self.uids)).unwrap();
        self.documents.push(LedgerDocument {
            uid: uid.clone(),
            number: number.to_owned(),
            reference: reference.to_owned(),
            memo: memo.to_owned(),
            customer: "CUS1".to_owned(),
            customer_uid: None,
            total: Money::from_minor(100),
            tax_inclusive: Some(true),
        });
        uid
    }

    /// Somebody deletes a document.
    pub(super) fn delete(&mut self, uid: &LedgerUid) {
        self.documents.retain(|document| document.uid != *uid);
    }

    /// The documents booked so far are in no search from now on.
    pub(super) fn hide_all(&mut self) {
        self.hidden = self.documents.iter().map(|document| document.uid.clone()).collect();
    }

    /// How often a request with this number reached the wire.
    pub(super) fn posts_of(&self, number: &str) -> usize {
        self.posts.iter().filter(|(posted, _)| posted == number).count()
    }

    /// The numbers that reached the wire, in order.
    pub(super) fn posted_numbers(&self) -> Vec<&str> {
        self.posts.iter().map(|(number, _)| number.as_str()).collect()
    }

    /// The numbers that more than one document has.
    pub(super) fn duplicates(&self) -> Vec<&str> {
        let numbers = || self.documents.iter().map(|document| document.number.as_str());
        numbers().filter(|number| numbers().filter(|other| other == number).count() > 1).collect()
    }

    /// The numbers that it was asked for, in order.
    pub(super) fn asked_numbers(&self) -> Vec<&str> {
        self.asked.iter().filter_map(|asked| asked.strip_prefix("number ")).collect()
    }

    /// How often it was asked for `what`.
    pub(super) fn asked_for(&self, what: &str) -> usize {
        self.asked.iter().filter(|asked| *asked == what).count()
    }

    fn obstacle(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        let code = invoice.parts().customer.code.as_str();
        if self.unknown.contains(code) {
            let text = format!("there is no customer {code}");
            return Err(PrepareError::Blocked(BlockReason::new(BlockCode::CustomerMissing, text)));
        }
        Ok(())
    }

    fn find(&self, key: &SearchKey) -> Vec<LedgerDocument> {
        let blind = match key {
            SearchKey::Number(_) => Searches::OnlyByReference,
            SearchKey::Reference(_) => Searches::OnlyByNumber,
        };
        if self.searches == blind || self.searches == Searches::Broken {
            return Vec::new();
        }
        let seen = self.documents.iter().filter(|document| !self.hidden.contains(&document.uid));
        seen.filter(|document| match key {
            SearchKey::Number(number) => number.matches(&document.number),
            SearchKey::Reference(reference) => reference.as_str() == document.reference,
        })
        .cloned()
        .collect()
    }
}

#[async_trait]
impl Ledger for Bookkeeper {
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        let mut books = self.books();
        books.prepared += 1;
        match books.preparing.pop_front().unwrap_or(Preparing::Works) {
            Preparing::Works => {}
            Preparing::Takes(time) => self.clock.pass(time),
            Preparing::NotAuthorised => {
                let message = "connect again".to_owned();
                return Err(LedgerError::NotAuthorised { message }.into());
            }
        }
        books.obstacle(invoice)?;
        let parts = invoice.parts();
        Ok(PreparedRequest {
            company_file: parts.company_file.clone(),
            marker,
            number: parts.number.clone(),
            reference: parts.external_id.clone(),
            customer: parts.customer.code.clone(),
            route: "books".to_owned(),
            payload: parts.number.to_string(),
        })
    }

    async fn check(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        self.books().obstacle(invoice)
    }

    async fn post(&self, token: ClaimToken) -> Receipt {
        // Another actor may come in here.
        tokio::task::yield_now().await;
        let request = token.request();
        if token.not_after().has_passed(self.clock.boot(), self.clock.wall()) {
            let reason = "the claim took too long".to_owned();
            return Outcome::NotSent { cause: NotSentCause::Expired, reason }.into();
        }
        let mut books = self.books();
        books.posts.push((request.number.to_string(), self.clock.boot()));
        let always = books.always.clone().unwrap_or(Answer::Posted);
        let answer = books.answers.pop_front().unwrap_or(always);
        let outcome = match answer {
            Answer::PostedWith(computed) => {
                let outcome = Outcome::Posted { uid: books.book(request) };
                return Receipt { outcome, computed: Some(computed) };
            }
            Answer::Posted => Outcome::Posted { uid: books.book(request) },
            Answer::PostedBefore => Outcome::Posted { uid: books.documents[0].uid.clone() },
            Answer::Rejected => {
                Outcome::Rejected { code: Some("4033".to_owned()), reason: "no".to_owned() }
            }
            Answer::BooksAndLoses => {
                books.book(request);
                Outcome::InDoubt { reason: "no answer".to_owned() }
            }
            Answer::Loses => Outcome::InDoubt { reason: "no answer".to_owned() },
            Answer::NotSent(cause) => Outcome::NotSent { cause, reason: "not now".to_owned() },
            Answer::Panics => panic!("a bug in the ledger's adapter"),
        };
        outcome.into()
    }

    async fn search(
        &self,
        _file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let mut books = self.books();
        books.asked.push(match key {
            SearchKey::Number(number) => format!("number {number}"),
            SearchKey::Reference(reference) => format!("reference {reference}"),
        });
        let number = match key {
            SearchKey::Number(number) => number.as_str(),
            SearchKey::Reference(_) => "",
        };
        assert!(books.poison.as_deref() != Some(number), "a bug in the ledger's adapter");
        if books.unsearchable.contains(number)
            || books.unanswered > 0
            || books.searches == Searches::Unanswered
        {
            books.unanswered = books.unanswered.saturating_sub(1);
            return Self::unavailable("no answer to a search");
        }
        Ok(books.find(key))
    }

    async fn document(
        &self,
        _file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        Ok(self.books().documents.iter().find(|document| document.uid == *uid).cloned())
    }

    async fn reach(&self, file: &CompanyFile) -> Result<(), LedgerError> {
        if self.books().unreachable.contains(file) {
            return Self::unavailable("the company file does not answer");
        }
        Ok(())
    }
}
