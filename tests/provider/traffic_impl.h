/* Inside of struct traffic, shared by traffic.c and find.c only. */
#ifndef PROVIDER_TRAFFIC_IMPL_H
#define PROVIDER_TRAFFIC_IMPL_H

#include "core/vec.h"
#include "tests/provider/traffic.h"

#include <stdint.h>

/* Where a known text is looked for: one window of its bytes, chosen rare. */
struct anchor {
    uint64_t hash;   /* of the window; whole text in the table of exact texts */
    uint32_t prompt; /* index; UINT32_MAX: empty slot */
    uint32_t offset; /* of the window in the prompt's text */
};

/* Open addressing; equal hashes stand one after the other from their slot on. */
struct anchor_table {
    struct anchor *slot;
    size_t mask;
};

struct traffic {
    struct VEC_BODY(struct prompt) prompts;
    struct anchor_table exact, wide, narrow; /* whole text; windows of 32 and of 8 bytes */
};

void find_build(struct traffic *t);
void find_free(struct traffic *t);
char *trimmed(const char *s, size_t len); /* heap */

#endif
