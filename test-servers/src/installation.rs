//! Where the programs of a server are: the system's, or packages unpacked into a folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

/// The folder in which unpacked servers are looked for when the system has none: `mariadb` and
/// `mysql` below it.
const UNPACKED_VARIABLE: &str = "POSTONCE_TEST_SERVERS";

/// The library by which a server joins a cluster, below the root.
pub(crate) const GALERA_PROVIDER: &str = "usr/lib/galera/libgalera_smm.so";

/// Which server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// MariaDB, of any version.
    MariaDb,
    /// MySQL.
    MySql,
}

impl Kind {
    fn program(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadbd",
            Self::MySql => "mysqld",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::MySql => "mysql",
        }
    }
}

/// The programs of one server version.
#[derive(Clone, Debug)]
pub struct Installation {
    kind: Kind,
    server: PathBuf,
    /// Where its packages were unpacked. The system's own has none.
    root: Option<PathBuf>,
    /// The dynamic loader among those packages, for a C library newer than the system's.
    loader: Option<PathBuf>,
}

impl Installation {
    /// The system's, or else one unpacked below the folder that `POSTONCE_TEST_SERVERS` names.
    ///
    /// Fails if there is neither.
    pub fn find(kind: Kind) -> Result<Self> {
        if let Some(found) = Self::system(kind) {
            return Ok(found);
        }
        let folder = std::env::var_os(UNPACKED_VARIABLE).with_context(|| {
            format!("`{}` is not installed, and {UNPACKED_VARIABLE} is not set", kind.program())
        })?;
        Self::unpacked(kind, &Path::new(&folder).join(kind.folder()))
    }

    /// The one that is installed on this system, if there is one.
    pub fn system(kind: Kind) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        // The system's folders are not in an ordinary user's path.
        let folders = std::env::split_paths(&path)
            .chain(["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from));
        let mut programs = folders.map(|it| it.join(kind.program()));
        // MariaDB answers to the name `mysqld` too, by a link.
        let genuine = |it: &PathBuf| {
            let target = it.canonicalize().unwrap_or_default();
            target.is_file() && target.file_name().is_some_and(|name| name == kind.program())
        };
        let server = programs.find(genuine)?;
        Some(Self { kind, server, root: None, loader: None })
    }

    /// One whose packages were unpacked into `root`.
    ///
    /// Fails if its server is not there.
    pub fn unpacked(kind: Kind, root: &Path) -> Result<Self> {
        let root = std::path::absolute(root)?;
        let server = root.join("usr/sbin").join(kind.program());
        ensure!(server.is_file(), "there is no {}", server.display());
        let folders = [root.join("usr/lib64"), root.join("lib64")];
        let loader = folders.iter().chain(&library_folders(&root)).find_map(|it| loader_in(it));
        Ok(Self { kind, server, root: Some(root), loader })
    }

    /// One of MariaDB with all that a cluster needs: the system's, or else `galera` in the folder
    /// of unpacked servers.
    ///
    /// Fails if neither is complete.
    pub fn for_galera(unpacked: &Path) -> Result<Self> {
        let system = Self::system(Kind::MariaDb).filter(|it| it.missing_for_galera().is_none());
        if let Some(found) = system {
            return Ok(found);
        }
        let found = Self::unpacked(Kind::MariaDb, &unpacked.join("galera"))?;
        match found.missing_for_galera() {
            None => Ok(found),
            Some(file) => bail!("there is no {}", file.display()),
        }
    }

    /// The folder of unpacked servers, as the environment names it.
    pub(crate) fn unpacked_folder() -> PathBuf {
        std::env::var_os(UNPACKED_VARIABLE).map(PathBuf::from).unwrap_or_default()
    }

    fn missing_for_galera(&self) -> Option<PathBuf> {
        let files = [GALERA_PROVIDER, "usr/bin/wsrep_sst_rsync", "usr/bin/rsync"];
        files.into_iter().map(|it| self.root().join(it)).find(|it| !it.exists())
    }

    /// Which server it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The server's program.
    pub fn program(&self) -> &Path {
        &self.server
    }

    /// The folder into which it was unpacked; `/` for the system's.
    pub(crate) fn root(&self) -> &Path {
        self.root.as_deref().unwrap_or(Path::new("/"))
    }

    /// How the server is called: the program and what it needs to find its own files.
    pub(crate) fn command_line(&self) -> Vec<OsString> {
        let mut line = Vec::new();
        if let (Some(loader), Some(root)) = (&self.loader, &self.root) {
            line.extend([loader.into(), "--library-path".into(), joined(&library_folders(root))]);
        }
        line.extend([self.server.clone().into(), "--no-defaults".into()]);
        if let Some(root) = &self.root {
            let plugins = root.join("usr/lib/mysql/plugin");
            line.push(option("basedir", &root.join("usr")));
            line.push(option("lc-messages-dir", &self.share()));
            line.push(option("plugin-dir", &plugins));
        }
        line
    }

    /// Variables for the server and what it starts.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let Some(root) = &self.root else { return Vec::new() };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let own = ["usr/bin", "usr/sbin"].map(|it| root.join(it));
        let folders: Vec<PathBuf> = own.into_iter().chain(std::env::split_paths(&path)).collect();
        let mut variables = vec![("PATH", joined(&folders))];
        if self.loader.is_none() {
            variables.push(("LD_LIBRARY_PATH", joined(&library_folders(root))));
        }
        variables
    }

    /// The folder with messages and the SQL of system tables.
    pub(crate) fn share(&self) -> PathBuf {
        let share = self.root().join("usr/share");
        let named = share.join("mariadb");
        // Before 11 MariaDB kept its files under MySQL's name.
        let own = self.kind == Kind::MariaDb && named.join("english").is_dir();
        if own { named } else { share.join("mysql") }
    }
}

/// `--name=path`.
pub(crate) fn option(name: &str, path: &Path) -> OsString {
    let mut text = OsString::from(format!("--{name}="));
    text.push(path);
    text
}

fn joined(folders: &[PathBuf]) -> OsString {
    std::env::join_paths(folders).expect("no folder of ours or of PATH has a colon in its name")
}

/// The folders of shared libraries below `root`: one per architecture, and MySQL's own.
fn library_folders(root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for parent in ["usr/lib", "lib"] {
        let entries = root.join(parent).read_dir().into_iter().flatten().flatten();
        let paths = entries.map(|it| it.path());
        folders.extend(paths.filter(|it| it.to_string_lossy().contains("-linux-gnu")));
    }
    let private = root.join("usr/lib/mysql/private");
    folders.extend(private.is_dir().then_some(private));
    folders
}

fn loader_in(folder: &Path) -> Option<PathBuf> {
    let paths = folder.read_dir().ok()?.flatten().map(|it| it.path());
    let is_loader = |it: &PathBuf| {
        it.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-linux"))
    };
    // `exists` follows the link: it may lead out of the folder, to a loader that is not there.
    paths.filter(is_loader).find(|it| it.exists())
}
