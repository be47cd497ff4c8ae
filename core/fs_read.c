/* Reading: a plain or gzip file, or stdin, as a whole or by lines. Inflates itself rather than
 * through gzopen, which passes over a damaged second member and a cut end too easily. Writing and
 * folders are fs.c's.
 */
#include "core/fs.h"

#include "core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 1 << 16 };

/* Bytes of a file, unpacked when they are gzip (RFC 1952, any number of members). */
struct source {
    char *path;
    int fd;
    bool gzip, member_open, z_ready, at_end;
    z_stream z;
    size_t in_at, in_len;
    uint64_t raw_read, raw_total; /* total 0: unknown */
    unsigned char in[CHUNK];
};

static void source_deinit(struct source *s)
{
    if (s->z_ready)
        inflateEnd(&s->z);
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    free(s->path);
}

/* Appends to the input window what one read gives. */
static int refill(struct source *s, struct err *e)
{
    if (s->in_at == s->in_len)
        s->in_at = s->in_len = 0;
    ssize_t n;
    do
        n = read(s->fd, s->in + s->in_len, sizeof s->in - s->in_len);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_set(e, ERR_IO, "cannot read '%s': %s", s->path, strerror(errno));
    s->at_end = n == 0;
    s->in_len += (size_t)n;
    s->raw_read += (uint64_t)n;
    return ERR_OK;
}

static int source_init(struct source *s, const char *path, struct err *e)
{
    bool standard = strcmp(path, "-") == 0;
    memset(s, 0, offsetof(struct source, in));
    s->path = mem_strdup(standard ? "standard input" : path);
    s->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0)
        return err_set(e, ERR_IO, "cannot open '%s': %s", path, strerror(errno));
    struct stat st;
    if (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        s->raw_total = (uint64_t)st.st_size;

    while (s->in_len < 3 && !s->at_end) { /* enough to tell gzip and a byte order mark */
        int rc = refill(s, e);
        if (rc < 0)
            return rc;
    }
    s->gzip = s->in_len >= 2 && s->in[0] == 0x1F && s->in[1] == 0x8B;
    if (s->gzip) {
        if (inflateInit2(&s->z, 15 + 16) != Z_OK)
            mem_exhausted();
        s->z_ready = s->member_open = true;
    }
    return ERR_OK;
}

static int damaged(const struct source *s, const char *how, struct err *e)
{
    return err_set(e, ERR_FORMAT, "'%s' is a damaged gzip file (%s); fetch or pack it again",
                   s->path, how);
}

/* One step of unpacking: *n bytes to out, 0 at the end of all members. */
static int read_gzip(struct source *s, char *out, size_t cap, size_t *n, struct err *e)
{
    for (;;) {
        if (s->in_at == s->in_len && !s->at_end) {
            int rc = refill(s, e);
            if (rc < 0)
                return rc;
        }
        if (s->in_at == s->in_len && s->at_end) {
            *n = 0;
            return s->member_open ? damaged(s, "it ends too early", e) : ERR_OK;
        }
        if (!s->member_open) {
            if (s->in[s->in_at] == 0) { /* tape padding */
                s->in_at++;
                continue;
            }
            inflateReset(&s->z);
            s->member_open = true;
        }
        s->z.next_in = s->in + s->in_at;
        s->z.avail_in = (uInt)(s->in_len - s->in_at);
        s->z.next_out = (unsigned char *)out;
        s->z.avail_out = (uInt)(cap < CHUNK ? cap : CHUNK);
        uInt room = s->z.avail_out;
        int z = inflate(&s->z, Z_NO_FLUSH);
        s->in_at = s->in_len - s->z.avail_in;
        if (z == Z_MEM_ERROR)
            mem_exhausted();
        if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
            return damaged(s, s->z.msg ? s->z.msg : "bad data", e);
        if (z == Z_STREAM_END)
            s->member_open = false;
        *n = room - s->z.avail_out;
        if (*n > 0)
            return ERR_OK;
    }
}

/* Up to cap (> 0) bytes; *n is 0 at the end only. */
static int source_read(struct source *s, char *out, size_t cap, size_t *n, struct err *e)
{
    if (s->gzip)
        return read_gzip(s, out, cap, n, e);
    if (s->in_at == s->in_len && !s->at_end) {
        int rc = refill(s, e);
        if (rc < 0)
            return rc;
    }
    *n = s->in_len - s->in_at < cap ? s->in_len - s->in_at : cap;
    memcpy(out, s->in + s->in_at, *n);
    s->in_at += *n;
    return ERR_OK;
}

static int read_into(struct source *s, size_t max, struct buf *b, struct err *e)
{
    for (;;) {
        char chunk[CHUNK];
        size_t n;
        int rc = source_read(s, chunk, sizeof chunk, &n, e);
        if (rc < 0 || n == 0)
            return rc;
        if (n > max - b->len)
            return err_set(e, ERR_FORMAT, "'%s' is larger than the limit of %zu bytes; split it",
                           s->path, max);
        buf_add(b, chunk, n);
    }
}

