/* What a table says about itself: names, prices, points, metadata; and its own self-test. */
#include <string.h>

#include "router/internal.h"

static int in_range(int i, uint32_t count)
{
    return i >= 0 && (uint32_t)i < count;
}

int shunt_model_count(const struct shunt_table *t)
{
    return (int)t->shape->models;
}

const char *shunt_model_name(const struct shunt_table *t, int model)
{
    return in_range(model, t->shape->models) ? t->strings + t->model[model].name : NULL;
}

int shunt_model_index(const struct shunt_table *t, const char *name)
{
    for (uint32_t m = 0; name && m < t->shape->models; m++)
        if (strcmp(t->strings + t->model[m].name, name) == 0)
            return (int)m;
    return -1;
}

int shunt_model_tier(const struct shunt_table *t, int model)
{
    return in_range(model, t->shape->models) ? (int)t->model[model].tier : -1;
}

int shunt_get_price(const struct shunt_table *t, int model, struct shunt_price *out)
{
    if (!in_range(model, t->shape->models) || out->size < sizeof *out)
        return SHUNT_E_ARGUMENT;
    const struct shunt_model *m = &t->model[model];
    out->known = (m->flags & SHUNT_MODEL_PRICED) != 0;
    out->input_pusd = m->input_pusd;
    out->output_pusd = m->output_pusd;
    out->request_pusd = m->request_pusd;
    return SHUNT_OK;
}

int shunt_fallback(const struct shunt_table *t, int model, int rank)
{
    if (!t->fallback || !in_range(model, t->shape->models) || rank < 0)
        return -1;
    const uint32_t *first = t->fallback;
    const uint32_t *item = first + t->shape->models + 1;
    if ((uint32_t)rank >= first[model + 1] - first[model])
        return -1;
    return (int)item[first[model] + (uint32_t)rank];
}

int shunt_tier_count(const struct shunt_table *t)
{
    return (int)t->shape->tiers;
}

const char *shunt_tier_name(const struct shunt_table *t, int tier)
{
    return in_range(tier, t->shape->tiers) ? t->strings + t->tier[tier] : NULL;
}

int shunt_label_count(const struct shunt_table *t)
{
    return (int)t->shape->labels;
}

const char *shunt_label_name(const struct shunt_table *t, int label)
{
    return in_range(label, t->shape->labels) ? t->strings + t->label[label] : NULL;
}

int shunt_task_count(const struct shunt_table *t)
{
    return (int)t->shape->tasks;
}

const char *shunt_task_name(const struct shunt_table *t, int task)
{
    return in_range(task, t->shape->tasks) ? t->strings + t->task[task] : NULL;
}

int shunt_rule_count(const struct shunt_table *t)
{
    return (int)t->shape->rules;
}

const char *shunt_rule_name(const struct shunt_table *t, int rule)
{
    return in_range(rule, t->shape->rules) ? t->strings + t->rule[rule].name : NULL;
}

int shunt_point_count(const struct shunt_table *t)
{
    return (int)t->shape->points;
}

const char *shunt_point_name(const struct shunt_table *t, int point)
{
    return in_range(point, t->shape->points) ? t->strings + t->point[point].name : NULL;
}

/* Before there were points of plans. */
#define POINT_INFO_SIZE_MIN offsetof(struct shunt_point_info, plan)

int shunt_get_point(const struct shunt_table *t, int point, struct shunt_point_info *out)
{
    if (!in_range(point, t->shape->points) || out->size < POINT_INFO_SIZE_MIN)
        return SHUNT_E_ARGUMENT;
    const struct shunt_point *p = &t->point[point];
    out->share = p->kind == SHUNT_POINT_SHARE;
    out->guarded = (p->flags & SHUNT_POINT_GUARDED) != 0;
    out->default_model = p->default_model == SHUNT_NONE ? -1 : (int32_t)p->default_model;
    out->lambda_per_usd = p->lambda_per_usd;
    out->mu_per_s = p->mu_per_s;
    out->threshold = p->threshold;
    out->target = p->target;
    memcpy(out->quality, p->quality, sizeof out->quality);
    memcpy(out->cost_nusd, p->cost_nusd, sizeof out->cost_nusd);
    memcpy(out->latency_ms, p->latency_ms, sizeof out->latency_ms);
    if (out->size >= sizeof *out)
        out->plan = p->kind == SHUNT_POINT_PLAN;
    return SHUNT_OK;
}

int shunt_get_table(const struct shunt_table *t, struct shunt_table_info *out)
{
    if (out->size < sizeof *out)
        return SHUNT_E_ARGUMENT;
    out->major = t->header->major;
    out->minor = t->header->minor;
    out->sections = t->header->section_count;
    out->bits = t->shape->bits;
    out->kept = t->shape->kept;
    out->selftests = t->selftests;
    out->vector_dims = t->dense ? t->dense->dims : 0;
    out->vector_optional = t->shape->sets == 2;
    out->zero = 0;
    out->file_bytes = t->bytes;
    out->checksum = t->header->checksum;
    return SHUNT_OK;
}

const char *shunt_encoder(const struct shunt_table *t)
{
    return t->dense ? t->strings + t->dense->encoder : NULL;
}

int shunt_metadata_at(const struct shunt_table *t, int i, const char **key, size_t *key_bytes,
                      const char **value, size_t *bytes)
{
    const char *line = t->meta;
    const char *end = t->meta + t->meta_bytes;
    for (; i > 0 && line < end; i--)
        line = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
    if (i < 0 || line == end)
        return -1;
    const char *equals = memchr(line, '=', (size_t)(end - line));
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    *key = line;
    *key_bytes = (size_t)(equals - line);
    *value = equals + 1;
    *bytes = (size_t)(stop - equals - 1);
    return 0;
}

int shunt_metadata(const struct shunt_table *t, const char *key, const char **value, size_t *bytes)
{
    const char *name;
    size_t name_bytes;
    size_t wanted = strlen(key);
    for (int i = 0; shunt_metadata_at(t, i, &name, &name_bytes, value, bytes) == 0; i++)
        if (name_bytes == wanted && memcmp(name, key, wanted) == 0)
            return 0;
    return -1;
}

int shunt_selftest(const struct shunt_table *t)
{
    uint32_t models = t->shape->models;
    double quality[SHUNT_MODELS_MAX];
    for (uint32_t i = 0; i < t->selftests; i++) {
        const struct shunt_vector *v = &t->vector[i];
        struct shunt_request r = SHUNT_REQUEST_INIT;
        struct shunt_decision d = SHUNT_DECISION_INIT;
        r.text = t->selftest_base + v->text;
        r.text_bytes = v->bytes;
        r.task = v->task == SHUNT_NONE ? NULL : t->strings + t->task[v->task];
        r.point = v->point == SHUNT_NONE ? NULL : t->strings + t->point[v->point].name;
        if (t->dense) {
            r.vector = t->selftest_dense + (uint64_t)i * t->dense->dims;
            r.vector_len = t->dense->dims;
            r.encoder = t->strings + t->dense->encoder;
        }
        if (shunt_predict(t, &r, quality, NULL, NULL, NULL) || shunt_route(t, &r, &d))
            return SHUNT_E_SELFTEST;
        if (d.model != (int32_t)v->model ||
            memcmp(quality, t->selftest_quality + (uint64_t)i * models, models * sizeof *quality))
            return SHUNT_E_SELFTEST;
    }
    return SHUNT_OK;
}
