/* The loopback provider when things go wrong, and under load: what it rejects, the errors it
 * injects, finding a prompt in a longer text, many requests at once, garbage, its command line. */
#include "tests/provider/check.h"

#include <math.h>

#define USER(text) "\"messages\":[{\"role\":\"user\",\"content\":\"" text "\"}]"
#define NANO "\"model\":\"sim-nano\""

TestSuite(provider_faults, .init = write_data, .fini = remove_data);

static const struct {
    const char *method, *path, *headers, *body;
    int status;
    const char *want; /* in the body */
} rejected[] = {
    {"POST", CHAT, "", "{" NANO, 400, "\"type\":\"invalid_request_error\""},
    {"POST", CHAT, "", "[]", 400, "must be a JSON object"},
    {"POST", CHAT, "", "{" USER("x") "}", 400, "you must provide a model parameter"},
    {"POST", CHAT, "", "{\"model\":\"none\"," USER("x") "}", 404, "\"code\":\"model_not_found\""},
    {"POST", CHAT, "", "{\"model\":\"sim-max\"," USER("x") "}", 404, "model_not_found"},
    {"POST", CHAT, "", "{" NANO "}", 400, "\"param\":\"messages\""},
    {"POST", CHAT, "", "{" NANO ",\"messages\":[]}", 400, "\"param\":\"messages\""},
    {"POST", CHAT, "", "{" NANO ",\"messages\":[{\"role\":\"boss\",\"content\":\"x\"}]}", 400,
     "messages[0].role"},
    {"POST", CHAT, "", "{" NANO ",\"messages\":[{\"role\":\"user\",\"content\":7}]}", 400,
     "messages[0].content"},
    {"POST", CHAT, "", "{" NANO "," USER("x") ",\"temperature\":3}", 400,
     "\"param\":\"temperature\""},
    {"POST", CHAT, "", "{" NANO "," USER("x") ",\"max_tokens\":0}", 400,
     "\"param\":\"max_tokens\""},
    {"POST", CHAT, "", "{" NANO "," USER("x") ",\"seed\":\"1\"}", 400, "\"param\":\"seed\""},
    {"POST", CHAT, "", "{" NANO "," USER("x") ",\"stream\":1}", 400, "\"param\":\"stream\""},
    {"POST", CHAT, "", "{" NANO "," USER("x") ",\"top_logprobs\":2}", 400,
     "\"param\":\"top_logprobs\""},
    {"POST", CHAT, "", "{" NANO "," USER("x") ",\"logprobs\":true,\"top_logprobs\":21}", 400,
     "top_logprobs"},
    {"POST", CHAT, "", "{" NANO "," USER("x") ",\"stream_options\":{}}", 400, "stream_options"},
    {"GET", CHAT, "", NULL, 405, "Not allowed"},
    {"POST", "/v1/chat", "", "{}", 404, "Invalid URL"},
    {"POST", MESSAGES, "anthropic-version: 2023-06-01\r\n", "{}", 401, "\"authentication_error\""},
    {"POST", MESSAGES, "x-api-key: k\r\n", "{\"model\":\"sim-max\",\"max_tokens\":9," USER("x") "}",
     400, "anthropic-version"},
    {"POST", MESSAGES, CLAUDE, "{\"model\":\"sim-max\"," USER("x") "}", 400,
     "max_tokens: Field required"},
    {"POST", MESSAGES, CLAUDE, "{\"model\":\"sim-nano\",\"max_tokens\":9," USER("x") "}", 404,
     "\"not_found_error\""},
    {"POST", MESSAGES, CLAUDE, "{\"model\":\"sim-max\",\"max_tokens\":9," USER("") "}", 400,
     "non-empty content"},
    {"POST", MESSAGES, CLAUDE,
     "{\"model\":\"sim-max\",\"max_tokens\":9,\"temperature\":1.5," USER("x") "}", 400,
     "temperature"},
    {"POST", MESSAGES, CLAUDE,
     "{\"model\":\"sim-max\",\"max_tokens\":9,\"messages\":[{\"role\":\"system\",\"content\":"
     "\"x\"}]}",
     400, "\\\"system\\\""},
    {"POST", "/v1beta/models/sim-flash:generateContent", "", "{}", 401, "\"UNAUTHENTICATED\""},
    {"POST", "/v1beta/models/sim-flash:generateContent", GOOGLE, "{}", 400, "\"INVALID_ARGUMENT\""},
    {"POST", "/v1beta/models/none:generateContent", GOOGLE, "{}", 404, "\"NOT_FOUND\""},
    {"POST", "/v1beta/models/sim-flash:explode", GOOGLE, "{}", 404, "\"NOT_FOUND\""},
    {"POST", "/v1/embeddings", "", "{\"model\":\"sim-embed\"}", 400, "\"param\":\"input\""},
    {"POST", "/v1/embeddings", "", "{\"model\":\"sim-embed\",\"input\":[]}", 400, "input"},
    {"POST", "/v1/embeddings", "", "{\"model\":\"sim-embed\",\"input\":[\"a\",\"\"]}", 400,
     "input[1]"},
    {"POST", "/v1/embeddings", "", "{\"model\":\"sim-embed\",\"input\":\"a\",\"dimensions\":32}",
     400, "dimensions"},
    {"POST", "/v1/embeddings", "",
     "{\"model\":\"sim-embed\",\"input\":\"a\",\"encoding_format\":\"hex\"}", 400,
     "encoding_format"},
    {"POST", "/v1/embeddings", "", "{\"model\":\"sim-nano\",\"input\":\"a\"}", 404,
     "model_not_found"},
};

