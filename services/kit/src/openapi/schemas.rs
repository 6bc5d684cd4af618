//! Schemas of types. In: types, as what is taken from callers or as what is given to them. Out: references to schemas, and the schemas under the
//! names of their types. Must not hold a schema that is written by hand.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// A type, as far as its schema goes.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// The shape of a type, referred to by its name.
pub(super) fn named<T: JsonSchema>() -> Shape {
    SchemaGenerator::subschema_for::<T>
}

/// The shape of a type, written out where it is used.
pub(super) fn written_out<T: JsonSchema>() -> Shape {
    T::json_schema
}

/// What was asked for so far. The two sides differ in what may be left out: a field with a default on the way in, none on the way out.
pub(super) struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            taken: settings.clone().for_deserialize().into_generator(),
            given: settings.for_serialize().into_generator(),
        }
    }

    /// Of what callers send.
    pub(super) fn taken(&mut self, shape: Shape) -> Value {
        shape(&mut self.taken).to_value()
    }

    /// Of what they get.
    pub(super) fn given(&mut self, shape: Shape) -> Value {
        shape(&mut self.given).to_value()
    }

    /// All schemas by name, and names that would stand for two.
    pub(super) fn finish(mut self) -> (Map<String, Value>, Vec<String>) {
        let (mut all, mut twice) = (self.taken.take_definitions(true), Vec::new());
        for (name, schema) in self.given.take_definitions(true) {
            match all.get(&name) {
                Some(other) if *other != schema => twice.push(name),
                Some(_) => {}
                None => {
                    all.insert(name, schema);
                }
            }
        }
        // The generator numbers types of one name.
        let numbered = all.keys().filter(|name| name.strip_suffix('2').is_some_and(|first| all.contains_key(first)));
        twice.extend(numbered.cloned());
        (all, twice)
    }
}
