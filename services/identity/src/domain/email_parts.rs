//! The two halves of an email address. In come texts in NFC without invisible characters; out go canonical forms.
//! Pure. Must not trim: what is left at the edges of a half belongs to it.

use std::net::{Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization as _;

use super::email::EmailError;

/// Longest local part in bytes (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// The part before the `@`: lower case, quoted only if it must be.
pub(super) fn local_part(text: &str) -> Result<String, EmailError> {
    let content = match text.strip_prefix('"') {
        Some(rest) => unquote(rest)?,
        None if text.chars().all(needs_no_quotes) => text.to_owned(),
        None => return Err(EmailError::LocalPart),
    };
    let content = lower(&content);
    let canonical = if content.chars().all(needs_no_quotes) { content } else { quote(&content) };
    if canonical.len() > LONGEST_LOCAL { Err(EmailError::TooLong) } else { Ok(canonical) }
}

/// Lower case until nothing changes: some letters lower to a pair that composes to one with an upper case of its own.
fn lower(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        let lowered: String = text.to_lowercase().nfc().collect();
        if lowered == text {
            break;
        }
        text = lowered;
    }
    text
}

/// `atext` of RFC 5322 with RFC 6532's non-ASCII, and dots wherever they are.
fn needs_no_quotes(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (!c.is_ascii() && !c.is_whitespace())
}

/// What stands between the quotes, without its escapes. `rest` begins after the opening quote.
fn unquote(rest: &str) -> Result<String, EmailError> {
    let mut content = String::with_capacity(rest.len());
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        let taken = match c {
            '"' if chars.as_str().is_empty() && !content.is_empty() => return Ok(content),
            '"' => return Err(EmailError::LocalPart),
            '\\' => chars.next().ok_or(EmailError::LocalPart)?,
            plain => plain,
        };
        // The plain space is the only one that a quoted string may hold, escaped or not.
        if taken.is_whitespace() && taken != ' ' {
            return Err(EmailError::LocalPart);
        }
        content.push(taken);
    }
    Err(EmailError::LocalPart)
}

fn quote(content: &str) -> String {
    format!("\"{}\"", content.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The part after the `@`.
pub(super) fn domain(text: &str) -> Result<String, EmailError> {
    match text.strip_prefix('[') {
        Some(rest) => literal(rest.strip_suffix(']').ok_or(EmailError::Domain)?),
        None => name(text),
    }
}

/// A name in DNS as A-labels. Underscores are let through, as DNS does; two labels at least, since an address without a
/// dot means something else in every network.
fn name(text: &str) -> Result<String, EmailError> {
    let text = text.strip_suffix(['.', '。', '．', '｡']).unwrap_or(text);
    let ascii = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::URL, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| EmailError::Domain)?;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let (_, top) = ascii.rsplit_once('.').ok_or(EmailError::Domain)?;
    if !ascii.chars().all(is_plain) || top.chars().all(|c| c.is_ascii_digit()) {
        return Err(EmailError::Domain);
    }
    Ok(ascii.into_owned())
}

/// An address literal (RFC 5321, 4.1.3), in the one shortest spelling.
fn literal(inside: &str) -> Result<String, EmailError> {
    let tagged = inside.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:")).and_then(|_| inside.get(5..));
    match tagged {
        Some(address) => address.parse::<Ipv6Addr>().map(|address| format!("[IPv6:{address}]")),
        None => inside.parse::<Ipv4Addr>().map(|address| format!("[{address}]")),
    }
    .map_err(|_| EmailError::Domain)
}
