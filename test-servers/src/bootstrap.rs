//! A new data folder, or a copy of another one.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::installation::Kind;
use crate::launch::Launch;

/// Makes the data folder of `launch`: a copy of `from`, or a new one.
pub(crate) fn fill(launch: &Launch, from: Option<&Path>) -> Result<()> {
    std::fs::create_dir(launch.temporary())?;
    if let Some(from) = from {
        copy(from, &launch.data())?;
    } else {
        match launch.installation.kind() {
            Kind::MariaDb => new_mariadb(launch)?,
            Kind::MySql => new_mysql(launch)?,
        }
    }
    own(launch)
}

/// Gives the folder to the user as whom the server runs.
pub(crate) fn own(launch: &Launch) -> Result<()> {
    match launch.user() {
        None | Some("root") => Ok(()),
        Some(user) => {
            let mut chown = Command::new("chown");
            run(chown.args(["-R", user]).arg(launch.folder()))
        }
    }
}

/// Copies a data folder to where none is yet.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    ensure!(from.is_dir(), "{} is no folder", from.display());
    ensure!(!to.exists(), "{} is there already", to.display());
    let mut cp = Command::new("cp");
    run(cp.args(["-a", "--sparse=always", "--"]).args([from, to]))
}

/// What `mariadb-install-db` does, which knows nothing of a loader of our own: the system tables'
/// SQL, given to the server on its standard input.
fn new_mariadb(launch: &Launch) -> Result<()> {
    std::fs::create_dir(launch.data())?;
    own(launch)?;
    let sql = launch.folder().join("system.sql");
    std::fs::write(&sql, system_sql(&launch.installation.share())?)?;
    let mut server = command(launch)?;
    run(server.arg("--bootstrap").stdin(File::open(&sql)?))
}

fn new_mysql(launch: &Launch) -> Result<()> {
    // It starts as a server with its own files; nothing of it is to be outside of our folder.
    let socket = launch.folder().join("s.sock");
    let mut server = command(launch)?;
    server.args(["--initialize-insecure", "--secure-file-priv=", "--mysqlx=OFF"]);
    run(server.arg(crate::installation::option("socket", &socket)).stdin(Stdio::null()))
}

fn command(launch: &Launch) -> Result<Command> {
    let line = launch.base_line();
    let (program, arguments) = line.split_first().context("a line has a program")?;
    let mut command = Command::new(program);
    command.args(arguments).envs(launch.installation.environment());
    Ok(command)
}

/// The SQL in `share` that makes system tables: `root` has no password and comes by any way.
fn system_sql(share: &Path) -> Result<String> {
    let mut sql = String::from(
        "create database if not exists mysql;\nuse mysql;\nSET @auth_root_socket=NULL;\n",
    );
    for file in ["system_tables", "performance_tables", "system_tables_data", "sys_schema"] {
        // Before 11 the files had MySQL's name.
        let names = ["mariadb", "mysql"].map(|it| share.join(format!("{it}_{file}.sql")));
        let path = names.iter().find(|it| it.is_file());
        let path = path.with_context(|| format!("no {file} in {}", share.display()))?;
        let text = std::fs::read_to_string(path)?;
        // This machine's name must not be looked up.
        for line in text.lines().filter(|it| !it.contains("@current_hostname")) {
            sql.push_str(line);
            sql.push('\n');
        }
    }
    Ok(sql)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {said}");
    Ok(())
}
