/* Option tables: parsing. Written out rather than by getopt_long, which keeps its place in global
 * variables and speaks on stderr itself. The help is in opt_help.c.
 */
#include "core/opt.h"

#include "core/fs.h"
#include "core/mem.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const struct opt_usage *usage;
    const struct opt *opts;
    char **argv;
    int argc, at; /* at: the next argument to look at */
    struct err *e;
};

static const struct opt *find_name(const struct opt *opts, const char *name, size_t len)
{
    for (const struct opt *o = opts; o->kind != OPT_KIND_END; o++) {
        if (o->name != NULL && strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    }
    return NULL;
}

static const struct opt *find_letter(const struct opt *opts, char letter)
{
    for (const struct opt *o = opts; o->kind != OPT_KIND_END; o++) {
        if (o->letter == letter && letter != '\0')
            return o;
    }
    return NULL;
}

/* The one option that begins with word, or the nearest by edit distance, or NULL. */
static const char *suggest(const struct opt *opts, const char *word)
{
    size_t n = 0, len = strlen(word), begins = 0;
    const char *longer = NULL;
    while (opts[n].kind != OPT_KIND_END)
        n++;
    const char **names = mem_array(n + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (opts[i].name == NULL)
            continue;
        names[count++] = opts[i].name;
        if (len >= 2 && strncmp(opts[i].name, word, len) == 0) {
            longer = opts[i].name;
            begins++;
        }
    }
    names[count++] = "help";
    const char *best = begins == 1 ? longer : opt_nearest(word, names, count);
    free(names);
    return best;
}

static int unknown_long(const struct parser *p, const char *name, size_t len)
{
    AUTO_FREE char *word = mem_strndup(name, len);
    bool no = strncmp(word, "no-", 3) == 0;
    const char *best = suggest(p->opts, word), *prefix = "";
    if (best == NULL && no) {
        best = suggest(p->opts, word + 3);
        prefix = "no-";
    }
    if (best != NULL)
        return err_set(p->e, ERR_USAGE,
                       "unknown option '--%.60s'; did you mean '--%s%s'? (see %s -h)", word, prefix,
                       best, p->usage->command);
    return err_set(p->e, ERR_USAGE, "unknown option '--%.60s' (see %s -h)", word,
                   p->usage->command);
}

/* "--seed" or "-s", as it was given, for messages. */
static void label(const struct opt *o, bool by_letter, char out[64])
{
    if (by_letter)
        snprintf(out, 64, "-%c", o->letter);
    else
        snprintf(out, 64, "--%.60s", o->name);
}

static int set_int(const struct opt *o, const char *as, const char *value, struct err *e)
{
    char *end;
    errno = 0;
    long long v = strtoll(value, &end, 10);
    bool whole = end != value;
    if (whole && (*end == 'e' || *end == 'E')) { /* 1e6, as people write large counts */
        double d = strtod(value, &end);
        if (fabs(d) > 9007199254740992.0)
            return err_set(e, ERR_USAGE, "option '%s': %.60s is out of range", as, value);
        v = (long long)d;
        whole = floor(d) == d;
    }
    if (!whole || *end != '\0')
        return err_set(e, ERR_USAGE, "option '%s' takes a whole number, not '%.60s'", as, value);
    if (errno == ERANGE)
        return err_set(e, ERR_USAGE, "option '%s': %.60s is out of range", as, value);
    *(int64_t *)o->target = v;
    return 0;
}

static int set_dbl(const struct opt *o, const char *as, const char *value, struct err *e)
{
    char *end;
    double v = strtod(value, &end);
    if (end == value || *end != '\0' || isnan(v))
        return err_set(e, ERR_USAGE, "option '%s' takes a number, not '%.60s'", as, value);
    if (isinf(v))
        return err_set(e, ERR_USAGE, "option '%s': %.60s is out of range", as, value);
    *(double *)o->target = v;
    return 0;
}

static int add_list(const struct opt *o, const char *as, const char *value, struct err *e)
{
    struct str_vec *list = o->target;
    for (const char *s = value;; s++) {
        size_t len = strcspn(s, ",");
        if (len == 0)
            return err_set(e, ERR_USAGE, "option '%s': empty element in '%.100s'", as, value);
        VEC_PUSH(list, mem_strndup(s, len));
        s += len;
        if (*s == '\0')
            return 0;
    }
}

static int set_value(const struct parser *p, const struct opt *o, bool by_letter, char *value)
{
    char as[64];
    label(o, by_letter, as);
    if (o->seen != NULL)
        *o->seen = true;
    switch (o->kind) {
    case OPT_KIND_INT:
        return set_int(o, as, value, p->e);
    case OPT_KIND_DBL:
        return set_dbl(o, as, value, p->e);
    case OPT_KIND_LIST:
        return add_list(o, as, value, p->e);
    case OPT_KIND_STR:
        *(const char **)o->target = value;
        return 0;
    case OPT_KIND_FLAG:
    case OPT_KIND_END:
        break;
    }
    return err_set(p->e, ERR_USAGE, "option '%s' takes no value", as);
}

static void set_flag(const struct opt *o, bool value)
{
    *(bool *)o->target = value;
    if (o->seen != NULL)
        *o->seen = true;
}

/* The value in the argument itself (attached), or the next argument; p->at is moved on. */
static int take_value(struct parser *p, const struct opt *o, bool by_letter, char *attached)
{
    if (attached == NULL) {
        if (p->at >= p->argc) {
            char as[64];
            label(o, by_letter, as);
            return err_set(p->e, ERR_USAGE, "option '%s' needs a value: %s (see %s -h)", as,
                           o->placeholder != NULL ? o->placeholder : "VALUE", p->usage->command);
        }
        attached = p->argv[p->at++];
    }
    return set_value(p, o, by_letter, attached);
}

static int help(const struct parser *p)
{
    opt_help(p->usage, p->opts, stdout);
    return 1;
}

/* arg follows the "--". */
static int parse_long(struct parser *p, char *arg)
{
    size_t len = strcspn(arg, "=");
    char *value = arg[len] == '=' ? arg + len + 1 : NULL;
    const struct opt *o = find_name(p->opts, arg, len);
    bool on = true;
    if (o == NULL && strncmp(arg, "no-", 3) == 0) {
        o = find_name(p->opts, arg + 3, len - 3);
        if (o != NULL && o->kind != OPT_KIND_FLAG)
            return err_set(p->e, ERR_USAGE, "option '--%s' takes a value and has no '--no-%s'",
                           o->name, o->name);
        on = false;
    }
    if (o == NULL && len == 4 && memcmp(arg, "help", 4) == 0)
        return help(p);
    if (o == NULL && len == 9 && memcmp(arg, "list-opts", 9) == 0) {
        opt_list(p->opts, stdout); /* for `shunt --list-opts CMD` and completion */
        return 1;
    }
    if (o == NULL)
        return unknown_long(p, arg, len);
    if (o->kind != OPT_KIND_FLAG)
        return take_value(p, o, false, value);
    if (value != NULL)
        return err_set(p->e, ERR_USAGE, "option '--%.*s' takes no value",
                       (int)(len < 60 ? len : 60), arg);
    set_flag(o, on);
    return 0;
}

/* arg follows the "-": flags, the last of them perhaps an option with its value. */
static int parse_letters(struct parser *p, char *arg)
{
    for (; *arg != '\0'; arg++) {
        const struct opt *o = find_letter(p->opts, *arg);
        if (o == NULL && *arg == 'h')
            return help(p);
        if (o == NULL)
            return err_set(p->e, ERR_USAGE, "unknown option '-%.4s' (see %s -h)",
                           (unsigned char)*arg < 0x80 ? (char[]){*arg, '\0'} : arg,
                           p->usage->command);
        if (o->kind != OPT_KIND_FLAG)
            return take_value(p, o, true, arg[1] != '\0' ? arg + 1 : NULL);
        set_flag(o, true);
    }
    return 0;
}

int opt_parse(const struct opt_usage *u, const struct opt *opts, int *argc, char **argv,
              struct err *e)
{
    struct parser p = {.usage = u, .opts = opts, .argv = argv, .argc = *argc, .at = 1, .e = e};
    int kept = 0;
    while (p.at < p.argc) {
        char *arg = argv[p.at++];
        int rc = 0;
        if (strcmp(arg, "--") == 0) {
            while (p.at < p.argc)
                argv[kept++] = argv[p.at++];
        } else if (arg[0] == '-' && arg[1] == '-') {
            rc = parse_long(&p, arg + 2);
        } else if (arg[0] == '-' && arg[1] != '\0') {
            rc = parse_letters(&p, arg + 1);
        } else {
            argv[kept++] = arg; /* kept < at: what is overwritten has been read */
        }
        if (rc != 0)
            return rc;
    }
    if (kept < *argc)
        argv[kept] = NULL;
    *argc = kept;
    return 0;
}

#define WORD_MAX 64

/* Edits that turn a into b: insert, delete, replace, swap two neighbours (the restricted
 * Damerau-Levenshtein distance). */
static size_t distance(const char *a, size_t la, const char *b, size_t lb)
{
    size_t row[3][WORD_MAX + 1];
    size_t *before = row[0], *last = row[1], *now = row[2];
    for (size_t j = 0; j <= lb; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= la; i++) {
        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[lb];
}

const char *opt_nearest(const char *word, const char *const *names, size_t n)
{
    size_t len = strlen(word), least = len / 3 + 1;
    const char *best = NULL;
    for (size_t i = 0; len <= WORD_MAX && i < n; i++) {
        size_t other = strlen(names[i]);
        if (other > WORD_MAX)
            continue;
        size_t d = distance(word, len, names[i], other);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best;
}
