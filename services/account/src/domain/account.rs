//! What an account is opened with. In come texts of a request; out goes a checked wish, or what is wrong with it. Pure.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use rerp_kit::problem::Mistakes;

/// What kind of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AccountKind")]
pub enum Kind {
    /// A person's own: at most one for each.
    Personal,
    /// For work: as many as are wanted, each for one company at most.
    Business,
}

impl Kind {
    /// The kind of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Personal, Self::Business].into_iter().find(|kind| kind.name() == name)
    }

    /// Its name, in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Business => "business",
        }
    }
}

/// An account that somebody wants to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NewAccount {
    /// Identity's: who opens it, and owns it first.
    pub human_name_id: Uuid,
    /// What kind.
    pub kind: Kind,
    /// The company it is for.
    pub company_id: Option<Uuid>,
}

impl NewAccount {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(human_name_id: &str, kind: &str, company_id: Option<&str>) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let human_name_id = mistakes.id("/human_name_id", human_name_id);
        let company_id = company_id.map(|id| mistakes.id("/company_id", id));
        let kind = Kind::parse(kind).unwrap_or_else(|| {
            mistakes.add("/kind", "must be `personal` or `business`");
            Kind::Business
        });
        if kind == Kind::Personal && company_id.is_some() {
            mistakes.add("/company_id", "must be left out: a personal account is for no company");
        }
        mistakes.finish(Self { human_name_id, kind, company_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0191f7a1-3f0c-7000-8000-000000000001";

    #[test]
    fn every_mistake_is_named_at_once() {
        let pointers = |person, kind, company| {
            let mistakes = NewAccount::new(person, kind, company).err().unwrap_or_default().0;
            mistakes.into_iter().map(|mistake| mistake.pointer).collect::<Vec<_>>()
        };
        assert!(pointers(ID, "personal", None).is_empty());
        assert!(pointers(ID, "business", None).is_empty());
        assert!(pointers(ID, "business", Some(ID)).is_empty());
        assert_eq!(pointers(ID, "personal", Some(ID)), ["/company_id"]);
        assert_eq!(pointers("x", "Personal", Some("")), ["/human_name_id", "/company_id", "/kind"]);
        assert_eq!(pointers(&ID.replace('-', ""), "business", None), ["/human_name_id"]);
    }
}
