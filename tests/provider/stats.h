/* Counters of the running provider, and how often each prompt was answered. Any thread. */
#ifndef PROVIDER_STATS_H
#define PROVIDER_STATS_H

#include "core/buf.h"
#include "tests/provider/models.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
    FAULT_NONE,
    FAULT_429,
    FAULT_500,
    FAULT_529,
    FAULT_HANG,
    FAULT_CUT,
    FAULT_MALFORMED,
    FAULT_COUNT
};
const char *fault_name(enum fault f); /* "429" .. "malformed" */

struct stats;
struct stats *stats_new(const struct model_list *models); /* models borrowed */
void stats_free(struct stats *s);

uint64_t stats_request(struct stats *s); /* counts one; returns its ordinal, from 1 */
uint64_t stats_window(struct stats *s);  /* requests in the running minute */
void stats_flying(struct stats *s, int by);
void stats_fault(struct stats *s, enum fault f);
void stats_status(struct stats *s, unsigned status);
/* One reply of a model sent to its last byte; verdict as enum verdict (0..3). model NULL: not a
 * model's. */
void stats_completed(struct stats *s, const struct sim_model *m, int verdict, size_t prompt_tokens,
                     size_t output_tokens);

/* A reply was made, whoever may get it. */
void stats_billed(struct stats *s, const struct sim_model *m, uint64_t pico_usd);

/* How often key was answered; key is not 0. */
uint64_t asked_count(struct stats *s, uint64_t key);
void asked_add(struct stats *s, uint64_t key, int by);

void stats_json(struct stats *s, struct buf *out);

#endif
