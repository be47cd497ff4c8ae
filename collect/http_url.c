/* Which addresses may be asked at all. */
#include "collect/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Parts of a URL; each empty when there is none. false: not a URL. */
struct parts {
    char scheme[16], host[256];
    bool user;
};

static void part(CURLU *u, CURLUPart what, char *out, size_t size)
{
    char *text = NULL;
    out[0] = '\0';
    if (curl_url_get(u, what, &text, 0) == CURLUE_OK && text)
        snprintf(out, size, "%s", text);
    curl_free(text);
}

static bool split(const char *url, struct parts *p)
{
    CURLU *u = curl_url();
    bool ok = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK;
    if (ok) {
        char user[8];
        part(u, CURLUPART_SCHEME, p->scheme, sizeof p->scheme);
        part(u, CURLUPART_HOST, p->host, sizeof p->host);
        part(u, CURLUPART_USER, user, sizeof user);
        p->user = user[0] != '\0';
        if (!p->user) {
            part(u, CURLUPART_PASSWORD, user, sizeof user);
            p->user = user[0] != '\0';
        }
    }
    curl_url_cleanup(u);
    return ok;
}

static bool loopback(const char *host)
{
    unsigned b[4];
    char rest;
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return sscanf(host, "%u.%u.%u.%u%c", &b[0], &b[1], &b[2], &b[3], &rest) == 4 && b[0] == 127 &&
           b[1] < 256 && b[2] < 256 && b[3] < 256;
}

bool http_is_loopback(const char *url)
{
    struct parts p;
    return split(url, &p) && loopback(p.host);
}

int http_check_url(const char *url, bool allow_http, struct err *e)
{
    struct parts p;
    if (!split(url, &p) || !p.host[0])
        return err_set(e, ERR_USAGE, "'%s' is not an http or https address", url);
    if (p.user)
        return err_set(e, ERR_USAGE,
                       "the address of host '%s' has a user or password in it; name a variable with"
                       " api_key_env instead",
                       p.host);
    if (strcasecmp(p.scheme, "https") == 0)
        return ERR_OK;
    if (strcasecmp(p.scheme, "http") != 0)
        return err_set(e, ERR_USAGE, "'%s' is not an http or https address", url);
    if (!allow_http && !loopback(p.host))
        return err_set(e, ERR_USAGE,
                       "'%s' would send prompts and key unencrypted to another machine; use https,"
                       " or --allow-http where the network is your own",
                       url);
    return ERR_OK;
}
