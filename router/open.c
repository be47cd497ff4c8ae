/* Opening and closing tables: from a file or from memory. What is inside is judged by check.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "router/internal.h"

int shunt_fault(struct fault *f, int status, const char *fmt, ...)
{
    if (f->text && f->cap > 0) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(f->text, f->cap, fmt, ap);
        va_end(ap);
    }
    return status;
}

static int host_is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first != 1;
}

/* Take over map or copy (both may be NULL), also when it fails. */
static int open_bytes(const void *data, uint64_t bytes, void *map, void *copy,
                      struct shunt_table **out, struct fault *f)
{
    int status = SHUNT_OK;
    struct shunt_table *t = NULL;

    if (host_is_big_endian()) {
        status = shunt_fault(f, SHUNT_E_HOST, "%s", shunt_strerror(SHUNT_E_HOST));
        goto fail;
    }
    t = calloc(1, sizeof *t);
    if (!t) {
        status = shunt_fault(f, SHUNT_E_NOMEM, "out of memory");
        goto fail;
    }
    t->base = data;
    t->bytes = bytes;
    status = shunt_check(t, f);
    if (status)
        goto fail;
    t->map = map;
    t->copy = copy;
    *out = t;
    return SHUNT_OK;

fail:
    free(t);
    if (map)
        munmap(map, bytes);
    free(copy);
    return status;
}

/* The file's bytes as a private read-only map; the descriptor does not outlive this. */
static int map_file(const char *path, void **map, uint64_t *bytes, struct fault *f)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return shunt_fault(f, SHUNT_E_IO, "cannot open '%s': %s", path, strerror(errno));

    struct stat st;
    int status = SHUNT_OK;
    if (fstat(fd, &st) != 0)
        status = shunt_fault(f, SHUNT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        status = shunt_fault(f, SHUNT_E_IO, "cannot read '%s': is a directory", path);
    else if (!S_ISREG(st.st_mode))
        status = shunt_fault(f, SHUNT_E_IO, "cannot read '%s': not a regular file", path);
    else if (st.st_size == 0)
        status = shunt_fault(f, SHUNT_E_NOT_TABLE, "the file is empty");
    else if ((uint64_t)st.st_size > SHUNT_FILE_MAX)
        status = shunt_fault(f, SHUNT_E_NOT_TABLE, "larger than any table (4 GiB)");
    if (status == SHUNT_OK) {
        *bytes = (uint64_t)st.st_size;
        *map = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        if (*map == MAP_FAILED)
            status = shunt_fault(f, SHUNT_E_IO, "cannot map '%s': %s", path, strerror(errno));
    }
    close(fd);
    return status;
}

int shunt_open_detail(const char *path, struct shunt_table **out, char *err, size_t errlen)
{
    struct fault f = {err, errlen};
    if (!path || !out)
        return shunt_fault(&f, SHUNT_E_ARGUMENT, "%s", shunt_strerror(SHUNT_E_ARGUMENT));

    void *map = NULL;
    uint64_t bytes = 0;
    int status = map_file(path, &map, &bytes, &f);
    if (status)
        return status;
    return open_bytes(map, bytes, map, NULL, out, &f);
}

int shunt_open_memory_detail(const void *data, size_t len, struct shunt_table **out, char *err,
                             size_t errlen)
{
    struct fault f = {err, errlen};
    if (!data || !out)
        return shunt_fault(&f, SHUNT_E_ARGUMENT, "%s", shunt_strerror(SHUNT_E_ARGUMENT));
    if (len > SHUNT_FILE_MAX)
        return shunt_fault(&f, SHUNT_E_NOT_TABLE, "larger than any table (4 GiB)");
    if ((uintptr_t)data % 8 == 0)
        return open_bytes(data, len, NULL, NULL, out, &f);

    void *copy = malloc(len ? len : 1);
    if (!copy)
        return shunt_fault(&f, SHUNT_E_NOMEM, "out of memory");
    memcpy(copy, data, len);
    return open_bytes(copy, len, NULL, copy, out, &f);
}

int shunt_open(const char *path, struct shunt_table **out)
{
    return shunt_open_detail(path, out, NULL, 0);
}

int shunt_open_memory(const void *data, size_t len, struct shunt_table **out)
{
    return shunt_open_memory_detail(data, len, out, NULL, 0);
}

void shunt_close(struct shunt_table *t)
{
    if (!t)
        return;
    if (t->map)
        munmap(t->map, t->bytes);
    free(t->copy);
    free(t);
}
