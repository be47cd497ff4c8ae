/* Options of a command: one table drives parsing, -h, completion and the check of the man pages.
 *
 *   const struct opt opts[] = {
 *       OPT_STR('o', "output", &path, "FILE", "write the table here"),
 *       OPT_FLAG(0, "json", &json, "print one JSON object"),
 *       OPT_END(),
 *   };
 *   opt_parse(&cmd, opts, &argc, argv, &e)
 *
 * Every flag has --no-x. "--" ends options. `--x=v` and `--x v` are the same. Options and
 * positional arguments may be mixed. -h/--help is answered by opt_parse itself (returns 1),
 * and so is the hidden --list-opts.
 */
#ifndef CORE_OPT_H
#define CORE_OPT_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum opt_kind {
    OPT_KIND_END,
    OPT_KIND_FLAG,
    OPT_KIND_INT,
    OPT_KIND_DBL,
    OPT_KIND_STR,
    OPT_KIND_LIST
};

struct opt {
    enum opt_kind kind;
    char letter; /* 0: none */
    const char *name;
    void *target;
    const char *placeholder; /* NULL for flags */
    const char *help;
    bool *seen; /* may be NULL: set when the option was given */
};

struct str_vec;
#define OPT_FLAG(l, n, t, h)                                                                       \
    {                                                                                              \
        OPT_KIND_FLAG, (l), (n), (1 ? (t) : (bool *)0), NULL, (h), NULL                            \
    }
#define OPT_INT(l, n, t, p, h)                                                                     \
    {                                                                                              \
        OPT_KIND_INT, (l), (n), (1 ? (t) : (int64_t *)0), (p), (h), NULL                           \
    }
#define OPT_DBL(l, n, t, p, h)                                                                     \
    {                                                                                              \
        OPT_KIND_DBL, (l), (n), (1 ? (t) : (double *)0), (p), (h), NULL                            \
    }
#define OPT_STR(l, n, t, p, h)                                                                     \
    {                                                                                              \
        OPT_KIND_STR, (l), (n), (1 ? (t) : (const char **)0), (p), (h), NULL                       \
    }
/* A comma separated list, repeatable; elements are appended as heap strings. */
#define OPT_LIST(l, n, t, p, h)                                                                    \
    {                                                                                              \
        OPT_KIND_LIST, (l), (n), (1 ? (t) : (struct str_vec *)0), (p), (h), NULL                   \
    }
#define OPT_END()                                                                                  \
    {                                                                                              \
        OPT_KIND_END, 0, NULL, NULL, NULL, NULL, NULL                                              \
    }

/* What a command is, for its help. */
struct opt_usage {
    const char *command;  /* "shunt import" */
    const char *operands; /* "[options] PATH...", */
    const char *summary;  /* one sentence */
    const char *epilog;   /* may be NULL: examples, exit status */
};

/* Parses argv[0..*argc-1] (argv[0] is skipped), leaves the positional arguments in
 * argv[0..*argc-1]. 0: go on; 1: help was printed, exit 0; ERR_USAGE with the nearest known option
 * in the text. */
int opt_parse(const struct opt_usage *u, const struct opt *opts, int *argc, char **argv,
              struct err *e);
void opt_help(const struct opt_usage *u, const struct opt *opts, FILE *out);
void opt_list(const struct opt *opts,
              FILE *out); /* "--name" and "-l", one a line, for completion */

/* The nearest of names[n] to word by edit distance (at most 1/3 of its length), or NULL. */
const char *opt_nearest(const char *word, const char *const *names, size_t n);

#endif
