/* Lines in, decisions out. Reading, writing and the fate of bad lines; what a line means is
 * record.c. */
#include "router/tools/route_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "router/tools/decision_json.h"
#include "router/tools/record.h"

enum { READ_BYTES = 1 << 16, WRITE_BYTES = 1 << 16 };

static void bad_line(struct line_router *f, const char *error)
{
    const struct json_span id = f->record.id;
    f->counts->errors++;
    error_json(f->out, id.bytes ? id.at : NULL, id.bytes, f->counts->lines, error);
}

/* Make the request of one line; 1 when there is one, else the error has been written. */
static int read_request(struct line_router *f, const char *line, size_t bytes,
                        enum record_kind *kind)
{
    static const struct shunt_request none = SHUNT_REQUEST_INIT;
    struct record *r = &f->record;
    r->id.bytes = 0;
    size_t valid = json_scan_utf8(line, bytes);
    if (valid < bytes) {
        char text[80];
        snprintf(text, sizeof text, "line %zu is not UTF-8 (byte %zu)", f->counts->lines,
                 valid + 1);
        bad_line(f, text);
        return 0;
    }
    *kind = RECORD_NONE;
    if (f->o->mode != ROUTE_PLAIN)
        *kind = record_read(r, f->t, line, bytes);
    if (*kind == RECORD_NONE && f->o->mode != ROUTE_JSONL) {
        r->request = none;
        r->request.text = line;
        r->request.text_bytes = bytes;
        *kind = RECORD_OK;
    }
    if (*kind == RECORD_OK)
        return 1;
    if (*kind != RECORD_NOMEM) {
        char text[320];
        snprintf(text, sizeof text, "line %zu: %s", f->counts->lines, r->error);
        bad_line(f, text);
    }
    return 0;
}

/* The decision as a log event, named by the record's id or the line's number. */
static void add_event(struct line_router *f, const struct shunt_decision *d)
{
    const struct json_span id = f->record.id;
    struct timespec now = {0};
    size_t n = 0;
    char *name = malloc(id.bytes + 32);
    if (!name) {
        f->out->failed = 1;
        return;
    }
    if (id.bytes && *id.at == '"')
        json_scan_decode(id, name);
    else if (id.bytes)
        snprintf(name, id.bytes + 32, "%.*s", (int)id.bytes, id.at);
    else
        snprintf(name, 32, "%zu", f->counts->lines);
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    shunt_event_json(f->t, d, NULL, name, ns, NULL, 0, &n);
    char *text = malloc(n + 1);
    if (text && shunt_event_json(f->t, d, NULL, name, ns, text, n, &n) == SHUNT_OK)
        line_add(f->out, text, n);
    else
        f->out->failed = 1;
    free(text);
    free(name);
}

enum route_end route_line(struct line_router *f, const char *line, size_t bytes)
{
    enum record_kind kind = RECORD_OK;
    f->counts->lines++;
    if (bytes > 0 && line[bytes - 1] == '\r')
        bytes--;
    if (!read_request(f, line, bytes, &kind))
        return kind == RECORD_NOMEM || f->out->failed ? ROUTE_NOMEM : ROUTE_DONE;

    struct shunt_request *r = &f->record.request;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    if (!r->point)
        r->point = f->o->point;
    if (!r->task)
        r->task = f->o->task;
    if (f->o->own_lambda && !(r->flags & SHUNT_OWN_LAMBDA)) {
        r->flags |= SHUNT_OWN_LAMBDA;
        r->lambda_per_usd = f->o->lambda_per_usd;
        r->mu_per_s = f->o->mu_per_s;
    }
    int status = shunt_route(f->t, r, &d);
    const struct json_span id = f->record.id;
    if (f->stats && status == SHUNT_OK)
        shunt_stats_decision(f->stats, &d, NULL);
    else if (f->stats)
        shunt_stats_status(f->stats, status);
    if (status) {
        char text[160];
        snprintf(text, sizeof text, "line %zu: %s", f->counts->lines, shunt_strerror(status));
        bad_line(f, text);
    } else if (f->o->events) {
        add_event(f, &d);
    } else {
        decision_json(f->out, f->t, &d, id.bytes ? id.at : NULL, id.bytes, f->counts->lines);
    }
    return f->out->failed ? ROUTE_NOMEM : ROUTE_DONE;
}

