//! What every store promises.
//!
//! The modules are areas, their functions promises. A store passes the `engine` part if the engine
//! is to run on it; the other parts are for those who have that port.

#![expect(missing_docs, reason = "a promise is called by its sentence")]

pub mod access;
pub mod account;
pub mod apply;
pub mod claim;
pub mod connection;
pub mod creation;
pub mod cron;
pub mod doubt;
pub mod file_note;
pub mod flag;
pub mod history;
pub mod intake;
pub mod machine;
pub mod mapping;
pub mod misses;
pub mod notice;
pub mod page;
pub mod posted_intake;
pub mod reader;
pub mod registry;
pub mod reply;
pub mod scan;
pub mod session;
pub mod settle;
pub mod sweep;
pub mod token;

/// One test for each promise of a store.
///
/// ```ignore
/// postonce_race_kit::store_contract! {
///     whole: crate::WholeStore;
///     lean: crate::LeanStore, [engine, token];
/// }
/// ```
///
/// Each line makes a module of that name with the tests of all parts, or of the parts that are
/// listed. A path begins with `crate::` or `super::`, since it is read inside of that module.
///
/// | part | ports that the adapter must have | fixture |
/// |---|---|---|
/// | `engine` | those of an [`EngineStore`] | [`StoreFixture`] |
/// | `intake` | those, `Intake` and `InvoiceReader` | [`StoreFixture`] |
/// | `posted_intake` | those of `intake`, and `PostedIntake` | [`StoreFixture`] |
/// | `reader` | those of `engine`, and `InvoiceReader` | [`StoreFixture`] |
/// | `token` | `TokenStore` | [`Fixture`] |
/// | `access` | `AccessStore` and `TokenStore` | [`Fixture`] |
/// | `connection` | `Connections`, `TokenStore`, `AccessStore` and `Registry` | [`Fixture`] |
/// | `creation` | `CreationClaims` | [`Fixture`] |
/// | `cron` | `CronFires` | [`Fixture`] |
/// | `file_note` | `FileNotes` and `Registry` | [`Fixture`] |
/// | `flag` | those of `engine`, and `Flags` | [`StoreFixture`] |
/// | `notice` | `Notices` | [`Fixture`] |
/// | `mapping` | those of `engine`, and `MappingStore` | [`StoreFixture`] |
/// | `account` | `Accounts`, `Sessions` and `Machines` | [`Fixture`] |
/// | `reply` | `Replies` | [`Fixture`] |
/// | `scan` | those of `engine`, and `ScanStore` | [`StoreFixture`] |
///
/// [`EngineStore`]: crate::contract::EngineStore
/// [`Fixture`]: crate::contract::Fixture
/// [`StoreFixture`]: crate::contract::StoreFixture
#[macro_export]
macro_rules! store_contract {
    ($($store:ident: $fixture:path $(, [$($part:ident),+ $(,)?])?;)+) => { $(
        mod $store { $crate::store_contract! { @parts $fixture $(; $($part)+)? } }
    )+ };
    (@parts $fixture:path) => {
        $crate::store_contract! {
            @parts $fixture;
            engine intake posted_intake reader token access connection creation cron file_note
            flag mapping scan notice account reply
        }
    };
    (@parts $fixture:path; $($part:ident)+) => { $(
        $crate::store_contract! { @$part $fixture }
    )+ };
    (@engine $fixture:path) => { $crate::promises! { $fixture; store;
        page of "InvoiceStore": [
            the_installation_stays_the_same,
            a_page_is_a_window_by_rising_id,
            blocked_invoices_are_on_a_page_only_if_wanted,
            a_held_invoice_is_on_no_page,
            what_was_claimed_before_is_not_never_claimed,
            a_page_is_of_one_company_file,
            company_files_with_open_invoices_have_work,
            due_counts_what_waits_and_is_not_held,
            work_names_the_cut_over,
            work_names_the_alarm_that_stands,
            an_earlier_claim_that_was_sent_perhaps_is_told,
        ];
        apply of "InvoiceStore::apply": [
            a_move_and_its_note_are_both_written,
            a_refused_move_writes_nothing,
            of_concurrent_moves_with_one_guard_one_is_made,
            a_claim_is_no_move_to_apply,
            a_uid_is_not_recorded_twice_in_a_company_file,
            resolve_absent_keeps_the_documents_that_were_seen,
            a_move_of_an_unknown_invoice_finds_nothing,
            the_data_of_every_state_survives_storage,
            hold_and_unhold_raise_the_version,
        ];
        claim of "InvoiceStore::claim": [
            a_claim_writes_state_attempt_payload_and_note,
            a_claim_of_an_older_version_is_refused,
            a_claim_of_another_epoch_is_fenced,
            a_held_invoice_is_not_claimed,
            an_invoice_that_is_not_ready_is_not_claimed,
            a_refused_claim_leaves_nothing_behind,
            of_concurrent_claims_of_one_invoice_one_is_granted,
            concurrent_claims_of_many_invoices_are_granted_once_each,
            a_claim_of_an_unknown_invoice_is_an_error,
            a_claim_id_counts_once,
        ];
        settle of "InvoiceStore::settle": [
            each_outcome_leads_where_it_must,
            the_same_outcome_twice_is_written_once,
            concurrent_records_of_one_outcome_are_written_once,
            an_outcome_of_an_unknown_claim_is_not_written,
            a_uid_of_another_invoice_needs_a_person,
            a_late_posted_moves_a_doubtful_invoice,
            a_late_posted_beside_a_newer_claim_needs_a_person,
            other_late_outcomes_are_kept_as_notes,
            what_an_inquiry_found_first_is_still_written_to_the_trail,
            a_claim_is_open_until_its_outcome_is_on_record,
        ];
        sweep of "InvoiceStore::sweep": [
            a_sweep_moves_claims_of_older_epochs_alone,
            a_sweep_is_of_one_company_file,
            the_late_answer_of_a_swept_claim_is_applied,
        ];
        doubt of "DoubtStore": [
            every_invoice_in_doubt_is_listed,
            the_first_check_is_due_when_the_quiet_period_is_over,
            a_dossier_has_every_claim_oldest_first,
            an_unknown_invoice_has_no_dossier,
            owners_are_those_of_the_company_file,
            a_probe_is_the_newest_document_of_a_later_claim,
            a_document_that_was_taken_back_is_no_probe,
        ];
        misses of "DoubtStore::record_miss": [
            a_miss_in_the_quiet_period_proves_nothing,
            a_miss_without_a_probe_proves_nothing,
            a_dossier_counts_the_misses_of_each_claim,
            a_miss_of_an_unknown_claim_proves_nothing,
            every_miss_has_a_line_whatever_it_proves,
            a_first_miss_needs_another,
            two_misses_far_enough_apart_prove_absence,
            a_move_starts_the_count_anew,
            a_miss_of_an_older_version_does_not_count,
            a_search_that_began_too_early_does_not_count,
            the_next_check_is_due_after_the_time_given_or_when_it_would_prove_absence,
        ];
        history of "RunHistory": [
            a_run_that_starts_abandons_those_before,
            progress_is_seen_while_a_run_goes_on,
            a_run_is_closed_once,
            progress_of_a_run_that_is_over_is_not_written,
            runs_are_listed_newest_first,
        ];
        registry of "Registry": [
            lock_settings_are_kept_on_first_use_and_others_are_refused,
            a_company_file_keeps_its_business_once_it_has_a_claim,
            a_company_file_keeps_its_business_once_it_has_a_document,
            another_business_fences_the_run_that_knows_the_one_before,
            what_was_settled_is_not_settled_in_another_business,
            the_letter_case_of_an_id_makes_no_other_business,
            a_zone_is_written_beside_a_business_that_stays,
            a_business_belongs_to_one_company_file,
            an_alias_with_invoices_is_its_own_business_until_it_has_another,
            a_cut_over_stands_beside_the_other_settings,
            an_alarm_stands_until_a_cut_over_after_its_quiet_period,
            an_alarm_is_prolonged_and_never_shortened,
            a_database_is_where_it_was,
        ];
    } };
    (@intake $fixture:path) => { $crate::promises! { $fixture; store;
        intake of "Intake": [
            a_new_invoice_becomes_ready,
            the_same_content_is_left_alone_whatever_the_state,
            new_content_replaces_that_of_a_ready_invoice,
            new_content_makes_a_blocked_invoice_ready,
            new_content_leaves_a_rejected_invoice_waiting,
            number_and_customer_are_fixed_from_the_first_claim_on,
            new_content_is_refused_once_it_may_be_in_the_ledger,
            a_number_on_record_is_refused_whatever_its_case,
            a_number_twice_in_the_list_is_refused_whatever_its_case,
            a_number_that_the_list_frees_is_still_taken,
            a_number_may_be_there_in_two_company_files,
            every_refusal_is_listed_and_nothing_is_taken,
            ids_that_differ_in_case_are_different_invoices,
            an_id_of_the_other_side_is_refused,
            an_invoice_twice_in_the_list_counts_by_its_content,
            all_content_survives_storage,
        ];
    } };
    (@posted_intake $fixture:path) => { $crate::promises! { $fixture; store;
        posted_intake of "PostedIntake": [
            a_new_invoice_is_taken_over_as_what_it_is,
            a_second_take_over_changes_nothing,
            what_was_never_sent_or_was_refused_is_taken_over,
            what_tells_more_is_not_taken_over_and_nothing_is,
            every_state_is_taken_over_or_refused_whole,
            a_document_of_another_invoice_is_not_taken_over,
            content_that_is_refused_keeps_all_from_being_taken_over,
            of_concurrent_take_overs_each_is_written_once,
        ];
    } };
    (@reader $fixture:path) => { $crate::promises! { $fixture; store;
        reader of "InvoiceReader": [
            every_state_is_counted_and_held_besides,
            a_list_shows_what_passes_its_filter,
            a_summary_shows_reason_code_and_documents,
            a_summary_shows_where_an_invoice_is_from_and_whether_it_is_held,
            a_number_is_found_whatever_its_case,
            notes_are_read_by_rising_id,
            claims_and_outcomes_are_paired,
        ];
    } };
    (@token $fixture:path) => { $crate::promises! { $fixture; store;
        token of "TokenStore": [
            a_token_is_replaced_by_whoever_read_it,
            of_concurrent_rotations_one_is_stored,
            tokens_are_kept_by_company_file,
        ];
    } };
    (@access $fixture:path) => { $crate::promises! { $fixture; store;
        access of "AccessStore": [
            one_has_the_turn_and_all_take_what_it_got,
            of_concurrent_asks_one_has_the_turn,
            a_turn_that_ran_out_is_taken_over_and_loses_no_token,
            a_turn_of_a_clock_that_was_set_back_is_taken_over,
            a_turn_that_is_given_up_is_free,
            a_refused_access_token_is_forgotten_and_a_newer_one_stays,
            an_access_token_counts_beside_its_refresh_token_alone,
            access_tokens_are_kept_by_company_file,
        ];
    } };
    (@connection $fixture:path) => { $crate::promises! { $fixture; store;
        connection of "Connections": [
            a_consent_its_business_and_its_tokens_are_all_written,
            a_connection_to_another_business_is_refused_and_changes_nothing,
            who_refreshes_while_a_person_consents_is_overtaken,
            a_revoked_connection_has_no_token_until_somebody_consents_again,
            of_each_event_the_newest_line_is_shown,
            of_concurrent_connections_one_counts_whole,
        ];
    } };
    (@creation $fixture:path) => { $crate::promises! { $fixture; store;
        creation of "CreationClaims": [
            a_creation_is_claimed_once,
            of_concurrent_claims_of_a_creation_one_is_granted,
            a_released_creation_may_be_claimed_again,
            a_late_release_leaves_the_claim_of_another,
            two_misses_prove_that_a_record_is_absent,
            misses_of_a_record_too_early_prove_nothing,
            open_creations_are_listed_oldest_first,
        ];
    } };
    (@cron $fixture:path) => { $crate::promises! { $fixture; store;
        cron of "CronFires": [
            a_fire_is_taken_once_and_ends_once,
            of_concurrent_takes_of_a_fire_one_has_it,
            of_concurrent_takes_of_a_fire_that_is_left_one_has_it,
            a_fire_whose_lease_is_over_is_taken_over,
            a_late_end_counts_while_nobody_else_has_the_fire,
            a_lease_of_a_clock_that_was_set_back_is_over,
            a_fire_is_kept_or_let_go,
            fires_that_are_left_are_listed_oldest_first,
            missed_fires_are_written_beside_those_on_record,
            a_fire_on_record_tells_all,
        ];
    } };
    (@flag $fixture:path) => { $crate::promises! { $fixture; store;
        flag of "Flags": [
            a_flag_is_seen_by_all_and_the_last_text_counts,
            flags_are_read_by_rising_invoice_and_by_company_file,
            who_takes_a_flag_off_leaves_a_line,
            a_flag_stays_wherever_its_invoice_goes,
        ];
    } };
    (@file_note $fixture:path) => { $crate::promises! { $fixture; store;
        file_note of "FileNotes": [
            file_notes_are_read_by_rising_id,
            a_cut_over_and_its_line_are_both_written,
            an_earlier_date_needs_the_cut_over_to_be_taken_back_first,
            a_cut_over_waits_for_the_quiet_period_of_an_alarm,
            a_cut_over_ends_an_alarm_that_is_not_quiet_any_more,
            what_takes_a_cut_over_back_leaves_an_alarm,
            of_concurrent_cut_overs_one_is_written,
            a_take_over_of_what_has_not_moved_leaves_no_line,
        ];
    } };
    (@mapping $fixture:path) => { $crate::promises! { $fixture; store;
        mapping of "MappingStore": [
            mapping_rows_are_kept_by_company_file_kind_and_code,
            a_change_of_a_mapping_from_an_older_version_writes_nothing_at_all,
            a_mapping_row_of_which_nothing_is_said_stays,
            a_mapping_row_that_says_it_already_keeps_its_version,
            a_mapping_row_that_is_taken_out_keeps_its_version,
            of_concurrent_changes_of_a_mapping_row_one_is_made,
            rows_of_a_record_that_is_gone_are_put_up_for_review,
            the_codes_of_invoices_that_may_still_be_sent_are_counted,
        ];
    } };
    (@notice $fixture:path) => { $crate::promises! { $fixture; store;
        notice of "Notices": [
            an_event_is_told_once_whoever_comes_with_it,
            an_event_twice_in_one_list_is_told_once,
            every_kind_of_notice_survives_storage,
            each_way_has_a_notice_of_its_own,
            a_notice_is_handed_over_once_until_its_lease_has_passed,
            what_has_been_due_for_longest_is_handed_over_first,
            of_concurrent_tellers_one_tells_each_event,
            of_concurrent_takers_each_is_handed_another_notice,
            a_delivered_notice_is_never_handed_over_again,
            a_failed_notice_waits_for_its_time_and_a_parked_one_for_nothing,
        ];
    } };
    (@scan $fixture:path) => { $crate::promises! { $fixture; store;
        scan of "ScanStore": [
            a_scan_that_was_left_is_gone_on_with,
            concurrent_scans_of_a_company_file_are_one,
            a_scan_of_other_dates_or_a_fresh_one_takes_its_place,
            a_finished_scan_is_the_last_one_until_the_next,
            a_document_that_is_read_again_replaces_itself,
            a_group_is_told_once_with_every_way_in_which_it_is_alike,
            groups_and_their_documents_are_read_in_pages,
            a_document_is_ours_by_its_uid_or_by_its_marker,
            months_are_tallied_on_both_sides,
            differences_are_told_by_kind,
            every_document_of_an_invoice_in_doubt_is_told,
            an_invoice_in_doubt_is_told_by_the_date_of_either_side,
            differences_are_of_one_company_file,
        ];
    } };
    (@account $fixture:path) => { $crate::promises! { $fixture; store;
        account of "Accounts": [
            an_account_is_made_once_whatever_the_case_of_its_name,
            of_concurrent_accounts_of_one_name_one_is_made,
            accounts_are_listed_by_name,
            a_change_of_an_account_is_made_from_the_version_that_was_seen,
            a_change_of_an_account_ends_its_sessions,
            of_concurrent_changes_of_an_account_one_is_made,
            the_last_admin_stays,
            of_concurrent_changes_that_leave_no_admin_one_is_refused,
            the_trail_of_accounts_is_read_by_rising_id,
        ];
        session of "Sessions": [
            a_session_is_known_until_it_is_closed,
            a_session_needs_an_account_as_it_was_seen,
            of_a_session_and_a_change_of_its_account_the_change_wins,
            a_session_is_over_after_its_time,
            a_session_that_is_used_lasts_longer,
        ];
        machine of "Machines": [
            a_machine_is_known_by_its_token,
            a_token_that_was_taken_away_lets_nobody_in,
            of_concurrent_machines_of_one_name_one_is_made,
        ];
    } };
    (@reply $fixture:path) => { $crate::promises! { $fixture; store;
        reply of "Replies": [
            a_request_that_comes_again_gets_its_answer,
            keys_are_their_senders_own_and_differ_by_case,
            a_key_that_came_with_another_request_is_told,
            a_request_that_was_given_up_may_be_sent_again,
            old_requests_are_forgotten,
            of_concurrent_requests_with_one_key_one_is_done,
        ];
    } };
}
