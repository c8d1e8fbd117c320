//! The list of all promises.

use std::fmt;

use futures_core::future::BoxFuture;

use crate::{BrokenPromise, Factory};

/// One promise, with the function that checks it for the stores of a factory.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Promise {
    /// The family that it belongs to.
    pub family: &'static str,
    /// The promise, as a sentence.
    pub name: &'static str,
    /// Checks the promise for a fresh store of the factory.
    pub check: Check,
}

/// See [`Promise::check`].
pub type Check = for<'a> fn(&'a dyn Factory) -> BoxFuture<'a, Result<(), BrokenPromise>>;

impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.family, self.name)
    }
}

/// Turns each promise into a test of the store that `$factory` makes; `$factory` is evaluated anew in each test.
///
/// ```
/// # use es_contract::{Factory, FreshStore};
/// # use es_contract::FactoryError;
/// struct MyStores;
///
/// #[async_trait::async_trait]
/// impl Factory for MyStores {
///     async fn fresh(&self) -> Result<Box<dyn FreshStore>, FactoryError> {
///         // …
/// #       Err("no store here".into())
///     }
/// }
///
/// es_contract::store_contract!(MyStores);
/// # fn main() {}
/// ```
///
/// No promise can be skipped. The test `undeclared_properties_are_listed` prints what a store does not declare.
#[macro_export]
macro_rules! store_contract {
    ($factory:expr $(,)?) => {
        $crate::__promises! { __tests ($factory) }
    };
}

