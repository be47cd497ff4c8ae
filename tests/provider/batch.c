/* The batch APIs of OpenAI and Anthropic, answered at once and told late: a batch is in progress
 * for the first two looks at it, and its results come in the reverse order. Files and batches live
 * as long as the process.
 */
#include "tests/provider/server.h"

#include "core/hash.h"
#include "core/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS = 2 };

struct thing {
    char id[40];
    char *text; /* of a file */
    size_t len;
    int looks; /* at a batch */
    int64_t requests, failed;
    char output[40], errors[40]; /* files of a batch; errors "" when there are none */
};
static struct VEC_BODY(struct thing) things;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct thing *find(const char *id, size_t len)
{
    for (size_t i = 0; i < things.n; i++)
        if (strlen(things.v[i].id) == len && memcmp(things.v[i].id, id, len) == 0)
            return &things.v[i];
    return NULL;
}

static struct thing *add(const char *prefix, char *text, size_t len)
{
    struct thing t = {.text = text, .len = len};
    snprintf(t.id, sizeof t.id, "%s_sim%zu", prefix, things.n + 1);
    VEC_PUSH(&things, t);
    return &things.v[things.n - 1];
}

static void say_id(struct call *c, const char *object, const struct thing *t)
{
    struct jsonw w = JSONW_INIT(&c->reply.body);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "id", t->id);
    jsonw_str(&w, "object", object);
    jsonw_int(&w, "bytes", (int64_t)t->len);
    jsonw_str(&w, "purpose", "batch");
    jsonw_end(&w);
    reply_step(&c->reply, 0);
}

void batch_upload(struct call *c)
{
    const char *type = c->header(c, "content-type");
    const char *mark = type ? strstr(type, "boundary=") : NULL;
    const char *body = c->body.data ? c->body.data : "";
    const char *file = strstr(body, "filename=\""), *start = file ? strstr(file, "\r\n\r\n") : NULL;
    if (!mark || !start || !strstr(body, "name=\"purpose\"")) {
        reply_error(c, 400, "invalid_request", "file",
                    "Expected a multipart form with 'purpose' and 'file'.");
        return;
    }
    AUTO_FREE char *end_mark = mem_printf("\r\n--%s", mark + 9);
    const char *end = strstr(start + 4, end_mark);
    if (!end) {
        reply_error(c, 400, "invalid_request", "file", "The form has no end.");
        return;
    }
    pthread_mutex_lock(&lock);
    size_t len = (size_t)(end - start) - 4;
    say_id(c, "file", add("file", mem_strndup(start + 4, len), len));
    pthread_mutex_unlock(&lock);
}

void batch_download(struct call *c, const char *id)
{
    pthread_mutex_lock(&lock);
    const struct thing *t = find(id, strcspn(id, "/"));
    if (t && t->text)
        buf_add(&c->reply.body, t->text, t->len);
    else
        reply_error(c, 404, "not_found", "file", "No such file.");
    pthread_mutex_unlock(&lock);
    if (t)
        reply_step(&c->reply, 0);
}

/* Asks the request of one line, as if it had come by itself; the reply's body is appended. */
static unsigned ask_one(struct call *c, const char *url, const struct json *body, struct buf *out)
{
    struct call one = *c;
    one.method = "POST";
    one.url = url;
    one.in_batch = true;
    buf_init(&one.body, 0);
    json_write(&one.body, body);
    reply_init(&one.reply);
    call_answer(&one);
    unsigned status = one.reply.status;
    while (one.reply.body.len && one.reply.body.data[one.reply.body.len - 1] == '\n')
        one.reply.body.len--;
    buf_add(out, one.reply.body.data, one.reply.body.len);
    if (one.reply.asked)
        asked_add(c->sim->stats, one.reply.asked, 1);
    if (one.reply.model)
        stats_completed(c->sim->stats, one.reply.model, (int)one.reply.verdict,
                        one.reply.prompt_tokens, one.reply.output_tokens);
    reply_deinit(&one.reply);
    buf_deinit(&one.body);
    return status;
}

