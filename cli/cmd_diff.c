/* shunt diff: what changed between two tables, and on a sample of traffic which decisions move. */
#include "cli/cli.h"
#include "cli/table.h"
#include "core/buf.h"
#include "core/fs.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "core/vec.h"
#include "router/tools/record.h"
#include "router/tools/route_lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One line of the comparison; before or after empty: it is on one side only. */
struct change {
    char *what, *before, *after; /* heap */
};

struct diff {
    const struct shunt_table *t[2];
    VEC(struct change) change;
};

static void add(struct diff *d, const char *what, const char *name, const char *before,
                const char *after)
{
    if (strcmp(before, after) == 0)
        return;
    struct change c = {mem_printf(name ? "%s %s" : "%s", what, name), mem_strdup(before),
                       mem_strdup(after)};
    VEC_PUSH(&d->change, c);
}

/* "tier cheap; $0.15 in, $0.6 out a million" ... of a model, or "" where there is none. */
static void describe_model(const struct shunt_table *t, int m, struct buf *b)
{
    struct shunt_price p = SHUNT_PRICE_INIT;
    if (m < 0)
        return;
    buf_addf(b, "tier %s", shunt_tier_name(t, shunt_model_tier(t, m)));
    shunt_get_price(t, m, &p);
    if (p.known)
        buf_addf(b, "; $%g in, $%g out a million, $%g a request", (double)p.input_pusd / 1e6,
                 (double)p.output_pusd / 1e6, (double)p.request_pusd / 1e12);
    for (int i = 0; shunt_fallback(t, m, i) >= 0; i++)
        buf_addf(b, "%s%s", i ? ", " : "; falls back to ",
                 shunt_model_name(t, shunt_fallback(t, m, i)));
}

static void figure(struct buf *b, const char *name, const double x[3], double unit)
{
    if (x[0] >= 0)
        buf_addf(b, "; %s %.6g", name, x[0] * unit);
}

static void describe_point(const struct shunt_table *t, int i, struct buf *b)
{
    struct shunt_point_info p = SHUNT_POINT_INFO_INIT;
    if (i < 0)
        return;
    shunt_get_point(t, i, &p);
    if (p.plan)
        buf_addf(b, "plan, ");
    if (p.share)
        buf_addf(b, "share, threshold %.6g", p.threshold);
    else
        buf_addf(b, "lambda %.6g, mu %.6g", p.lambda_per_usd, p.mu_per_s);
    buf_addf(b, "; %s", p.guarded ? "guarded by " : "default ");
    buf_addf(b, "%s", p.default_model < 0 ? "none" : shunt_model_name(t, p.default_model));
    figure(b, "quality", p.quality, 1);
    figure(b, "$", p.cost_nusd, 1e-9);
    figure(b, "ms", p.latency_ms, 1);
}

static void describe_name(const struct shunt_table *t, int i, struct buf *b)
{
    (void)t;
    if (i >= 0)
        buf_addf(b, "there");
}

struct kind {
    const char *what;
    int (*count)(const struct shunt_table *);
    const char *(*name)(const struct shunt_table *, int);
    void (*describe)(const struct shunt_table *, int, struct buf *);
};

static int find(const struct kind *k, const struct shunt_table *t, const char *name)
{
    for (int i = 0; i < k->count(t); i++)
        if (strcmp(k->name(t, i), name) == 0)
            return i;
    return -1;
}

static void compare_one(struct diff *d, const struct kind *k, const char *name)
{
    struct buf b[2] = {BUF_INIT(0), BUF_INIT(0)};
    for (int side = 0; side < 2; side++)
        k->describe(d->t[side], find(k, d->t[side], name), &b[side]);
    add(d, k->what, name, b[0].data, b[1].data);
    buf_deinit(&b[0]);
    buf_deinit(&b[1]);
}

static void compare_kind(struct diff *d, const struct kind *k)
{
    for (int i = 0; i < k->count(d->t[0]); i++)
        compare_one(d, k, k->name(d->t[0], i));
    for (int i = 0; i < k->count(d->t[1]); i++)
        if (find(k, d->t[0], k->name(d->t[1], i)) < 0)
            compare_one(d, k, k->name(d->t[1], i));
}

