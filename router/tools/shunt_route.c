/* shunt-route: the router as a line filter, for machines that have neither curl nor SQLite. Links
 * libshunt and the files beside this one, nothing else. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/shunt.h"
#include "router/tools/route_lines.h"
#include "router/tools/serve.h"

enum { EXIT_USAGE = 2, EXIT_IO = 3, EXIT_FORMAT = 4, EXIT_NOMEM = 7, EXIT_PARTIAL = 9 };

static const char usage[] =
    "usage: shunt-route [options] TABLE < PROMPTS > DECISIONS\n"
    "       shunt-route --serve SOCKET [options] TABLE\n"
    "Decide for each line of input which model should answer it; one line of JSON each.\n"
    "A line that is a JSON object with `prompt` or `messages` is a record, any other a prompt.\n"
    "\n"
    "    --plain         every line is a prompt, whatever it looks like\n"
    "    --jsonl         every line is a record\n"
    "    --point NAME    operating point (default: balanced, else best, else the first)\n"
    "    --lambda X      quality per US dollar, in place of the point's\n"
    "    --mu X          quality per second, in place of the point's\n"
    "    --task NAME     task of requests that name none\n"
    "    --events        write log events with OpenTelemetry's names in place of decisions\n"
    "    --serve SOCKET  answer clients of a Unix socket, line by line, until SIGTERM; SIGHUP "
    "reloads\n"
    "    --clients N     clients at once, 1 to 100000 (default 4096)\n"
    "    --metrics       answer GET /metrics on the socket with Prometheus' text\n"
    "    -h, --help      print this and exit\n"
    "    --version       print the version and exit\n"
    "\n"
    "Exit status: 0 all lines routed; 2 usage; 3 cannot read or write; 4 not a usable table;\n"
    "7 out of memory; 9 some lines could not be routed (their output is an error).\n";

static void complain(const char *what)
{
    fprintf(stderr, "shunt-route: error: %s\n", what);
}

static int read_weight(const char *text, double *out)
{
    char *end;
    errno = 0;
    double x = strtod(text, &end);
    if (end == text || *end || errno || !(x >= 0 && x <= 1e15)) {
        fprintf(stderr, "shunt-route: error: '%s' is no number from 0 to 1e15\n", text);
        return 0;
    }
    *out = x;
    return 1;
}

static int read_clients(const char *text, size_t *out)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || *end || errno || n < 1 || n > 100000) {
        fprintf(stderr, "shunt-route: error: '%s' is no number of clients from 1 to 100000\n",
                text);
        return 0;
    }
    *out = (size_t)n;
    return 1;
}

/* Insertions, deletions and exchanges from a to b (Levenshtein 1966), for words of at most 31
 * bytes.
 */
static size_t distance(const char *a, const char *b)
{
    size_t row[32];
    size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            best = corner + 1 < best ? corner + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[n];
}

/* What is wrong with an option that getopt refused, in one line, with the nearest name. */
static void complain_option(const char *word, int missing, const struct option *option)
{
    char name[32];
    const char *best = NULL;
    size_t least = 3; /* farther than two letters is no mistyping */
    size_t n = strcspn(word, "=");
    if (missing) {
        fprintf(stderr, "shunt-route: error: option '%.60s' needs a value\n", word);
        return;
    }
    if (n > 2 && n - 2 < sizeof name && strncmp(word, "--", 2) == 0) {
        memcpy(name, word + 2, n - 2);
        name[n - 2] = '\0';
        for (; option->name; option++) {
            size_t d = distance(name, option->name);
            if (d == 0) { /* known: it was given a value that it does not take */
                fprintf(stderr, "shunt-route: error: option '--%s' takes no value\n", name);
                return;
            }
            if (d < least && d < strlen(option->name)) {
                least = d;
                best = option->name;
            }
        }
    }
    if (best)
        fprintf(stderr, "shunt-route: error: unknown option '%.*s'; did you mean '--%s'?\n",
                (int)(n < 60 ? n : 60), word, best);
    else
        fprintf(stderr, "shunt-route: error: unknown option '%.60s'\n", word);
}