/* A line put before all others. */
static void put_first(struct buf *b, const struct buf *line)
{
    struct buf both = BUF_INIT(0);
    buf_add(&both, line->data, line->len);
    buf_addc(&both, '\n');
    if (b->len)
        buf_add(&both, b->data, b->len);
    buf_deinit(b);
    *b = both;
}

/* What becomes of a request in a batch: a draw from its custom_id. */
enum fate { FATE_ANSWERED, FATE_EXPIRED, FATE_DROPPED };
static enum fate fate_of(const struct call *c, const struct json *line)
{
    const char *id = json_str(json_get(line, "custom_id"));
    struct rng r;
    rng_seed(&r, hash64(id ? id : "", id ? strlen(id) : 0, c->sim->seed));
    double u = rng_unit(&r);
    return u < c->sim->batch_expire                        ? FATE_EXPIRED
           : u < c->sim->batch_expire + c->sim->batch_drop ? FATE_DROPPED
                                                           : FATE_ANSWERED;
}

static void expired_line(const struct json *line, bool anthropic, struct buf *out)
{
    struct buf text = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&text);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "custom_id", json_str(json_get(line, "custom_id")));
    jsonw_obj(&w, anthropic ? "result" : "error");
    if (anthropic) {
        jsonw_str(&w, "type", "expired");
    } else {
        jsonw_str(&w, "code", "batch_expired");
        jsonw_str(&w, "message",
                  "This request could not be executed before the completion window"
                  " expired.");
    }
    jsonw_end(&w);
    if (!anthropic)
        jsonw_null(&w, "response");
    jsonw_end(&w);
    put_first(out, &text);
    buf_deinit(&text);
}

static void openai_line(struct call *c, const struct json *line, struct buf *good, struct buf *bad)
{
    struct buf reply = BUF_INIT(0), text = BUF_INIT(0);
    const char *url = json_str(json_get(line, "url"));
    enum fate fate = fate_of(c, line);
    if (fate == FATE_EXPIRED) {
        expired_line(line, false, bad);
        return;
    }
    unsigned status = ask_one(c, url ? url : "", json_get(line, "body"), &reply);
    struct jsonw w = JSONW_INIT(&text);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "id", "batch_req_sim");
    jsonw_str(&w, "custom_id", json_str(json_get(line, "custom_id")));
    jsonw_obj(&w, "response");
    jsonw_int(&w, "status_code", status);
    jsonw_str(&w, "request_id", "req_sim");
    jsonw_raw(&w, "body", reply.data);
    jsonw_end(&w);
    jsonw_null(&w, "error");
    jsonw_end(&w);
    if (fate != FATE_DROPPED)
        put_first(status < 300 ? good : bad, &text);
    buf_deinit(&text);
    buf_deinit(&reply);
}

static void anthropic_line(struct call *c, const struct json *line, struct buf *out)
{
    struct buf reply = BUF_INIT(0), text = BUF_INIT(0);
    enum fate fate = fate_of(c, line);
    if (fate == FATE_EXPIRED) {
        expired_line(line, true, out);
        return;
    }
    unsigned status = ask_one(c, "/v1/messages", json_get(line, "params"), &reply);
    struct jsonw w = JSONW_INIT(&text);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "custom_id", json_str(json_get(line, "custom_id")));
    jsonw_obj(&w, "result");
    jsonw_str(&w, "type", status < 300 ? "succeeded" : "errored");
    jsonw_raw(&w, status < 300 ? "message" : "error", reply.data);
    jsonw_end(&w);
    jsonw_end(&w);
    if (fate != FATE_DROPPED)
        put_first(out, &text);
    buf_deinit(&text);
    buf_deinit(&reply);
}

static char *detach(struct buf *b, size_t *len)
{
    *len = b->len;
    return buf_detach(b, NULL);
}