static void compare_number(struct diff *d, const char *what, uint64_t a, uint64_t b)
{
    AUTO_FREE char *before = mem_printf("%llu", (unsigned long long)a);
    AUTO_FREE char *after = mem_printf("%llu", (unsigned long long)b);
    add(d, what, NULL, before, after);
}

static void compare_meta(struct diff *d)
{
    const char *key, *value, *other;
    size_t k, n, m;
    for (int side = 0; side < 2; side++)
        for (int i = 0; shunt_metadata_at(d->t[side], i, &key, &k, &value, &n) == 0; i++) {
            AUTO_FREE char *name = mem_strndup(key, k);
            bool both = shunt_metadata(d->t[1 - side], name, &other, &m) == 0;
            if (side == 1 && both)
                continue;
            AUTO_FREE char *mine = mem_strndup(value, n);
            AUTO_FREE char *theirs = both ? mem_strndup(other, m) : mem_strdup("");
            add(d, "meta", name, side ? theirs : mine, side ? mine : theirs);
        }
}

static void compare(struct diff *d)
{
    static const struct kind kind[] = {
        {"model", shunt_model_count, shunt_model_name, describe_model},
        {"tier", shunt_tier_count, shunt_tier_name, describe_name},
        {"task", shunt_task_count, shunt_task_name, describe_name},
        {"label", shunt_label_count, shunt_label_name, describe_name},
        {"rule", shunt_rule_count, shunt_rule_name, describe_name},
        {"point", shunt_point_count, shunt_point_name, describe_point},
    };
    struct shunt_table_info a = SHUNT_TABLE_INFO_INIT, b = SHUNT_TABLE_INFO_INIT;
    shunt_get_table(d->t[0], &a);
    shunt_get_table(d->t[1], &b);
    compare_number(d, "format minor", a.minor, b.minor);
    compare_number(d, "buckets", UINT64_C(1) << a.bits, UINT64_C(1) << b.bits);
    compare_number(d, "buckets with weights", a.kept, b.kept);
    compare_number(d, "bytes", a.file_bytes, b.file_bytes);
    AUTO_FREE char *one = mem_printf("%016llx", (unsigned long long)a.checksum);
    AUTO_FREE char *two = mem_printf("%016llx", (unsigned long long)b.checksum);
    add(d, "checksum", NULL, one, two);
    const char *x = shunt_encoder(d->t[0]), *y = shunt_encoder(d->t[1]);
    add(d, "encoder", NULL, x ? x : "", y ? y : "");
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++)
        compare_kind(d, &kind[i]);
    compare_meta(d);
}

/* ---- traffic ---- */

struct traffic {
    size_t lines, routed, moved;
    size_t *move; /* [models of A + 1][models of B + 1] the last: nobody */
    double quality[2];
    double cost_usd[2];
    size_t costs; /* lines whose cost both tables know */
};

static struct record record; /* large, and one at a time */

static int route_one(const struct shunt_table *t, const char *line, size_t bytes, const char *point,
                     struct shunt_decision *d)
{
    struct shunt_request r = SHUNT_REQUEST_INIT;
    enum record_kind kind = record_read(&record, t, line, bytes);
    if (kind == RECORD_OK)
        r = record.request;
    else if (kind == RECORD_NONE) {
        r.text = line;
        r.text_bytes = bytes;
    } else
        return SHUNT_E_ARGUMENT;
    if (!r.point)
        r.point = point;
    return shunt_route(t, &r, d);
}

static void count_line(const struct diff *d, struct traffic *x, const char *line, size_t bytes,
                       const char *point)
{
    struct shunt_decision a[2] = {SHUNT_DECISION_INIT, SHUNT_DECISION_INIT};
    int status[2];
    size_t width = (size_t)shunt_model_count(d->t[1]) + 1;
    size_t at[2];
    x->lines++;
    for (int side = 0; side < 2; side++) {
        status[side] = route_one(d->t[side], line, bytes, point, &a[side]);
        at[side] = (size_t)(status[side] ? shunt_model_count(d->t[side]) : a[side].model);
    }
    x->move[at[0] * width + at[1]]++;
    const char *one = status[0] ? NULL : a[0].model_name;
    const char *two = status[1] ? NULL : a[1].model_name;
    x->moved += one && two ? strcmp(one, two) != 0 : one != two;
    if (!one || !two)
        return;
    x->routed++;
    for (int side = 0; side < 2; side++)
        x->quality[side] += a[side].quality;
    if (a[0].cost_nusd >= 0 && a[1].cost_nusd >= 0) {
        x->costs++;
        for (int side = 0; side < 2; side++)
            x->cost_usd[side] += (double)a[side].cost_nusd / 1e9;
    }
}

