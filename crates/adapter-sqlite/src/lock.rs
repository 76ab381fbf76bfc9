//! The run lock: an operating system's lock on a file beside the database.
//!
//! The system frees it when the process dies, however it dies. The file itself is never deleted:
//! two processes could then lock two files of one name. While it is held the file names the hold,
//! which is how a run in the database is recognised as the holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{CompanyFile, Epoch};
use postonce_ports::error::StoreError;
use postonce_ports::history::Run;
use postonce_ports::lock::{
    HeldLock, Holder, LockAnswer, LockError, LockState, RunHolder, RunLock,
};

use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_epoch as epoch;
use crate::{SqliteStore, history};

/// How often a lock that is not free is looked at again, and how long between two looks: whoever
/// asks for the state holds it for an instant.
const LOOKS: u32 = 5;
const BETWEEN: Duration = Duration::from_millis(5);

#[async_trait]
impl RunLock for SqliteStore {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        let count = self.inner.holds.fetch_add(1, Ordering::Relaxed);
        let owner = format!("{}-{count}", self.inner.instance);
        let path = self.lock_path();
        let mine = owner.clone();
        match blocking(&self.lock_path(), move || acquire(&path, &mine)).await? {
            Look::Taken(file) => {
                let (store, lost) = (self.clone(), AtomicBool::new(false));
                Ok(LockAnswer::Acquired(Box::new(FileLock { store, file, owner, lost })))
            }
            Look::Held(holder) => Ok(LockAnswer::Busy(self.holder(holder).await?)),
        }
    }

    async fn state(&self) -> Result<LockState, LockError> {
        let path = self.lock_path();
        match blocking(&self.lock_path(), move || look(&path)).await? {
            Look::Taken(()) => Ok(LockState::Free),
            Look::Held(holder) => Ok(LockState::Held(self.holder(holder).await?)),
        }
    }
}

impl SqliteStore {
    /// The file of the run lock: that of the database, links resolved, with `.lock` behind.
    fn lock_path(&self) -> PathBuf {
        let mut name = self.inner.path.clone().into_os_string();
        name.push(".lock");
        PathBuf::from(name)
    }

    async fn holder(&self, owner: Option<String>) -> Result<Option<Holder>, LockError> {
        let Some(owner) = owner else { return Ok(None) };
        let run = self.read(move |conn| history::by_lock_owner(conn, &owner)).await;
        Ok(run.map_err(from_store)?.map(holder))
    }
}

fn holder(run: Run) -> Holder {
    Holder::Run(RunHolder {
        run: run.id,
        trigger: run.new.trigger,
        actor: run.new.actor,
        host: run.new.host,
        pid: run.new.pid,
        since: run.started_at,
        done: run.done,
        total: run.total,
        connection_id: run.new.connection_id,
    })
}

/// What was seen of the lock.
enum Look<T> {
    Taken(T),
    /// By the hold that the file names, if it names one for certain.
    Held(Option<String>),
}

fn acquire(path: &Path, owner: &str) -> std::io::Result<Look<File>> {
    let mut file = open(path)?;
    let taken = look_often(|| file.try_lock(), path)?;
    Ok(match taken {
        Look::Held(holder) => Look::Held(holder),
        Look::Taken(()) => {
            // What a dead holder left is wiped before the new name is there.
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(owner.as_bytes())?;
            Look::Taken(file)
        }
    })
}

fn look(path: &Path) -> std::io::Result<Look<()>> {
    let file = open(path)?;
    look_often(|| file.try_lock_shared(), path)
}

fn look_often(
    take: impl Fn() -> Result<(), TryLockError>,
    path: &Path,
) -> std::io::Result<Look<()>> {
    let mut names = [None, None];
    for _ in 0..LOOKS {
        match take() {
            Ok(()) => return Ok(Look::Taken(())),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        let [_, before] = names;
        names = [before, name(path)?];
        #[expect(clippy::disallowed_methods, reason = "this is a thread for blocking work")]
        std::thread::sleep(BETWEEN);
    }
    // Between two holds the file may still have the former's name, so one look is not enough.
    let [before, latest] = names;
    Ok(Look::Held(latest.filter(|latest| Some(latest) == before.as_ref())))
}

/// The hold that the file names.
fn name(path: &Path) -> std::io::Result<Option<String>> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Runs a look at the file on a thread for blocking work.
async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, LockError> {
    let unavailable = |source: std::io::Error| LockError::Unavailable {
        message: format!("{}: {source}; check the file and its folder", path.display()),
        source: Some(Box::new(source)),
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer.map_err(unavailable),
        Err(error) => Err(unavailable(std::io::Error::other(error))),
    }
}

fn from_store(error: StoreError) -> LockError {
    LockError::Unavailable { message: error.to_string(), source: Some(Box::new(error)) }
}

/// The lock while it is held. The system frees it when the file is closed.
struct FileLock {
    store: SqliteStore,
    file: File,
    owner: String,
    lost: AtomicBool,
}

impl FileLock {
    /// Whether the locked file is still the one that others would lock. Not to be able to look is
    /// no sign of loss: the file is locked until it is closed.
    fn is_in_place(&self) -> bool {
        match (std::fs::metadata(self.store.lock_path()), self.file.metadata()) {
            (Ok(there), Ok(ours)) => (there.dev(), there.ino()) == (ours.dev(), ours.ino()),
            (Err(error), _) => error.kind() != std::io::ErrorKind::NotFound,
            (Ok(_), Err(_)) => true,
        }
    }

    fn check(&self) -> Result<(), LockError> {
        if self.is_lost() { Err(LockError::Lost) } else { Ok(()) }
    }
}

#[async_trait]
impl HeldLock for FileLock {
    fn owner(&self) -> String {
        self.owner.clone()
    }

    fn connection_id(&self) -> Option<u64> {
        None
    }

    async fn raise_epoch(&self, company_file: &CompanyFile) -> Result<Epoch, LockError> {
        self.check()?;
        let file = company_file.clone();
        let raised = self.store.write(move |conn| Ok(End::Keep(raised(conn, &file)?)));
        let raised = raised.await.map_err(from_store)?;
        self.check()?;
        Ok(raised)
    }

    fn is_lost(&self) -> bool {
        if !self.is_in_place() {
            self.lost.store(true, Ordering::SeqCst);
        }
        self.lost.load(Ordering::SeqCst)
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        self.check()
    }
}

/// Raises the epoch, whoever asks, and says which it is.
pub(crate) fn raised(conn: &mut SqliteConnection, company_file: &CompanyFile) -> Step<Epoch> {
    let raised = diesel::insert_into(epoch::table)
        .values((epoch::company_file.eq(company_file.as_str()), epoch::epoch.eq(1)))
        .on_conflict(epoch::company_file)
        .do_update()
        .set(epoch::epoch.eq(epoch::epoch + 1))
        .returning(epoch::epoch)
        .get_result(conn)?;
    Ok(Epoch(raised))
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // The name goes first: a file that nobody holds names nobody. Closing the file frees it.
        let wiped = self.file.set_len(0);
        drop(wiped);
    }
}
