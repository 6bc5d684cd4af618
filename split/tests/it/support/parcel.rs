//! What writers make, change and remove over a foreign key, beside their entries: after operation `n` a writer has exactly
//! its last parcels, each with its contents.
//!
//! In: a writer and the number of its operation; in the end the ledger. Out: the statement; what is missing, and what is too much.

use super::ledger::Ack;
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// The tables, created as the schema's owner after `ledger::TABLES`.
pub const TABLES: &str = "
    ALTER TABLE entry ADD FOREIGN KEY (key) REFERENCES item (key);
    CREATE TABLE parcel (writer integer NOT NULL, n bigint NOT NULL, PRIMARY KEY (writer, n));
    CREATE TABLE content (
        writer integer NOT NULL, n bigint NOT NULL, piece integer NOT NULL, weight integer NOT NULL DEFAULT 0,
        PRIMARY KEY (writer, n, piece), FOREIGN KEY (writer, n) REFERENCES parcel ON DELETE CASCADE);";
/// Makes a parcel with contents, makes those of the last one heavier, and removes an old parcel with all that is in it.
pub const WRITE: &str = "
    WITH made AS (INSERT INTO app.parcel (writer, n) VALUES ($1::integer, $2::bigint)),
         filled AS (INSERT INTO app.content (writer, n, piece)
                    SELECT $1::integer, $2::bigint, piece FROM generate_series(1, 2) piece),
         heavier AS (UPDATE app.content SET weight = weight + 1 WHERE writer = $1::integer AND n = $2::bigint - 1)
    DELETE FROM app.parcel WHERE writer = $1::integer AND n = $2::bigint - 3";
/// How many parcels a writer keeps, and how many pieces are in each.
const KEPT: i64 = 3;
const PIECES: i64 = 2;

/// A parcel: pieces, and what they weigh together. None has one that is gone but for its contents.
type Parcels = BTreeMap<(i32, i64), (i64, i64)>;

/// How many parcels or contents aren't as acknowledged: with less than they should have, with more.
pub async fn compare(client: &Client, acks: &[Ack]) -> (usize, usize) {
    let select = "SELECT writer, n, count(c.piece), coalesce(sum(c.weight), 0)::bigint
                  FROM app.parcel p FULL JOIN app.content c USING (writer, n) GROUP BY writer, n";
    let rows = client.query(select, &[]).await.unwrap();
    let found = rows.iter().map(|row| ((row.get(0), row.get(1)), (row.get(2), row.get(3)))).collect();
    differences(&wanted(acks), &found)
}

fn wanted(acks: &[Ack]) -> Parcels {
    let mut last = BTreeMap::<i32, i64>::new();
    for ack in acks {
        let n = last.entry(ack.writer).or_default();
        *n = ack.n.max(*n);
    }
    let weight = |n, last| if n == last { 0 } else { PIECES };
    let of = |(writer, last): (i32, i64)| {
        ((last - KEPT + 1).max(1)..=last).map(move |n| ((writer, n), (PIECES, weight(n, last))))
    };
    last.into_iter().flat_map(of).collect()
}

/// A removal that is lost shows as a parcel too much, which is lost all the same; one that came twice can't be told from one.
fn differences(wanted: &Parcels, found: &Parcels) -> (usize, usize) {
    let none = (0, 0);
    let less = wanted.iter().filter(|(key, should)| {
        let is = found.get(key).unwrap_or(&none);
        is.0 < should.0 || is.1 < should.1
    });
    let removed_in_vain = found.keys().filter(|key| !wanted.contains_key(key));
    let more = wanted.iter().filter(|(key, should)| {
        let is = found.get(key).unwrap_or(&none);
        is.0 > should.0 || is.1 > should.1
    });
    (less.count() + removed_in_vain.count(), more.count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn everything_that_is_not_as_acknowledged_is_counted() {
        let now = Instant::now();
        let ack = |writer, n| Ack { writer, n, key: 0, v: n, begun: now, acked: now };
        let acks: Vec<Ack> = (1..=5).map(|n| ack(1, n)).chain([ack(2, 1)]).collect();
        let good = wanted(&acks);
        let expected: Parcels = [((1, 3), (2, 2)), ((1, 4), (2, 2)), ((1, 5), (2, 0)), ((2, 1), (2, 0))].into();
        assert_eq!(good, expected);
        assert_eq!(differences(&good, &good), (0, 0));
        let changed = |change: fn(&mut Parcels)| {
            let mut found = good.clone();
            change(&mut found);
            differences(&good, &found)
        };
        assert_eq!(
            changed(|found| {
                found.remove(&(1, 3));
            }),
            (1, 0),
            "a parcel is gone"
        );
        assert_eq!(
            changed(|found| {
                found.insert((1, 4), (1, 1));
            }),
            (1, 0),
            "a piece is gone"
        );
        assert_eq!(
            changed(|found| {
                found.insert((1, 4), (2, 0));
            }),
            (1, 0),
            "a change is gone"
        );
        assert_eq!(
            changed(|found| {
                found.insert((1, 2), (2, 2));
            }),
            (1, 0),
            "a removal is gone"
        );
        assert_eq!(
            changed(|found| {
                found.insert((1, 4), (2, 3));
            }),
            (0, 1),
            "a change came twice"
        );
    }
}