static int read_traffic(const struct diff *d, const char *path, const char *point,
                        struct traffic *x, struct err *e)
{
    struct fs_lines *l = NULL;
    int rc = fs_lines_open(path, ROUTE_LINE_MAX, &l, e);
    if (rc)
        return rc;
    record_init(&record);
    char *line;
    size_t n;
    while ((rc = fs_lines_next(l, &line, &n, e)) > 0)
        count_line(d, x, line, n, point);
    record_deinit(&record);
    fs_lines_close(l);
    return rc;
}

static const char *model_or_nobody(const struct shunt_table *t, size_t m)
{
    const char *name = shunt_model_name(t, (int)m);
    return name ? name : "(nobody)";
}

static double mean(double sum, size_t n)
{
    return n ? sum / (double)n : (double)NAN;
}

static void text_traffic(const struct diff *d, const struct traffic *x)
{
    size_t width = (size_t)shunt_model_count(d->t[1]) + 1;
    printf("\n%zu of %zu decisions move (%.2f %%)\n", x->moved, x->lines,
           x->lines ? 100.0 * (double)x->moved / (double)x->lines : 0.0);
    struct out *o = x->moved == 0 ? NULL
                                  : out_new(OUT_ALIGNED, stdout, 4,
                                            (const char *const[]){"from", "to", "requests", "%"});
    for (size_t a = 0; o != NULL && a <= (size_t)shunt_model_count(d->t[0]); a++)
        for (size_t b = 0; b < width; b++) {
            size_t n = x->move[a * width + b];
            const char *from = model_or_nobody(d->t[0], a), *to = model_or_nobody(d->t[1], b);
            if (n == 0 || strcmp(from, to) == 0)
                continue;
            out_str(o, from);
            out_str(o, to);
            out_int(o, (int64_t)n);
            out_num(o, 100.0 * (double)n / (double)x->lines, 2);
        }
    if (o != NULL)
        out_end(o);
    printf("expected quality  %.4f -> %.4f, each table by its own account\n",
           mean(x->quality[0], x->routed), mean(x->quality[1], x->routed));
    printf("expected $/1k     %.4f -> %.4f\n", 1e3 * mean(x->cost_usd[0], x->costs),
           1e3 * mean(x->cost_usd[1], x->costs));
}

static void number(struct jsonw *w, const char *key, double v)
{
    if (isnan(v))
        jsonw_null(w, key);
    else
        jsonw_num(w, key, v);
}

static void json_traffic(struct jsonw *w, const struct diff *d, const struct traffic *x)
{
    size_t width = (size_t)shunt_model_count(d->t[1]) + 1;
    jsonw_obj(w, "traffic");
    jsonw_int(w, "requests", (int64_t)x->lines);
    jsonw_int(w, "moved", (int64_t)x->moved);
    jsonw_arr(w, "moves");
    for (size_t a = 0; a <= (size_t)shunt_model_count(d->t[0]); a++)
        for (size_t b = 0; b < width; b++) {
            if (x->move[a * width + b] == 0)
                continue;
            jsonw_obj(w, NULL);
            jsonw_str(w, "from", shunt_model_name(d->t[0], (int)a));
            jsonw_str(w, "to", shunt_model_name(d->t[1], (int)b));
            jsonw_int(w, "requests", (int64_t)x->move[a * width + b]);
            jsonw_end(w);
        }
    jsonw_end(w);
    number(w, "expected_quality_before", mean(x->quality[0], x->routed));
    number(w, "expected_quality_after", mean(x->quality[1], x->routed));
    number(w, "expected_cost_usd_before", mean(x->cost_usd[0], x->costs));
    number(w, "expected_cost_usd_after", mean(x->cost_usd[1], x->costs));
    jsonw_end(w);
}

