/* Counters under one lock; a small open-addressing map for the per-prompt counts. */
#include "tests/provider/stats.h"

#include "core/clock.h"
#include "core/jsonw.h"
#include "core/mem.h"

#include <pthread.h>
#include <stdlib.h>

enum { STATUS_MAX = 600, VERDICTS = 4 };

struct asked {
    uint64_t key; /* 0: empty */
    int64_t count;
};

struct per_model {
    uint64_t replies, prompt_tokens, output_tokens, verdict[VERDICTS], billed, billed_pico;
};

struct stats {
    pthread_mutex_t lock;
    const struct model_list *models;
    struct per_model *model;
    uint64_t requests, completed, status[STATUS_MAX], fault[FAULT_COUNT];
    int64_t flying, flying_max;
    double window_start;
    uint64_t window;
    struct asked *asked;
    size_t asked_n, asked_mask;
};

const char *fault_name(enum fault f)
{
    static const char *const names[FAULT_COUNT] = {"none", "429", "500",      "529",
                                                   "hang", "cut", "malformed"};
    return names[f];
}

struct stats *stats_new(const struct model_list *models)
{
    struct stats *s = mem_zalloc(sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->models = models;
    s->model = mem_array(models->n + 1, sizeof *s->model);
    s->asked_mask = 1023;
    s->asked = mem_array(s->asked_mask + 1, sizeof *s->asked);
    s->window_start = clock_s();
    return s;
}

void stats_free(struct stats *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s->model);
    free(s->asked);
    free(s);
}

uint64_t stats_request(struct stats *s)
{
    double now = clock_s();
    pthread_mutex_lock(&s->lock);
    uint64_t ordinal = ++s->requests;
    if (now - s->window_start >= 60) {
        s->window_start = now;
        s->window = 0;
    }
    s->window++;
    pthread_mutex_unlock(&s->lock);
    return ordinal;
}

uint64_t stats_window(struct stats *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t n = s->window;
    pthread_mutex_unlock(&s->lock);
    return n;
}

void stats_flying(struct stats *s, int by)
{
    pthread_mutex_lock(&s->lock);
    s->flying += by;
    if (s->flying > s->flying_max)
        s->flying_max = s->flying;
    pthread_mutex_unlock(&s->lock);
}

void stats_fault(struct stats *s, enum fault f)
{
    pthread_mutex_lock(&s->lock);
    s->fault[f]++;
    pthread_mutex_unlock(&s->lock);
}

void stats_status(struct stats *s, unsigned status)
{
    pthread_mutex_lock(&s->lock);
    if (status < STATUS_MAX)
        s->status[status]++;
    pthread_mutex_unlock(&s->lock);
}

void stats_completed(struct stats *s, const struct sim_model *m, int verdict, size_t prompt_tokens,
                     size_t output_tokens)
{
    pthread_mutex_lock(&s->lock);
    s->completed++;
    if (m) {
        struct per_model *p = &s->model[m - s->models->v];
        p->replies++;
        p->prompt_tokens += prompt_tokens;
        p->output_tokens += output_tokens;
        if (verdict >= 0 && verdict < VERDICTS)
            p->verdict[verdict]++;
    }
    pthread_mutex_unlock(&s->lock);
}

void stats_billed(struct stats *s, const struct sim_model *m, uint64_t pico_usd)
{
    pthread_mutex_lock(&s->lock);
    struct per_model *p = &s->model[m - s->models->v];
    p->billed++;
    p->billed_pico += pico_usd;
    pthread_mutex_unlock(&s->lock);
}

static struct asked *asked_slot(struct stats *s, uint64_t key)
{
    size_t i = key & s->asked_mask;
    while (s->asked[i].key && s->asked[i].key != key)
        i = (i + 1) & s->asked_mask;
    return &s->asked[i];
}

static void asked_grow(struct stats *s)
{
    struct asked *old = s->asked;
    size_t n = s->asked_mask + 1;
    s->asked_mask = n * 2 - 1;
    s->asked = mem_array(n * 2, sizeof *s->asked);
    for (size_t i = 0; i < n; i++)
        if (old[i].key)
            *asked_slot(s, old[i].key) = old[i];
    free(old);
}

uint64_t asked_count(struct stats *s, uint64_t key)
{
    pthread_mutex_lock(&s->lock);
    int64_t count = asked_slot(s, key)->count;
    pthread_mutex_unlock(&s->lock);
    return count > 0 ? (uint64_t)count : 0;
}

void asked_add(struct stats *s, uint64_t key, int by)
{
    pthread_mutex_lock(&s->lock);
    struct asked *a = asked_slot(s, key);
    if (!a->key) {
        a->key = key;
        s->asked_n++;
    }
    a->count += by;
    if (s->asked_n * 2 > s->asked_mask)
        asked_grow(s);
    pthread_mutex_unlock(&s->lock);
}

static void model_json(struct jsonw *w, const char *name, const struct per_model *p)
{
    static const char *const names[VERDICTS] = {"unknown", "right", "wrong", "refused"};
    jsonw_obj(w, name);
    jsonw_int(w, "replies", (int64_t)p->replies);
    jsonw_int(w, "prompt_tokens", (int64_t)p->prompt_tokens);
    jsonw_int(w, "output_tokens", (int64_t)p->output_tokens);
    jsonw_int(w, "billed", (int64_t)p->billed);
    jsonw_int(w, "billed_nusd", (int64_t)(p->billed_pico / 1000));
    for (int v = 0; v < VERDICTS; v++)
        jsonw_int(w, names[v], (int64_t)p->verdict[v]);
    jsonw_end(w);
}

void stats_json(struct stats *s, struct buf *out)
{
    char number[16];
    struct jsonw w = JSONW_INIT(out);
    pthread_mutex_lock(&s->lock);
    uint64_t billed = 0, pico = 0;
    for (size_t i = 0; i < s->models->n; i++) {
        billed += s->model[i].billed;
        pico += s->model[i].billed_pico;
    }
    jsonw_obj(&w, NULL);
    jsonw_int(&w, "requests", (int64_t)s->requests);
    jsonw_int(&w, "billed", (int64_t)billed);
    jsonw_int(&w, "billed_nusd", (int64_t)(pico / 1000));
    jsonw_int(&w, "completed", (int64_t)s->completed);
    jsonw_int(&w, "in_flight", s->flying);
    jsonw_int(&w, "in_flight_max", s->flying_max);
    jsonw_obj(&w, "status");
    for (int i = 0; i < STATUS_MAX; i++)
        if (s->status[i]) {
            snprintf(number, sizeof number, "%d", i);
            jsonw_int(&w, number, (int64_t)s->status[i]);
        }
    jsonw_end(&w);
    jsonw_obj(&w, "injected");
    for (int f = 1; f < FAULT_COUNT; f++)
        jsonw_int(&w, fault_name((enum fault)f), (int64_t)s->fault[f]);
    jsonw_end(&w);
    jsonw_obj(&w, "models");
    for (size_t i = 0; i < s->models->n; i++)
        model_json(&w, s->models->v[i].name, &s->model[i]);
    jsonw_end(&w);
    jsonw_end(&w);
    pthread_mutex_unlock(&s->lock);
}
