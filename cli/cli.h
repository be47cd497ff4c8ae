/* The commands of `shunt`: each is one cmd_*.c with options in, one call into a stage, output out.
 *
 * To add one: write cli/cmd_NAME.c with `int cmd_NAME(int argc, char **argv, struct err *e)`,
 * declare it here, add its row in commands.c, write man/shunt-NAME.1 (tests/cli/man.t holds it
 * against the option table).
 *
 * A command returns 0 or a negative code with *e filled (main prints it and exits with -code), or
 * ERR_CHECK/ERR_INCONCLUSIVE/ERR_PARTIAL with e->text empty when all was already said.
 * opt_parse's 1 (help was printed) is passed on as CMD_HELP.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "core/err.h"
#include "core/opt.h"
#include "core/out.h"

#include <stdbool.h>
#include <stdint.h>

enum { CMD_HELP = 1 };

struct command {
    const char *name;
    int (*run)(int argc, char **argv, struct err *e);
    const char *summary; /* one line for `shunt -h` */
};
extern const struct command commands[]; /* ends with name NULL; in the order of the pipeline */

/* What most commands take; put CLI_COMMON(&c) into the option table. */
struct cli_common {
    const char *store;  /* --store */
    const char *config; /* --config FILE, else ./shunt.yaml where there is one and use_config */
    bool quiet, verbose;
    const char *progress; /* auto, never, always */
};
#define CLI_STORE(c)                                                                               \
    OPT_STR('s', "store", &(c)->store, "FILE",                                                     \
            "the store, a SQLite file (SHUNT_STORE in the environment)")
#define CLI_COMMON(c)                                                                              \
    OPT_FLAG('q', "quiet", &(c)->quiet, "errors only"),                                            \
        OPT_FLAG('v', "verbose", &(c)->verbose, "say more"),                                       \
        OPT_STR(0, "progress", &(c)->progress, "WHEN", "progress on stderr: auto, never, always")

/* After opt_parse: sets log level and progress, fills store from SHUNT_STORE. need_store: ERR_USAGE
 * when there is none. */
int cli_common_apply(struct cli_common *c, bool need_store, struct err *e);

/* "I/N", 0 <= I < N; NULL is all: *n 0. ERR_USAGE says what is wrong. */
int cli_shard(const char *text, int64_t *i, int64_t *n, struct err *e);

int cmd_import(int argc, char **argv, struct err *e);
int cmd_split(int argc, char **argv, struct err *e);
int cmd_collect(int argc, char **argv, struct err *e);
int cmd_grade(int argc, char **argv, struct err *e);
int cmd_embed(int argc, char **argv, struct err *e);
int cmd_train(int argc, char **argv, struct err *e);
int cmd_eval(int argc, char **argv, struct err *e);
int cmd_compile(int argc, char **argv, struct err *e);
int cmd_report(int argc, char **argv, struct err *e);
int cmd_card(int argc, char **argv, struct err *e);
int cmd_forecast(int argc, char **argv, struct err *e);
int cmd_gate(int argc, char **argv, struct err *e);
int cmd_prices(int argc, char **argv, struct err *e);
int cmd_route(int argc, char **argv, struct err *e);
int cmd_inspect(int argc, char **argv, struct err *e);
int cmd_explain(int argc, char **argv, struct err *e);
int cmd_diff(int argc, char **argv, struct err *e);
int cmd_merge(int argc, char **argv, struct err *e);
int cmd_status(int argc, char **argv, struct err *e);
int cmd_init(int argc, char **argv, struct err *e);

#endif
