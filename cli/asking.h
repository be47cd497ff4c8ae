/* What the verbs that ask providers (collect, embed) take alike. */
#ifndef CLI_ASKING_H
#define CLI_ASKING_H

#include "core/err.h"

#include <stdint.h>

/* ERR_USAGE, naming the option, when one of --limit, --jobs (1..most), --retries and --timeout is
 * out of range. */
int cli_check_asking(int64_t limit, int64_t jobs, int64_t most, int64_t retries, double timeout_s,
                     struct err *e);

#endif
