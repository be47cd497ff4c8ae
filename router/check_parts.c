/* Checking a table, second part: the sections that every decision reads (names, models, weights,
 * costs, points). The others are in check_more.c. */
#include <math.h>
#include <string.h>

#include "router/internal.h"

static int damaged(struct fault *f, const char *section)
{
    return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: section '%s'", section);
}

static int in_range(double x, double low, double high)
{
    return x >= low && x <= high; /* false for NaN */
}

/* Bytes of the well-formed UTF-8 sequence at s, of which left bytes are there; 0: none. */
static size_t sequence(const unsigned char *s, size_t left)
{
    unsigned c = s[0];
    unsigned more = c < 0x80 ? 0 : c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : 3;
    if ((c >= 0x80 && c < 0xC2) || c > 0xF4 || more >= left)
        return 0;
    for (unsigned k = 1; k <= more; k++)
        if ((s[k] & 0xC0) != 0x80)
            return 0;
    if ((c == 0xE0 && s[1] < 0xA0) || (c == 0xED && s[1] > 0x9F) || (c == 0xF0 && s[1] < 0x90) ||
        (c == 0xF4 && s[1] > 0x8F))
        return 0;
    return more + 1;
}

int shunt_is_utf8(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t step;
    for (size_t i = 0; i < n; i += step)
        if ((step = sequence(s + i, n - i)) == 0)
            return 0;
    return 1;
}

int shunt_clean_text(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return 0;
    return shunt_is_utf8(text, n);
}

int shunt_check_name(const struct shunt_table *t, uint32_t at, const char *what, struct fault *f)
{
    if (at >= t->strings_bytes)
        return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: name of a %s", what);
    size_t n = strnlen(t->strings + at, SHUNT_NAME_MAX + 1);
    if (n == 0 || n > SHUNT_NAME_MAX || !shunt_clean_text(t->strings + at, n))
        return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: name of a %s", what);
    return SHUNT_OK;
}

/* The i-th name in an array of records of width bytes that begin with it. */
static uint32_t name_at(const void *base, size_t width, uint32_t i)
{
    uint32_t at;
    memcpy(&at, (const unsigned char *)base + width * i, sizeof at);
    return at;
}

static int check_names(const struct shunt_table *t, const void *base, size_t width, uint32_t count,
                       const char *what, struct fault *f)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = name_at(base, width, i);
        int status = shunt_check_name(t, at, what, f);
        if (status)
            return status;
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(t->strings + at, t->strings + name_at(base, width, k)) == 0)
                return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: two %ss named '%s'", what,
                                   t->strings + at);
    }
    return SHUNT_OK;
}

/* The section must hold exactly count records of width bytes, and be absent when count is 0. */
static int take(const struct part *part, uint64_t count, size_t width, const void **out)
{
    if (part->bytes != count * width || (count > 0) != (part->base != NULL))
        return 0;
    *out = part->base;
    return 1;
}

static int check_models(struct shunt_table *t, const struct part *part, struct fault *f)
{
    const void *p;
    uint32_t models = t->shape->models;
    if (!take(&part[SHUNT_S_TIERS], t->shape->tiers, sizeof *t->tier, &p))
        return damaged(f, "tiers");
    t->tier = p;
    if (!take(&part[SHUNT_S_MODELS], models, sizeof *t->model, &p))
        return damaged(f, "models");
    t->model = p;
    for (uint32_t m = 0; m < models; m++) {
        const struct shunt_model *x = &t->model[m];
        int64_t max = x->flags & SHUNT_MODEL_PRICED ? SHUNT_PRICE_MAX : 0;
        if (x->tier >= t->shape->tiers || x->flags > SHUNT_MODEL_PRICED || x->zero || x->zero2 ||
            x->input_pusd < 0 || x->output_pusd < 0 || x->request_pusd < 0 || x->input_pusd > max ||
            x->output_pusd > max || x->request_pusd > max)
            return damaged(f, "models");
    }
    int status = check_names(t, t->tier, sizeof *t->tier, t->shape->tiers, "tier", f);
    if (status == SHUNT_OK)
        status = check_names(t, t->model, sizeof *t->model, models, "model", f);
    return status;
}

