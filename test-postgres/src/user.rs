//! The user who runs the server: PostgreSQL refuses root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::ServerError;

/// Who runs the server's programs: somebody else when this process is root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(Option<(u32, u32)>);

impl User {
    /// Looks up who this process is, by the owner of its own entry in `/proc`, and who could stand in for root.
    pub(crate) fn find() -> Result<Self, ServerError> {
        let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if !root {
            return Ok(Self(None));
        }
        let users = fs::read_to_string("/etc/passwd").map_err(ServerError::io("read /etc/passwd"))?;
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| ids(&users, name))
            .map(|ids| Self(Some(ids)))
            .ok_or(ServerError::NoUser)
    }

    /// Makes the command run as this user.
    pub(crate) fn run<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self.0 {
            Some((user, group)) => command.uid(user).gid(group),
            None => command,
        }
    }

    /// Gives a folder to this user.
    pub(crate) fn own(&self, folder: &Path) -> Result<(), ServerError> {
        match self.0 {
            Some((user, group)) => chown(folder, Some(user), Some(group)).map_err(ServerError::io("chown")),
            None => Ok(()),
        }
    }
}

fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = users.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?.skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
