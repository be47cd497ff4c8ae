/* The table writer: every section but the weights (table_weights.c). Names, prices, costs,
 * operating points, rules, recorded texts, metadata; router/FORMAT.md, 3.2 and 3.6 to 3.12. */
#include "train/table_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "router/shunt.h"

uint32_t table_add_string(struct table_draft *d, const char *s)
{
    if (!s)
        return SHUNT_NONE;
    struct buf *b = &d->part[SHUNT_S_STRINGS];
    uint32_t at = (uint32_t)b->len;
    buf_add(b, s, strlen(s) + 1);
    return at;
}

/* A name that the reader will accept. */
static int check_name(const char *name, const char *what, size_t i, struct err *e)
{
    size_t n = name ? strlen(name) : 0;
    if (n == 0 || n > SHUNT_NAME_MAX)
        return err_set(e, ERR_USAGE, "the name of %s %zu has %zu bytes: 1 to 255 are possible",
                       what, i + 1, n);
    bool clean = utf8_check(name, n) == n;
    for (size_t k = 0; k < n; k++)
        clean = clean && (unsigned char)name[k] >= 0x20 && name[k] != 0x7F;
    if (!clean)
        return err_set(e, ERR_USAGE, "the name of %s %zu is not UTF-8 without control characters",
                       what, i + 1);
    return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names must be usable and distinct. */
static int check_names(const char *const *name, size_t n, const char *what, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        int rc = check_name(name[i], what, i, e);
        if (rc)
            return rc;
    }
    AUTO_FREE const char **sorted = mem_array(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = name[i];
    qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            return err_set(e, ERR_USAGE, "two %ss are named '%s'", what, sorted[i]);
    return ERR_OK;
}

static void add_name(struct table_draft *d, enum shunt_section_id id, const char *name)
{
    uint32_t at = table_add_string(d, name);
    buf_add(&d->part[id], &at, sizeof at);
}

struct named {
    const char *name;
    size_t at;
};

static int sort_tasks(struct table_draft *d, struct err *e)
{
    size_t n = d->spec->tasks;
    int rc = check_names(d->spec->task, n, "task", e);
    if (rc)
        return rc;
    AUTO_FREE struct named *list = mem_array(n, sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct named){d->spec->task[i], i};
    qsort(list, n, sizeof *list, by_name);
    d->task_order = mem_array(n, sizeof *d->task_order);
    for (size_t i = 0; i < n; i++) {
        d->task_order[i] = list[i].at;
        add_name(d, SHUNT_S_TASKS, list[i].name);
    }
    return ERR_OK;
}

int table_fill_names(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    AUTO_FREE const char **name = mem_array(s->models, sizeof *name);
    for (size_t m = 0; m < s->models; m++)
        name[m] = s->model[m].name;
    int rc = check_names(name, s->models, "model", e);
    if (rc == ERR_OK)
        rc = check_names(s->tier, s->tiers, "tier", e);
    if (rc == ERR_OK)
        rc = check_names(s->label, s->labels, "complexity label", e);
    if (rc)
        return rc;

    for (size_t m = 0; m < s->models; m++) {
        const struct table_model *x = &s->model[m];
        if (x->tier < 0 || (size_t)x->tier >= s->tiers)
            return err_set(e, ERR_USAGE, "model '%s' is in tier %d, which does not exist", x->name,
                           x->tier);
        struct shunt_model out = {
            .name = table_add_string(d, x->name),
            .tier = (uint32_t)x->tier,
        };
        if (x->has_price) {
            if (x->input_pusd < 0 || x->output_pusd < 0 || x->request_pusd < 0 ||
                x->input_pusd > SHUNT_PRICE_MAX || x->output_pusd > SHUNT_PRICE_MAX ||
                x->request_pusd > SHUNT_PRICE_MAX)
                return err_set(e, ERR_USAGE, "a price of model '%s' is not within 0..1000 USD",
                               x->name);
            out.flags = SHUNT_MODEL_PRICED;
            out.input_pusd = x->input_pusd;
            out.output_pusd = x->output_pusd;
            out.request_pusd = x->request_pusd;
        }
        buf_add(&d->part[SHUNT_S_MODELS], &out, sizeof out);
    }
    for (size_t i = 0; i < s->tiers; i++)
        add_name(d, SHUNT_S_TIERS, s->tier[i]);
    for (size_t i = 0; i < s->labels; i++)
        add_name(d, SHUNT_S_LABELS, s->label[i]);
    return sort_tasks(d, e);
}

int table_fill_costs(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    for (size_t i = 0; i <= s->tasks; i++) {
        size_t task = i < s->tasks ? d->task_order[i] : i;
        for (size_t m = 0; m < s->models; m++) {
            const struct table_cost *c = &s->cost[task * s->models + m];
            struct shunt_cost out = {
                .tokens_per_byte = c->tokens_per_byte,
                .output_tokens = c->output_tokens,
                .latency_ms = c->latency_ms < 0 ? -1.0 : c->latency_ms,
                .mean_nusd = c->mean_nusd < 0 ? -1 : c->mean_nusd,
            };
            if (!(c->tokens_per_byte >= 0 && c->tokens_per_byte <= 16) ||
                !(c->output_tokens >= 0 && c->output_tokens <= 1e9) || !(c->latency_ms <= 1e12) ||
                c->mean_nusd > SHUNT_COST_MAX)
                return err_set(e, ERR_USAGE,
                               "expected tokens, latency or cost of model '%s' for task '%s' is "
                               "out of range",
                               s->model[m].name, task < s->tasks ? s->task[task] : "(any)");
            buf_add(&d->part[SHUNT_S_COST], &out, sizeof out);
        }
    }
    return ERR_OK;
}

/* Unknown figures are written as -1. */
static void copy_figures(double *to, const double *from)
{
    for (int k = 0; k < 3; k++)
        to[k] = from[k] >= 0 ? from[k] : -1.0;
}

static bool is_model(const struct table_spec *s, int m)
{
    return m >= 0 && (size_t)m < s->models;
}

static int fill_point(struct table_draft *d, const struct table_point *p, struct err *e)
{
    const struct table_spec *s = d->spec;
    if (p->guard && !is_model(s, p->default_model))
        return err_set(e, ERR_USAGE, "point '%s' is guarded and has no default model", p->name);
    if (p->plan && (p->share || !p->guard))
        return err_set(e, ERR_USAGE, "point '%s' of plans needs a lambda and a guard", p->name);
    if (p->share && (!is_model(s, p->weak) || !is_model(s, p->strong) || p->weak == p->strong))
        return err_set(e, ERR_USAGE, "share point '%s' needs two different models", p->name);
    if (!(p->lambda_per_usd >= 0 && p->lambda_per_usd <= SHUNT_LAMBDA_MAX && p->mu_per_s >= 0 &&
          p->mu_per_s <= SHUNT_LAMBDA_MAX && p->target >= 0 && p->target <= 1) ||
        !isfinite(p->threshold) || !isfinite(p->edge[0]) || !isfinite(p->edge[1]))
        return err_set(e, ERR_USAGE, "a number of point '%s' is out of range", p->name);

    struct shunt_point out = {
        .name = table_add_string(d, p->name),
        .kind = p->share  ? SHUNT_POINT_SHARE
                : p->plan ? SHUNT_POINT_PLAN
                          : SHUNT_POINT_LAMBDA,
        .default_model = is_model(s, p->default_model) ? (uint32_t)p->default_model : SHUNT_NONE,
        .weak = p->share ? (uint32_t)p->weak : 0,
        .strong = p->share ? (uint32_t)p->strong : 0,
        .flags = p->guard ? SHUNT_POINT_GUARDED : 0,
        .lambda_per_usd = p->lambda_per_usd,
        .mu_per_s = p->mu_per_s,
        .threshold = p->share ? p->threshold : 0.0,
        .target = p->target,
        .edge = {p->edge[0], p->edge[1]},
    };
    copy_figures(out.quality, p->quality);
    copy_figures(out.cost_nusd, p->cost_nusd);
    copy_figures(out.latency_ms, p->latency_ms);
    buf_add(&d->part[SHUNT_S_POINTS], &out, sizeof out);
    for (size_t i = 0; i <= s->tasks; i++) {
        size_t task = i < s->tasks ? d->task_order[i] : i;
        buf_addc(&d->part[SHUNT_S_GUARD], (char)(p->guard ? p->guard[task] & 7 : 0));
    }
    return ERR_OK;
}

int table_fill_points(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    AUTO_FREE const char **name = mem_array(s->points, sizeof *name);
    for (size_t i = 0; i < s->points; i++)
        name[i] = s->point[i].name;
    int rc = check_names(name, s->points, "operating point", e);
    for (size_t i = 0; i < s->points && rc == ERR_OK; i++)
        rc = fill_point(d, &s->point[i], e);
    return rc;
}

static int fill_rule(struct table_draft *d, size_t i, uint32_t *keywords, struct err *e)
{
    const struct table_spec *s = d->spec;
    const struct table_rule *r = &s->rule[i];
    size_t targets = r->action == TABLE_RAISE ? s->tiers : s->models;
    int rc = check_name(r->name, "rule", i, e);
    if (rc == ERR_OK && r->task)
        rc = check_name(r->task, "the task of rule", i, e);
    if (rc == ERR_OK && r->user_class)
        rc = check_name(r->user_class, "the user class of rule", i, e);
    if (rc)
        return rc;
    if (r->target < 0 || (size_t)r->target >= targets)
        return err_set(e, ERR_USAGE, "rule '%s' names a %s that the table does not have", r->name,
                       r->action == TABLE_RAISE ? "tier" : "model");
    if (r->max_bytes && r->min_bytes > r->max_bytes)
        return err_set(e, ERR_USAGE, "rule '%s' has a minimum length above its maximum", r->name);

    struct shunt_rule out = {
        .name = table_add_string(d, r->name),
        .action = (uint32_t)r->action,
        .target = (uint32_t)r->target,
        .task = table_add_string(d, r->task),
        .user_class = table_add_string(d, r->user_class),
        .first_keyword = *keywords,
        .keyword_count = (uint32_t)r->keywords,
        .min_bytes = r->min_bytes,
        .max_bytes = r->max_bytes ? r->max_bytes : UINT64_MAX,
    };
    buf_add(&d->part[SHUNT_S_RULES], &out, sizeof out);
    for (size_t k = 0; k < r->keywords; k++) {
        size_t n = strlen(r->keyword[k]);
        if (n == 0 || n > SHUNT_NAME_MAX)
            return err_set(e, ERR_USAGE, "keyword %zu of rule '%s' has %zu bytes: 1 to 255", k + 1,
                           r->name, n);
        struct shunt_keyword word = {
            .text = table_add_string(d, r->keyword[k]),
            .bytes = (uint32_t)n,
            .flags = (r->inside_words ? 0u : (uint32_t)SHUNT_KEYWORD_WORD) |
                     (r->match_case ? 0u : (uint32_t)SHUNT_KEYWORD_FOLD),
        };
        buf_add(&d->part[SHUNT_S_KEYWORDS], &word, sizeof word);
        ++*keywords;
    }
    return ERR_OK;
}

static int fill_fallback(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    if (!s->substitutes)
        return ERR_OK;
    uint32_t at = 0;
    buf_add(&d->part[SHUNT_S_FALLBACK], &at, sizeof at);
    for (size_t m = 0; m < s->models; m++) {
        at += (uint32_t)s->substitutes[m].count;
        buf_add(&d->part[SHUNT_S_FALLBACK], &at, sizeof at);
    }
    for (size_t m = 0; m < s->models; m++)
        for (size_t i = 0; i < s->substitutes[m].count; i++) {
            int other = s->substitutes[m].model[i];
            if (!is_model(s, other) || (size_t)other == m)
                return err_set(e, ERR_USAGE, "substitute %zu of model '%s' is impossible", i + 1,
                               s->model[m].name);
            uint32_t v = (uint32_t)other;
            buf_add(&d->part[SHUNT_S_FALLBACK], &v, sizeof v);
        }
    return ERR_OK;
}

int table_fill_rules(struct table_draft *d, struct err *e)
{
    uint32_t keywords = 0;
    for (size_t i = 0; i < d->spec->rules; i++) {
        int rc = fill_rule(d, i, &keywords, e);
        if (rc)
            return rc;
    }
    return fill_fallback(d, e);
}

/* The place of a name in the sorted list of tasks, or of points; SHUNT_NONE when NULL. */
static int find(const char *name, const char *what, const struct table_draft *d, uint32_t *out,
                struct err *e)
{
    const struct table_spec *s = d->spec;
    bool task = what[0] == 't';
    *out = SHUNT_NONE;
    if (!name)
        return ERR_OK;
    for (size_t i = 0; i < (task ? s->tasks : s->points); i++)
        if (strcmp(task ? s->task[d->task_order[i]] : s->point[i].name, name) == 0) {
            *out = (uint32_t)i;
            return ERR_OK;
        }
    return err_set(e, ERR_USAGE, "a recorded text names %s '%s', which the table lacks", what,
                   name);
}

int table_fill_samples(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    struct buf *to = &d->part[SHUNT_S_SELFTEST];
    uint32_t head[2] = {(uint32_t)s->samples, 0};
    size_t dims = s->encoder ? s->dims : 0;
    size_t texts = sizeof head + s->samples * (sizeof(struct shunt_vector) +
                                               s->models * sizeof(double) + dims * sizeof(float));
    if (s->samples == 0)
        return ERR_OK;
    buf_add(to, head, sizeof head);
    for (size_t i = 0; i < s->samples; i++) {
        const struct table_sample *x = &s->sample[i];
        struct shunt_vector v = {.text = texts, .bytes = (uint32_t)x->bytes};
        if (x->bytes > SHUNT_TEXT_MAX)
            return err_set(e, ERR_USAGE, "recorded text %zu is longer than 8 MiB", i + 1);
        if (dims && !x->vector)
            return err_set(e, ERR_USAGE, "recorded text %zu has no vector", i + 1);
        int rc = find(x->task, "task", d, &v.task, e);
        if (rc == ERR_OK)
            rc = find(x->point, "point", d, &v.point, e);
        if (rc)
            return rc;
        buf_add(to, &v, sizeof v);
        texts += x->bytes;
    }
    const double unknown = 0.0;
    for (size_t i = 0; i < s->samples * s->models; i++)
        buf_add(to, &unknown, sizeof unknown);
    for (size_t i = 0; i < s->samples && dims; i++)
        buf_add(to, s->sample[i].vector, dims * sizeof(float));
    for (size_t i = 0; i < s->samples; i++)
        buf_add(to, s->sample[i].text, s->sample[i].bytes);
    return ERR_OK;
}

int table_fill_range(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    struct shunt_range out;
    if (!s->low)
        return ERR_OK;
    for (unsigned i = 0; i < SHUNT_FEATURES; i++) {
        if (s->low[i] > s->high[i])
            return err_set(e, ERR_USAGE, "the range of feature '%s' is empty",
                           shunt_feature_name(i));
        out.low[i] = s->low[i];
        out.high[i] = s->high[i];
    }
    buf_add(&d->part[SHUNT_S_RANGE], &out, sizeof out);
    return ERR_OK;
}

int table_fill_meta(struct table_draft *d, struct err *e)
{
    for (size_t i = 0; i < d->spec->metas; i++) {
        const struct table_pair *p = &d->spec->meta[i];
        size_t n = strspn(p->key, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
        if (n == 0 || n > SHUNT_KEY_MAX || p->key[n])
            return err_set(e, ERR_USAGE, "metadata key '%s' is not of 1 to 63 of a-z 0-9 _ . -",
                           p->key);
        size_t bytes = strlen(p->value);
        bool clean = utf8_check(p->value, bytes) == bytes;
        for (size_t k = 0; k < bytes; k++)
            clean = clean && (unsigned char)p->value[k] >= 0x20 && p->value[k] != 0x7F;
        if (!clean)
            return err_set(e, ERR_USAGE, "metadata '%s' is not one line of UTF-8", p->key);
        for (size_t k = 0; k < i; k++)
            if (strcmp(d->spec->meta[k].key, p->key) == 0)
                return err_set(e, ERR_USAGE, "metadata key '%s' is given twice", p->key);
        buf_addf(&d->part[SHUNT_S_META], "%s=%s\n", p->key, p->value);
    }
    return ERR_OK;
}
