//! Who runs on which core. In: the cores this process may use. Out: one for the program that is measured and the others for everything around
//! it, or nothing, where there is only one. Pinning is `taskset`'s work: this process and what it starts.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Cores, parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cores {
    /// For the program that is measured.
    pub(crate) measured: usize,
    /// For the client and the back-end.
    pub(crate) others: Vec<usize>,
}

impl Cores {
    /// Parts the cores of this process, where there are two and `taskset` is there.
    pub(crate) fn part() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        let there = Command::new("taskset").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            return None;
        }
        Self::of(&parse(list.trim())?)
    }

    /// The last core is measured: the kernel's own work tends to be on the first.
    fn of(cores: &[usize]) -> Option<Self> {
        let (measured, others) = cores.split_last()?;
        (!others.is_empty()).then(|| Self { measured: *measured, others: others.to_vec() })
    }

    /// Keeps this process, and the threads it will start, off the measured core. Out: whether that worked.
    pub(crate) fn step_aside(&self) -> bool {
        let list: Vec<String> = self.others.iter().map(usize::to_string).collect();
        let mut taskset = Command::new("taskset");
        taskset.args(["--all-tasks", "--pid", "--cpu-list", &list.join(",")]).arg(std::process::id().to_string());
        taskset.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

/// A command of a program, on the measured core if there is one.
pub(crate) fn on_measured(cores: Option<&Cores>, program: &Path) -> Command {
    let Some(cores) = cores else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args([OsStr::new("--cpu-list"), OsStr::new(&cores.measured.to_string()), program.as_os_str()]);
    command
}

/// A list as the kernel writes it: `0-3,8`.
fn parse(list: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_the_kernel_writes_them() {
        assert_eq!(parse("0-1"), Some(vec![0, 1]));
        assert_eq!(parse("0-2,5,8-9"), Some(vec![0, 1, 2, 5, 8, 9]));
        assert_eq!(parse("3"), Some(vec![3]));
        assert_eq!(parse(""), None);
        assert_eq!(parse("0-"), None);
    }

    #[test]
    fn one_core_is_measured_and_the_others_work_for_it() {
        assert_eq!(Cores::of(&[0, 1]), Some(Cores { measured: 1, others: vec![0] }));
        assert_eq!(Cores::of(&[2, 4, 6]), Some(Cores { measured: 6, others: vec![2, 4] }));
        assert_eq!(Cores::of(&[0]), None);
        assert_eq!(Cores::of(&[]), None);
    }

    #[test]
    fn without_cores_to_part_a_program_runs_as_it_is() {
        let program = Path::new("/bin/true");
        assert_eq!(on_measured(None, program).get_program(), "/bin/true");
        let cores = Cores { measured: 3, others: vec![0] };
        let args: Vec<_> = on_measured(Some(&cores), program).get_args().map(OsStr::to_os_string).collect();
        assert_eq!(args, ["--cpu-list", "3", "/bin/true"]);
    }
}
