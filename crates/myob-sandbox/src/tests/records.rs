//! Company files, customers, accounts, tax codes and items.

use reqwest::Method;
use serde_json::json;

use super::Bed;

#[tokio::test]
async fn a_company_file_is_there_from_its_first_mention() {
    let bed = Bed::new().await;
    let file = bed.get_json("").await;
    assert_eq!(file["CompanyFile"]["Id"], "acme");
    assert!(file["Resources"].as_array().unwrap().len() > 5);
    let codes = bed.get_json("/GeneralLedger/TaxCode").await;
    let code = |at: usize| (codes["Items"][at]["Code"].clone(), codes["Items"][at]["Rate"].clone());
    assert_eq!(code(0), (json!("GST"), json!(10)));
    assert_eq!(code(1), (json!("FRE"), json!(0)));
    assert_eq!(code(2), (json!("N-T"), json!(0)));
    let accounts = bed.get_json("/GeneralLedger/Account").await;
    assert_eq!(accounts["Count"], 1);
    assert_eq!(accounts["Items"][0]["DisplayID"], "4-1000");
    assert_eq!(accounts["Items"][0]["Type"], "Income");
}

#[tokio::test]
async fn company_files_are_a_bare_array() {
    let bed = Bed::new().await;
    bed.get_json("").await;
    let headers = bed.request(Method::GET, "").build().unwrap().headers().clone();
    let url = format!("{}/accountright/", bed.url);
    let response = bed.client.get(url).headers(headers).send().await.unwrap();
    let files: serde_json::Value = response.json().await.unwrap();
    assert_eq!(files[0]["Uri"], format!("{}/accountright/acme", bed.url));
}

#[tokio::test]
async fn customers_are_created_found_changed_and_deleted() {
    let bed = Bed::new().await;
    let path = "/Contact/Customer";
    let body = json!({
        "UID": "00000000-0000-0000-0000-000000000000", "RowVersion": null,
        "CompanyName": "O'Neil & Sons", "DisplayID": "C-7", "Unknown": 1,
        "SellingDetails": { "SaleLayout": "Service" },
    });
    let response = bed.post(path, &body).await;
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(response.text().await.unwrap(), "");
    let uid = bed.uid(path, "CompanyName eq 'O''Neil & Sons'").await;
    assert_eq!(uid, bed.uid(path, "DisplayID eq 'C-7'").await);
    assert_eq!(uid, bed.uid(path, "SellingDetails/SaleLayout eq 'Service'").await);
    assert!(location.ends_with(&uid));
    let one = format!("{path}/{uid}");
    let mut customer = bed.get_json(&one).await;
    assert_eq!(customer.get("Unknown"), None);
    assert_eq!(customer["IsActive"], true);
    let put = |body: serde_json::Value| bed.request(Method::PUT, &one).json(&body).send();
    assert_eq!(put(body.clone()).await.unwrap().status(), 409);
    customer["CompanyName"] = json!("Neil");
    assert_eq!(put(customer.clone()).await.unwrap().status(), 200);
    assert_eq!(put(customer).await.unwrap().status(), 409);
    assert_eq!(bed.get_json(&one).await["CompanyName"], "Neil");
    let delete = || bed.request(Method::DELETE, &one).send();
    assert_eq!(delete().await.unwrap().status(), 200);
    assert_eq!(delete().await.unwrap().status(), 404);
    assert_eq!(bed.get(&one).await.status(), 404);
    assert_eq!(bed.get(&format!("{path}/nonsense")).await.status(), 404);
}

#[tokio::test]
async fn a_repeated_customer_is_another_customer() {
    let bed = Bed::new().await;
    assert_ne!(bed.customer().await, bed.customer().await);
}

#[tokio::test]
async fn records_that_lack_something_are_refused() {
    let bed = Bed::new().await;
    let uid = "11111111-1111-1111-1111-111111111111";
    for (path, body, status, code) in [
        ("/Contact/Customer", json!({}), 400, 100),
        ("/Contact/Customer", json!({ "IsIndividual": true, "CompanyName": "x" }), 400, 100),
        ("/Contact/Customer", json!({ "CompanyName": "x", "UID": uid }), 409, 111),
        ("/Contact/Customer", json!([]), 400, 50),
        ("/Inventory/Item", json!({ "Name": "Nut" }), 400, 100),
        ("/GeneralLedger/TaxCode", json!({ "Code": "LONG", "Rate": 1 }), 400, 1000),
        ("/GeneralLedger/TaxCode", json!({ "Code": "X", "Rate": "a" }), 400, 50),
        ("/GeneralLedger/Account", json!({ "Name": "Fees", "Number": 1 }), 400, 100),
    ] {
        let (got, error) = bed.refused(path, &body).await;
        assert_eq!((got, &error["ErrorCode"]), (status, &json!(code)), "{path} {body}: {error}");
    }
}

#[tokio::test]
async fn an_account_gets_its_display_id_from_its_class_and_number() {
    let bed = Bed::new().await;
    let body = json!({ "Name": "Fees", "Classification": "OtherIncome", "Number": 120 });
    assert_eq!(bed.created("/GeneralLedger/Account", &body).await["DisplayID"], "8-0120");
}

#[tokio::test]
async fn a_new_tax_code_is_used_exactly() {
    let bed = Bed::new().await;
    let code = json!({ "Code": "NZ", "Rate": 12.55, "Type": "GST_VAT" });
    let code = bed.created("/GeneralLedger/TaxCode", &code).await;
    let mut invoice = bed.invoice("A-1").await;
    invoice["Lines"][0]["TaxCode"]["UID"] = code["UID"].clone();
    let posted = bed.created("/Sale/Invoice/Service", &invoice).await;
    assert_eq!(posted["TotalAmount"], json!(112.55));
}