/// Passes the names of all promises to another macro of this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __promises {
    ($with:ident $arguments:tt) => {
        $crate::$with! { $arguments
            append_and_read {
                an_empty_store_has_no_events
                one_event_comes_back
                events_of_one_append_come_back_in_order
                events_of_many_appends_come_back_in_order
                the_answer_is_what_is_stored
                the_second_handle_reads_what_the_first_appended
                streams_do_not_mix
                ids_with_separators_do_not_mix
                versions_have_no_gap
                a_visitor_sees_what_a_reader_reads
                a_visitor_starts_at_its_version
                an_append_of_nothing_answers_nothing
                a_read_stops_at_its_limit
                a_read_starts_at_its_version
                a_read_past_the_end_is_empty
                a_read_backwards_runs_from_newer_to_older
                the_last_event_is_read_backwards_from_the_end
                an_unknown_stream_is_empty
                a_reader_dropped_early_is_closed
            }
            fields {
                every_field_comes_back
                unicode_comes_back
                escapes_and_nulls_come_back
                binary_looking_text_comes_back
                numbers_beyond_2_to_53_come_back
                floats_come_back_bit_for_bit
                metadata_absent_differs_from_empty
                recorded_times_keep_their_precision
                recorded_times_never_go_back
                recorded_times_never_go_back_when_the_clock_does
                an_encoded_event_comes_back
            }
            limits {
                a_payload_at_the_limit_comes_back
                a_payload_over_the_limit_is_refused
                metadata_at_the_limit_come_back
                metadata_over_the_limit_are_refused
                a_payload_as_deep_as_the_limit_comes_back
                a_payload_deeper_than_the_limit_is_refused
                nan_and_infinity_are_refused
                an_event_that_does_not_decode_is_refused
                a_nul_in_json_is_refused
                a_thousand_events_in_one_append_come_back
                more_than_a_thousand_events_in_one_append_are_refused
                more_than_a_thousand_streams_in_one_append_are_refused
                as_many_bytes_as_one_append_may_have_come_back
                more_bytes_than_one_append_may_have_are_refused
                names_at_the_limit_come_back
                bad_names_are_refused
                a_filter_for_what_no_event_can_have_is_refused
            }
            expected_versions {
                any_holds_whatever_the_stream_holds
                no_stream_holds_for_an_absent_stream_only
                exists_holds_for_a_present_stream_only
                exact_holds_at_that_version_only
                exact_zero_is_no_stream
                a_version_that_no_stream_reaches_never_holds
                an_assertion_of_any_holds_whatever_the_stream_holds
                an_assertion_of_no_stream_holds_for_an_absent_stream_only
                an_assertion_of_exists_holds_for_a_present_stream_only
                an_assertion_of_exact_holds_at_that_version_only
                an_assertion_stores_nothing
                a_conflict_carries_expected_and_actual
                a_refused_append_leaves_nothing
            }
            concurrency {
                two_writers_of_one_version_one_wins
                twenty_appends_at_once_that_expect_nothing_are_all_stored
                a_refused_concurrent_append_leaves_nothing
                sixty_four_writers_keep_every_acknowledged_event
                one_append_sent_many_times_at_once_is_stored_once
            }
            busy {
                an_append_refused_as_busy_is_not_stored_and_can_be_sent_again
            }
            several_streams {
                several_streams_are_appended_together
                one_conflict_appends_nothing_anywhere
                a_bad_event_in_the_middle_refuses_all
                every_violated_expectation_is_reported
                an_assertion_guards_the_other_streams
                a_stream_twice_in_one_append_is_refused
                readers_never_see_half_an_append
                write_skew_on_existing_streams_lets_one_win
                write_skew_on_absent_streams_lets_one_win
                write_skew_between_two_processes_lets_one_win
            }
            idempotence {
                a_repeat_gets_the_first_answer
                a_repeat_after_more_events_gets_the_first_answer
                a_repeat_through_another_handle_gets_the_first_answer
                a_repeat_stores_nothing
                the_same_ids_at_another_version_conflict
                the_same_ids_in_another_stream_conflict
                a_prefix_of_the_ids_conflicts
                a_suffix_of_the_ids_conflicts
                more_ids_than_before_conflict
                ids_of_two_appends_in_one_conflict
                the_same_ids_in_another_order_conflict
                a_repeat_with_any_is_found_at_its_first_id
                a_repeat_with_exists_is_found_at_its_first_id
                no_stream_and_exact_zero_are_the_same_place
                several_streams_are_repeated_together
                a_mixture_of_repeated_and_new_conflicts
                a_repeat_does_not_check_its_assertions_again
                an_id_twice_in_one_append_is_refused
                an_id_twice_in_two_streams_of_one_append_is_refused
            }
            keys {
                a_key_is_never_ignored
                undeclared_keys_are_refused
                a_taken_key_gives_the_first_outcome
                another_digest_under_a_taken_key_is_reported
                keys_without_events_are_taken
                a_refused_request_takes_no_key
                of_two_requests_with_one_key_one_is_appended
                of_many_requests_with_one_key_one_is_appended
                keyed_requests_over_two_streams_in_both_orders_are_all_appended
                of_requests_with_crossed_keys_one_is_appended
                the_same_append_with_its_keys_is_repeated
                the_same_events_with_a_new_key_conflict
                a_taken_key_comes_before_a_conflict
                every_taken_key_is_reported
                a_key_twice_in_one_append_is_refused
                a_thousand_keys_in_one_append_are_taken
                keys_and_outcomes_at_the_limit_come_back
                outcomes_count_as_bytes_of_an_append
                a_reopened_store_holds_its_keys
            }
            global_order {
                positions_are_unique_and_rise
                the_order_of_a_stream_is_that_of_the_log
                the_log_is_read_from_any_position
                a_filter_by_category_gives_its_events
                a_filter_by_name_gives_its_events
                a_filter_by_category_and_name_gives_events_that_match_both
                pages_of_any_size_give_the_same_log
                a_sparse_filter_still_advances
                no_event_is_above_the_last_possible_position
                the_frontier_never_moves_back
                nothing_appears_below_the_frontier
                every_subscriber_sees_exactly_the_log
                failed_writers_hide_no_event_from_subscribers
            }
            slices {
                a_filter_by_slices_gives_their_events
            }
            pages {
                pages_hold_exactly_the_log
                a_page_reports_how_far_the_reader_has_looked
                a_reader_resumes_after_any_page
                a_page_is_bounded_in_events_and_bytes
                pages_backward_run_from_newer_to_older
                a_backward_reader_resumes_after_any_page
                a_subscription_reports_how_far_it_has_looked
                no_page_ends_above_the_last_event
            }
            reading_ahead {
                large_and_small_events_come_once_each
                the_frontiers_of_pages_never_move_back
            }
            checkpoints {
                every_log_has_an_incarnation
                an_answer_names_the_incarnation
                a_checkpoint_of_another_log_is_refused
                a_checkpoint_above_the_log_is_refused
                a_position_without_an_incarnation_is_of_the_current_log
                a_reader_resumes_after_any_event
                a_wait_with_a_checkpoint_of_another_log_ends
            }
            subscriptions {
                a_subscription_from_the_start_delivers_every_event
                a_subscription_from_a_position_delivers_later_events
                a_subscription_from_now_delivers_new_events_only
                the_switch_to_live_loses_and_repeats_nothing
                a_slow_subscriber_loses_nothing
                a_burst_bigger_than_any_buffer_skips_nothing
                many_subscribers_each_see_the_log
                a_dropped_subscription_is_closed
                a_change_reports_a_frontier_above_the_one_seen
                a_declared_wake_up_needs_no_polling
            }
            snapshots {
                snapshots_are_offered_where_they_are_declared
                a_stream_without_a_snapshot_has_none
                the_newest_snapshot_is_found
                an_older_snapshot_hides_no_newer_one
                no_snapshot_replaces_another
                the_first_snapshot_of_a_version_stays
                the_nearest_snapshot_is_found_by_version
                the_nearest_snapshot_is_found_by_position
                the_nearest_snapshot_is_found_by_time
                a_snapshot_of_no_event_is_refused
                a_snapshot_of_another_event_is_refused
                a_snapshot_of_another_schema_is_not_found
                the_state_of_a_snapshot_comes_back
                a_snapshot_never_changes_what_is_read
                a_schema_with_a_bad_name_is_refused
            }
            read_models {
                read_models_are_offered_where_they_are_declared
                the_first_claim_makes_a_read_model
                read_models_are_listed_by_name_and_version
                a_second_owner_is_refused_while_the_lease_holds
                an_owner_claims_again_with_a_higher_epoch
                a_claim_is_good_until_the_next_one
                of_many_claims_at_once_one_is_granted
                a_lease_that_is_over_can_be_claimed
                a_lease_given_back_can_be_claimed_at_once
                a_step_sets_the_lease
                a_lease_ends_when_the_clock_is_put_back
                a_lease_of_any_length_is_taken
                an_older_claim_is_fenced_and_writes_nothing
                a_step_from_another_position_is_fenced
                a_step_without_a_claim_is_fenced
                a_step_moves_rows_and_checkpoint_together
                a_row_is_replaced_by_a_later_step
                a_checkpoint_comes_back_with_its_incarnation
                every_state_and_failure_comes_back
                a_read_model_stays_complete_until_a_rebuild
                a_thousand_rows_are_one_step
                events_after_a_position_are_counted
                of_two_steps_with_one_claim_one_is_taken
                owners_that_take_turns_handle_each_event_once
                readers_never_see_rows_and_checkpoint_apart
                a_dropped_step_is_taken_whole_or_not_at_all
                of_a_step_and_a_pause_at_once_the_pause_stays
                rows_are_found_in_the_order_asked
                rows_come_back_byte_for_byte
                rows_are_paged_in_the_order_of_the_bytes_of_their_keys
                keys_do_not_mix
                names_and_versions_do_not_mix
                a_paused_read_model_can_be_claimed_by_nobody
                a_resumed_read_model_goes_on
                a_stop_keeps_its_failure
                a_retry_goes_on_after_a_stop
                a_rebuild_removes_the_rows_of_that_version_alone
                a_rebuild_keeps_a_pause_and_ends_a_stop
                a_request_that_changes_nothing_ends_no_claim
                an_unknown_read_model_cannot_be_asked
                the_epoch_rises_with_every_claim_and_request
                a_bad_owner_is_refused
                a_step_with_a_bad_row_writes_nothing
                a_step_that_moves_back_is_refused
                a_step_with_one_key_twice_is_refused
                names_and_rows_at_the_limit_come_back
                a_reopened_store_holds_its_read_models
                a_reopened_store_continues_its_epochs
                another_process_sees_and_fences
            }
            cancellation {
                a_dropped_append_is_whole_and_can_be_sent_again
                a_dropped_append_to_several_streams_is_whole
                a_stream_accepts_appends_after_dropped_ones
            }
            durability {
                a_reopened_store_holds_the_same_log
                a_reopened_store_accepts_appends
            }
            memory_use {
                a_hundred_thousand_events_are_read_in_little_memory
                a_stalled_subscriber_does_not_buffer_the_log
            }
        }
    };
}

