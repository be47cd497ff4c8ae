/* The table of the simulated models, and its reading and printing. What the numbers mean together
 * (difficulty, chance of a right answer) is answer.c's business. */
#include "tests/provider/models.h"

#include "core/fs.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/mem.h"

#include <math.h>
#include <string.h>

/* Chosen so that the small models are right on most simple requests and on few complex ones, the
 * large ones on nearly all at ten to fifty times the price, the largest, which thinks first, a
 * little less often on the easy ones than it could; sim-flash is the best of all at SQL,
 * sim-mini falls behind at refunds. Columns of .task: faq, intent, extraction, invoice, refund,
 * sql, escalation, research, other. */
static const struct sim_model builtin[] = {
    {
        .name = "sim-nano",
        .protocol = PROTO_OPENAI,
        .tier = "small",
        .input_usd = 0.10,
        .cached_usd = 0.025,
        .output_usd = 0.40,
        .first_ms = 22,
        .token_ms = 0.25,
        .ability = 5.2,
        .slope = 2.7,
        .task = {.7, .9, .3, -.7, -.9, -.8, .3, -.2, 0},
        .fenced = .30,
        .wordy = .35,
        .refuses = 0,
        .reasoning = 0,
    },
    {
        .name = "sim-swift",
        .protocol = PROTO_ANTHROPIC,
        .tier = "small",
        .input_usd = 0.25,
        .cached_usd = 0.025,
        .output_usd = 1.25,
        .first_ms = 28,
        .token_ms = 0.25,
        .ability = 5.3,
        .slope = 2.55,
        .task = {.6, .9, .1, -.8, -.6, -.6, .9, .3, 0},
        .fenced = .10,
        .wordy = .25,
        .refuses = .02,
        .reasoning = 0,
    },
    {
        .name = "sim-mini",
        .protocol = PROTO_OPENAI,
        .tier = "mid",
        .input_usd = 0.40,
        .cached_usd = 0.10,
        .output_usd = 1.60,
        .first_ms = 38,
        .token_ms = 0.35,
        .ability = 5.6,
        .slope = 2.4,
        .task = {.3, .3, .4, .5, -1.6, 0, 0, .1, 0},
        .fenced = .20,
        .wordy = .30,
        .refuses = 0,
        .reasoning = 0,
    },
    {
        .name = "sim-flash",
        .protocol = PROTO_GEMINI,
        .tier = "mid",
        .input_usd = 0.30,
        .cached_usd = 0.075,
        .output_usd = 2.50,
        .first_ms = 34,
        .token_ms = 0.30,
        .ability = 5.6,
        .slope = 2.3,
        .task = {.2, .2, .3, 0, .1, 2.4, -.2, -.1, 0},
        .fenced = .60,
        .wordy = .20,
        .refuses = 0,
        .reasoning = 0,
    },
    {
        .name = "sim-pro",
        .protocol = PROTO_OPENAI,
        .tier = "large",
        .input_usd = 2.50,
        .cached_usd = 0.625,
        .output_usd = 10.0,
        .first_ms = 62,
        .token_ms = 0.50,
        .ability = 4.8,
        .slope = 1.35,
        .task = {.2, .2, .2, .2, .1, -.3, -.6, .1, 0},
        .fenced = .15,
        .wordy = .25,
        .refuses = .05,
        .reasoning = 0,
    },
    {
        .name = "sim-max",
        .protocol = PROTO_ANTHROPIC,
        .tier = "large",
        .input_usd = 3.00,
        .cached_usd = 0.30,
        .output_usd = 15.0,
        .first_ms = 48,
        .token_ms = 0.40,
        .ability = 4.0,
        .slope = 0.5,
        .task = {.1, -.4, .2, .5, .6, -1.0, .1, .4, 0},
        .fenced = .05,
        .wordy = .20,
        .refuses = 0,
        .reasoning = 30,
    },
};

