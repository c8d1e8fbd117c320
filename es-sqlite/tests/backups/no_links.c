/* Lets each hard link fail, as on a file system without them. Loaded before a process by LD_PRELOAD. */

#include <errno.h>

int link(const char *from, const char *to) {
    (void)from, (void)to;
    errno = EPERM;
    return -1;
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    (void)from_folder, (void)to_folder, (void)flags;
    return link(from, to);
}
