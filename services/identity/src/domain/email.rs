//! The canonical form of an email address: one text for all the ways in which people write the same address.
//! In comes what was typed; out goes the form that is stored and compared, or what is wrong. Pure.
//! Must not judge whether an address exists, nor refuse what real ones look like.
//!
//! | rule | why |
//! |---|---|
//! | surrounding space and invisible characters go | they come along when an address is pasted |
//! | Unicode NFC | `é` has two spellings |
//! | control, invisible and direction characters refuse | two addresses that look alike must be alike |
//! | split at the last `@` | a quoted local part may hold one |
//! | domain: UTS 46, as A-labels, lower case, no final dot | names compare that way in DNS (RFC 5891, RFC 4343) |
//! | local part: lower case | formally distinct, but no provider of note tells `Ann` from `ann`, and people don't |
//! | quotes go where they aren't needed | `"ann"@x` is `ann@x` (RFC 5321, 4.1.2) |
//! | dots anywhere in the local part | not RFC, but a large carrier gave them out for years |
//! | `+tag`, `'`, `/`, `%`, non-ASCII letters stay | all real; a tag is part of the address |
//! | at most 64 bytes local, 254 in all | RFC 5321, 4.5.3.1, erratum 1690 of RFC 3696 |

use std::fmt;

use rerp_kit::text::is_invisible;
use unicode_normalization::UnicodeNormalization as _;

use super::email_parts::{domain, local_part};

/// More than this isn't read at all; the longest address with quotes, escapes and U-labels is shorter.
const LONGEST_TYPED: usize = 1024;
/// Longest canonical form in bytes.
const LONGEST: usize = 254;

/// An email address in canonical form. Not shown by `Debug`: it is personal data.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// What is wrong with an address. Says so without repeating it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing was typed.
    #[error("the address is empty")]
    Empty,
    /// Too long, in all or before the `@`.
    #[error("the address is too long: at most 64 bytes before the @ and 254 in all")]
    TooLong,
    /// No `@`, or nothing before or after it.
    #[error("the address needs a name, an @ and a domain")]
    Incomplete,
    /// A control, invisible or direction character.
    #[error("the address holds a character that can't be seen")]
    Invisible,
    /// The part before the `@`.
    #[error("the part before the @ holds a character that must be quoted, or a quote that isn't closed")]
    LocalPart,
    /// The part after the `@`.
    #[error("the part after the @ is not a domain name with a dot, nor an address in brackets")]
    Domain,
}

