/* Compile, part one: reads router and points, has the spec put together, writes the table, and
 * measures what rounding to its integers did.
 */
#include "train/compile_private.h"

#include "core/mem.h"
#include "store/matrix.h"
#include "store/prompt.h"
#include "train/solver.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPARED = 2000 }; /* prompts of the store that the table is compared on */

const char *draft_keep(struct draft *d, char *text)
{
    VEC_PUSH(&d->strings, text);
    return text;
}

int draft_model(const struct draft *d, const char *name)
{
    for (size_t k = 0; k < d->params.models; k++)
        if (strcmp(d->params.model[k], name) == 0)
            return (int)k;
    return -1;
}

/* curve [heads] is filled with what points into x. */
static struct table_heads heads_of(const struct params_set *x, size_t heads,
                                   struct table_curve *curve)
{
    for (size_t h = 0; h < heads; h++)
        curve[h] = (struct table_curve){
            .linear = 1, .count = x->curve[h].count, .x = x->curve[h].x, .y = x->curve[h].y};
    return (struct table_heads){
        .weight = x->weight,
        .surface = x->surface,
        .taskw = x->task,
        .bias = x->bias,
        .curve = curve,
    };
}

/* Does a request bring a vector? Word vectors are in the table itself. */
static bool takes_vectors(const struct draft *d)
{
    return d->params.dims > 0 && d->spec.words == NULL;
}

void draft_heads(struct draft *d)
{
    const struct params *p = &d->params;
    d->curve = mem_array(p->heads * p->sets, sizeof *d->curve);
    d->spec.bits = (unsigned)p->bits;
    d->spec.task = (const char *const *)p->task;
    d->spec.tasks = p->tasks;
    d->spec.label = (const char *const *)p->label;
    d->spec.labels = p->labels;
    d->spec.bucket_id = p->bucket;
    d->spec.kept = p->kept;
    /* Without a range no head looks at features, or the training is an older one. A table with
     * plans has one all the same: readers older than both then say that they are too old. */
    if (p->low[0] > INT32_MIN || d->spec.plan.max_calls > 0) {
        d->spec.low = p->low;
        d->spec.high = p->high;
    }
    d->spec.heads = heads_of(&p->set[0], p->heads, d->curve);
    if (takes_vectors(d)) {
        d->spec.encoder = p->encoder;
        d->spec.dims = p->dims;
        d->spec.dense = p->dense;
    }
    if (p->sets == 2 && d->spec.words == NULL) {
        d->fallback = heads_of(&p->set[1], p->heads, d->curve + p->heads);
        d->spec.fallback = &d->fallback;
    }
}

/* Texts written for this purpose: every kind of token and length once, and nobody's request. */
static const char *const sample_text[] = {
    "",
    "hello",
    "Where is my parcel?",
    "What is 17 * 24 + 3?",
    "List three prime numbers between 20 and 40, separated by commas.",
    "Translate 'good morning' into French, German and Japanese.",
    "for (i = 0; i < n; i++) { sum += a[i]; }  // what does this print for n = 3?",
    "```sql\nSELECT name, SUM(amount) FROM invoices GROUP BY name;\n```\nWhy is this slow?",
    "Caf\xc3\xa9, na\xc3\xafve, \xc3\x9c"
    "ber: how many words have an accent?",
    "\xe4\xbb\x8a\xe5\xa4\xa9\xe5\xa4\xa9\xe6\xb0\x94\xe6\x80\x8e\xe4\xb9\x88\xe6\xa0\xb7\xef\xbc"
    "\x9f",
    "I was charged twice on 2026-03-07: $49.90 and $49.90. Please refund one of them.",
    "Summarise the attached contract in two sentences (a) for a lawyer and (b) for a child.",
    "A train leaves at 9:40 and arrives at 13:05. How long is the journey? Answer in minutes.",
    "Which of these is a mammal?\nA: trout\nB: bat\nC: gecko\nD: wasp\nAnswer with one letter.",
    "If all bloops are razzies and no razzies are lazzies, can a bloop be a lazzie? Explain step "
    "by step.",
    "the the the the the the the the the the the the the the the the the the the the the the",
};

