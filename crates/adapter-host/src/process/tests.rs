use super::*;

#[test]
fn a_process_knows_its_host_its_pid_and_the_hosts_start() {
    let process = Process::current();
    assert!(!process.host.is_empty());
    assert_eq!(process.pid, std::process::id());
    assert!(!process.boot_id.is_empty() && process.boot_id.trim() == process.boot_id);
    assert_eq!(process, Process::current());
}
