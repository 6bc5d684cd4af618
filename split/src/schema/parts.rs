//! The post-data section of a dump in parts: what can be built side by side, and the rest.
//!
//! In: the text of `pg_dump`. Out: keys and indexes one by one, each of which locks its own table alone, and the text without them. Those of
//! partitioned tables hold nothing themselves, and lock the partitions too: they stay in the text, before what ties the partitions' to them.
//! Pure.

/// Every entry begins so; then come its name, its kind, and its schema in one line.
const HEADER: &str = "\n--\n-- Name: ";

/// What a dump's post-data holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// Scripts that may run side by side in any order: keys first, which want their table for themselves.
    pub(super) apart: Vec<String>,
    /// What has to come after them, in its order.
    pub(super) rest: String,
}

/// Takes a script apart. Whatever isn't known stays in the rest, where one comes after the other. `partitioned`: names of partitioned
/// tables, as the dump has them.
pub(super) fn parts(script: &str, partitioned: &[&str]) -> Parts {
    let text = format!("\n{script}");
    let (mut keys, mut indexes, mut rest) = (Vec::new(), Vec::new(), String::new());
    for entry in entries(&text) {
        match kind(entry) {
            _ if partitioned.iter().any(|table| is_of(entry, table)) => rest.push_str(entry),
            Some("CONSTRAINT") => keys.push(entry.to_owned()),
            Some("INDEX") => indexes.push(entry.to_owned()),
            _ => rest.push_str(entry),
        }
    }
    keys.append(&mut indexes);
    Parts { apart: keys, rest }
}

/// Pieces that are the whole again when they are put together.
fn entries(text: &str) -> Vec<&str> {
    let begins: Vec<usize> = text.match_indices(HEADER).map(|(at, _)| at).collect();
    let ends = begins.iter().copied().skip(1).chain([text.len()]);
    let first = begins.first().copied().unwrap_or(text.len());
    std::iter::once(&text[..first]).chain(begins.iter().zip(ends).map(|(from, to)| &text[*from..to])).collect()
}

/// Whether an entry makes a key or an index of this table.
fn is_of(entry: &str, table: &str) -> bool {
    entry.contains(&format!("\nALTER TABLE ONLY {table}\n")) || entry.contains(&format!(" ON ONLY {table} "))
}

/// The kind of an entry. Its name may hold anything but the end of a line.
fn kind(entry: &str) -> Option<&str> {
    let line = entry.strip_prefix(HEADER)?.lines().next()?;
    let (before, _) = line.rsplit_once("; Schema: ")?;
    before.rsplit_once("; Type: ").map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "\n--\n-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: app; Owner: -\n--\n\n\
        ALTER TABLE ONLY app.customers\n    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);\n\n\n\
        --\n-- Name: odd; Type: INDEX; Schema: x; Type: INDEX; Schema: app; Owner: -\n--\n\n\
        CREATE INDEX \"odd; Type: INDEX; Schema: x\" ON app.customers USING btree (name);\n\n\n\
        --\n-- Name: INDEX named; Type: COMMENT; Schema: app; Owner: -\n--\n\nCOMMENT ON INDEX app.named IS 'x';\n\n\n\
        --\n-- Name: customers customers_email_key; Type: CONSTRAINT; Schema: app; Owner: -\n--\n\n\
        ALTER TABLE ONLY app.customers\n    ADD CONSTRAINT customers_email_key UNIQUE (email);\n\n\n\
        --\n-- Name: orders orders_fkey; Type: FK CONSTRAINT; Schema: app; Owner: -\n--\n\n\
        ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT orders_fkey FOREIGN KEY (customer_id) REFERENCES app.customers(id);\n\n\n\
        --\n-- Name: customers touch; Type: TRIGGER; Schema: app; Owner: -\n--\n\nCREATE TRIGGER touch …;\n";

    #[test]
    fn keys_and_indexes_go_apart_and_the_rest_keeps_its_order() {
        let Parts { apart, rest } = parts(DUMP, &[]);
        let has = |part: &str, text: &str| assert!(part.contains(text), "{text} in {part}");
        assert_eq!(apart.len(), 3);
        has(&apart[0], "customers_pkey PRIMARY KEY");
        has(&apart[1], "customers_email_key UNIQUE");
        has(&apart[2], "CREATE INDEX \"odd");
        let places = ["COMMENT ON INDEX", "FOREIGN KEY", "CREATE TRIGGER"].map(|text| rest.find(text).unwrap());
        assert!(places.is_sorted());
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_there_twice() {
        let Parts { apart, rest } = parts(DUMP, &[]);
        let statements = |text: &str| text.matches(";\n").count();
        assert_eq!(apart.iter().map(|part| statements(part)).sum::<usize>() + statements(&rest), statements(DUMP));
    }

    #[test]
    fn what_a_partitioned_table_has_stays_before_what_is_tied_to_it() {
        let dump = "--\n-- Name: event_1 event_1_pkey; Type: CONSTRAINT; Schema: app; Owner: -\n--\n\n\
            ALTER TABLE ONLY app.event_1\n    ADD CONSTRAINT event_1_pkey PRIMARY KEY (id);\n\n\n\
            --\n-- Name: event event_pkey; Type: CONSTRAINT; Schema: app; Owner: -\n--\n\n\
            ALTER TABLE ONLY app.event\n    ADD CONSTRAINT event_pkey PRIMARY KEY (id);\n\n\n\
            --\n-- Name: event_at; Type: INDEX; Schema: app; Owner: -\n--\n\nCREATE INDEX event_at ON ONLY app.event USING btree (at);\n\n\n\
            --\n-- Name: event_1_pkey; Type: INDEX ATTACH; Schema: app; Owner: -\n--\n\n\
            ALTER INDEX app.event_pkey ATTACH PARTITION app.event_1_pkey;\n";
        let Parts { apart, rest } = parts(dump, &["app.event"]);
        assert_eq!(apart.len(), 1);
        assert!(apart[0].contains("event_1_pkey PRIMARY KEY"));
        let places = ["event_pkey PRIMARY", "INDEX event_at", "ATTACH"].map(|text| rest.find(text).unwrap());
        assert!(places.is_sorted());
    }

    #[test]
    fn a_script_that_is_not_understood_stays_as_it_is() {
        for text in ["", "SELECT 1;\n", "--\n-- Name: a\n--\n\nCREATE INDEX a ON b (c);\n"] {
            let Parts { apart, rest } = parts(text, &[]);
            assert_eq!((apart, rest), (vec![], format!("\n{text}")));
        }
    }
}
