//! What a request to Stripe says: pairs of names and texts, nested by brackets. In come values; out goes a body.

use url::form_urlencoded::Serializer;

/// A form. The order is kept: the same form is the same body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The form with one more field, such as `items[0][price]`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same, if there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The body.
    pub(super) fn encoded(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_escaped() {
        let form = Form::default()
            .with("items[0][price]", "price_1")
            .maybe("a", None::<u32>)
            .maybe("trial", Some(14))
            .with("n", "ü &");
        assert_eq!(form.encoded(), "items%5B0%5D%5Bprice%5D=price_1&trial=14&n=%C3%BC+%26");
    }
}