static void print_json(const struct diff *d, const struct traffic *x)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    w.pretty = true;
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.diff/1");
    jsonw_arr(&w, "changes");
    for (size_t i = 0; i < d->change.n; i++) {
        const struct change *c = &d->change.v[i];
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "what", c->what);
        jsonw_str(&w, "before", *c->before ? c->before : NULL);
        jsonw_str(&w, "after", *c->after ? c->after : NULL);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    if (x->move)
        json_traffic(&w, d, x);
    jsonw_end(&w);
    fwrite(b.data, 1, b.len, stdout);
    putchar('\n');
    buf_deinit(&b);
}

static void print_text(const struct diff *d, const struct traffic *x)
{
    if (d->change.n == 0)
        puts("the tables are the same, byte by byte");
    struct out *o = d->change.n ? out_new(OUT_ALIGNED, stdout, 3,
                                          (const char *const[]){"what", "before", "after"})
                                : NULL;
    for (size_t i = 0; i < d->change.n; i++) {
        const struct change *c = &d->change.v[i];
        out_str(o, c->what);
        out_str(o, *c->before ? c->before : NULL);
        out_str(o, *c->after ? c->after : NULL);
    }
    if (o)
        out_end(o);
    if (x->move)
        text_traffic(d, x);
}

static int run(struct diff *d, const char *traffic, const char *point, bool json, bool *differ,
               struct err *e)
{
    struct traffic x = {0};
    compare(d);
    if (traffic) {
        size_t a = (size_t)shunt_model_count(d->t[0]) + 1;
        size_t b = (size_t)shunt_model_count(d->t[1]) + 1;
        x.move = mem_zalloc(a * b * sizeof *x.move);
    }
    int rc = traffic ? read_traffic(d, traffic, point, &x, e) : ERR_OK;
    if (rc == ERR_OK && json)
        print_json(d, &x);
    else if (rc == ERR_OK)
        print_text(d, &x);
    *differ = d->change.n > 0 || x.moved > 0;
    free(x.move);
    for (size_t i = 0; i < d->change.n; i++) {
        free(d->change.v[i].what);
        free(d->change.v[i].before);
        free(d->change.v[i].after);
    }
    VEC_FREE(&d->change);
    return rc;
}

int cmd_diff(int argc, char **argv, struct err *e)
{
    bool json = false, exit_code = false, differ = false;
    const char *traffic = NULL, *point = NULL;
    const struct opt opts[] = {
        OPT_STR(0, "traffic", &traffic, "FILE", "prompts or records to route with both tables"),
        OPT_STR(0, "point", &point, "NAME", "operating point, where a record names none"),
        OPT_FLAG(0, "exit-code", &exit_code, "exit 1 when the tables differ"),
        OPT_FLAG(0, "json", &json, "print one JSON object"),
        OPT_END(),
    };
    const struct opt_usage usage = {
        "shunt diff", "[options] OLD NEW",
        "Show what changed between two tables, and which decisions move.", NULL};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc != 2)
        return err_set(e, ERR_USAGE, "two tables are wanted (see shunt diff -h)");
    struct shunt_table *t[2] = {NULL, NULL};
    for (int side = 0; side < 2 && rc == ERR_OK; side++)
        rc = cli_table_open(argv[side], &t[side], e);
    for (int side = 0; side < 2 && rc == ERR_OK && point; side++) {
        int at = shunt_point_count(t[side]);
        while (at > 0 && strcmp(shunt_point_name(t[side], at - 1), point) != 0)
            at--;
        if (at == 0)
            rc = err_set(e, ERR_USAGE, "'%s' has no operating point '%s'", argv[side], point);
    }
    struct diff d = {.t = {t[0], t[1]}};
    if (rc == ERR_OK)
        rc = run(&d, traffic, point, json, &differ, e);
    shunt_close(t[0]);
    shunt_close(t[1]);
    if (rc == ERR_OK && exit_code && differ) {
        e->text[0] = '\0';
        e->code = ERR_CHECK;
        return ERR_CHECK;
    }
    return rc;
}
