//! How the processes that have one file open tell each other that something may be there.
//!
//! Each owner listens on a port of this machine; its row in the file has the port and a token that no stray datagram
//! carries. A datagram is a hint: what is true is in the file, and one that is lost or comes twice changes nothing.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// This run, which you hold, got a signal.
    Signal(RunKey),
    /// Runs may be ready.
    Ready,
    /// Another owner has joined.
    Joined,
    /// To oneself: listen no longer.
    Stop,
}

/// Something longer than any datagram of ours.
const LONGEST: usize = 128;

pub(super) fn listen() -> io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
}

/// Sends a hint, which may get lost.
pub(super) fn tell(from: &UdpSocket, to: &Address, hint: Hint) -> io::Result<()> {
    let (kind, run) = match hint {
        Hint::Signal(run) => (b's', run.0),
        Hint::Ready => (b'r', 0),
        Hint::Joined => (b'j', 0),
        Hint::Stop => (b'x', 0),
    };
    let mut datagram = Vec::with_capacity(LONGEST);
    datagram.extend_from_slice(to.token.as_bytes());
    datagram.push(kind);
    datagram.extend_from_slice(&run.to_be_bytes());
    from.send_to(&datagram, (Ipv4Addr::LOCALHOST, to.port))
        .map(drop)
}

/// Waits for the next hint that is meant for this token.
pub(super) fn hear(socket: &UdpSocket, token: &str) -> io::Result<Hint> {
    let mut buffer = [0; LONGEST];
    loop {
        match socket.recv(&mut buffer) {
            Ok(length) => {
                if let Some(hint) = understand(&buffer[..length], token) {
                    return Ok(hint);
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

fn understand(datagram: &[u8], token: &str) -> Option<Hint> {
    let (kind, run) = datagram.strip_prefix(token.as_bytes())?.split_first()?;
    let run = RunKey(i64::from_be_bytes(run.try_into().ok()?));
    match kind {
        b's' => Some(Hint::Signal(run)),
        b'r' => Some(Hint::Ready),
        b'j' => Some(Hint::Joined),
        b'x' => Some(Hint::Stop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Hint, hear, listen, tell};
    use crate::store::RunKey;

    #[test]
    fn hints_arrive_and_stray_datagrams_do_not() {
        let (here, there) = (listen().unwrap(), listen().unwrap());
        let to = Address {
            port: there.local_addr().unwrap().port(),
            token: "right".into(),
        };
        let stray = Address {
            token: "wrong".into(),
            ..to.clone()
        };
        for hint in [
            Hint::Signal(RunKey(i64::MAX)),
            Hint::Ready,
            Hint::Joined,
            Hint::Stop,
        ] {
            here.send_to(b"right", ("127.0.0.1", to.port)).unwrap();
            here.send_to(b"", ("127.0.0.1", to.port)).unwrap();
            tell(&here, &stray, Hint::Ready).unwrap();
            tell(&here, &to, hint).unwrap();
            assert_eq!(hear(&there, "right").unwrap(), hint);
        }
    }
}
