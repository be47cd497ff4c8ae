/* The wire format of embeddings: OpenAI's /v1/embeddings, which nearly every host speaks. */
#ifndef COLLECT_VECTORS_H
#define COLLECT_VECTORS_H

#include "core/buf.h"
#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends {"model","input":[...],"encoding_format":"base64"[,"dimensions"]}; dimensions 0: left
 * out. A host that does not know base64 answers with numbers, which are read just as well. */
void vectors_write(struct buf *out, const char *model, const char *const *texts, size_t n,
                   int64_t dimensions);

/* What came back for one input. */
struct vector {
    float *v; /* heap; NULL: refused */
    size_t dims;
    const char *why; /* of a refused one: static text */
};
/* Reads the vectors of n inputs into out[n] (zeroed by the caller; vectors_free). Each is refused
 * by itself: missing, of another length than dims (0: any), not a number, too large for a float.
 * false: the body is no such reply, *why says so. *tokens: usage.prompt_tokens, -1 when not told.
 */
bool vectors_read(const struct json *body, size_t n, size_t dims, struct vector *out,
                  int64_t *tokens, const char **why);
void vectors_free(struct vector *v, size_t n);

/* Base64 (RFC 4648, padding optional, white space not allowed) into bytes, appended. */
bool base64_decode(struct buf *out, const char *text);

#endif
