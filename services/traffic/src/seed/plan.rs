//! How many rows each table gets. In: rows wanted over all domains. Out: counts that add up to it exactly.
//!
//! The shares are those of a consumer product some years old: two of five people who left an address also gave a name,
//! seven of ten of these have a phone number, all of them have their verification state, and one in seven has an account.

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
    /// `account.companies`
    pub companies: u64,
    /// `account.accounts`
    pub accounts: u64,
    /// `account.account_roles`: an owner for each account, then members
    pub roles: u64,
    /// `account.addresses`, of people and of companies in turn
    pub addresses: u64,
    /// `marketing.email_captures`
    pub captures: u64,
    /// `marketing.contact_messages`
    pub messages: u64,
}

impl Counts {
    /// Distributes `rows`: 87 of 100 go to identity, 7 to account, 6 to marketing.
    #[must_use]
    pub fn of(rows: u64) -> Self {
        let share = |per_mille: u64| rows * per_mille / 1000;
        let (companies, accounts, addresses) = (share(7), share(25), share(10));
        let (roles, captures, messages) = (accounts + accounts / 8, share(48), share(12));
        let identity = rows - companies - accounts - roles - addresses - captures - messages;
        let platform_users = (identity / 4_000).min(400);
        let admins = platform_users / 4;
        let people = identity - platform_users - admins;
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
            companies,
            accounts,
            roles,
            addresses,
            captures,
            messages,
        }
    }

    /// Rows in identity's tables.
    #[must_use]
    pub fn identity(&self) -> u64 {
        self.emails + self.names + self.phones + self.trackings + self.platform_users + self.admins
    }

    /// Rows in account's tables.
    #[must_use]
    pub fn account(&self) -> u64 {
        self.companies + self.accounts + self.roles + self.addresses
    }

    /// Rows in marketing's tables.
    #[must_use]
    pub fn marketing(&self) -> u64 {
        self.captures + self.messages
    }

    /// Position of the name that account `account` belongs to: accounts are spread evenly over the names, one each.
    #[must_use]
    pub fn name_of_account(&self, account: u64) -> u64 {
        spread(account, self.accounts, self.names)
    }

    /// Position of the account that member of staff `admin` has, if any: every second one.
    #[must_use]
    pub fn account_of_admin(&self, admin: u64) -> Option<u64> {
        (admin.is_multiple_of(2) && self.accounts >= self.admins).then(|| spread(admin, self.admins, self.accounts))
    }

    /// Position of the address that belongs to name `name`: names are spread evenly over the addresses, one each.
    #[must_use]
    pub fn email_of_name(&self, name: u64) -> u64 {
        spread(name, self.names, self.emails)
    }

    /// Position of the name that phone number `phone` belongs to.
    #[must_use]
    pub fn name_of_phone(&self, phone: u64) -> u64 {
        spread(phone, self.phones, self.names)
    }

    /// The phone number of name `name`, if it has one.
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
            assert_eq!(counts.identity() + counts.account() + counts.marketing(), rows);
            assert!(counts.emails >= counts.names && counts.names >= counts.phones && counts.names >= counts.accounts);
            assert!((counts.accounts..=2 * counts.accounts).contains(&counts.roles));
            assert!(counts.addresses <= 2 * counts.companies + 1 && counts.addresses <= 2 * counts.accounts + 1);
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
