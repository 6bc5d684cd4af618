//! May they? In: somebody whom the kit has found by their token, and a row of the table. Out: yes, or a problem. Pure.

use rerp_kit::access::PrincipalKind;
use rerp_kit::bearer::Principal;
use rerp_kit::http::strict_uuid;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;

use crate::table::Row;

/// Whether a principal may call a route, as far as the table says. `own` is the value of the parameter that must be its own.
///
/// # Errors
/// A problem.
pub fn may_call(principal: &Principal, row: &Row, own: Option<&str>) -> Result<(), Problem> {
    row.may.admits(&principal.told())?;
    let is_own = || own.is_none_or(|text| strict_uuid(text) == Some(principal.id));
    // As a service answers for what isn't there: whether somebody else is, nobody learns.
    if principal.kind == PrincipalKind::Staff || is_own() { Ok(()) } else { Err(Problem::new(NOT_FOUND)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_kit::access::Assurance;
    use rerp_kit::problem::catalogue::NOT_PERMITTED;
    use uuid::Uuid;

    use crate::table::{May, TABLE};

    #[test]
    fn staff_need_a_second_factor_and_people_their_own_identifier() {
        let own = TABLE.iter().find(|row| row.own.is_some()).unwrap();
        let staff = TABLE.iter().find(|row| row.may == May::Staff).unwrap();
        let id = Uuid::from_u128(7);
        let who = |kind, assurance| Principal { id, kind, assurance, key: None, role: None };
        let kind = |who: &Principal, row, parameter: Option<&str>| {
            may_call(who, row, parameter).err().map(|problem| problem.kind())
        };
        let (mine, other) = (id.to_string(), Uuid::from_u128(8).to_string());

        let person = who(PrincipalKind::Person, Assurance::First);
        assert_eq!(kind(&person, own, Some(&mine)), None);
        assert_eq!(kind(&person, own, Some(&mine.to_uppercase())), None, "an identifier has two spellings");
        assert_eq!(kind(&person, own, Some(&other)), Some(NOT_FOUND));
        assert_eq!(kind(&person, own, Some("me")), Some(NOT_FOUND));
        assert_eq!(kind(&person, staff, None), Some(NOT_PERMITTED));
        assert_eq!(kind(&who(PrincipalKind::Staff, Assurance::First), own, Some(&other)), Some(NOT_PERMITTED));
        assert_eq!(kind(&who(PrincipalKind::Staff, Assurance::Second), own, Some(&other)), None);
        assert_eq!(kind(&who(PrincipalKind::Staff, Assurance::Second), staff, None), None);
    }
}
