//! Who has the file open, and who of them is alive.
//!
//! An owner holds an operating system's lock on a file of its own, which ends with its process, however that ends.
//! The others each have a thread that waits for that lock: whoever gets it knows that the owner is dead.
//! No clock is asked, so that nobody who is merely slow is taken for dead.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::params;

use super::errors::{Doing, of_system, translate, trouble};
use super::file::DatabaseFile;
use super::lock::{Lock, Pulse};
use super::read::{self, Readers};
use super::wire::{self, Address, Heard, Hint, Listener};
use super::write::{Answers, Batch, Committed, Writer};
use crate::observe::tracing;
use crate::store::{Millis, OwnerId, StoreError, StoreErrorKind, Wake, Woken};

/// What an open file is, for its handle and for the threads that watch others.
#[derive(Debug)]
pub(super) struct Shared {
    // In this order they are closed: whoever closes the file last tidies it up, and has to be able to write.
    pub(super) readers: Readers,
    writer: Mutex<Writer>,
    pub(super) file: Arc<DatabaseFile>,
    /// Who joined here.
    members: Mutex<BTreeMap<OwnerId, Member>>,
    /// Which others have a thread that waits for their end.
    watched: Mutex<BTreeSet<OwnerId>>,
    /// What hints are sent from, once there is one to send.
    outlet: OnceLock<UdpSocket>,
    /// The latest time that somebody told.
    told: AtomicI64,
}

