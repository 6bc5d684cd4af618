//! One side against the other. In: what was acknowledged, meant or mirrored, and what the other side holds. Out: every difference in words. Pure but for
//! the questions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Error;
use super::report::Charges;
use super::stripe::{Object, Vendor};
use super::visitor::{Form, source};
use crate::walk::places::Places;

/// The visitor's forms against the rows: each acknowledged one is there once, with the address that Identity has under that identifier, and nothing
/// is there that was never sent.
pub(super) fn forms(
    places: &Places<'_>,
    run: &str,
    acknowledged: &[Form],
    given_up: u64,
) -> Result<Vec<String>, Error> {
    let leads = format!(
        "SELECT id || ' ' || coalesce(email_address_id::text, '') FROM {{schema}}.email_captures WHERE source = '{}'",
        source(run)
    );
    let leads = places.ask("marketing", &leads)?;
    let addresses =
        format!("SELECT email || ' ' || id FROM {{schema}}.email_addresses WHERE email LIKE 'chaos{run}n%'");
    let addresses = places.ask("identity", &addresses)?;
    Ok(unlike(acknowledged, given_up, &pairs(&leads), &pairs(&addresses)))
}

fn pairs(lines: &str) -> Vec<(&str, &str)> {
    lines.lines().filter_map(|line| line.split_once(' ')).collect()
}

fn unlike(acknowledged: &[Form], given_up: u64, leads: &[(&str, &str)], addresses: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    let ids: BTreeMap<&str, &str> = addresses.iter().copied().collect();
    if ids.len() != addresses.len() {
        found.push("identity: an address of the visitor's has two identifiers".to_owned());
    }
    let rows: BTreeMap<&str, &str> = leads.iter().copied().collect();
    for form in acknowledged {
        match (rows.get(form.key.as_str()), ids.get(form.email.as_str())) {
            (None, _) => found.push(format!("marketing: the acknowledged form {} is lost", form.key)),
            (Some(address), Some(id)) if address == id => {}
            (Some(_), _) => found.push(format!("marketing: the lead {} has another address than was sent", form.key)),
        }
    }
    let most = acknowledged.len() as u64 + given_up;
    if leads.len() as u64 > most {
        found.push(format!("marketing: {} leads of {most} forms", leads.len()));
    }
    found
}

/// Objects at Stripe against rows of billing's: the same identifiers on both sides, each once, saying the same.
fn mirrored(what: &str, there: &[Object], here: &[Object]) -> Vec<String> {
    let mut found = Vec::new();
    let mut made: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for object in there {
        made.entry(&object.0).or_default().push(object);
    }
    for (row, objects) in &made {
        if objects.len() > 1 {
            found.push(format!("stripe: {} {what} for the one that {row} means", objects.len()));
        }
    }
    let rows: BTreeMap<&str, &Object> = here.iter().map(|row| (row.0.as_str(), row)).collect();
    for object in there {
        match rows.get(object.0.as_str()) {
            None => found.push(format!("billing: no row for {what} {}", object.1)),
            Some(row) if *row != object => {
                found.push(format!("billing: {what} {} says {:?}, stripe {:?}", row.0, row, object))
            }
            Some(_) => {}
        }
    }
    let nowhere = here.iter().filter(|row| !made.contains_key(row.0.as_str()));
    found.extend(nowhere.map(|row| format!("stripe: nothing of {what} {}", row.0)));
    found
}

/// Customers and subscriptions at Stripe against billing's rows.
pub(super) fn mirrors(places: &Places<'_>, vendor: &Vendor<'_>) -> Result<Vec<String>, Error> {
    let rows = |sql: &str| -> Result<Vec<Object>, Error> {
        let lines = places.ask("billing", sql)?;
        lines.lines().map(|line| serde_json::from_str(line).map_err(|source| Error::Json("a row", source))).collect()
    };
    let customers = rows(
        "SELECT json_build_array(id, stripe_customer_id, '') FROM {schema}.stripe_customers WHERE stripe_customer_id IS NOT NULL",
    )?;
    let subscriptions = rows(
        "SELECT json_build_array(id, stripe_subscription_id, coalesce(status::text, '')) FROM {schema}.stripe_subscriptions WHERE stripe_subscription_id IS NOT NULL",
    )?;
    let status = |object: &Value| object["status"].as_str().unwrap_or_default().to_owned();
    let mut found = mirrored("customer", &vendor.ours("customers", |_| String::new())?, &customers);
    let there = vendor.ours("subscriptions?status=all", status)?;
    found.extend(mirrored("subscription", &there, &subscriptions));
    Ok(found)
}

