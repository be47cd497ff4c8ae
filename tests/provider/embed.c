/* Embeddings: a fixed random projection of the character 3-grams of a text. Each distinct 3-gram
 * (bytes, ASCII letters in lower case) has a direction of 64 signs drawn from its hash and the
 * seed, counted with the square root of how often it occurs; the sum is scaled to length 1. */
#include "tests/provider/server.h"

#include "core/hash.h"
#include "core/mem.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void embed_text(uint64_t seed, const char *text, size_t len, float out[EMBED_DIMENSIONS])
{
    size_t n = len >= 3 ? len - 2 : 1;
    uint32_t *gram = mem_array(n, sizeof *gram);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 3; k++)
            gram[i] = gram[i] << 8 |
                      (i + k < len ? (unsigned char)tolower((unsigned char)text[i + k]) : ' ');
    qsort(gram, n, sizeof *gram, by_value);
    double sum[EMBED_DIMENSIONS] = {0}, squares = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && gram[end] == gram[i];)
            end++;
        uint64_t signs = hash64(&gram[i], sizeof gram[i], seed + 11);
        double weight = sqrt((double)(end - i));
        for (int d = 0; d < EMBED_DIMENSIONS; d++)
            sum[d] += signs >> d & 1 ? weight : -weight;
    }
    for (int d = 0; d < EMBED_DIMENSIONS; d++)
        squares += sum[d] * sum[d];
    for (int d = 0; d < EMBED_DIMENSIONS; d++)
        out[d] = squares > 0 ? (float)(sum[d] / sqrt(squares)) : d == 0;
    free(gram);
}

static void add_base64(struct buf *b, const unsigned char *s, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = (uint32_t)s[i] << 16 | (uint32_t)(i + 1 < len ? s[i + 1] : 0) << 8 |
                     (i + 2 < len ? s[i + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_addc(b, i + k > len ? '=' : digits[v >> (18 - 6 * k) & 63]);
    }
}

static void write_vector(struct jsonw *w, const float *v, bool base64)
{
    if (!base64) {
        jsonw_arr(w, "embedding");
        for (int d = 0; d < EMBED_DIMENSIONS; d++)
            jsonw_fix(w, NULL, (double)v[d], 8);
        jsonw_end(w);
        return;
    }
    unsigned char bytes[EMBED_DIMENSIONS * 4]; /* little endian, whatever the machine */
    for (int d = 0; d < EMBED_DIMENSIONS; d++) {
        uint32_t u;
        memcpy(&u, &v[d], 4);
        for (int k = 0; k < 4; k++)
            bytes[d * 4 + k] = (unsigned char)(u >> (8 * k));
    }
    struct buf text = BUF_INIT(0);
    add_base64(&text, bytes, sizeof bytes);
    jsonw_str(w, "embedding", text.data);
    buf_deinit(&text);
}

static bool read_format(struct call *c, const struct json *body, bool *base64)
{
    const char *model = json_str(json_get(body, "model")),
               *format = json_str(json_get(body, "encoding_format"));
    int64_t dimensions = EMBED_DIMENSIONS;
    if (!model) {
        reply_error(c, 400, "missing_required_parameter", "model",
                    "you must provide a model parameter");
        return false;
    }
    if (strcmp(model, SIM_EMBED_MODEL) != 0) {
        reply_error(c, 404, "model_not_found", NULL,
                    "The model `%.100s` does not exist or you do not have access to it.", model);
        return false;
    }
    if (json_type(json_get(body, "encoding_format")) > JSON_NULL &&
        (!format || (strcmp(format, "float") != 0 && strcmp(format, "base64") != 0))) {
        reply_error(c, 400, "invalid_value", "encoding_format",
                    "Invalid 'encoding_format': expected 'float' or 'base64'.");
        return false;
    }
    *base64 = format && !strcmp(format, "base64");
    return want_int(c, body, "dimensions", EMBED_DIMENSIONS, EMBED_DIMENSIONS, &dimensions);
}

static bool add_input(struct call *c, struct jsonw *w, const struct json *input, size_t i,
                      bool base64, size_t *tokens)
{
    float v[EMBED_DIMENSIONS];
    const char *text = json_str(input);
    if (!text || !*text) {
        reply_error(c, 400, "invalid_value", "input",
                    "Invalid 'input[%zu]': expected a string that is not empty.", i);
        return false;
    }
    embed_text(c->sim->seed, text, strlen(text), v);
    *tokens += tokens_count(text);
    jsonw_obj(w, NULL);
    jsonw_str(w, "object", "embedding");
    jsonw_int(w, "index", (int64_t)i);
    write_vector(w, v, base64);
    jsonw_end(w);
    return true;
}

static void answer(struct call *c, const struct json *body)
{
    bool base64 = false;
    const struct json *input = json_get(body, "input");
    size_t n = json_type(input) == JSON_ARRAY ? json_count(input) : 1, tokens = 0, i = 0;
    if (!read_format(c, body, &base64))
        return;
    if (n == 0 || n > EMBED_INPUTS_MAX) {
        reply_error(c, 400, "invalid_value", "input", "Invalid 'input': expected 1 to %d texts.",
                    EMBED_INPUTS_MAX);
        return;
    }
    struct jsonw w = JSONW_INIT(&c->reply.body);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "object", "list");
    jsonw_arr(&w, "data");
    if (json_type(input) != JSON_ARRAY) {
        if (!add_input(c, &w, input, 0, base64, &tokens))
            return;
    } else {
        for (const struct json *v = json_first(input); v; v = json_next(v))
            if (!add_input(c, &w, v, i++, base64, &tokens))
                return;
    }
    jsonw_end(&w);
    jsonw_str(&w, "model", SIM_EMBED_MODEL);
    jsonw_obj(&w, "usage");
    jsonw_int(&w, "prompt_tokens", (int64_t)tokens);
    jsonw_int(&w, "total_tokens", (int64_t)tokens);
    jsonw_end(&w);
    jsonw_end(&w);
    reply_step(&c->reply, 8 + 0.5 * (double)n);
}

void openai_embeddings(struct call *c)
{
    struct json *body = NULL;
    if (!call_json(c, &body))
        return;
    answer(c, body);
    json_free(body);
}
