/* shunt report: the newest evaluation as a page, Markdown, CSV, JSON and figures. */
#include "cli/cli.h"

#include "core/fs.h"
#include "core/mem.h"
#include "reports/report.h"
#include "store/store.h"

#include <stdio.h>

int cmd_report(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    const char *dir = NULL;
    struct report_options o = {.figures = true};
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_STR('o', "output", &dir, "DIR", "write the files into this folder (made if missing)"),
        OPT_STR('r', "router", &o.router, "NAME", "report this router (default: the newest)"),
        OPT_STR('t', "title", &o.title, "TEXT", "title of the page"),
        OPT_FLAG(0, "figures", &o.figures, "draw figures with gnuplot (default; --no-figures)"),
        OPT_FLAG(0, "simulated", &o.simulated, "say that replies and latencies are simulated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {
        "shunt report", "--store FILE -o DIR [options]",
        "Write the newest evaluation as a page for people, and the same numbers for programs.",
        "Writes index.html (one file that needs nothing else), report.md, report.csv, report.json\n"
        "and the figures as SVG, and prints the path of index.html.\n\n"
        "  shunt report --store s.db -o report\n\n"
        "Exit status: 0 done, 2 usage or nothing evaluated yet, 3 a file or gnuplot, 6 "
        "database.\n"};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc)
        return err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt report -h)",
                       argv[0]);
    if (!dir || !dir[0])
        return err_set(e, ERR_USAGE, "where to? give a folder with -o DIR");
    rc = cli_common_apply(&c, true, e);
    if (rc)
        return rc;
    struct store *s = NULL;
    rc = store_open(c.store, STORE_READ, &s, e);
    if (!rc)
        rc = report_write(s, dir, &o, e);
    store_close(s);
    if (!rc) {
        AUTO_FREE char *page = fs_join(dir, "index.html");
        puts(page);
    }
    return rc;
}