static void show(struct call *c, struct thing *b, bool anthropic)
{
    bool done = b->looks >= LOOKS;
    struct jsonw w = JSONW_INIT(&c->reply.body);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "id", b->id);
    jsonw_str(&w, anthropic ? "type" : "object", anthropic ? "message_batch" : "batch");
    jsonw_str(&w, anthropic ? "processing_status" : "status",
              anthropic ? (done ? "ended" : "in_progress") : (done ? "completed" : "in_progress"));
    if (!anthropic) {
        jsonw_str(&w, "output_file_id", done && b->output[0] ? b->output : NULL);
        jsonw_str(&w, "error_file_id", done && b->failed ? b->errors : NULL);
    }
    jsonw_obj(&w, "request_counts");
    jsonw_int(&w, anthropic ? "succeeded" : "completed", done ? b->requests - b->failed : 0);
    jsonw_int(&w, anthropic ? "errored" : "failed", done ? b->failed : 0);
    jsonw_end(&w);
    jsonw_end(&w);
    reply_step(&c->reply, 0);
}

/* Every line or request is answered now; the caller holds no lock. */
void batch_create(struct call *c, bool anthropic)
{
    struct json *body = NULL;
    struct buf good = BUF_INIT(0), bad = BUF_INIT(0);
    int64_t requests = 0;
    if (!call_json(c, &body))
        return;
    const char *id = json_str(json_get(body, "input_file_id"));
    pthread_mutex_lock(&lock);
    const struct thing *file = id ? find(id, strlen(id)) : NULL;
    AUTO_FREE char *lines = file && file->text ? mem_strndup(file->text, file->len) : NULL;
    pthread_mutex_unlock(&lock);
    for (const struct json *r = json_first(json_get(body, "requests")); anthropic && r;
         r = json_next(r), requests++)
        anthropic_line(c, r, &good);
    char *rest = NULL;
    for (char *l = lines ? strtok_r(lines, "\n", &rest) : NULL; !anthropic && l;
         l = strtok_r(NULL, "\n", &rest)) {
        struct json *line = NULL;
        if (json_parse(l, strlen(l), &line, NULL) == 0) {
            openai_line(c, line, &good, &bad);
            requests++;
        }
        json_free(line);
    }
    json_free(body);
    if (requests == 0) {
        reply_error(c, 400, "invalid_request", "input_file_id", "The batch holds no requests.");
    } else {
        struct thing b = {.requests = requests};
        size_t len;
        for (size_t i = 0; i < bad.len; i++)
            b.failed += bad.data[i] == '\n';
        pthread_mutex_lock(&lock);
        char *text = good.len ? detach(&good, &len) : NULL;
        if (text)
            memcpy(b.output, add("file", text, len)->id, sizeof b.output);
        text = bad.len ? detach(&bad, &len) : NULL;
        if (text)
            memcpy(b.errors, add("file", text, len)->id, sizeof b.errors);
        struct thing *kept = add(anthropic ? "msgbatch" : "batch", NULL, 0);
        memcpy(b.id, kept->id, sizeof b.id);
        *kept = b;
        show(c, kept, anthropic);
        pthread_mutex_unlock(&lock);
    }
    buf_deinit(&good);
    buf_deinit(&bad);
}

/* GET of ".../ID" or ".../ID/results". */
void batch_look(struct call *c, const char *id, bool anthropic)
{
    size_t len = strcspn(id, "/");
    char output[40] = "";
    pthread_mutex_lock(&lock);
    struct thing *b = find(id, len);
    bool results = id[len] == '/';
    if (!b || b->text || (results && b->looks < LOOKS)) {
        reply_error(c, 404, NULL, NULL, "No such batch, or it has not ended.");
    } else if (results) {
        memcpy(output, b->output, sizeof output);
    } else {
        show(c, b, anthropic);
        b->looks++;
    }
    pthread_mutex_unlock(&lock);
    if (output[0])
        batch_download(c, output);
}
