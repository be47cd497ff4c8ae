/* The summary of a training: heads, what replies tell, complexity, studies. */
#ifndef CLI_TRAIN_PRINT_H
#define CLI_TRAIN_PRINT_H

#include "cli/studies.h"

struct shape {
    bool json, csv, tsv;
};

int train_print(const char *router, const struct training *t, const struct studies *found,
                const struct shape *shape, struct err *e);

#endif
