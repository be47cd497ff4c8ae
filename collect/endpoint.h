/* Where a model or encoder of the config is asked: its address and headers, the key among them. */
#ifndef COLLECT_ENDPOINT_H
#define COLLECT_ENDPOINT_H

#include "collect/http.h"
#include "core/config.h"

#include <stdbool.h>

struct endpoint {
    char *url;
    struct http_headers *headers;
    char *secret; /* the key and what headers took from the environment, a line each, to mask
                   * them in messages; NULL: none. Never stored, never shown */
    bool loopback;
    char account[65]; /* equal where limits are shared: the same host and path, key and further
                       * headers; a hash, so that it tells nothing */
};

enum endpoint_kind {
    ENDPOINT_CHAT,
    ENDPOINT_EMBEDDINGS,
    ENDPOINT_FILES,   /* uploads: Content-Type is ENDPOINT_FORM */
    ENDPOINT_BATCHES, /* where batches are made and looked at; Gemini has no such address */
};
#define ENDPOINT_BOUNDARY "shunt-8c1f5e27a94b40d3"
#define ENDPOINT_FORM "multipart/form-data; boundary=" ENDPOINT_BOUNDARY

/* What an address is made of. base_url NULL: the provider's own. A base_url without a path, or
 * whose path does not end in a version ("/v1"), gets the protocol's version; OpenAI's shape takes
 * any path as complete, as its clients do ("https://host/api/paas" + "/chat/completions"). */
struct endpoint_spec {
    enum endpoint_kind kind;
    const char *protocol;    /* "openai", "openai-responses", "anthropic", "gemini" */
    const char *name;        /* of the model or encoder, for messages */
    const char *base_url;    /* or NULL */
    const char *model;       /* on the wire */
    const char *api_key_env; /* or NULL: none for a base_url, else the provider's usual variable */
    bool allow_http;
    const struct json *headers; /* further ones, ${NAME} in them from the environment; or NULL */
    const char *provider; /* whose address and key are meant (hosts.h); NULL: the protocol's */
};

/* ERR_USAGE: an address that may not be asked, a variable that is not set. With need_key false
 * (nothing will be sent) a missing key is no error. */
int endpoint_open(struct endpoint *out, const struct endpoint_spec *spec, bool need_key,
                  struct err *e);
void endpoint_deinit(struct endpoint *ep);

/* The provider's own service, not something that speaks its protocol. */
bool endpoint_is_official(const struct endpoint_spec *spec);

#endif