void draft_samples(struct draft *d)
{
    enum { N = sizeof sample_text / sizeof *sample_text };
    const struct params *p = &d->params;
    d->sample = mem_array(N, sizeof *d->sample);
    d->vector = mem_array(N * p->dims, sizeof *d->vector);
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < p->dims; k++) /* any fixed vector of about unit length will do */
            d->vector[i * p->dims + k] =
                (float)(sin((double)(i * p->dims + k)) / sqrt((double)p->dims));
        d->sample[i] = (struct table_sample){
            .text = sample_text[i],
            .bytes = strlen(sample_text[i]),
            .task = p->tasks > 0 && i % 4 != 3 ? p->task[i % p->tasks] : NULL,
            .point = d->points > 0 ? d->point[i % d->points].name : NULL,
            .vector = takes_vectors(d) ? d->vector + i * p->dims : NULL,
        };
    }
    d->spec.sample = d->sample;
    d->spec.samples = N;
}

__attribute__((format(printf, 3, 4))) static void add_meta(struct draft *d, char *key,
                                                           const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    const struct table_pair pair = {draft_keep(d, key), draft_keep(d, mem_strdup(text))};
    VEC_PUSH(&d->meta, pair);
}

void draft_meta(struct draft *d)
{
    const struct router *r = &d->router;
    add_meta(d, mem_strdup("written_by"), "shunt %s", SHUNT_VERSION);
    add_meta(d, mem_strdup("liblinear"), "%s", solver_version());
    add_meta(d, mem_strdup("router"), "%s", r->name);
    add_meta(d, mem_strdup("data_hash"), "%s", r->data_hash);
    add_meta(d, mem_strdup("seed"), "%" PRId64, r->seed);
    add_meta(d, mem_strdup("encoder"), "%s", r->encoder);
    add_meta(d, mem_strdup("mode"), "%s", r->mode);
    add_meta(d, mem_strdup("folds"), "%" PRId64, r->folds);
    add_meta(d, mem_strdup("figures"), "expected figures belong to the procedure: %s",
             strcmp(r->mode, "split") == 0
                 ? "measured on test with heads of train; these heads also saw validation"
                 : "measured by cross-fitting; these heads saw every prompt");
    for (size_t k = 0; k < d->spec.models; k++) {
        const struct table_model *m = &d->model[k];
        if (m->has_price)
            add_meta(d, mem_printf("price.%zu", k),
                     "%s input %" PRId64 " output %" PRId64 " request %" PRId64 " pico-dollars",
                     m->name, m->input_pusd, m->output_pusd, m->request_pusd);
        else
            add_meta(d, mem_printf("price.%zu", k), "%s none, cost is the mean reported one",
                     m->name);
    }
    for (size_t i = 0; i < d->points; i++) {
        const struct point *x = &d->point[i];
        add_meta(d, mem_printf("point.%zu", i),
                 "%s quality %.4f [%.4f, %.4f] usd_per_1k %.6f [%.6f, %.6f]", x->name,
                 x->quality.value, x->quality.lo, x->quality.hi, x->cost_usd_per_1k.value,
                 x->cost_usd_per_1k.lo, x->cost_usd_per_1k.hi);
    }
    d->spec.meta = d->meta.v;
    d->spec.metas = d->meta.n;
}

static void draft_deinit(struct draft *d)
{
    router_deinit(&d->router);
    params_deinit(&d->params);
    point_free(d->point, d->points);
    free(d->curve);
    free(d->model);
    free(d->cost);
    free(d->out_point);
    free(d->guard);
    free(d->rule);
    free(d->substitutes);
    free(d->substitute);
    free(d->posterior);
    free(d->value);
    for (size_t i = 0; i < d->numbers.n; i++)
        free(d->numbers.v[i]);
    VEC_FREE(&d->numbers);
    free(d->drift);
    free(d->word_hash);
    VEC_FREE(&d->ensemble);
    VEC_FREE(&d->stage);
    matrix_free(d->matrix);
    free(d->sample);
    free(d->vector);
    free(d->tier);
    str_vec_free(&d->strings);
    VEC_FREE(&d->meta);
}

