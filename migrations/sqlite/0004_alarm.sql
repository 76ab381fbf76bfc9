-- Where the database is, and the alarms that stand.

-- The identity of the file when it was first used, or last taken over.
ALTER TABLE postonce_installation ADD COLUMN server TEXT;

-- While an alarm stands, every invoice of the company file is looked up before its first claim, and
-- nothing is claimed before this time.
ALTER TABLE postonce_company_file ADD COLUMN alarm_quiet_until INTEGER;

-- The oldest invoices that were never claimed, which a run looks up first.
CREATE INDEX postonce_invoice_never_claimed ON postonce_invoice (company_file, id)
    WHERE state = 'ready' AND held = 0 AND attempt = 0;
