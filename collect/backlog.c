/* A ring of rows between two threads. What a row means in the store is writer.c's business.
 */
#include "collect/backlog.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/zipper.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

enum {
    HAND_OVER = WRITER_ROWS * 3 / 4, /* rows worth waking the thread for: the rest fill meanwhile */
    KEEP_BYTES = 1 << 20,            /* a larger buffer is given back after use */
};

struct row {
    bool is_reply;
    char hash[65];
    struct writer_reply reply; /* with its pointers into this row */
    struct http_result result;
    struct answer answer;
    struct buf body, packed;
    struct attempt attempt;
    int64_t number; /* in the journal; 0: not there */
    double since_s;
};

struct backlog {
    struct row row[WRITER_ROWS]; /* of the i-th: i % WRITER_ROWS, from when it is added */
    struct store *store;         /* under use */
    struct writer writer;        /* the thread's, with use */
    struct zipper *zipper;       /* the thread's */
    pthread_mutex_t use;         /* of the store's handle */
    struct journal *journal;     /* the event loop's, as all up to here */
    uint64_t settled;            /* rows that the journal knows to be committed */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work, room;
    uint64_t added, done; /* rows, ever */
    size_t bytes;         /* of bodies that wait */
    bool hurry, stop;
    struct err failure; /* code 0: none */
};

static struct row *row_at(struct backlog *b, uint64_t i)
{
    return &b->row[i % WRITER_ROWS];
}

/* --- the thread ---------------------------------------------------------------------------------
 */
static int store_row(struct backlog *b, struct row *w, struct err *e)
{
    int rc = ERR_OK;
    if (w->is_reply) {
        buf_clear(&w->packed);
        rc = reply_pack(b->zipper, w->reply.protocol, w->body.data, w->body.len, &w->packed, e);
        w->reply.packed = w->packed.data;
        w->reply.packed_len = w->packed.len;
    }
    backlog_lock(b);
    if (!rc)
        rc = w->is_reply ? writer_reply(&b->writer, &w->reply, e)
                         : writer_attempt(&b->writer, &w->attempt, e);
    backlog_unlock(b);
    return rc;
}

static int store_rows(struct backlog *b, uint64_t from, uint64_t to, struct err *e)
{
    int rc = ERR_OK;
    for (uint64_t i = from; !rc && i < to; i++)
        rc = store_row(b, row_at(b, i), e);
    backlog_lock(b);
    int flushed = writer_flush(&b->writer, rc ? NULL : e);
    backlog_unlock(b);
    return rc ? rc : flushed;
}

