/* Opening: what is damaged, truncated, hostile or too new is refused; what is accepted routes. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "router/internal.h"

static unsigned char *bytes;
static size_t len;

static void build_full(unsigned bits, size_t kept)
{
    static struct mini x;
    struct err e = {0};
    mini_init(&x, bits, kept, 11);
    mini_full(&x);
    mini_extra(&x);
    mini_range(&x);
    mini_words(&x);
    cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0, "%s", e.text);
}

static void seal(unsigned char *b, size_t n)
{
    uint64_t sum = shunt_checksum(b, n);
    memcpy(b + offsetof(struct shunt_header, checksum), &sum, 8);
}

static struct shunt_section *section(unsigned char *b, uint32_t id)
{
    struct shunt_header *h = (void *)b;
    struct shunt_section *s = (void *)(b + 64);
    for (uint32_t i = 0; i < h->section_count; i++)
        if (s[i].id == id)
            return &s[i];
    return NULL;
}

/* A plan with replies of all kinds. */
static void use_plan(const struct shunt_table *t, const struct shunt_request *r)
{
    struct shunt_plan p = SHUNT_PLAN_INIT;
    struct shunt_step s = SHUNT_STEP_INIT;
    struct shunt_outcome o = SHUNT_OUTCOME_INIT;
    int rc = shunt_plan_begin(&p, t, r);
    cr_assert(rc == 0 || rc == SHUNT_E_NO_MODEL, "%s", shunt_strerror(rc));
    o.flags = SHUNT_HAS_MEAN | SHUNT_HAS_MIN | SHUNT_HAS_AGREEMENT | SHUNT_HAS_BYTES;
    o.mean_logprob = -.1;
    o.min_logprob = -3;
    o.reply_bytes = 1000;
    for (int i = 0; rc == 0 && s.action < SHUNT_ACCEPT; i++) {
        cr_assert_eq(shunt_plan_next(&p, i ? &o : NULL, &s), 0);
        cr_assert(s.quality >= 0 && s.quality <= 1);
        cr_assert_leq(i, shunt_model_count(t));
        o.status = r->point ? SHUNT_REPLY_OK : SHUNT_REPLY_INVALID;
    }
}

/* Every stage and every beginning of a vote. */
static void use_stages(const struct shunt_table *t, const struct shunt_request *r)
{
    struct shunt_decision d = SHUNT_DECISION_INIT;
    struct shunt_stage g = SHUNT_STAGE_INIT;
    struct shunt_step s = SHUNT_STEP_INIT;
    for (int e = 0; e < shunt_ensemble_count(t); e++)
        for (int i = 0; i < shunt_stage_count(t, e); i++) {
            cr_assert_eq(shunt_get_stage(t, e, i, &g), 0);
            int rc = shunt_route_stage(t, e, g.name, r, &d, &g);
            cr_assert(rc == 0 || rc == SHUNT_E_NO_MODEL, "%s", shunt_strerror(rc));
        }
    for (int v = 0; v < shunt_vote_count(t); v++) {
        cr_assert_eq(shunt_vote_next(t, v, NULL, NULL, 0, &s), 0);
        cr_assert(s.action == SHUNT_CALL && s.model_name);
    }
}

/* Route and describe everything that an accepted table offers. */
static void use(const struct shunt_table *t)
{
    static const char *const text[] = {"", "My lawyer: 12 * 7?", "a b c d e f g h i j"};
    for (int i = 0; i < 3; i++)
        for (int p = -1; p < shunt_point_count(t); p++) {
            struct shunt_request r = SHUNT_REQUEST_INIT;
            struct shunt_decision d = SHUNT_DECISION_INIT;
            r.text = text[i];
            r.text_bytes = strlen(text[i]);
            r.task = p == 0 ? "sums" : NULL;
            r.point = p < 0 ? NULL : shunt_point_name(t, p);
            use_plan(t, &r);
            use_stages(t, &r);
            int rc = shunt_route(t, &r, &d);
            cr_assert(rc == 0 || rc == SHUNT_E_NO_MODEL, "%s", shunt_strerror(rc));
            if (rc == 0) {
                cr_assert(d.model >= 0 && d.model < shunt_model_count(t));
                cr_assert(d.quality >= 0 && d.quality <= 1);
            }
        }
    const char *key, *value;
    size_t k, n, total = 0;
    for (int i = 0; shunt_metadata_at(t, i, &key, &k, &value, &n) == 0; i++)
        total += k + n + strnlen(value, n);
    for (int m = 0; m < shunt_model_count(t); m++)
        for (int i = 0; shunt_fallback(t, m, i) >= 0; i++)
            total++;
    shunt_selftest(t);
    cr_assert_lt(total, len);
}

