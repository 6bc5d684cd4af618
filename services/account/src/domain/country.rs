//! Countries as ISO 3166-1 names them with two letters. In comes a text; out goes a code that is officially assigned. Pure.
//! A table and no crate: the one that is maintained brings names in many forms, and asks for a newer compiler than this workspace does.

use serde::Serialize;

/// Every officially assigned code, in order (249 of them; the list last changed in 2011).
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA \
    BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU \
    CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES \
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM \
    GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE \
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM \
    KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY \
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU \
    NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA \
    RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL \
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE \
    VG VI VN VU WF WS YE YT ZA ZM ZW";

/// An assigned code.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Country(&'static str);

impl Country {
    /// The code, if it is one: two capital letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        ASSIGNED.split(' ').find(|code| *code == text).map(Self)
    }

    /// The two letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_list() {
        let codes: Vec<&str> = ASSIGNED.split(' ').collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
        assert!(codes.is_sorted_by(|one, next| one < next), "each once");
    }

    #[test]
    fn only_assigned_codes_are_countries() {
        for code in ["GB", "DE", "AX", "SS", "ZW", "AD"] {
            assert_eq!(Country::parse(code).map(Country::code), Some(code));
        }
        // Reserved, user-assigned, withdrawn, three letters, small letters, nothing.
        for other in ["UK", "EU", "XK", "AN", "YU", "DEU", "de", "", " ", "D", "AD AE"] {
            assert!(Country::parse(other).is_none(), "{other}");
        }
    }
}
