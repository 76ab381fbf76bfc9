//! Ports on loopback that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// The range from which ports are taken: below the system's range for outgoing connections, which
/// would otherwise take them away while a server is down.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// How far apart two processes begin their search.
const STRIDE: u32 = 97;

/// The first of `count` ports in a row that are free now.
///
/// Another process may take one of them at once: who uses it must be ready to ask again.
pub(crate) fn free(count: u16) -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(STRIDE);
    loop {
        let asked = ASKED.fetch_add(u32::from(count), Ordering::Relaxed);
        let port = FIRST + begin.wrapping_add(asked) % COUNT;
        let first = u16::try_from(port).expect("the range ends below 32768");
        if (first..first + count).all(is_free) {
            return first;
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
