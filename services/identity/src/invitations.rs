//! Invitations by mail, for services that know identifiers only. In come an identifier and a token; out goes whether a mail is on its way. Must not keep a
//! token, nor tell an address to whoever asks.

use std::sync::Arc;

use rerp_kit::pool::DbError;
use rerp_kit::telemetry::chain;
use url::Url;
use uuid::Uuid;

use crate::domain::otp::Channel;
use crate::store::invitation::{Invited, address_of};
use crate::store::otp::within_budget;
use crate::verification::Verification;

/// Longest token.
const TOKEN: usize = 128;

impl Verification {
    /// Has an invitation sent. False when it isn't: nobody has the identifier, invitations aren't configured, or too many were sent today or are on their way.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn invite(&self, whom: Invited, token: &str, message: Uuid) -> Result<bool, DbError> {
        let Some(link) = self.invitations.as_ref().and_then(|page| linked(page, token)) else {
            tracing::warn!("an invitation is not sent: RERP_INVITATION_PAGE is not set, or its token is none");
            return Ok(false);
        };
        let Some(to) = address_of(&self.db, whom).await? else { return Ok(false) };
        if !within_budget(&self.db, Channel::Invitation, self.most_a_day).await? {
            tracing::error!(most = self.most_a_day, "an invitation is not sent: today's budget is spent");
            return Ok(false);
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::warn!("an invitation is not sent: too many messages are on their way");
            return Ok(false);
        };
        let post = self.post.clone();
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = post.invite(&to, &link, message).await {
                tracing::warn!(error = chain(&error), "an invitation is not sent");
            }
        });
        Ok(true)
    }
}

/// The page with the token behind a `#`: neither the page's server nor whoever it links to gets to see it.
pub(crate) fn linked(page: &Url, token: &str) -> Option<Url> {
    let is_plain = (1..=TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut link = page.clone();
    link.set_fragment(Some(token));
    is_plain.then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_behind_the_page_and_is_nothing_else() {
        let page = Url::parse("https://portal.example.com/invitation?lang=en").unwrap();
        let there = linked(&page, "abc123").unwrap();
        assert_eq!(there.as_str(), "https://portal.example.com/invitation?lang=en#abc123");
        for token in ["", "a b", "a#b", &"x".repeat(129)] {
            assert!(linked(&page, token).is_none(), "{token}");
        }
    }
}