enum route_end route_line_too_long(struct line_router *f)
{
    char text[80];
    f->counts->lines++;
    f->record.id.bytes = 0;
    snprintf(text, sizeof text, "line %zu is longer than 10 MiB", f->counts->lines);
    bad_line(f, text);
    return f->out->failed ? ROUTE_NOMEM : ROUTE_DONE;
}

struct filter {
    struct line_router r;
    struct line_out out;
    int out_fd;
};

static enum route_end flush(struct filter *f)
{
    for (size_t done = 0; done < f->out.len;) {
        ssize_t n = write(f->out_fd, f->out.data + done, f->out.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EPIPE ? ROUTE_CLOSED : ROUTE_WRITE;
        done += (size_t)n;
    }
    f->out.len = 0;
    return ROUTE_DONE;
}

/* One line to the output, which is written when it has become long. */
static enum route_end filter_line(struct filter *f, const char *line, size_t bytes)
{
    enum route_end end = route_line(&f->r, line, bytes);
    return end == ROUTE_DONE && f->out.len >= WRITE_BYTES ? flush(f) : end;
}

/* What was read and is not yet a whole line. */
struct input {
    char *data;
    size_t len, cap;
    size_t searched; /* no line feed before this */
    int skipping;    /* inside a line that was too long */
};

/* Route all whole lines of what was read, and keep the rest. */
static enum route_end take_lines(struct filter *f, struct input *in)
{
    enum route_end end = ROUTE_DONE;
    size_t from = 0;
    while (end == ROUTE_DONE) {
        size_t search = from > in->searched ? from : in->searched;
        char *feed = memchr(in->data + search, '\n', in->len - search);
        if (!feed)
            break;
        size_t bytes = (size_t)(feed - in->data) - from;
        if (in->skipping)
            in->skipping = 0;
        else if (bytes > ROUTE_LINE_MAX)
            end = route_line_too_long(&f->r);
        else
            end = filter_line(f, in->data + from, bytes);
        from += bytes + 1;
        in->searched = from;
    }
    if (from > 0)
        memmove(in->data, in->data + from, in->len - from);
    in->len -= from;
    in->searched = in->len;
    if (in->len > ROUTE_LINE_MAX + 1 && end == ROUTE_DONE) { /* + 1: a CR may still go */
        if (!in->skipping)
            end = route_line_too_long(&f->r);
        in->skipping = 1;
        in->len = in->searched = 0;
    } else if (in->skipping) {
        in->len = in->searched = 0;
    }
    return end;
}

static enum route_end pump(struct filter *f, struct input *in, int in_fd)
{
    for (;;) {
        enum route_end end = flush(f);
        if (end != ROUTE_DONE)
            return end;
        if (in->cap - in->len < READ_BYTES) {
            size_t cap = in->cap * 2 + READ_BYTES;
            char *more = realloc(in->data, cap);
            if (!more)
                return ROUTE_NOMEM;
            in->data = more;
            in->cap = cap;
        }
        ssize_t n = read(in_fd, in->data + in->len, in->cap - in->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ROUTE_READ;
        if (n == 0)
            break;
        in->len += (size_t)n;
        end = take_lines(f, in);
        if (end != ROUTE_DONE)
            return end;
    }
    if (in->len > 0 && !in->skipping) { /* a last line without its end */
        enum route_end end = in->len > ROUTE_LINE_MAX ? route_line_too_long(&f->r)
                                                      : filter_line(f, in->data, in->len);
        if (end != ROUTE_DONE)
            return end;
    }
    return flush(f);
}

enum route_end route_lines(const struct shunt_table *t, const struct route_options *o, int in,
                           int out, struct route_counts *counts)
{
    struct filter f = {.r = {.t = t, .o = o, .counts = counts}, .out_fd = out};
    struct input input = {0};
    f.r.out = &f.out;
    record_init(&f.r.record);
    *counts = (struct route_counts){0, 0};
    enum route_end end = pump(&f, &input, in);
    int why = errno;
    record_deinit(&f.r.record);
    free(f.out.data);
    free(input.data);
    errno = why;
    return end;
}
