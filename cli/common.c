/* What every command does after its options are parsed. */
#include "cli/cli.h"
#include "core/config.h"
#include "core/fs.h"
#include "core/log.h"
#include "core/progress.h"

#include <stdio.h>
#include <stdlib.h>

/* `store:` of ./shunt.yaml, for commands that read nothing else of it; kept for good. */
static int store_of_config(struct cli_common *c, struct err *e)
{
    static char path[4096];
    struct config *config = NULL;
    int rc = config_load(c->config ? c->config : "shunt.yaml", &config, e);
    if (rc)
        return rc;
    const int len = snprintf(path, sizeof path, "%s", config->store ? config->store : "");
    config_free(config);
    if (len >= (int)sizeof path)
        return err_set(e, ERR_FORMAT,
                       "the path of the store in the config is longer than %zu bytes",
                       sizeof path - 1);
    c->store = path;
    return ERR_OK;
}

int cli_common_apply(struct cli_common *c, bool need_store, struct err *e)
{
    if (c->quiet && c->verbose)
        return err_set(e, ERR_USAGE, "--quiet and --verbose exclude each other");
    log_set_level(c->quiet ? 0 : c->verbose ? 2 : 1);
    enum progress_mode mode = PROGRESS_AUTO;
    if (c->progress && progress_mode_parse(c->progress, &mode))
        return err_set(e, ERR_USAGE, "--progress takes auto, never or always, not '%s'",
                       c->progress);
    progress_set_mode(c->quiet ? PROGRESS_NEVER : mode);
    if (!c->store)
        c->store = getenv("SHUNT_STORE");
    if (need_store && (!c->store || !c->store[0]) && (c->config || fs_exists("shunt.yaml"))) {
        int rc = store_of_config(c, e);
        if (rc)
            return rc;
    }
    if (need_store && (!c->store || !c->store[0]))
        return err_set(
            e, ERR_USAGE,
            "which store? give --store FILE, set SHUNT_STORE, or 'store:' in shunt.yaml");
    return 0;
}

int cli_shard(const char *text, int64_t *i, int64_t *n, struct err *e)
{
    int first = 0, of = 0, end = 0;
    *i = *n = 0;
    if (!text)
        return ERR_OK;
    if (sscanf(text, "%7d/%7d%n", &first, &of, &end) != 2 || text[end])
        return err_set(e, ERR_USAGE, "--shard takes I/N, such as 0/8, not '%s'", text);
    if (of < 1 || first < 0 || first >= of)
        return err_set(e, ERR_USAGE, "--shard %s: the first part is 0/N, the last one N-1/N", text);
    *i = first;
    *n = of;
    return ERR_OK;
}
