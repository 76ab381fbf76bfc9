//! What the server's settings mean for us.

use postonce_ports::checkup::Finding;

use super::{failure, fine, warning};
use crate::probe::cluster;
use crate::variables::Variables;
use crate::{LockKind, LockOptions};

/// All that is looked at.
pub(super) const NAMES: [&str; 16] = [
    "version",
    "version_comment",
    "wsrep_on",
    "group_replication_group_name",
    "innodb_flush_log_at_trx_commit",
    "log_bin",
    "sync_binlog",
    "binlog_format",
    "wait_timeout",
    "read_only",
    "super_read_only",
    "innodb_read_only",
    "tx_isolation",
    "transaction_isolation",
    "innodb_snapshot_isolation",
    "sql_mode",
];

/// The oldest versions that the schema and the locks are written for.
const OLDEST_MARIADB: (u32, u32) = (10, 6);
const OLDEST_MYSQL: (u32, u32) = (8, 0);

/// Sessions that are kept between transactions are let go after four minutes without use.
const SHORT_WAIT: u64 = 300;

pub(super) fn look(seen: &Variables, lock: &LockOptions) -> Vec<Finding> {
    let mut findings = vec![version(seen), many_servers(seen, lock), writable(seen), flush(seen)];
    if seen.is_on("log_bin") {
        findings.extend([sync_binlog(seen), binlog_format(seen)]);
    }
    findings.extend([wait_timeout(seen), isolation(seen), sql_mode(seen)]);
    findings
}

fn version(seen: &Variables) -> Finding {
    const NAME: &str = "server";
    let version = seen.get("version").unwrap_or_default();
    let is_mariadb = version.contains("MariaDB");
    let (kind, oldest) =
        if is_mariadb { ("MariaDB", OLDEST_MARIADB) } else { ("MySQL", OLDEST_MYSQL) };
    let value = format!("{kind} {version}");
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= oldest => {
            fine(NAME, value, "it is one that PostOnce is made for")
        }
        _ => {
            let meaning =
                format!("PostOnce is made for {kind} {}.{} and newer", oldest.0, oldest.1);
            warning(NAME, value, &meaning, "use a newer server")
        }
    }
}

fn many_servers(seen: &Variables, lock: &LockOptions) -> Finding {
    const NAME: &str = "cluster";
    let Some(server) = cluster(seen) else {
        return fine(NAME, "no", "it is one server, on which every kind of lock excludes");
    };
    match lock.kind {
        LockKind::Lease => {
            let meaning = "runs exclude each other by a lease, which holds on every member";
            fine(NAME, server, meaning)
        }
        LockKind::Named if lock.single_writer => {
            let meaning = "each member grants named locks for itself; lock.single_writer says that \
                           every process connects to the same one";
            let mend = "make sure of it, also when a member fails, or set lock.kind = \"lease\"";
            warning(NAME, server, meaning, mend)
        }
        LockKind::Named => {
            let meaning = "each member grants named locks for itself, so two runs may have it";
            let mend = "set lock.kind = \"lease\", or lock.single_writer = true if every process \
                        connects to the same member";
            failure(NAME, server, meaning, mend)
        }
    }
}

fn writable(seen: &Variables) -> Finding {
    const NAME: &str = "writable";
    let known = ["read_only", "super_read_only", "innodb_read_only"];
    match known.into_iter().find(|name| is_set(seen, name)) {
        None => fine(NAME, "yes", "the server takes writes"),
        Some(name) => {
            let meaning = "the server takes no writes, as a replica does, or a primary before its \
                           failover is over";
            failure(NAME, format!("{name} is on"), meaning, "connect to the primary")
        }
    }
}

/// Newer `MariaDB` has more words for it than ON.
fn is_set(seen: &Variables, name: &str) -> bool {
    seen.filled(name).is_some_and(|value| !value.eq_ignore_ascii_case("off") && value != "0")
}

fn flush(seen: &Variables) -> Finding {
    const NAME: &str = "innodb_flush_log_at_trx_commit";
    let value = seen.get(NAME).unwrap_or("unknown");
    if value == "1" {
        return fine(NAME, value, "what was committed is on disk");
    }
    let meaning = "a crash of the server may forget claims that it has confirmed; what it sent \
                   just before is then looked up, and not sent twice, only where every invoice is";
    warning(NAME, value, meaning, "set innodb_flush_log_at_trx_commit = 1")
}

fn sync_binlog(seen: &Variables) -> Finding {
    const NAME: &str = "sync_binlog";
    let value = seen.get(NAME).unwrap_or("unknown");
    if value == "1" {
        return fine(NAME, value, "the binary log is on disk with every commit");
    }
    let meaning = "after a crash replicas and backups may lack claims that this server has, or \
                   have others";
    warning(NAME, value, meaning, "set sync_binlog = 1")
}

fn binlog_format(seen: &Variables) -> Finding {
    const NAME: &str = "binlog_format";
    match seen.get(NAME) {
        Some(value) if value.eq_ignore_ascii_case("statement") => {
            let meaning = "claims are made at READ COMMITTED, which this format cannot log: the \
                           server refuses them";
            failure(NAME, value, meaning, "set binlog_format = ROW or MIXED")
        }
        Some(value) => fine(NAME, value, "it can log what claims do"),
        None => fine(NAME, "ROW", "this server knows no other"),
    }
}

fn wait_timeout(seen: &Variables) -> Finding {
    const NAME: &str = "wait_timeout";
    let value = seen.get(NAME).unwrap_or("unknown");
    let seconds = value.parse::<u64>();
    if seconds.is_ok_and(|seconds| seconds < SHORT_WAIT) {
        let meaning = "the server closes sessions before we let go of them; each costs a transaction \
                       that begins anew. The lock's session has a setting of its own";
        return warning(NAME, value, meaning, "set wait_timeout = 600 or more");
    }
    fine(NAME, value, "idle sessions live long enough; the lock's has a setting of its own")
}

fn isolation(seen: &Variables) -> Finding {
    const NAME: &str = "isolation";
    let default = seen.get("transaction_isolation").or_else(|| seen.get("tx_isolation"));
    let snapshot =
        if seen.is_on("innodb_snapshot_isolation") { ", snapshot isolation" } else { "" };
    let value = format!("{}{snapshot}", default.unwrap_or("unknown"));
    fine(NAME, value, "every session of ours sets READ COMMITTED, whatever the default is")
}

fn sql_mode(seen: &Variables) -> Finding {
    const NAME: &str = "sql_mode";
    let value = seen.get(NAME).unwrap_or_default();
    if value.contains("STRICT_") {
        return fine(NAME, value, "what does not fit is refused, from whomever it comes");
    }
    let meaning = "sessions of ours are strict, but what other applications write may be cut to \
                   fit without a word; the checks of our tables see that";
    warning(NAME, value, meaning, "add STRICT_TRANS_TABLES to sql_mode")
}
