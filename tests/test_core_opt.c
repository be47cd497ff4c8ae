/* core/opt: every way of giving an option, every way of getting it wrong, and the help text. */
#include "core/fs.h"
#include "core/opt.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *store, *output;
    bool json, verbose, quiet, keep, seen;
    int64_t seed;
    double lambda;
    struct str_vec models;
} got;

static const struct opt table[] = {
    OPT_STR('s', "store", &got.store, "FILE", "the store"),
    OPT_STR('o', "output", &got.output, "FILE", "write the table here"),
    OPT_FLAG(0, "json", &got.json, "print one JSON object"),
    OPT_FLAG('v', "verbose", &got.verbose, "say more"),
    OPT_FLAG('q', "quiet", &got.quiet, "say less"),
    OPT_FLAG(
        0, "refresh", &got.keep,
        "collect again what is there already, in spite of what it costs, for each of the models"),
    {OPT_KIND_INT, 'n', "seed", &got.seed, "N", "seed of every random choice", &got.seen},
    OPT_DBL('l', "lambda-per-usd", &got.lambda, "X", "quality per dollar"),
    OPT_LIST('m', "models", &got.models, "A,B", "only these models"),
    OPT_END(),
};
static const struct opt_usage usage = {"shunt import", "[options] PATH...", "Bring data in.",
                                       "examples:\n  shunt import --store s.db data\n"};

enum { MAX = 12 };

/* Parses words (after argv[0]) and returns what opt_parse did; *argc and argv hold what is left.
 * The words are copied, as a command line is writable; the copies live until the next call. */
static int run(const char *const *words, char **argv, int *argc, struct err *e)
{
    static char copy[MAX][128];
    str_vec_free(&got.models);
    memset(&got, 0, sizeof got);
    int n = 0;
    argv[n++] = strcpy(copy[0], "shunt-import");
    for (; words[n - 1] != NULL; n++)
        argv[n] = strcpy(copy[n], words[n - 1]);
    argv[n] = NULL;
    *argc = n;
    memset(e, 0, sizeof *e);
    return opt_parse(&usage, table, argc, argv, e);
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL}, argv, &argc, &e)

Test(opt, options_and_operands_mix)
{
    char *argv[MAX];
    int argc;
    struct err e;
    cr_assert(eq(int, RUN("a", "--store", "s.db", "b", "--json", "-n", "-7", "c"), 0));
    cr_assert(eq(int, argc, 3));
    cr_assert(strcmp(argv[0], "a") == 0 && strcmp(argv[1], "b") == 0 && strcmp(argv[2], "c") == 0);
    cr_assert(argv[3] == NULL);
    cr_assert(strcmp(got.store, "s.db") == 0 && got.json && got.seed == -7 && got.seen);

    cr_assert(
        eq(int, RUN("--store=x=y", "--lambda-per-usd=1e-3", "--seed=9223372036854775807"), 0));
    cr_assert(strcmp(got.store, "x=y") == 0 && got.lambda == 1e-3 && got.seed == INT64_MAX);
    cr_assert(eq(int, argc, 0));

    cr_assert(eq(int, RUN("--json", "--no-json", "--no-verbose"), 0));
    cr_assert(got.json == false && got.verbose == false && got.seen == false);

    cr_assert(eq(int, RUN("-vq", "-vn12", "-os.db"), 0));
    cr_assert(got.verbose && got.quiet && got.seed == 12 && strcmp(got.output, "s.db") == 0);

    cr_assert(eq(int, RUN("-m", "a,b", "--models", "c", "-", "--", "--json", "-x"), 0));
    cr_assert(eq(sz, got.models.n, 3));
    cr_assert(strcmp(got.models.v[0], "a") == 0 && strcmp(got.models.v[2], "c") == 0);
    cr_assert(eq(int, argc, 3));
    cr_assert(strcmp(argv[0], "-") == 0 && strcmp(argv[1], "--json") == 0 &&
              strcmp(argv[2], "-x") == 0);
    cr_assert(got.json == false);

    cr_assert(eq(int, RUN("--seed", "25e5"), 0));
    cr_assert(eq(i64, got.seed, 2500000), "as people write large counts");
    cr_assert(eq(int, RUN("--store", ""), 0));
    cr_assert(strcmp(got.store, "") == 0, "an empty value is a value");
    cr_assert(eq(int, RUN("--store", "a", "--store", "b"), 0));
    cr_assert(strcmp(got.store, "b") == 0, "the last one holds");
    cr_assert(eq(int, run((const char *const[]){NULL}, argv, &argc, &e), 0));
    cr_assert(eq(int, argc, 0));
    str_vec_free(&got.models);
}

