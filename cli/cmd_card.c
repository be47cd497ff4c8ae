/* shunt card: the model card of a router. */
#include "cli/cli.h"

#include "core/fs.h"
#include "core/mem.h"
#include "reports/card.h"
#include "store/store.h"

#include <stdio.h>

int cmd_card(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    const char *dir = NULL, *router = NULL;
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_STR('o', "output", &dir, "DIR", "write the files into this folder (made if missing)"),
        OPT_STR('r', "router", &router, "NAME", "describe this router (default: the newest)"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {
        "shunt card", "--store FILE -o DIR [options]",
        "Write the model card of a router: data, features, figures, prices, limits.",
        "Writes card.md for people and card.json with the same numbers, and prints the path of "
        "card.md.\n\n"
        "  shunt card --store s.db -o card\n\n"
        "Exit status: 0 done, 2 usage, no router, or nothing evaluated yet, 3 a file, 6 "
        "database.\n"};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc)
        return err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt card -h)", argv[0]);
    if (!dir || !dir[0])
        return err_set(e, ERR_USAGE, "where to? give a folder with -o DIR");
    rc = cli_common_apply(&c, true, e);
    if (rc)
        return rc;
    struct store *s = NULL;
    rc = store_open(c.store, STORE_READ, &s, e);
    if (!rc)
        rc = card_write(s, dir, router, e);
    store_close(s);
    if (!rc) {
        AUTO_FREE char *page = fs_join(dir, "card.md");
        puts(page);
    }
    return rc;
}
