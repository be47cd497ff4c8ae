/* The line filter behind shunt-route and `shunt route`: prompts in, decisions out, in order. */
#ifndef ROUTER_TOOLS_ROUTE_LINES_H
#define ROUTER_TOOLS_ROUTE_LINES_H

#include <stddef.h>

#include "router/shunt.h"

enum { ROUTE_LINE_MAX = 10 * 1024 * 1024 }; /* bytes of a line */

enum route_mode {
    ROUTE_AUTO,  /* a JSON object with prompt or messages is a record, all else a plain prompt */
    ROUTE_PLAIN, /* every line is a prompt */
    ROUTE_JSONL, /* every line is a record */
};

struct route_options {
    enum route_mode mode;
    const char *point; /* for records that name none; NULL: the table's default */
    const char *task;  /* likewise */
    int own_lambda;    /* 1: the two below replace the point's, unless a record has its own */
    double lambda_per_usd, mu_per_s;
};

struct route_counts {
    size_t lines, errors;
};

enum route_end {
    ROUTE_DONE,   /* input ended; counts tell of bad lines */
    ROUTE_CLOSED, /* the reader of the output went away */
    ROUTE_READ,   /* errno says why reading failed */
    ROUTE_WRITE,  /* likewise writing */
    ROUTE_NOMEM,
};

/* Route what comes from descriptor in until its end, one line out for each line in. Output is
 * written whenever no whole line of input is left over, so that a conversation over pipes works.
 * A line that cannot be routed gives {"id":..,"error":..}. SIGPIPE should be ignored. */
enum route_end route_lines(const struct shunt_table *t, const struct route_options *o, int in,
                           int out, struct route_counts *counts);

#endif
