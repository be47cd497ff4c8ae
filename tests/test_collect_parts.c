/* The small parts: timers, money, addresses, conversations, vectors, batches of the store. */
#include "collect/endpoint.h"
#include "collect/heap.h"
#include "collect/mend.h"
#include "collect/purse.h"
#include "collect/vectors.h"
#include "core/mem.h"
#include "core/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(collect_parts, heap_gives_the_earliest_first)
{
    struct heap h = {0};
    struct rng rng;
    rng_seed(&rng, 3);
    cr_expect(isinf(heap_due(&h)));
    int what[500];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 500; i++)
            heap_push(&h, (double)rng_below(&rng, 100), &what[i]);
        double last = -1;
        bool seen[500] = {false};
        for (int i = 0; i < 500; i++) {
            double due = heap_due(&h);
            int *p = heap_pop(&h);
            cr_expect(due >= last);
            cr_expect(!seen[p - what], "popped twice");
            seen[p - what] = true;
            last = due;
        }
        cr_expect(h.n == 0);
    }
    VEC_FREE(&h);
}

static struct price_now prices(int64_t in, int64_t out)
{
    struct price_now p;
    for (int i = 0; i < PRICE_COMPONENTS; i++)
        p.pico_usd[i] = MONEY_UNKNOWN;
    p.pico_usd[PRICE_INPUT] = in;
    p.pico_usd[PRICE_OUTPUT] = out;
    return p;
}

Test(collect_parts, purse_knows_the_worst_case)
{
    struct price_now p = prices(2500000, 10000000);
    cr_expect(purse_worst(&p, 1000, 100) == 1000 * 2500 + 100 * 10000);
    p.pico_usd[PRICE_CACHE_WRITE] = 3125000;
    p.pico_usd[PRICE_CACHE_WRITE_1H] = 5000000;
    p.pico_usd[PRICE_REASONING] = 12000000;
    p.pico_usd[PRICE_REQUEST] = 1001;
    cr_expect(purse_worst(&p, 1000, 100) == 1000 * 5000 + 100 * 12000 + 2, "fees round up");
    p.pico_usd[PRICE_REASONING] = 1;
    cr_expect(purse_worst(&p, 1000, 100) == 1000 * 5000 + 100 * 10000 + 2);
    cr_expect(purse_worst(&p, 1000, 0) == MONEY_UNKNOWN);
    p = prices(MONEY_UNKNOWN, 1);
    cr_expect(purse_worst(&p, 1000, 10) == MONEY_UNKNOWN);
    p = prices(0, 0);
    cr_expect(purse_worst(&p, 1000, 10) == 0, "a free model costs nothing");
}

/* Random holds and settles: spent and held never pass the cap, whatever the order. */
Test(collect_parts, purse_never_passes_its_cap)
{
    struct rng rng;
    rng_seed(&rng, 11);
    for (int round = 0; round < 200; round++) {
        struct purse p = {.cap_nusd = (int64_t)rng_below(&rng, 5000)};
        int64_t worst[64];
        int n = 0, refused = 0;
        for (int i = 0; i < 400; i++) {
            int64_t w = (int64_t)rng_below(&rng, 200);
            if (n < 64 && rng_below(&rng, 2)) {
                if (purse_hold(&p, w))
                    worst[n++] = w;
                else
                    refused++;
            } else if (n > 0) {
                w = worst[--n];
                int64_t cost = w ? (int64_t)rng_below(&rng, (uint64_t)w + 1) : 0;
                switch (rng_below(&rng, 4)) {
                case 0:
                    purse_settle(&p, w, MONEY_UNKNOWN, true, false);
                    break;
                case 1:
                    purse_settle(&p, w, MONEY_UNKNOWN, false, false);
                    break;
                default:
                    purse_settle(&p, w, cost, true, true);
                }
            }
            cr_assert(p.spent_nusd + p.held_nusd <= p.cap_nusd && p.held_nusd >= 0);
        }
        while (n > 0)
            purse_settle(&p, worst[--n], MONEY_UNKNOWN, false, false);
        cr_expect(p.held_nusd == 0 && p.lost_nusd <= p.spent_nusd);
        cr_expect(refused > 0 || p.cap_nusd > 100);
    }
    struct purse p = {.cap_nusd = 100};
    cr_expect(!purse_hold(&p, MONEY_UNKNOWN), "what nobody knows does not fit");
    cr_expect(purse_hold(&p, 100) && !purse_hold(&p, 1), "to the last nano-dollar");
    struct purse open = {.cap_nusd = MONEY_UNKNOWN};
    cr_expect(purse_hold(&open, MONEY_UNKNOWN));
    purse_settle(&open, MONEY_UNKNOWN, MONEY_UNKNOWN, true, true);
    cr_expect(open.spent_nusd == 0 && open.unknown == 1);
}

