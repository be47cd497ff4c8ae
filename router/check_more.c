/* Checking a table, third part: the sections that a table may do without (calibration, range,
 * rules, substitutes, dense weights, recorded answers, metadata). */
#include <math.h>
#include <string.h>

#include "router/internal.h"

static int damaged(struct fault *f, const char *section)
{
    return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: section '%s'", section);
}

static int check_curves(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    uint64_t head = t->stride * sizeof *t->curve;
    if (p->bytes < head || (p->bytes - head) % sizeof *t->knot)
        return damaged(f, "calib");
    uint64_t knots = (p->bytes - head) / sizeof *t->knot;
    t->curve = (const void *)p->base;
    t->knot = (const void *)(p->base + head); /* head is a multiple of 64 */
    for (uint32_t j = 0; j < t->stride; j++) {
        const struct shunt_curve *c = &t->curve[j];
        if (c->count > SHUNT_KNOTS_MAX || c->kind > SHUNT_CURVE_LINEAR || c->first > knots ||
            c->count > knots - c->first)
            return damaged(f, "calib");
        const struct shunt_knot *k = t->knot + c->first;
        for (unsigned i = 0; i < c->count; i++) {
            if (!(k[i].x >= 0 && k[i].x <= 1 && k[i].y >= 0 && k[i].y <= 1))
                return damaged(f, "calib");
            if (i > 0 && (k[i].x <= k[i - 1].x || k[i].y < k[i - 1].y))
                return damaged(f, "calib");
        }
    }
    return SHUNT_OK;
}

static int check_range(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    t->range = (const void *)p->base;
    if (p->bytes != sizeof *t->range)
        return damaged(f, "range");
    for (unsigned i = 0; i < SHUNT_FEATURES; i++)
        if (t->range->low[i] > t->range->high[i])
            return damaged(f, "range");
    return SHUNT_OK;
}

static int check_keywords(struct shunt_table *t, const struct part *p, uint64_t *count,
                          struct fault *f)
{
    if (p->bytes % sizeof *t->keyword)
        return damaged(f, "keywords");
    *count = p->bytes / sizeof *t->keyword;
    t->keyword = (const void *)p->base;
    for (uint64_t i = 0; i < *count; i++) {
        const struct shunt_keyword *k = &t->keyword[i];
        if (k->text >= t->strings_bytes || k->bytes == 0 || k->bytes > SHUNT_NAME_MAX ||
            k->flags > (SHUNT_KEYWORD_WORD | SHUNT_KEYWORD_FOLD) || k->zero ||
            strnlen(t->strings + k->text, SHUNT_NAME_MAX + 1) != k->bytes)
            return damaged(f, "keywords");
    }
    return SHUNT_OK;
}

static int check_rules(struct shunt_table *t, const struct part *part, struct fault *f)
{
    uint32_t rules = t->shape->rules;
    const struct part *p = &part[SHUNT_S_RULES];
    if (p->bytes != rules * sizeof *t->rule)
        return damaged(f, "rules");
    uint64_t keywords = 0;
    int status = check_keywords(t, &part[SHUNT_S_KEYWORDS], &keywords, f);
    if (status)
        return status;
    t->keywords = (uint32_t)(keywords < UINT32_MAX ? keywords : UINT32_MAX);
    t->rule = (const void *)p->base;
    for (uint32_t i = 0; i < rules; i++) {
        const struct shunt_rule *r = &t->rule[i];
        uint32_t targets = r->action == SHUNT_RULE_RAISE ? t->shape->tiers : t->shape->models;
        if (r->action > SHUNT_RULE_RAISE || r->target >= targets || r->zero || r->zero2[0] ||
            r->zero2[1] || r->min_bytes > r->max_bytes || r->first_keyword > keywords ||
            r->keyword_count > keywords - r->first_keyword)
            return damaged(f, "rules");
        status = shunt_check_name(t, r->name, "rule", f);
        if (status == SHUNT_OK && r->task != SHUNT_NONE)
            status = shunt_check_name(t, r->task, "rule's task", f);
        if (status == SHUNT_OK && r->user_class != SHUNT_NONE)
            status = shunt_check_name(t, r->user_class, "rule's user class", f);
        if (status)
            return status;
    }
    return SHUNT_OK;
}

static int check_fallback(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    uint32_t models = t->shape->models;
    if (p->bytes % sizeof(uint32_t) || p->bytes / sizeof(uint32_t) < models + 1)
        return damaged(f, "fallback");
    const uint32_t *first = (const void *)p->base;
    uint64_t items = p->bytes / sizeof(uint32_t) - (models + 1);
    if (first[0] != 0 || first[models] != items)
        return damaged(f, "fallback");
    for (uint32_t m = 0; m < models; m++)
        if (first[m] > first[m + 1])
            return damaged(f, "fallback");
    for (uint32_t m = 0; m < models; m++)
        for (uint32_t i = first[m]; i < first[m + 1]; i++)
            if (first[models + 1 + i] >= models || first[models + 1 + i] == m)
                return damaged(f, "fallback");
    t->fallback = first;
    return SHUNT_OK;
}

