//! The user that runs the server, because PostgreSQL refuses to run as root.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use crate::ServerError;

/// The user and group that run the server's programs: `None` is this process's own, unless it is root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(Option<(u32, u32)>);

impl User {
    /// Finds a user to run the server. The owner of `/proc/self` tells whether this process is root.
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

    /// Makes this user the owner of a file or folder.
    pub(crate) fn own(&self, path: &Path) -> Result<(), ServerError> {
        match self.0 {
            Some((user, group)) => chown(path, Some(user), Some(group)).map_err(ServerError::io("chown")),
            None => Ok(()),
        }
    }
}

fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = users.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?.skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
