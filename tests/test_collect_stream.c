/* Streams: events however the bytes are cut, what they add up to, and when the first text came. */
#include "collect/adapter.h"
#include "collect/stream.h"
#include "core/fs.h"
#include "core/mem.h"
#include "core/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool note(void *arg, const char *name, const char *data, size_t len)
{
    buf_addf(arg, "[%s|%.*s]", name, (int)len, data);
    return true;
}

static void feed(struct sse *s, const char *text, size_t len, size_t step, struct buf *out)
{
    sse_reset(s);
    buf_clear(out);
    for (size_t i = 0; i < len; i += step)
        sse_feed(s, text + i, i + step < len ? step : len - i, note, out);
    sse_end(s, note, out);
}

Test(collect_stream, events_of_every_spelling_in_pieces_of_every_size)
{
    static const struct {
        const char *text, *events;
    } cases[] = {
        {"data: a\n\ndata: b\n\n", "[|a][|b]"},
        {"data:a\r\n\r\ndata: b\r\n\r\n", "[|a][|b]"},
        {"data:a\r\rdata:  b\r\r", "[|a][| b]"},
        {"event: x\ndata: 1\ndata: 2\n\n", "[x|1\n2]"},
        {": ping\n\n:\n\nevent: alone\n\ndata: a\n\n", "[|a]"},
        {"\xef\xbb\xbf"
         "data: a\nid: 7\nretry: 5\nother\n\n",
         "[|a]"},
        {"data\n\ndata:\n\n", "[|][|]"},
        {"data: cut", "[|cut]"},
        {"data: a\n\ndata: cut\n", "[|a][|cut]"},
        {"", ""},
        {"\n\n\r\n", ""},
        {"event: a-name-that-is-much-longer-than-sixty-three-bytes-and-is-therefore-cut\ndata: "
         "a\n\n",
         "[a-name-that-is-much-longer-than-sixty-three-bytes-and-is-theref|a]"},
    };
    struct sse s;
    struct buf out = BUF_INIT(0);
    sse_init(&s, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 1; step < 40; step++) {
            feed(&s, cases[i].text, strlen(cases[i].text), step, &out);
            cr_expect_str_eq(out.data, cases[i].events, "case %zu in steps of %zu: %s", i, step,
                             out.data);
        }
    sse_deinit(&s);
    sse_init(&s, 16);
    cr_expect(!sse_feed(&s, "data: 12345678901234567890\n\n", 28, note, &out) && s.over);
    sse_reset(&s);
    cr_expect(!sse_feed(&s, "data: 123456789\ndata: 123456789\n\n", 33, note, &out) && s.over,
              "lines of one event count together");
    sse_deinit(&s);
    buf_deinit(&out);
}

struct stream_case {
    const char *file, *protocol;
    enum trouble class;
    const char *text, *finish, *served;
    int64_t input, cached, write, write_1h, output, reasoning;
    double mean, min;
    const char *says;
    double wait_s;
};
static const struct stream_case cases[] = {
    {"openai_stream", "openai", TROUBLE_NONE, "Paris \xf0\x9f\x98\x80", "stop", "mini-2026-01", 31,
     0, -1, -1, 12, 10, -1.0, -1.5, "", NAN},
    {"openai_stream_tool", "openai", TROUBLE_NONE, "", "tool_calls", "mini", 50, -1, -1, -1, 14, -1,
     NAN, NAN, "", NAN},
    {"openai_stream_error", "openai", TROUBLE_OVERLOADED, "", "", "", -1, -1, -1, -1, -1, -1, NAN,
     NAN, "overloaded", NAN},
    {"openai_stream_cut", "openai", TROUBLE_NETWORK, "", "", "", -1, -1, -1, -1, -1, -1, NAN, NAN,
     "cut off", NAN},
    {"anthropic_stream", "anthropic", TROUBLE_NONE, "The total is 12.50", "stop", "swift-2026",
     2310, 2000, 100, 200, 40, 30, NAN, NAN, "", NAN},
    {"anthropic_stream_error", "anthropic", TROUBLE_OVERLOADED, "", "", "", -1, -1, -1, -1, -1, -1,
     NAN, NAN, "Overloaded", NAN},
    {"gemini_stream", "gemini", TROUBLE_NONE, "SELECT 1", "stop", "flash-2026", 105, 60, -1, -1, 58,
     50, -0.5, -0.75, "", NAN},
    {"gemini_stream_error", "gemini", TROUBLE_RATE_LIMIT, "", "", "", -1, -1, -1, -1, -1, -1, NAN,
     NAN, "exhausted", 37},
};
enum { CASES = sizeof cases / sizeof *cases };

static char *fixture(const char *name, size_t *len)
{
    char path[128];
    char *text = NULL;
    struct err e = {0};
    snprintf(path, sizeof path, "tests/fixtures/collect/%s.txt", name);
    cr_assert(fs_read_all(path, 1 << 20, &text, len, &e) == 0, "%s", e.text);
    return text;
}

static void read_body(const char *protocol, const char *body, size_t len, struct answer *a,
                      struct trouble_info *info)
{
    const struct adapter *ad = NULL;
    struct http_result r = {.end = HTTP_DONE,
                            .status = 200,
                            .sent = true,
                            .body = body,
                            .len = len,
                            .retry_after_s = NAN,
                            .should_retry = -1,
                            .why = ""};
    cr_assert(adapter_find(protocol, &ad, NULL) == 0);
    answer_init(a);
    adapter_read(ad, &r, NULL, a, info);
}

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) < 1e-9;
}

