/* What `shunt collect` does besides asking: parts of cmd_collect.c. */
#ifndef CLI_COLLECT_MORE_H
#define CLI_COLLECT_MORE_H

#include "cli/cli.h"
#include "collect/collect.h"
#include "core/config.h"
#include "core/fs.h"

struct collect_shape {
    bool json, csv, tsv;
};
/* The summary of a run, or of what one would ask; ERR_IO. */
int collect_print(const struct collect_summary *s, const struct collect_shape *shape, bool dry,
                  struct err *e);

/* --reparse: reads stored bodies again and prints what changed. */
int collect_reparse_print(const struct cli_common *c, const struct config *config,
                          const struct str_vec *models, bool json, enum out_shape shape,
                          struct err *e);

/* --batch-export, --batch-import (where files are given), --batch; one of the three. */
struct collect_batch {
    const char *export_dir;
    struct str_vec import;
    bool remote;   /* --batch */
    double wait_s; /* of --batch: how long to poll; 0: not at all */
};
int collect_batch_print(const struct cli_common *c, const struct config *config,
                        const struct collect_options *o, const struct collect_batch *b, bool json,
                        enum out_shape shape, struct err *e);

#endif
