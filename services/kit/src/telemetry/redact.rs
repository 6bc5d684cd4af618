//! Personal data and secrets out of what is logged. In comes a path; out goes one without addresses, phone numbers and tokens.
//! Pure. Must not be relied on for bodies or queries: those are never logged at all.

/// Least digits of what is taken for a token: none that we make is shorter, and identifiers are not so long.
const TOKEN: usize = 64;

/// A path in which every segment that may hold a person's address or number, or a token, is replaced by its kind.
///
/// A segment is taken for an address when it has an `@`, plain or percent-encoded in any letter case or depth of
/// encoding, and for a phone number when it has seven or more digits and nothing but digits and separators. A token
/// is 64 hexadecimal digits or more. The query is dropped. Identifiers (UUIDs) stay: they are what one searches logs for.
#[must_use]
pub fn path(raw: &str) -> String {
    let path = raw.split(['?', '#']).next().unwrap_or_default();
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn segment(text: &str) -> &str {
    if has_at_sign(text) {
        "{email}"
    } else if text.len() >= TOKEN && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        "{token}"
    } else if is_phone(text) {
        "{phone}"
    } else {
        text
    }
}

fn has_at_sign(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    // `%2540` is an `@` that was encoded twice, and so on: `%25` once more for each turn. The last two are full-width
    // and small forms of the sign, which some keyboards produce.
    let mut unwrapped = lower;
    while unwrapped.contains("%25") {
        unwrapped = unwrapped.replace("%25", "%");
    }
    ["@", "%40", "\u{ff20}", "%ef%bc%a0", "\u{fe6b}", "%ef%b9%ab"].iter().any(|sign| unwrapped.contains(sign))
}

fn is_phone(text: &str) -> bool {
    let unwrapped =
        text.to_ascii_lowercase().replace("%2b", "+").replace("%20", " ").replace("%28", "(").replace("%29", ")");
    let digits = unwrapped.chars().filter(char::is_ascii_digit).count();
    digits >= 7 && unwrapped.chars().all(|c| c.is_ascii_digit() || "+-. ()".contains(c))
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn what_opens_something_for_whoever_has_it_goes() {
        for digits in [64, 96] {
            let token = "a1".repeat(digits / 2);
            assert_eq!(path(&format!("/unsubscribe/{token}")), "/unsubscribe/{token}");
            assert_eq!(path(&format!("/verify/{}/credential", token.to_uppercase())), "/verify/{token}/credential");
        }
        let short = "a1".repeat(31);
        assert_eq!(path(&format!("/list/{short}")), format!("/list/{short}"));
    }

    #[test]
    fn addresses_and_numbers_go_and_ids_stay() {
        for (raw, clean) in [
            ("/api/identity/email/a@b.example", "/api/identity/email/{email}"),
            ("/api/identity/email/a%40b.example?email=x@y.z", "/api/identity/email/{email}"),
            ("/api/identity/email/a%2540b.example", "/api/identity/email/{email}"),
            ("/api/identity/email/a%252540b", "/api/identity/email/{email}"),
            ("/api/identity/email?email=a@b.c", "/api/identity/email"),
            ("/x/%22john%20doe%22%40b.c/y", "/x/{email}/y"),
            ("/phone/+49%20170%201234567", "/phone/{phone}"),
            ("/phone/%2B491701234567/x", "/phone/{phone}/x"),
            ("/user/0191f7a1-3f0c-7000-8000-000000000001", "/user/0191f7a1-3f0c-7000-8000-000000000001"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(path(raw), clean, "{raw}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_at_sign_survives(raw in "\\PC{0,60}") {
            proptest::prop_assert!(!path(&raw).contains('@'));
        }
    }
}
