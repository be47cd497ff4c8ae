/* shunt: finds the command, runs it, turns its code into the exit status (DESIGN section 2):
 * 0 done, 1 the answer is no, 2 usage, 3 I/O, 4 format, 5 network, 6 database, 7 memory, 8 spend
 * cap, 9 partly done, 10 inconclusive, 130 after a second Ctrl-C.
 */
#include "cli/cli.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/progress.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void help(FILE *out)
{
    fputs("usage: shunt COMMAND [options]\n\n"
          "Evaluate language models on your own traffic, train a router, and compile it to a "
          "table.\n\n",
          out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-10s %s\n", c->name, c->summary);
    fputs("\n'shunt COMMAND -h' tells more. shunt --version prints the version.\n", out);
}

static const struct command *find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (!strcmp(c->name, name))
            return c;
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[64];
    size_t n = 0;
    for (const struct command *c = commands; c->name && n < 64; c++)
        names[n++] = c->name;
    const char *near = opt_nearest(name, names, n);
    if (near)
        log_error("'%s' is not a command; did you mean '%s'?", name, near);
    else
        log_error("'%s' is not a command (see shunt -h)", name);
    return -ERR_USAGE;
}

static int run(const struct command *c, int argc, char **argv)
{
    static char title[64];
    snprintf(title, sizeof title, "shunt %s", c->name);
    log_set_name(title);
    struct err e = {0};
    int rc = c->run(argc, argv, &e);
    if (rc >= 0)
        return 0;
    if (e.text[0])
        log_error("%s", e.text);
    return -rc;
}

/* A full disk or a closed pipe shows only when stdout is flushed. */
static int flushed(int status)
{
    if ((fflush(stdout) || ferror(stdout)) && status == 0) {
        log_error("cannot write to stdout");
        return -ERR_IO;
    }
    return status;
}

int main(int argc, char **argv)
{
    log_set_name("shunt");
    setlocale(LC_ALL, "C");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of the write */
    interrupt_install();
    if (argc < 2) {
        help(stderr);
        return -ERR_USAGE;
    }
    if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
        const struct command *c = argc > 2 ? find(argv[2]) : NULL;
        if (c) {
            char *help_argv[] = {argv[2], (char[]){"-h"}, NULL};
            return flushed(run(c, 2, help_argv));
        }
        help(stdout);
        return flushed(0);
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        puts("shunt " SHUNT_VERSION);
        return flushed(0);
    }
    if (!strcmp(argv[1], "--list-commands")) {
        for (const struct command *c = commands; c->name; c++)
            puts(c->name);
        return flushed(0);
    }
    if (!strcmp(argv[1], "--list-opts") && argc == 3 && find(argv[2])) {
        char *list_argv[] = {argv[2], (char[]){"--list-opts"}, NULL};
        return flushed(run(find(argv[2]), 2, list_argv));
    }
    const struct command *c = find(argv[1]);
    if (!c)
        return unknown(argv[1]);
    return flushed(run(c, argc - 1, argv + 1));
}
