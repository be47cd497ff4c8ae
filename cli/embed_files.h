/* shunt embed from files: vectors made elsewhere, and means of word vectors. */
#ifndef CLI_EMBED_FILES_H
#define CLI_EMBED_FILES_H

#include "cli/cli.h"

struct embed_files {
    const char *import, *ids; /* vectors of prompts; ids for .npy */
    const char *vectors;      /* vectors of words */
    const char *weights;      /* "equal" or "rank" */
    const char *encoder;
    bool json;
};

int embed_files_check(const struct embed_files *f, struct err *e); /* ERR_USAGE */
/* Opens the store, notes the run, prints the summary. */
int embed_files_run(const struct cli_common *c, const struct embed_files *f, int argc,
                    char *const *argv, struct err *e);

#endif
