/* Any bytes as the body of a 2xx and of an error, for every protocol; and as a stream that comes in
 * pieces, which must give the same events as in one. The corpus is tests/fixtures/collect/. */
#include "collect/adapter.h"
#include "collect/stream.h"

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
        if ((int)info.class < 0 || info.class >= TROUBLES || a.usage.input < -1 ||
            a.usage.output < -1 || (r.status == 429 && info.class == TROUBLE_NONE))
            abort();
        answer_deinit(&a);
        struct stream_watch w;
        stream_watch_init(&w, all[i / 2]->name);
        stream_watch_feed(&w, body, size);
        stream_watch_deinit(&w);
    }
    if (size < 1 << 16) {
        events(body, size, size + 1, &whole);
        events(body, size, 3, &pieces);
        if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0)
            abort();
    }
    buf_deinit(&whole);
    buf_deinit(&pieces);
    free(body);
    return 0;
}
