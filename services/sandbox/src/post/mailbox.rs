//! What arrived where, oldest first. In: messages. Out: those of one address. Bounded: the oldest give way.

use jiff::Timestamp;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Most messages that are kept.
pub const MOST_MESSAGES: usize = 10_000;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Mail.
    Email,
    /// A text to a telephone.
    Sms,
}

/// A message as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The vendor's identifier of it.
    pub id: String,
    /// How it came.
    pub channel: Channel,
    /// Who it is for.
    pub to: String,
    /// Who it says it is from.
    pub from: String,
    /// Its subject, if it is a mail.
    pub subject: Option<String>,
    /// Its words.
    pub text: String,
    /// When it came.
    pub at: Timestamp,
}

/// All mailboxes and telephones of the world.
#[derive(Debug, Default)]
pub struct Mailbox {
    messages: Mutex<VecDeque<Message>>,
}

impl Mailbox {
    /// Puts a message in.
    pub fn put(&self, message: Message) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() >= MOST_MESSAGES {
            messages.pop_front();
        }
        messages.push_back(message);
    }

    /// What came for `to`, oldest first, whatever the case it is written in.
    #[must_use]
    pub fn of(&self, to: &str) -> Vec<Message> {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.iter().filter(|message| message.to.eq_ignore_ascii_case(to)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_give_way() {
        let mailbox = Mailbox::default();
        for n in 0..=MOST_MESSAGES {
            mailbox.put(Message {
                id: n.to_string(),
                channel: Channel::Email,
                to: if n < 2 { "Ann@example.com" } else { "bob@example.com" }.to_owned(),
                from: "a@example.com".to_owned(),
                subject: None,
                text: String::new(),
                at: Timestamp::UNIX_EPOCH,
            });
        }
        let ids: Vec<_> = mailbox.of("ann@example.com").into_iter().map(|message| message.id).collect();
        assert_eq!(ids, ["1"]);
        assert_eq!(mailbox.of("bob@example.com").len(), MOST_MESSAGES - 1);
    }
}
