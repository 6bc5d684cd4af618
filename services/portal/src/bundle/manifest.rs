//! What a bundle says of itself: which forms it has, and where each goes; whether it is an app, people sign in, with a second factor, see the cluster, and pay by card; which files are only for whoever is signed in.
//! In: JSON of the build. Out: that, and checked forms. Pure.
//!
//! The same table of the build makes the forms on the pages and the requests of their scripts, so there is one place that says what a form sends.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// Where forms may go: to routes of the API, which say themselves whom they let in.
const API: &str = "/api/";
/// Most fields of a form.
const MOST_FIELDS: usize = 32;

/// A bundle's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    #[serde(default)]
    forms: BTreeMap<String, Form>,
    /// Its first page holds a program that shows all views, and opens whatever address somebody has of one.
    #[serde(default)]
    pub(super) app: bool,
    /// People sign in on it.
    #[serde(default)]
    pub(super) sessions: bool,
    /// Nobody is signed in without a second factor, and nobody who isn't staff.
    #[serde(default)]
    pub(super) factor: bool,
    /// Addresses of files that nobody gets who isn't signed in.
    #[serde(default)]
    pub(super) guarded: BTreeSet<String>,
    /// It shows staff the platform as Kubernetes knows it.
    #[serde(default)]
    pub(super) cluster: bool,
    /// Cards are taken on it.
    #[serde(default)]
    pub(super) payments: bool,
}

/// A form of a page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// The route that takes it as JSON, by POST.
    pub to: String,
    /// Names of what is filled in.
    pub fields: BTreeSet<String>,
    /// What it says beside that.
    #[serde(default)]
    pub fixed: BTreeMap<String, String>,
    /// A field that people don't see. Who fills it in is a program, and is told that the form was taken.
    pub trap: String,
    /// The page that says that it was taken.
    pub thanks: String,
}

impl Manifest {
    /// The forms, if all of them can be. `is_page`: whether there is a page at an address.
    ///
    /// # Errors
    /// What is wrong with which.
    pub(super) fn forms(self, is_page: impl Fn(&str) -> bool) -> Result<BTreeMap<String, Form>, String> {
        for (name, form) in &self.forms {
            form.check(&is_page).map_err(|wrong| format!("form {name}: {wrong}"))?;
        }
        Ok(self.forms)
    }
}

impl Form {
    fn check(&self, is_page: impl Fn(&str) -> bool) -> Result<(), String> {
        if !self.to.starts_with(API) || self.to.contains(['?', '#']) || self.to.contains("..") {
            return Err(format!("`to` must be a route below {API}"));
        }
        if self.fields.is_empty() || self.fields.len() > MOST_FIELDS {
            return Err(format!("`fields` must name 1 to {MOST_FIELDS} fields"));
        }
        if self.fields.contains(&self.trap) || self.fixed.contains_key(&self.trap) {
            return Err("`trap` must be a field of its own".to_owned());
        }
        if let Some(twice) = self.fields.iter().find(|name| self.fixed.contains_key(*name)) {
            return Err(format!("{twice} is filled in and fixed"));
        }
        if !is_page(&self.thanks) {
            return Err(format!("there is no page {} to go on with", self.thanks));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn forms(change: impl Fn(&mut Value)) -> Result<BTreeMap<String, Form>, String> {
        let mut form = json!({
            "to": "/api/marketing/email-capture", "fields": ["email"], "fixed": { "source": "hero" }, "trap": "url", "thanks": "/thanks",
        });
        change(&mut form);
        let manifest: Manifest =
            serde_json::from_value(json!({ "forms": { "hero": form } })).map_err(|error| error.to_string())?;
        manifest.forms(|page| page == "/thanks")
    }

    #[test]
    fn a_form_that_can_not_be_is_named() {
        assert_eq!(forms(|_| {}).unwrap()["hero"].fixed["source"], "hero");
        let cases: [(&str, Value); 8] = [
            ("to", json!("https://elsewhere.example/api/")),
            ("to", json!("/api/../forms/hero")),
            ("to", json!("/api/a?b")),
            ("fields", json!([])),
            ("fields", json!(["email", "source"])),
            ("trap", json!("email")),
            ("thanks", json!("/nowhere")),
            ("more", json!(1)),
        ];
        for (field, value) in cases {
            assert!(forms(|form| form[field] = value.clone()).is_err(), "{field} {value}");
        }
        assert!(forms(|form| form["trap"] = json!("source")).unwrap_err().contains("form hero"));
    }
}