Test(opt, mistakes_are_named)
{
    static const struct {
        const char *words[4], *text;
    } cases[] = {
        {{"--refersh"},
         "unknown option '--refersh'; did you mean '--refresh'? (see shunt import -h)"},
        {{"--sede=4"}, "unknown option '--sede'; did you mean '--seed'? (see shunt import -h)"},
        {{"--lambda"},
         "unknown option '--lambda'; did you mean '--lambda-per-usd'? (see shunt import -h)"},
        {{"--no-jsno"},
         "unknown option '--no-jsno'; did you mean '--no-json'? (see shunt import -h)"},
        {{"--xyzzy"}, "unknown option '--xyzzy' (see shunt import -h)"},
        {{"--"
          "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"},
         "unknown option '--zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz' (see "
         "shunt import -h)"},
        {{"-vx"}, "unknown option '-x' (see shunt import -h)"},
        {{"-\xc3\xa4"}, "unknown option '-\xc3\xa4' (see shunt import -h)"},
        {{"a", "--store"}, "option '--store' needs a value: FILE (see shunt import -h)"},
        {{"-vs"}, "option '-s' needs a value: FILE (see shunt import -h)"},
        {{"--seed", "ten"}, "option '--seed' takes a whole number, not 'ten'"},
        {{"--seed="}, "option '--seed' takes a whole number, not ''"},
        {{"-n", "1.5"}, "option '-n' takes a whole number, not '1.5'"},
        {{"-n", "15e-1"}, "option '-n' takes a whole number, not '15e-1'"},
        {{"-n", "1e30"}, "option '-n': 1e30 is out of range"},
        {{"--seed", "9223372036854775808"}, "option '--seed': 9223372036854775808 is out of range"},
        {{"-l", "much"}, "option '-l' takes a number, not 'much'"},
        {{"-l", "nan"}, "option '-l' takes a number, not 'nan'"},
        {{"-l", "1e999"}, "option '-l': 1e999 is out of range"},
        {{"--json=yes"}, "option '--json' takes no value"},
        {{"--no-json=yes"}, "option '--no-json' takes no value"},
        {{"--no-store"}, "option '--store' takes a value and has no '--no-store'"},
        {{"--models", "a,,b"}, "option '--models': empty element in 'a,,b'"},
        {{"--models="}, "option '--models': empty element in ''"},
    };
    char *argv[MAX];
    int argc;
    struct err e;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(eq(int, run(cases[i].words, argv, &argc, &e), ERR_USAGE), "%s", cases[i].text);
        cr_assert(eq(int, e.code, ERR_USAGE), "%s", cases[i].text);
        cr_assert(strcmp(e.text, cases[i].text) == 0, "got:  %s\nwant: %s", e.text, cases[i].text);
    }
}

/* All that f holds, until the next call. */
static char *slurp(FILE *f)
{
    static char text[8192];
    rewind(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

Test(opt, help_is_aligned_and_at_most_80_wide)
{
    FILE *f = tmpfile();
    opt_help(&usage, table, f);
    char *text = slurp(f);
    static const char want[] =
        "usage: shunt import [options] PATH...\n"
        "\n"
        "Bring data in.\n"
        "\n"
        "options:\n"
        "  -s, --store FILE        the store\n"
        "  -o, --output FILE       write the table here\n"
        "      --json              print one JSON object\n"
        "  -v, --verbose           say more\n"
        "  -q, --quiet             say less\n"
        "      --refresh           collect again what is there already, in spite of what\n"
        "                          it costs, for each of the models\n"
        "  -n, --seed N            seed of every random choice\n"
        "  -l, --lambda-per-usd X  quality per dollar\n"
        "  -m, --models A,B        only these models\n"
        "  -h, --help              show this help\n"
        "\n"
        "examples:\n"
        "  shunt import --store s.db data\n";
    cr_assert(strcmp(text, want) == 0, "got:\n%s", text);

    static const struct opt wide[] = {
        OPT_FLAG(0, "a-name-too-long-for-the-left-column", &got.json, "below it"), OPT_END()};
    f = tmpfile();
    opt_help(&(struct opt_usage){"x", NULL, NULL, NULL}, wide, f);
    text = slurp(f);
    cr_assert(strcmp(text, "usage: x\n\noptions:\n      --a-name-too-long-for-the-left-column\n"
                           "              below it\n  -h, --help  show this help\n") == 0,
              "got:\n%s", text);
}

Test(opt, asking_for_help_ends_parsing)
{
    char *argv[MAX];
    int argc;
    struct err e;
    fflush(stdout);
    FILE *f = tmpfile();
    FILE *saved = stdout;
    stdout = f;
    int rc[] = {RUN("--help"), RUN("a", "-vh", "--nonsense"), RUN("-h")};
    stdout = saved;
    char *text = slurp(f);
    for (int i = 0; i < 3; i++)
        cr_assert(eq(int, rc[i], 1));
    cr_assert(strstr(text, "usage: shunt import [options] PATH...") == text);
}

Test(opt, list_serves_completion)
{
    FILE *f = tmpfile();
    opt_list(table, f);
    char *text = slurp(f);
    cr_assert(strncmp(text, "--store\n-s\n--output\n-o\n--json\n--verbose\n", 40) == 0, "got:\n%s",
              text);
    cr_assert(strstr(text, "--help\n-h\n") != NULL);
}

Test(opt, nearest_allows_a_third_of_the_letters)
{
    static const char *const names[] = {"train", "eval", "compile", "explain", "import", "export"};
    static const struct {
        const char *word, *want;
    } cases[] = {{"trian", "train"},  {"evla", "eval"},     {"complie", "compile"},
                 {"imprt", "import"}, {"exprot", "export"}, {"explian", "explain"},
                 {"xx", NULL},        {"forecast", NULL},   {"", NULL},
                 {"train", "train"},  {"tarni", NULL},      {"inport", "import"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *best = opt_nearest(cases[i].word, names, 6);
        cr_assert(cases[i].want == NULL ? best == NULL
                                        : best != NULL && strcmp(best, cases[i].want) == 0,
                  "%s: got %s", cases[i].word, best != NULL ? best : "nothing");
    }
    char longer[300];
    memset(longer, 'a', 299);
    longer[299] = '\0';
    cr_assert(opt_nearest(longer, names, 6) == NULL);
    cr_assert(opt_nearest("x", names, 0) == NULL);
}
