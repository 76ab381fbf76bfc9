use super::*;

fn counts(of: &[(StateName, u64)]) -> StateCounts {
    let by_state = StateName::ALL.map(|state| {
        (state, of.iter().find(|(name, _)| *name == state).map_or(0, |(_, count)| *count))
    });
    StateCounts { by_state: by_state.to_vec(), held: 5 }
}

#[test]
fn what_stands_is_told_by_the_code() {
    let free = LockState::Free;
    let check = |of: &[(StateName, u64)], lock: &LockState| standing(&counts(of), lock).code();
    assert_eq!(check(&[(StateName::Ready, 9), (StateName::Posted, 9)], &free), 0);
    assert_eq!(check(&[(StateName::Blocked, 1)], &free), 65);
    assert_eq!(check(&[(StateName::Rejected, 1)], &free), 65);
    assert_eq!(check(&[(StateName::Rejected, 1), (StateName::InDoubt, 1)], &free), 10);
    assert_eq!(check(&[(StateName::NeedsHuman, 1)], &free), 10);
    assert_eq!(check(&[(StateName::Claimed, 1)], &free), 10);
    assert_eq!(check(&[(StateName::Claimed, 1)], &LockState::Held(None)), 0);
}
