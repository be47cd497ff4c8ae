/* Addresses and keys. The key goes from the environment into the headers and nowhere else. */
#include "collect/endpoint.h"

#include "collect/hosts.h"

#include "core/buf.h"
#include "core/hash.h"
#include "core/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct protocol_home {
    const char *protocol, *base_url, *version, *key_env, *key_header, *key_prefix;
    const char *header, *header_value; /* one more, or NULL */
} homes[] = {
    {"openai", "https://api.openai.com", "/v1", "OPENAI_API_KEY", "Authorization", "Bearer ", NULL,
     NULL},
    {"openai-responses", "https://api.openai.com", "/v1", "OPENAI_API_KEY", "Authorization",
     "Bearer ", NULL, NULL},
    {"anthropic", "https://api.anthropic.com", "/v1", "ANTHROPIC_API_KEY", "x-api-key", "",
     "anthropic-version", "2023-06-01"},
    {"gemini", "https://generativelanguage.googleapis.com", "/v1beta", "GEMINI_API_KEY",
     "x-goog-api-key", "", NULL, NULL},
};

static const struct protocol_home *home_of(const char *protocol)
{
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        if (strcmp(homes[i].protocol, protocol) == 0)
            return &homes[i];
    return NULL;
}

static bool speaks_openai(const char *protocol)
{
    return strcmp(protocol, "openai") == 0 || strcmp(protocol, "openai-responses") == 0;
}

/* The provider's own address and key; NULL: those of the protocol's. */
static const struct host *host_of(const struct endpoint_spec *spec)
{
    return speaks_openai(spec->protocol) ? host_find(spec->provider) : NULL;
}

/* The path of "scheme://host/path", "" when there is none. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    return path ? path : "";
}

/* ".../v1", ".../v1beta" */
static bool ends_in_version(const char *path, size_t len)
{
    size_t at = len;
    while (at > 0 && path[at - 1] != '/')
        at--;
    return at > 0 && len - at >= 2 && path[at] == 'v' && isdigit((unsigned char)path[at + 1]);
}

/* A model's name as one segment of a path: "models/x" and "tunedModels/x" keep their slash. */
static void add_segment(struct buf *b, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (isalnum(c) || strchr("-._~/:@", c))
            buf_addc(b, *s);
        else
            buf_addf(b, "%%%02X", c);
    }
}

/* *base_len: the bytes of it that all of its endpoints begin with. */
static char *url_of(const struct protocol_home *home, const struct endpoint_spec *spec,
                    size_t *base_len)
{
    const struct host *host = host_of(spec);
    const char *base = spec->base_url           ? spec->base_url
                       : host && host->base_url ? host->base_url
                                                : home->base_url;
    struct buf b = BUF_INIT(0);
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    buf_add(&b, base, len);
    const char *path = path_of(b.data);
    bool complete =
        speaks_openai(spec->protocol) ? *path != '\0' : ends_in_version(path, strlen(path));
    if (!complete)
        buf_adds(&b, home->version);
    *base_len = b.len;
    if (spec->kind == ENDPOINT_EMBEDDINGS) {
        buf_adds(&b, "/embeddings");
    } else if (spec->kind == ENDPOINT_FILES) {
        buf_adds(&b, "/files");
    } else if (spec->kind == ENDPOINT_BATCHES) {
        buf_adds(&b, strcmp(spec->protocol, "anthropic") == 0 ? "/messages/batches" : "/batches");
    } else if (strcmp(spec->protocol, "openai") == 0) {
        buf_adds(&b, "/chat/completions");
    } else if (strcmp(spec->protocol, "openai-responses") == 0) {
        buf_adds(&b, "/responses");
    } else if (strcmp(spec->protocol, "anthropic") == 0) {
        buf_adds(&b, "/messages");
    } else {
        buf_adds(&b, strchr(spec->model, '/') ? "/" : "/models/");
        add_segment(&b, spec->model);
        buf_adds(&b, ":generateContent");
    }
    return buf_detach(&b, NULL);
}

static void add_secret(struct endpoint *ep, const char *text)
{
    char *both = ep->secret ? mem_printf("%s\n%s", ep->secret, text) : mem_strdup(text);
    if (ep->secret)
        memset(ep->secret, 0, strlen(ep->secret));
    free(ep->secret);
    ep->secret = both;
}

/* The value with every ${NAME} replaced. */
static int expand(struct endpoint *ep, const struct endpoint_spec *spec, const char *value,
                  bool need_key, struct buf *out, struct err *e)
{
    for (const char *end; *value; value = end) {
        const char *close = strncmp(value, "${", 2) == 0 ? strchr(value, '}') : NULL;
        if (!close) {
            end = value + 1 + strcspn(value + 1, "$");
            buf_add(out, value, (size_t)(end - value));
            continue;
        }
        end = close + 1;
        AUTO_FREE char *name = mem_strndup(value + 2, (size_t)(close - value) - 2);
        const char *found = getenv(name);
        if ((!found || !*found) && need_key)
            return err_set(e, ERR_USAGE,
                           "'%s' wants the environment variable %s for a header, which is not set",
                           spec->name, name);
        if (found && *found) {
            buf_adds(out, found);
            add_secret(ep, found);
        }
    }
    return ERR_OK;
}

