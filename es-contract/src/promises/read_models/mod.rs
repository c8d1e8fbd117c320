//! Read models, as far as the store keeps them: one owner at a time moves rows and checkpoint together.

mod claims;
mod durability;
mod fences;
mod leases;
mod limits;
mod processes;
mod requests;
mod rows;
mod steps;
mod together;
mod trial;

pub(crate) use self::processes::use_as_child;
pub use self::{
    claims::{
        a_claim_is_good_until_the_next_one, a_second_owner_is_refused_while_the_lease_holds,
        an_owner_claims_again_with_a_higher_epoch, of_many_claims_at_once_one_is_granted,
        read_models_are_listed_by_name_and_version, read_models_are_offered_where_they_are_declared,
        the_first_claim_makes_a_read_model,
    },
    durability::{a_reopened_store_continues_its_epochs, a_reopened_store_holds_its_read_models},
    fences::{
        a_step_from_another_position_is_fenced, a_step_without_a_claim_is_fenced,
        an_older_claim_is_fenced_and_writes_nothing,
    },
    leases::{
        a_lease_ends_when_the_clock_is_put_back, a_lease_given_back_can_be_claimed_at_once,
        a_lease_of_any_length_is_taken, a_lease_that_is_over_can_be_claimed, a_step_sets_the_lease,
    },
    limits::{
        a_bad_owner_is_refused, a_step_that_moves_back_is_refused, a_step_with_a_bad_row_writes_nothing,
        a_step_with_one_key_twice_is_refused, names_and_rows_at_the_limit_come_back,
    },
    processes::another_process_sees_and_fences,
    requests::{
        a_paused_read_model_can_be_claimed_by_nobody, a_rebuild_keeps_a_pause_and_ends_a_stop,
        a_rebuild_removes_the_rows_of_that_version_alone, a_request_that_changes_nothing_ends_no_claim,
        a_resumed_read_model_goes_on, a_retry_goes_on_after_a_stop, a_stop_keeps_its_failure,
        an_unknown_read_model_cannot_be_asked, the_epoch_rises_with_every_claim_and_request,
    },
    rows::{
        keys_do_not_mix, names_and_versions_do_not_mix, rows_are_found_in_the_order_asked,
        rows_are_paged_in_the_order_of_the_bytes_of_their_keys, rows_come_back_byte_for_byte,
    },
    steps::{
        a_checkpoint_comes_back_with_its_incarnation, a_read_model_stays_complete_until_a_rebuild,
        a_row_is_replaced_by_a_later_step, a_step_moves_rows_and_checkpoint_together, a_thousand_rows_are_one_step,
        events_after_a_position_are_counted, every_state_and_failure_comes_back,
    },
    together::{
        a_dropped_step_is_taken_whole_or_not_at_all, of_a_step_and_a_pause_at_once_the_pause_stays,
        of_two_steps_with_one_claim_one_is_taken, owners_that_take_turns_handle_each_event_once,
        readers_never_see_rows_and_checkpoint_apart,
    },
};
