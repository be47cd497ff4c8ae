/* The table, and what the protocols have in common. */
#include "collect/adapter.h"

#include "collect/hosts.h"
#include "collect/mend.h"
#include "collect/stream.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct adapter *const table[] = {&adapter_openai, &adapter_responses,
                                              &adapter_anthropic, &adapter_gemini};

void answer_init(struct answer *a)
{
    *a = (struct answer){.usage = USAGE_UNKNOWN,
                         .reported_nusd = MONEY_UNKNOWN,
                         .mean_logprob = (double)NAN,
                         .min_logprob = (double)NAN,
                         .entropy = (double)NAN};
    buf_init(&a->text, 0);
    buf_init(&a->normalised, 0);
}

void answer_deinit(struct answer *a)
{
    buf_deinit(&a->text);
    buf_deinit(&a->normalised);
}

int adapter_find(const char *protocol, const struct adapter **out, struct err *e)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i]->name, protocol) == 0) {
            *out = table[i];
            return ERR_OK;
        }
    return err_set(e, ERR_USAGE,
                   "there is no protocol '%s' (openai, openai-responses, anthropic, gemini)",
                   protocol);
}

static int read_talk(const struct adapter *a, const struct config_model *m, const char *messages,
                     struct talk *out, struct err *e)
{
    const struct host *host = host_find(m->provider);
    bool alternate = a->alternate || m->alternate_roles || (host && host->alternate);
    return talk_read(out, messages, m, alternate, e);
}

size_t adapter_text_bytes(const struct adapter *a, const struct config_model *m,
                          const char *messages)
{
    struct talk t;
    if (read_talk(a, m, messages, &t, NULL))
        return 0;
    size_t n = t.system.len;
    for (size_t i = 0; i < t.turns.n; i++)
        n += t.turns.v[i].text.len;
    talk_deinit(&t);
    return n;
}

int adapter_body(const struct adapter *a, const struct config_model *m, const char *messages,
                 int64_t sample, bool official, struct buf *out, struct err *e)
{
    struct talk t;
    int rc = read_talk(a, m, messages, &t, e);
    if (rc)
        return rc;
    a->write(out, m, &t, sample, official);
    talk_deinit(&t);
    return ERR_OK;
}

static void read_tree(const struct adapter *a, const struct http_result *r, const struct json *body,
                      const char *secret, struct answer *out, struct trouble_info *info)
{
    const char *why = NULL;
    if (a->read(body, out, &why)) {
        *info = (struct trouble_info){.class = TROUBLE_NONE, .paid = true};
        return;
    }
    if (why)
        trouble_malformed(why, info);
    else
        trouble_read(r, body, secret, info);
}

static void read_stream(const struct adapter *a, const struct http_result *r, const char *secret,
                        struct answer *out, struct trouble_info *info)
{
    const char *why = NULL;
    struct json *body = NULL;
    switch (stream_fold(a->name, r->body, r->len, &body, &why)) {
    case STREAM_WHOLE:
        read_tree(a, r, body, secret, out, info);
        break;
    case STREAM_FAILED:
        trouble_read(r, body, secret, info);
        break;
    case STREAM_CUT:
        trouble_malformed(why, info);
        info->class = TROUBLE_NETWORK;
        break;
    case STREAM_MALFORMED:
        trouble_malformed(why, info);
        break;
    }
    json_free(body);
}

void adapter_read(const struct adapter *a, const struct http_result *r, const char *secret,
                  struct answer *out, struct trouble_info *info)
{
    struct json *body = NULL;
    struct err why = {0};
    if (r->end == HTTP_DONE && r->status >= 200 && r->status < 300 && stream_is(r->body, r->len)) {
        read_stream(a, r, secret, out, info);
        return;
    }
    if (r->end == HTTP_DONE && r->len > 0)
        mend_parse(r->body, r->len, &body, &why);
    if (r->end == HTTP_DONE && r->status >= 200 && r->status < 300) {
        char text[200];
        snprintf(text, sizeof text, "the reply is not JSON: %.160s",
                 r->len ? why.text : "it is empty");
        if (body)
            read_tree(a, r, body, secret, out, info);
        else
            trouble_malformed(text, info);
    } else {
        trouble_read(r, body, secret, info);
    }
    json_free(body);
}

void adapter_params(struct jsonw *w, const struct json *params, const char *const *skip)
{
    struct buf b = BUF_INIT(0);
    for (const struct json *p = json_first(params); p; p = json_next(p)) {
        bool skipped = false;
        for (size_t i = 0; skip[i] && !skipped; i++)
            skipped = strcmp(json_key(p), skip[i]) == 0;
        if (skipped)
            continue;
        buf_clear(&b);
        json_write(&b, p);
        jsonw_raw(w, json_key(p), b.data);
    }
    buf_deinit(&b);
}

int64_t adapter_count(const struct json *j)
{
    int64_t v;
    return json_int64(j, &v) && v >= 0 ? v : -1;
}

int64_t adapter_either(int64_t first, int64_t second)
{
    return first >= 0 ? first : second;
}

void adapter_text(struct buf *out, const struct json *content)
{
    if (json_str(content)) {
        buf_adds(out, json_str(content));
        return;
    }
    if (json_type(content) != JSON_ARRAY)
        return;
    for (const struct json *p = json_first(content); p; p = json_next(p)) {
        const char *type = json_str(json_get(p, "type")), *text = json_str(json_get(p, "text"));
        if (text && (!type || strcmp(type, "text") == 0))
            buf_adds(out, text);
    }
}

void adapter_word(char *out, size_t size, const char *word)
{
    snprintf(out, size, "%s", word ? word : "");
}

bool adapter_logprobs(const struct json *params, int64_t *top)
{
    const struct json *asked = json_get(params, "logprobs");
    int64_t n = 0;
    bool on = json_bool(asked, false) || (json_int64(asked, &n) && n > 0);
    *top = n > 0 ? n : 5;
    if (json_int64(json_get(params, "top_logprobs"), &n) && n >= 0)
        *top = n;
    return on;
}
