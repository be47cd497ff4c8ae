/* Ranges of the options that collect and embed share. */
#include "cli/asking.h"

#include <inttypes.h>

int cli_check_asking(int64_t limit, int64_t jobs, int64_t most, int64_t retries, double timeout_s,
                     struct err *e)
{
    if (limit < 0)
        return err_set(e, ERR_USAGE, "--limit takes a number of prompts from 1, or 0 for all");
    if (jobs < 1 || jobs > most)
        return err_set(e, ERR_USAGE,
                       "--jobs takes 1 to %" PRId64 " requests in flight, not %" PRId64, most,
                       jobs);
    if (retries < 0 || retries > 100)
        return err_set(e, ERR_USAGE, "--retries takes 0 to 100, not %" PRId64, retries);
    if (!(timeout_s > 0 && timeout_s <= 86400))
        return err_set(e, ERR_USAGE, "--timeout takes seconds, more than 0 and at most a day");
    return ERR_OK;
}
