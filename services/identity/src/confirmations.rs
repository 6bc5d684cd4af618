//! Questions by mail whether somebody meant what was left under their address, for services that know identifiers only. In come an identifier and a token; out
//! goes whether a mail is on its way. Must not keep a token, nor tell an address to whoever asks.

use rerp_kit::pool::DbError;
use rerp_kit::telemetry::chain;
use url::Url;
use uuid::Uuid;

use crate::domain::email::EmailAddress;
use crate::domain::otp::Channel;
use crate::invitations::linked;
use crate::store::invitation::{Invited, address_of};
use crate::store::otp::within_budget;
use crate::verification::Verification;

/// Where the question leads.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The website's page that takes a confirmation; the token comes behind a `#`.
    pub page: Url,
    /// Where a mail program says that nothing more is wanted (RFC 8058), the token behind a slash.
    pub unsubscribe: Url,
}

impl Answers {
    /// The two links of a token; none if it is no token.
    fn links(&self, token: &str) -> Option<(Url, Url)> {
        let page = linked(&self.page, token)?;
        let mut unsubscribe = self.unsubscribe.clone();
        unsubscribe.path_segments_mut().ok()?.pop_if_empty().push(token);
        Some((page, unsubscribe))
    }
}

impl Verification {
    /// Has the question sent, and waits until its vendor has it: whoever asks is a program, sends one after the other, and asks again for what didn't leave. False then:
    /// nobody has the identifier, confirmations aren't configured, too many were sent today or are on their way, or the vendor doesn't take it.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn confirm(&self, address: Uuid, token: &str, message: Uuid) -> Result<bool, DbError> {
        let Some((page, unsubscribe)) = self.confirmations.as_ref().and_then(|answers| answers.links(token)) else {
            tracing::warn!("a confirmation is not asked for: RERP_CONFIRMATION_PAGE is not set, or its token is none");
            return Ok(false);
        };
        let Some(to) = address_of(&self.db, Invited::Address(address)).await? else { return Ok(false) };
        if !within_budget(&self.db, Channel::Confirmation, self.most_a_day).await? {
            tracing::error!(most = self.most_a_day, "a confirmation is not asked for: today's budget is spent");
            return Ok(false);
        }
        Ok(self.left(&to, &page, &unsubscribe, message).await)
    }

    /// Whether the vendor has taken the mail. One place of those on their way is held meanwhile.
    async fn left(&self, to: &EmailAddress, page: &Url, unsubscribe: &Url, message: Uuid) -> bool {
        let Ok(_place) = self.places.try_acquire() else {
            tracing::warn!("a confirmation is not asked for: too many messages are on their way");
            return false;
        };
        let taken = self.post.confirm(to, page, unsubscribe, message).await;
        if let Err(error) = &taken {
            tracing::warn!(error = chain(error), "a confirmation is not asked for");
        }
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_behind_both_links() {
        let url = |text: &str| Url::parse(text).unwrap();
        for unsubscribe in
            ["https://api.example.com/api/marketing/unsubscribe", "https://api.example.com/api/marketing/unsubscribe/"]
        {
            let answers = Answers { page: url("https://www.example.com/confirm"), unsubscribe: url(unsubscribe) };
            let (page, off) = answers.links("abc123").unwrap();
            assert_eq!(page.as_str(), "https://www.example.com/confirm#abc123");
            assert_eq!(off.as_str(), "https://api.example.com/api/marketing/unsubscribe/abc123");
            assert!(answers.links("a/b").is_none() && answers.links("").is_none());
        }
    }
}
