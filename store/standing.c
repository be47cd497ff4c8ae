/* Counts over replies and attempts of each model. What a run in progress knows is collect/'s. */
#include "store/standing.h"

#include "core/buf.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/model.h"
#include "store/work.h"

#include <math.h>

/* The current configuration (0: none) and how many samples of it were asked for. */
static int read_current(struct store *s, int64_t model, int64_t *config, int64_t *samples,
                        struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "SELECT c.id, max(coalesce((SELECT max(sample) FROM reply WHERE model_config = c.id),"
        " 0), coalesce((SELECT max(sample) FROM attempt WHERE model_config = c.id), 0))"
        " FROM model_config c WHERE c.model = ? AND c.current = 1",
        e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    int step = sqlite3_step(st);
    *config = step == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    *samples = step == SQLITE_ROW ? sqlite3_column_int64(st, 1) + 1 : 1;
    sqlite3_reset(st);
    return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : db_fail(s, "read configurations", e);
}

/* The last try of what has no reply, by class. */
static int read_failures(struct store *s, int64_t config, struct standing *m, struct buf *text,
                         struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT error_class, count(*) FROM (SELECT prompt, sample, error_class, max(id)"
               " FROM attempt WHERE model_config = ?1 GROUP BY prompt, sample) a"
               " WHERE error_class IS NOT NULL AND NOT EXISTS(SELECT 1 FROM reply r WHERE"
               " r.model_config = ?1 AND r.prompt = a.prompt AND r.sample = a.sample)"
               " GROUP BY 1 ORDER BY 2 DESC, 1",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, config);
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        int64_t n = sqlite3_column_int64(st, 1);
        buf_addf(text, "%s%s %lld", text->len ? ", " : "", db_get_text(st, 0), (long long)n);
        m->failed += n;
    }
    sqlite3_reset(st);
    m->failures = text->len ? text->data : "";
    return step == SQLITE_DONE ? 0 : db_fail(s, "count failures", e);
}

static int read_errors(struct store *s, int64_t model, struct standing *m, struct buf *text,
                       struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT error_class, count(*) FROM attempt WHERE error_class IS NOT"
                              " NULL AND model_config IN (SELECT id FROM model_config WHERE model"
                              " = ?) GROUP BY 1 ORDER BY 2 DESC, 1",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW)
        buf_addf(text, "%s%s %lld", text->len ? ", " : "", db_get_text(st, 0),
                 (long long)sqlite3_column_int64(st, 1));
    sqlite3_reset(st);
    m->errors = text->len ? text->data : "";
    return step == SQLITE_DONE ? 0 : db_fail(s, "count errors", e);
}

static int read_tries(struct store *s, int64_t model, struct standing *m, struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "SELECT count(*), coalesce(sum(charge_nusd) FILTER (WHERE reply IS NULL), 0), (SELECT"
        " coalesce(sum(i.worst_nusd), 0) FROM batch b JOIN batch_item i ON i.batch = b.id WHERE"
        " b.model = ?1 AND i.state = 'open' AND (b.state = 'sending' OR (b.state = 'open' AND"
        " b.remote IS NOT NULL))) FROM attempt WHERE model_config IN (SELECT id FROM model_config"
        " WHERE model = ?1)",
        e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "count attempts", e);
    m->tries = sqlite3_column_int64(st, 0);
    m->lost_nusd = sqlite3_column_int64(st, 1);
    m->held_nusd = sqlite3_column_int64(st, 2);
    sqlite3_reset(st);
    return 0;
}

/* Prices may depend on the length of the input; most have one tier, which is looked up once. */
static int cost_of(struct store *s, int64_t model, bool tiers, const struct price_now *flat,
                   const struct usage *u, int64_t *nusd, struct err *e)
{
    struct price_now now = *flat;
    int rc = tiers ? price_now(s, model, u->input > 0 ? u->input : 0, &now, e) : 0;
    *nusd = rc ? MONEY_UNKNOWN : price_cost(&now, u);
    return rc;
}

