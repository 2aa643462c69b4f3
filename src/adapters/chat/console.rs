//! The console.

use std::io::Write as _;

use async_trait::async_trait;

use crate::engine::ports::{Chat, Delivered, DeliveryError, Outbound, Place, Platform};

/// Prints messages.
pub struct Console;

#[async_trait]
impl Chat for Console {
    fn platform(&self) -> Platform {
        "console".to_owned()
    }

    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let mut out = std::io::stdout().lock();
        let card = &message.card;
        let _ = writeln!(out, "[{:?}] {:?} {}", message.place, card.mention, card.title);
        for line in &card.body {
            let _ = writeln!(out, "   {line}");
        }
        for field in &card.fields {
            let _ = writeln!(out, "   {}: {}", field.name, field.value);
        }
        let root_ref = matches!(message.place, Place::Root { .. }).then(|| "console".to_owned());
        Ok(Delivered { root_ref, thread_ref: None })
    }
}
