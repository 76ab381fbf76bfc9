//! What processes can do, and what they cannot.

use postonce_race_kit::{Filter, LockKind, Plan, Role, Setting, Verb};

/// What happens in plans and not to processes, with the reason.
pub(super) const REFUSED: [(Verb, &str); 6] = [
    (Verb::DbRestart, "every session would have to notice at the same call"),
    (Verb::Restore, "a backup is put back with nobody at work"),
    (Verb::Elsewhere, "a server does not move while its clients are held"),
    (Verb::Stall, "who would be the last to end is not known before"),
    (Verb::ClockBack, "the host's clock is not ours to set"),
    (Verb::ClockAhead, "the host's clock is not ours to set"),
];

/// Why processes cannot follow a plan, by name; nothing if they can.
pub fn refusal(plan: &Plan) -> Option<String> {
    let items = plan.items.iter().map(|it| it.choice.verb);
    let mut refused = REFUSED.iter().filter(|(verb, _)| items.clone().any(|it| it == *verb));
    if let Some((verb, why)) = refused.next() {
        return Some(format!("not on processes: {}: {why}", verb.as_str()));
    }
    of_setting(&plan.setting)
}

fn of_setting(setting: &Setting) -> Option<String> {
    let role = setting.actors.iter().find(|role| arguments(**role).is_none());
    let reasons = [
        (role.is_some(), role.map(|it| format!("{it} is no single command")).unwrap_or_default()),
        (setting.concurrency > 1, "concurrency: calls would be counted otherwise".to_owned()),
        (setting.lock == LockKind::Lease, "lock=lease: its end is the server's time".to_owned()),
        (setting.filter != Filter::Right, "filter: the ledger is not the model".to_owned()),
        (setting.late_unbounded, "late-unbounded: the end does not wait for ever".to_owned()),
        (setting.stranger, "stranger: nobody else has posted".to_owned()),
        (setting.two_steps, "two-steps: the adapter looks at the wire".to_owned()),
        (setting.all_points, "all-points: setting up has calls of its own".to_owned()),
        (setting.mutant.is_some(), "mutant: the binary has none".to_owned()),
    ];
    let reason = reasons.into_iter().find(|(refused, _)| *refused)?;
    Some(format!("not on processes: {}", reason.1))
}

/// The command of a role, as far as it is one.
pub(super) fn arguments(role: Role) -> Option<&'static [&'static str]> {
    match role {
        Role::Cron | Role::SyncNow | Role::Ordering | Role::LaterCron => Some(&["sync"]),
        Role::Branch => Some(&["sync", "--company-file", "branch"]),
        Role::Handler => Some(&["sync", "--wait", "1s"]),
        Role::Reprocess => Some(&["reprocess", "--reason", "again"]),
        Role::Check => Some(&["in-doubt", "check"]),
        Role::PersonAbsent
        | Role::PersonPosted
        | Role::PersonForgets
        | Role::PersonHolds
        | Role::Import => None,
    }
}
