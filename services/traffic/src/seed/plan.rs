//! How many rows each table gets. In: rows wanted in identity's tables. Out: counts that add up to it exactly.
//!
//! The shares are those of a consumer product some years old: two of five people who left an address also have an account,
//! seven of ten accounts have a phone number, every account has its verification state.

/// Rows per table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// `identity.email_addresses`
    pub emails: u64,
    /// `identity.human_names`
    pub names: u64,
    /// `identity.mobile_numbers`
    pub phones: u64,
    /// `identity.verification_tracking`
    pub trackings: u64,
    /// `identity.platform_users`
    pub platform_users: u64,
    /// `identity.admins`
    pub admins: u64,
    /// `marketing.email_captures`; not part of the count wanted, they stay where they are
    pub captures: u64,
    /// `marketing.contact_messages`; the same
    pub messages: u64,
}

impl Counts {
    /// Distributes `rows` over identity's tables and adds marketing rows in proportion.
    #[must_use]
    pub fn of(rows: u64) -> Self {
        let platform_users = (rows / 4_000).min(400);
        let admins = platform_users / 4;
        let people = rows - platform_users - admins;
        let names = people * 197 / 1000;
        let phones = names * 7 / 10;
        let emails = people - 2 * names - phones;
        Self {
            emails,
            names,
            phones,
            trackings: names,
            platform_users,
            admins,
            captures: emails / 5,
            messages: emails / 20,
        }
    }

    /// Rows in identity's tables.
    #[must_use]
    pub fn identity(&self) -> u64 {
        self.emails + self.names + self.phones + self.trackings + self.platform_users + self.admins
    }

    /// Position of the address that belongs to account `name`: accounts are spread evenly over the addresses, one each.
    #[must_use]
    pub fn email_of_name(&self, name: u64) -> u64 {
        spread(name, self.names, self.emails)
    }

    /// Position of the account that phone number `phone` belongs to.
    #[must_use]
    pub fn name_of_phone(&self, phone: u64) -> u64 {
        spread(phone, self.phones, self.names)
    }

    /// The phone number of account `name`, if it has one.
    #[must_use]
    pub fn phone_of_name(&self, name: u64) -> Option<u64> {
        if self.names == 0 {
            return None;
        }
        let guess = (name * self.phones).div_ceil(self.names);
        (guess < self.phones && self.name_of_phone(guess) == name).then_some(guess)
    }
}

/// Maps `index` of `few` onto `many` (`few <= many`) without two of them meeting.
fn spread(index: u64, few: u64, many: u64) -> u64 {
    index * many / few.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn counts_add_up_whatever_is_wanted() {
        for rows in [0, 1, 2, 9, 100, 20_000, 500_000, 1_234_567] {
            let counts = Counts::of(rows);
            assert_eq!(counts.identity(), rows);
            assert!(counts.emails >= counts.names && counts.names >= counts.phones);
        }
    }

    #[test]
    fn nobody_shares_an_address_or_a_phone() {
        let counts = Counts::of(10_000);
        let emails: HashSet<u64> = (0..counts.names).map(|n| counts.email_of_name(n)).collect();
        assert_eq!(emails.len() as u64, counts.names);
        assert!(emails.iter().all(|e| *e < counts.emails));
        let names: HashSet<u64> = (0..counts.phones).map(|p| counts.name_of_phone(p)).collect();
        assert_eq!(names.len() as u64, counts.phones);
        let with_phone = (0..counts.names).filter_map(|n| counts.phone_of_name(n)).collect::<HashSet<_>>();
        assert_eq!(with_phone.len() as u64, counts.phones);
        assert!((0..counts.phones).all(|p| counts.phone_of_name(counts.name_of_phone(p)) == Some(p)));
    }
}
