/* The table writer, from a spec to bytes: sections are filled by table_parts.c and table_weights.c,
 * laid out here, opened by the reader, and completed with the answers that the reader gives to the
 * recorded texts. Files and comparisons are table_file.c. */
#include "train/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "router/internal.h"
#include "router/shunt.h"
#include "train/table_parts.h"

static const char section_name[SHUNT_S_KNOWN][8] = {
    [SHUNT_S_STRINGS] = "strings", [SHUNT_S_SHAPE] = "shape",       [SHUNT_S_MODELS] = "models",
    [SHUNT_S_TIERS] = "tiers",     [SHUNT_S_TASKS] = "tasks",       [SHUNT_S_LABELS] = "labels",
    [SHUNT_S_HEADS] = "heads",     [SHUNT_S_SURFACE] = "surface",   [SHUNT_S_TASKW] = "taskw",
    [SHUNT_S_INDEX] = "index",     [SHUNT_S_ROWS] = "rows",         [SHUNT_S_CALIB] = "calib",
    [SHUNT_S_COST] = "cost",       [SHUNT_S_POINTS] = "points",     [SHUNT_S_GUARD] = "guard",
    [SHUNT_S_RULES] = "rules",     [SHUNT_S_KEYWORDS] = "keywords", [SHUNT_S_FALLBACK] = "fallback",
    [SHUNT_S_DENSE] = "dense",     [SHUNT_S_SELFTEST] = "selftest", [SHUNT_S_META] = "meta",
    [SHUNT_S_POSTERIOR] = "postr", [SHUNT_S_VALUE] = "value",       [SHUNT_S_STAGES] = "stages",
    [SHUNT_S_WORDS] = "words",     [SHUNT_S_AUTOMATON] = "automat", [SHUNT_S_DRIFT] = "drift",
    [SHUNT_S_PLAN] = "plan",       [SHUNT_S_RANGE] = "range",
};

size_t table_spec_heads(const struct table_spec *spec)
{
    return spec->models + (spec->labels > 1 ? spec->labels - 1 : 0);
}

static int draft_init(struct table_draft *d, const struct table_spec *spec, struct err *e)
{
    memset(d, 0, sizeof *d);
    for (int i = 0; i < SHUNT_S_KNOWN; i++)
        buf_init(&d->part[i], (size_t)SHUNT_FILE_MAX - 1);
    d->spec = spec;
    if (spec->bits < SHUNT_BITS_MIN || spec->bits > SHUNT_BITS_MAX)
        return err_set(e, ERR_USAGE, "%u bits for the hashed encoder: %d to %d are possible",
                       spec->bits, SHUNT_BITS_MIN, SHUNT_BITS_MAX);
    if (spec->models == 0 || spec->models > SHUNT_MODELS_MAX)
        return err_set(e, ERR_USAGE, "%zu models: a table holds 1 to %d", spec->models,
                       SHUNT_MODELS_MAX);
    if (spec->tiers == 0 || spec->tiers > SHUNT_TIERS_MAX || spec->tasks > SHUNT_TASKS_MAX ||
        spec->labels == 1 || spec->labels > SHUNT_LABELS_MAX || spec->points > SHUNT_POINTS_MAX ||
        spec->rules > SHUNT_RULES_MAX || spec->samples > SHUNT_SELFTESTS_MAX)
        return err_set(e, ERR_USAGE,
                       "%zu tiers, %zu tasks, %zu labels, %zu points, %zu rules or %zu recorded "
                       "texts are more (or fewer) than a table can hold",
                       spec->tiers, spec->tasks, spec->labels, spec->points, spec->rules,
                       spec->samples);
    d->heads = table_spec_heads(spec);
    d->columns = (d->heads + SHUNT_COLUMN_BLOCK - 1) / SHUNT_COLUMN_BLOCK * SHUNT_COLUMN_BLOCK;
    d->sets = spec->encoder && spec->fallback ? 2 : 1;
    d->stride = d->sets * d->columns;
    return ERR_OK;
}

static void draft_deinit(struct table_draft *d)
{
    for (int i = 0; i < SHUNT_S_KNOWN; i++)
        buf_deinit(&d->part[i]);
    free(d->task_order);
    free(d->row_of);
}

static void fill_shape(struct table_draft *d)
{
    const struct table_spec *s = d->spec;
    struct shunt_shape shape = {
        .encoder = SHUNT_ENCODER_VERSION,
        .bits = s->bits,
        .models = (uint32_t)s->models,
        .tiers = (uint32_t)s->tiers,
        .tasks = (uint32_t)s->tasks,
        .labels = (uint32_t)s->labels,
        .sets = (uint32_t)d->sets,
        .columns = (uint32_t)d->columns,
        .weight_type = SHUNT_WEIGHT_I16,
        .features = SHUNT_FEATURES,
        .kept = (uint32_t)s->kept,
        .points = (uint32_t)s->points,
        .rules = (uint32_t)s->rules,
    };
    buf_add(&d->part[SHUNT_S_SHAPE], &shape, sizeof shape);
}

static int fill(struct table_draft *d, struct err *e)
{
    static int (*const step[])(struct table_draft *, struct err *) = {
        table_fill_names, table_fill_weights, table_fill_range,   table_fill_words,
        table_fill_costs, table_fill_points,  table_fill_rules,   table_fill_automaton,
        table_fill_plan,  table_fill_stages,  table_fill_samples, table_fill_meta,
    };
    fill_shape(d);
    for (size_t i = 0; i < sizeof step / sizeof *step; i++) {
        int rc = step[i](d, e);
        if (rc)
            return rc;
    }
    for (int i = 0; i < SHUNT_S_KNOWN; i++)
        if (d->part[i].over)
            return err_set(e, ERR_LIMIT, "the table would be larger than 4 GiB");
    return ERR_OK;
}