Test(provider_faults, rejects_what_the_real_services_reject)
{
    struct server s = start(NULL);
    for (size_t i = 0; i < sizeof rejected / sizeof *rejected; i++) {
        struct answered a = server_ask(&s, rejected[i].method, rejected[i].path,
                                       rejected[i].headers, rejected[i].body);
        cr_expect(a.status == rejected[i].status && strstr(a.body, rejected[i].want),
                  "case %zu: %d %s", i, a.status, a.body);
        struct json *j = parse(a.body, a.body_len);
        cr_expect(json_type(json_get(j, "error")) == JSON_OBJECT, "case %zu", i);
        json_free(j);
        answered_free(&a);
    }
    cr_expect(server_stop(&s) == 0);
    s = start((const char *[]){"--key", "secret", NULL});
    static const struct {
        const char *path, *headers;
        int status;
    } keys[] = {
        {CHAT, "", 401},
        {CHAT, "Authorization: Bearer wrong\r\n", 401},
        {CHAT, "Authorization: Basic secret\r\n", 401},
        {CHAT, "Authorization: Bearer secret\r\n", 400},
        {MESSAGES, CLAUDE, 401},
        {MESSAGES, "x-api-key: secret\r\n", 400},
        {MESSAGES, "Authorization: Bearer secret\r\n", 400},
        {"/v1beta/models/sim-flash:generateContent?key=secre", "", 401},
        {"/v1beta/models/sim-flash:generateContent?key=secret", "", 400},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct answered a = server_ask(&s, "POST", keys[i].path, keys[i].headers, "{}");
        cr_expect(a.status == keys[i].status, "key %zu: %d %s", i, a.status, a.body);
        answered_free(&a);
    }
    cr_expect(server_stop(&s) == 0);
}

/* How often a name stands in /stats with its number: `"name":N`. */
static long stat_of(const struct server *s, const char *name)
{
    struct answered a = server_ask(s, "GET", "/stats", "", NULL);
    AUTO_FREE char *key = mem_printf("\"%s\":", name);
    const char *at = strstr(a.body, key);
    long n = at ? strtol(at + strlen(key), NULL, 10) : -1;
    answered_free(&a);
    return n;
}