static int add_headers(struct endpoint *ep, const struct endpoint_spec *spec, bool need_key,
                       struct err *e)
{
    int rc = ERR_OK;
    for (const struct json *h = json_first(spec->headers); h && !rc; h = json_next(h)) {
        struct buf value = BUF_INIT(0);
        rc = expand(ep, spec, json_str(h), need_key, &value, e);
        if (!rc && value.len)
            rc = http_headers_add(ep->headers, json_key(h), value.data, e);
        if (value.data)
            memset(value.data, 0, value.len);
        buf_deinit(&value);
    }
    return rc;
}

static int add_key(struct endpoint *ep, const struct protocol_home *home,
                   const struct endpoint_spec *spec, bool need_key, struct err *e)
{
    const struct host *host = host_of(spec);
    const char *usual = host && host->key_env ? host->key_env : home->key_env;
    const char *env = spec->api_key_env ? spec->api_key_env : spec->base_url ? NULL : usual;
    if (!env)
        return ERR_OK;
    const char *key = getenv(env);
    if (!key || !*key) {
        if (!need_key)
            return ERR_OK;
        return err_set(e, ERR_USAGE,
                       "'%s' wants its key in the environment variable %s, which is not set",
                       spec->name, env);
    }
    add_secret(ep, key);
    AUTO_FREE char *value = mem_printf("%s%s", home->key_prefix, key);
    int rc = http_headers_add(ep->headers, home->key_header, value, e);
    memset(value, 0, strlen(value));
    return rc ? err_wrap(e, rc, "the key in %s", env) : ERR_OK;
}

/* What a provider knows a caller by: its address, the key, and headers, which may choose among the
 * tenants or providers behind a gateway. OpenAI's two protocols are one service. */
static void set_account(struct endpoint *ep, const struct protocol_home *home,
                        const struct endpoint_spec *spec, size_t base_len)
{
    struct buf b = BUF_INIT(0);
    buf_add(&b, ep->url, base_len);
    buf_addf(&b, "\n%s\n%s\n", home->key_header, ep->secret ? ep->secret : "");
    for (const struct json *h = json_first(spec->headers); h; h = json_next(h))
        buf_addf(&b, "%s: %s\n", json_key(h), json_str(h));
    sha256_hex(b.data, b.len, ep->account);
    memset(b.data, 0, b.len);
    buf_deinit(&b);
}

int endpoint_open(struct endpoint *out, const struct endpoint_spec *spec, bool need_key,
                  struct err *e)
{
    *out = (struct endpoint){0};
    const struct protocol_home *home = home_of(spec->protocol);
    if (!home)
        return err_set(e, ERR_USAGE, "'%s': there is no protocol '%s'", spec->name, spec->protocol);
    const struct host *host = host_of(spec);
    if (!spec->base_url && spec->provider && speaks_openai(spec->protocol) &&
        !(host && host->base_url))
        return err_set(e, ERR_USAGE,
                       "'%s': the address of provider '%s' is not known; give it a base_url",
                       spec->name, spec->provider);
    int rc = spec->base_url ? http_check_url(spec->base_url, spec->allow_http, e) : ERR_OK;
    if (rc)
        return err_wrap(e, rc, "'%s'", spec->name);
    size_t base_len = 0;
    struct endpoint ep = {.url = url_of(home, spec, &base_len), .headers = http_headers_new()};
    ep.loopback = http_is_loopback(ep.url);
    rc = http_headers_add(ep.headers, "Content-Type",
                          spec->kind == ENDPOINT_FILES ? ENDPOINT_FORM : "application/json", e);
    if (!rc && home->header)
        rc = http_headers_add(ep.headers, home->header, home->header_value, e);
    if (!rc)
        rc = add_key(&ep, home, spec, need_key, e);
    if (!rc)
        rc = add_headers(&ep, spec, need_key, e);
    if (!rc)
        set_account(&ep, home, spec, base_len);
    if (rc)
        endpoint_deinit(&ep);
    else
        *out = ep;
    return rc;
}

void endpoint_deinit(struct endpoint *ep)
{
    if (ep->secret)
        memset(ep->secret, 0, strlen(ep->secret));
    free(ep->secret);
    free(ep->url);
    http_headers_free(ep->headers);
    *ep = (struct endpoint){0};
}

bool endpoint_is_official(const struct endpoint_spec *spec)
{
    const struct protocol_home *home = home_of(spec->protocol);
    if (home && !spec->base_url)
        return !host_of(spec) || strcmp(spec->provider, "openai") == 0;
    return home && strncmp(spec->base_url, home->base_url, strlen(home->base_url)) == 0;
}
