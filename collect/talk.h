/* A prompt's messages as a model of the config is to see them: system turns gathered, the template
 * put around the last user turn. The adapters write it in their protocol's words.
 */
#ifndef COLLECT_TALK_H
#define COLLECT_TALK_H

#include "core/config.h"
#include "core/vec.h"

#include <stdbool.h>
#include <stddef.h>

enum talk_role { TALK_USER, TALK_ASSISTANT };

struct talk_turn {
    enum talk_role role;
    struct buf text;
};

struct talk {
    struct buf system; /* the config's, then the prompt's, a blank line between; empty: none */
    struct VEC_BODY(struct talk_turn) turns; /* at least one */
};

/* messages: a JSON array of {"role","content"} as the store keeps it. alternate: neighbours of one
 * role become one turn, and the first turn is a user's. A tool's turn counts as a user's. Where m
 * has no system role, system turns stand at the head of the user's first turn. With system turns
 * only, they become the user's turn. ERR_FORMAT for what is not such an array. */
int talk_read(struct talk *out, const char *messages, const struct config_model *m, bool alternate,
              struct err *e);
void talk_deinit(struct talk *t);

#endif
