/* Envelopes of three families. */
#include "collect/batch_line.h"

#include "core/hash.h"
#include "core/jsonw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void batch_line_id(char out[BATCH_ID_MAX + 1], const char *request_hash, const char *ext_id,
                   int64_t sample)
{
    uint64_t which = hash64(ext_id, strlen(ext_id), (uint64_t)sample);
    snprintf(out, BATCH_ID_MAX + 1, "%.40s-%016" PRIx64, request_hash, which);
}

void batch_line_write(struct buf *out, const char *protocol, const char *custom_id,
                      const char *body)
{
    bool anthropic = strcmp(protocol, "anthropic") == 0, gemini = strcmp(protocol, "gemini") == 0;
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, gemini ? "key" : "custom_id", custom_id);
    if (!anthropic && !gemini) {
        jsonw_str(&w, "method", "POST");
        jsonw_str(&w, "url",
                  strcmp(protocol, "openai-responses") == 0 ? "/v1/responses"
                                                            : "/v1/chat/completions");
    }
    jsonw_raw(&w, anthropic ? "params" : gemini ? "request" : "body", body);
    jsonw_end(&w);
}

void batch_result_init(struct batch_result *r)
{
    *r = (struct batch_result){.status = 0};
    buf_init(&r->body, 0);
}

void batch_result_deinit(struct batch_result *r)
{
    buf_deinit(&r->body);
}

static void say(struct batch_result *r, const struct json *error, const char *otherwise)
{
    const char *text = json_str(json_get(error, "message"));
    if (!text)
        text = json_str(json_path(error, "error.message"));
    snprintf(r->why, sizeof r->why, "%s", text ? text : otherwise);
}

static void read_openai(const struct json *line, struct batch_result *r)
{
    const struct json *response = json_get(line, "response"), *body = json_get(response, "body");
    int64_t status = 0;
    json_int64(json_get(response, "status_code"), &status);
    if (json_type(body) > JSON_NULL && status >= 100 && status < 600) {
        r->status = (int)status;
        json_write(&r->body, body);
    } else {
        say(r, json_get(line, "error"), "it has neither a response nor an error");
    }
}

static void read_anthropic(const struct json *result, struct batch_result *r)
{
    const char *type = json_str(json_get(result, "type"));
    const struct json *message = json_get(result, "message"), *error = json_get(result, "error");
    if (type && strcmp(type, "succeeded") == 0 && json_type(message) == JSON_OBJECT) {
        r->status = 200;
        json_write(&r->body, message);
    } else if (type && strcmp(type, "errored") == 0 && json_type(error) == JSON_OBJECT) {
        const char *inner = json_str(json_get(error, "type"));
        bool whole = inner && strcmp(inner, "error") == 0;
        r->status = 200; /* of the batch; the class is in the error's own type */
        buf_adds(&r->body, whole ? "" : "{\"type\":\"error\",\"error\":");
        json_write(&r->body, error);
        buf_adds(&r->body, whole ? "" : "}");
    } else {
        snprintf(r->why, sizeof r->why, "%s", type ? type : "it has no type");
    }
}

static void read_gemini(const struct json *line, struct batch_result *r)
{
    const struct json *response = json_get(line, "response"), *error = json_get(line, "error");
    if (json_type(response) == JSON_OBJECT) {
        r->status = 200;
        json_write(&r->body, response);
    } else {
        say(r, error, "it has neither a response nor an error");
    }
}

bool batch_line_read(const struct json *line, struct batch_result *out)
{
    const char *id = json_str(json_get(line, "custom_id")), *key = json_str(json_get(line, "key"));
    const struct json *result = json_get(line, "result");
    bool openai = json_get(line, "response") || json_get(line, "error");
    if (!(id && (openai || json_type(result) == JSON_OBJECT)) && !(key && openai))
        return false;
    snprintf(out->custom_id, sizeof out->custom_id, "%s", id ? id : key);
    if (!id)
        read_gemini(line, out);
    else if (json_type(result) == JSON_OBJECT)
        read_anthropic(result, out);
    else
        read_openai(line, out);
    return true;
}
