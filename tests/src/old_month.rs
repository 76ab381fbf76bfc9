//! A month that another integration has posted, some of it twice: straight to the ledger's API, as a
//! client that keeps no record.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::harness::Sandbox;

/// The company file.
pub const FILE: &str = "books";

/// A client of the sandbox's API.
#[derive(Debug)]
pub struct Client {
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
    base: String,
    token: String,
}

/// An invoice as the old integration sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Old {
    /// Its number.
    pub number: String,
    /// Its reference; none if empty.
    pub reference: String,
    /// Its customer's code.
    pub customer: String,
    /// Its date, such as `2026-03-01`.
    pub date: String,
    /// What it comes to in whole units, tax included.
    pub amount: u32,
}

/// What the old integration has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldMonth {
    /// All that it has posted, in order.
    pub posted: Vec<Old>,
    /// The numbers of what is there twice, by number, reference and sale.
    pub twice: Vec<String>,
}

impl Client {
    /// Asks for a token.
    pub fn new(sandbox: &Sandbox) -> Result<Self> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let form = "grant_type=refresh_token&client_id=sandbox&client_secret=sandbox\
                    &refresh_token=sandbox";
        let asked = http
            .post(format!("{}/oauth2/v1/authorize", sandbox.url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let text = runtime.block_on(async { asked.send().await?.text().await })?;
        let answer: Value = serde_json::from_str(&text)?;
        let token = answer["access_token"].as_str().context(text)?.to_owned();
        let base = format!("{}/accountright/{FILE}", sandbox.url());
        Ok(Self { runtime, http, base, token })
    }

    fn call(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self
            .http
            .request(method, format!("{}/{path}", self.base))
            .bearer_auth(&self.token)
            .header("x-myobapi-key", "sandbox")
            .header("x-myobapi-version", "v2");
        if let Some(body) = body {
            request = request.json(body);
        }
        self.runtime.block_on(async {
            let answer = request.send().await?;
            let status = answer.status();
            let text = answer.text().await?;
            ensure!(status.is_success(), "{path}: {status}: {text}");
            if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
        })
    }

    /// The first record of a list.
    fn first(&self, path: &str) -> Result<Option<String>> {
        let found = self.call(reqwest::Method::GET, path, None)?;
        Ok(found["Items"][0]["UID"].as_str().map(str::to_owned))
    }

    fn customer(&self, code: &str) -> Result<String> {
        let path = format!("Contact/Customer?$filter=DisplayID%20eq%20'{code}'");
        if let Some(uid) = self.first(&path)? {
            return Ok(uid);
        }
        let body = json!({"CompanyName": code, "DisplayID": code, "IsIndividual": false});
        self.call(reqwest::Method::POST, "Contact/Customer", Some(&body))?;
        self.first(&path)?.with_context(|| format!("the customer {code} was made"))
    }

    /// Posts an invoice, whatever is there already. Its UID.
    pub fn post(&self, old: &Old) -> Result<String> {
        let customer = self.customer(&old.customer)?;
        let tax = self.first("GeneralLedger/TaxCode?$filter=Code%20eq%20'GST'")?;
        let account = self.first("GeneralLedger/Account?$filter=DisplayID%20eq%20'4-1000'")?;
        let body = json!({
            "Number": old.number,
            "Date": format!("{}T00:00:00", old.date),
            "CustomerPurchaseOrderNumber": (!old.reference.is_empty()).then_some(&old.reference),
            "Customer": {"UID": customer},
            "IsTaxInclusive": true,
            "Lines": [{
                "Type": "Transaction",
                "Description": "old",
                "UnitCount": 1,
                "UnitPrice": old.amount,
                "Total": old.amount,
                "TaxCode": {"UID": tax},
                "Account": {"UID": account},
            }],
        });
        let path = "Sale/Invoice/Service?returnBody=true";
        let made = self.call(reqwest::Method::POST, path, Some(&body))?;
        made["UID"].as_str().map(str::to_owned).with_context(|| made.to_string())
    }

    /// Changes an invoice as a person does in MYOB.
    pub fn change(&self, uid: &str, change: impl FnOnce(&mut Value)) -> Result<()> {
        let path = format!("Sale/Invoice/Service/{uid}");
        let mut record = self.call(reqwest::Method::GET, &path, None)?;
        change(&mut record);
        self.call(reqwest::Method::PUT, &path, Some(&record)).map(drop)
    }

    /// Takes an invoice out of the books.
    pub fn delete(&self, uid: &str) -> Result<()> {
        let path = format!("Sale/Invoice/Service/{uid}");
        self.call(reqwest::Method::DELETE, &path, None).map(drop)
    }
}

/// The `n`th invoice of a month: `sample(prefix, count)` of the harness, as the old integration
/// sends it.
pub fn old(prefix: &str, n: u32, date: &str) -> Old {
    Old {
        number: format!("{prefix}-{n}"),
        reference: format!("{prefix} order {n}"),
        customer: format!("CUS{}", n % 7),
        date: date.to_owned(),
        amount: 6,
    }
}

/// Posts `count` invoices in a month, one every day in turn, and every fifth of them twice.
pub fn post_month(client: &Client, prefix: &str, count: u32, month: &str) -> Result<OldMonth> {
    let mut left = OldMonth { posted: Vec::new(), twice: Vec::new() };
    for n in 1..=count {
        let mut one = old(prefix, n, &format!("{month}-{:02}", n.rem_euclid(28) + 1));
        // No two of one customer and day come to the same.
        one.amount = 100 + n;
        client.post(&one)?;
        if n.is_multiple_of(5) {
            client.post(&one)?;
            left.posted.push(one.clone());
            left.twice.push(one.number.clone());
        }
        left.posted.push(one);
    }
    Ok(left)
}