static void *store_all(void *arg)
{
    struct backlog *b = arg;
    struct err e = {0};
    pthread_mutex_lock(&b->lock);
    for (;;) {
        while (!b->stop && !b->hurry && b->added - b->done < HAND_OVER)
            pthread_cond_wait(&b->work, &b->lock);
        uint64_t from = b->done, to = b->added;
        if (from == to && b->stop)
            break;
        b->hurry = false;
        pthread_mutex_unlock(&b->lock);
        int rc = store_rows(b, from, to, &e);
        pthread_mutex_lock(&b->lock);
        if (rc) {
            e.code = rc;
            b->failure = e;
            break;
        }
        b->done = to;
        for (; from < to; from++)
            b->bytes -= row_at(b, from)->body.len;
        pthread_cond_signal(&b->room);
    }
    pthread_cond_signal(&b->room);
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* --- the event loop's side ----------------------------------------------------------------------
 */
int backlog_start(struct store *s, struct journal *journal, struct backlog **out, struct err *e)
{
    struct backlog *b = mem_zalloc(sizeof *b);
    sigset_t all, before;
    b->store = s;
    b->journal = journal;
    writer_init(&b->writer, s);
    b->zipper = zipper_new();
    for (size_t i = 0; i < WRITER_ROWS; i++) {
        answer_init(&b->row[i].answer);
        buf_init(&b->row[i].body, 0);
        buf_init(&b->row[i].packed, 0);
    }
    pthread_mutex_init(&b->use, NULL);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->work, NULL);
    pthread_cond_init(&b->room, NULL);
    sigfillset(&all); /* signals are the event loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&b->thread, NULL, store_all, b);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *out = b;
    if (rc == 0)
        return ERR_OK;
    b->thread = pthread_self();
    backlog_stop(b, NULL);
    *out = NULL;
    return err_set(e, ERR_IO, "cannot start a thread: %s", strerror(rc));
}

void backlog_lock(struct backlog *b)
{
    pthread_mutex_lock(&b->use);
}

void backlog_unlock(struct backlog *b)
{
    pthread_mutex_unlock(&b->use);
}

static int failed(const struct backlog *b, struct err *e)
{
    return b->failure.code ? err_set(e, b->failure.code, "%s", b->failure.text) : ERR_OK;
}

/* Rows before `done` are in the store: their records may go. */
static int settle(struct backlog *b, uint64_t done, struct err *e)
{
    if (b->settled == done)
        return ERR_OK;
    for (; b->settled < done; b->settled++) {
        const struct row *w = row_at(b, b->settled);
        if (w->number)
            journal_settle(b->journal, w->number);
    }
    return b->journal ? journal_trim(b->journal, e) : ERR_OK;
}

/* The row to fill next, once there is room for it. */
static int wait_for_row(struct backlog *b, size_t bytes, struct row **out, struct err *e)
{
    pthread_mutex_lock(&b->lock);
    while (!b->failure.code &&
           (b->added - b->done == WRITER_ROWS || (b->bytes && b->bytes + bytes > BACKLOG_BYTES))) {
        b->hurry = true;
        pthread_cond_signal(&b->work);
        pthread_cond_wait(&b->room, &b->lock);
    }
    int rc = failed(b, e);
    uint64_t done = b->done;
    *out = row_at(b, b->added);
    pthread_mutex_unlock(&b->lock);
    return rc ? rc : settle(b, done, e);
}

static void hand_over(struct backlog *b, struct row *w, size_t bytes)
{
    w->since_s = clock_s();
    pthread_mutex_lock(&b->lock);
    b->added++;
    b->bytes += bytes;
    if (b->added - b->done == HAND_OVER)
        pthread_cond_signal(&b->work);
    pthread_mutex_unlock(&b->lock);
}

/* The number of the record, 0 without one. Where the journal cannot be written (*why) the store
 * still may be: the row goes there all the same, but the run is to end, for the store mostly has
 * no room either. The record of its leaving then stays, and the next run asks the store about it.
 */
static int64_t note(struct backlog *b, struct journal_record *r, const struct writer_names *n,
                    struct err *why)
{
    if (!b->journal || !n->ext_id)
        return 0;
    r->ext_id = n->ext_id;
    r->model = n->model;
    if (journal_add(b->journal, r, why))
        return 0;
    journal_settle(b->journal, n->sent);
    return journal_last(b->journal);
}

static int64_t note_reply(struct backlog *b, const struct writer_reply *r, struct err *why)
{
    struct journal_record j = {.kind = JOURNAL_REPLY,
                               .prompt = r->prompt,
                               .model_config = r->model_config,
                               .sample = r->sample,
                               .started_ms = r->started_ms,
                               .status = r->result->status,
                               .charge_nusd = r->charge_nusd,
                               .wait_s = r->wait_s,
                               .latency_ms = r->result->latency_ms,
                               .ttft_ms = r->result->ttft_ms,
                               .request_hash = r->request_hash,
                               .protocol = r->protocol,
                               .body = r->result->body,
                               .len = r->result->len};
    return note(b, &j, &r->names, why);
}

static int64_t note_attempt(struct backlog *b, const struct attempt *a,
                            const struct writer_names *names, struct err *why)
{
    struct journal_record j = {.kind = JOURNAL_TRIED,
                               .prompt = a->prompt,
                               .model_config = a->model_config,
                               .sample = a->sample,
                               .started_ms = a->started_ms,
                               .status = a->status,
                               .charge_nusd = a->charge_nusd,
                               .wait_s = a->wait_ms / 1000,
                               .latency_ms = a->latency_ms,
                               .ttft_ms = (double)NAN,
                               .request_hash = a->request_hash,
                               .protocol = a->error_class};
    return note(b, &j, names, why);
}

static void set_hash(struct row *w, const char *hash)
{
    size_t n = strlen(hash);
    n = n < sizeof w->hash ? n : sizeof w->hash - 1;
    memcpy(w->hash, hash, n);
    w->hash[n] = '\0';
}

int backlog_reply(struct backlog *b, const struct writer_reply *r, struct answer *answer,
                  struct err *e)
{
    struct row *w;
    struct err why = {0};
    int64_t number = note_reply(b, r, &why);
    int rc = wait_for_row(b, r->result->len, &w, e);
    if (rc)
        return rc;
    struct answer spare = w->answer;
    w->is_reply = true;
    w->number = number;
    w->answer = *answer;
    *answer = spare;
    if (w->body.cap > KEEP_BYTES || w->packed.cap > KEEP_BYTES) {
        buf_deinit(&w->body);
        buf_deinit(&w->packed);
    }
    buf_clear(&w->body);
    buf_add(&w->body, r->result->body, r->result->len);
    set_hash(w, r->request_hash);
    w->result = *r->result;
    w->result.body = w->body.data;
    w->result.why = "";
    w->reply = *r;
    w->reply.request_hash = w->hash;
    w->reply.answer = &w->answer;
    w->reply.result = &w->result;
    w->reply.names = (struct writer_names){0};
    hand_over(b, w, r->result->len);
    return why.code ? err_set(e, why.code, "%s", why.text) : ERR_OK;
}

int backlog_attempt(struct backlog *b, const struct attempt *a, const struct writer_names *names,
                    struct err *e)
{
    struct row *w;
    struct err why = {0};
    int64_t number = note_attempt(b, a, names, &why);
    int rc = wait_for_row(b, 0, &w, e);
    if (rc)
        return rc;
    w->is_reply = false;
    w->number = number;
    buf_clear(&w->body);
    set_hash(w, a->request_hash);
    w->attempt = *a;
    w->attempt.request_hash = w->hash;
    hand_over(b, w, 0);
    return why.code ? err_set(e, why.code, "%s", why.text) : ERR_OK;
}

int backlog_tick(struct backlog *b, struct err *e)
{
    pthread_mutex_lock(&b->lock);
    int rc = failed(b, e);
    uint64_t done = b->done;
    if (!rc && done < b->added && clock_s() - row_at(b, done)->since_s >= WRITER_MS / 1e3) {
        b->hurry = true;
        pthread_cond_signal(&b->work);
    }
    pthread_mutex_unlock(&b->lock);
    return rc ? rc : settle(b, done, e);
}

int backlog_stop(struct backlog *b, struct err *e)
{
    if (!b)
        return ERR_OK;
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    pthread_cond_signal(&b->work);
    pthread_mutex_unlock(&b->lock);
    if (!pthread_equal(b->thread, pthread_self()))
        pthread_join(b->thread, NULL);
    int rc = failed(b, e);
    int settled = settle(b, b->done, rc ? NULL : e);
    for (size_t i = 0; i < WRITER_ROWS; i++) {
        answer_deinit(&b->row[i].answer);
        buf_deinit(&b->row[i].body);
        buf_deinit(&b->row[i].packed);
    }
    pthread_mutex_destroy(&b->use);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->work);
    pthread_cond_destroy(&b->room);
    zipper_free(b->zipper);
    free(b);
    return rc ? rc : settled;
}
