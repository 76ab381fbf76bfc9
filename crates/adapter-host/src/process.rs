//! Who this process is.

/// A process, as a run's row names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The host's name.
    pub host: String,
    /// The process's id there.
    pub pid: u32,
    /// Which start of the host, or `unknown`.
    pub boot_id: String,
}

impl Process {
    /// This one.
    pub fn current() -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map_or_else(|_| "unknown".to_owned(), |id| id.trim().to_owned());
        Self { host, pid: std::process::id(), boot_id }
    }
}

#[cfg(test)]
mod tests;
