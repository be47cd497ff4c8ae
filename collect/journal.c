/* Records are "shunt-reply LENGTH CHECKSUM\n", a line of fields, the names of prompt and model with
 * a NUL after each, then the body. Which of them the store has already is recover.c's question.
 */
#include "collect/journal.h"

#include "core/fs.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    HEAD_MAX = 128,
    CHECK = 16,
    RECORD_MAX = HTTP_BODY_MAX + (1 << 20),
    TRIM_BYTES = 4 << 20, /* a file below this is not worth writing anew */
};

/* A record, or all that was there when the file was opened. */
struct place {
    int64_t number;
    off_t at, len;
    bool settled;
};

struct journal {
    char *path;
    int fd;
    off_t len; /* of whole records */
    struct buf out;
    int64_t last;             /* number of the newest record */
    VEC(struct place) places; /* in order; settled ones go when the file is trimmed */
    size_t first;             /* of places: those before are settled */
    off_t live;               /* bytes that are not settled */
};

static void placed(struct journal *j, off_t at, off_t len)
{
    struct place p = {.number = ++j->last, .at = at, .len = len};
    VEC_PUSH(&j->places, p);
    j->live += len;
}

int journal_open(const char *store_path, struct journal **out, struct err *e)
{
    char *path = mem_printf("%s-replies", store_path);
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    off_t len = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (len < 0) {
        int rc = err_set(e, ERR_IO, "cannot open '%s': %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        free(path);
        return rc;
    }
    struct journal *j = mem_zalloc(sizeof *j);
    *j = (struct journal){.path = path, .fd = fd, .len = len};
    buf_init(&j->out, 0);
    if (len > 0)
        placed(j, 0, len);
    *out = j;
    return ERR_OK;
}

/* Cuts what is beyond the whole records. */
static int cut(struct journal *j, off_t len, struct err *e)
{
    if (ftruncate(j->fd, len))
        return err_set(e, ERR_IO, "cannot cut '%s': %s", j->path, strerror(errno));
    j->len = len;
    return ERR_OK;
}

int journal_add(struct journal *j, const struct journal_record *r, struct err *e)
{
    char hex[65];
    struct buf *b = &j->out;
    char head[HEAD_MAX];
    buf_clear(b);
    buf_addf(b, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %a %a %a %s %s\n",
             r->prompt, r->model_config, r->sample, r->started_ms, r->status, r->wait_s,
             r->latency_ms, r->ttft_ms, r->request_hash, r->protocol);
    buf_add(b, r->ext_id, strlen(r->ext_id) + 1);
    buf_add(b, r->model, strlen(r->model) + 1);
    buf_add(b, r->body, r->len);
    sha256_hex(b->data, b->len, hex);
    int n = snprintf(head, sizeof head, "shunt-reply %zu %.*s\n", b->len, CHECK, hex);
    size_t len = b->len;
    if (!buf_reserve(b, (size_t)n))
        return err_set(e, ERR_IO, "a reply is too large for '%s'", j->path);
    memmove(b->data + n, b->data, len);
    memcpy(b->data, head, (size_t)n);
    len += (size_t)n;
    b->len = len;
    ssize_t wrote;
    do
        wrote = write(j->fd, b->data, len);
    while (wrote < 0 && errno == EINTR);
    if (wrote == (ssize_t)len) {
        placed(j, j->len, wrote);
        j->len += wrote;
        return ERR_OK;
    }
    int why = wrote < 0 ? errno : ENOSPC;
    struct err ignored = {0};
    cut(j, j->len, &ignored);
    return err_set(e, ERR_IO, "cannot write '%s': %s", j->path, strerror(why));
}

/* What ends in the byte `last` at *at, cut there; NULL: nothing does. */
static char *part_at(char **at, const char *end, char last)
{
    char *line = *at, *nl = memchr(line, last, (size_t)(end - line));
    if (!nl)
        return NULL;
    *nl = '\0';
    *at = nl + 1;
    return line;
}

static bool read_fields(char *at, char *end, struct journal_record *r, char hash[65],
                        char protocol[32])
{
    const char *fields = part_at(&at, end, '\n');
    r->ext_id = fields ? part_at(&at, end, '\0') : NULL;
    r->model = r->ext_id ? part_at(&at, end, '\0') : NULL;
    if (!r->model ||
        sscanf(fields,
               "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %la %la %la %64s %31s",
               &r->prompt, &r->model_config, &r->sample, &r->started_ms, &r->status, &r->wait_s,
               &r->latency_ms, &r->ttft_ms, hash, protocol) != 10)
        return false;
    r->request_hash = hash;
    r->protocol = protocol;
    r->body = at;
    r->len = (size_t)(end - at);
    return true;
}

/* The record at text, of at most n bytes: its length with the head, 0: none that is whole. */
static size_t check(const char *text, size_t n, size_t *head)
{
    size_t len = 0;
    char sum[CHECK + 1] = "", hex[65], first[HEAD_MAX];
    const char *nl = memchr(text, '\n', n < HEAD_MAX - 1 ? n : HEAD_MAX - 1);
    if (!nl)
        return 0;
    *head = (size_t)(nl - text) + 1;
    memcpy(first, text, *head);
    first[*head] = '\0';
    if (sscanf(first, "shunt-reply %zu %16s", &len, sum) != 2 || len > RECORD_MAX ||
        len > n - *head)
        return 0;
    sha256_hex(text + *head, len, hex);
    return strncmp(hex, sum, CHECK) == 0 ? *head + len : 0;
}

int journal_each(struct journal *j,
                 int (*see)(void *arg, const struct journal_record *r, struct err *e), void *arg,
                 struct err *e)
{
    char *text = NULL;
    size_t len = 0, at = 0, whole, head;
    if (j->len == 0)
        return ERR_OK;
    int rc = fs_read_all(j->path, (size_t)1 << 31, &text, &len, e);
    while (!rc && at < len && (whole = check(text + at, len - at, &head)) > 0) {
        struct journal_record r;
        char hash[65], protocol[32], after = text[at + whole];
        text[at + whole] = '\0';
        if (read_fields(text + at + head, text + at + whole, &r, hash, protocol))
            rc = see(arg, &r, e);
        text[at + whole] = after;
        at += whole;
    }
    free(text);
    return rc;
}

/* --- what is committed ---------------------------------------------------------------------------
 */
int64_t journal_last(const struct journal *j)
{
    return j->last;
}

void journal_settle(struct journal *j, int64_t number)
{
    size_t lo = j->first, hi = j->places.n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (j->places.v[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == j->places.n || j->places.v[lo].number != number || j->places.v[lo].settled)
        return;
    j->places.v[lo].settled = true;
    j->live -= j->places.v[lo].len;
    while (j->first < j->places.n && j->places.v[j->first].settled)
        j->first++;
}

static bool copy_live(struct journal *j, int fd)
{
    for (size_t i = j->first; i < j->places.n; i++) {
        const struct place *p = &j->places.v[i];
        buf_clear(&j->out);
        if (!p->settled && (!buf_reserve(&j->out, (size_t)p->len) ||
                            pread(j->fd, j->out.data, (size_t)p->len, p->at) != p->len ||
                            write(fd, j->out.data, (size_t)p->len) != p->len))
            return false;
    }
    return true;
}

/* The places in the new file. */
static void forget_settled(struct journal *j)
{
    size_t kept = 0;
    j->len = 0;
    for (size_t i = j->first; i < j->places.n; i++) {
        struct place p = j->places.v[i];
        if (p.settled)
            continue;
        p.at = j->len;
        j->len += p.len;
        j->places.v[kept++] = p;
    }
    j->places.n = kept;
    j->first = 0;
}

/* The rest moves to a new file in the place of the old one: at no time is a record in neither. */
static int rewrite(struct journal *j, struct err *e)
{
    AUTO_FREE char *fresh = mem_printf("%s.new", j->path);
    int fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, ERR_IO, "cannot write '%s': %s", fresh, strerror(errno));
    if (!copy_live(j, fd) || rename(fresh, j->path) != 0) {
        int rc = err_set(e, ERR_IO, "cannot write '%s': %s", fresh, strerror(errno));
        close(fd);
        unlink(fresh);
        return rc;
    }
    close(j->fd);
    j->fd = fd;
    forget_settled(j);
    return ERR_OK;
}

int journal_trim(struct journal *j, struct err *e)
{
    if (j->len == 0)
        return ERR_OK;
    if (j->first == j->places.n)
        return journal_clear(j, e);
    return j->len > TRIM_BYTES && j->live < j->len / 4 ? rewrite(j, e) : ERR_OK;
}

int journal_clear(struct journal *j, struct err *e)
{
    j->places.n = j->first = 0;
    j->live = 0;
    return j->len == 0 ? ERR_OK : cut(j, 0, e);
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->len == 0)
        unlink(j->path);
    close(j->fd);
    free(j->path);
    VEC_FREE(&j->places);
    buf_deinit(&j->out);
    free(j);
}
