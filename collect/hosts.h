/* How the hosts that speak OpenAI's chat format differ in what they want, one row each. How their
 * replies differ is read by openai.c wherever it appears, whoever sent it.
 */
#ifndef COLLECT_HOSTS_H
#define COLLECT_HOSTS_H

#include <stdbool.h>

struct host {
    const char *provider;   /* as shunt.yaml says it */
    const char *base_url;   /* NULL: it runs wherever its owner put it */
    const char *key_env;    /* the usual variable; NULL: none */
    const char *seed;       /* name of the field; NULL: there is none, so none is sent */
    const char *max_tokens; /* name of the field */
    bool per_second;        /* the limits that its headers tell are a second's */
    bool alternate;         /* turns of one role in a row are refused */
};

/* NULL for a provider that has no row; its wishes are those of hosts_else. */
const struct host *host_find(const char *provider);
extern const struct host hosts_else;

#endif
