//! Tests over HTTP, and the bed they lie on.

mod answers;
mod bystanders;
mod control_state;
mod document;
mod durability;
mod fault_actions;
mod fault_answers;
mod fault_matching;
mod invoices;
mod lists;
mod oauth;
mod records;
mod request_view;
mod switches;
mod switches_of_access;

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Options, Sandbox, ServeError};

const FILE: &str = "acme";

/// After this a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running sandbox with a client that has a token.
struct Bed {
    url: String,
    client: Client,
    token: String,
    folder: TempDir,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), ServeError>>,
}

fn options(state: PathBuf) -> Options {
    let listen = "127.0.0.1:0".parse().unwrap();
    Options { listen, state, rate_per_second: 0, latency: Duration::ZERO }
}

impl Bed {
    async fn new() -> Self {
        Self::with_rate(0).await
    }

    async fn with_rate(rate_per_second: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let options = Options { rate_per_second, ..options(folder.path().join("state")) };
        Self::start(folder, options).await
    }

    async fn start(folder: TempDir, options: Options) -> Self {
        let sandbox = Sandbox::bind(options).await.unwrap();
        let url = sandbox.url();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(sandbox.serve(async { drop(stopped.await) }));
        drop(rustls::crypto::ring::default_provider().install_default());
        let redirect = reqwest::redirect::Policy::none();
        let client = Client::builder().no_proxy().redirect(redirect).timeout(PATIENCE);
        let client = client.build().unwrap();
        let mut bed = Self { url, client, token: String::new(), folder, stop, server };
        // None if the consent was revoked.
        let tokens = bed.refresh("sandbox").await;
        bed.token = tokens["access_token"].as_str().unwrap_or_default().to_owned();
        bed
    }

    /// Ends the server and starts another on the same folder.
    async fn restarted(self) -> Self {
        let token = self.token.clone();
        let folder = self.ended().await;
        let options = options(folder.path().join("state"));
        let mut bed = Self::start(folder, options).await;
        bed.token = token;
        bed
    }

    async fn ended(self) -> TempDir {
        self.stop.send(()).unwrap();
        self.server.await.unwrap().unwrap();
        self.folder
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("state/sandbox.ndjson")
    }

    async fn refresh(&self, token: &str) -> Json {
        let form = [
            ("client_id", "sandbox"),
            ("client_secret", "sandbox"),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ];
        let url = format!("{}/oauth2/v1/authorize", self.url);
        self.client.post(url).form(&form).send().await.unwrap().json().await.unwrap()
    }

    /// A request to the API with all that it takes to pass.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/accountright/{FILE}{path}", self.url);
        let request = self.client.request(method, url).bearer_auth(&self.token);
        request.header("x-myobapi-key", "sandbox").header("x-myobapi-version", "v2")
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn get_json(&self, path: &str) -> Json {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Json) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// Posts and gives the record back.
    async fn created(&self, path: &str, body: &Json) -> Json {
        let response = self.post(&format!("{path}?returnBody=true"), body).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, 201, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Posts and gives the status and the first error.
    async fn refused(&self, path: &str, body: &Json) -> (u16, Json) {
        let response = self.post(path, body).await;
        let status = response.status().as_u16();
        let body: Json = response.json().await.unwrap();
        (status, body["Errors"][0].clone())
    }

    /// A search by `$filter`: the numbers found.
    async fn numbers(&self, path: &str, filter: &str) -> Vec<String> {
        let request = self.request(Method::GET, path).query(&[("$filter", filter)]);
        let response = request.send().await.unwrap();
        let status = response.status();
        let body: Json = response.json().await.unwrap();
        assert_eq!(status, 200, "{body}");
        let items = body["Items"].as_array().unwrap();
        items.iter().map(|item| item["Number"].as_str().unwrap().to_owned()).collect()
    }

    async fn control(&self, method: Method, path: &str, body: Option<Json>) -> (u16, Json) {
        let request = self.client.request(method, format!("{}/sandbox/{path}", self.url));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }

    async fn ledger(&self) -> Json {
        self.control(Method::GET, "ledger", None).await.1
    }

    /// The numbers in the books.
    async fn booked(&self) -> Vec<String> {
        let ledger = self.ledger().await;
        let invoices = ledger["invoices"].as_array().unwrap();
        invoices.iter().map(|entry| entry["number"].as_str().unwrap().to_owned()).collect()
    }

    async fn requests(&self) -> Vec<Json> {
        let (_, requests) = self.control(Method::GET, "requests", None).await;
        requests.as_array().unwrap().clone()
    }

    async fn fault(&self, fault: Json) {
        let (status, answer) = self.control(Method::POST, "faults", Some(json!([fault]))).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn switch(&self, switches: Json) {
        let (status, answer) = self.control(Method::PUT, "switches", Some(switches)).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn advance(&self, by_ms: u64) {
        let advance = json!({ "advance_ms": by_ms });
        assert_eq!(self.control(Method::POST, "clock", Some(advance)).await.0, 200);
    }

    async fn uid(&self, path: &str, filter: &str) -> String {
        let request = self.request(Method::GET, path).query(&[("$filter", filter)]);
        let body: Json = request.send().await.unwrap().json().await.unwrap();
        body["Items"][0]["UID"].as_str().unwrap_or_else(|| panic!("{filter}: {body}")).to_owned()
    }

    async fn customer(&self) -> String {
        let body = json!({ "CompanyName": "Wayne Ltd", "DisplayID": "CUS1" });
        let created = self.created("/Contact/Customer", &body).await;
        created["UID"].as_str().unwrap().to_owned()
    }

    /// A Service invoice over 100.00 plus 10 % that can be posted.
    async fn invoice(&self, number: &str) -> Json {
        let account = self.uid("/GeneralLedger/Account", "DisplayID eq '4-1000'").await;
        let gst = self.uid("/GeneralLedger/TaxCode", "Code eq 'GST'").await;
        json!({
            "Number": number,
            "Date": "2024-05-01T13:14:15",
            "Customer": { "UID": self.customer().await },
            "CustomerPurchaseOrderNumber": format!("ref-{number}"),
            "JournalMemo": "a memo",
            "IsTaxInclusive": false,
            "Lines": [{
                "Type": "Transaction",
                "Description": "Work",
                "Account": { "UID": account },
                "TaxCode": { "UID": gst },
                "UnitCount": 4,
                "UnitPrice": 25.0,
            }],
        })
    }

    /// Sends a POST of `body` by hand and gives every byte of the answer until the server closes
    /// the connection.
    async fn raw_post(&self, path: &str, body: &Json) -> Vec<u8> {
        self.raw_posted(path, body).await.unwrap()
    }

    async fn raw_posted(&self, path: &str, body: &Json) -> std::io::Result<Vec<u8>> {
        let address = self.url.strip_prefix("http://").unwrap();
        let body = body.to_string();
        let request = format!(
            "POST /accountright/{FILE}{path} HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Bearer {}\r\nx-myobapi-key: sandbox\r\nx-myobapi-version: v2\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len(),
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        read.unwrap().map(|_| answer)
    }
}