static const char *const task_names[TASK_COUNT] = {
    "faq", "intent", "extraction", "invoice", "refund", "sql", "escalation", "research", "other",
};
static const char *const protocol_names[] = {"openai", "anthropic", "gemini"};
enum { PROTOCOLS = sizeof protocol_names / sizeof *protocol_names };

const char *protocol_name(enum protocol p)
{
    return protocol_names[p];
}

enum task task_of(const char *task)
{
    size_t len = task ? strcspn(task, ".") : 0;
    for (int i = 0; i < TASK_OTHER; i++)
        if (len == strlen(task_names[i]) && !memcmp(task, task_names[i], len))
            return (enum task)i;
    return TASK_OTHER;
}

uint64_t model_pico_usd(const struct sim_model *m, size_t input_tokens, size_t output_tokens)
{
    return (uint64_t)llround(m->input_usd * 1e6) * input_tokens +
           (uint64_t)llround(m->output_usd * 1e6) * output_tokens;
}

static struct sim_model *append(struct model_list *list, const struct sim_model *like)
{
    list->v = mem_rearray(list->v, list->n + 1, sizeof *list->v);
    struct sim_model *m = &list->v[list->n++];
    *m = *like;
    m->name = mem_strdup(like->name);
    m->tier = mem_strdup(like->tier);
    return m;
}

void models_builtin(struct model_list *out)
{
    *out = (struct model_list){0};
    for (size_t i = 0; i < sizeof builtin / sizeof *builtin; i++)
        append(out, &builtin[i]);
}

static void forget(const char **text)
{
    union {
        const char *borrowed;
        char *owned;
    } u = {*text};
    mem_free_ptr(&u.owned);
    *text = NULL;
}

void models_free(struct model_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        forget(&list->v[i].name);
        forget(&list->v[i].tier);
    }
    mem_free_ptr(&list->v);
    list->n = 0;
}

static struct sim_model *by_name(const struct model_list *list, const char *name)
{
    for (size_t i = 0; name && i < list->n; i++)
        if (!strcmp(list->v[i].name, name))
            return &list->v[i];
    return NULL;
}

const struct sim_model *models_find(const struct model_list *list, enum protocol p,
                                    const char *name)
{
    const struct sim_model *m = by_name(list, name);
    return m && m->protocol == p ? m : NULL;
}

static int set_tasks(struct sim_model *m, const struct json *tasks, const char *path, struct err *e)
{
    for (const struct json *t = json_first(tasks); t; t = json_next(t)) {
        int at = 0;
        while (at < TASK_COUNT && strcmp(task_names[at], json_key(t)) != 0)
            at++;
        if (at == TASK_COUNT || json_type(t) != JSON_NUMBER)
            return err_set(e, ERR_FORMAT,
                           "'%s': model '%s': task '%s' is not one of the tasks, or not a number",
                           path, m->name, json_key(t));
        m->task[at] = json_num(t, 0);
    }
    return 0;
}

static int set_key(struct sim_model *m, const struct json *v, const char *path, struct err *e)
{
    const struct {
        const char *key;
        double *at;
    } numbers[] = {
        {"input", &m->input_usd},   {"cached", &m->cached_usd},   {"output", &m->output_usd},
        {"first_ms", &m->first_ms}, {"token_ms", &m->token_ms},   {"ability", &m->ability},
        {"slope", &m->slope},       {"fenced", &m->fenced},       {"wordy", &m->wordy},
        {"refuses", &m->refuses},   {"reasoning", &m->reasoning}, {"reported", &m->reported},
    };
    const char *key = json_key(v);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!strcmp(key, numbers[i].key) && json_type(v) == JSON_NUMBER) {
            *numbers[i].at = json_num(v, 0);
            return 0;
        }
    if (!strcmp(key, "name") || !strcmp(key, "like"))
        return 0;
    if (!strcmp(key, "task"))
        return set_tasks(m, v, path, e);
    const char *s = json_str(v);
    if (s && !strcmp(key, "tier")) {
        forget(&m->tier);
        m->tier = mem_strdup(s);
        return 0;
    }
    for (int i = 0; s && !strcmp(key, "protocol") && i < PROTOCOLS; i++)
        if (!strcmp(s, protocol_names[i])) {
            m->protocol = (enum protocol)i;
            return 0;
        }
    return err_set(e, ERR_FORMAT, "'%s': model '%s': unknown key or wrong value: '%s'", path,
                   m->name, key);
}

