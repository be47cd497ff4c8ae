/* Any bytes as a table. The checksum is put right first, so that what lies behind it is reached; a
 * table that is accepted must then answer every request, by route, predict and plan, and list what
 * is in it. What is wrong shows as a sanitizer's report or as abort(). */
#include <stdlib.h>
#include <string.h>

#include "router/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MODELS = 256, CALLS = 600 };

static void must(int good)
{
    if (!good)
        abort();
}

static const float *vector_of(const struct shunt_table *t, uint32_t *len)
{
    static float v[65536];
    *len = t->dense ? t->dense->dims : 0;
    for (uint32_t i = 0; i < *len; i++)
        v[i] = (float)(i % 7) / 8 - .25F;
    return v;
}

static void decide(const struct shunt_table *t, struct shunt_request *r)
{
    static double quality[MODELS], latency[MODELS], exceeds[16];
    static int64_t cost[MODELS];
    struct shunt_decision d = SHUNT_DECISION_INIT;
    int status = shunt_route(t, r, &d);
    must(status == SHUNT_OK || status == SHUNT_E_NO_MODEL ||
         (status == SHUNT_E_NO_VECTOR && !r->vector) ||
         (status == SHUNT_E_ARGUMENT && r->vector)); /* a product of large numbers is not finite */
    if (status == SHUNT_OK) {
        must(d.model >= 0 && d.model < shunt_model_count(t) && d.quality >= 0 && d.quality <= 1);
        must(d.runner_up < shunt_model_count(t) && d.complexity >= 0 && d.complexity <= 1);
        must(d.model_name && strlen(d.model_name) > 0);
    }
    int predicted = shunt_predict(t, r, quality, cost, latency, exceeds);
    must(predicted == SHUNT_OK || status != SHUNT_OK);
}

/* A plan whose every call is answered with doubtful signals, or fails; it must come to its end. */
static void plan(const struct shunt_table *t, const struct shunt_request *r, int fails)
{
    struct shunt_plan p = SHUNT_PLAN_INIT;
    struct shunt_step step = SHUNT_STEP_INIT;
    if (shunt_plan_begin(&p, t, r) || shunt_plan_next(&p, NULL, &step))
        return;
    for (int i = 0; step.action >= SHUNT_CALL && step.action <= SHUNT_FALL_BACK; i++) {
        struct shunt_outcome o = SHUNT_OUTCOME_INIT;
        must(i < CALLS && step.model >= 0 && step.model < shunt_model_count(t));
        o.status = fails;
        o.flags =
            i % 2 ? 0 : SHUNT_HAS_MEAN | SHUNT_HAS_MIN | SHUNT_HAS_AGREEMENT | SHUNT_HAS_BYTES;
        o.mean_logprob = -.1 * i;
        o.min_logprob = -4;
        o.agreement = .5;
        o.reply_bytes = 1000;
        if (shunt_plan_next(&p, &o, &step))
            return;
    }
}

/* Every stage, the beginning and the end of every vote. */
static void stages(const struct shunt_table *t, const struct shunt_request *r)
{
    static const char *const reply[16] = {"a", "b", "c", "d", "e", "f", "g", "h",
                                          "i", "j", "k", "l", "m", "n", "o", "p"};
    static const size_t bytes[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct shunt_decision d = SHUNT_DECISION_INIT;
    struct shunt_step step = SHUNT_STEP_INIT;
    for (int e = 0; e < shunt_ensemble_count(t); e++)
        for (int i = 0; i < shunt_stage_count(t, e); i++) {
            struct shunt_stage s = SHUNT_STAGE_INIT;
            must(shunt_get_stage(t, e, i, &s) == SHUNT_OK && s.name &&
                 s.vote < shunt_vote_count(t));
            if (shunt_route_stage(t, e, s.name, r, &d, &s) == SHUNT_OK)
                must(d.model >= 0 && d.model < shunt_model_count(t));
        }
    for (int v = 0; v < shunt_vote_count(t); v++)
        for (size_t n = 0; n <= 16; n++)
            if (shunt_vote_next(t, v, reply, bytes, n, &step) == SHUNT_OK)
                must(step.model < shunt_model_count(t) && step.action >= SHUNT_CALL);
}

/* Counters of one decision, as text. */
static void count(const struct shunt_table *t, const struct shunt_request *r)
{
    static char text[1 << 20];
    struct shunt_decision d = SHUNT_DECISION_INIT;
    struct shunt_stats *s = NULL;
    size_t n = 0;
    if (shunt_route(t, r, &d) || shunt_stats_new(t, &s))
        return;
    shunt_stats_decision(s, &d, NULL);
    must(shunt_stats_text(s, text, sizeof text, &n) == SHUNT_OK && n > 0);
    must(shunt_event_json(t, &d, NULL, "id", 1, text, sizeof text, &n) == SHUNT_OK);
    shunt_stats_free(s);
}

static void list(const struct shunt_table *t)
{
    const char *key, *value;
    size_t key_len = 0, len = 0;
    for (int m = -1; m <= shunt_model_count(t); m++) {
        struct shunt_price price = SHUNT_PRICE_INIT;
        const char *name = shunt_model_name(t, m);
        if (name)
            must(shunt_model_index(t, name) == m);
        shunt_get_price(t, m, &price);
        shunt_model_tier(t, m);
        for (int k = 0; shunt_fallback(t, m, k) >= 0; k++)
            must(shunt_fallback(t, m, k) < shunt_model_count(t));
    }
    for (int i = -1; i <= shunt_task_count(t); i++)
        shunt_task_name(t, i);
    for (int i = -1; i <= shunt_rule_count(t); i++)
        shunt_rule_name(t, i);
    for (int i = 0; i < 64 && shunt_metadata_at(t, i, &key, &key_len, &value, &len) == SHUNT_OK;
         i++)
        must(key != NULL && value != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const text[] = {
        "", "a", "My lawyer will sue: 3.14 ```code``` \xe4\xbd\xa0\xe5\xa5\xbd",
        "w b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9 ! ?"};
    char why[200];
    unsigned char *copy = malloc(size ? size : 1); /* exact, so that reading beyond it shows */
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    if (size >= sizeof(struct shunt_header)) {
        uint64_t sum = shunt_checksum(copy, size);
        memcpy(copy + offsetof(struct shunt_header, checksum), &sum, sizeof sum);
    }
    struct shunt_table *t = NULL;
    if (shunt_open_memory_detail(copy, size, &t, why, sizeof why) == SHUNT_OK) {
        uint32_t len;
        const float *v = vector_of(t, &len);
        list(t);
        shunt_selftest(t);
        int points = shunt_point_count(t);
        for (unsigned i = 0; i < sizeof text / sizeof *text; i++)
            for (int p = -1; p < points && p < 8; p++)
                for (int dense = 0; dense <= (len > 0); dense++) {
                    struct shunt_request r = SHUNT_REQUEST_INIT;
                    r.text = text[i];
                    r.text_bytes = strlen(text[i]);
                    r.point = shunt_point_name(t, p);
                    r.task = shunt_task_name(t, p);
                    if (dense) {
                        r.vector = v;
                        r.vector_len = len;
                        r.encoder = shunt_encoder(t);
                    }
                    decide(t, &r);
                    plan(t, &r, p & 1);
                    if (i == 1) {
                        stages(t, &r);
                        count(t, &r);
                    }
                }
        shunt_close(t);
    } else {
        must(t == NULL && memchr(why, 0, sizeof why) != NULL);
    }
    free(copy);
    return 0;
}
