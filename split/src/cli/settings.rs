//! Flags -> settings. A spec comes from a file, or from flags; URLs never from a spec. What a person doesn't say of the roles is
//! read from the source's rights.

use super::args::{Evidence, ForeignKeys, Sides};
use super::failure::{Failure, Refusal};
use rerp_split::connect::Endpoint;
use rerp_split::inspect::{Usage, usage};
use rerp_split::run::Settings;
use rerp_split::schema::find_pg_dump;
use rerp_split::spec::{
    AcrossDomains, CopySpec, EvidenceSpec, ForeignKeySpec, Policy, ReplicationSpec, Roles, Side, SideSpec, Spec,
};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Letters and digits that an id may have.
const ID_LENGTH: usize = 16;

/// Settings of a command, and what the source says of the tables.
pub(crate) struct Chosen {
    pub(crate) settings: Settings,
    /// Names of the tables on the source that move; as the catalog has them now.
    pub(crate) tables: Vec<String>,
    /// Nobody named the roles: these are from the source's rights.
    pub(crate) derived: bool,
}

impl Sides {
    /// The migration's id, if it follows from what was said.
    pub(crate) fn migration(&self) -> Result<Option<String>, Failure> {
        if let Some(path) = &self.spec {
            return Ok(Some(Spec::parse(&read(path)?)?.migration));
        }
        Ok(self.migration.clone().or_else(|| self.schema.as_deref().map(id_of)))
    }

    /// How to reach one side. Errors never repeat the URL.
    pub(crate) fn endpoint(&self, side: Side, migration: &str) -> Result<Endpoint, Failure> {
        let (given, variable, password) = match side {
            Side::Source => (&self.source, "RERP_SOURCE_URL", "RERP_SOURCE_PASSWORD"),
            Side::Target => (&self.target, "RERP_TARGET_URL", "RERP_TARGET_PASSWORD"),
        };
        let url = given.as_deref().filter(|url| !url.is_empty()).ok_or(Refusal::NoUrl { side, variable })?;
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let password = set(password).or_else(|| set("PGPASSWORD"));
        let endpoint = Endpoint::parse(side, url, migration).map_err(Refusal::Url)?.with_password(password.as_deref());
        Ok(match side {
            Side::Source => endpoint.with_roots_elsewhere(self.source_roots_on_target.clone()),
            Side::Target => endpoint.with_roots_elsewhere(self.target_roots_on_source.clone()),
        })
    }

    /// A spec for what only reads: nobody asks for its roles.
    pub(crate) fn reading(&self) -> Result<Spec, Failure> {
        match &self.spec {
            Some(path) => Ok(Spec::parse(&read(path)?)?),
            None => {
                let spec = self.spec_with(Roles { owner: "-".to_owned(), ..Roles::default() })?;
                spec.check()?;
                Ok(spec)
            }
        }
    }

    /// Settings that end once nothing more may be done. `lenient`: for what no role matters to, rights that say nothing clear
    /// of the roles are no obstacle, nor is a schema that is gone.
    pub(crate) async fn choose(self, lenient: bool) -> Result<Chosen, Failure> {
        let read_only = self.reading()?;
        let source = self.endpoint(Side::Source, &read_only.migration)?;
        let target = self.endpoint(Side::Target, &read_only.migration)?;
        let client = source.connect("roles").await?;
        let usage = usage(&client, &read_only.source.schema, read_only.tables.as_deref()).await?;
        let said = self.spec.is_some() || !(self.app.is_empty() && self.read.is_empty() && self.migrate.is_empty());
        if self.spec.is_none() && !lenient {
            check(&usage, &read_only.source.schema, said)?;
        }
        let spec = if self.spec.is_some() { read_only } else { self.spec_with(self.roles(&usage, said))? };
        spec.check()?;
        let pg_dump = self.pg_dump.clone().unwrap_or_else(find_pg_dump);
        let settings = Settings { spec, source, target, pg_dump, until_settled: true };
        Ok(Chosen { settings, tables: usage.tables, derived: !said })
    }

