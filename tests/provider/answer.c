/* From a question to an answer: is it right, what is said, how sure the tokens look, how long it
 * takes. The ability parameters are models.c's, the wording is right.c's and wrong.c's. */
#include "tests/provider/answer.h"

#include "core/hash.h"
#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Difficulty beyond what the text shows: the same for all models, and one model's own; standard
 * deviations in units of difficulty and of log-odds. */
static const double hidden_sd = 0.35, own_sd = 0.45;
/* Share of wrong answers that are the prompt's typical mistake rather than a mistake of this draw.
 */
static const double typical_mistake = 0.6;
/* Mean token log-probability is -exp(-(a + right * gap + slope * logit + noise)): the gap and the
 * noise give an area under the ROC curve of .73 to .78 against right and wrong. */
static const double sure_base = 1.0, sure_gap = 0.60, sure_logit = 0.07, sure_sd = 0.90;
static const double latency_sd = 0.35; /* of log milliseconds */

static void stream(struct rng *r, uint64_t seed, const char *what, uint64_t a, uint64_t b)
{
    uint64_t key[3] = {seed, a, b};
    rng_seed(r, hash64(key, sizeof key, hash64(what, strlen(what), 7)));
}

static uint64_t name_hash(const struct sim_model *m)
{
    return hash64(m->name, strlen(m->name), 3);
}

static double log_odds(uint64_t seed, const struct sim_model *m, const struct prompt *p)
{
    struct rng shared, own;
    stream(&shared, seed, "difficulty", p->hash, 0);
    stream(&own, seed, "own", p->hash, name_hash(m));
    double difficulty = p->difficulty + hidden_sd * rng_normal(&shared);
    return m->ability + m->task[p->task] - m->slope * difficulty + own_sd * rng_normal(&own);
}

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

double answer_chance(uint64_t seed, const struct sim_model *m, const struct prompt *p)
{
    return logistic(log_odds(seed, m, p));
}

static void refuse(struct rng *style, struct buf *out)
{
    static const char *const ways[] = {
        "I'm sorry, but I can't help with that request.",
        "I can't assist with this matter. Please contact the legal team directly.",
        "Sorry, I am not able to comment on legal or safety matters.",
    };
    buf_adds(out, ways[rng_below(style, 3)]);
}

static void generic(struct rng *what, struct buf *out)
{
    static const char *const first[] = {
        "Thank you for the details.",
        "Here is what I can say.",
        "Let me go through it.",
        "Good question.",
    };
    static const char *const middle[] = {
        "The points you mention belong together, and the first of them decides the rest.",
        "Nothing in the request rules this out, so the usual procedure applies.",
        "Two of the three conditions are met; the third depends on the date of the order.",
        "It helps to look at the account settings before anything else is changed.",
        "A colleague would check the order number and the address in that sequence.",
    };
    static const char *const last[] = {
        "Let me know if you need the steps one by one.",
        "That should settle it.",
        "Please reply with the order number if it does not.",
        "The reference of this note is",
    };
    size_t end = rng_below(what, 4);
    buf_addf(out, "%s %s %s %s", first[rng_below(what, 4)], middle[rng_below(what, 5)],
             middle[rng_below(what, 5)], last[end]);
    if (end == 3)
        buf_addf(out, " N-%04u.", (unsigned)rng_below(what, 10000));
}

/* Cuts after max tokens. */
static void limit(struct answer *a, int64_t max)
{
    if (max <= 0 || (uint64_t)max >= a->tokens)
        return;
    a->tokens = (size_t)max;
    a->text.len = a->tokens ? a->token[a->tokens - 1].start + a->token[a->tokens - 1].len : 0;
    a->text.data[a->text.len] = '\0';
    a->finish = FINISH_LENGTH;
}

static void set_logprobs(struct answer *a, double logit, struct rng *r)
{
    double sure = sure_base + sure_gap * (a->verdict == VERDICT_RIGHT) +
                  sure_logit * fmin(4, fmax(-4, logit)) + sure_sd * rng_normal(r);
    double mean = -fmin(8.0, fmax(1e-4, exp(-sure))), sum = 0;
    for (size_t i = 0; i < a->tokens; i++)
        sum += a->token[i].logprob =
            -log(1.0 - rng_unit(r)) + 0.02; /* exponential: many sure, a few not */
    for (size_t i = 0; i < a->tokens; i++)
        a->token[i].logprob *= mean * (double)a->tokens / sum;
}

static void set_latency(struct answer *a, const struct sim_model *m, struct rng *r)
{
    double factor = exp(latency_sd * rng_normal(r));
    a->token_ms = m->token_ms * factor;
    a->first_ms = m->first_ms * factor + a->token_ms * (double)a->reasoning;
}

void answer_make(const struct traffic *t, uint64_t seed, const struct question *q,
                 struct answer *out)
{
    const struct sim_model *m = q->model;
    const struct prompt *p = q->prompt && q->prompt->reference ? q->prompt : NULL;
    uint64_t draw[2] = {q->temperature > 0 ? q->sample + 1 : 0,
                        (uint64_t)llround(q->temperature * 1000)};
    uint64_t key = hash64(draw, sizeof draw, name_hash(m));
    struct rng own, typical, style;
    stream(&own, seed, "draw", q->hash, key);
    stream(&style, seed, "style", q->hash, key);
    stream(&typical, seed, "mistake", q->hash, 0);

    *out = (struct answer){.text = BUF_INIT(0)};
    double logit = p ? log_odds(seed, m, p) : 0, u = rng_unit(&own);
    bool declines = p && p->task == TASK_ESCALATION && rng_unit(&own) < m->refuses;
    bool own_mistake = rng_unit(&own) >= typical_mistake;
    out->verdict = !p                    ? VERDICT_UNKNOWN
                   : declines            ? VERDICT_REFUSED
                   : u < logistic(logit) ? VERDICT_RIGHT
                                         : VERDICT_WRONG;
    if (m->reasoning > 0)
        out->reasoning =
            (size_t)(m->reasoning * exp(0.45 * (p ? p->difficulty : 1) + 0.3 * rng_normal(&own)));
    if (q->max_tokens > 0 && out->reasoning > (size_t)q->max_tokens / 2)
        out->reasoning = (size_t)q->max_tokens / 2;

    if (out->verdict == VERDICT_UNKNOWN)
        generic(&own, &out->text);
    else if (out->verdict == VERDICT_REFUSED)
        refuse(&style, &out->text);
    else if (out->verdict == VERDICT_RIGHT)
        reply_right(m, p, &style, &out->text);
    else
        reply_wrong(t, m, p, own_mistake ? &own : &typical, &style, &out->text);
    out->finish = declines ? FINISH_REFUSAL : FINISH_STOP;

    out->tokens = tokens_split(out->text.data, out->text.len, NULL, 0);
    out->token = mem_array(out->tokens + 1, sizeof *out->token);
    tokens_split(out->text.data, out->text.len, out->token, out->tokens);
    limit(out, q->max_tokens > 0 ? q->max_tokens - (int64_t)out->reasoning : 0);
    set_logprobs(out, logit, &own);
    set_latency(out, m, &own);
}

void answer_deinit(struct answer *a)
{
    buf_deinit(&a->text);
    free(a->token);
    *a = (struct answer){.text = BUF_INIT(0)};
}