static size_t aligned(size_t n)
{
    return (n + SHUNT_ALIGN - 1) / SHUNT_ALIGN * SHUNT_ALIGN;
}

static void seal(unsigned char *bytes, size_t len)
{
    uint64_t checksum = shunt_checksum(bytes, len);
    memcpy(bytes + offsetof(struct shunt_header, checksum), &checksum, sizeof checksum);
}

/* Would a reader that skipped it decide otherwise? */
static bool is_required(uint32_t id)
{
    return id < SHUNT_S_SELFTEST || id == SHUNT_S_RANGE || id == SHUNT_S_WORDS;
}

static int lay_out(const struct table_draft *d, unsigned char **out, size_t *len, struct err *e)
{
    struct shunt_section entry[SHUNT_S_KNOWN];
    uint32_t count = 0;
    memset(entry, 0, sizeof entry);
    for (uint32_t id = 1; id < SHUNT_S_KNOWN; id++)
        count += d->part[id].len > 0;

    size_t at = aligned(sizeof(struct shunt_header) + count * sizeof *entry);
    count = 0;
    for (uint32_t id = 1; id < SHUNT_S_KNOWN; id++) {
        if (d->part[id].len == 0)
            continue;
        struct shunt_section *s = &entry[count++];
        s->id = id;
        s->flags = is_required(id) ? SHUNT_SECTION_REQUIRED : 0;
        s->offset = at;
        s->bytes = d->part[id].len;
        memcpy(s->name, section_name[id], sizeof s->name);
        at = aligned(at + d->part[id].len);
    }
    if (at > SHUNT_FILE_MAX)
        return err_set(e, ERR_LIMIT, "the table would be larger than 4 GiB");

    unsigned char *bytes = mem_zalloc(at);
    struct shunt_header header = {
        .major = SHUNT_FORMAT_MAJOR,
        .minor = SHUNT_FORMAT_MINOR,
        .section_count = count,
        .file_bytes = at,
    };
    memcpy(header.magic, SHUNT_MAGIC, sizeof header.magic);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, entry, count * sizeof *entry);
    for (uint32_t i = 0; i < count; i++)
        memcpy(bytes + entry[i].offset, d->part[entry[i].id].data, entry[i].bytes);
    seal(bytes, at);
    *out = bytes;
    *len = at;
    return ERR_OK;
}

/* The request that recorded text i stands for. */
static struct shunt_request sample_request(const struct table_spec *spec, size_t i)
{
    struct shunt_request r = SHUNT_REQUEST_INIT;
    r.text = spec->sample[i].text;
    r.text_bytes = spec->sample[i].bytes;
    r.task = spec->sample[i].task;
    r.point = spec->sample[i].point;
    if (spec->encoder) {
        r.vector = spec->sample[i].vector;
        r.vector_len = spec->dims;
        r.encoder = spec->encoder;
    }
    return r;
}

/* Let the reader answer the recorded texts, and write its answers into bytes. */
static int record_answers(const struct table_spec *spec, const struct shunt_table *t,
                          unsigned char *bytes, struct err *e)
{
    unsigned char *quality = bytes + ((const unsigned char *)t->selftest_quality - t->base);
    unsigned char *vector = bytes + ((const unsigned char *)t->vector - t->base);
    size_t row = spec->models * sizeof(double);
    for (size_t i = 0; i < spec->samples; i++) {
        struct shunt_request r = sample_request(spec, i);
        struct shunt_decision d = SHUNT_DECISION_INIT;
        double q[SHUNT_MODELS_MAX];
        int status = shunt_predict(t, &r, q, NULL, NULL, NULL);
        if (status == SHUNT_OK)
            status = shunt_route(t, &r, &d);
        if (status)
            return err_set(e, ERR_USAGE, "recorded text %zu cannot be routed: %s", i + 1,
                           shunt_strerror(status));
        uint32_t model = (uint32_t)d.model;
        memcpy(quality + i * row, q, row);
        memcpy(vector + i * sizeof(struct shunt_vector) + offsetof(struct shunt_vector, model),
               &model, sizeof model);
    }
    return ERR_OK;
}

/* Open what was laid out, complete it, and see that it gives its own answers. */
static int complete(const struct table_spec *spec, unsigned char *bytes, size_t len, struct err *e)
{
    char why[256];
    struct shunt_table *t;
    if (shunt_open_memory_detail(bytes, len, &t, why, sizeof why))
        return err_set(e, ERR_USAGE, "the router cannot be written as a table: %s", why);
    int rc = spec->samples > 0 ? record_answers(spec, t, bytes, e) : ERR_OK;
    shunt_close(t);
    if (rc)
        return rc;
    seal(bytes, len);
    if (shunt_open_memory_detail(bytes, len, &t, why, sizeof why))
        return err_set(e, ERR_USAGE, "the router cannot be written as a table: %s", why);
    int status = shunt_selftest(t);
    shunt_close(t);
    return status ? err_set(e, ERR_USAGE, "%s", shunt_strerror(status)) : ERR_OK;
}

int table_build(const struct table_spec *spec, unsigned char **out, size_t *len, struct err *e)
{
    struct table_draft d;
    unsigned char *bytes = NULL;
    size_t n = 0;
    int rc = draft_init(&d, spec, e);
    if (rc == ERR_OK)
        rc = fill(&d, e);
    if (rc == ERR_OK)
        rc = lay_out(&d, &bytes, &n, e);
    draft_deinit(&d);
    if (rc == ERR_OK)
        rc = complete(spec, bytes, n, e);
    if (rc) {
        free(bytes);
        return rc;
    }
    *out = bytes;
    *len = n;
    return ERR_OK;
}