/* What the written table answers for prompts of the store, against the spec in doubles. A table
 * that wants a vector is compared on the recorded texts, which have one. */
static int compare(struct draft *d, const char *path, struct table_report *out, struct err *e)
{
    AUTO_FREE char *bytes = NULL;
    size_t len;
    const struct matrix *m = d->matrix;
    int rc = fs_read_all(path, (size_t)1 << 32, &bytes, &len, e);
    if (rc != ERR_OK || takes_vectors(d))
        return rc != ERR_OK ? rc : table_compare(&d->spec, bytes, len, out, e);
    size_t n = m->prompts < COMPARED ? m->prompts : COMPARED;
    AUTO_FREE struct table_sample *sample = mem_array(n, sizeof *sample);
    for (size_t i = 0; i < n; i++) {
        const struct matrix_prompt *p = &m->prompt[i * m->prompts / n]; /* evenly spread */
        const char *text = p->text != NULL ? p->text : "";
        sample[i] = (struct table_sample){.text = text, .bytes = strlen(text), .task = p->task};
    }
    struct table_spec spec = d->spec;
    spec.sample = sample;
    spec.samples = n;
    return table_compare(&spec, bytes, len, out, e);
}

static int read_router(struct draft *d, const struct compile_options *o, struct compile_result *out,
                       struct err *e)
{
    char hash[65];
    int rc = router_get(d->store, o->router, &d->router, e);
    if (rc == ERR_OK)
        rc = params_read(d->router.params, d->router.params_len, &d->params, e);
    if (rc == ERR_OK)
        rc = point_load(d->store, d->router.id, &d->point, &d->points, e);
    if (rc == ERR_OK && d->points == 0)
        rc = err_set(e, ERR_USAGE, "router '%s' has no operating point; run 'shunt eval' first",
                     d->router.name);
    if (rc == ERR_OK)
        rc = store_data_hash(d->store, hash, e);
    if (rc == ERR_OK)
        out->stale = d->router.data_hash == NULL || strcmp(hash, d->router.data_hash) != 0;
    if (rc == ERR_OK)
        rc = matrix_load(
            d->store,
            &(struct matrix_options){.scored_only = true,
                                     .no_text = d->params.dims > 0 && o->vectors == NULL},
            &d->matrix, e);
    return rc;
}

int compile_store(struct store *s, const struct compile_options *o, struct compile_result *out,
                  struct err *e)
{
    struct draft d = {.store = s, .config = o->config};
    *out = (struct compile_result){0};
    int rc = read_router(&d, o, out, e);
    if (rc == ERR_OK)
        rc = draft_models(&d, e);
    if (rc == ERR_OK)
        rc = draft_points(&d, e);
    if (rc == ERR_OK)
        rc = draft_rules(&d, e);
    if (rc == ERR_OK)
        rc = draft_plans(&d, e);
    if (rc == ERR_OK)
        rc = draft_drift(&d, e);
    if (rc == ERR_OK)
        rc = draft_stages(&d, e);
    if (rc == ERR_OK)
        rc = draft_words(&d, o->vectors, e);
    if (rc == ERR_OK) {
        draft_heads(&d);
        draft_samples(&d);
        draft_meta(&d);
        rc = table_write(&d.spec, o->path, e);
    }
    if (rc == ERR_OK)
        rc = compare(&d, o->path, &out->report, e);
    if (rc == ERR_OK) {
        snprintf(out->router, sizeof out->router, "%s", d.router.name);
        out->models = d.spec.models;
        out->tiers = d.spec.tiers;
        out->tasks = d.spec.tasks;
        out->points = d.spec.points;
        out->rules = d.spec.rules;
        out->kept = d.spec.kept;
        out->words = d.words.n;
        for (size_t k = 0; k < d.spec.models; k++)
            out->priced += d.model[k].has_price != 0;
    }
    draft_deinit(&d);
    return rc;
}