static int read_costs(struct store *s, int64_t model, struct standing *m, struct err *e)
{
    struct price_now flat, far;
    int rc = price_now(s, model, 0, &flat, e);
    if (!rc)
        rc = price_now(s, model, INT64_MAX, &far, e);
    sqlite3_stmt *st =
        rc ? NULL
           : db_get(s,
                    "SELECT input_tokens, cached_tokens, cache_write_tokens, cache_write_1h_tokens,"
                    " output_tokens, reasoning_tokens, reported_nusd, latency_ms FROM reply"
                    " WHERE model_config IN (SELECT id FROM model_config WHERE model = ?)"
                    " AND request_hash NOT LIKE 'import:%'",
                    e);
    if (!st)
        return rc ? rc : ERR_DB;
    db_int(st, 1, model);
    bool tiers = false;
    double latency_ms = 0;
    int64_t timed = 0;
    for (int i = 0; i < PRICE_COMPONENTS; i++)
        tiers = tiers || flat.pico_usd[i] != far.pico_usd[i];
    int step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        struct usage u = {db_get_count(st, 0), db_get_count(st, 1), db_get_count(st, 2),
                          db_get_count(st, 3), db_get_count(st, 4), db_get_count(st, 5)};
        int64_t nusd;
        double ms = db_get_real(st, 7);
        rc = cost_of(s, model, tiers, &flat, &u, &nusd, e);
        if (nusd == MONEY_UNKNOWN)
            nusd = db_get_money(st, 6);
        m->replies++;
        m->spent_nusd += nusd == MONEY_UNKNOWN ? 0 : nusd;
        m->cost_unknown += nusd == MONEY_UNKNOWN;
        timed += !isnan(ms);
        latency_ms += isnan(ms) ? 0 : ms;
    }
    sqlite3_reset(st);
    m->mean_latency_ms = timed ? latency_ms / (double)timed : (double)NAN;
    return rc || step == SQLITE_DONE ? rc : db_fail(s, "read replies", e);
}

static int read_one(struct store *s, const struct model *row, int64_t prompts, struct standing *m,
                    struct buf *failures, struct buf *errors, struct err *e)
{
    int64_t config = 0;
    *m = (struct standing){.model = row->name, .tier = row->tier, .failures = "", .errors = ""};
    int rc = read_current(s, row->id, &config, &m->samples, e);
    if (!rc)
        rc = work_replies(s, row->id, config, m->samples, 0, &m->done, e);
    if (!rc)
        rc = read_failures(s, config, m, failures, e);
    if (!rc)
        rc = read_tries(s, row->id, m, e);
    if (!rc)
        rc = read_errors(s, row->id, m, errors, e);
    if (!rc)
        rc = read_costs(s, row->id, m, e);
    m->total = prompts * m->samples;
    return rc;
}

int standing_each(struct store *s, int (*see)(void *arg, const struct standing *m, struct err *e),
                  void *arg, struct err *e)
{
    struct model *models = NULL;
    size_t n = 0;
    int64_t prompts = 0;
    int rc = work_count(s, &prompts, e);
    if (!rc)
        rc = model_list(s, &models, &n, e);
    for (size_t i = 0; !rc && i < n; i++) {
        struct buf failures = BUF_INIT(0), errors = BUF_INIT(0);
        struct standing m;
        rc = read_one(s, &models[i], prompts, &m, &failures, &errors, e);
        if (!rc)
            rc = see(arg, &m, e);
        buf_deinit(&failures);
        buf_deinit(&errors);
    }
    model_list_free(models, n);
    return rc;
}

int standing_last(struct store *s,
                  int (*see)(void *arg, const struct last_collect *l, struct err *e), void *arg,
                  struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT r.argv, r.started_ms, r.ended_ms, r.status, (SELECT count(*) FROM reply p"
               " WHERE p.created_ms >= r.started_ms AND p.created_ms <= coalesce(r.ended_ms, 1e15)"
               " AND p.request_hash NOT LIKE 'import:%')"
               " FROM run r WHERE r.argv LIKE '[\"collect\"%' ORDER BY r.id DESC LIMIT 1",
               e);
    if (!st)
        return ERR_DB;
    int step = sqlite3_step(st), rc = 0;
    if (step == SQLITE_ROW) {
        struct last_collect l = {db_get_text(st, 0), sqlite3_column_int64(st, 1),
                                 sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3),
                                 sqlite3_column_int64(st, 4)};
        rc = see(arg, &l, e);
    }
    sqlite3_reset(st);
    return step == SQLITE_ROW || step == SQLITE_DONE ? rc : db_fail(s, "read the last run", e);
}
