//! The tables that are read and written column by column; the migrations say what they hold.

#![expect(missing_docs, reason = "each item is the table or column of its name")]

diesel::table! {
    postonce_invoice (id) {
        id -> BigInt,
        company_file -> Text,
        side -> Text,
        external_id -> Text,
        number -> Text,
        invoice_date -> Text,
        customer_code -> Text,
        customer_name -> Text,
        customer_email -> Text,
        freight_minor -> BigInt,
        tax_inclusive -> Bool,
        memo -> Text,
        line_count -> BigInt,
        total_minor -> BigInt,
        state -> Text,
        version -> BigInt,
        held -> Bool,
        attempt -> BigInt,
        claim_id -> Nullable<Text>,
        ledger_uid -> Nullable<Text>,
        state_code -> Nullable<Text>,
        state_reason -> Nullable<Text>,
        state_uids -> Nullable<Text>,
        absent_confirmed_at -> Nullable<BigInt>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    postonce_invoice_line (invoice_id, line_number) {
        invoice_id -> BigInt,
        line_number -> BigInt,
        item_code -> Nullable<Text>,
        description -> Text,
        quantity_e4 -> BigInt,
        unit_price_e4 -> BigInt,
        discount_e2 -> BigInt,
        tax_code -> Text,
    }
}

diesel::table! {
    postonce_invoice_note (id) {
        id -> BigInt,
        invoice_id -> BigInt,
        kind -> Text,
        claim_id -> Nullable<Text>,
        actor -> Text,
        text -> Text,
        payload -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    postonce_claim (seq) {
        seq -> BigInt,
        id -> Text,
        invoice_id -> BigInt,
        company_file -> Text,
        attempt -> BigInt,
        number -> Text,
        reference -> Text,
        customer_code -> Text,
        route -> Text,
        payload -> Text,
        epoch -> BigInt,
        run_id -> BigInt,
        claimed_at -> BigInt,
        quiet_until -> BigInt,
        outcome -> Nullable<Text>,
        ledger_uid -> Nullable<Text>,
        in_doubt -> Bool,
        inquiries -> BigInt,
        next_check -> BigInt,
        first_miss_at -> Nullable<BigInt>,
        absent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    postonce_ruled_out (invoice_id, ledger_uid) {
        invoice_id -> BigInt,
        ledger_uid -> Text,
    }
}

diesel::table! {
    postonce_customer_claim (company_file, customer_code) {
        company_file -> Text,
        customer_code -> Text,
        claim_id -> Text,
        claimed_at -> BigInt,
        quiet_until -> BigInt,
        first_miss_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    postonce_sync_run (id) {
        id -> BigInt,
        trigger -> Text,
        actor -> Text,
        host -> Text,
        pid -> BigInt,
        boot_id -> Text,
        lock_owner -> Text,
        connection_id -> Nullable<BigInt>,
        status -> Text,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        claimed -> BigInt,
        posted -> BigInt,
        rejected -> BigInt,
        not_sent -> BigInt,
        in_doubt -> BigInt,
        blocked -> BigInt,
        needs_human -> BigInt,
        adopted -> BigInt,
        done -> BigInt,
        total -> BigInt,
        reason -> Text,
    }
}

diesel::table! {
    postonce_epoch (company_file) {
        company_file -> Text,
        epoch -> BigInt,
    }
}

diesel::table! {
    postonce_company_file (alias) {
        alias -> Text,
        business_id -> Nullable<Text>,
        time_zone -> Nullable<Text>,
        cut_over_through -> Nullable<Text>,
        alarm_quiet_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    postonce_file_note (id) {
        id -> BigInt,
        company_file -> Text,
        kind -> Text,
        actor -> Text,
        text -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    postonce_ledger_token (company_file) {
        company_file -> Text,
        secret -> Text,
        version -> BigInt,
        stored_at -> BigInt,
    }
}

diesel::table! {
    postonce_ledger_access (company_file) {
        company_file -> Text,
        version -> BigInt,
        access -> Nullable<Text>,
        ends_at -> BigInt,
        refresher -> Nullable<Text>,
        refresh_until -> BigInt,
    }
}

diesel::table! {
    postonce_ledger_mapping (company_file, kind, code) {
        company_file -> Text,
        kind -> Text,
        code -> Text,
        ledger_uid -> Nullable<Text>,
        ledger_code -> Text,
        ledger_name -> Text,
        state -> Text,
        reason -> Text,
        version -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
    }
}

diesel::table! {
    postonce_ledger_scan (id) {
        id -> BigInt,
        company_file -> Text,
        unfinished -> Nullable<BigInt>,
        from_date -> Nullable<Text>,
        before_date -> Nullable<Text>,
        at_date -> Nullable<Text>,
        day_read -> Nullable<BigInt>,
        day_count -> Nullable<BigInt>,
        day_tries -> BigInt,
        step -> BigInt,
        unsure -> Text,
        began_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    postonce_ledger_scan_document (scan_id, uid) {
        scan_id -> BigInt,
        uid -> Text,
        number -> Text,
        number_key -> Text,
        reference -> Text,
        reference_key -> Text,
        customer -> Text,
        customer_key -> Text,
        invoice_date -> Text,
        amount_minor -> Nullable<BigInt>,
        total_minor -> Nullable<BigInt>,
        is_foreign -> Bool,
        layout -> Text,
        claim_id -> Nullable<Text>,
    }
}

diesel::table! {
    postonce_ledger_consent (id) {
        id -> BigInt,
        company_file -> Text,
        event -> Text,
        actor -> Text,
        text -> Text,
        business_id -> Nullable<Text>,
        business_name -> Nullable<Text>,
        scopes -> Nullable<Text>,
        base_url -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    postonce_account (name) {
        name -> Text,
        role -> Text,
        password -> Text,
        disabled -> Bool,
        version -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    postonce_account_note (id) {
        id -> BigInt,
        event -> Text,
        name -> Text,
        actor -> Text,
        text -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    postonce_session (session_key) {
        session_key -> Text,
        account -> Text,
        form_key -> Text,
        idle -> BigInt,
        idle_until -> BigInt,
        ends_at -> BigInt,
    }
}

diesel::table! {
    postonce_machine (name) {
        name -> Text,
        side -> Nullable<Text>,
        role -> Text,
        token_key -> Text,
        made_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    postonce_reply (sender, request_key) {
        sender -> Text,
        request_key -> Text,
        digest -> Text,
        asked_at -> BigInt,
        status -> Nullable<BigInt>,
        headers -> Nullable<Text>,
        body -> Nullable<Text>,
    }
}

diesel::table! {
    postonce_sync_lock (only) {
        only -> BigInt,
        kind -> Text,
        scope -> Text,
        name -> Text,
    }
}

diesel::table! {
    postonce_installation (only) {
        only -> BigInt,
        id -> Text,
        server -> Nullable<Text>,
    }
}

diesel::table! {
    postonce_invoice_flag (invoice_id) {
        invoice_id -> BigInt,
        text -> Text,
        raised_at -> BigInt,
    }
}

diesel::table! {
    postonce_notice (id) {
        id -> BigInt,
        way -> Text,
        kind -> Text,
        text -> Text,
        raised_at -> BigInt,
        tries -> BigInt,
        due_at -> Nullable<BigInt>,
        delivered_at -> Nullable<BigInt>,
        trouble -> Text,
    }
}

diesel::table! {
    postonce_notice_told (about) {
        about -> Text,
        told_at -> BigInt,
    }
}

diesel::table! {
    postonce_cron_fire (schedule, planned_at) {
        schedule -> Text,
        planned_at -> BigInt,
        timetable -> Text,
        taker -> Text,
        takes -> BigInt,
        taken_at -> BigInt,
        lease_until -> BigInt,
        status -> Text,
        run_id -> Nullable<BigInt>,
        reason -> Text,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    postonce_invoice,
    postonce_claim,
    postonce_invoice_note,
    postonce_invoice_flag,
);
