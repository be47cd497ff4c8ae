/* The command table, in the order of the pipeline. Add a row here with each new cmd_*.c. */
#include "cli/cli.h"

#include <stddef.h>

const struct command commands[] = {
    {"status", cmd_status, "what a store holds"},
    {NULL, NULL, NULL},
};