/// An owner of this process.
struct Member {
    wake: Wake,
    socket: Arc<UdpSocket>,
    address: Address,
    /// Held as long as it has joined.
    _alive: Lock,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn free<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a transaction fails with.
#[derive(Debug)]
enum Failure {
    Sqlite(rusqlite::Error),
    /// Of the lock file at this path.
    System(io::Error, PathBuf),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Shared {
    pub(super) fn new(file: Arc<DatabaseFile>, readers: Readers, writer: Writer) -> Self {
        Self {
            readers,
            writer: Mutex::new(writer),
            file,
            members: Mutex::default(),
            watched: Mutex::default(),
            outlet: OnceLock::new(),
            told: AtomicI64::new(Millis::MIN),
        }
    }

    /// Takes note of the time, for sweeping what has expired.
    pub(super) fn told(&self, now: Millis) {
        self.told.store(now, Ordering::Relaxed);
    }

    pub(super) fn commit(
        shared: &Arc<Self>,
        commit: impl FnOnce(&mut Writer, &AtomicI64) -> rusqlite::Result<Committed<Answers>>,
    ) -> Result<Answers, StoreError> {
        let committed = shared.write(|writer| Ok(commit(writer, &shared.told)?))?;
        Ok(Self::deliver(shared, committed))
    }

    /// Writes, and makes sure that it was written to the file that others find.
    fn write<T>(
        &self,
        write: impl FnOnce(&mut Writer) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut writer = free(&self.writer);
        self.file.check_lately(Doing::Write)?;
        let written = write(&mut writer);
        drop(writer);
        let value = written.map_err(|failure| match failure {
            Failure::Sqlite(error) => translate(error, self.file.path(), Doing::Write),
            Failure::System(error, path) => of_system(error, &path, Doing::Write),
        })?;
        self.file.check(Doing::Write)?;
        Ok(value)
    }

    /// Wakes whom a transaction concerns: those who joined here, and by datagrams those of other processes.
    fn deliver<T>(shared: &Arc<Self>, committed: Committed<T>) -> T {
        let Some(owners) = committed.owners else {
            return committed.value;
        };
        let mut wakes: Vec<(Wake, Woken)> = Vec::new();
        let mut hints: Vec<(&Address, Hint)> = Vec::new();
        let notices = &committed.notices;
        let members = free(&shared.members);
        for (owner, address) in owners.iter() {
            let signalled = notices.signalled(*owner);
            let over = notices.over_elsewhere(*owner);
            if let Some(Member { wake, .. }) = members.get(owner) {
                let woken = signalled
                    .map(Woken::Signal)
                    .chain(over.map(Woken::Over))
                    .chain(notices.ready.then_some(Woken::Ready));
                wakes.extend(woken.map(|woken| (Arc::clone(wake), woken)));
                continue;
            }
            let (signalled, over): (Vec<_>, Vec<_>) = (signalled.collect(), over.collect());
            if !signalled.is_empty() {
                hints.push((address, Hint::Signals(signalled)));
            }
            if !over.is_empty() {
                hints.push((address, Hint::Over(over)));
            }
            if notices.ready {
                hints.push((address, Hint::Ready));
            }
        }
        drop(members);
        for (wake, woken) in wakes {
            wake(woken);
        }
        for (address, hint) in hints {
            shared.tell(address, &hint);
        }
        Self::watch(shared, owners.keys().copied());
        committed.value
    }

    /// Sends a hint, which may get lost.
    fn tell(&self, to: &Address, hint: &Hint) {
        let told = match self.outlet.get() {
            Some(outlet) => wire::tell(outlet, to, hint),
            None => wire::listen()
                .and_then(|outlet| wire::tell(self.outlet.get_or_init(|| outlet), to, hint)),
        };
        if let Err(error) = told {
            tracing::debug!(target: "orch", event = "hint_lost", %error);
        }
    }

    pub(super) fn join(shared: &Arc<Self>, wake: Wake) -> Result<OwnerId, StoreError> {
        let (socket, address) = listen().map_err(|error| {
            let what =
                "there is no socket to be had on 127.0.0.1, by which its processes wake each other";
            trouble(StoreErrorKind::Io, shared.file.path(), Doing::Open, what).because(error)
        })?;
        let mut enrolled = None;
        let joined = shared.write(|writer| {
            let joined = writer.transaction(|batch| shared.enroll(batch, &address))?;
            let (owner, alive, graves) = joined.value;
            enrolled = Some(owner);
            let member = Member {
                wake: Arc::clone(&wake),
                socket: Arc::clone(&socket),
                address: address.clone(),
                _alive: alive,
            };
            free(&shared.members).insert(owner, member);
            drop(graves);
            Ok(Committed {
                value: owner,
                notices: joined.notices,
                owners: joined.owners,
            })
        });
        let listening = joined.and_then(|committed| {
            Self::hear(shared, socket, address, wake)?;
            Ok(committed)
        });
        if listening.is_err()
            && let Some(owner) = enrolled
        {
            free(&shared.members).remove(&owner);
        }
        let committed = listening?;
        let owner = committed.value;
        let others = committed.owners.as_deref().into_iter().flatten();
        for (_, address) in others.filter(|(other, _)| **other != owner) {
            shared.tell(address, &Hint::Joined);
        }
        Ok(Self::deliver(shared, committed))
    }

    /// Buries the dead, and adds an owner: with its lock, and the locks of the dead to be dropped afterwards.
    fn enroll(
        &self,
        batch: &mut Batch<'_>,
        address: &Address,
    ) -> Result<(OwnerId, Lock, Vec<Lock>), Failure> {
        const ENROLL: &str =
            "INSERT INTO owners (process, port, token, joined_at) VALUES (?1, ?2, ?3, ?4)";
        let owners = Arc::clone(batch.known.owners(batch.db)?);
        let values = params![process::id(), address.port, address.token, now()];
        batch.db.prepare_cached(ENROLL)?.execute(values)?;
        let owner = OwnerId(batch.db.last_insert_rowid());
        let alive = Lock::make(&self.file, owner.0)
            .map_err(|(error, path)| Failure::System(error, path))?;
        // The file of this number may be there already, of a process that was killed before its number was kept.
        let known = |id| id == owner.0 || owners.contains_key(&OwnerId(id));
        let mut graves = Lock::left_over(&self.file, known);
        for owner in owners.keys() {
            let lives = free(&self.members).contains_key(owner);
            if !lives && let Pulse::Dead(lock) = Lock::feel(&self.file, owner.0) {
                remove(batch, *owner)?;
                graves.extend(lock);
            }
        }
        batch.known.owners_changed();
        // Everybody is told that somebody has joined, which takes who they are.
        batch.announce = true;
        Ok((owner, alive, graves))
    }

    pub(super) fn leave(shared: &Arc<Self>, owner: OwnerId) -> Result<(), StoreError> {
        if !free(&shared.members).contains_key(&owner) {
            return Ok(());
        }
        let left = shared.write(|writer| writer.transaction(|batch| Ok(remove(batch, owner)?)))?;
        shared.part(owner);
        Self::deliver(shared, left);
        Ok(())
    }

    /// Lets go of what an owner has in this process.
    fn part(&self, owner: OwnerId) {
        let member = free(&self.members).remove(&owner);
        if let Some(member) = member {
            let _ = wire::tell(&member.socket, &member.address, &Hint::Stop);
        }
    }

    pub(super) fn leave_all(shared: &Arc<Self>) {
        let members: Vec<OwnerId> = free(&shared.members).keys().copied().collect();
        for owner in members {
            if let Err(error) = Self::leave(shared, owner) {
                // Others find its lock free, or whoever joins next does.
                tracing::warn!(target: "orch", event = "store_not_left", %error);
                shared.part(owner);
            }
        }
    }

    /// Listens for hints until the owner leaves.
    fn hear(
        shared: &Arc<Self>,
        socket: Arc<UdpSocket>,
        address: Address,
        wake: Wake,
    ) -> Result<(), StoreError> {
        let store = Arc::downgrade(shared);
        let listen = move || {
            let mut listener = Listener::new(&socket, &address.token);
            loop {
                match listener.hear() {
                    Ok(Heard::Hint(Hint::Signals(runs))) => {
                        runs.into_iter().for_each(|run| wake(Woken::Signal(run)));
                    }
                    Ok(Heard::Hint(Hint::Over(runs))) => {
                        runs.into_iter().for_each(|run| wake(Woken::Over(run)));
                    }
                    Ok(Heard::Hint(Hint::Ready)) => wake(Woken::Ready),
                    Ok(Heard::Hint(Hint::Joined)) => Self::look_around(&store),
                    Ok(Heard::Hint(Hint::Stop)) => return,
                    Ok(Heard::TooMany) => {
                        Self::look_around(&store);
                        wake(Woken::Anything);
                    }
                    Err(error) => {
                        tracing::warn!(target: "orch", event = "store_deaf", %error);
                        return;
                    }
                }
            }
        };
        let named = thread::Builder::new().name("orch-store-hints".to_owned());
        named.spawn(listen).map(drop).map_err(|error| {
            let what = "there is no thread to be had";
            trouble(StoreErrorKind::Io, shared.file.path(), Doing::Open, what).because(error)
        })
    }

    /// Watches those who joined since.
    fn look_around(store: &Weak<Self>) {
        if let Some(shared) = store.upgrade() {
            match shared.readers.read(read::owners) {
                Ok(owners) => Self::watch(&shared, owners.into_iter()),
                Err(error) => tracing::warn!(target: "orch", event = "store_unread", %error),
            }
        }
    }

    /// Gives each owner of another process a thread that waits for its end, as long as somebody joined here.
    fn watch(shared: &Arc<Self>, owners: impl Iterator<Item = OwnerId>) {
        for owner in owners {
            let members = free(&shared.members);
            if members.is_empty() || members.contains_key(&owner) {
                continue;
            }
            drop(members);
            if free(&shared.watched).insert(owner) {
                let store = Arc::downgrade(shared);
                let path = Lock::path(&shared.file, owner.0);
                let wait = move || match Lock::wait(path) {
                    Ok(lock) => {
                        Self::bury(&store, owner);
                        drop(lock);
                    }
                    Err(error) => {
                        tracing::warn!(target: "orch", event = "store_unwatched", owner = owner.0, %error);
                    }
                };
                let named = thread::Builder::new().name(format!("orch-watch-{}", owner.0));
                if let Err(error) = named.spawn(wait) {
                    free(&shared.watched).remove(&owner);
                    tracing::warn!(target: "orch", event = "store_unwatched", owner = owner.0, %error);
                }
            }
        }
    }

    /// Releases what a dead owner held, and tries again while the store cannot be written.
    fn bury(store: &Weak<Self>, owner: OwnerId) {
        const LONGEST: Duration = Duration::from_secs(5);
        let mut pause = Duration::from_millis(50);
        while let Some(shared) = store.upgrade() {
            if free(&shared.members).is_empty() {
                break;
            }
            let buried =
                shared.write(|writer| writer.transaction(|batch| Ok(remove(batch, owner)?)));
            match buried {
                Ok(committed) => {
                    free(&shared.watched).remove(&owner);
                    Self::deliver(&shared, committed);
                    break;
                }
                Err(error) => {
                    tracing::warn!(target: "orch", event = "store_owner_kept", owner = owner.0, %error);
                    if !error.is_transient() {
                        break;
                    }
                }
            }
            drop(shared);
            thread::sleep(pause);
            pause = LONGEST.min(pause * 2);
        }
    }
}

/// Removes an owner, unless somebody did: what it held is released, and the others see to what it would have.
fn remove(batch: &mut Batch<'_>, owner: OwnerId) -> rusqlite::Result<()> {
    let removed = batch
        .db
        .prepare_cached("DELETE FROM owners WHERE id = ?1")?
        .execute([owner.0])?;
    if removed > 0 {
        batch.known.owners_changed();
        batch.release(owner, now())?;
        batch.notices.ready = true;
    }
    Ok(())
}

fn listen() -> io::Result<(Arc<UdpSocket>, Address)> {
    let socket = wire::listen()?;
    let address = Address {
        port: socket.local_addr()?.port(),
        token: crate::ids::secret(),
    };
    Ok((Arc::new(socket), address))
}

/// The time, for people to read and to order what became ready without anybody telling a time.
fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
    })
}