Test(provider_faults, injects_the_errors_it_is_told_to)
{
    struct server s = start((const char *[]){"--retry-after", "7", NULL});
    const char *body = "{" NANO "," USER("an unknown question") "}";
    static const struct {
        const char *fault;
        int status;
    } k[] = {{"429", 429}, {"500", 500}, {"529", 529}};
    char value[64];
    for (size_t i = 0; i < 3; i++) {
        AUTO_FREE char *extra = mem_printf("x-sim-fault: %s\r\n", k[i].fault);
        struct answered a = server_ask(&s, "POST", CHAT, extra, body);
        cr_expect(a.status == k[i].status && a.whole && strstr(a.body, "{\"error\":"), "%d %s",
                  a.status, a.body);
        cr_expect(answered_header(&a, "Retry-After", value, sizeof value) == (k[i].status == 429));
        cr_expect(k[i].status != 429 || strcmp(value, "7") == 0);
        cr_expect(answered_header(&a, "x-ratelimit-remaining-requests", value, sizeof value));
        answered_free(&a);
    }
    struct answered a = server_ask(&s, "POST", "/v1beta/models/sim-flash:generateContent",
                                   GOOGLE "x-sim-fault: 429\r\n", "{}");
    cr_expect(a.status == 429 && strstr(a.body, "\"retryDelay\":\"7s\"") &&
              strstr(a.body, "RESOURCE_EXHAUSTED"));
    answered_free(&a);
    a = server_ask(&s, "POST", MESSAGES, CLAUDE "x-sim-fault: 429\r\n", "{}");
    cr_expect(a.status == 429 && answered_header(&a, "Retry-After", value, sizeof value));
    cr_expect(answered_header(&a, "anthropic-ratelimit-output-tokens-reset", value, sizeof value));
    answered_free(&a);
    static const char *const streams[] = {"", ",\"stream\":true"};
    for (size_t i = 0; i < 2; i++) {
        AUTO_FREE char *asked =
            mem_printf("{" NANO "," USER("an unknown question") "%s}", streams[i]);
        a = server_ask(&s, "POST", CHAT, "x-sim-fault: cut\r\n", asked);
        cr_expect(a.status == 200 && !a.whole && a.body_len > 20, "%zu: %d %zu", i, a.status,
                  a.body_len);
        answered_free(&a);
        a = server_ask(&s, "POST", CHAT, "x-sim-fault: malformed\r\n", asked);
        const char *at = i ? a.body : a.body - 6;
        bool bad = false;
        for (; at && !bad && strncmp(at + 6, "[DONE]", 6) != 0;
             at = i ? strstr(at + 6, "data: ") : NULL) {
            struct json *j = NULL;
            bad = json_parse(at + 6, strcspn(at + 6, "\n"), &j, NULL) != 0;
            json_free(j);
        }
        cr_expect(a.status == 200 && a.whole && bad, "%zu: %s", i, a.body);
        answered_free(&a);
    }
    int fd = server_connect(&s);
    server_request(fd, "POST", CHAT, "x-sim-fault: hang\r\n", body, strlen(body));
    a = server_read(fd, 300);
    cr_expect(a.status == 0);
    answered_free(&a);
    cr_expect(stat_of(&s, "completed") == 0);
    cr_expect(stat_of(&s, "cut") == 2 && stat_of(&s, "malformed") == 2 && stat_of(&s, "hang") == 1);
    fd = server_connect(&s); /* still hanging when the server is told to end */
    server_request(fd, "POST", CHAT, "x-sim-fault: hang\r\n", body, strlen(body));
    while (stat_of(&s, "hang") < 2)
        clock_sleep_ms(5);
    cr_expect(server_stop(&s) == 0);
    close(fd);
}

