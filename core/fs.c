/* Writing whole files so that a reader sees the old or the new one; names and folders; zlib streams
 * in memory. Reading is fs_read.c's.
 */
#include "core/fs.h"

#include "core/mem.h"
#include "core/zipper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static bool write_fd(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static int cannot_write(struct err *e, const char *path)
{
    return err_set(e, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
}

/* A device or a pipe (/dev/null, /dev/stdout) is written to: replacing it would be a disaster. */
static int write_in_place(const char *path, const void *data, size_t len, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return cannot_write(e, path);
    bool ok = write_fd(fd, data, len);
    int rc = ok ? ERR_OK : cannot_write(e, path);
    if (close(fd) < 0 && ok)
        rc = cannot_write(e, path);
    return rc;
}

/* Makes the rename itself durable. A folder that cannot be opened or synced does not undo it. */
static void sync_folder(const char *path)
{
    AUTO_FREE char *dir = mem_strdup(path);
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* The file that a chain of symbolic links at path leads to, heap: it is replaced, not the link. */
static char *follow_links(const char *path)
{
    char *at = mem_strdup(path);
    for (int hops = 0; hops < 40; hops++) { /* as many as the kernel follows */
        char link[4096];
        ssize_t n = readlink(at, link, sizeof link);
        if (n <= 0 || (size_t)n == sizeof link)
            break;
        int dir = link[0] == '/' ? 0 : (int)(fs_base(at) - at);
        char *next = mem_printf("%.*s%.*s", dir, at, (int)n, link);
        free(at);
        at = next;
    }
    return at;
}

int fs_write_atomic(const char *path, const void *data, size_t len, struct err *e)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return err_set(e, ERR_IO, "cannot write '%s': it is a folder", path);
    if (exists && !S_ISREG(st.st_mode))
        return write_in_place(path, data, len, e);

    AUTO_FREE char *target = follow_links(path);
    AUTO_FREE char *tmp = mem_printf("%s.tmp.%ld", target, (long)getpid());
    unlink(tmp); /* left by a process that had our number and was killed */
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return cannot_write(e, path);
    bool ok = !exists || fchmod(fd, st.st_mode & 07777) == 0;
    ok = ok && write_fd(fd, data, len) && fsync(fd) == 0;
    int saved = errno;
    if (close(fd) < 0 && ok) {
        ok = false;
        saved = errno;
    }
    if (ok && rename(tmp, target) < 0) {
        ok = false;
        saved = errno;
    }
    if (!ok) {
        unlink(tmp);
        errno = saved;
        return cannot_write(e, path);
    }
    sync_folder(target);
    return ERR_OK;
}

bool fs_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool fs_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int fs_mkdirs(const char *path, struct err *e)
{
    AUTO_FREE char *part = mem_strdup(path);
    for (char *p = part;; p++) {
        if (*p && (*p != '/' || p == part))
            continue;
        char kept = *p;
        *p = '\0';
        if (*part && mkdir(part, 0777) < 0) {
            int failed = errno;
            if (!fs_is_dir(part))
                return err_set(e, ERR_IO, "cannot create folder '%s': %s", part, strerror(failed));
        }
        if (!kept)
            return ERR_OK;
        *p = kept;
    }
}

char *fs_join(const char *dir, const char *name)
{
    size_t len = strlen(dir);
    return mem_printf("%s%s%s", dir, len == 0 || dir[len - 1] == '/' ? "" : "/", name);
}

const char *fs_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void str_vec_free(struct str_vec *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->v[i]);
    VEC_FREE(v);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int fs_list(const char *dir, const char *suffix, struct str_vec *out, struct err *e)
{
    DIR *d = opendir(dir);
    if (!d)
        return err_set(e, ERR_IO, "cannot open folder '%s': %s", dir, strerror(errno));
    size_t first = out->n, tail = strlen(suffix);
    int rc = ERR_OK;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        if (!entry) {
            if (errno)
                rc = err_set(e, ERR_IO, "cannot read folder '%s': %s", dir, strerror(errno));
            break;
        }
        const char *name = entry->d_name;
        size_t len = strlen(name);
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || len < tail ||
            strcmp(name + len - tail, suffix) != 0)
            continue;
        VEC_PUSH(out, mem_strdup(name));
    }
    closedir(d);
    if (out->n - first > 1)
        qsort(out->v + first, out->n - first, sizeof *out->v, by_bytes);
    return rc;
}

int fs_zip(const void *data, size_t len, struct buf *out, struct err *e)
{
    uLong bound = compressBound((uLong)len);
    if (!buf_reserve(out, bound))
        return err_set(e, ERR_FORMAT, "packed data would be larger than the limit of %zu bytes",
                       out->max);
    uLongf packed = bound;
    int z = compress2((unsigned char *)out->data + out->len, &packed, data, (uLong)len, 6);
    if (z != Z_OK)
        mem_exhausted(); /* the room is enough and the level exists */
    out->len += packed;
    out->data[out->len] = '\0';
    return ERR_OK;
}

int fs_unzip(const void *data, size_t len, size_t max, struct buf *out, struct err *e)
{
    return zipper_unpack(NULL, 0, data, len, max, out, e);
}