Test(router_open, checksum_is_xxh64)
{
    char text[101];
    for (int i = 0; i < 101; i++)
        text[i] = (char)(i * 7);
    cr_assert_eq(shunt_xxh64("", 0, "", 0), UINT64_C(0xEF46DB3751D8E999));
    cr_assert_eq(shunt_xxh64("", 0, "abc", 3), UINT64_C(0x44BC2CF5AD770999));
    cr_assert_eq(shunt_xxh64(text, 64, text + 64, 37), shunt_xxh64("", 0, text, 101));
}

Test(router_open, refuses_every_flipped_bit)
{
    build_full(5, 7);
    struct shunt_table *t;
    char why[200];
    size_t tried = 0;
    cr_assert_eq(shunt_open_memory(bytes, len, &t), 0);
    shunt_close(t);
    for (size_t i = 0; i < len; i++)
        for (int k = 0; k < 8; k++) {
            bytes[i] ^= (unsigned char)(1 << k);
            t = NULL;
            cr_assert_lt(shunt_open_memory_detail(bytes, len, &t, why, sizeof why), 0,
                         "bit %d of byte %zu", k, i);
            cr_assert_null(t);
            cr_assert_gt(strlen(why), 5);
            bytes[i] ^= (unsigned char)(1 << k);
            tried++;
        }
    cr_assert_eq(tried, 8 * len);
    free(bytes);
}

Test(router_open, refuses_every_truncation_and_every_extension)
{
    build_full(5, 7);
    struct shunt_table *t = NULL;
    for (size_t n = 0; n < len; n++) {
        unsigned char *cut = malloc(n ? n : 1); /* exact: a sanitizer sees a read beyond */
        memcpy(cut, bytes, n);
        int rc = shunt_open_memory(cut, n, &t);
        cr_assert_eq(rc, n == 0 ? SHUNT_E_NOT_TABLE : SHUNT_E_TRUNCATED, "%zu bytes: %d", n, rc);
        free(cut);
    }
    unsigned char *longer = calloc(len + 64, 1);
    memcpy(longer, bytes, len);
    for (size_t more = 1; more <= 64; more++)
        cr_assert_eq(shunt_open_memory(longer, len + more, &t), SHUNT_E_DAMAGED);
    cr_assert_null(t);
    free(longer);
    free(bytes);
}

Test(router_open, copies_what_is_not_aligned)
{
    build_full(5, 7);
    unsigned char *room = malloc(len + 8);
    for (int shift = 0; shift < 8; shift++) {
        struct shunt_table *t;
        memcpy(room + shift, bytes, len);
        cr_assert_eq(shunt_open_memory(room + shift, len, &t), 0);
        if (shift > 0)
            memset(room + shift, 0xA5, len);
        cr_assert_eq(shunt_selftest(t), 0);
        shunt_close(t);
    }
    free(room);
    free(bytes);
    shunt_close(NULL);
}

/* Overwrite 4 or 8 bytes at an offset in a section (id 0: in the file), seal, and expect a status.
 */