/* Returns -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct route_options *o,
                        struct serve_options *service)
{
    enum { PLAIN = 256, JSONL, POINT, LAMBDA, MU, TASK, EVENTS, SERVE, CLIENTS, METRICS, VERSION };
    static const struct option option[] = {
        {"plain", no_argument, NULL, PLAIN},
        {"jsonl", no_argument, NULL, JSONL},
        {"point", required_argument, NULL, POINT},
        {"lambda", required_argument, NULL, LAMBDA},
        {"mu", required_argument, NULL, MU},
        {"task", required_argument, NULL, TASK},
        {"events", no_argument, NULL, EVENTS},
        {"serve", required_argument, NULL, SERVE},
        {"clients", required_argument, NULL, CLIENTS},
        {"metrics", no_argument, NULL, METRICS},
        {"version", no_argument, NULL, VERSION},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", option, NULL)) != -1) {
        switch (c) {
        case PLAIN:
            o->mode = ROUTE_PLAIN;
            break;
        case JSONL:
            o->mode = ROUTE_JSONL;
            break;
        case POINT:
            o->point = optarg;
            break;
        case TASK:
            o->task = optarg;
            break;
        case EVENTS:
            o->events = 1;
            break;
        case SERVE:
            service->socket = optarg;
            break;
        case METRICS:
            service->metrics = 1;
            break;
        case CLIENTS:
            if (!read_clients(optarg, &service->clients))
                return EXIT_USAGE;
            break;
        case LAMBDA:
        case MU:
            if (!read_weight(optarg, c == LAMBDA ? &o->lambda_per_usd : &o->mu_per_s))
                return EXIT_USAGE;
            o->own_lambda = 1;
            break;
        case 'h':
            return fputs(usage, stdout) < 0 || fflush(stdout) ? EXIT_IO : 0;
        case VERSION:
            return printf("shunt-route %s\n", shunt_version()) < 0 || fflush(stdout) ? EXIT_IO : 0;
        default:
            complain_option(argv[optind - 1], c == ':', option);
            fputs("Try 'shunt-route --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (argc - optind != 1) {
        complain(argc == optind ? "no table is named" : "more than one table is named");
        fputs("Try 'shunt-route --help'.\n", stderr);
        return EXIT_USAGE;
    }
    return -1;
}

static int open_table(const char *path, struct shunt_table **t)
{
    char why[300];
    int status = shunt_open_detail(path, t, why, sizeof why);
    if (status == SHUNT_OK)
        return 0;
    if (status == SHUNT_E_IO) {
        complain(why);
        return EXIT_IO;
    }
    if (status == SHUNT_E_NOMEM) {
        complain(why);
        return EXIT_NOMEM;
    }
    fprintf(stderr, "shunt-route: error: '%s': %s; %s\n", path, why,
            status == SHUNT_E_VERSION ? "compile it again with this version, or update"
                                      : "compile it again, or copy it again");
    return EXIT_FORMAT;
}

/* An unknown operating point is a mistake of the command line, not of every line of input. */
static int check_point(const struct shunt_table *t, const char *path, const char *point)
{
    for (int i = 0; point && i < shunt_point_count(t); i++)
        if (strcmp(shunt_point_name(t, i), point) == 0)
            point = NULL;
    if (!point)
        return 0;
    fprintf(stderr, "shunt-route: error: '%s' has no operating point '%s'; it has", path, point);
    for (int i = 0; i < shunt_point_count(t); i++)
        fprintf(stderr, "%s %s", i ? "," : "", shunt_point_name(t, i));
    fputs(shunt_point_count(t) ? "\n" : " none\n", stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct route_options options = {0};
    struct serve_options service = {.clients = 4096};
    struct route_counts counts;
    struct shunt_table *t = NULL;
    int rc = read_options(argc, argv, &options, &service);
    if (rc >= 0)
        return rc;
    const char *path = argv[optind];
    rc = open_table(path, &t);
    if (rc)
        return rc;
    rc = check_point(t, path, options.point);
    if (rc) {
        shunt_close(t);
        return rc;
    }

    signal(SIGPIPE, SIG_IGN);
    service.table = path;
    if (service.socket)
        return serve(t, &options, &service);
    enum route_end end = route_lines(t, &options, STDIN_FILENO, STDOUT_FILENO, &counts);
    shunt_close(t);
    switch (end) {
    case ROUTE_DONE:
        if (counts.errors == 0)
            return 0;
        fprintf(
            stderr,
            "shunt-route: error: %zu of %zu lines could not be routed; see 'error' in the output\n",
            counts.errors, counts.lines);
        return EXIT_PARTIAL;
    case ROUTE_CLOSED:
        return 0;
    case ROUTE_NOMEM:
        complain("out of memory");
        return EXIT_NOMEM;
    default:
        fprintf(stderr, "shunt-route: error: cannot %s: %s\n",
                end == ROUTE_READ ? "read standard input" : "write standard output",
                strerror(errno));
        return EXIT_IO;
    }
}
