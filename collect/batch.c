/* Batch files: out by the same cursors that a run asks by, in through batch_take.c. */
#include "collect/batch.h"

#include "collect/asks.h"
#include "collect/batch_line.h"
#include "core/clock.h"
#include "core/mem.h"
#include "store/batch.h"
#include "store/failed.h"
#include "store/where.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_anthropic(const struct sheet *x)
{
    return strcmp(x->target->adapter->name, "anthropic") == 0;
}

static char *path_of(const struct sheet *x)
{
    AUTO_FREE char *safe = mem_strdup(x->target->config->name);
    for (char *c = safe; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
            *c = '_';
    AUTO_FREE char *name = mem_printf("%s%s-%03d.%s", safe[0] == '.' ? "_" : "", safe, x->number,
                                      is_anthropic(x) ? "json" : "jsonl");
    return fs_join(x->arg, name);
}

/* What is in the store as being sent goes to the provider. Refused, it is as if it had never been;
 * without an answer, it counts at its worst. */
static int hand_in(struct sheet *x, struct err *e)
{
    int64_t n = 0, nusd = 0;
    x->unsure = false;
    int rc = x->put(x, x->arg, e);
    if (rc && !x->unsure) {
        batch_forget(x->store, x->batch, NULL);
    } else if (rc) {
        batch_give_up(x->store, x->batch, "lost", "unknown", true, clock_unix_ms(), &n, &nusd,
                      NULL);
        x->m->lost += n;
        x->m->lost_nusd += nusd;
    }
    return rc;
}

/* Requests are remembered only when their file is there; and before a provider gets them. */
static int end_sheet(struct sheet *x, struct err *e)
{
    if (x->requests == 0)
        return ERR_OK;
    if (is_anthropic(x))
        buf_adds(&x->text, "\n]}\n");
    int rc = batch_sized(x->store, x->batch, x->requests, e);
    if (!rc && !x->remote)
        rc = x->put(x, x->arg, e);
    if (!rc)
        rc = store_commit(x->store, e);
    if (rc)
        store_rollback(x->store);
    else if (x->remote)
        rc = hand_in(x, e);
    x->m->files += !rc;
    x->m->requests += rc ? 0 : x->requests;
    x->requests = 0;
    buf_clear(&x->text);
    return rc;
}

static int begin_sheet(struct sheet *x, struct err *e)
{
    int rc = store_begin(x->store, e);
    x->number++;
    struct batch b = {.model = x->target->model, .created_ms = clock_unix_ms()};
    snprintf(b.state, sizeof b.state, "%s", x->remote ? "sending" : "open");
    snprintf(b.protocol, sizeof b.protocol, "%s", x->target->adapter->name);
    if (!rc)
        rc = batch_add(x->store, &b, e);
    x->batch = b.id;
    if (!rc && is_anthropic(x))
        buf_adds(&x->text, "{\"requests\":[\n");
    return rc;
}

static int add_ask(struct sheet *x, const struct ask *a, struct err *e)
{
    char id[BATCH_ID_MAX + 1];
    int rc = x->requests ? ERR_OK : begin_sheet(x, e);
    if (rc)
        return rc;
    struct batch_item item = {.batch = x->batch,
                              .prompt = a->prompt,
                              .model_config = x->target->model_config,
                              .sample = a->sample,
                              .worst_nusd = a->worst_nusd};
    memcpy(item.request_hash, a->hash, sizeof a->hash);
    batch_line_id(id, a->hash, a->ext_id, a->sample);
    if (x->requests && is_anthropic(x))
        buf_adds(&x->text, ",\n");
    batch_line_write(&x->text, x->target->adapter->name, id, a->body.data);
    if (!is_anthropic(x))
        buf_addc(&x->text, '\n');
    x->requests++;
    rc = batch_item_add(x->store, &item, id, e);
    if (!rc && (x->requests >= BATCH_REQUESTS_MAX || x->text.len >= BATCH_BYTES_MAX))
        rc = end_sheet(x, e);
    return rc;
}

static int put_file(struct sheet *x, void *arg, struct err *e)
{
    (void)arg;
    AUTO_FREE char *path = path_of(x);
    return fs_write_atomic(path, x->text.data, x->text.len, e);
}

/* 1: it belongs into a sheet; 0: it is left out, or the cap is reached. */
static int wanted(struct sheet *x, const struct ask *a, struct err *e)
{
    int waits = x->skip_waiting ? batch_waits(x->store, a->prompt, x->target->model_config,
                                              a->sample, a->hash, e)
                                : 0;
    if (waits)
        return waits < 0 ? waits : 0;
    if (x->left_nusd == MONEY_UNKNOWN)
        return 1;
    x->capped = a->worst_nusd == MONEY_UNKNOWN || a->worst_nusd > x->left_nusd;
    x->left_nusd -= x->capped ? 0 : a->worst_nusd;
    return !x->capped;
}

int batch_fill(struct sheet *x, const struct collect_options *o, struct err *e)
{
    struct store *s = x->store;
    struct asks asks;
    struct ask *a;
    int64_t failed;
    int got = 1, rc = ERR_OK;
    if (o->only_errors)
        rc = failed_gather(s, x->target->model_config, o->samples, o->limit, &failed, e);
    buf_init(&x->text, 0);
    asks_init(&asks, x->target, o);
    while (!rc && !x->capped && (got = asks_next(&asks, s, &a, e)) == 1) {
        int take = wanted(x, a, e);
        rc = take < 0 ? take : take ? add_ask(x, a, e) : ERR_OK;
        ask_free(a);
    }
    rc = rc ? rc : got < 0 ? got : end_sheet(x, e);
    if (rc)
        store_rollback(s);
    if (asks.unsendable)
        memcpy(x->m->message, asks.message, sizeof x->m->message);
    x->m->failed += asks.unsendable;
    asks_deinit(&asks);
    buf_deinit(&x->text);
    return rc;
}

int batch_export(struct store *s, const struct config *c, const struct collect_options *o,
                 const char *dir, struct batch_summary *out, struct err *e)
{
    struct collect_options quiet = *o;
    struct target *t = NULL;
    size_t n = 0;
    quiet.dry_run = true; /* no key is needed */
    *out = (struct batch_summary){0};
    work_shard(s, o->shard, o->shards);
    work_where(s, o->where);
    int rc = fs_mkdirs(dir, e);
    if (!rc)
        rc = targets_open(s, c, &quiet, &t, &n, e);
    for (size_t i = 0; !rc && i < n; i++) {
        AUTO_FREE char *folder = mem_strdup(dir);
        struct sheet x = {.target = &t[i],
                          .store = s,
                          .m = batch_summary_of(out, t[i].config->name),
                          .left_nusd = MONEY_UNKNOWN,
                          .put = put_file,
                          .arg = folder};
        t[i].stream = false;
        rc = batch_fill(&x, o, e);
    }
    work_where(s, NULL);
    targets_free(t, n);
    return rc;
}

/* --- results ------------------------------------------------------------------------------------
 */
static int each_line(const char *path, struct batch_taker *t, struct store *s, struct err *e)
{
    struct fs_lines *lines = NULL;
    char *text;
    size_t len;
    int rc = fs_lines_open(path, HTTP_BODY_MAX, &lines, e), got;
    if (rc)
        return rc;
    while (!rc && (got = fs_lines_next(lines, &text, &len, e)) != 0) {
        struct json *line = NULL;
        struct batch_result r;
        struct batch_item item;
        if (got < 0) {
            rc = got;
            break;
        }
        if (strspn(text, " \t") == len)
            continue;
        batch_result_init(&r);
        rc = json_parse(text, len, &line, e);
        if (!rc && !batch_line_read(line, &r))
            rc = err_set(e, ERR_FORMAT, "it is no result of a batch");
        int known = rc || t ? 1 : batch_item_find(s, r.custom_id, &item, e);
        if (known < 0)
            rc = known;
        if (!known)
            rc = err_set(e, ERR_FORMAT,
                         "the custom_id '%.80s' is of no batch that this store knows", r.custom_id);
        if (!rc && t)
            rc = batch_take(t, &r, e);
        if (rc)
            rc = err_wrap(e, rc, "'%s' line %zu", path, fs_lines_number(lines));
        batch_result_deinit(&r);
        json_free(line);
    }
    fs_lines_close(lines);
    return rc;
}

int batch_import(struct store *s, const struct config *c, const struct str_vec *files,
                 struct batch_summary *out, struct err *e)
{
    int rc = ERR_OK;
    int64_t failed = 0;
    *out = (struct batch_summary){0};
    for (size_t i = 0; !rc && i < files->n; i++) /* stdin cannot be read twice */
        if (strcmp(files->v[i], "-") != 0)
            rc = each_line(files->v[i], NULL, s, e);
    struct batch_taker *t = rc ? NULL : batch_taker_new(s, c, out, e);
    if (!rc && !t)
        rc = ERR_DB;
    for (size_t i = 0; !rc && i < files->n; i++)
        rc = each_line(files->v[i], t, s, e);
    int ended = batch_taker_end(t, rc ? NULL : e);
    for (size_t i = 0; i < out->n; i++)
        failed += out->v[i].failed;
    if (!rc && !ended && failed)
        return err_set(e, ERR_PARTIAL, "%lld results are errors; their requests can be asked again",
                       (long long)failed);
    return rc ? rc : ended;
}