    fn roles(&self, usage: &Usage, said: bool) -> Roles {
        let owner = self.owner.clone().or_else(|| usage.owner.clone()).unwrap_or_else(|| "-".to_owned());
        if said {
            return Roles { owner, migrate: self.migrate.clone(), app: self.app.clone(), read: self.read.clone() };
        }
        let but_owner = |roles: &[String]| roles.iter().filter(|role| **role != owner).cloned().collect();
        Roles { app: but_owner(&usage.app), read: but_owner(&usage.read), migrate: Vec::new(), owner }
    }

    fn spec_with(&self, source: Roles) -> Result<Spec, Failure> {
        let schema = self.schema.clone().ok_or(Refusal::NoSchema)?;
        let or = |given: &[String], other: &[String]| if given.is_empty() { other.to_vec() } else { given.to_vec() };
        let target = Roles {
            owner: self.target_owner.clone().unwrap_or_else(|| source.owner.clone()),
            migrate: or(&self.target_migrate, &source.migrate),
            app: or(&self.target_app, &source.app),
            read: or(&self.target_read, &source.read),
        };
        Ok(Spec {
            migration: self.migration.clone().unwrap_or_else(|| id_of(&schema)),
            target: SideSpec { schema: self.target_schema.clone().unwrap_or_else(|| schema.clone()), roles: target },
            source: SideSpec { schema, roles: source },
            tables: (!self.tables.is_empty()).then(|| self.tables.clone()),
            max_write_pause_ms: self.max_write_pause_ms,
            cutover_budget_s: self.cutover_budget_s,
            copy: CopySpec {
                workers: self.copy_workers,
                max_bytes_per_second: self.copy_max_bytes_per_second,
                max_writer_latency_ms: self.copy_max_writer_latency_ms,
                ..CopySpec::default()
            },
            replication: ReplicationSpec { max_retained_wal_bytes: self.max_retained_wal_bytes },
            verification: self.compared.spec(),
            foreign_keys: ForeignKeySpec {
                across_domains: match self.foreign_keys {
                    ForeignKeys::Refuse => AcrossDomains::Refuse,
                    ForeignKeys::Sever => AcrossDomains::Sever,
                },
                waive_orphans: self.waive_orphans,
            },
            evidence: EvidenceSpec {
                policy: match self.evidence {
                    Evidence::Require => Policy::Require,
                    Evidence::Warn => Policy::Warn,
                    Evidence::Ignore => Policy::Ignore,
                },
                quiet_for_s: self.quiet_for_s,
            },
            way_back: !self.no_way_back,
            cleanup: self.old.spec(),
        })
    }
}

fn check(usage: &Usage, schema: &str, said: bool) -> Result<(), Refusal> {
    if usage.tables.is_empty() {
        return Err(Refusal::NoTables { schema: schema.to_owned() });
    }
    if !said && !usage.unclear.is_empty() {
        return Err(Refusal::UnclearRoles(usage.unclear.clone()));
    }
    Ok(())
}

/// The schema's name where it can be an id, otherwise one that follows from it: the same command finds the same migration.
fn id_of(schema: &str) -> String {
    let fits = schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if fits && (1..=ID_LENGTH).contains(&schema.len()) {
        return schema.to_owned();
    }
    let mut id = format!("s{}", hex::encode(Sha256::digest(schema)));
    id.truncate(ID_LENGTH);
    id
}

/// Settings of a worker from its directory.
pub(crate) fn from_dir(dir: &Path, pg_dump: Option<std::path::PathBuf>) -> Result<Settings, Failure> {
    let spec = Spec::parse(&read(&dir.join("spec.json"))?)?;
    let endpoint = |side, name: &str| -> Result<Endpoint, Failure> {
        let url = read(&dir.join(name))?;
        Ok(Endpoint::parse(side, url.trim(), &spec.migration).map_err(Refusal::Url)?)
    };
    let (source, target) = (endpoint(Side::Source, "source")?, endpoint(Side::Target, "target")?);
    Ok(Settings { spec, source, target, pg_dump: pg_dump.unwrap_or_else(find_pg_dump), until_settled: false })
}

