/* Any bytes as the body of a 2xx and of an error, for every protocol, as vectors, and as headers;
 * and as a stream that comes in pieces, which must give the same events as in one, and the first
 * text in the same stream or not at all. The corpus is tests/fixtures/collect/ and corpus/reply/.
 */
#include "collect/adapter.h"
#include "collect/header.h"
#include "collect/mend.h"
#include "collect/stream.h"
#include "collect/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool note(void *arg, const char *name, const char *data, size_t len)
{
    buf_adds(arg, name);
    buf_addc(arg, '|');
    buf_add(arg, data, len);
    buf_addc(arg, '\n');
    return true;
}

static void events(const char *body, size_t len, size_t step, struct buf *out)
{
    struct sse s;
    sse_init(&s, 1 << 16);
    for (size_t i = 0; i < len; i += step)
        sse_feed(&s, body + i, len - i < step ? len - i : step, note, out);
    sse_end(&s, note, out);
    sse_deinit(&s);
}

static void must(int good)
{
    if (!good)
        abort();
}

/* Whether the first text was heard, fed so many bytes at a time. */
static bool first_text(const char *protocol, const char *body, size_t len, size_t step)
{
    struct stream_watch w;
    bool heard = false;
    stream_watch_init(&w, protocol);
    stream_watch_feed(&w, "data: {", 7); /* of a try that broke off */
    stream_watch_reset(&w);
    for (size_t i = 0; i < len && !heard; i += step)
        heard = stream_watch_feed(&w, body + i, len - i < step ? len - i : step);
    stream_watch_deinit(&w);
    return heard;
}

static void vectors(const char *body, size_t len)
{
    struct vector *v = calloc(3, sizeof *v);
    struct json *json = NULL;
    int64_t tokens = -1;
    const char *why = NULL;
    if (mend_parse(body, len, &json, NULL) == 0) {
        if (vectors_read(json, 3, 0, v, &tokens, &why)) {
            must(tokens >= -1);
            for (int i = 0; i < 3; i++)
                for (size_t k = 0; v[i].v && k < v[i].dims; k++)
                    must(isfinite(v[i].v[k]));
        } else {
            must(why != NULL);
        }
    }
    vectors_free(v, 3);
    json_free(json);
}

/* Every line a header. */
static void headers(const char *body, size_t len)
{
    struct reply_headers h = reply_headers_none();
    for (size_t at = 0; at < len;) {
        const char *end = memchr(body + at, '\n', len - at);
        size_t n = end ? (size_t)(end - body) + 1 - at : len - at;
        reply_headers_add(&h, body + at, n, 1767571200000);
        at += n;
    }
    double wait = reply_headers_wait_s(&h);
    must(isnan(wait) || wait >= 0);
    for (int k = 0; k < RATE_KINDS; k++) {
        const struct rate_told *t = &h.rates.kind[k];
        must((isnan(t->limit) || t->limit >= 0) && (isnan(t->remaining) || t->remaining >= 0) &&
             (isnan(t->reset_s) || (t->reset_s >= 0 && isfinite(t->reset_s))));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct adapter *const all[] = {&adapter_openai, &adapter_responses,
                                                &adapter_anthropic, &adapter_gemini};
    struct buf whole = BUF_INIT(0), pieces = BUF_INIT(0);
    char *body = malloc(size + 1); /* exact, with the NUL that a result has */
    if (!body)
        return 0;
    memcpy(body, data, size);
    body[size] = '\0';
    for (size_t i = 0; i < 8; i++) {
        struct http_result r = {.end = HTTP_DONE,
                                .status = i % 2 ? 429 : 200,
                                .body = body,
                                .len = size,
                                .retry_after_s = (double)NAN,
                                .ttft_ms = (double)NAN,
                                .should_retry = -1,
                                .why = ""};
        struct answer a;
        struct trouble_info info;
        answer_init(&a);
        adapter_read(all[i / 2], &r, "secret", &a, &info);
        must((int)info.class >= 0 && info.class < TROUBLES && a.usage.input >= -1 &&
             a.usage.output >= -1 && (r.status != 429 || info.class != TROUBLE_NONE));
        must(memchr(info.message, 0, sizeof info.message) != NULL &&
             strstr(info.message, "secret") == NULL);
        answer_deinit(&a);
        if (size < 1 << 16)
            must(first_text(all[i / 2]->name, body, size, size + 1) ==
                 first_text(all[i / 2]->name, body, size, 5));
    }
    vectors(body, size);
    headers(body, size);
    if (size < 1 << 16) {
        events(body, size, size + 1, &whole);
        events(body, size, 3, &pieces);
        must(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
    }
    buf_deinit(&whole);
    buf_deinit(&pieces);
    free(body);
    return 0;
}
