/* Preloaded into a process: keeps in the folder DISK_KEEPS what a disk would hold of the folder DISK_FOLDER after a power loss
 * that drops every write that was not flushed. After each flush of a file, the file is copied to DISK_KEEPS.
 *
 * A name that was removed is gone at once. With DISK_LOSES_UNLINKS it comes back, unless the folder was flushed after it was
 * removed. With DISK_FAILS_FOLDERS no folder can be flushed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*next(const char *name))() {
  return (int (*)())dlsym(RTLD_NEXT, name);
}

/* The part of a path below DISK_FOLDER: "" for the folder itself, NULL for what is elsewhere. */
static const char *below(const char *path) {
  const char *folder = getenv("DISK_FOLDER");
  size_t length = folder ? strlen(folder) : 0;
  if (!length || strncmp(path, folder, length)) return NULL;
  if (!path[length]) return path + length;
  return path[length] == '/' ? path + length + 1 : NULL;
}

static void kept(char *out, size_t size, const char *name) {
  snprintf(out, size, "%s/%s", getenv("DISK_KEEPS"), name);
}

static void fail(const char *what) {
  perror(what);
  abort();
}

/* Copies a whole file, and then gives the copy its name: a kill leaves the old copy or the new one. */
static void keep_file(int from, const char *name) {
  static char buffer[1 << 16];
  char to[4096], partial[4096 + 16];
  kept(to, sizeof to, name);
  snprintf(partial, sizeof partial, "%s.partial", to);
  int out = open(partial, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  if (out < 0) fail(partial);
  off_t at = 0;
  ssize_t count;
  while ((count = pread(from, buffer, sizeof buffer, at)) > 0) {
    if (write(out, buffer, count) != count) fail(partial);
    at += count;
  }
  if (count < 0) fail(name);
  close(out);
  if (rename(partial, to)) fail(to);
}

/* Removes the kept names that the folder has no more. */
static void keep_names(void) {
  DIR *names = opendir(getenv("DISK_KEEPS"));
  if (!names) fail("DISK_KEEPS");
  for (struct dirent *entry; (entry = readdir(names));) {
    char original[4096], copy[4096];
    struct stat status;
    if (entry->d_name[0] == '.') continue;
    snprintf(original, sizeof original, "%s/%s", getenv("DISK_FOLDER"), entry->d_name);
    kept(copy, sizeof copy, entry->d_name);
    if (lstat(original, &status)) next("unlink")(copy);
  }
  closedir(names);
}

/* Flushes a file or the folder by this function. */
static int flush(const char *function, int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = 0;
  const char *name = below(path);
  if (name && !*name && getenv("DISK_FAILS_FOLDERS")) {
    errno = EIO;
    return -1;
  }
  int result = next(function)(file);
  if (!result && name) {
    pthread_mutex_lock(&lock);
    if (*name) keep_file(file, name);
    else keep_names();
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int fsync(int file) { return flush("fsync", file); }

int fdatasync(int file) { return flush("fdatasync", file); }

int unlink(const char *path) {
  int result = next("unlink")(path);
  const char *name = below(path);
  if (!result && name && !getenv("DISK_LOSES_UNLINKS")) {
    char copy[4096];
    kept(copy, sizeof copy, name);
    pthread_mutex_lock(&lock);
    next("unlink")(copy);
    pthread_mutex_unlock(&lock);
  }
  return result;
}
