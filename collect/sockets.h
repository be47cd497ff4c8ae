/* Transfers under way, and their sockets in epoll: the waiting behind http.h.
 *
 * libcurl says by callback which sockets it waits for and until when. A kept connection leaves and
 * enters its list with each request; here it stays registered from one request to the next and goes
 * when it is closed, which saves two system calls a request. However many are in flight, a wait
 * costs what is ready, not what waits. For the same reason there is a multi handle for every
 * SOCKETS_CELL of them: looking for a free connection, libcurl goes through all that it has.
 */
#ifndef COLLECT_SOCKETS_H
#define COLLECT_SOCKETS_H

#include "core/err.h"
#include "core/vec.h"

#include <curl/curl.h>
#include <stddef.h>

enum { SOCKETS_CELL = 32 };

struct cell; /* a multi handle */
struct socket_state;
struct sockets {
    int epoll;
    struct socket_state *state; /* of each file descriptor below n */
    size_t n;
    VEC(struct cell *) cells;
    size_t at; /* the cell whose ended transfers are read first */
};

/* ERR_IO. */
int sockets_init(struct sockets *s, struct err *e);
/* All transfers were removed before; closes the connections. */
void sockets_deinit(struct sockets *s);
/* The options of a new easy handle by which s knows what is opened and closed. s must live
 * as long as the handle. */
void sockets_watch(struct sockets *s, CURL *easy);
/* Starts a transfer; *cell is where it is, for sockets_remove. */
CURLMcode sockets_add(struct sockets *s, CURL *easy, struct cell **cell);
void sockets_remove(struct sockets *s, CURL *easy, struct cell *cell);
/* Lets libcurl work on whatever is due or ready, after a wait of up to wait_ms. */
CURLMcode sockets_wait(struct sockets *s, int wait_ms);
/* The next transfer that ended and what came of it, or NULL. */
CURL *sockets_ended(struct sockets *s, CURLcode *result);

#endif
