/* The line filter behind shunt-route and `shunt route`: prompts in, decisions out, in order. */
#ifndef ROUTER_TOOLS_ROUTE_LINES_H
#define ROUTER_TOOLS_ROUTE_LINES_H

#include <stddef.h>

#include "router/shunt.h"
#include "router/tools/decision_json.h"
#include "router/tools/record.h"

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
    int events; /* 1: answers are log events (shunt_event_json) in place of decisions */
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

/* Routing one line after the other. The caller sets all but record (record_init, record_deinit). */
struct line_router {
    const struct shunt_table *t;
    const struct route_options *o;
    struct route_counts *counts;
    struct line_out *out;
    struct shunt_stats *stats; /* NULL: nothing is counted there */
    struct record record;
};

/* Route one line (without its end) and append the answer, or the error, to *out. ROUTE_DONE or
 * ROUTE_NOMEM. The second appends the error for a line beyond ROUTE_LINE_MAX. */
enum route_end route_line(struct line_router *r, const char *line, size_t bytes);
enum route_end route_line_too_long(struct line_router *r);

/* Route what comes from descriptor in until its end, one line out for each line in. Output is
 * written whenever no whole line of input is left over, so that a conversation over pipes works.
 * A line that cannot be routed gives {"id":..,"error":..}. SIGPIPE should be ignored. */
enum route_end route_lines(const struct shunt_table *t, const struct route_options *o, int in,
                           int out, struct route_counts *counts);

#endif