Test(provider_faults, rates_are_shares_and_the_same_in_every_run)
{
    const char *const options[] = {"--rate-429", "0.2", "--rate-500", "0.1", NULL};
    struct server s = start(options), t = start(options);
    int limited = 0, failed = 0, different = 0;
    for (int i = 0; i < 300; i++) {
        struct answered a = server_ask(&s, "POST", CHAT, "", "{" NANO "," USER("q") "}");
        struct answered b = server_ask(&t, "POST", CHAT, "", "{" NANO "," USER("q") "}");
        limited += a.status == 429;
        failed += a.status == 500;
        different += a.status != b.status;
        answered_free(&a);
        answered_free(&b);
    }
    cr_expect(limited > 35 && limited < 85, "%d", limited);
    cr_expect(failed > 12 && failed < 55, "%d", failed);
    cr_expect(different == 0, "%d", different);
    cr_expect(stat_of(&s, "completed") == 300 - limited - failed);
    cr_expect(server_stop(&s) == 0);
    cr_expect(server_stop(&t) == 0);
}

/* The answer of sim-pro at temperature 0. */
static char *pro(const struct server *s, const char *messages)
{
    AUTO_FREE char *body =
        mem_printf("{\"model\":\"sim-pro\",\"temperature\":0,\"messages\":[%s]}", messages);
    return ask_text(s, CHAT, "", body, "choices[0].message.content");
}

Test(provider_faults, finds_the_prompt_whatever_stands_around_it)
{
#define ASKED "Where is my parcel with the red ribbon?"
    static const struct {
        const char *messages, *want;
    } k[] = {
        {"{\"role\":\"user\",\"content\":\"" ASKED "\"}", "delivery_status"},
        {"{\"role\":\"user\",\"content\":\"  " ASKED "\\n\"}", "delivery_status"},
        {"{\"role\":\"user\",\"content\":\"Be short.\\n\\n" ASKED "\"}", "delivery_status"},
        {"{\"role\":\"user\",\"content\":\"Question: " ASKED "\\nThink, then say one label.\"}",
         "delivery_status"},
        {"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Label "
         "it.\"},{\"type\":\"text\",\"text\":\"" ASKED "\"}]}",
         "delivery_status"},
        {"{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":\"y\"},{"
         "\"role\":\"user\",\"content\":\"" ASKED "\"}",
         "delivery_status"},
        {"{\"role\":\"user\",\"content\":\"> " ASKED " And the blue one? <\"}", "two_parcels"},
        {"{\"role\":\"system\",\"content\":\"Say the "
         "colour.\"},{\"role\":\"user\",\"content\":\"The sky at noon, if you please\"}",
         "blue"},
        {"{\"role\":\"system\",\"content\":\"Say the "
         "weather.\"},{\"role\":\"user\",\"content\":\"The sky at noon, if you please\"}",
         "sunny"},
        {"{\"role\":\"user\",\"content\":\"Say the weather.\\n\\nThe sky at noon, if you please\"}",
         "sunny"},
        {"{\"role\":\"system\",\"content\":\"Hello! Say the weather. "
         "Thanks\"},{\"role\":\"user\",\"content\":\"The sky at noon, if you please!\"}",
         "sunny"},
    };
    struct server s = start(NULL);
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        AUTO_FREE char *text = pro(&s, k[i].messages);
        cr_expect(strcmp(text, k[i].want) == 0, "case %zu: %s, want %s", i, text, k[i].want);
    }
    AUTO_FREE char *one =
        pro(&s, "{\"role\":\"user\",\"content\":\"Something else entirely, of some length\"}");
    AUTO_FREE char *two =
        pro(&s, "{\"role\":\"user\",\"content\":\"Something else entirely, of some length\"}");
    AUTO_FREE char *other = pro(&s, "{\"role\":\"user\",\"content\":\"And another thing\"}");
    cr_expect(strcmp(one, two) == 0 && strcmp(one, other) != 0);
    cr_expect(stat_of(&s, "unknown") == 0, "of the first model, that nobody asked");
    cr_expect(server_stop(&s) == 0);
}

static double dot(const double *a, const double *b)
{
    double sum = 0;
    for (int d = 0; d < 64; d++)
        sum += a[d] * b[d];
    return sum;
}

