/* libcurl's sockets in epoll: the waiting behind http.h.
 *
 * libcurl says by callback which sockets it waits for and until when. A kept connection leaves and
 * enters its list with each request; here it stays registered from one request to the next and goes
 * when it is closed, which saves two system calls a request. However many are in flight, a wait
 * costs what is ready, not what waits.
 */
#ifndef COLLECT_SOCKETS_H
#define COLLECT_SOCKETS_H

#include "core/err.h"

#include <curl/curl.h>
#include <stddef.h>

struct sockets {
    CURLM *multi;
    int epoll;
    unsigned char *state; /* of each file descriptor below n; see sockets.c */
    size_t n;
    double due_s; /* clock_s() when libcurl wants to be called anyway; infinity: not at all */
};

/* Sets the callbacks of multi, which must outlive s. ERR_IO. */
int sockets_init(struct sockets *s, CURLM *multi, struct err *e);
void sockets_deinit(struct sockets *s);
/* The options of a new easy handle by which s knows what is opened and closed. s must live until
 * the last connection is closed: that is after curl_multi_cleanup. */
void sockets_watch(struct sockets *s, CURL *easy);
/* Lets libcurl work on whatever is due or ready, after a wait of up to wait_ms. */
CURLMcode sockets_wait(struct sockets *s, int wait_ms);

#endif
