//! What the schema itself refuses and derives.

use postonce_domain::Move;
use postonce_domain::{BlockCode, BlockReason, Guard, NoteKind, StateName};
use postonce_ports::store::{Change, InvoiceStore, Note};

use super::{Scene, doubt, posted_as};

#[tokio::test]
async fn the_audit_trail_is_append_only() {
    let scene = Scene::new();
    scene.settled(1, &posted_as("u")).await;
    for sql in [
        "UPDATE postonce_invoice_note SET text = 'nothing happened'",
        "DELETE FROM postonce_invoice_note",
        "DELETE FROM postonce_invoice",
        "INSERT OR REPLACE INTO postonce_invoice_note \
         (id, invoice_id, kind, actor, text, created_at) VALUES (1, 99, 'event', 'x', 'x', 0)",
    ] {
        assert!(scene.execute(sql).is_err(), "{sql}");
    }
    assert_eq!(scene.number("SELECT count(*) FROM postonce_invoice_note"), 2);
}

#[tokio::test]
async fn the_trail_of_company_files_is_append_only() {
    let scene = Scene::new();
    let line = "INSERT INTO postonce_file_note (id, company_file, kind, actor, text, created_at) \
                VALUES (1, 'shop', 'cut_over', 'sam', 'settled', 0)";
    scene.execute(line).unwrap();
    for sql in [
        "UPDATE postonce_file_note SET text = 'nothing happened'",
        "DELETE FROM postonce_file_note",
        "INSERT OR REPLACE INTO postonce_file_note \
         (id, company_file, kind, actor, text, created_at) VALUES (1, 'x', 'cut_over', 'x', 'x', 0)",
    ] {
        assert!(scene.execute(sql).is_err(), "{sql}");
    }
    assert_eq!(scene.number("SELECT count(*) FROM postonce_file_note"), 1);
}

#[tokio::test]
async fn the_lines_about_connections_are_append_only() {
    let scene = Scene::new();
    let line = "INSERT INTO postonce_ledger_consent \
                (id, company_file, event, actor, text, created_at) \
                VALUES (1, 'shop', 'revoked', 'sam', 'left us', 0)";
    scene.execute(line).unwrap();
    for sql in [
        "UPDATE postonce_ledger_consent SET text = 'nothing happened'",
        "DELETE FROM postonce_ledger_consent",
        "INSERT OR REPLACE INTO postonce_ledger_consent \
         (id, company_file, event, actor, text, created_at) VALUES (1, 'x', 'revoked', 'x', 'x', 0)",
    ] {
        assert!(scene.execute(sql).is_err(), "{sql}");
    }
    assert_eq!(scene.number("SELECT count(*) FROM postonce_ledger_consent"), 1);
}

#[tokio::test]
async fn the_trail_of_accounts_is_append_only() {
    let scene = Scene::new();
    let line = "INSERT INTO postonce_account_note (id, event, name, actor, text, created_at) \
                VALUES (1, 'account_added', 'kim', 'sam', 'role admin', 0)";
    scene.execute(line).unwrap();
    for sql in [
        "UPDATE postonce_account_note SET text = 'role viewer'",
        "DELETE FROM postonce_account_note",
        "INSERT OR REPLACE INTO postonce_account_note \
         (id, event, name, actor, text, created_at) VALUES (1, 'signed_in', 'x', 'x', 'x', 0)",
    ] {
        assert!(scene.execute(sql).is_err(), "{sql}");
    }
    assert_eq!(scene.number("SELECT count(*) FROM postonce_account_note"), 1);
}

#[tokio::test]
async fn is_processed_is_derived_from_the_state() {
    let scene = Scene::new();
    let processed = |id: postonce_domain::InvoiceId| {
        scene.number(&format!("SELECT is_processed FROM postonce_invoice WHERE id = {id}"))
    };
    let ready = scene.ready(1).await;
    assert_eq!(processed(ready), 0);
    let guard = Guard::Version(postonce_domain::Version(1));
    let wanted = Move::Block(BlockReason::new(BlockCode::ItemMissing, "no"));
    let text = String::new();
    let note = Note { kind: NoteKind::Event, claim: None, actor: "postonce".to_owned(), text };
    scene.store.apply(Change { invoice: ready, guard, wanted, note }).await.map(drop).unwrap();
    assert_eq!(scene.state(ready).await, StateName::Blocked);
    assert_eq!(processed(ready), 0);
    for id in [
        scene.claimed(2).await.0,
        scene.settled(3, &doubt()).await.0,
        scene.settled(4, &posted_as("u")).await.0,
    ] {
        assert_eq!(processed(id), 1);
    }
    assert!(scene.execute("UPDATE postonce_invoice SET is_processed = 0").is_err());
}

#[tokio::test]
async fn a_state_cannot_be_written_without_what_belongs_to_it() {
    let scene = Scene::new();
    scene.ready(1).await;
    for set in [
        "state = 'posted'",
        "state = 'claimed'",
        "state = 'in_doubt'",
        "state = 'blocked'",
        "state = 'sent'",
        "ledger_uid = 'u'",
        "state_reason = 'why'",
        "absent_confirmed_at = 1",
        "version = 0",
        "claim_id = '00000000-0000-0000-0000-000000000001', state = 'claimed', attempt = 1",
    ] {
        let sql = format!("UPDATE postonce_invoice SET {set}");
        assert!(scene.execute(&sql).is_err(), "{set}");
    }
}

#[tokio::test]
async fn two_invoices_cannot_have_one_document_or_one_number() {
    let scene = Scene::new();
    scene.settled(1, &posted_as("u")).await;
    scene.settled(2, &posted_as("v")).await;
    for set in ["ledger_uid = 'u'", "number = 'inv-1'", "external_id = 'order 1'"] {
        let sql = format!("UPDATE postonce_invoice SET {set} WHERE number = 'INV-2'");
        assert!(scene.execute(&sql).is_err(), "{set}");
    }
}
