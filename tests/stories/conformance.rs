//! What every chat platform promises the engine, written once and run on each: the console, Discord, Telegram in a
//! forum and in a plain group. What a platform cannot do it says in its capabilities, and then promises what they
//! say instead.

#![expect(clippy::expect_used, reason = "a promise that is not kept fails with what was promised")]

mod calls;
mod cards;
mod console;
mod deletions;
mod discord;
mod doubles;
mod ears;
mod failures;
mod hearing;
mod listening;
mod markup;
mod questions;
mod room;
mod stage;
mod telegram;
mod texts;
mod threads;

use room::Room;

/// Runs promises on one platform.
macro_rules! on {
    ($platform:ident, $open:expr; $($chapter:ident::$promise:ident)*) => {
        mod $platform {
            use super::*;
            $(
                #[tokio::test]
                async fn $promise() {
                    let mut room = Room::on($open.await);
                    $chapter::$promise(&mut room).await;
                    room.stage.nothing_wrong();
                }
            )*
        }
    };
}

/// Runs promises on every platform.
macro_rules! every_platform_promises {
    ($($promises:tt)*) => {
        on!(on_the_console, console::open(); $($promises)*);
        on!(on_discord, discord::open(); $($promises)*);
        on!(in_a_telegram_forum, telegram::forum(); $($promises)*);
        on!(in_a_telegram_group, telegram::group(); $($promises)*);
    };
}

every_platform_promises! {
    threads::a_root_message_is_made_once_and_shows_the_present_state
    threads::an_edit_that_changes_nothing_is_no_failure
    threads::a_thread_tells_in_the_order_of_delivery_and_only_of_its_incident
    threads::many_incidents_at_once_do_not_mix
    threads::a_thread_that_is_done_is_closed_and_opens_for_what_comes_later
    threads::what_a_delivery_returns_is_what_an_event_there_is_about
    threads::after_a_restart_everything_goes_on_where_it_was
    threads::examining_finds_nothing_bad_and_says_nothing
    questions::a_question_shows_everything_and_both_answers
    questions::an_answered_question_shows_who_decided_and_offers_nothing
    questions::a_question_is_brought_up_to_date_also_in_a_closed_thread
    texts::a_long_body_arrives_whole_everywhere
    texts::a_long_field_and_many_fields_arrive_whole_everywhere
    texts::a_long_title_arrives_whole_everywhere
    texts::everything_long_at_once_arrives_whole
    texts::an_edit_that_is_too_long_loses_nothing_silently
    texts::characters_of_two_units_are_never_cut_in_two
    texts::attachments_arrive_whole_with_their_names
    texts::many_attachments_all_arrive
    texts::a_card_with_next_to_nothing_in_it_is_shown
    markup::hostile_text_shows_as_itself_in_a_title
    markup::hostile_text_shows_as_itself_in_a_root_message
    markup::hostile_text_shows_as_itself_in_a_thread
    markup::hostile_text_shows_as_itself_in_evidence
    markup::hostile_text_shows_as_itself_in_a_question
    markup::hostile_text_shows_as_itself_in_an_answer
    markup::hostile_text_shows_as_itself_when_it_is_long
    calls::what_does_not_call_is_quiet
    calls::a_call_calls_exactly_who_is_on_call_and_once
    calls::a_notice_that_calls_does_so_as_well
    calls::a_call_reads_as_itself_and_mentions_nobody_else
    doubles::the_same_message_twice_is_one_where_doubles_are_dropped
    doubles::a_message_whose_answer_got_lost_is_neither_lost_nor_doubled_where_doubles_are_dropped
    doubles::a_message_whose_answer_got_lost_before_a_restart_is_there_once_where_doubles_are_dropped
    doubles::a_message_that_was_replaced_while_it_was_on_its_way_shows_the_newest
    doubles::a_long_message_that_is_interrupted_goes_on_where_it_was
    failures::what_fails_over_there_is_tried_again
    failures::a_platform_that_wants_a_pause_gets_the_pause_it_wants
    failures::a_token_that_is_refused_is_a_clear_message_and_waits
    failures::a_place_that_is_gone_is_a_clear_message_and_waits
    failures::an_answer_to_nobody_is_let_go
    deletions::a_root_message_that_was_deleted_is_made_anew
    deletions::a_thread_that_was_deleted_is_made_anew
    deletions::a_thread_goes_on_when_its_root_message_was_deleted
    deletions::a_question_that_was_deleted_is_asked_again_while_it_waits_and_let_go_afterwards
    deletions::an_answer_in_a_thread_that_was_deleted_is_let_go
    deletions::an_answer_to_words_that_were_deleted_is_let_go
    hearing::what_is_said_to_steward_is_heard_and_answered
    hearing::a_command_is_heard_and_answered
    hearing::words_in_a_thread_are_about_its_incident
    hearing::words_alone_with_steward_are_heard_and_answered
    hearing::a_stranger_is_no_operator
    hearing::other_places_are_ignored_and_counted
    hearing::a_press_is_acknowledged_heard_and_answered_privately
    hearing::a_press_on_a_root_message_is_about_its_incident
    hearing::an_answer_finds_its_way_also_after_a_restart
    hearing::a_strangers_press_is_heard_as_a_strangers
    hearing::a_reaction_answers_a_question
    hearing::a_reaction_elsewhere_is_no_answer
    hearing::a_reaction_while_steward_was_away_is_found_once
    hearing::what_is_typed_is_completed
    hearing::a_long_answer_arrives_whole
    hearing::hostile_words_are_heard_as_they_were_said
    listening::listening_ends_promptly
    listening::listening_survives_a_platform_that_is_down_at_the_start
    listening::listening_survives_a_platform_that_goes_away
    listening::listening_survives_nonsense
    listening::a_token_that_is_refused_is_told_without_the_token_and_listening_goes_on
    listening::nothing_is_heard_twice_over_a_restart
}
