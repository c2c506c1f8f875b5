//! How the processes that have one file open tell each other that something may be there.
//!
//! Each owner listens on a port of this machine; its row in the file has the port and a token that no stray datagram
//! carries. A datagram is a hint: what is true is in the file, and one that comes twice changes nothing.
//!
//! A datagram is lost where more of them wait to be heard than there is room for. Whoever hears so many in a row cannot
//! know, and [looks at everything](Heard::TooMany).

use std::io;
use std::net::{Ipv4Addr, UdpSocket};

use crate::store::RunKey;

/// Where an owner listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) port: u16,
    pub(super) token: String,
}

/// What owners tell each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hint {
    /// These runs, which you hold, got signals.
    Signals(Vec<RunKey>),
    /// These runs have ended, or cannot go on.
    Over(Vec<RunKey>),
    /// Runs may be ready.
    Ready,
    /// Another owner has joined.
    Joined,
    /// To oneself: listen no longer.
    Stop,
}

/// What is heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Hint(Hint),
    /// So many hints came in a row that others may have been lost.
    TooMany,
}

/// How many runs a datagram names at most; about more there are several.
const RUNS: usize = 128;

/// How many datagrams in a row are fewer than any socket has room for: that of Linux has 200 KiB by default.
const IN_A_ROW: usize = 64;

/// Something longer than any datagram of ours.
const LONGEST: usize = 64 + RUNS * size_of::<i64>();

pub(super) fn listen() -> io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
}

/// Sends a hint, which may get lost.
pub(super) fn tell(from: &UdpSocket, to: &Address, hint: &Hint) -> io::Result<()> {
    let (kind, runs): (_, &[RunKey]) = match hint {
        Hint::Signals(runs) => (b's', runs),
        Hint::Over(runs) => (b'o', runs),
        Hint::Ready => (b'r', &[]),
        Hint::Joined => (b'j', &[]),
        Hint::Stop => (b'x', &[]),
    };
    let mut rest = runs;
    loop {
        let (now, later) = rest.split_at(rest.len().min(RUNS));
        let mut datagram = Vec::with_capacity(LONGEST);
        datagram.extend_from_slice(to.token.as_bytes());
        datagram.push(kind);
        datagram.extend(now.iter().flat_map(|run| run.0.to_be_bytes()));
        from.send_to(&datagram, (Ipv4Addr::LOCALHOST, to.port))?;
        if later.is_empty() {
            return Ok(());
        }
        rest = later;
    }
}

/// Somebody who listens.
#[derive(Debug)]
pub(super) struct Listener<'a> {
    socket: &'a UdpSocket,
    token: &'a str,
    /// How many datagrams came since it last had to wait for one.
    in_a_row: usize,
}

impl<'a> Listener<'a> {
    /// Hears what is meant for this token.
    pub(super) fn new(socket: &'a UdpSocket, token: &'a str) -> Self {
        Self {
            socket,
            token,
            in_a_row: 0,
        }
    }

    /// Waits for what is to be heard next.
    pub(super) fn hear(&mut self) -> io::Result<Heard> {
        let mut buffer = [0; LONGEST];
        loop {
            let received = match self.in_a_row {
                0 => self.socket.recv(&mut buffer),
                _ => self.receive_at_once(&mut buffer),
            };
            match received {
                Ok(length) => {
                    self.in_a_row = self.in_a_row.saturating_add(1);
                    if let Some(hint) = understand(&buffer[..length], self.token) {
                        return Ok(Heard::Hint(hint));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if std::mem::take(&mut self.in_a_row) >= IN_A_ROW {
                        return Ok(Heard::TooMany);
                    }
                }
                // Some systems report here that an earlier hint found nobody.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Interrupted | io::ErrorKind::ConnectionReset
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Receives a datagram that has come by now.
    fn receive_at_once(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_nonblocking(true)?;
        let received = self.socket.recv(buffer);
        self.socket.set_nonblocking(false)?;
        received
    }
}

fn understand(datagram: &[u8], token: &str) -> Option<Hint> {
    let (kind, runs) = datagram.strip_prefix(token.as_bytes())?.split_first()?;
    let (runs, rest) = runs.as_chunks();
    if !rest.is_empty() {
        return None;
    }
    let runs = runs.iter().map(|run| RunKey(i64::from_be_bytes(*run)));
    match kind {
        b's' => Some(Hint::Signals(runs.collect())),
        b'o' => Some(Hint::Over(runs.collect())),
        b'r' => Some(Hint::Ready),
        b'j' => Some(Hint::Joined),
        b'x' => Some(Hint::Stop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::{Address, Heard, Hint, IN_A_ROW, Listener, RUNS, listen, tell};
    use crate::store::RunKey;

    fn address(of: &UdpSocket) -> Address {
        Address {
            port: of.local_addr().unwrap().port(),
            token: "right".into(),
        }
    }

    #[test]
    fn hints_arrive_and_stray_datagrams_do_not() {
        let (here, there) = (listen().unwrap(), listen().unwrap());
        let to = address(&there);
        let stray = Address {
            token: "wrong".into(),
            ..to.clone()
        };
        let mut listener = Listener::new(&there, "right");
        for hint in [
            Hint::Signals(vec![RunKey(i64::MAX), RunKey(1)]),
            Hint::Over(vec![RunKey(2)]),
            Hint::Ready,
            Hint::Joined,
            Hint::Stop,
        ] {
            for stray in ["right", "rights123", ""] {
                here.send_to(stray.as_bytes(), ("127.0.0.1", to.port))
                    .unwrap();
            }
            tell(&here, &stray, &Hint::Ready).unwrap();
            tell(&here, &to, &hint).unwrap();
            assert_eq!(listener.hear().unwrap(), Heard::Hint(hint));
        }
    }

    #[test]
    fn of_many_runs_several_datagrams_tell() {
        let (here, there) = (listen().unwrap(), listen().unwrap());
        let runs: Vec<RunKey> = (0..RUNS as i64 * 2 + 1).map(RunKey).collect();
        tell(&here, &address(&there), &Hint::Over(runs.clone())).unwrap();
        let mut listener = Listener::new(&there, "right");
        for part in runs.chunks(RUNS) {
            let heard = listener.hear().unwrap();
            assert_eq!(heard, Heard::Hint(Hint::Over(part.to_vec())));
        }
    }

    #[test]
    fn whoever_hears_too_many_in_a_row_is_told_that_some_may_be_lost() {
        let (here, there) = (listen().unwrap(), listen().unwrap());
        let to = address(&there);
        let sent = 2_000;
        for run in 0..sent {
            tell(&here, &to, &Hint::Over(vec![RunKey(run)])).unwrap();
        }
        let mut listener = Listener::new(&there, "right");
        let mut heard = 0;
        while let Heard::Hint(_) = listener.hear().unwrap() {
            heard += 1;
        }
        assert!((IN_A_ROW..2_000).contains(&heard), "{heard} of {sent}");
        // A few are heard as they are.
        for _ in 1..IN_A_ROW {
            tell(&here, &to, &Hint::Ready).unwrap();
        }
        for _ in 1..IN_A_ROW {
            assert_eq!(listener.hear().unwrap(), Heard::Hint(Hint::Ready));
        }
        tell(&here, &to, &Hint::Stop).unwrap();
        assert_eq!(listener.hear().unwrap(), Heard::Hint(Hint::Stop));
    }
}