static const struct {
    const char *name;
    uint32_t id;
    size_t at;
    int width;
    uint64_t value;
    int want;
    const char *says;
} hostile[] = {
    {"major 2", 0, 8, 2, 2, SHUNT_E_VERSION, "format 2.2"},
    {"minor 9", 0, 10, 2, 9, 0, ""},
    {"no sections", 0, 12, 4, 0, SHUNT_E_DAMAGED, "0 sections"},
    {"2^32 sections", 0, 12, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "4294967295"},
    {"64 sections", 0, 12, 4, 64, SHUNT_E_DAMAGED, ""},
    {"must flag", 0, 24, 4, 1, SHUNT_E_VERSION, "newer version"},
    {"may flag", 0, 28, 4, 1, 0, ""},
    {"header zero", 0, 63, 1, 1, SHUNT_E_DAMAGED, "must be 0"},
    {"first section twice", 0, 64, 4, 2, SHUNT_E_DAMAGED, "out of order"},
    {"section flags", 0, 68, 4, 2, SHUNT_E_DAMAGED, "flags of section 'strings'"},
    {"section offset odd", 0, 72, 8, 65, SHUNT_E_DAMAGED, "place of section"},
    {"section offset in header", 0, 72, 8, 0, SHUNT_E_DAMAGED, "place of section"},
    {"section offset huge", 0, 72, 8, UINT64_MAX - 63, SHUNT_E_DAMAGED, "place of section"},
    {"section size huge", 0, 80, 8, UINT64_MAX, SHUNT_E_DAMAGED, "place of section"},
    {"no strings", 0, 80, 8, 0, SHUNT_E_DAMAGED, ""},
    {"encoder 2", 2, 0, 4, 2, SHUNT_E_VERSION, "encoder 2"},
    {"4 bits", 2, 4, 4, 4, SHUNT_E_DAMAGED, "4 bits"},
    {"64 bits", 2, 4, 4, 64, SHUNT_E_DAMAGED, "64 bits"},
    {"24 bits", 2, 4, 4, 24, SHUNT_E_DAMAGED, "index"},
    {"no models", 2, 8, 4, 0, SHUNT_E_DAMAGED, "0 models"},
    {"2^32 models", 2, 8, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "4294967295 models"},
    {"256 models", 2, 8, 4, 256, SHUNT_E_DAMAGED, ""},
    {"4 models", 2, 8, 4, 4, SHUNT_E_DAMAGED, "models"},
    {"2^32 tiers", 2, 12, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, ""},
    {"2^32 tasks", 2, 16, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, ""},
    {"65536 tasks", 2, 16, 4, 65536, SHUNT_E_DAMAGED, ""},
    {"1 label", 2, 20, 4, 1, SHUNT_E_DAMAGED, ""},
    {"2 sets without dense", 2, 24, 4, 2, SHUNT_E_DAMAGED, "columns"},
    {"2^31 columns", 2, 28, 4, UINT32_C(1) << 31, SHUNT_E_DAMAGED, "columns"},
    {"weights of 8 bits", 2, 32, 4, 2, SHUNT_E_VERSION, "weights 2"},
    {"2^32 kept", 2, 40, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "rows"},
    {"one kept more", 2, 40, 4, 8, SHUNT_E_DAMAGED, "rows"},
    {"2^32 points", 2, 44, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, ""},
    {"2^32 rules", 2, 48, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, ""},
    {"65536 rules", 2, 48, 4, 65536, SHUNT_E_DAMAGED, "rules"},
    {"shape zero", 2, 60, 4, 1, SHUNT_E_DAMAGED, "columns"},
    {"model name outside", 3, 0, 4, 0xFFFFFFF0, SHUNT_E_DAMAGED, "name of a model"},
    {"two models of one name", 3, 0, 4, 6, SHUNT_E_DAMAGED, "two models named 'medium'"},
    {"model tier", 3, 4, 4, 2, SHUNT_E_DAMAGED, "models"},
    {"model flag", 3, 8, 4, 3, SHUNT_E_DAMAGED, "models"},
    {"negative price", 3, 16, 8, UINT64_MAX, SHUNT_E_DAMAGED, "models"},
    {"tasks out of order", 5, 0, 4, 60, SHUNT_E_DAMAGED, "tasks are out of order"},
    {"scale NaN", 7, 0, 8, UINT64_C(0x7FF8000000000000), SHUNT_E_DAMAGED, "heads"},
    {"scale infinite", 7, 0, 8, UINT64_C(0x7FF0000000000000), SHUNT_E_DAMAGED, "heads"},
    {"scale negative", 7, 0, 8, UINT64_C(0xBFF0000000000000), SHUNT_E_DAMAGED, "heads"},
    {"index rank", 10, 4, 4, 5, SHUNT_E_DAMAGED, "index"},
    {"index all ones", 10, 0, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "index"},
    {"row beyond 14 bits", 11, 2, 2, 8192, SHUNT_E_DAMAGED, "rows"},
    {"row below 14 bits", 11, 2, 2, 0xDFFF, SHUNT_E_DAMAGED, "rows"},
    {"row at 14 bits", 11, 2, 2, 0xE000, 0, ""},
    {"tokens per byte NaN", 13, 0, 8, UINT64_C(0x7FF8000000000000), SHUNT_E_DAMAGED, "cost"},
    {"latency -2", 13, 16, 8, UINT64_C(0xC000000000000000), SHUNT_E_DAMAGED, "cost"},
    {"mean cost -2", 13, 24, 8, UINT64_MAX - 1, SHUNT_E_DAMAGED, "cost"},
    {"point kind", 14, 4, 4, 2, SHUNT_E_DAMAGED, "points"},
    {"share without models", 14, 4, 4, 1, SHUNT_E_DAMAGED, "points"},
    {"point default", 14, 8, 4, 3, SHUNT_E_DAMAGED, "points"},
    {"point lambda NaN", 14, 32, 8, UINT64_C(0x7FF8000000000000), SHUNT_E_DAMAGED, "points"},
    {"guarded without default", 14, 20, 4, 1, SHUNT_E_DAMAGED, "points"},
    {"guard bits", 15, 0, 1, 8, SHUNT_E_DAMAGED, "guard"},
    {"rule action", 16, 4, 4, 3, SHUNT_E_DAMAGED, "rules"},
    {"rule target", 16, 8, 4, 3, SHUNT_E_DAMAGED, "rules"},
    {"rule keywords", 16, 24, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "rules"},
    {"rule first keyword", 16, 20, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "rules"},
    {"rule task outside", 16, 12, 4, 0xFFFFFF, SHUNT_E_DAMAGED, "task"},
    {"keyword length", 17, 4, 4, 200, SHUNT_E_DAMAGED, "keywords"},
    {"keyword outside", 17, 0, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "keywords"},
    {"fallback first", 18, 0, 4, 1, SHUNT_E_DAMAGED, "fallback"},
    {"fallback range", 18, 4, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "fallback"},
    {"fallback itself", 18, 16, 4, 0, SHUNT_E_DAMAGED, "fallback"},
    {"2^32 recorded answers", 20, 0, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "selftest"},
    {"recorded text outside", 20, 8, 8, UINT64_MAX, SHUNT_E_DAMAGED, "selftest"},
    {"recorded model", 20, 28, 4, 3, SHUNT_E_DAMAGED, "selftest"},
    {"meta key", 21, 0, 1, 'A', SHUNT_E_DAMAGED, "meta"},
    {"meta without =", 21, 9, 1, 'a', SHUNT_E_DAMAGED, "meta"},
    {"meta control character", 21, 10, 1, 1, SHUNT_E_DAMAGED, "meta"},
    {"2^32 posterior heads", 32, 0, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "postr"},
    {"no posterior heads", 32, 0, 4, 0, SHUNT_E_DAMAGED, "postr"},
    {"17 signals", 32, 4, 4, 17, SHUNT_E_DAMAGED, "postr"},
    {"posterior zero", 32, 60, 4, 1, SHUNT_E_DAMAGED, "postr"},
    {"posterior head outside", 32, 64, 4, 3, SHUNT_E_DAMAGED, "postr"},
    {"posterior padding", 32, 100, 4, 1, SHUNT_E_DAMAGED, "postr"},
    {"posterior bias NaN", 32, 104, 8, UINT64_C(0x7FF8000000000000), SHUNT_E_DAMAGED, "postr"},
    {"posterior weight of no signal", 32, 192, 8, 1, SHUNT_E_DAMAGED, "postr"},
    {"posterior weight infinite", 32, 112, 8, UINT64_C(0x7FF0000000000000), SHUNT_E_DAMAGED,
     "postr"},
    {"posterior task zero", 32, 104 + 3 * 264 + 24, 8, 1, SHUNT_E_DAMAGED, "postr"},
    {"2^32 points with values", 33, 0, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "value"},
    {"values outside", 33, 64, 4, 1, SHUNT_E_DAMAGED, "value"},
    {"value margin negative", 33, 72, 8, UINT64_C(0xBFF0000000000000), SHUNT_E_DAMAGED, "value"},
    {"value NaN", 33, 96, 8, UINT64_C(0x7FF8000000000000), SHUNT_E_DAMAGED, "value"},
    {"2^32 ensembles", 34, 0, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "stages"},
    {"2^32 voters", 34, 12, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "stages"},
    {"ensemble's point", 34, 68, 4, 2, SHUNT_E_DAMAGED, "stages"},
    {"ensemble's first stage", 34, 72, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "stages"},
    {"ensemble of 65 stages", 34, 76, 4, 65, SHUNT_E_DAMAGED, "stages"},
    {"stage's name outside", 34, 96, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "stage"},
    {"stage's model", 34, 104, 4, 3, SHUNT_E_DAMAGED, "stages"},
    {"stage's quality NaN", 34, 128, 8, UINT64_C(0x7FF8000000000000), SHUNT_E_DAMAGED, "stages"},
    {"vote needs none", 34, 204, 4, 0, SHUNT_E_DAMAGED, "stages"},
    {"vote's flags", 34, 212, 4, 2, SHUNT_E_DAMAGED, "stages"},
    {"voter", 34, 224, 4, 3, SHUNT_E_DAMAGED, "stages"},
    {"2^32 states", 36, 0, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "automat"},
    {"no states", 36, 0, 4, 0, SHUNT_E_DAMAGED, "automat"},
    {"257 classes", 36, 4, 4, 257, SHUNT_E_DAMAGED, "automat"},
    {"automaton outputs", 36, 8, 4, 3, SHUNT_E_DAMAGED, "automat"},
    {"automaton class", 36, 64, 1, 200, SHUNT_E_DAMAGED, "automat"},
    {"automaton next", 36, 320, 4, 99, SHUNT_E_DAMAGED, "automat"},
    {"automaton hit", 36, 320, 4, 0x80000000, SHUNT_E_DAMAGED, "automat"},
    {"2 scores of drift", 37, 0, 4, 2, SHUNT_E_DAMAGED, "drift"},
    {"drift zero", 37, 60, 4, 2, SHUNT_E_DAMAGED, "drift"},
    {"drift edge NaN", 37, 64, 8, UINT64_C(0x7FF8000000000000), SHUNT_E_DAMAGED, "drift"},
    {"drift edges out of order", 37, 64, 8, UINT64_C(0x3FF0000000000000), SHUNT_E_DAMAGED, "drift"},
    {"drift shares", 37, 136, 8, UINT64_C(0x3FF0000000000000), SHUNT_E_DAMAGED, "drift"},
    {"no calls", 38, 0, 4, 0, SHUNT_E_DAMAGED, "plan"},
    {"257 calls", 38, 0, 4, 257, SHUNT_E_DAMAGED, "plan"},
    {"budget action", 38, 8, 4, 2, SHUNT_E_DAMAGED, "plan"},
    {"plan zero", 38, 63, 1, 1, SHUNT_E_DAMAGED, "plan"},
    {"2^32 words", 35, 4, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "words"},
    {"no words", 35, 4, 4, 0, SHUNT_E_DAMAGED, "words"},
    {"one word more", 35, 4, 4, 13, SHUNT_E_DAMAGED, "words"},
    {"words' encoder outside", 35, 0, 4, 0xFFFFFF, SHUNT_E_DAMAGED, "words"},
    {"words by no bits", 35, 8, 4, 0, SHUNT_E_DAMAGED, "words"},
    {"words by 25 bits", 35, 8, 4, 25, SHUNT_E_DAMAGED, "words"},
    {"words by 32 bits", 35, 8, 4, 32, SHUNT_E_DAMAGED, "words"},
    {"words by 3 bits", 35, 8, 4, 3, SHUNT_E_DAMAGED, "words"},
    {"words zero", 35, 60, 4, 1, SHUNT_E_DAMAGED, "words"},
    {"scale of words NaN", 35, 64, 8, UINT64_C(0x7FF8000000000000), SHUNT_E_DAMAGED, "words"},
    {"words begin at 1", 35, 128, 4, 1, SHUNT_E_DAMAGED, "words"},
    {"words end outside", 35, 128 + 64, 4, 0xFFFFFFFF, SHUNT_E_DAMAGED, "words"},
    {"padding of words", 35, 128 + 68, 4, 1, SHUNT_E_DAMAGED, "words"},
    {"hash elsewhere", 35, 128 + 72, 8, UINT64_MAX, SHUNT_E_DAMAGED, "words"},
    {"word of no weight", 35, 128 + 72 + 96, 2, 0, SHUNT_E_DAMAGED, "words"},
    {"word of weight 65535", 35, 128 + 72 + 96, 2, 0xFFFF, 0, ""},
    {"range without end", 39, 0, 4, 0x7FFFFFFF, SHUNT_E_DAMAGED, "range"},
    {"range upside down", 39, 64 + 60, 4, 0, SHUNT_E_DAMAGED, "range"},
    {"range of one value", 39, 64, 4, 3 << 16, 0, ""},
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

Test(router_open, refuses_hostile_contents_by_name)
{
    build_full(5, 7);
    unsigned char *copy = malloc(len);
    for (int i = 0; i < HOSTILE; i++) {
        memcpy(copy, bytes, len);
        size_t base = hostile[i].id ? section(copy, hostile[i].id)->offset : 0;
        memcpy(copy + base + hostile[i].at, &hostile[i].value, (size_t)hostile[i].width);
        seal(copy, len);
        struct shunt_table *t = NULL;
        char why[200] = "";
        int rc = shunt_open_memory_detail(copy, len, &t, why, sizeof why);
        cr_assert_eq(rc, hostile[i].want, "%s: %d, %s", hostile[i].name, rc, why);
        cr_assert_not_null(strstr(why, hostile[i].says), "%s: '%s'", hostile[i].name, why);
        if (rc == 0) {
            use(t);
            shunt_close(t);
        } else {
            cr_assert_null(t);
        }
    }
    free(copy);
    free(bytes);
}

Test(router_open, skips_unknown_sections_unless_they_are_required)
{
    build_full(5, 7);
    /* Insert nothing: rename the last section to an id of the future. */
    struct shunt_section *s = section(bytes, SHUNT_S_RANGE);
    cr_assert_eq(s->flags, SHUNT_SECTION_REQUIRED);
    s->flags = 0;
    struct shunt_table *t;
    char why[200];
    s->id = 60;
    memcpy(s->name, "wonders", 8);
    seal(bytes, len);
    cr_assert_eq(shunt_open_memory(bytes, len, &t), 0);
    cr_assert_eq(shunt_selftest(t), SHUNT_E_SELFTEST); /* other answers: hence required */
    shunt_close(t);
    s->flags = SHUNT_SECTION_REQUIRED;
    seal(bytes, len);
    cr_assert_eq(shunt_open_memory_detail(bytes, len, &t, why, sizeof why), SHUNT_E_VERSION);
    cr_assert_not_null(strstr(why, "section 'wonders'"), "%s", why);
    free(bytes);
}

Test(router_open, an_accepted_mutant_routes)
{
    build_full(6, 20);
    unsigned char *copy = malloc(len);
    uint64_t state = 5;
    int accepted = 0;
    for (int round = 0; round < 60000; round++) {
        memcpy(copy, bytes, len);
        for (int k = 0; k <= round % 3; k++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            size_t at = (size_t)(state >> 33) % len;
            static const unsigned char odd[] = {0, 1, 0x7f, 0x80, 0xff, 0x40, 3, 0xf0};
            copy[at] =
                state & (1 << 20) ? odd[state >> 24 & 7] : copy[at] ^ (1 << (state >> 21 & 7));
        }
        memcpy(copy + 16, bytes + 16, 8);
        seal(copy, len);
        struct shunt_table *t;
        if (shunt_open_memory(copy, len, &t) == 0) {
            use(t);
            shunt_close(t);
            accepted++;
        }
    }
    cr_assert_gt(accepted, 1000); /* weights and figures may be anything */
    free(copy);
    free(bytes);
}

Test(router_open, files_that_are_no_tables)
{
    struct shunt_table *t = NULL;
    char why[300], path[64];
    cr_assert_eq(shunt_open_detail("/no/such/file", &t, why, sizeof why), SHUNT_E_IO);
    cr_assert_not_null(strstr(why, "/no/such/file"));
    cr_assert_eq(shunt_open_detail("/", &t, why, sizeof why), SHUNT_E_IO);
    cr_assert_not_null(strstr(why, "directory"));
    cr_assert_eq(shunt_open_detail("/dev/null", &t, why, sizeof why), SHUNT_E_IO);
    cr_assert_eq(shunt_open(NULL, &t), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_open_memory(NULL, 0, &t), SHUNT_E_ARGUMENT);

    strcpy(path, "/tmp/shunt-test-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(shunt_open_detail(path, &t, why, sizeof why), SHUNT_E_NOT_TABLE);
    cr_assert_not_null(strstr(why, "empty"));
    cr_assert_eq(write(fd, "SQLite format 3", 16), 16);
    cr_assert_eq(shunt_open(path, &t), SHUNT_E_NOT_TABLE);

    build_full(6, 20);
    cr_assert_eq(ftruncate(fd, 0), 0);
    cr_assert_eq(pwrite(fd, bytes, len, 0), (ssize_t)len);
    cr_assert_eq(shunt_open(path, &t), 0);
    cr_assert_eq(shunt_selftest(t), 0);
    shunt_close(t);
    cr_assert_eq(ftruncate(fd, (off_t)len - 1), 0);
    t = NULL;
    cr_assert_eq(shunt_open(path, &t), SHUNT_E_TRUNCATED);
    cr_assert_null(t);
    close(fd);
    unlink(path);
    free(bytes);
}

#ifndef __SANITIZE_ADDRESS__ /* whose allocator does not return without memory */
/* In a child, as a limit cannot be taken back: no memory may be had any more. */
static int open_without_memory(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        char why[100];
        struct shunt_table *t = NULL;
        unsigned char *room = malloc(len + 8);
        memcpy(room + 1, bytes, len);
        while (malloc(64)) /* what the allocator still holds */
            if (setrlimit(RLIMIT_AS, &(struct rlimit){1, 1}))
                _exit(9);
        int rc = path ? shunt_open_detail(path, &t, why, sizeof why)
                      : shunt_open_memory_detail(room + 1, len, &t, why, sizeof why);
        _exit(rc == SHUNT_E_NOMEM && !t && strstr(why, "memory") ? 0
              : rc == SHUNT_E_IO && path && !t                   ? 0 /* the map failed first */
                                                                 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

Test(router_open, reports_that_memory_ran_out)
{
    build_full(6, 20);
    cr_assert_eq(open_without_memory(NULL), 0);
    cr_assert_eq(open_without_memory("tests/fixtures/router-1.0.shunt"), 0);
    free(bytes);
}
#endif
