/* Stored raw bodies read again, with this program's adapters and the config's `output` rules:
 * nothing is sent and nothing is paid.
 */
#ifndef COLLECT_REPARSE_H
#define COLLECT_REPARSE_H

#include "core/config.h"
#include "core/fs.h"
#include "store/store.h"

struct reparse_model {
    char *name;
    int64_t replies;   /* with a raw body */
    int64_t changed;   /* in any column */
    int64_t rescored;  /* of them: what graders see has changed, so their scores were dropped */
    int64_t unread;    /* no adapter makes a reply of them; they stay as they were */
    char message[240]; /* of the last unread one; "" none */
};
struct reparse_summary VEC_BODY(struct reparse_model);
void reparse_summary_deinit(struct reparse_summary *s);

/* Models named (NULL or empty: all of the config) that the store knows; in transactions of a few
 * hundred rows. ERR_USAGE: an unknown name; ERR_PARTIAL: some were unread; ERR_DB, ERR_FORMAT. */
int collect_reparse(struct store *s, const struct config *c, const struct str_vec *models,
                    struct reparse_summary *out, struct err *e);

#endif
