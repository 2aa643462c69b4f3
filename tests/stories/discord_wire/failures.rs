//! What a Discord that refuses, limits or fails means for a message.

use std::time::Duration;

use steward::domain::card::{Card, Place};
use steward::engine::ports::{Delivered, DeliveryError};

use super::super::support::discord::{BOT, CHANNEL, Fault, OPERATOR, TOKEN, permission};
use super::{Wire, incident, pass, told};

const POST: &str = "POST /channels/*/messages";

#[tokio::test]
async fn what_fails_by_itself_is_tried_again_and_never_shows_the_token() {
    let mut wire = Wire::new().await;
    for fault in [Fault::Status(500), Fault::Status(403), Fault::Garbage, Fault::Close] {
        wire.discord.next(1, POST, fault.clone());
        let failure = wire.root(incident("open")).await.unwrap_err();
        assert!(matches!(&failure, DeliveryError::Transient { hold: None, .. }), "{fault:?}: {failure:?}");
        assert!(!failure.to_string().contains(TOKEN), "{failure}");
    }
    wire.root(incident("open")).await.unwrap();
    assert_eq!(wire.in_channel().len(), 1);
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn what_only_a_person_can_mend_says_what_to_do_and_holds_everything_if_it_is_about_everything() {
    let mut wire = Wire::new().await;
    wire.discord.change_token("another");
    let refused = wire.root(incident("open")).await.unwrap_err();
    assert!(
        matches!(&refused, DeliveryError::Transient { hold: Some(_), why } if why.contains("Reset Token"))
    );
    wire.discord.change_token(TOKEN);
    wire.discord.take_permission(permission::EMBED_LINKS);
    let forbidden = wire.root(incident("open")).await.unwrap_err();
    assert!(
        matches!(&forbidden, DeliveryError::Transient { hold: None, why } if why.contains("Embed Links"))
    );
    wire.discord.give_permission(permission::EMBED_LINKS);
    wire.discord.overwrite(CHANNEL, BOT, 0, permission::VIEW_CHANNEL);
    let hidden = wire.root(incident("open")).await.unwrap_err();
    assert!(
        matches!(&hidden, DeliveryError::Transient { hold: Some(_), why } if why.contains("View Channel"))
    );
    wire.discord.overwrite(CHANNEL, BOT, 0, 0);
    wire.discord.delete_channel(CHANNEL);
    let gone = wire.root(incident("open")).await.unwrap_err();
    assert!(
        matches!(&gone, DeliveryError::Transient { hold: Some(_), why } if why.contains(&CHANNEL.to_string())),
        "{gone:?}"
    );
}

#[tokio::test]
async fn a_limit_is_kept_without_asking_discord_and_only_for_the_route_that_has_it() {
    let mut wire = Wire::new().await;
    wire.discord.limit(POST, 2, Duration::from_secs(10));
    wire.root(incident("open")).await.unwrap();
    wire.update(told("08:00:10 seen   another channel, another count")).await.unwrap();
    let lab = wire.outbound(Place::Lab, Card::titled("second"), None);
    wire.deliver(&lab).await.unwrap();
    let before = wire.discord.requests().len();
    let lab = wire.outbound(Place::Lab, Card::titled("third"), None);
    let limited = wire.deliver(&lab).await.unwrap_err();
    let pause = Duration::from_secs(10);
    assert_eq!(limited, DeliveryError::Limited { pause, everything: false });
    assert_eq!(wire.discord.requests().len(), before, "nothing was sent");
    wire.root(incident("stuck")).await.unwrap();
    pass(&wire, pause);
    wire.deliver(&lab).await.unwrap();
    assert_eq!(wire.discord.rate_limited(), 0);
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_refusal_for_everything_pauses_everything_for_as_long_as_discord_says() {
    let mut wire = Wire::new().await;
    let after = Duration::from_millis(2500);
    wire.discord.next(1, POST, Fault::RateLimited { after, global: true });
    let limited = DeliveryError::Limited { pause: after, everything: true };
    assert_eq!(wire.root(incident("open")).await, Err(limited.clone()));
    let before = wire.discord.requests().len();
    assert_eq!(wire.root(incident("open")).await, Err(limited));
    assert_eq!(wire.discord.requests().len(), before);
    pass(&wire, after);
    wire.root(incident("open")).await.unwrap();
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn an_answer_that_nobody_can_get_any_more_is_let_go() {
    let mut wire = Wire::new().await;
    wire.discord.refuse_dms(OPERATOR);
    for conversation in [
        "message/77/78".to_owned(),
        format!("person/{OPERATOR}"),
        "person/77".to_owned(),
        "button/1424242424242424242/0/long-gone".to_owned(),
    ] {
        let given = wire.answer(&conversation, Card::titled("No approval 7 waits.")).await;
        assert_eq!(given, Ok(Delivered::default()), "{conversation}");
    }
    let other = wire.answer("telegram:5", Card::titled("hello")).await.unwrap_err();
    assert!(matches!(other, DeliveryError::Permanent { .. }));
}
