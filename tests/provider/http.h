/* The HTTP server: a thread for each connection, on 127.0.0.1 only. */
#ifndef PROVIDER_HTTP_H
#define PROVIDER_HTTP_H

#include "core/err.h"
#include "tests/provider/server.h"

#include <stdint.h>

struct http;
/* port 0: the kernel's choice, in *bound. ERR_NET when the port cannot be had. sim is borrowed. */
int http_start(struct sim *sim, uint16_t port, struct http **out, uint16_t *bound, struct err *e);
/* Ends every connection, the waiting ones too; then frees. NULL is fine. */
void http_stop(struct http *h);

#endif
