/* shunt route: decide for each line of stdin which model should answer it. The same code as the
 * program shunt-route (router/tools/). */
#include "cli/cli.h"
#include "cli/table.h"
#include "router/tools/route_lines.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* An unknown operating point is a mistake of the command line, not of every line of input. */
static int check_point(const struct shunt_table *t, const char *path, const char *point,
                       struct err *e)
{
    char list[200] = "";
    size_t at = 0;
    for (int i = 0; point && i < shunt_point_count(t); i++) {
        const char *name = shunt_point_name(t, i);
        if (strcmp(name, point) == 0)
            return ERR_OK;
        int n = snprintf(list + at, sizeof list - at, "%s %s", i ? "," : "", name);
        at += n > 0 && (size_t)n < sizeof list - at ? (size_t)n : 0;
    }
    if (!point)
        return ERR_OK;
    return err_set(e, ERR_USAGE, "'%s' has no operating point '%s'; it has%s", path, point,
                   at ? list : " none");
}

static int check_number(const char *name, double x, struct err *e)
{
    if (isnan(x) || (x >= 0 && x <= 1e15))
        return ERR_OK;
    return err_set(e, ERR_USAGE, "--%s %g is not within 0 to 1e15", name, x);
}

static int run(const struct shunt_table *t, const struct route_options *o, struct err *e)
{
    struct route_counts counts;
    switch (route_lines(t, o, STDIN_FILENO, STDOUT_FILENO, &counts)) {
    case ROUTE_DONE:
        if (counts.errors == 0)
            return ERR_OK;
        return err_set(e, ERR_PARTIAL,
                       "%zu of %zu lines could not be routed; see 'error' in the output",
                       counts.errors, counts.lines);
    case ROUTE_CLOSED:
        return ERR_OK;
    case ROUTE_NOMEM:
        return err_set(e, ERR_NOMEM, "out of memory");
    case ROUTE_READ:
        return err_set(e, ERR_IO, "cannot read standard input: %s", strerror(errno));
    default:
        return err_set(e, ERR_IO, "cannot write standard output: %s", strerror(errno));
    }
}

int cmd_route(int argc, char **argv, struct err *e)
{
    struct route_options o = {.lambda_per_usd = NAN, .mu_per_s = NAN};
    bool plain = false, jsonl = false, events = false;
    const struct opt opts[] = {
        OPT_FLAG(0, "plain", &plain, "every line is a prompt, whatever it looks like"),
        OPT_FLAG(0, "jsonl", &jsonl, "every line is a record"),
        OPT_STR(0, "point", &o.point, "NAME",
                "operating point (default: balanced, else best, else the first)"),
        OPT_DBL(0, "lambda", &o.lambda_per_usd, "X",
                "quality per US dollar, in place of the point's"),
        OPT_DBL(0, "mu", &o.mu_per_s, "X", "quality per second, in place of the point's"),
        OPT_FLAG(0, "events", &events, "write log events in place of decisions"),
        OPT_STR(0, "task", &o.task, "NAME", "task of requests that name none"),
        OPT_END(),
    };
    const struct opt_usage usage = {
        "shunt route", "[options] TABLE < PROMPTS > DECISIONS",
        "Decide for each line of input which model should answer it; one line of JSON each.",
        "A line that is a JSON object with `prompt` or `messages` is a record, any other a "
        "prompt.\n"};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc != 1)
        return err_set(e, ERR_USAGE, "%s (see shunt route -h)",
                       argc ? "more than one table is named" : "no table is named");
    if (plain && jsonl)
        return err_set(e, ERR_USAGE, "--plain and --jsonl exclude each other");
    rc = check_number("lambda", o.lambda_per_usd, e);
    if (rc == ERR_OK)
        rc = check_number("mu", o.mu_per_s, e);
    if (rc)
        return rc;
    o.mode = plain ? ROUTE_PLAIN : jsonl ? ROUTE_JSONL : ROUTE_AUTO;
    o.events = events;
    o.own_lambda = !isnan(o.lambda_per_usd) || !isnan(o.mu_per_s);
    o.lambda_per_usd = isnan(o.lambda_per_usd) ? 0 : o.lambda_per_usd;
    o.mu_per_s = isnan(o.mu_per_s) ? 0 : o.mu_per_s;

    struct shunt_table *t = NULL;
    rc = cli_table_open(argv[0], &t, e);
    if (rc == ERR_OK)
        rc = check_point(t, argv[0], o.point, e);
    if (rc == ERR_OK)
        rc = run(t, &o, e);
    shunt_close(t);
    return rc;
}
