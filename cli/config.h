/* The config of a command that cannot do without one. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli/cli.h"
#include "core/config.h"

/* Loads c->config, else ./shunt.yaml, and takes the store from it where neither --store nor
 * SHUNT_STORE names one (the string lives as long as *out). ERR_USAGE: no config, or no store. */
int cli_config_open(struct cli_common *c, struct config **out, struct err *e);

/* "shunt collect --store s.db": the command line as one may type it again, appended. */
struct buf;
void cli_command_line(struct buf *b, int argc, char *const *argv);

#endif