Test(provider_faults, embeddings_are_unit_vectors_in_both_encodings)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *input = "\"input\":[\"the parcel is late\",\"the parcels are late\",\"SELECT city "
                        "FROM customers\",\"a\"]";
    struct server s = start(NULL);
    double v[4][64];
    AUTO_FREE char *body = mem_printf("{\"model\":\"sim-embed\",%s}", input);
    AUTO_FREE char *body64 = mem_printf(
        "{\"model\":\"sim-embed\",\"encoding_format\":\"base64\",\"dimensions\":64,%s}", input);
    struct answered a = server_ask(&s, "POST", "/v1/embeddings", "", body),
                    b = server_ask(&s, "POST", "/v1/embeddings", "", body64);
    struct json *ja = parse(a.body, a.body_len), *jb = parse(b.body, b.body_len);
    cr_assert(json_count(json_get(ja, "data")) == 4 &&
              json_num(json_path(ja, "usage.prompt_tokens"), 0) > 8);
    for (size_t i = 0; i < 4; i++) {
        const struct json *x = json_get(json_at(json_get(ja, "data"), i), "embedding");
        const char *text = json_str(json_get(json_at(json_get(jb, "data"), i), "embedding"));
        unsigned char bytes[260] = {0};
        cr_assert(json_count(x) == 64 && text && strlen(text) == 344);
        for (size_t k = 0, n = 0; k < 344; k += 4, n += 3) {
            uint32_t u = 0;
            for (size_t c = 0; c < 4; c++)
                u = u << 6 |
                    (uint32_t)(text[k + c] == '=' ? 0 : strchr(digits, text[k + c]) - digits);
            bytes[n] = (unsigned char)(u >> 16), bytes[n + 1] = (unsigned char)(u >> 8),
            bytes[n + 2] = (unsigned char)u;
        }
        for (size_t d = 0; d < 64; d++) {
            float f;
            v[i][d] = json_num(json_at(x, d), NAN);
            memcpy(&f, bytes + 4 * d, 4);
            cr_assert(fabs(v[i][d] - (double)f) < 1e-6, "text %zu dimension %zu: %g and %g", i, d,
                      v[i][d], (double)f);
        }
        cr_expect(fabs(dot(v[i], v[i]) - 1) < 1e-5);
    }
    cr_expect(dot(v[0], v[1]) > 0.4 && fabs(dot(v[0], v[2])) < 0.4, "%g %g", dot(v[0], v[1]),
              dot(v[0], v[2]));
    json_free(ja);
    json_free(jb);
    answered_free(&a);
    answered_free(&b);
    cr_expect(server_stop(&s) == 0);
}

Test(provider_faults, a_hundred_requests_wait_side_by_side)
{
    enum { N = 100 };
    int fd[N];
    struct server s = start((const char *[]){"--latency-scale", "10", NULL}); /* over 200 ms each */
    double begin = clock_s();
    for (int i = 0; i < N; i++) {
        AUTO_FREE char *body = mem_printf("{" NANO ",\"seed\":%d," USER("q") "}", i);
        fd[i] = server_connect(&s);
        server_request(fd[i], "POST", CHAT, "", body, strlen(body));
    }
    for (int i = 0; i < N; i++) {
        struct answered a = server_read(fd[i], 20000);
        cr_expect(a.status == 200 && a.whole);
        answered_free(&a);
    }
    double took = clock_s() - begin;
    cr_expect(took < N * 0.2 / 4, "%g s", took); /* one after the other would be over 20 s */
    cr_expect(stat_of(&s, "in_flight_max") > 16, "%ld", stat_of(&s, "in_flight_max"));
    cr_expect(stat_of(&s, "completed") == N);
    cr_expect(server_stop(&s) == 0);
}

