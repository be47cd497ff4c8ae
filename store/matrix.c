/* Prompts x models in memory. One pass over the prompts, then one over the replies of each model.
 */
#include "store/matrix.h"

#include "core/clock.h"
#include "core/fs.h"
#include "core/mem.h"
#include "core/opt.h"
#include "core/progress.h"
#include "store/db.h"
#include "store/model.h"
#include "store/prompt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    struct store *s;
    struct matrix *m;
    const struct matrix_options *o;
    size_t cap;
    struct progress *progress;
    size_t read; /* replies */
};

enum { TICK = 1024 }; /* replies between two looks at the clock and for Ctrl-C */

static int tick(struct loader *l, struct err *e)
{
    if (++l->read % TICK)
        return 0;
    progress_set(l->progress, l->read, NULL);
    return interrupted() ? err_set(e, ERR_PARTIAL, "interrupted while reading replies") : 0;
}

static int add_prompt(void *arg, const struct prompt *p, struct err *e)
{
    struct loader *l = arg;
    struct matrix *m = l->m;
    (void)e;
    if (m->prompts == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 1024;
        m->prompt = mem_rearray(m->prompt, l->cap, sizeof *m->prompt);
    }
    m->prompt[m->prompts++] = (struct matrix_prompt){
        .id = p->id,
        .ext_id = mem_strdup(p->ext_id),
        .task = mem_strdup(p->task),
        .text = l->o->no_text ? NULL : mem_strdup(p->text),
        .user = mem_strdup(p->user),
        .user_class = mem_strdup(p->user_class),
        .complexity = mem_strdup(p->complexity),
        .split = (char)(!p->split                   ? 0
                        : !strcmp(p->split, "test") ? 'e'
                                                    : p->split[0]),
        .cluster = p->cluster ? p->cluster : p->id,
        .weight = p->weight,
        .timestamp_ms = p->timestamp_ms,
    };
    return 0;
}

/* The configuration whose replies are read: the current one if it has any, else the imported one.
 */
static int config_of(struct store *s, int64_t model, int64_t *config, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT c.id FROM model_config c WHERE c.model = ?1 AND (c.current = 1 OR"
               " c.hash = 'import') AND EXISTS(SELECT 1 FROM reply r WHERE"
               " r.model_config = c.id) ORDER BY c.current DESC LIMIT 1",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    int step = sqlite3_step(st);
    *config = step == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_reset(st);
    return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : db_fail(s, "read configurations", e);
}

static int has_score(struct store *s, int64_t config, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT 1 FROM reply r JOIN score s ON s.reply = r.id AND s.is_primary = 1"
               " AND s.value IS NOT NULL WHERE r.model_config = ? LIMIT 1",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, config);
    return db_found(s, st, "read scores", e);
}

static int add_model(struct loader *l, const struct model *model, struct err *e)
{
    struct matrix *m = l->m;
    struct price_now now;
    int rc = price_now(l->s, model->id, 0, &now, e);
    if (rc)
        return rc;
    m->model = mem_rearray(m->model, m->models + 1, sizeof *m->model);
    m->model[m->models++] = (struct matrix_model){
        .id = model->id,
        .name = mem_strdup(model->name),
        .tier = mem_strdup(model->tier),
        .pico_input = now.pico_usd[PRICE_INPUT],
        .pico_output = now.pico_usd[PRICE_OUTPUT],
        .pico_request = now.pico_usd[PRICE_REQUEST],
    };
    return 0;
}

