/* One table: how each protocol's events add up, which of them hold text, how a stream is asked for.
 * Events as such are sse.c's, the result is read by the adapters.
 */
#include "collect/stream.h"

#include "collect/stream_fold.h"
#include "core/mem.h"

#include <string.h>

static const struct stream_format *const table[] = {&stream_openai, &stream_responses,
                                                    &stream_anthropic, &stream_gemini};

static const struct stream_format *format_of(const char *protocol)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i]->protocol, protocol) == 0)
            return table[i];
    return NULL;
}

void stream_request(const char *protocol, struct buf *body)
{
    const struct stream_format *f = format_of(protocol);
    if (!f || !f->members || body->len < 2 || body->data[body->len - 1] != '}')
        return;
    body->len--;
    buf_adds(body, f->members);
    buf_addc(body, '}');
}

char *stream_url(const char *protocol, const char *url)
{
    static const char plain[] = ":generateContent";
    size_t len = strlen(url), tail = sizeof plain - 1;
    if (strcmp(protocol, "gemini") == 0 && len > tail && strcmp(url + len - tail, plain) == 0)
        return mem_printf("%.*s:streamGenerateContent?alt=sse", (int)(len - tail), url);
    return mem_strdup(url);
}

bool stream_is(const char *body, size_t len)
{
    static const char *const starts[] = {"data:", "event:", ":", "id:", "retry:"};
    if (len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0)
        body += 3, len -= 3;
    while (len > 0 && strchr("\r\n", *body) && *body)
        body++, len--;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (len >= strlen(starts[i]) && memcmp(body, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

/* --- folding ------------------------------------------------------------------------------------
 */
struct folding {
    const struct stream_format *format;
    struct fold fold;
    struct json *error;
    bool bad;
};

static bool fold_event(void *arg, const char *name, const char *data, size_t len)
{
    struct folding *x = arg;
    struct json *j = NULL;
    struct err why = {0};
    if (strncmp(data, "[DONE]", 6) == 0) {
        x->fold.ended = x->fold.done = true;
        return false;
    }
    if (json_parse(data, len, &j, &why)) {
        x->bad = true;
        return false;
    }
    const char *type = json_str(json_get(j, "type"));
    bool error =
        strcmp(name, "error") == 0 || (type && strcmp(type, "error") == 0) ||
        json_type(json_get(j, "error")) > JSON_NULL ||
        json_type(json_path(j, "choices[0].error")) > JSON_NULL ||
        (json_type(j) == JSON_ARRAY && json_type(json_get(json_first(j), "error")) > JSON_NULL);
    if (error) {
        x->error = j;
        return false;
    }
    x->format->add(&x->fold, j);
    json_free(j);
    return !x->fold.done;
}

enum stream_end stream_fold(const char *protocol, const char *body, size_t len, struct json **whole,
                            const char **why)
{
    struct folding x = {.format = format_of(protocol)};
    enum stream_end end = STREAM_WHOLE;
    struct sse sse;
    *whole = NULL;
    *why = "";
    if (!x.format) {
        *why = "the reply is a stream, which this protocol does not have";
        return STREAM_MALFORMED;
    }
    fold_init(&x.fold);
    sse_init(&sse, 0);
    if (sse_feed(&sse, body, len, fold_event, &x))
        sse_end(&sse, fold_event, &x);
    if (x.error) {
        *whole = x.error;
        end = STREAM_FAILED;
    } else if (x.bad || sse.over) {
        *why = "the stream holds an event that is not JSON";
        end = STREAM_MALFORMED;
    } else if (!x.fold.ended) {
        *why = "the stream was cut off before its end";
        end = STREAM_CUT;
    } else {
        struct buf text = BUF_INIT(0);
        struct err bad = {0};
        x.format->write(&x.fold, &text);
        if (json_parse(text.data, text.len, whole, &bad)) {
            *why = "the stream does not add up to a reply";
            end = STREAM_MALFORMED;
        }
        buf_deinit(&text);
    }
    sse_deinit(&sse);
    fold_deinit(&x.fold);
    return end;
}

/* --- the first text -----------------------------------------------------------------------------
 */
void stream_watch_init(struct stream_watch *w, const char *protocol)
{
    *w = (struct stream_watch){.protocol = protocol};
    sse_init(&w->sse, STREAM_WATCH_MAX);
}

void stream_watch_deinit(struct stream_watch *w)
{
    sse_deinit(&w->sse);
}

void stream_watch_reset(struct stream_watch *w)
{
    sse_reset(&w->sse);
    w->heard = false;
}

static bool watch_event(void *arg, const char *name, const char *data, size_t len)
{
    struct stream_watch *w = arg;
    const struct stream_format *f = format_of(w->protocol);
    struct json *j = NULL;
    struct err why = {0};
    (void)name;
    if (f && !json_parse(data, len, &j, &why))
        w->heard = f->has_text(j);
    json_free(j);
    return !w->heard;
}

bool stream_watch_feed(struct stream_watch *w, const char *bytes, size_t n)
{
    if (!w->heard && !w->sse.over)
        sse_feed(&w->sse, bytes, n, watch_event, w);
    return w->heard;
}