Test(collect_parts, only_safe_addresses_are_asked)
{
    static const struct {
        const char *url;
        bool plain, allowed; /* accepted; accepted with allow_http */
    } cases[] = {
        {"https://api.example.test/v1", true, true},
        {"http://127.0.0.1:8080", true, true},
        {"http://localhost:1/x", true, true},
        {"http://[::1]:8080", true, true},
        {"http://127.9.9.9", true, true},
        {"http://example.test", false, true},
        {"http://127.0.0.1.example.test", false, true},
        {"http://localhost.example.test", false, true},
        {"http://10.0.0.1:8000/v1", false, true},
        {"http://[::2]", false, true},
        {"https://user:pass@example.test", false, false},
        {"https://user@example.test", false, false},
        {"ftp://127.0.0.1/x", false, false},
        {"file:///etc/passwd", false, false},
        {"127.0.0.1:8080", false, false},
        {"", false, false},
        {"https://", false, false},
        {"http://127.0.0.1:99999", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        cr_expect((http_check_url(cases[i].url, false, &e) == ERR_OK) == cases[i].plain, "%s: %s",
                  cases[i].url, e.text);
        cr_expect((http_check_url(cases[i].url, true, &e) == ERR_OK) == cases[i].allowed, "%s: %s",
                  cases[i].url, e.text);
        cr_expect(strstr(e.text, "pass@") == NULL, "a password shows: %s", e.text);
    }
}

Test(collect_parts, endpoints_complete_addresses)
{
    static const struct {
        const char *protocol, *base, *model, *url;
        enum endpoint_kind kind;
        const char *provider;
    } cases[] = {
        {"openai", NULL, "m", "https://api.openai.com/v1/chat/completions", ENDPOINT_CHAT, NULL},
        {"openai", "http://127.0.0.1:1", "m", "http://127.0.0.1:1/v1/chat/completions",
         ENDPOINT_CHAT, NULL},
        {"openai", "http://127.0.0.1:1/", "m", "http://127.0.0.1:1/v1/chat/completions",
         ENDPOINT_CHAT, NULL},
        {"openai", "https://openrouter.ai/api/v1", "m",
         "https://openrouter.ai/api/v1/chat/completions", ENDPOINT_CHAT, NULL},
        {"openai", "https://x.test/api/paas", "m", "https://x.test/api/paas/chat/completions",
         ENDPOINT_CHAT, NULL},
        {"openai", "http://localhost:2/v1/", "m", "http://localhost:2/v1/embeddings",
         ENDPOINT_EMBEDDINGS, NULL},
        {"anthropic", NULL, "m", "https://api.anthropic.com/v1/messages", ENDPOINT_CHAT, NULL},
        {"anthropic", "https://x.test/anthropic", "m", "https://x.test/anthropic/v1/messages",
         ENDPOINT_CHAT, NULL},
        {"anthropic", "https://x.test/v1", "m", "https://x.test/v1/messages", ENDPOINT_CHAT, NULL},
        {"gemini", NULL, "g-2.0",
         "https://generativelanguage.googleapis.com/v1beta/models/g-2.0:generateContent",
         ENDPOINT_CHAT, NULL},
        {"gemini", "http://127.0.0.1:1/v1", "tuned models/x y",
         "http://127.0.0.1:1/v1/tuned%20models/x%20y:generateContent", ENDPOINT_CHAT, NULL},
        {"openai-responses", NULL, "m", "https://api.openai.com/v1/responses", ENDPOINT_CHAT,
         "openai"},
        {"openai-responses", "http://127.0.0.1:1", "m", "http://127.0.0.1:1/v1/responses",
         ENDPOINT_CHAT, "openai"},
        {"openai", NULL, "m", "https://api.mistral.ai/v1/chat/completions", ENDPOINT_CHAT,
         "mistral"},
        {"openai", NULL, "m", "https://api.groq.com/openai/v1/chat/completions", ENDPOINT_CHAT,
         "groq"},
        {"openai", "http://127.0.0.1:1", "m", "http://127.0.0.1:1/v1/chat/completions",
         ENDPOINT_CHAT, "vllm"},
    };
    unsetenv("OPENAI_API_KEY");
    setenv("TEST_KEY", "k", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint_spec spec = {cases[i].kind,    cases[i].protocol, "n",   cases[i].base,
                                     cases[i].model,   "TEST_KEY",        false, NULL,
                                     cases[i].provider};
        struct endpoint ep;
        struct err e = {0};
        cr_assert(endpoint_open(&ep, &spec, true, &e) == ERR_OK, "%s", e.text);
        cr_expect_str_eq(ep.url, cases[i].url);
        cr_expect_str_eq(ep.secret, "k");
        bool other = spec.provider && strcmp(spec.provider, "openai") != 0;
        cr_expect(endpoint_is_official(&spec) == (!cases[i].base && !other));
        endpoint_deinit(&ep);
    }
    struct endpoint ep;
    struct err e = {0};
    struct endpoint_spec spec = {ENDPOINT_CHAT, "openai", "n", NULL, "m", NULL, false, NULL, NULL};
    cr_expect(endpoint_open(&ep, &spec, true, &e) == ERR_USAGE);
    cr_expect(strstr(e.text, "OPENAI_API_KEY") != NULL, "%s", e.text);
    cr_assert(endpoint_open(&ep, &spec, false, &e) == ERR_OK);
    endpoint_deinit(&ep);
    spec.provider = "deepseek"; /* its own key, not the protocol's */
    cr_expect(endpoint_open(&ep, &spec, true, &e) == ERR_USAGE);
    cr_expect(strstr(e.text, "DEEPSEEK_API_KEY") != NULL, "%s", e.text);
    spec.provider = "somebody"; /* never asked at another's address */
    cr_expect(endpoint_open(&ep, &spec, false, &e) == ERR_USAGE);
    cr_expect(strstr(e.text, "give it a base_url") != NULL, "%s", e.text);
    struct json *headers = NULL;
    const char text[] = "{\"x-team\": \"blue\", \"x-auth\": \"a ${TEST_KEY} ${TEST_TWO} $ {\"}";
    cr_assert(json_parse(text, sizeof text - 1, &headers, NULL) == ERR_OK);
    unsetenv("TEST_TWO");
    spec.headers = headers;
    spec.base_url = "http://127.0.0.1:1";
    cr_expect(endpoint_open(&ep, &spec, true, &e) == ERR_USAGE);
    cr_expect(strstr(e.text, "TEST_TWO") != NULL, "%s", e.text);
    setenv("TEST_TWO", "second", 1);
    cr_assert(endpoint_open(&ep, &spec, true, &e) == ERR_OK, "%s", e.text);
    cr_expect_str_eq(ep.secret, "k\nsecond");
    endpoint_deinit(&ep);
    spec.headers = NULL;
    json_free(headers);
    setenv("TEST_KEY", "two\nlines", 1);
    spec.api_key_env = "TEST_KEY";
    cr_expect(endpoint_open(&ep, &spec, true, &e) == ERR_USAGE);
    cr_expect(strstr(e.text, "TEST_KEY") && !strstr(e.text, "lines"), "%s", e.text);
    spec.protocol = "soap";
    cr_expect(endpoint_open(&ep, &spec, true, &e) == ERR_USAGE);
}

static bool read_vectors(const char *json, size_t n, size_t dims, struct vector **out,
                         int64_t *tokens, const char **why)
{
    struct json *body = NULL;
    cr_assert(json_parse(json, strlen(json), &body, NULL) == ERR_OK, "%s", json);
    *out = mem_array(n, sizeof **out);
    bool ok = vectors_read(body, n, dims, *out, tokens, why);
    json_free(body);
    return ok;
}

Test(collect_parts, vectors_come_as_numbers_or_base64)
{
    struct vector *v;
    const char *why = NULL;
    int64_t tokens;
    /* 1.0 and -2.5 little endian; out of order, by index */
    cr_assert(read_vectors("{\"data\":[{\"index\":1,\"embedding\":\"AACAPwAAIMA=\"},"
                           "{\"index\":0,\"embedding\":[0.5,-3]}],\"usage\":{\"prompt_tokens\":7}}",
                           2, 2, &v, &tokens, &why));
    cr_expect(tokens == 7);
    cr_assert(v[0].v && v[1].v);
    cr_expect(v[0].v[0] == 0.5f && v[0].v[1] == -3.f);
    cr_expect(v[1].v[0] == 1.f && v[1].v[1] == -2.5f);
    vectors_free(v, 2);
    /* each bad one is refused by itself */
    cr_assert(
        read_vectors("{\"data\":[{\"embedding\":[1,2,3]},{\"embedding\":[1,null]},"
                     "{\"embedding\":[1e300,0]},{\"embedding\":\"AADAfwAAAAA=\"},"
                     "{\"embedding\":\"AACAfwAAAAA=\"},{\"embedding\":\"A\"},{\"embedding\":7},"
                     "{\"embedding\":[]},{\"embedding\":[3,4]}]}",
                     10, 2, &v, &tokens, &why));
    cr_expect(tokens == -1);
    for (size_t i = 0; i < 10; i++)
        cr_expect((v[i].v != NULL) == (i == 8) && (i == 8 || v[i].why), "%zu", i);
    vectors_free(v, 10);
    static const char *const bad[] = {"{}",
                                      "[]",
                                      "{\"data\":{}}",
                                      "{\"data\":[{\"index\":5,\"embedding\":[1]}]}",
                                      "{\"data\":[{\"index\":-1,\"embedding\":[1]}]}",
                                      "{\"data\":[{\"index\":0.5,\"embedding\":[1]}]}",
                                      "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,"
                                      "\"embedding\":[1]}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why = NULL;
        cr_expect(!read_vectors(bad[i], 2, 0, &v, &tokens, &why) && why, "%s", bad[i]);
        vectors_free(v, 2);
    }
}

Test(collect_parts, base64_is_exact)
{
    static const struct {
        const char *text, *bytes; /* NULL: refused */
    } cases[] = {{"", ""},
                 {"Zg==", "f"},
                 {"Zm8=", "fo"},
                 {"Zm9v", "foo"},
                 {"Zm9vYg", "foob"},
                 {"Zm9vYmE=", "fooba"},
                 {"Z", NULL},
                 {"Zm9vY", NULL},
                 {"Zm 9v", NULL},
                 {"Zm9v!", NULL},
                 {"-_-_", "\xfb\xff\xbf"},
                 {"+/+/", "\xfb\xff\xbf"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(0);
        bool ok = base64_decode(&b, cases[i].text);
        cr_expect(ok == (cases[i].bytes != NULL), "'%s'", cases[i].text);
        cr_expect(!ok ||
                      (b.len == strlen(cases[i].bytes) && !memcmp(b.data, cases[i].bytes, b.len)),
                  "'%s'", cases[i].text);
        buf_deinit(&b);
    }
}

Test(collect_parts, vectors_request_is_exact)
{
    struct buf b = BUF_INIT(0);
    vectors_write(&b, "m", (const char *const[]){"a \"b\"", "c"}, 2, 8);
    cr_expect_str_eq(b.data,
                     "{\"model\":\"m\",\"input\":[\"a \\\"b\\\"\",\"c\"],\"encoding_format\":"
                     "\"base64\",\"dimensions\":8}");
    buf_clear(&b);
    vectors_write(&b, "m", (const char *const[]){"a"}, 1, 0);
    cr_expect_str_eq(b.data, "{\"model\":\"m\",\"input\":[\"a\"],\"encoding_format\":\"base64\"}");
    buf_deinit(&b);
}

Test(collect_parts, mends_only_what_cannot_be_read)
{
    static const struct {
        const char *text, *value; /* NULL: still refused */
    } cases[] = {
        {"[\"plain\"]", "plain"},
        {"[\"\\ud83d\\ude00\"]", "\xf0\x9f\x98\x80"},
        {"[\"\\ud83d\"]", "\xef\xbf\xbd"},
        {"[\"\\ude00x\"]", "\xef\xbf\xbdx"},
        {"[\"\\ud83d\\ud83d\\ude00\"]", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"[\"a\\u0000b\"]", "a\xef\xbf\xbd"
                            "b"},
        {"[\"\\\\u0000\\u0000\"]", "\\u0000\xef\xbf\xbd"},
        {"[\"x\xff\xfey\"]", "x\xef\xbf\xbd\xef\xbf\xbdy"},
        {"[\"\xe2\x82\"]", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"[\"open", NULL},
        {"[\"\\ud8", NULL},
        {"[\"x\\", NULL},
        {"[<\"\\u0000\">]", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *j = NULL;
        struct err e = {0};
        int rc = mend_parse(cases[i].text, strlen(cases[i].text), &j, &e);
        cr_expect((rc == ERR_OK) == (cases[i].value != NULL), "case %zu: %d", i, rc);
        if (rc == ERR_OK && cases[i].value)
            cr_expect_str_eq(json_str(json_first(j)), cases[i].value, "case %zu: '%s'", i,
                             json_str(json_first(j)));
        if (rc == ERR_OK)
            json_free(j);
        else
            cr_expect(e.text[0] != '\0');
    }
}
