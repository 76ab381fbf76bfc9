//! The file as its disk and folder see it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use postonce_ports::checkup::Finding;
use rustix::fs::{Access, AtFlags, CWD, accessat, statfs};

use super::{failure, fine, warning};

/// The file with its links resolved, if it is there and may be written, and what was found of it.
pub(super) fn file(path: &Path) -> (Option<PathBuf>, Vec<Finding>) {
    const NAME: &str = "database_file";
    let shown = path.display().to_string();
    let found = path.canonicalize().and_then(|path| Ok((path.metadata()?, path)));
    let (data, path) = match found {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let meaning = "there is no file of this name yet; every other command would make one";
            let mend = "check `database.url`; if it is right, make the file by `postonce migrate`";
            return (None, vec![failure(NAME, shown, meaning, mend)]);
        }
        Err(error) => {
            let meaning = format!("it cannot be looked at: {error}");
            let mend = "give this user the file and the folders above it";
            return (None, vec![failure(NAME, shown, &meaning, mend)]);
        }
    };
    if !data.is_file() {
        let mend = "name a file in `database.url`";
        return (None, vec![failure(NAME, shown, "it is no file", mend)]);
    }
    let shown = path.display().to_string();
    let finding = match may(&path, Access::READ_OK | Access::WRITE_OK) {
        Ok(()) => fine(NAME, shown, "it is there and may be read and written"),
        Err(error) => {
            let meaning = format!("this user may not read and write it: {error}");
            failure(NAME, shown, &meaning, "give this user the file")
        }
    };
    (Some(path), vec![finding])
}

/// Whether others than the owner may see what is in it.
pub(super) fn private(path: &Path) -> Finding {
    const NAME: &str = "file_mode";
    match path.metadata() {
        Ok(data) => {
            let mode = data.permissions().mode() & 0o777;
            let value = format!("{mode:03o}");
            if mode.trailing_zeros() >= 6 {
                fine(NAME, value, "only its owner may read the tokens that are in it")
            } else {
                let meaning =
                    "others than its owner may read or write it, and MYOB's tokens are in it";
                warning(NAME, value, meaning, "chmod 600 the file and those beside it")
            }
        }
        Err(error) => warning(NAME, error.to_string(), "its mode cannot be read", "look again"),
    }
}

/// Whether the folder takes the files that SQLite and the run lock keep beside the database.
pub(super) fn folder(path: &Path) -> Finding {
    const NAME: &str = "folder";
    let folder = path.parent().unwrap_or(path);
    let value = folder.display().to_string();
    match may(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => fine(NAME, value, "the log and the run lock can be kept beside the database"),
        Err(error) => {
            let meaning =
                format!("the log and the run lock cannot be kept beside the database: {error}");
            failure(NAME, value, &meaning, "give this user the folder")
        }
    }
}

/// What this process may do, as the system would judge it on opening.
fn may(path: &Path, access: Access) -> rustix::io::Result<()> {
    accessat(CWD, path, access, AtFlags::EACCESS)
}

/// How a file system that matters here is told.
struct FileSystem {
    magic: u32,
    name: &'static str,
    meaning: &'static str,
    mend: &'static str,
}

const NETWORK: &str = "a file system over the network; locks and shared memory of SQLite are not \
                       sure to work between machines, and that corrupts databases";
const LOCAL: &str = "keep the file on a local disk, or use MySQL or MariaDB";
const MEMORY: &str = "a file system in memory; the database is gone when this machine restarts";
const DISK: &str = "keep the file on a disk";
const FOREIGN: &str = "a file system that may be another machine's; whether locks work on it is \
                       not known";

const fn system(
    magic: u32,
    name: &'static str,
    meaning: &'static str,
    mend: &'static str,
) -> FileSystem {
    FileSystem { magic, name, meaning, mend }
}

/// By the number that Linux gives each.
const FILE_SYSTEMS: [FileSystem; 12] = [
    system(0x6969, "NFS", NETWORK, LOCAL),
    system(0xFF53_4D42, "CIFS", NETWORK, LOCAL),
    system(0xFE53_4D42, "SMB", NETWORK, LOCAL),
    system(0x517B, "SMB", NETWORK, LOCAL),
    system(0x5346_414F, "AFS", NETWORK, LOCAL),
    system(0x00C3_6400, "Ceph", NETWORK, LOCAL),
    system(0x0BD0_0BD0, "Lustre", NETWORK, LOCAL),
    system(0x0116_1970, "GFS2", NETWORK, LOCAL),
    system(0x0102_1997, "9P", FOREIGN, LOCAL),
    system(0x6573_5546, "FUSE", FOREIGN, LOCAL),
    system(0x0102_1994, "tmpfs", MEMORY, DISK),
    system(0x8584_58F6, "ramfs", MEMORY, DISK),
];

/// Whether the file system is one that the promise can rest on.
pub(super) fn file_system(path: &Path) -> Finding {
    match statfs(path) {
        Ok(stat) => of_magic(stat.f_type),
        Err(error) => {
            let meaning = "what file system this is cannot be told";
            warning("file_system", error.to_string(), meaning, LOCAL)
        }
    }
}

/// What is found of a file system with this number.
pub(super) fn of_magic(magic: i64) -> Finding {
    const NAME: &str = "file_system";
    let known = FILE_SYSTEMS.iter().find(|known| i64::from(known.magic) == magic);
    match known {
        Some(known) => warning(NAME, known.name, known.meaning, known.mend),
        None => fine(NAME, format!("{magic:#x}"), "not known to be over a network or in memory"),
    }
}
