//! `order`: in which order schemas of the source may move, by the foreign keys between their tables.

use super::Ended;
use super::args::Sides;
use super::exit::Exit;
use super::failure::{Failure, Refusal};
use super::progress::{Event, Output};
use rerp_split::inspect::links;
use rerp_split::order::{Link, arrange, circles, hindrance};
use rerp_split::spec::Side;
use rerp_split::step::{StepError, failed};
use std::fmt::Write;
use tokio_postgres::Client;

/// Prints an order that the keys allow; refused if the given one isn't one. Without schemas: those that refer to each other.
pub(super) async fn order(sides: Sides, schemas: &[String], output: &Output) -> Result<Ended, Failure> {
    let source = sides.endpoint(Side::Source, "order")?;
    let mut client = source.connect("order").await?;
    known(&client, schemas).await?;
    let links = links(&mut client).await.map_err(StepError::from)?;
    let given = if schemas.is_empty() { tied(&links) } else { schemas.iter().map(String::as_str).collect() };
    let arranged = arrange(&given, &links);
    output.result(&words(&arranged, &links));
    let owned = |schemas: &[&str]| schemas.iter().map(|&schema| schema.to_owned()).collect();
    let all = circles(&links).into_iter().map(|circle| circle.into_iter().map(str::to_owned).collect()).collect();
    output.tell(&Event::Order { schemas: owned(&arranged), circles: all, links: links.clone() });
    match wrong(&given, &links).filter(|_| !schemas.is_empty()) {
        Some(link) => {
            let message = format!(
                "wrong order: {} and {} is to move after {}: move {} first",
                link.words(),
                link.parent_schema,
                link.child_schema,
                link.parent_schema
            );
            Ok(Ended::new(Exit::Refused, message))
        }
        None => Ok(Ended::new(Exit::Done, "nothing has been changed")),
    }
}

/// A name that is none would stand anywhere in an order.
async fn known(client: &Client, schemas: &[String]) -> Result<(), Failure> {
    let sql = "SELECT name FROM unnest($1::text[]) WITH ORDINALITY AS given(name, at)
        WHERE to_regnamespace(quote_ident(name)) IS NULL ORDER BY at";
    let unknown = client.query(sql, &[&schemas]).await.map_err(failed("look for the schemas"))?;
    if let Some(row) = unknown.first() {
        let name: String = row.try_get(0).map_err(failed("look for the schemas"))?;
        return Err(Refusal::Other(format!("the source has no schema {name}: see `\\dn` in psql")).into());
    }
    let twice = schemas.iter().enumerate().find(|(at, schema)| schemas[..*at].contains(schema));
    twice.map_or(Ok(()), |(_, schema)| Err(Refusal::Other(format!("schema {schema} is named twice")).into()))
}

/// Schemas at either end of a key, by name.
fn tied(links: &[Link]) -> Vec<&str> {
    let ends = links.iter().flat_map(|link| [link.child_schema.as_str(), link.parent_schema.as_str()]);
    ends.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// The first key for which one of `schemas`, moved in this order, would be too early.
fn wrong<'a>(schemas: &[&str], links: &'a [Link]) -> Option<&'a Link> {
    (0..schemas.len()).find_map(|at| {
        let (before, later) = schemas.split_at(at);
        hindrance(schemas[at], links, |parent| later.contains(&parent), |ahead| before.contains(&ahead))
    })
}

fn words(schemas: &[&str], links: &[Link]) -> String {
    let mut text = String::new();
    for (number, schema) in (1..).zip(schemas) {
        let _ = writeln!(text, "{number}. {schema}");
        for link in links.iter().filter(|link| link.child_schema == **schema && !link.severed) {
            let _ = writeln!(text, "     {}", link.words());
        }
    }
    for circle in circles(links) {
        let names: Vec<&str> = circle.into_iter().collect();
        let _ = writeln!(text, "in a circle, any of them first: {}", names.join(", "));
    }
    if links.is_empty() {
        text += "no foreign key leads from one schema to another: any order will do\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(child: &str, parent: &str) -> Link {
        Link {
            child_schema: child.into(),
            parent_schema: parent.into(),
            name: "fk".into(),
            child: format!("{child}.t"),
            parent: format!("{parent}.t"),
            keys: 1,
            severed: false,
        }
    }

    #[test]
    fn a_wrong_order_is_that_in_which_a_parent_comes_later() {
        let links = [link("a", "b"), link("b", "c"), link("c", "b")];
        assert_eq!(wrong(&["b", "a", "c"], &links), None);
        assert_eq!(wrong(&["c", "a", "b"], &links), None, "the first of the circle is enough");
        assert_eq!(wrong(&["a", "b"], &links), Some(&links[0]));
        assert_eq!(wrong(&["a"], &links), None);
        assert_eq!(tied(&links), ["a", "b", "c"]);
    }

    #[test]
    fn each_schema_has_its_keys_below_it() {
        let links = [link("a", "b"), link("b", "a")];
        let text = "1. b\n     foreign key fk of b.t refers to a.t\n2. a\n     foreign key fk of a.t refers to b.t\n\
                    in a circle, any of them first: a, b\n";
        assert_eq!(words(&["b", "a"], &links), text);
        assert!(words(&["x"], &[]).ends_with("any order will do\n"));
    }
}
