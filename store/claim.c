/* One process at a time for work that is paid for. The lock is the kernel's, on a file of its own
 * beside the store: it ends with the process, however that ends, and SQLite's locks are not
 * touched.
 */
#include "core/mem.h"
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 1 locked, 0 somebody has it, -1 the file cannot be made. */
static int try_lock(const char *path, int *fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    for (;;) {
        struct stat at;
        *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (*fd < 0)
            return -1;
        int rc = fcntl(*fd, F_SETLK, &whole);
        if (rc != 0 || fstat(*fd, &at) != 0 || at.st_nlink > 0) {
            int why = errno;
            if (rc == 0)
                return 1;
            close(*fd);
            *fd = -1;
            errno = why;
            return why == EACCES || why == EAGAIN ? 0 : -1;
        }
        close(*fd); /* the owner before has just removed it: it locks nobody out */
    }
}

int store_claim(struct store *s, const char *who, struct err *e)
{
    store_unclaim(s);
    char *path = mem_printf("%s-%s", s->path, who);
    int fd = -1, got = try_lock(path, &fd);
    if (got == 1) {
        s->claim_path = path;
        s->claim_fd = fd;
        return 0;
    }
    int rc = got == 0 ? err_set(e, ERR_DB,
                                "another shunt %s is at work on '%s'; both would pay for the same"
                                " requests: wait until it is done",
                                who, s->path)
                      : err_set(e, ERR_IO, "cannot lock '%s': %s", path, strerror(errno));
    free(path);
    return rc;
}

void store_unclaim(struct store *s)
{
    if (!s->claim_path)
        return;
    unlink(s->claim_path);
    close(s->claim_fd);
    free(s->claim_path);
    s->claim_path = NULL;
}
