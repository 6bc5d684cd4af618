//! Codes that a program shows (RFC 6238), and what such a program is given to begin with. Pure.

use data_encoding::BASE32_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcodegen::{QrCode, QrCodeEcc};
use ring::hmac;

use super::refusal::Refusal;

/// How long a code is shown, in seconds.
const PERIOD: i64 = 30;
/// Pixels of a point in the picture, and points around it.
const SCALE: i32 = 3;
const MARGIN: i32 = 4;
/// What needs no escape in an address.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A secret as people type it.
pub(super) fn spelled(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// The address that a program reads from the picture.
pub(super) fn address(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account) = (utf8_percent_encode(issuer, KEPT), utf8_percent_encode(account, KEPT));
    let secret = spelled(secret);
    format!("otpauth://totp/{issuer}:{account}?algorithm=SHA1&digits=6&issuer={issuer}&period=30&secret={secret}")
}

/// The picture.
pub(super) fn picture(address: &str) -> Result<String, Refusal> {
    let code = QrCode::encode_text(address, QrCodeEcc::Medium)
        .map_err(|_| Refusal::new(500, "unexpected_failure", "Error generating QR Code"))?;
    let size = (code.size() + 2 * MARGIN) * SCALE;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{} {}h{SCALE}v{SCALE}h-{SCALE}z", (x + MARGIN) * SCALE, (y + MARGIN) * SCALE));
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" viewBox=\"0 0 {size} {size}\">\
         <path fill=\"white\" d=\"M0 0h{size}v{size}h-{size}z\"/><path fill=\"black\" d=\"{path}\"/></svg>"
    ))
}

/// Whether a code is shown now, or is the one before or after it.
pub(super) fn fits(secret: &[u8], code: &str, now: i64) -> bool {
    (-1..=1).any(|step| shown(secret, now + step * PERIOD) == code)
}

/// The code that is shown at a time.
fn shown(secret: &[u8], at: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &at.div_euclid(PERIOD).to_be_bytes());
    // RFC 4226, 5.3: the last half byte says where to read.
    let offset = usize::from(tag.as_ref().last().copied().unwrap_or_default() & 0x0f);
    let number = tag.as_ref().iter().skip(offset).take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_rfcs() {
        // RFC 6238, appendix B, the last six digits of eight.
        let secret = b"12345678901234567890";
        for (at, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(shown(secret, at), code);
            assert!(fits(secret, code, at) && fits(secret, code, at + PERIOD) && !fits(secret, code, at + 2 * PERIOD));
        }
    }

    #[test]
    fn a_program_is_told_everything() {
        let address = address("us.example", "ann+x@b.example", b"12345678901234567890");
        assert_eq!(
            address,
            "otpauth://totp/us.example:ann%2Bx%40b.example?algorithm=SHA1&digits=6&issuer=us.example&period=30\
             &secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        );
        let picture = picture(&address).unwrap();
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>") && picture.contains("M12 12h3v3h-3z"));
    }
}
