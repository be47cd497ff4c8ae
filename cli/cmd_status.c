/* shunt status: what a store holds, table by table. */
#include "cli/cli.h"

#include "store/store.h"

#include <stdio.h>

static void see(void *arg, const char *table, int64_t rows)
{
    struct out *o = arg;
    out_str(o, table);
    out_int(o, rows);
}

int cmd_status(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    bool json = false, csv = false, tsv = false;
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_FLAG(0, "json", &json, "one JSON object a row"),
        OPT_FLAG(0, "csv", &csv, "comma separated"),
        OPT_FLAG(0, "tsv", &tsv, "tab separated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt status", "--store FILE [options]",
                                    "Show how many rows each table of a store holds.", NULL};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc)
        return err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt status -h)",
                       argv[0]);
    rc = cli_common_apply(&c, true, e);
    if (rc)
        return rc;

    struct store *s = NULL;
    rc = store_open(c.store, STORE_READ, &s, e);
    if (rc)
        return rc;
    struct out *o =
        out_new(out_shape_of(json, csv, tsv), stdout, 2, (const char *const[]){"table", "rows"});
    rc = store_counts(s, see, o, e);
    if (out_end(o) && !rc)
        rc = err_set(e, ERR_IO, "cannot write to stdout");
    store_close(s);
    return rc;
}
