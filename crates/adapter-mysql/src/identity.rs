//! Which server this is: what differs on a failover, on a restored copy, and on a clone.

use diesel::QueryResult;
use diesel_async::AsyncMysqlConnection;

use crate::variables::Variables;

/// The identity of the server, or of the cluster that it belongs to.
///
/// - Galera, Group Replication: that of the cluster, which all members share. A member that takes
///   over has every commit that was answered.
/// - `MySQL`: its `server_uuid`, made for each data folder and kept in it: a copy of a running
///   server has the same until its `auto.cnf` is removed, as every guide to copying says.
/// - `MariaDB`: its `server_uid`, made of the host's network address and the port. It changes with
///   the host and not with the data, so a restored backup on the same host is not seen by it.
/// - Both with the `server_id`, which every replica has for its own.
/// - Older MariaDB has none; host name, port, data folder and `server_id` stand in for it.
pub(crate) async fn identity(conn: &mut AsyncMysqlConnection) -> QueryResult<String> {
    let settings = Variables::global(conn, &SETTINGS).await?;
    let status = if settings.is_on("wsrep_on") {
        Variables::status(conn, &["wsrep_cluster_state_uuid"]).await?
    } else {
        Variables::default()
    };
    Ok(told_by(&settings, &status))
}

const SETTINGS: [&str; 8] = [
    "wsrep_on",
    "group_replication_group_name",
    "server_uuid",
    "server_uid",
    "hostname",
    "port",
    "datadir",
    "server_id",
];

fn told_by(settings: &Variables, status: &Variables) -> String {
    if let Some(cluster) = status.filled("wsrep_cluster_state_uuid") {
        return format!("galera {cluster}");
    }
    for (setting, word) in [
        ("group_replication_group_name", "group"),
        ("server_uuid", "mysql"),
        ("server_uid", "mariadb"),
    ] {
        if let Some(value) = settings.filled(setting) {
            let id = settings.filled("server_id").filter(|_| word != "group");
            return id.map_or(format!("{word} {value}"), |id| format!("{word} {value} id {id}"));
        }
    }
    let told = |name| settings.get(name).unwrap_or_default();
    let (host, port) = (told("hostname"), told("port"));
    format!("host {host}:{port}{} id {}", told("datadir"), told("server_id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_one_server_and_members_are_not() {
        let settings = Variables::from([("wsrep_on", "ON"), ("server_uid", "abc=")]);
        let status = Variables::from([("wsrep_cluster_state_uuid", "c-1")]);
        assert_eq!(told_by(&settings, &status), "galera c-1");
        let group = Variables::from([("group_replication_group_name", "g"), ("server_uuid", "u")]);
        assert_eq!(told_by(&group, &Variables::default()), "group g");
    }

    #[test]
    fn a_server_alone_is_known_by_its_own_id() {
        let none = Variables::default();
        let mysql = Variables::from([("group_replication_group_name", ""), ("server_uuid", "u")]);
        assert_eq!(told_by(&mysql, &none), "mysql u");
        assert_eq!(told_by(&Variables::from([("server_uid", "abc=")]), &none), "mariadb abc=");
        let old = [("hostname", "h"), ("port", "3306"), ("datadir", "/d/"), ("server_id", "1")];
        assert_eq!(told_by(&Variables::from(old), &none), "host h:3306/d/ id 1");
    }
}