/// Counts charges, and names those that were not meant, not made, or made otherwise.
pub(super) fn charged(meant: &BTreeMap<String, i64>, made: &[(String, i64, bool)]) -> (Charges, Vec<String>) {
    let mut times: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut found = Vec::new();
    for (subscription, amount, by_one) in made {
        times.entry(subscription).or_default().push(*amount);
        if !by_one {
            found.push(format!("stripe: an invoice of {subscription} wasn't settled by one payment"));
        }
    }
    for (subscription, cost) in meant {
        let charges = times.remove(subscription.as_str()).unwrap_or_default();
        if charges != [*cost] {
            found.push(format!("stripe: {subscription} was to be charged {cost} once, and was charged {charges:?}"));
        }
    }
    found.extend(
        times.into_keys().map(|subscription| format!("stripe: {subscription} was charged and not meant to be")),
    );
    let charges = Charges {
        meant: meant.len() as u64,
        made: made.len() as u64,
        meant_amount: meant.values().sum(),
        made_amount: made.iter().map(|(_, amount, _)| amount).sum(),
    };
    (charges, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(n: u8) -> Form {
        Form { key: format!("key{n}"), email: format!("n{n}@x") }
    }

    #[test]
    fn forms_that_are_there_with_their_addresses_are_fine() {
        let (leads, addresses) = ([("key1", "id1"), ("key2", "id2")], [("n1@x", "id1"), ("n2@x", "id2")]);
        assert!(unlike(&[form(1), form(2)], 0, &leads, &addresses).is_empty());
        assert!(unlike(&[form(1)], 1, &leads, &addresses).is_empty(), "had its effect and lost its answer");
        assert_eq!(unlike(&[form(1)], 0, &leads, &addresses).len(), 1, "a lead that nobody sent");
        assert_eq!(unlike(&[form(1), form(2), form(3)], 0, &leads, &addresses).len(), 1, "lost");
        for wrong in ["", "id1"] {
            let leads = [("key1", "id1"), ("key2", wrong)];
            assert_eq!(unlike(&[form(1), form(2)], 0, &leads, &addresses).len(), 1, "{wrong:?}");
        }
        let twice = [("n1@x", "id1"), ("n1@x", "id3"), ("n2@x", "id2")];
        assert!(!unlike(&[form(1), form(2)], 0, &leads, &twice).is_empty());
    }

    #[test]
    fn what_is_mirrored_is_the_same_on_both_sides() {
        let object = |row: &str, stripe: &str, says: &str| (row.to_owned(), stripe.to_owned(), says.to_owned());
        let both = [object("a", "sub_1", "active"), object("b", "sub_2", "canceled")];
        assert!(mirrored("subscription", &both, &both).is_empty());
        assert_eq!(mirrored("subscription", &both, &both[..1]), ["billing: no row for subscription sub_2"]);
        assert_eq!(mirrored("subscription", &both[..1], &both), ["stripe: nothing of subscription b"]);
        let stale = [both[0].clone(), object("b", "sub_2", "active")];
        assert_eq!(mirrored("subscription", &both, &stale).len(), 1);
        let doubled = [both[0].clone(), both[1].clone(), object("b", "sub_3", "canceled")];
        assert_eq!(mirrored("subscription", &doubled, &both).len(), 2);
    }

    #[test]
    fn charges_are_made_as_they_were_meant_and_once() {
        let meant: BTreeMap<String, i64> = [("sub_1".to_owned(), 1900), ("sub_2".to_owned(), 500)].into();
        let made = |all: &[(&str, i64, bool)]| {
            let all: Vec<_> = all.iter().map(|(id, amount, by_one)| ((*id).to_owned(), *amount, *by_one)).collect();
            charged(&meant, &all)
        };
        let (charges, found) = made(&[("sub_1", 1900, true), ("sub_2", 500, true)]);
        assert_eq!((charges.meant, charges.made, charges.made_amount, found.len()), (2, 2, 2400, 0));
        for wrong in [
            &[("sub_1", 1900, true)][..],
            &[("sub_1", 1900, true), ("sub_2", 500, true), ("sub_2", 500, true)],
            &[("sub_1", 1900, true), ("sub_2", 501, true)],
            &[("sub_1", 1900, true), ("sub_2", 500, false)],
            &[("sub_1", 1900, true), ("sub_2", 500, true), ("sub_3", 1, true)],
        ] {
            assert_eq!(made(wrong).1.len(), 1, "{wrong:?}");
        }
    }
}