Test(provider_faults, survives_garbage_huge_headers_large_bodies_and_slow_clients)
{
    struct server s = start(NULL);
    static const char *const garbage[] = {
        "\x16\x03\x01\x02",
        "GET\r\n\r\n",
        "POST / HTTP/9.9\r\n\r\n",
        "\r\n\r\n\r\n",
        "POST " CHAT " HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        "POST " CHAT " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        int fd = server_connect(&s);
        server_send(fd, garbage[i], strlen(garbage[i]));
        shutdown(fd, SHUT_WR);
        struct answered a = server_read(fd, 2000);
        cr_expect(a.status == 0 || a.status >= 400, "garbage %zu: %d", i, a.status);
        answered_free(&a);
    }
    struct buf big = BUF_INIT(0);
    buf_adds(&big, "X-Long: ");
    for (int i = 0; i < 20000; i++)
        buf_adds(&big, "0123456789");
    buf_adds(&big, "\r\n");
    struct answered a = server_ask(&s, "POST", CHAT, big.data, "{}");
    cr_expect(a.status == 0 || a.status >= 400, "%d", a.status);
    answered_free(&a);
    buf_clear(&big);
    while (big.len < (9 << 20))
        buf_adds(&big, "{\"model\":\"sim-nano\",\"messages\":[");
    a = server_ask(&s, "POST", CHAT, "", big.data);
    cr_expect(a.status == 413, "%d", a.status);
    answered_free(&a);
    buf_deinit(&big);
    static const char *const bodies[] = {"\xff\xfe",
                                         "{\"model\":\"\xc3\"}",
                                         "{\"model\":\"\\u0000\"}",
                                         "{\"a\":1e999}",
                                         "[[[[[[[[[[[[[[[[",
                                         "{" NANO ",\"messages\":{\"a\":[null]}}",
                                         ""};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        a = server_ask(&s, "POST", CHAT, "", bodies[i]);
        cr_expect(a.status == 400, "body %zu: %d %s", i, a.status, a.body);
        answered_free(&a);
    }
    int slow = server_connect(&s); /* half a request, and nothing more */
    server_send(slow, "POST " CHAT " HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{", 60);
    a = server_ask(&s, "POST", CHAT, "", "{" NANO "," USER("still there?") "}");
    cr_expect(a.status == 200);
    answered_free(&a);
    cr_expect(server_stop(&s) == 0);
    close(slow);
}

static void write_text(const char *path, const char *text)
{
    cr_assert(fs_write_atomic(path, text, strlen(text), NULL) == 0);
}

Test(provider_faults, the_command_line_names_what_is_wrong)
{
    char bad[80];
    snprintf(bad, sizeof bad, "%s.bad", data_path);
    write_text(bad, "{\"id\":\"a\",\"prompt\":\"x\"}\n{\"id\":\n");
    struct server first = start(NULL);
    AUTO_FREE char *taken = mem_printf("%d", first.port);
    const struct {
        const char *args[6];
        int status;
        const char *want;
    } k[] = {
        {{"--frob", NULL}, 2, "frob"},
        {{"--rate-500", "0.7", "--rate-429", "0.5", NULL}, 2, "1.2"},
        {{"--rate-500", "-1", NULL}, 2, "--rate-500"},
        {{"--port", "70000", NULL}, 2, "--port"},
        {{"surplus", NULL}, 2, "'surplus'"},
        {{"--data", "/nonexistent.jsonl", NULL}, 3, "/nonexistent.jsonl"},
        {{"--data", bad, NULL}, 4, "line 2"},
        {{"--models", bad, NULL}, 4, ".bad"},
        {{"--port", taken, NULL}, 5, "--port"},
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        struct server s = server_start(k[i].args);
        int status = s.port ? server_stop(&s) : server_wait(&s);
        cr_expect(status == k[i].status && strstr(s.text, k[i].want), "case %zu: %d %s", i, status,
                  s.text);
    }
    write_text(bad, "[{\"name\":\"sim-new\",\"like\":\"sim-nano\",\"task\":{\"sql\":2}}]");
    struct server s = start((const char *[]){"--models", bad, NULL});
    AUTO_FREE char *text = ask_text(&s, CHAT, "", "{\"model\":\"sim-new\"," USER("q") "}", "model");
    cr_expect(strcmp(text, "sim-new") == 0);
    cr_expect(server_stop(&s) == 0);
    cr_expect(server_stop(&first) == 0);
    unlink(bad);
}