static int check_dense(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    const struct shunt_dense *d = (const void *)p->base;
    if (p->bytes < sizeof *d || d->dims == 0 || d->dims > SHUNT_DIMS_MAX)
        return damaged(f, "dense");
    uint64_t numbers = (uint64_t)t->heads * d->dims;
    if (p->bytes - sizeof *d != numbers * sizeof(float))
        return damaged(f, "dense");
    for (int i = 0; i < 14; i++)
        if (d->zero[i])
            return damaged(f, "dense");
    const float *w = (const void *)(p->base + sizeof *d);
    for (uint64_t i = 0; i < numbers; i++)
        if (!isfinite(w[i]))
            return damaged(f, "dense");
    t->dense = d;
    t->dense_weight = w;
    return shunt_check_name(t, d->encoder, "dense encoder", f);
}

static int check_selftest(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    uint32_t head[2];
    if (p->bytes < sizeof head)
        return damaged(f, "selftest");
    memcpy(head, p->base, sizeof head);
    uint32_t n = head[0];
    uint32_t dims = t->dense ? t->dense->dims : 0;
    if (n == 0 || n > SHUNT_SELFTESTS_MAX || head[1])
        return damaged(f, "selftest");

    uint64_t quality = sizeof head + n * sizeof *t->vector;
    uint64_t floats = quality + (uint64_t)n * t->shape->models * sizeof(double);
    uint64_t texts = floats + (uint64_t)n * dims * sizeof(float);
    if (texts > p->bytes)
        return damaged(f, "selftest");
    t->vector = (const void *)(p->base + sizeof head);
    t->selftest_quality = (const void *)(p->base + quality);
    t->selftest_dense = dims ? (const void *)(p->base + floats) : NULL;
    t->selftest_base = (const char *)p->base;
    for (uint32_t i = 0; i < n; i++) {
        const struct shunt_vector *v = &t->vector[i];
        if (v->text < texts || v->text > p->bytes || v->bytes > p->bytes - v->text ||
            v->bytes > SHUNT_TEXT_MAX || v->model >= t->shape->models || v->zero[0] || v->zero[1] ||
            (v->task != SHUNT_NONE && v->task >= t->shape->tasks) ||
            (v->point != SHUNT_NONE && v->point >= t->shape->points))
            return damaged(f, "selftest");
    }
    for (uint64_t i = 0; i < (uint64_t)n * t->shape->models; i++)
        if (!(t->selftest_quality[i] >= 0 && t->selftest_quality[i] <= 1))
            return damaged(f, "selftest");
    for (uint64_t i = 0; i < (uint64_t)n * dims; i++)
        if (!isfinite(t->selftest_dense[i]))
            return damaged(f, "selftest");
    t->selftests = n;
    return SHUNT_OK;
}

static int is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static int check_meta(struct shunt_table *t, const struct part *p, struct fault *f)
{
    const char *s = (const char *)p->base;
    if (p->bytes > 0 && s[p->bytes - 1] != '\n')
        return damaged(f, "meta");
    for (uint64_t i = 0; i < p->bytes;) {
        uint64_t key = i;
        while (is_key_char(s[i]))
            i++; /* ends at the line feed at the latest */
        if (i == key || i - key > SHUNT_KEY_MAX || s[i] != '=')
            return damaged(f, "meta");
        uint64_t value = i + 1;
        while (s[i] != '\n')
            i++;
        if (!shunt_clean_text(s + value, (size_t)(i - value)))
            return damaged(f, "meta");
        i++;
    }
    t->meta = s ? s : "";
    t->meta_bytes = p->bytes;
    return SHUNT_OK;
}

int shunt_check_more(struct shunt_table *t, const struct part *part, struct fault *f)
{
    int status = check_curves(t, &part[SHUNT_S_CALIB], f);
    if (status == SHUNT_OK)
        status = check_range(t, &part[SHUNT_S_RANGE], f);
    if (status == SHUNT_OK)
        status = check_rules(t, part, f);
    if (status == SHUNT_OK)
        status = check_fallback(t, &part[SHUNT_S_FALLBACK], f);
    if (status == SHUNT_OK)
        status = check_dense(t, &part[SHUNT_S_DENSE], f);
    if (status == SHUNT_OK)
        status = check_selftest(t, &part[SHUNT_S_SELFTEST], f);
    if (status == SHUNT_OK)
        status = check_meta(t, &part[SHUNT_S_META], f);
    return status;
}
