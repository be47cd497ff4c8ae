/* What `shunt collect` does besides asking: parts of cmd_collect.c. */
#ifndef CLI_COLLECT_MORE_H
#define CLI_COLLECT_MORE_H

#include "cli/cli.h"
#include "core/config.h"
#include "core/fs.h"

/* --reparse: reads stored bodies again and prints what changed. */
int collect_reparse_print(const struct cli_common *c, const struct config *config,
                          const struct str_vec *models, bool json, enum out_shape shape,
                          struct err *e);

#endif
