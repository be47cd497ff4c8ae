/* The lines of batch files: a request in its envelope, and a result out of its own. No I/O.
 * FORMATS 1.5.
 */
#ifndef COLLECT_BATCH_LINE_H
#define COLLECT_BATCH_LINE_H

#include "core/buf.h"
#include "core/json.h"

#include <stddef.h>
#include <stdint.h>

enum { BATCH_ID_MAX = 64, BATCH_REQUESTS_MAX = 50000, BATCH_BYTES_MAX = 64 << 20 };

/* The custom_id of a request: 40 hex digits of its hash, and 16 that tell prompts and samples with
 * the same body apart. Letters, digits and '-' only, as Anthropic wants it. */
void batch_line_id(char out[BATCH_ID_MAX + 1], const char *request_hash, const char *ext_id,
                   int64_t sample);

/* OpenAI's two protocols: {"custom_id","method","url","body"}; Anthropic: {"custom_id","params"};
 * Gemini: {"key","request"}. Appended, without a line end. */
void batch_line_write(struct buf *out, const char *protocol, const char *custom_id,
                      const char *body);

/* One result. body and message are appended to buffers that the caller made. */
struct batch_result {
    char custom_id[BATCH_ID_MAX + 64];
    int status;      /* HTTP, of the request within the batch; 0: it was never made */
    struct buf body; /* the reply, as the protocol has it; empty when there is none */
    char why[200];   /* of status 0: "expired", an error's message */
};
void batch_result_init(struct batch_result *r);
void batch_result_deinit(struct batch_result *r);
/* false: a line of no known shape. The shapes are told apart by their keys. */
bool batch_line_read(const struct json *line, struct batch_result *out);

#endif