static int unknown_model(const char *name, const struct model *list, size_t n, struct err *e)
{
    const char **names = mem_array(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = list[i].name;
    const char *near = opt_nearest(name, names, n);
    int rc =
        near ? err_set(e, ERR_USAGE, "the store has no model '%s'; did you mean '%s'?", name, near)
             : err_set(e, ERR_USAGE, "the store has no model '%s' (see shunt status)", name);
    free(names);
    return rc;
}

static int pick_asked(struct loader *l, const struct model *list, size_t n, struct err *e)
{
    const struct str_vec *asked = l->o->models;
    int rc = 0;
    for (size_t a = 0; !rc && a < asked->n; a++) {
        size_t i = 0;
        while (i < n && strcmp(list[i].name, asked->v[a]))
            i++;
        if (i == n)
            return unknown_model(asked->v[a], list, n, e);
        for (size_t k = 0; k < l->m->models; k++)
            if (l->m->model[k].id == list[i].id)
                return err_set(e, ERR_USAGE, "model '%s' is named twice", asked->v[a]);
        rc = add_model(l, &list[i], e);
    }
    return rc;
}

static int pick_models(struct loader *l, struct err *e)
{
    struct model *list = NULL;
    size_t n = 0;
    int rc = model_list(l->s, &list, &n, e);
    if (rc)
        return rc;
    if (l->o->models && l->o->models->n) {
        rc = pick_asked(l, list, n, e);
    } else {
        for (size_t i = 0; !rc && i < n; i++) {
            int64_t config = 0;
            rc = config_of(l->s, list[i].id, &config, e);
            if (!rc && config && (rc = has_score(l->s, config, e)) == 1)
                rc = add_model(l, &list[i], e);
        }
    }
    model_list_free(list, n);
    if (!rc && l->m->models == 0)
        rc = err_set(
            e, ERR_USAGE,
            "'%s' has no scored reply; run 'shunt collect' and 'shunt grade', or import outcomes",
            store_path(l->s));
    return rc;
}

static void fill(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (double)NAN;
}

static void allocate(struct matrix *m, bool signals)
{
    size_t n = m->prompts * m->models;
    double **const columns[] = {&m->score,     &m->cost_nusd,  &m->latency_ms,
                                &m->tokens_in, &m->tokens_out, &m->mean_logprob};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        *columns[i] = mem_array(n, sizeof(double));
        fill(*columns[i], n);
    }
    double **const extra[] = {&m->min_logprob, &m->entropy, &m->reply_bytes};
    for (size_t i = 0; signals && i < sizeof extra / sizeof *extra; i++) {
        *extra[i] = mem_array(n, sizeof(double));
        fill(*extra[i], n);
    }
    m->first_reply = mem_array(n, sizeof *m->first_reply);
    m->samples = mem_array(n, sizeof *m->samples);
}