impl EmailAddress {
    /// The canonical form of what was typed. Doing it to a canonical form changes nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        if typed.len() > LONGEST_TYPED {
            return Err(EmailError::TooLong);
        }
        let text: String = typed.trim_matches(|c: char| c.is_whitespace() || is_invisible(c)).nfc().collect();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.chars().any(|c| c.is_control() || is_invisible(c)) {
            return Err(EmailError::Invisible);
        }
        let (local, host) = text.rsplit_once('@').ok_or(EmailError::Incomplete)?;
        if local.is_empty() || host.is_empty() {
            return Err(EmailError::Incomplete);
        }
        let canonical = format!("{}@{}", local_part(local)?, domain(host)?);
        if canonical.len() > LONGEST { Err(EmailError::TooLong) } else { Ok(Self(canonical)) }
    }

    /// The canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EmailError::{Domain, Empty, Incomplete, Invisible, LocalPart, TooLong};

    fn canonical(typed: &str) -> Result<String, EmailError> {
        EmailAddress::parse(typed).map(|email| email.0)
    }

    #[test]
    fn oddities_of_real_addresses() {
        for (typed, expected) in [
            ("ann@example.com", "ann@example.com"),
            ("  Ann@Example.COM\t\r\n", "ann@example.com"),
            ("\u{feff}ann@example.com\u{200b}", "ann@example.com"),
            ("ann@example.com.", "ann@example.com"),
            ("ann+news@example.com", "ann+news@example.com"),
            ("o'brien@example.ie", "o'brien@example.ie"),
            ("first.last@sub.sub.example.co.uk", "first.last@sub.sub.example.co.uk"),
            ("a@b.co", "a@b.co"),
            ("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"),
            ("customer/department=shipping@example.com", "customer/department=shipping@example.com"),
            ("user%example.com@example.org", "user%example.com@example.org"),
            ("bang!path!user@example.com", "bang!path!user@example.com"),
            (".abc..def.@docomo.example.jp", ".abc..def.@docomo.example.jp"),
            ("-@example.com", "-@example.com"),
            ("1234567890@qq.example", "1234567890@qq.example"),
            ("\"Ann\"@example.com", "ann@example.com"),
            ("\"ann\\@home\"@example.com", "\"ann@home\"@example.com"),
            ("\"Ann Lee\"@example.com", "\"ann lee\"@example.com"),
            ("\"a@b\"@example.com", "\"a@b\"@example.com"),
            ("\"a\\\"b\\\\c\"@example.com", "\"a\\\"b\\\\c\"@example.com"),
            ("\" \"@example.com", "\" \"@example.com"),
            ("jörg@müller.example", "jörg@xn--mller-kva.example"),
            ("JÖRG@MÜLLER.EXAMPLE", "jörg@xn--mller-kva.example"),
            ("jo\u{308}rg@mu\u{308}ller.example", "jörg@xn--mller-kva.example"),
            ("ann@XN--MLLER-KVA.example", "ann@xn--mller-kva.example"),
            ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
            ("ann@例子。广告", "ann@xn--fsqu00a.xn--4rr70v"),
            ("ann@ｅｘａｍｐｌｅ．ｃｏｍ", "ann@example.com"),
            ("ann@straße.example", "ann@xn--strae-oqa.example"),
            ("ΣΊΣΥΦΟΣ@example.gr", "σίσυφος@example.gr"),
            ("दीपक@उदाहरण.भारत", "दीपक@xn--p1b6ci4b4b3a.xn--h2brj9c"),
            ("ann@my_host.example.com", "ann@my_host.example.com"),
            ("ann@r3---sn-abc.example.com", "ann@r3---sn-abc.example.com"),
            ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
            ("ann@[ipv6:2001:DB8:0:0::1]", "ann@[IPv6:2001:db8::1]"),
            ("ann@1and1.example", "ann@1and1.example"),
            ("ann@123.example", "ann@123.example"),
        ] {
            assert_eq!(canonical(typed), Ok(expected.to_owned()), "{typed}");
        }
    }

    #[test]
    fn what_no_address_looks_like() {
        let long_name = format!("{}@example.com", "x".repeat(65));
        let long_domain = format!("x@{}com", "abcdefghij.".repeat(25));
        let huge = "x".repeat(5000);
        for (typed, expected) in [
            ("", Empty),
            (" \u{200b}\u{feff} ", Empty),
            ("ann", Incomplete),
            ("@example.com", Incomplete),
            ("ann@", Incomplete),
            ("ann@.", Domain),
            ("ann at example.com", Incomplete),
            ("ann＠example.com", Incomplete),
            ("ann@localhost", Domain),
            ("ann@example..com", Domain),
            ("ann@.example.com", Domain),
            ("ann@example.com..", Domain),
            ("ann@-example.com", Domain),
            ("ann@exa mple.com", Domain),
            ("ann@example.com, bob@example.com", LocalPart),
            ("ann@example.com;bob", Domain),
            ("ann@example.123", Domain),
            ("ann@192.0.2.1", Domain),
            ("ann@[300.0.2.1]", Domain),
            ("ann@[IPv6:::zz]", Domain),
            ("ann@[192.0.2.1", Domain),
            ("ann@xn--\u{fc}.example", Domain),
            ("ann@xn--a.example", Domain),
            ("ann@exam%70le.com", Domain),
            ("ann@example.com/path", Domain),
            ("ann lee@example.com", LocalPart),
            ("Ann <ann@example.com>", LocalPart),
            ("<ann@example.com>", LocalPart),
            ("mailto:ann@example.com", LocalPart),
            ("ann(comment)@example.com", LocalPart),
            ("ann,bob@example.com", LocalPart),
            ("a@b@example.com", LocalPart),
            ("\"ann@example.com", LocalPart),
            ("\"\"@example.com", LocalPart),
            ("\"a\"b@example.com", LocalPart),
            ("\"ann\\\"@example.com", LocalPart),
            ("ann\u{a0}lee@example.com", LocalPart),
            ("\"ann\\\u{a0}lee\"@example.com", LocalPart),
            ("ann\u{fffd}@example.com", Invisible),
            ("an\u{200b}n@example.com", Invisible),
            ("ann\u{202e}@example.com", Invisible),
            ("ann\0@example.com", Invisible),
            ("ann\n@example.com", Invisible),
            ("an\u{ad}n@example.com", Invisible),
            (&long_name, TooLong),
            (&long_domain, Domain),
            (&huge, TooLong),
        ] {
            assert_eq!(canonical(typed), Err(expected), "{typed}");
        }
    }

    #[test]
    fn nothing_is_shown_by_accident() {
        let email = EmailAddress::parse("ann@example.com").unwrap();
        assert!(!format!("{email:?}").contains("ann"));
    }

    fn changes_nothing_twice(typed: &str) -> Result<(), proptest::test_runner::TestCaseError> {
        if let Ok(once) = canonical(typed) {
            proptest::prop_assert_eq!(canonical(&once), Ok(once.clone()), "{:?}", typed);
            proptest::prop_assert!(once.len() <= LONGEST && once.matches('@').count() >= 1);
        }
        Ok(())
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(2000))]

        #[test]
        fn canonical_forms_are_fixed_points(local in "[\\PC]{1,12}", host in "[a-zA-Z0-9äßİıΣςﬀ。-]{1,10}", top in "[a-zA-Z中]{2,5}") {
            changes_nothing_twice(&format!("{local}@{host}.{top}"))?;
            changes_nothing_twice(&format!("\"{local}\"@{host}.{top}"))?;
        }

        #[test]
        fn plain_addresses_are_always_accepted(local in "[a-zA-Z0-9._+-]{1,30}", host in "[a-z0-9]{1,20}", top in "[a-z]{2,6}") {
            let expected = format!("{}@{host}.{top}", local.to_lowercase());
            proptest::prop_assert_eq!(canonical(&format!(" {local}@{host}.{top}")), Ok(expected));
        }

        #[test]
        fn anything_at_all_is_survived(typed in "\\PC{0,80}|.{0,80}") {
            changes_nothing_twice(&typed)?;
        }
    }
}
