//! Postal addresses. In come texts of a request; out goes a checked place and whose it is, or what is wrong. Pure.
//! Must not be printed: where somebody lives is nobody's business, so nothing here has a `Debug` that shows it.

use serde::Serialize;
use uuid::Uuid;

use super::country::Country;
use rerp_kit::problem::Mistakes;

/// What addresses are for.
pub(crate) const TYPES: [&str; 4] = ["billing", "shipping", "residential", "registered"];

/// What was typed of a place.
pub struct Typed<'a> {
    /// What it is for.
    pub kind: &'a str,
    /// Street and number.
    pub street_address: &'a str,
    /// Town.
    pub city: &'a str,
    /// State, province or county.
    pub state_province: Option<&'a str>,
    /// Postal code; some countries have none.
    pub postal_code: Option<&'a str>,
    /// ISO 3166-1 alpha-2.
    pub country: &'a str,
}

/// A place, and what it is for.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// What it is for.
    pub kind: &'static str,
    /// Street and number.
    pub street_address: String,
    /// Town.
    pub city: String,
    /// State, province or county.
    pub state_province: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Country,
}

/// Whose address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Identity's: somebody with a role in the account.
    Person(Uuid),
    /// The company that the account is for.
    Company(Uuid),
}

impl Owner {
    /// The person, if it is one.
    #[must_use]
    pub fn person(self) -> Option<Uuid> {
        if let Self::Person(id) = self { Some(id) } else { None }
    }

    /// The company, if it is one.
    #[must_use]
    pub fn company(self) -> Option<Uuid> {
        if let Self::Company(id) = self { Some(id) } else { None }
    }
}

impl Place {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(typed: &Typed<'_>) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let place = Self::read(typed, &mut mistakes);
        match place {
            Some(place) => mistakes.finish(place),
            None => Err(mistakes),
        }
    }

    /// Checks a place together with its owner, of whom exactly one is named.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn owned(typed: &Typed<'_>, person: Option<&str>, company: Option<&str>) -> Result<(Self, Owner), Mistakes> {
        let mut mistakes = Mistakes::default();
        let owner = match (person, company) {
            (Some(person), None) => Some(Owner::Person(mistakes.id("/person_id", person))),
            (None, Some(company)) => Some(Owner::Company(mistakes.id("/company_id", company))),
            _ => {
                mistakes.add("/person_id", "an address is a person's or a company's: name one of the two");
                None
            }
        };
        match (Self::read(typed, &mut mistakes), owner) {
            (Some(place), Some(owner)) => mistakes.finish((place, owner)),
            _ => Err(mistakes),
        }
    }

    /// The place, unless what it is for or its country is unknown; other mistakes only add to the list.
    fn read(typed: &Typed<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        let kind = TYPES.into_iter().find(|kind| *kind == typed.kind);
        if kind.is_none() {
            mistakes.add("/type", "must be `billing`, `shipping`, `residential` or `registered`");
        }
        let street_address = mistakes.line("/street_address", typed.street_address, 200);
        let city = mistakes.line("/city", typed.city, 100);
        let state_province = mistakes.optional_line("/state_province", typed.state_province, 100);
        let postal_code = mistakes.optional_line("/postal_code", typed.postal_code, 20);
        let country = Country::parse(typed.country);
        if country.is_none() {
            mistakes.add("/country", "must be a country's two capital letters, as ISO 3166-1 assigns them");
        }
        let (kind, country) = kind.zip(country)?;
        Some(Self { kind, street_address, city, state_province, postal_code, country })
    }
}

/// Whether an address that is added becomes its owner's primary one: if that is wished, and always if it is the first, so that
/// whoever has an address has a primary one.
#[must_use]
pub fn becomes_primary(wished: Option<bool>, has_primary: bool) -> bool {
    wished == Some(true) || !has_primary
}

/// Whether a changed address is the primary one afterwards; none if it can't be: the primary one gives way to another only.
#[must_use]
pub fn stays_primary(wished: Option<bool>, is_primary: bool) -> Option<bool> {
    if is_primary && wished == Some(false) { None } else { Some(wished.unwrap_or(is_primary)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0191f7a1-3f0c-7000-8000-000000000001";

    fn typed<'a>(kind: &'a str, street_address: &'a str, country: &'a str) -> Typed<'a> {
        Typed { kind, street_address, city: "Köln", state_province: Some(" "), postal_code: Some("50667"), country }
    }

    fn pointers<T>(checked: Result<T, Mistakes>) -> Vec<String> {
        checked.err().unwrap_or_default().0.into_iter().map(|mistake| mistake.pointer.into_owned()).collect()
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        assert!(pointers(Place::new(&typed("billing", "Domkloster 4", "DE"))).is_empty());
        assert_eq!(pointers(Place::new(&typed("home", "", "UK"))), ["/type", "/street_address", "/country"]);
        let all = Place::owned(&typed("home", "", "UK"), None, None);
        assert_eq!(pointers(all), ["/person_id", "/type", "/street_address", "/country"]);
    }

    #[test]
    fn an_address_has_one_owner() {
        let owned = |person, company| Place::owned(&typed("billing", "Domkloster 4", "DE"), person, company);
        assert_eq!(owned(Some(ID), None).ok().map(|(_, owner)| owner.person().is_some()), Some(true));
        assert_eq!(owned(None, Some(ID)).ok().map(|(_, owner)| owner.company().is_some()), Some(true));
        assert_eq!(pointers(owned(None, None)), ["/person_id"]);
        assert_eq!(pointers(owned(Some(ID), Some(ID))), ["/person_id"]);
        assert_eq!(pointers(owned(None, Some("x"))), ["/company_id"]);
    }

    #[test]
    fn whoever_has_an_address_has_a_primary_one() {
        for wished in [None, Some(false), Some(true)] {
            assert!(becomes_primary(wished, false));
            assert_eq!(becomes_primary(wished, true), wished == Some(true));
        }
        assert_eq!((stays_primary(None, true), stays_primary(None, false)), (Some(true), Some(false)));
        assert_eq!((stays_primary(Some(true), false), stays_primary(Some(false), true)), (Some(true), None));
    }
}