/// Writes a test for each promise, in a module for each family.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    (($factory:expr) $($family:ident { $($promise:ident)+ })+) => {$(
        mod $family {
            #[allow(unused_imports, reason = "the factory's expression may name items of the module around the macro")]
            use super::*;
            $(
                #[test]
                fn $promise() -> ::core::result::Result<(), $crate::BrokenPromise> {
                    let test = ::core::concat!(::core::module_path!(), "::", ::core::stringify!($promise));
                    $crate::contract::run(
                        $crate::contract::Rerun::new(test),
                        &$factory,
                        |factory| ::std::boxed::Box::pin($crate::promises::$family::$promise(factory)),
                    )
                }
            )+
        }
    )+

        #[test]
        fn undeclared_properties_are_listed() -> ::core::result::Result<(), $crate::BrokenPromise> {
            $crate::contract::list_undeclared(&$factory)
        }
    };
}

/// The promises as values.
#[doc(hidden)]
#[macro_export]
macro_rules! __list {
    (() $($family:ident { $($promise:ident)+ })+) => {
        /// Every promise of every store.
        pub const PROMISES: &[Promise] = &[$($(
            Promise {
                family: stringify!($family),
                name: stringify!($promise),
                check: |factory| Box::pin($crate::promises::$family::$promise(factory)),
            },
        )+)+];
    };
}

__promises! { __list () }
