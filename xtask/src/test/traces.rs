//! What a machine shows of a node: its processes, network namespaces, cgroups, folders, and the mounts and interfaces of the machine.
//! In: `/proc` and `/sys`. Out: sets of names that can be compared. Must not ask the node.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where cgroups are: of one hierarchy, or of several beside each other.
const GROUPS: &str = "/sys/fs/cgroup";

/// What there is of a node, or could be.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Traces {
    /// Those that name the state folder, and all that descend from them.
    pub(super) processes: BTreeSet<String>,
    /// Network namespaces of these.
    pub(super) namespaces: BTreeSet<String>,
    pub(super) mounts: BTreeSet<String>,
    pub(super) interfaces: BTreeSet<String>,
    pub(super) groups: BTreeSet<String>,
    pub(super) folders: BTreeSet<String>,
}

impl Traces {
    /// Of the node of this state folder.
    pub(super) fn of(state: &Path) -> io::Result<Self> {
        let mark = state.display().to_string();
        let family = Processes::all()?.family(&mark);
        let host = fs::read_link("/proc/self/ns/net")?.display().to_string();
        // The first numbers of a line are the mount's own and its parent's.
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let mounts = mounts.lines().filter_map(|line| line.splitn(4, ' ').nth(3).map(str::to_owned));
        let mut groups = names(Path::new(GROUPS), "rerp-")?;
        for controller in names(Path::new(GROUPS), "")? {
            let below = Path::new(GROUPS).join(&controller);
            if below.is_dir() {
                groups.extend(names(&below, "rerp-")?.into_iter().map(|name| format!("{controller}/{name}")));
            }
        }
        Ok(Self {
            processes: family.names(),
            namespaces: family.namespaces().into_iter().filter(|name| *name != host).collect(),
            mounts: mounts.filter(|line| line.contains(&mark) || line.contains("nsfs")).collect(),
            interfaces: names(Path::new("/sys/class/net"), "")?,
            groups,
            folders: state.exists().then_some(mark).into_iter().collect(),
        })
    }
}

/// Names in a folder that begin so.
fn names(folder: &Path, prefix: &str) -> io::Result<BTreeSet<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(Result::ok),
        // Gone while we look.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.filter(|name| name.starts_with(prefix)).collect())
}

/// A process as `/proc` shows it.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) id: u32,
    pub(super) parent: u32,
    /// With its start time, since numbers are used again.
    pub(super) name: String,
    pub(super) command: String,
    pub(super) namespace: String,
}

/// The processes of the machine, or some of them.
#[derive(Debug, Default)]
pub(super) struct Processes(pub(super) Vec<Process>);

impl Processes {
    /// All there are; those that end while we look are left out.
    pub(super) fn all() -> io::Result<Self> {
        let ids = names(Path::new("/proc"), "")?.into_iter().filter_map(|name| name.parse().ok());
        Ok(Self(ids.filter_map(Process::read).collect()))
    }

    /// Those whose command names `mark`, and their descendants.
    fn family(self, mark: &str) -> Self {
        let mut ids: BTreeSet<u32> = self.0.iter().filter(|p| p.command.contains(mark)).map(|p| p.id).collect();
        loop {
            let children = self.0.iter().filter(|p| ids.contains(&p.parent) && !ids.contains(&p.id)).map(|p| p.id);
            let children: Vec<u32> = children.collect();
            if children.is_empty() {
                return Self(self.0.into_iter().filter(|p| ids.contains(&p.id)).collect());
            }
            ids.extend(children);
        }
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.0.iter().map(|process| process.name.clone()).collect()
    }

    pub(super) fn namespaces(&self) -> BTreeSet<String> {
        self.0.iter().map(|process| process.namespace.clone()).collect()
    }
}

impl Process {
    fn read(id: u32) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{id}"));
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        // The name stands in brackets and may contain some itself.
        let (name, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let (state, parent, started) = (fields.first()?, fields.get(1)?.parse().ok()?, fields.get(19)?);
        if *state == "Z" {
            return None;
        }
        Some(Self {
            id,
            parent,
            name: format!("{name}) started {started}"),
            command: String::from_utf8_lossy(&fs::read(folder.join("cmdline")).ok()?).replace('\0', " "),
            namespace: fs::read_link(folder.join("ns/net")).ok()?.display().to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(id: u32, parent: u32, command: &str) -> Process {
        let name = format!("{id} started 1");
        Process { id, parent, name, command: command.into(), namespace: format!("net:[{id}]") }
    }

    #[test]
    fn a_family_is_found_by_its_mark_and_by_descent() {
        let all = [process(2, 1, "keeper /s/x"), process(3, 2, "pause"), process(4, 3, "sleep"), process(5, 1, "sshd")];
        assert_eq!(Processes(all.to_vec()).family("/s/x").0.len(), 3);
    }
}
