//! The dead man's switch: an address that is asked for again and again, and that raises the alarm when it no longer is.

use std::time::Duration;

use reqwest::{Client, redirect};

use crate::config::Secret;

/// The longest that a ping may take, in all.
const WHOLE: Duration = Duration::from_secs(10);
/// The longest time until a connection stands.
const CONNECT: Duration = Duration::from_secs(5);

/// Pings one address. The address is never shown: who has it can say that Steward lives.
pub struct Switch {
    client: Client,
    url: Secret,
}

impl Switch {
    /// A switch at this address.
    ///
    /// # Errors
    /// No HTTP client can be made, for instance because the system has no certificates.
    pub fn new(url: Secret) -> Result<Self, String> {
        // A redirect would tell the address to somebody else.
        let client = Client::builder()
            .use_rustls_tls()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| format!("no connection can be made ({}); look whether the system's certificates are installed (package ca-certificates)", error.without_url()))?;
        Ok(Self { client, url })
    }

    /// Says that Steward lives.
    ///
    /// # Errors
    /// Why that was not heard, without the address.
    pub async fn ping(&self) -> Result<(), String> {
        let answer = self.client.get(self.url.expose()).send().await.map_err(reason)?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answered {}", status.as_u16())) }
    }
}

/// What went wrong, without the address.
fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("it did not answer within {} s", WHOLE.as_secs());
    }
    if error.is_builder() {
        return "what is configured is no address that can be asked for".to_owned();
    }
    let what = if error.is_connect() { "it could not be reached" } else { "it did not answer" };
    // What lies below may name the host, and a name server's answer the path: neither is repeated.
    what.to_owned()
}
