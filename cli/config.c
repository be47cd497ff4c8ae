/* shunt.yaml for the commands that ask providers. */
#include "cli/config.h"

#include "core/fs.h"

#include <string.h>

int cli_config_open(struct cli_common *c, struct config **out, struct err *e)
{
    if (!c->config && !fs_exists("shunt.yaml"))
        return err_set(e, ERR_USAGE,
                       "which models? give --config FILE, or write a shunt.yaml here");
    int rc = config_load(c->config ? c->config : "shunt.yaml", out, e);
    if (rc)
        return rc;
    if (!c->store || !c->store[0])
        c->store = (*out)->store;
    if (!c->store || !c->store[0])
        return err_set(
            e, ERR_USAGE,
            "which store? give --store FILE, set SHUNT_STORE, or 'store:' in the config");
    return ERR_OK;
}

void cli_command_line(struct buf *b, int argc, char *const *argv)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=,+@%";
    buf_adds(b, "shunt");
    for (int i = 0; i < argc; i++) {
        const char *s = argv[i];
        buf_addc(b, ' ');
        if (*s && s[strspn(s, plain)] == '\0') {
            buf_adds(b, s);
            continue;
        }
        buf_addc(b, '\'');
        for (; *s; s++)
            buf_adds(b, *s == '\'' ? "'\\''" : (char[]){*s, '\0'});
        buf_addc(b, '\'');
    }
}