static int check_tasks(struct shunt_table *t, const struct part *part, struct fault *f)
{
    const void *p;
    if (!take(&part[SHUNT_S_TASKS], t->shape->tasks, sizeof *t->task, &p))
        return damaged(f, "tasks");
    t->task = p;
    for (uint32_t i = 0; i < t->shape->tasks; i++) {
        int status = shunt_check_name(t, t->task[i], "task", f);
        if (status)
            return status;
        if (i > 0 && strcmp(t->strings + t->task[i - 1], t->strings + t->task[i]) >= 0)
            return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: tasks are out of order");
    }
    if (!take(&part[SHUNT_S_LABELS], t->shape->labels, sizeof *t->label, &p))
        return damaged(f, "labels");
    t->label = p;
    return check_names(t, t->label, sizeof *t->label, t->shape->labels, "label", f);
}

static uint32_t count_bits(uint32_t x)
{
    uint32_t n = 0;
    for (; x; x &= x - 1)
        n++;
    return n;
}

static int check_weights(struct shunt_table *t, const struct part *part, struct fault *f)
{
    const struct shunt_shape *s = t->shape;
    const void *p;
    if (!take(&part[SHUNT_S_HEADS], t->stride, sizeof *t->head, &p))
        return damaged(f, "heads");
    t->head = p;
    for (uint32_t j = 0; j < t->stride; j++)
        if (!in_range(t->head[j].scale, 0, 1e6) || t->head[j].zero)
            return damaged(f, "heads");
    if (!take(&part[SHUNT_S_SURFACE], SHUNT_FEATURES * (uint64_t)t->stride, sizeof *t->surface, &p))
        return damaged(f, "surface");
    t->surface = p;
    if (!take(&part[SHUNT_S_TASKW], s->tasks * (uint64_t)t->stride, sizeof *t->taskw, &p))
        return damaged(f, "taskw");
    t->taskw = p;
    if (!take(&part[SHUNT_S_ROWS], s->kept * (uint64_t)t->stride, sizeof *t->rows, &p))
        return damaged(f, "rows");
    t->rows = p;
    unsigned bits = 0; /* moved up by 8192, a number of 14 bits has no higher ones */
    for (uint64_t i = 0; i < s->kept * (uint64_t)t->stride; i++)
        bits |= (unsigned)(t->rows[i] + SHUNT_WEIGHT_MAX + 1);
    if (bits > 2 * SHUNT_WEIGHT_MAX + 1)
        return damaged(f, "rows");

    uint64_t entries = (UINT64_C(1) << s->bits) / 32;
    if (!take(&part[SHUNT_S_INDEX], entries, sizeof *t->index, &p))
        return damaged(f, "index");
    t->index = p;
    uint32_t rank = 0;
    for (uint64_t i = 0; i < entries; i++) {
        if (t->index[i].rank != rank)
            return damaged(f, "index");
        rank += count_bits(t->index[i].bits);
    }
    return rank == s->kept ? SHUNT_OK : damaged(f, "index");
}

static int check_cost(struct shunt_table *t, const struct part *part, struct fault *f)
{
    const void *p;
    uint64_t count = (uint64_t)(t->shape->tasks + 1) * t->shape->models;
    if (!take(&part[SHUNT_S_COST], count, sizeof *t->cost, &p))
        return damaged(f, "cost");
    t->cost = p;
    for (uint64_t i = 0; i < count; i++) {
        const struct shunt_cost *c = &t->cost[i];
        if (!in_range(c->tokens_per_byte, 0, 16) || !in_range(c->output_tokens, 0, 1e9) ||
            !(in_range(c->latency_ms, 0, 1e12) || in_range(c->latency_ms, -1, -1)) ||
            c->mean_nusd < -1 || c->mean_nusd > SHUNT_COST_MAX)
            return damaged(f, "cost");
    }
    return SHUNT_OK;
}