fn read(path: &Path) -> Result<String, Refusal> {
    std::fs::read_to_string(path).map_err(|source| Refusal::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Arguments, Command};
    use clap::Parser;

    fn sides(more: &[&str]) -> Sides {
        let all = ["rerp-split", "plan", "--schema", "my_shop"];
        match Arguments::parse_from(all.iter().chain(more)).command {
            Command::Plan(sides) => sides,
            _ => unreachable!("plan was asked for"),
        }
    }

    fn of_source() -> Usage {
        let names = |all: &[&str]| all.iter().map(|&name| name.to_owned()).collect();
        Usage {
            tables: names(&["t"]),
            owner: Some("o".into()),
            app: names(&["a"]),
            read: names(&["r"]),
            unclear: vec![("x".into(), "INSERT on t".into())],
        }
    }

    #[test]
    fn an_id_follows_from_the_schema() {
        assert_eq!((id_of("orders"), id_of("my_shop").len()), ("orders".to_owned(), 16));
        assert_eq!(id_of("my_shop"), id_of("my_shop"));
        assert_ne!(id_of("my_shop"), id_of("myShop"));
    }

    #[test]
    fn roles_that_are_named_are_all_there_are() {
        let derived = sides(&[]).roles(&of_source(), false);
        assert_eq!((derived.owner.as_str(), derived.app, derived.read), ("o", vec!["a".into()], vec!["r".into()]));
        let said = sides(&["--role-app", "b"]).roles(&of_source(), true);
        assert_eq!((said.owner.as_str(), said.app, said.read.len()), ("o", vec!["b".into()], 0));
        let spec = sides(&["--target-owner", "p"]).spec_with(said_owner()).unwrap();
        assert_eq!((spec.target.roles.owner.as_str(), spec.source.roles.owner.as_str()), ("p", "o"));
    }

    #[test]
    fn bounds_of_copy_and_wal_are_part_of_the_spec() {
        let spec = |more: &[&str]| sides(more).spec_with(said_owner()).unwrap();
        assert_eq!(spec(&[]).copy, CopySpec::default());
        let said = spec(&["--copy-max-writer-latency-ms", "20", "--max-retained-wal-bytes", "67108864"]);
        assert_eq!(
            (said.copy.max_writer_latency_ms, said.replication.max_retained_wal_bytes),
            (Some(20), Some(64 << 20))
        );
        assert!(said.check().is_ok() && spec(&["--copy-max-writer-latency-ms", "0"]).check().is_err());
    }

    #[test]
    fn a_sample_is_part_of_the_spec_and_does_not_go_with_a_drop() {
        let refused = |more: &[&str]| {
            let refused = sides(more).reading().map(|spec| spec.verification.limit().map(|limit| limit.as_secs()));
            refused.map_err(|failure| (failure.exit.code(), failure.text))
        };
        assert_eq!(refused(&[]).unwrap(), None);
        assert_eq!(refused(&["--verification", "sample"]).unwrap(), Some(3600));
        let bounded = ["--verification", "sample", "--verification-max-duration-s", "60"];
        assert_eq!(refused(&bounded).unwrap(), Some(60));
        let (code, text) = refused(&["--verification", "sample", "--cleanup", "drop", "--backup", "none"]).unwrap_err();
        assert_eq!((code, text.contains("--verification full")), (2, true), "{text}");
        let (code, text) = refused(&bounded[2..]).unwrap_err();
        assert_eq!((code, text.contains("--verification sample")), (2, true), "{text}");
    }

    fn said_owner() -> Roles {
        Roles { owner: "o".into(), ..Roles::default() }
    }

    #[test]
    fn what_the_rights_do_not_say_is_asked_for() {
        let unclear = check(&of_source(), "s", false).unwrap_err().to_string();
        assert!(unclear.contains("x has INSERT on t") && unclear.contains("--role-app"), "{unclear}");
        assert!(check(&of_source(), "s", true).is_ok());
        assert!(matches!(check(&Usage::default(), "s", true), Err(Refusal::NoTables { .. })));
    }
}
