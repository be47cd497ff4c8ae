/* Errors of the suite: a negative code, and one line of text in the caller's struct.
 *
 * The first failure fills the struct; callers pass the code on unchanged. The codes are part of
 * the command line's contract: exit status = -code (cli/main.c, DESIGN section 2).
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

enum {
    ERR_OK = 0,
    ERR_CHECK = -1,         /* ran well, the answer is no: a gate failed */
    ERR_USAGE = -2,         /* wrong flags, or a request that cannot mean anything */
    ERR_IO = -3,            /* a file cannot be opened, read, written */
    ERR_FORMAT = -4,        /* not the format it should be, damaged, too large */
    ERR_NET = -5,           /* the network or the other side of it */
    ERR_DB = -6,            /* the store: locked, newer schema, constraint */
    ERR_NOMEM = -7,         /* out of memory */
    ERR_LIMIT = -8,         /* a spend cap was reached */
    ERR_PARTIAL = -9,       /* partly done or interrupted; run again to finish */
    ERR_INCONCLUSIVE = -10, /* the data cannot tell */
};

struct err {
    int code;
    char text[400]; /* one line, lower case first, no full stop; the subject quoted */
};

/* Fill *e (may be NULL) and return code, so that a failure is one statement. */
__attribute__((format(printf, 3, 4))) int err_set(struct err *e, int code, const char *fmt, ...);

/* Put "PREFIX: " before the text that e already holds; returns e's code (code when e is NULL). */
__attribute__((format(printf, 3, 4))) int err_wrap(struct err *e, int code, const char *fmt, ...);

#endif
