/* Records are "shunt-KIND LENGTH CHECKSUM\n", a line of fields, the names of prompt and model with
 * a NUL after each, then the body, or a line end where there is none. Which of them the store has
 * already is recover.c's question.
 */
#include "collect/journal.h"

#include "core/fs.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    HEAD_MAX = 56, /* "shunt-", kind, length, checksum */
    CHECK = 16,
    RECORD_MAX = HTTP_BODY_MAX + (1 << 20),
    TRIM_BYTES = 4 << 20, /* a file below this is not worth writing anew */
};

static const char *const kinds[] = {"reply", "sent", "tried"};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* A record, or all that was there when the file was opened. */
struct place {
    int64_t number;
    off_t at, len;
    bool settled;
};

struct journal {
    char *path;
    int fd;
    off_t len;                /* of whole records */
    struct buf head, out;     /* of the record that is written */
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
    AUTO_FREE char *fresh = mem_printf("%s.new", path);
    unlink(fresh); /* of a process that was killed in rewrite() */
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
    buf_init(&j->head, 0);
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

/* printf is a tenth of what a request costs; these write what scanf reads all the same. */
static void add_whole(struct buf *b, int64_t x)
{
    buf_addi(b, x);
    buf_addc(b, ' ');
}

/* Exactly, as C's hexadecimal constants: the 53 bits as a whole number, and its exponent. */
static void add_real(struct buf *b, double x)
{
    static const char digits[] = "0123456789abcdef";
    int exponent = 0;
    if (!isfinite(x)) {
        buf_adds(b, isnan(x) ? "nan " : x > 0 ? "inf " : "-inf ");
        return;
    }
    uint64_t whole = (uint64_t)ldexp(fabs(frexp(x, &exponent)), 53);
    char text[24], *at = text + sizeof text;
    *--at = 'p';
    do
        *--at = digits[whole & 15];
    while ((whole >>= 4) > 0);
    *--at = 'x';
    *--at = '0';
    if (x < 0)
        *--at = '-';
    buf_add(b, at, (size_t)(text + sizeof text - at));
    add_whole(b, exponent - 53);
}

static void add_word(struct buf *b, const char *word)
{
    buf_adds(b, word);
    buf_addc(b, ' ');
}

static void add_fields(struct buf *b, const struct journal_record *r)
{
    add_whole(b, r->prompt);
    add_whole(b, r->model_config);
    add_whole(b, r->sample);
    add_whole(b, r->started_ms);
    add_whole(b, r->status);
    add_real(b, r->wait_s);
    add_real(b, r->latency_ms);
    add_real(b, r->ttft_ms);
    add_word(b, r->request_hash);
    add_word(b, r->protocol);
    add_whole(b, r->charge_nusd);
    b->data[b->len - 1] = '\n';
}

static void add_head(struct buf *b, enum journal_kind kind, size_t len, const char *hex)
{
    buf_clear(b);
    buf_adds(b, "shunt-");
    add_word(b, kinds[kind]);
    add_whole(b, (int64_t)len);
    buf_add(b, hex, CHECK);
    buf_addc(b, '\n');
}

int journal_add(struct journal *j, const struct journal_record *r, struct err *e)
{
    char hex[65];
    struct buf *b = &j->out;
    buf_clear(b);
    add_fields(b, r);
    buf_add(b, r->ext_id, strlen(r->ext_id) + 1);
    buf_add(b, r->model, strlen(r->model) + 1);
    if (r->kind == JOURNAL_REPLY)
        buf_add(b, r->body, r->len);
    else
        buf_addc(b, '\n');
    sha256_hex(b->data, b->len, hex);
    if (b->over)
        return err_set(e, ERR_IO, "a reply is too large for '%s'", j->path);
    add_head(&j->head, r->kind, b->len, hex);
    size_t len = j->head.len + b->len;
    struct iovec both[] = {{j->head.data, j->head.len}, {b->data, b->len}};
    ssize_t wrote;
    do
        wrote = writev(j->fd, both, 2);
    while (wrote < 0 && errno == EINTR);
    if (wrote == (ssize_t)len) {
        placed(j, j->len, wrote);
        j->len += wrote;
        return ERR_OK;
    }
    int why = wrote < 0 ? errno : ENOSPC;
    struct err ignored = {0};
    off_t end;
    if (cut(j, j->len, &ignored) && (end = lseek(j->fd, 0, SEEK_END)) > j->len)
        j->len = end; /* what comes stands behind it, and is found there */
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

static bool read_fields(char *at, char *end, struct journal_record *r, char hash[65], char word[32])
{
    const char *fields = part_at(&at, end, '\n');
    r->ext_id = fields ? part_at(&at, end, '\0') : NULL;
    r->model = r->ext_id ? part_at(&at, end, '\0') : NULL;
    r->charge_nusd = MONEY_UNKNOWN;
    if (!r->model ||
        sscanf(fields,
               "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
               " %la %la %la %64s %31s %" SCNd64,
               &r->prompt, &r->model_config, &r->sample, &r->started_ms, &r->status, &r->wait_s,
               &r->latency_ms, &r->ttft_ms, hash, word, &r->charge_nusd) < 10)
        return false;
    r->request_hash = hash;
    r->protocol = word;
    r->body = at;
    r->len = r->kind == JOURNAL_REPLY ? (size_t)(end - at) : 0;
    return true;
}

/* Where a record stands in the text of a file. */
struct found {
    enum journal_kind kind;
    size_t head, len; /* bytes of the head line; of all */
};
enum state { WHOLE, TORN, STRANGE };

/* The record at text, of at most n bytes. TORN: it may be one whose end was not written. */
static enum state check(const char *text, size_t n, struct found *out)
{
    size_t len = 0;
    char kind[8] = "", sum[CHECK + 1] = "", hex[65], first[HEAD_MAX];
    const char *nl = memchr(text, '\n', n < HEAD_MAX - 1 ? n : HEAD_MAX - 1);
    size_t start = n < 6 ? n : 6;
    if (memcmp(text, "shunt-", start) != 0)
        return STRANGE;
    if (!nl)
        return n < HEAD_MAX - 1 ? TORN : STRANGE;
    out->head = (size_t)(nl - text) + 1;
    memcpy(first, text, out->head);
    first[out->head] = '\0';
    if (sscanf(first, "shunt-%7[a-z] %zu %16s", kind, &len, sum) != 3 || len > RECORD_MAX)
        return STRANGE;
    int k = 0;
    while (k < KINDS && strcmp(kind, kinds[k]) != 0)
        k++;
    if (k == KINDS)
        return STRANGE;
    if (len > n - out->head)
        return TORN;
    sha256_hex(text + out->head, len, hex);
    out->kind = (enum journal_kind)k;
    out->len = out->head + len;
    return strncmp(hex, sum, CHECK) == 0 ? WHOLE : STRANGE;
}

/* The first whole record from *at on; *at is where it begins, len when there is none. */
static bool find(const char *text, size_t len, size_t *at, struct found *out)
{
    while (*at < len) {
        if (check(text + *at, len - *at, out) == WHOLE)
            return true;
        const char *next = memchr(text + *at + 1, 's', len - *at - 1);
        *at = next ? (size_t)(next - text) : len;
    }
    return false;
}

int journal_each(struct journal *j,
                 int (*see)(void *arg, const struct journal_record *r, struct err *e), void *arg,
                 int64_t *damage, struct err *e)
{
    char *text = NULL;
    size_t len = 0, at = 0;
    *damage = -1;
    if (j->len == 0)
        return ERR_OK;
    int rc = fs_read_all(j->path, (size_t)1 << 31, &text, &len, e);
    while (!rc && at < len) {
        struct found f = {JOURNAL_REPLY, 0, 0};
        struct journal_record r = {.kind = JOURNAL_REPLY};
        size_t from = at;
        bool torn = check(text + at, len - at, &f) == TORN, got = find(text, len, &at, &f);
        if (*damage < 0 && at > from && (got || !torn))
            *damage = (int64_t)from;
        if (!got)
            break;
        char hash[65], word[32], after = text[at + f.len];
        r.kind = f.kind;
        text[at + f.len] = '\0';
        if (read_fields(text + at + f.head, text + at + f.len, &r, hash, word))
            rc = see(arg, &r, e);
        else if (*damage < 0)
            *damage = (int64_t)at;
        text[at + f.len] = after;
        at += f.len;
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

const char *journal_path(const struct journal *j)
{
    return j->path;
}

int journal_set_aside(struct journal *j, char name[240], struct err *e)
{
    AUTO_FREE char *to = mem_printf("%s.damaged", j->path);
    for (int i = 2; fs_exists(to); i++) {
        free(to);
        to = mem_printf("%s.damaged%d", j->path, i);
    }
    int fd = -1;
    if (rename(j->path, to) != 0 ||
        (fd = open(j->path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)) < 0)
        return err_set(e, ERR_IO, "cannot move '%s' to '%s': %s", j->path, to, strerror(errno));
    close(j->fd);
    j->fd = fd;
    j->len = 0;
    snprintf(name, 240, "%s", to);
    return journal_clear(j, e);
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->len == 0 || j->first == j->places.n)
        unlink(j->path);
    close(j->fd);
    free(j->path);
    VEC_FREE(&j->places);
    buf_deinit(&j->head);
    buf_deinit(&j->out);
    free(j);
}
