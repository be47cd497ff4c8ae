/* Vectors as base64 of little-endian float32, or as JSON numbers. */
#include "collect/vectors.h"

#include "core/jsonw.h"
#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void vectors_write(struct buf *out, const char *model, const char *const *texts, size_t n,
                   int64_t dimensions)
{
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "model", model);
    jsonw_arr(&w, "input");
    for (size_t i = 0; i < n; i++)
        jsonw_str(&w, NULL, texts[i]);
    jsonw_end(&w);
    jsonw_str(&w, "encoding_format", "base64");
    if (dimensions > 0)
        jsonw_int(&w, "dimensions", dimensions);
    jsonw_end(&w);
}

static int digit(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+' || c == '-' ? 62
           : c == '/' || c == '_' ? 63
                                  : -1;
}

bool base64_decode(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '=')
        len--;
    if (len % 4 == 1)
        return false;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < len; i++) {
        int d = digit(text[i]);
        if (d < 0)
            return false;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            buf_addc(out, (char)(bits >> have & 0xff));
        }
    }
    return true;
}

static bool from_base64(const char *text, struct vector *out)
{
    struct buf bytes = BUF_INIT(0);
    bool ok = base64_decode(&bytes, text) && bytes.len % 4 == 0;
    if (ok) {
        out->dims = bytes.len / 4;
        out->v = mem_array(out->dims, sizeof *out->v);
        for (size_t i = 0; i < out->dims; i++) {
            const unsigned char *b = (const unsigned char *)bytes.data + 4 * i;
            uint32_t u =
                (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
            memcpy(&out->v[i], &u, 4);
        }
    }
    buf_deinit(&bytes);
    return ok;
}

static void from_numbers(const struct json *list, struct vector *out)
{
    size_t i = 0;
    out->dims = json_count(list);
    out->v = mem_array(out->dims, sizeof *out->v);
    for (const struct json *x = json_first(list); x; x = json_next(x))
        out->v[i++] = (float)json_num(x, (double)NAN);
}

static void refuse(struct vector *out, const char *why)
{
    free(out->v);
    *out = (struct vector){.why = why};
}

static void read_one(const struct json *embedding, size_t dims, struct vector *out)
{
    if (json_str(embedding)) {
        if (!from_base64(json_str(embedding), out)) {
            refuse(out, "its vector is not base64 of float32");
            return;
        }
    } else if (json_type(embedding) == JSON_ARRAY) {
        from_numbers(embedding, out);
    } else {
        refuse(out, "it has no vector in the reply");
        return;
    }
    if (out->dims == 0 || (dims && out->dims != dims)) {
        refuse(out, "its vector has the wrong length");
        return;
    }
    for (size_t i = 0; i < out->dims; i++)
        if (!isfinite(out->v[i])) {
            refuse(out, "its vector holds something that is not a finite number");
            return;
        }
}

bool vectors_read(const struct json *body, size_t n, size_t dims, struct vector *out,
                  int64_t *tokens, const char **why)
{
    const struct json *data = json_get(body, "data");
    size_t at = 0;
    *tokens = -1;
    if (json_type(data) != JSON_ARRAY) {
        *why = "the reply has no data";
        return false;
    }
    for (size_t i = 0; i < n; i++)
        out[i].why = "it has no vector in the reply";
    for (const struct json *d = json_first(data); d; d = json_next(d), at++) {
        int64_t index = (int64_t)at; /* without an index they are in order */
        const struct json *said = json_get(d, "index");
        if (json_type(said) == JSON_NUMBER && !json_int64(said, &index))
            index = -1;
        if (index < 0 || (uint64_t)index >= n || out[index].v) {
            *why = "the reply holds a vector that nobody asked for";
            return false;
        }
        read_one(json_get(d, "embedding"), dims, &out[index]);
    }
    int64_t t;
    if (json_int64(json_path(body, "usage.prompt_tokens"), &t) && t >= 0)
        *tokens = t;
    return true;
}

void vectors_free(struct vector *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++)
        free(v[i].v);
    free(v);
}
