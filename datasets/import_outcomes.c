/* The outcomes form: a folder with prompts.jsonl and outcomes.jsonl, plain or .gz. Each outcome is
 * a reply that somebody else collected, with its score and whatever else is known of it.
 */
#include "datasets/import_private.h"

#include <math.h>
#include <string.h>

static const char *const outcome_keys[] = {
    "prompt_id",
    "model",
    "sample",
    "score",
    "response",
    "prompt_tokens",
    "completion_tokens",
    "cost_usd",
    "latency_ms",
    "mean_logprob",
    "min_logprob",
    "entropy",
    "finish",
};
enum { OUTCOME_KEYS = sizeof outcome_keys / sizeof *outcome_keys };

static int see_prompt(struct import *im, const struct json *line, const struct import_at *at,
                      struct err *e)
{
    struct import_prompt ip;
    size_t index;
    import_prompt_init(&ip);
    int rc = import_prompt_read(im, line, at, &ip, e);
    if (rc == 0)
        rc = import_prompt_store(im, &ip, at, &index, e);
    import_prompt_deinit(&ip);
    return rc;
}

static bool absent(const struct json *j)
{
    return json_type(j) == JSON_ABSENT || json_type(j) == JSON_NULL;
}

/* A finite number in [lo, hi]; NaN where the key is absent or null. */
static int number(const struct json *line, const char *key, double lo, double hi, double *out,
                  const struct import_at *at, struct err *e)
{
    const struct json *j = json_get(line, key);
    *out = NAN;
    if (absent(j))
        return ERR_OK;
    double x = json_type(j) == JSON_BOOL ? (json_bool(j, false) ? 1 : 0) : json_num(j, NAN);
    if (!(x >= lo && x <= hi) || isinf(x)) {
        char range[64];
        snprintf(range, sizeof range,
                 isinf(hi) ? (isinf(lo) ? "" : " of at least %g") : " from %g to %g", lo, hi);
        return err_set(e, ERR_FORMAT, "%s:%zu: '%s' must be a number%s", at->path, at->line, key,
                       range);
    }
    *out = x;
    return ERR_OK;
}

static int count(const struct json *line, const char *key, int64_t *out, const struct import_at *at,
                 struct err *e)
{
    const struct json *j = json_get(line, key);
    if (absent(j))
        return ERR_OK;
    if (!json_int64(j, out) || *out < 0)
        return err_set(e, ERR_FORMAT, "%s:%zu: '%s' must be a whole number from 0 on", at->path,
                       at->line, key);
    return ERR_OK;
}

/* cost_usd as a number or a decimal string -> nano-dollars. */
static int cost(const struct json *line, int64_t *nusd, const struct import_at *at, struct err *e)
{
    const struct json *j = json_get(line, "cost_usd");
    *nusd = MONEY_UNKNOWN;
    if (absent(j))
        return ERR_OK;
    bool ok = json_str(j) ? money_parse(json_str(j), 9, nusd)
                          : json_type(j) == JSON_NUMBER && money_from_usd(json_num(j, NAN), nusd);
    if (!ok || *nusd < 0)
        return err_set(e, ERR_FORMAT, "%s:%zu: 'cost_usd' must be an amount of at least 0",
                       at->path, at->line);
    return ERR_OK;
}

static int reply_read(const struct json *line, struct reply *r, double *score,
                      const struct import_at *at, struct err *e)
{
    int rc = number(line, "score", 0, 1, score, at, e);
    if (rc == 0)
        rc = count(line, "sample", &r->sample, at, e);
    if (rc == 0)
        rc = count(line, "prompt_tokens", &r->usage.input, at, e);
    if (rc == 0)
        rc = count(line, "completion_tokens", &r->usage.output, at, e);
    if (rc == 0)
        rc = cost(line, &r->reported_nusd, at, e);
    if (rc == 0)
        rc = number(line, "latency_ms", 0, INFINITY, &r->latency_ms, at, e);
    if (rc == 0)
        rc = number(line, "mean_logprob", -INFINITY, INFINITY, &r->mean_logprob, at, e);
    if (rc == 0)
        rc = number(line, "min_logprob", -INFINITY, INFINITY, &r->min_logprob, at, e);
    if (rc == 0)
        rc = number(line, "entropy", 0, INFINITY, &r->entropy, at, e);
    const struct json *text = json_get(line, "response"), *finish = json_get(line, "finish");
    r->text = json_str(text);
    r->finish = json_str(finish);
    if (rc == 0 && ((!r->text && !absent(text)) || (!r->finish && !absent(finish))))
        rc = err_set(e, ERR_FORMAT, "%s:%zu: '%s' must be a string", at->path, at->line,
                     !r->text && !absent(text) ? "response" : "finish");
    return rc;
}

static int see_outcome(struct import *im, const struct json *line, const struct import_at *at,
                       struct err *e)
{
    int rc = import_check_keys(im, line, outcome_keys, OUTCOME_KEYS, at, e);
    if (rc)
        return rc;
    AUTO_FREE char *id = json_id(json_get(line, "prompt_id"));
    const char *model = json_str(json_get(line, "model"));
    if (!id || !model || !*model)
        return err_set(e, ERR_FORMAT, "%s:%zu: no '%s'", at->path, at->line,
                       id ? "model" : "prompt_id");
    if (strmap_find(im->left, id) != SIZE_MAX)
        return ERR_OK;
    size_t prompt = strmap_find(im->ids, id);
    if (prompt == SIZE_MAX)
        return err_set(e, ERR_FORMAT, "%s:%zu: prompt '%s' is not in the prompts file", at->path,
                       at->line, id);
    struct reply r = {.usage = USAGE_UNKNOWN, .ttft_ms = NAN, .min_logprob = NAN, .entropy = NAN};
    double score;
    rc = reply_read(line, &r, &score, at, e);
    if (rc)
        return rc;
    return import_reply_store(im, prompt, model, &r, score, at, e);
}

int import_outcomes(struct import *im, struct err *e)
{
    AUTO_FREE char *prompts = import_find(im->o->path, "prompts.jsonl");
    AUTO_FREE char *outcomes = import_find(im->o->path, "outcomes.jsonl");
    if (!prompts || !outcomes)
        return err_set(
            e, ERR_IO, "no %s.jsonl or %s.jsonl.gz in '%s', which the outcomes form needs",
            prompts ? "outcomes" : "prompts", prompts ? "outcomes" : "prompts", im->o->path);
    int rc = import_each_line(im, prompts, see_prompt, e);
    if (rc == 0)
        rc = import_check_any(im, prompts, e);
    if (rc == 0)
        rc = import_each_line(im, outcomes, see_outcome, e);
    if (rc == 0 && strmap_count(im->outcomes) == 0 && im->sum->left.n == 0)
        rc = err_set(e, ERR_FORMAT, "'%s' holds no outcomes; one JSON object a line is wanted",
                     outcomes);
    return rc;
}