Test(collect_stream, adds_up_to_the_reply_without_streaming)
{
    for (size_t i = 0; i < CASES; i++) {
        const struct stream_case *c = &cases[i];
        size_t len;
        AUTO_FREE char *body = fixture(c->file, &len);
        struct trouble_info info;
        struct answer a;
        read_body(c->protocol, body, len, &a, &info);
        cr_expect(info.class == c->class, "%s: %s (%s)", c->file, trouble_names[info.class],
                  info.message);
        cr_expect(info.paid, "%s may have been charged", c->file);
        cr_expect(strstr(info.message, c->says) != NULL, "%s: %s", c->file, info.message);
        cr_expect(c->class == TROUBLE_NONE || info.retry, "%s can be tried again", c->file);
        cr_expect(isnan(c->wait_s) || info.retry_after_s == c->wait_s, "%s: the wait", c->file);
        cr_expect_str_eq(a.text.data, c->text, "%s: '%s'", c->file, a.text.data);
        cr_expect_str_eq(a.finish, c->finish, "%s: '%s'", c->file, a.finish);
        cr_expect_str_eq(a.served_model, c->served, "%s: '%s'", c->file, a.served_model);
        cr_expect(a.usage.input == c->input && a.usage.cached == c->cached &&
                      a.usage.cache_write == c->write && a.usage.cache_write_1h == c->write_1h &&
                      a.usage.output == c->output && a.usage.reasoning == c->reasoning,
                  "%s: usage %ld %ld %ld %ld %ld %ld", c->file, (long)a.usage.input,
                  (long)a.usage.cached, (long)a.usage.cache_write, (long)a.usage.cache_write_1h,
                  (long)a.usage.output, (long)a.usage.reasoning);
        cr_expect(same(a.mean_logprob, c->mean) && same(a.min_logprob, c->min), "%s: %g %g",
                  c->file, a.mean_logprob, a.min_logprob);
        answer_deinit(&a);
    }
}

/* However much of a stream came: no part of it is ever taken for the whole reply. */
Test(collect_stream, no_part_of_a_stream_is_a_reply)
{
    for (size_t i = 0; i < CASES; i++) {
        const struct stream_case *c = &cases[i];
        size_t len;
        AUTO_FREE char *body = fixture(c->file, &len);
        for (size_t n = 1; n < len && c->class == TROUBLE_NONE; n++) {
            struct trouble_info info;
            struct answer a;
            AUTO_FREE char *part = mem_strndup(body, n);
            read_body(c->protocol, part, n, &a, &info);
            cr_expect(info.class != TROUBLE_NONE ||
                          (strcmp(a.text.data, c->text) == 0 && strcmp(a.finish, c->finish) == 0 &&
                           a.usage.output == c->output),
                      "%s: %zu of %zu bytes gave '%s'", c->file, n, len, a.text.data);
            answer_deinit(&a);
        }
    }
}

/* Nothing that a provider sends ends the program. */
Test(collect_stream, damaged_streams_are_survived)
{
    struct rng rng;
    rng_seed(&rng, 7);
    for (size_t i = 0; i < CASES * 60; i++) {
        const struct stream_case *c = &cases[i % CASES];
        size_t len;
        AUTO_FREE char *body = fixture(c->file, &len);
        for (int k = 0; k < 6; k++)
            body[rng_below(&rng, len)] = (char)rng_below(&rng, 256);
        struct trouble_info info;
        struct answer a;
        read_body(c->protocol, body, len, &a, &info);
        cr_expect(info.class < TROUBLES);
        answer_deinit(&a);
    }
}

Test(collect_stream, the_first_text_is_no_role_ping_or_thought)
{
    static const struct {
        const char *file, *protocol, *before;
    } firsts[] = {{"openai_stream", "openai", "\"Par\""},
                  {"anthropic_stream", "anthropic", "The total"},
                  {"gemini_stream", "gemini", "\"SELE\""}};
    for (size_t i = 0; i < 3; i++) {
        size_t len;
        AUTO_FREE char *body = fixture(firsts[i].file, &len);
        const char *at = strstr(body, firsts[i].before), *end = strchr(at, '\n') + 2;
        struct stream_watch w;
        stream_watch_init(&w, firsts[i].protocol);
        cr_expect(!stream_watch_feed(&w, body, (size_t)(end - body) - 1), "%s", firsts[i].file);
        cr_expect(stream_watch_feed(&w, end - 1, 1), "%s", firsts[i].file);
        stream_watch_reset(&w);
        for (size_t n = 0; n < len && !stream_watch_feed(&w, body + n, 1); n++)
            cr_expect(body + n < end, "%s: later than it came", firsts[i].file);
        stream_watch_deinit(&w);
    }
}

Test(collect_stream, asks_for_a_stream)
{
    struct buf b = BUF_INIT(0);
    buf_adds(&b, "{\"model\":\"m\"}");
    stream_request("gemini", &b);
    cr_expect_str_eq(b.data, "{\"model\":\"m\"}");
    stream_request("anthropic", &b);
    cr_expect_str_eq(b.data, "{\"model\":\"m\",\"stream\":true}");
    b.len = 12;
    buf_adds(&b, "}");
    stream_request("openai", &b);
    cr_expect_str_eq(b.data,
                     "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":"
                     "true}}");
    buf_deinit(&b);
    AUTO_FREE char *plain = stream_url("openai", "http://h/v1/chat/completions");
    AUTO_FREE char *gemini = stream_url("gemini", "http://h/v1beta/models/m:generateContent");
    cr_expect_str_eq(plain, "http://h/v1/chat/completions");
    cr_expect_str_eq(gemini, "http://h/v1beta/models/m:streamGenerateContent?alt=sse");
    cr_expect(stream_is("data: x", 7) && stream_is(": x", 3) && stream_is("\nevent: a", 9));
    cr_expect(!stream_is("{}", 2) && !stream_is("", 0) && !stream_is(" {", 2) &&
              !stream_is("\0", 1));
}
