//! Just enough of the protocol of MySQL and MariaDB to ask a server of ours a question: `root`
//! without a password, text results.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// The columns of a row as text; `None` is NULL.
pub type Row = Vec<Option<String>>;

/// How long a server may take over one packet.
const LIMIT: Duration = Duration::from_secs(60);

/// The charset utf8mb4 by its number.
const UTF8MB4: u8 = 45;

/// Long passwords, protocol 4.1, transactions, secure connection, named authentication.
const CAPABILITIES: u32 = 0x1 | 0x200 | 0x2000 | 0x8000 | 0x8_0000;

/// Runs one statement on 127.0.0.1 as `root`, on a connection of its own.
///
/// Fails with the server's number and text if it refuses the statement. A statement without a
/// result gives no rows.
pub fn query(port: u16, sql: &str) -> Result<Vec<Row>> {
    let mut wire = Wire::open(port)?;
    wire.sequence = 0;
    let mut command = vec![3];
    command.extend_from_slice(sql.as_bytes());
    wire.send(&command)?;
    let first = wire.receive()?;
    if first.first() == Some(&0) {
        return Ok(Vec::new());
    }
    let columns = Reader(&first).length()?.context("no number of columns")?;
    for _ in 0..columns {
        wire.receive()?;
    }
    wire.receive()?;
    let mut rows = Vec::new();
    loop {
        let packet = wire.receive()?;
        if is_end(&packet) {
            return Ok(rows);
        }
        let mut reader = Reader(&packet);
        rows.push((0..columns).map(|_| reader.text()).collect::<Result<Row>>()?);
    }
}

fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

struct Wire {
    stream: TcpStream,
    sequence: u8,
}

impl Wire {
    fn open(port: u16) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let mut wire = Self { stream, sequence: 0 };
        wire.receive().context("no greeting")?;
        wire.send(&login())?;
        let answer = wire.receive()?;
        if answer.first() == Some(&0xfe) {
            // Another way of authentication, named next. Each has its own sign for no password.
            let sha2 = answer[1..].starts_with(b"caching_sha2_password");
            wire.send(if sha2 { &[0] } else { &[] })?;
            wire.receive()?;
        }
        Ok(wire)
    }

    fn send(&mut self, payload: &[u8]) -> Result<()> {
        let length = u32::try_from(payload.len())?.to_le_bytes();
        ensure!(length[3] == 0, "too long for one packet");
        let mut packet = length[..3].to_vec();
        packet.push(self.sequence);
        packet.extend_from_slice(payload);
        self.stream.write_all(&packet)?;
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head)?;
        self.sequence = head[3].wrapping_add(1);
        let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let mut payload = vec![0; usize::try_from(length)?];
        self.stream.read_exact(&mut payload)?;
        if let [0xff, low, high, text @ ..] = payload.as_slice() {
            let number = u16::from_le_bytes([*low, *high]);
            bail!("error {number}: {}", String::from_utf8_lossy(text));
        }
        Ok(payload)
    }
}

fn login() -> Vec<u8> {
    let mut packet = CAPABILITIES.to_le_bytes().to_vec();
    packet.extend_from_slice(&u32::from(u16::MAX).to_le_bytes());
    packet.push(UTF8MB4);
    packet.extend_from_slice(&[0; 23]);
    // The user, and a password of no length.
    packet.extend_from_slice(b"root\0\0mysql_native_password\0");
    packet
}

/// What is left of a packet.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(count).context("a packet is too short")?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of 1 to 9 bytes; `None` is NULL.
    fn length(&mut self) -> Result<Option<u64>> {
        let width = match self.take(1)?[0] {
            0xfb => return Ok(None),
            0xfc => 2,
            0xfd => 3,
            0xfe => 8,
            small => return Ok(Some(u64::from(small))),
        };
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(self.take(width)?);
        Ok(Some(u64::from_le_bytes(bytes)))
    }

    fn text(&mut self) -> Result<Option<String>> {
        let Some(length) = self.length()? else { return Ok(None) };
        let bytes = self.take(usize::try_from(length)?)?;
        Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests;