static size_t row_of(const struct matrix *m, int64_t id)
{
    size_t lo = 0, hi = m->prompts;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->prompt[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < m->prompts && m->prompt[lo].id == id ? lo : SIZE_MAX;
}

/* The mean over the samples seen so far; a sample without the figure makes it unknown, but for
 * scores, where what is missing is left out and counted. */
struct cell {
    double score, cost, latency, in, out, logprob, least, entropy, bytes;
    int64_t reply;
    int scored, n;
};

static void close_cell(struct matrix *m, size_t row, size_t col, struct cell *c)
{
    if (c->n && row != SIZE_MAX) {
        size_t at = row * m->models + col;
        if (c->scored)
            m->score[at] = c->score / c->scored;
        m->cost_nusd[at] = c->cost / c->n;
        m->latency_ms[at] = c->latency / c->n;
        m->tokens_in[at] = c->in / c->n;
        m->tokens_out[at] = c->out / c->n;
        m->mean_logprob[at] = c->logprob;
        m->first_reply[at] = c->reply;
        if (m->reply_bytes) {
            m->min_logprob[at] = c->least;
            m->entropy[at] = c->entropy;
            m->reply_bytes[at] = c->bytes;
        }
        m->samples[at] = c->n;
    }
    *c = (struct cell){0};
}

static double count_or_nan(int64_t v)
{
    return v < 0 ? (double)NAN : (double)v;
}

/* Tiered prices are looked up again only where the store has any. */
struct pricing {
    struct price_now base;
    bool priced, tiers;
};

static int pricing_of(struct store *s, int64_t model, struct pricing *p, struct err *e)
{
    int rc = price_now(s, model, 0, &p->base, e);
    if (rc)
        return rc;
    p->priced = p->base.pico_usd[PRICE_INPUT] != MONEY_UNKNOWN &&
                p->base.pico_usd[PRICE_OUTPUT] != MONEY_UNKNOWN;
    sqlite3_stmt *st =
        db_get(s, "SELECT count(*) FROM price WHERE model = ? AND min_context > 0", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "read prices", e);
    p->tiers = sqlite3_column_int64(st, 0) > 0;
    sqlite3_reset(st);
    return 0;
}

static int cost_of_row(struct store *s, int64_t model, const struct pricing *p, sqlite3_stmt *st,
                       double *cost, struct err *e)
{
    if (!p->priced) {
        int64_t reported = db_get_money(st, 9);
        *cost = reported == MONEY_UNKNOWN ? (double)NAN : (double)reported;
        return 0;
    }
    struct usage u = {db_get_count(st, 3), db_get_count(st, 4), db_get_count(st, 5),
                      db_get_count(st, 6), db_get_count(st, 7), db_get_count(st, 8)};
    struct price_now now = p->base;
    int rc = p->tiers ? price_now(s, model, u.input, &now, e) : 0;
    int64_t computed = price_cost(&now, &u);
    *cost = computed == MONEY_UNKNOWN ? (double)NAN : (double)computed;
    return rc;
}

static const char replies_sql[] =
    "SELECT r.prompt, r.sample, r.id, r.input_tokens, r.cached_tokens, r.cache_write_tokens,"
    " r.cache_write_1h_tokens, r.output_tokens, r.reasoning_tokens, r.reported_nusd, r.latency_ms,"
    " r.mean_logprob, s.value, r.min_logprob, r.entropy,"
    " CASE WHEN ?2 THEN length(CAST(r.text AS BLOB)) END FROM reply r LEFT JOIN score s ON s.reply "
    "= r.id AND s.is_primary = 1"
    " WHERE r.model_config = ?1 AND NOT EXISTS(SELECT 1 FROM reply n WHERE n.model_config = ?1 AND"
    " n.prompt = r.prompt AND n.sample = r.sample AND n.id > r.id) ORDER BY r.prompt, r.sample";

static int read_replies(struct loader *l, size_t col, int64_t config, const struct pricing *p,
                        struct err *e)
{
    struct matrix *m = l->m;
    sqlite3_stmt *st = db_get(l->s, replies_sql, e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, config);
    db_int(st, 2, l->o->signals);
    struct cell c = {0};
    int64_t prompt = -1;
    size_t row = SIZE_MAX;
    int rc = 0, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        if (sqlite3_column_int64(st, 0) != prompt) {
            close_cell(m, row, col, &c);
            prompt = sqlite3_column_int64(st, 0);
            row = row_of(m, prompt);
        }
        double cost = 0, score = db_get_real(st, 12);
        rc = tick(l, e);
        if (!rc)
            rc = cost_of_row(l->s, m->model[col].id, p, st, &cost, e);
        if (c.n == 0) {
            c.reply = sqlite3_column_int64(st, 2);
            c.logprob = db_get_real(st, 11);
            c.least = db_get_real(st, 13);
            c.entropy = db_get_real(st, 14);
            c.bytes = count_or_nan(db_get_count(st, 15));
        }
        c.n++;
        c.cost += cost;
        c.latency += db_get_real(st, 10);
        c.in += count_or_nan(db_get_count(st, 3));
        c.out += count_or_nan(db_get_count(st, 7));
        if (isnan(score)) {
            m->unscored_replies++;
        } else {
            c.score += score;
            c.scored++;
        }
    }
    close_cell(m, row, col, &c);
    sqlite3_reset(st);
    return rc || step == SQLITE_DONE ? rc : db_fail(l->s, "read replies", e);
}

