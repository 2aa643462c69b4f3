//! What Discord's messages and threads are called where the engine keeps them. An event from the gateway has all that
//! a name is made of, so that a message can be looked up by it.

/// A message and the channel or thread it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct MessageRef {
    /// The channel or thread.
    pub(super) channel: u64,
    /// The message.
    pub(super) message: u64,
}

impl MessageRef {
    /// The name of the message.
    pub(super) fn name(self) -> String {
        format!("{}/{}", self.channel, self.message)
    }

    /// The message of a name.
    pub(super) fn read(name: &str) -> Option<Self> {
        let (channel, message) = name.split_once('/')?;
        Some(Self { channel: channel.parse().ok()?, message: message.parse().ok()? })
    }
}

/// The name of a thread.
pub(super) fn thread_name(thread: u64) -> String {
    thread.to_string()
}

/// The thread of a name.
pub(super) fn read_thread(name: &str) -> Option<u64> {
    name.parse().ok()
}