static int load_one(struct model_list *list, const struct json *row, const char *path,
                    struct err *e)
{
    const char *name = json_str(json_get(row, "name"));
    const char *like = json_str(json_get(row, "like"));
    if (!name)
        return err_set(e, ERR_FORMAT, "'%s': a model without a name", path);
    struct sim_model *m = by_name(list, name);
    if (!m) {
        const struct sim_model *model = by_name(list, like);
        if (!model)
            return err_set(e, ERR_FORMAT,
                           "'%s': model '%s' needs \"like\" with the name of a known model", path,
                           name);
        struct sim_model copy = *model;
        copy.name = name;
        m = append(list, &copy);
    }
    for (const struct json *v = json_first(row); v; v = json_next(v)) {
        int rc = set_key(m, v, path, e);
        if (rc)
            return rc;
    }
    return 0;
}

int models_load(struct model_list *list, const char *path, struct err *e)
{
    AUTO_FREE char *text = NULL;
    size_t len = 0;
    struct json *root = NULL;
    int rc = fs_read_all(path, 1 << 20, &text, &len, e);
    if (rc)
        return rc;
    rc = json_parse(text, len, &root, e);
    if (rc)
        return err_wrap(e, rc, "'%s'", path);
    if (json_type(root) != JSON_ARRAY)
        rc = err_set(e, ERR_FORMAT, "'%s': want a JSON array of models", path);
    for (const struct json *row = json_first(root); !rc && row; row = json_next(row))
        rc = load_one(list, row, path, e);
    json_free(root);
    return rc;
}

static void print_yaml(const struct model_list *list, const char *base_url, struct buf *out)
{
    buf_adds(out, "tiers: [small, mid, large]\nmodels:\n");
    for (size_t i = 0; i < list->n; i++) {
        const struct sim_model *m = &list->v[i];
        buf_addf(out, "  - name: %s\n    provider: %s\n    base_url: %s\n    tier: %s\n", m->name,
                 protocol_name(m->protocol), base_url, m->tier);
        buf_addf(out,
                 "    api_key_env: SIM_API_KEY\n    max_tokens: 1024\n    prices: {input: %g, "
                 "cached_read: %g, output: %g}\n",
                 m->input_usd, m->cached_usd, m->output_usd);
        if (m->protocol != PROTO_ANTHROPIC) /* has no log-probabilities */
            buf_adds(out, "    params: {logprobs: true}\n");
    }
    buf_addf(out, "encoders:\n  - {name: " SIM_EMBED_MODEL ", base_url: '%s', dimensions: 64}\n",
             base_url);
}

void models_print(const struct model_list *list, const char *base_url, int yaml, struct buf *out)
{
    if (yaml) {
        print_yaml(list, base_url, out);
        return;
    }
    struct jsonw w = JSONW_INIT(out);
    w.pretty = true;
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "unit", "USD per million tokens (simulated)");
    jsonw_arr(&w, "models");
    for (size_t i = 0; i < list->n; i++) {
        const struct sim_model *m = &list->v[i];
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "name", m->name);
        jsonw_str(&w, "protocol", protocol_name(m->protocol));
        jsonw_str(&w, "tier", m->tier);
        jsonw_num(&w, "input", m->input_usd);
        jsonw_num(&w, "cached", m->cached_usd);
        jsonw_num(&w, "output", m->output_usd);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_obj(&w, "embedding");
    jsonw_str(&w, "name", SIM_EMBED_MODEL);
    jsonw_num(&w, "input", SIM_EMBED_USD);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_addc(out, '\n');
}