static int load_model(struct loader *l, size_t col, struct err *e)
{
    struct matrix_model *mm = &l->m->model[col];
    int64_t config = 0;
    struct pricing p = {0};
    int rc = config_of(l->s, mm->id, &config, e);
    if (!rc)
        rc = pricing_of(l->s, mm->id, &p, e);
    if (!rc && config)
        rc = read_replies(l, col, config, &p, e);
    mm->cost_source = p.priced ? COST_COMPUTED : COST_NONE;
    for (size_t i = 0; !p.priced && i < l->m->prompts; i++)
        if (!isnan(l->m->cost_nusd[i * l->m->models + col])) {
            mm->cost_source = COST_REPORTED;
            break;
        }
    return rc;
}

void matrix_free_prompt(struct matrix_prompt *p)
{
    free(p->ext_id);
    free(p->task);
    free(p->text);
    free(p->user);
    free(p->user_class);
    free(p->complexity);
}

/* What a reply tells beside its mean log-probability is of no use where none has one. */
static void drop_signals(struct matrix *m)
{
    for (size_t i = 0; i < m->prompts * m->models; i++)
        if (!isnan(m->mean_logprob[i]))
            return;
    double **const extra[] = {&m->min_logprob, &m->entropy, &m->reply_bytes};
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        free(*extra[i]);
        *extra[i] = NULL;
    }
}

/* Moves the rows that have a score together. */
static void keep_scored(struct matrix *m)
{
    size_t kept = 0, w = m->models;
    double *const columns[] = {m->score,       m->cost_nusd,  m->latency_ms,
                               m->tokens_in,   m->tokens_out, m->mean_logprob,
                               m->min_logprob, m->entropy,    m->reply_bytes};
    for (size_t i = 0; i < m->prompts; i++) {
        bool any = false;
        for (size_t k = 0; k < w; k++)
            any = any || !isnan(m->score[i * w + k]);
        if (!any) {
            matrix_free_prompt(&m->prompt[i]);
            continue;
        }
        if (kept != i) {
            m->prompt[kept] = m->prompt[i];
            for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
                if (columns[c])
                    memcpy(columns[c] + kept * w, columns[c] + i * w, w * sizeof(double));
            memcpy(m->first_reply + kept * w, m->first_reply + i * w, w * sizeof *m->first_reply);
            memcpy(m->samples + kept * w, m->samples + i * w, w * sizeof *m->samples);
        }
        kept++;
    }
    m->prompts = kept;
}

int matrix_load(struct store *s, const struct matrix_options *o, struct matrix **out, struct err *e)
{
    struct matrix *m = mem_zalloc(sizeof *m);
    struct loader l = {.s = s, .m = m, .o = o};
    int rc = pick_models(&l, e);
    if (!rc)
        rc = prompt_each(s, false, add_prompt, &l, e);
    if (!rc)
        allocate(m, o->signals);
    l.progress = progress_new("reading replies", m->prompts * m->models);
    for (size_t col = 0; !rc && col < m->models; col++)
        rc = load_model(&l, col, e);
    progress_end(l.progress);
    if (rc) {
        matrix_free(m);
        return rc;
    }
    if (o->scored_only)
        keep_scored(m);
    drop_signals(m);
    *out = m;
    return 0;
}

void matrix_free(struct matrix *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->prompts; i++)
        matrix_free_prompt(&m->prompt[i]);
    for (size_t i = 0; i < m->models; i++) {
        free(m->model[i].name);
        free(m->model[i].tier);
    }
    free(m->prompt);
    free(m->model);
    free(m->score);
    free(m->cost_nusd);
    free(m->latency_ms);
    free(m->tokens_in);
    free(m->tokens_out);
    free(m->mean_logprob);
    free(m->min_logprob);
    free(m->entropy);
    free(m->reply_bytes);
    free(m->first_reply);
    free(m->samples);
    free(m);
}