static int check_point(const struct shunt_table *t, const struct shunt_point *x)
{
    uint32_t models = t->shape->models;
    int share = x->kind == SHUNT_POINT_SHARE;
    if (x->kind > SHUNT_POINT_PLAN || x->flags > SHUNT_POINT_GUARDED || x->zero[0] || x->zero[1])
        return 0;
    if (x->kind == SHUNT_POINT_PLAN && x->flags != SHUNT_POINT_GUARDED)
        return 0;
    if (x->default_model >= models && (x->default_model != SHUNT_NONE || x->flags))
        return 0;
    if (share ? x->weak >= models || x->strong >= models || x->weak == x->strong
              : x->weak != 0 || x->strong != 0)
        return 0;
    if (!in_range(x->lambda_per_usd, 0, SHUNT_LAMBDA_MAX) ||
        !in_range(x->mu_per_s, 0, SHUNT_LAMBDA_MAX) || !in_range(x->target, 0, 1) ||
        !isfinite(x->threshold) || !isfinite(x->edge[0]) || !isfinite(x->edge[1]) ||
        x->edge[0] > x->edge[1] || !in_range(x->zero2, 0, 0))
        return 0;
    for (int k = 0; k < 3; k++)
        if (!isfinite(x->quality[k]) || !isfinite(x->cost_nusd[k]) || !isfinite(x->latency_ms[k]))
            return 0;
    return 1;
}

static int check_points(struct shunt_table *t, const struct part *part, struct fault *f)
{
    const void *p;
    uint32_t points = t->shape->points;
    if (!take(&part[SHUNT_S_POINTS], points, sizeof *t->point, &p))
        return damaged(f, "points");
    t->point = p;
    t->plan_kind = SHUNT_POINT_LAMBDA;
    for (uint32_t i = 0; i < points; i++) {
        if (!check_point(t, &t->point[i]))
            return damaged(f, "points");
        if (t->point[i].kind == SHUNT_POINT_PLAN)
            t->plan_kind = SHUNT_POINT_PLAN;
    }

    uint64_t bytes = (uint64_t)points * (t->shape->tasks + 1);
    if (!take(&part[SHUNT_S_GUARD], bytes, 1, &p))
        return damaged(f, "guard");
    t->guard = p;
    for (uint64_t i = 0; i < bytes; i++)
        if (t->guard[i] > 7)
            return damaged(f, "guard");

    int status = check_names(t, t->point, sizeof *t->point, points, "point", f);
    if (status)
        return status;
    t->default_point = points > 0 ? 0 : -1;
    int wanted = 0; /* 2: balanced was seen, 1: best was */
    for (uint32_t i = 0; i < points; i++) {
        const char *name = t->strings + t->point[i].name;
        int rank = strcmp(name, "balanced") == 0 ? 2 : strcmp(name, "best") == 0 ? 1 : 0;
        if (rank > wanted) {
            wanted = rank;
            t->default_point = (int)i;
        }
    }
    return SHUNT_OK;
}

int shunt_check_parts(struct shunt_table *t, const struct part *part, struct fault *f)
{
    const struct part *s = &part[SHUNT_S_STRINGS];
    if (s->bytes == 0 || s->bytes >= SHUNT_NONE || s->base[s->bytes - 1] != 0)
        return damaged(f, "strings");
    t->strings = (const char *)s->base;
    t->strings_bytes = s->bytes;

    int status = check_models(t, part, f);
    if (status == SHUNT_OK)
        status = check_tasks(t, part, f);
    if (status == SHUNT_OK)
        status = check_weights(t, part, f);
    if (status == SHUNT_OK)
        status = check_cost(t, part, f);
    if (status == SHUNT_OK)
        status = check_points(t, part, f);
    return status;
}