int fs_read_all(const char *path, size_t max, char **out, size_t *len, struct err *e)
{
    AUTO_FREE struct source *s = mem_alloc(sizeof *s);
    struct buf b = BUF_INIT(max < SIZE_MAX - 1 ? max + 1 : max);
    int rc = source_init(s, path, e);
    if (rc == ERR_OK) {
        size_t expected = s->raw_total < max ? (size_t)s->raw_total : 0;
        buf_reserve(&b, expected);
        rc = read_into(s, max, &b, e);
    }
    source_deinit(s);
    if (rc == ERR_OK)
        *out = buf_detach(&b, len);
    else
        buf_deinit(&b);
    return rc;
}

/* --- lines --------------------------------------------------------------------------------------
 */

/* data[start..end) is read and not yet given; data[start..scanned) holds no line end. */
struct fs_lines {
    struct source source;
    char *data;
    size_t cap, start, scanned, end, max_line, number;
    bool ended;
};

int fs_lines_open(const char *path, size_t max_line, struct fs_lines **out, struct err *e)
{
    struct fs_lines *l = mem_alloc(sizeof *l);
    int rc = source_init(&l->source, path, e);
    if (rc < 0) {
        source_deinit(&l->source);
        free(l);
        return rc;
    }
    l->cap = CHUNK;
    l->data = mem_alloc(l->cap);
    l->start = l->scanned = l->end = l->number = 0;
    l->max_line = max_line;
    l->ended = false;
    *out = l;
    return ERR_OK;
}

/* Makes room and reads on; keeps one byte free for the NUL of a last line without an end. */
static int read_more(struct fs_lines *l, struct err *e)
{
    if (l->start > 0) {
        memmove(l->data, l->data + l->start, l->end - l->start);
        l->scanned -= l->start;
        l->end -= l->start;
        l->start = 0;
    }
    if (l->cap - l->end < CHUNK / 2) {
        l->data = mem_rearray(l->data, l->cap, 2);
        l->cap *= 2;
    }
    size_t n;
    int rc = source_read(&l->source, l->data + l->end, l->cap - l->end - 1, &n, e);
    if (rc < 0)
        return rc;
    if (l->number == 0 && l->end == 0 && n >= 3 && memcmp(l->data, "\xEF\xBB\xBF", 3) == 0)
        l->start = l->scanned = 3; /* a byte order mark belongs to no line */
    l->ended = n == 0;
    l->end += n;
    return ERR_OK;
}

static int too_long(const struct fs_lines *l, struct err *e)
{
    return err_set(e, ERR_FORMAT,
                   "'%s' line %zu is longer than the limit of %zu bytes; shorten or remove it",
                   l->source.path, l->number + 1, l->max_line);
}

/* Gives data[start..start + len), whose NUL goes to its end, and goes on at next. */
static int give(struct fs_lines *l, size_t len, size_t next, char **line, size_t *out_len,
                struct err *e)
{
    if (len > l->max_line)
        return too_long(l, e);
    l->data[l->start + len] = '\0';
    *line = l->data + l->start;
    *out_len = len;
    l->start = l->scanned = next;
    l->number++;
    return 1;
}

int fs_lines_next(struct fs_lines *l, char **line, size_t *len, struct err *e)
{
    for (;;) {
        const char *p = memchr(l->data + l->scanned, '\n', l->end - l->scanned);
        if (p) {
            size_t at = (size_t)(p - l->data), n = at - l->start;
            if (n > 0 && l->data[at - 1] == '\r')
                n--;
            return give(l, n, at + 1, line, len, e);
        }
        l->scanned = l->end;
        if (l->ended)
            return l->end > l->start ? give(l, l->end - l->start, l->end, line, len, e) : 0;
        if (l->end - l->start > l->max_line && l->end - l->start - 1 > l->max_line)
            return too_long(l, e); /* one byte more may be the \r */
        int rc = read_more(l, e);
        if (rc < 0)
            return rc;
    }
}

size_t fs_lines_number(const struct fs_lines *l)
{
    return l->number;
}

double fs_lines_progress(const struct fs_lines *l)
{
    const struct source *s = &l->source;
    if (s->raw_total == 0)
        return 0;
    uint64_t waiting = (s->in_len - s->in_at) + (s->gzip ? 0 : l->end - l->start);
    double share = ((double)s->raw_read - (double)waiting) / (double)s->raw_total;
    return share < 0 ? 0 : share > 1 ? 1 : share; /* the file may grow while it is read */
}

void fs_lines_close(struct fs_lines *l)
{
    if (!l)
        return;
    source_deinit(&l->source);
    free(l->data);
    free(l);
}
