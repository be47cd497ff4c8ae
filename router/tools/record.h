/* One line of shunt-route's input as a request.
 *
 * A record is a JSON object with `prompt` (a string) or `messages` (an array of {"role","content"},
 * content a string, null, or an array of {"type":"text","text"} parts), and optionally
 *
 *   id              string or number, given back as it is
 *   task user_class point  strings
 *   tokens          input tokens, a whole number
 *   lambda_per_usd mu_per_s  numbers, in place of the operating point's
 *   allowed         array of model names: the only ones that may be chosen
 *   vector encoder  array of numbers and the id of the encoder that made it
 *
 * null is as good as absent, other members are not looked at.
 */
#ifndef ROUTER_TOOLS_RECORD_H
#define ROUTER_TOOLS_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "router/shunt.h"
#include "router/tools/json_scan.h"

enum record_kind {
    RECORD_OK,
    RECORD_NONE,  /* not a JSON object with prompt or messages; error says why */
    RECORD_BAD,   /* it is one, but a member is wrong; error says which */
    RECORD_NOMEM, /* out of memory */
};

struct record {
    struct shunt_request request; /* valid until the next record_read */
    struct json_span id;          /* JSON text inside the line; bytes 0: none */
    char error[240];

    /* Memory that is used again for the next line. */
    char *arena, *text;
    size_t arena_len, arena_cap, text_cap;
    struct shunt_message *message;
    size_t messages, message_cap;
    float *vector;
    size_t vector_cap;
    uint64_t allowed[SHUNT_MODELS_MAX / 64];
};

void record_init(struct record *r);
void record_deinit(struct record *r);

/* Read line (bytes long, UTF-8) for table t. The request points into r and, but for its text, into
 * nothing else. */
enum record_kind record_read(struct record *r, const struct shunt_table *t, const char *line,
                             size_t bytes);

#endif
