/* shunt-route as a service on a Unix socket: a line of JSON in, a line out, for any number of
 * clients at once, in one thread and bounded memory. */
#ifndef ROUTER_TOOLS_SERVE_H
#define ROUTER_TOOLS_SERVE_H

#include "router/tools/route_lines.h"

struct serve_options {
    const char *socket; /* path; made, and removed at the end; a stale one is replaced */
    const char *table;  /* path; read again on SIGHUP */
    size_t clients;     /* at once; more wait in the kernel's queue */
    int metrics;        /* 1: a first line "GET /metrics ..." is answered as HTTP, with counters */
};

/* Serve until SIGINT or SIGTERM. *t is the table in force, taken over: afterwards it is closed. The
 * caller ignores SIGPIPE. Errors go to stderr, one line each. Returns an exit status: 0 ended by
 * signal, 3 no socket, 7 out of memory. */
int serve(struct shunt_table *t, const struct route_options *route,
          const struct serve_options *options);

#endif
