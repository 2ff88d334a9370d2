//! Puts a new file in place of an old one, at once.

use super::{FILE, Inner, MdbxDatabase, OpenOptions, create, open_file};
use crate::{error::DbError, turn::Turn};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// File of the engine that knows who uses the old file.
const USERS: &str = "mdbx.lck";

impl MdbxDatabase {
    /// Lets `fill` write a new file. If it succeeds, the new file takes the place of
    /// this one when the disk has it, and this one stays under the name `keep`, if one is given.
    /// If it fails, or power does, this one stays as it is.
    ///
    /// # Errors
    ///
    /// What `fill` returns; [`DbError::InUse`] while views of this database are held;
    /// [`DbError::Folder`] when files cannot be made or renamed.
    pub(crate) fn replace<R>(
        self,
        options: OpenOptions,
        keep: Option<&str>,
        fill: impl FnOnce(&Self) -> Result<R, DbError>,
    ) -> Result<R, DbError> {
        let draft = create::draft(self.path())?;
        let done =
            Self::draft(&draft, options).and_then(|new| fill(&new)).inspect_err(|_fault| {
                // What is left of it goes with the next opening.
                fs::remove_dir_all(&draft).ok();
            })?;
        let path = self.path().to_owned();
        let in_use = DbError::InUse { path, holder: std::process::id() };
        let Inner { env, path, lock, .. } = Arc::into_inner(self.inner).ok_or(in_use)?;
        drop(env);
        put_in_place(&path, &draft, keep)
            .map_err(|source| DbError::Folder { path: path.clone(), source })?;
        drop(lock);
        Ok(done)
    }

    /// A new database in a folder that nobody else knows.
    fn draft(folder: &Path, options: OpenOptions) -> Result<Self, DbError> {
        let (env, handles, marks) = open_file(folder, options)?;
        let (turn, path): (Arc<Turn>, PathBuf) = (Arc::default(), folder.to_owned());
        let inner =
            Inner { env, handles, marks, turn, max_size: options.max_size, path, lock: None };
        Ok(Self { inner: Arc::new(inner) })
    }
}

fn put_in_place(folder: &Path, draft: &Path, keep: Option<&str>) -> std::io::Result<()> {
    let path = folder.join(FILE);
    if let Some(keep) = keep {
        let kept = folder.join(keep);
        if kept.exists() {
            fs::remove_file(&kept)?;
        }
        fs::hard_link(&path, kept)?;
    }
    fs::rename(draft.join(FILE), &path)?;
    create::sync_folders(folder)?;
    fs::remove_dir_all(draft)?;
    let users = folder.join(USERS);
    if users.exists() { fs::remove_file(users) } else { Ok(()) }
}
