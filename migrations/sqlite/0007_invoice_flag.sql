-- What a person should look at on an invoice; at most one for each.
CREATE TABLE postonce_invoice_flag (
    invoice_id INTEGER PRIMARY KEY REFERENCES postonce_invoice (id),
    text TEXT NOT NULL,
    raised_at INTEGER NOT NULL
) STRICT;
