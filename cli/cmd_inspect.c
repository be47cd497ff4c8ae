/* shunt inspect: what a compiled table holds, as aligned text or as one JSON object. */
#include "cli/cli.h"
#include "cli/table.h"
#include "core/buf.h"
#include "core/jsonw.h"
#include "core/mem.h"

#include <inttypes.h>
#include <stdlib.h>

static void figures(struct jsonw *w, const char *key, const double x[3], double unit)
{
    jsonw_arr(w, key);
    for (int k = 0; k < 3; k++) {
        if (x[k] < 0)
            jsonw_null(w, NULL);
        else
            jsonw_num(w, NULL, x[k] * unit);
    }
    jsonw_end(w);
}

static void json_models(struct jsonw *w, const struct shunt_table *t)
{
    jsonw_arr(w, "models");
    for (int m = 0; m < shunt_model_count(t); m++) {
        struct shunt_price p = SHUNT_PRICE_INIT;
        shunt_get_price(t, m, &p);
        jsonw_obj(w, NULL);
        jsonw_str(w, "name", shunt_model_name(t, m));
        jsonw_str(w, "tier", shunt_tier_name(t, shunt_model_tier(t, m)));
        if (p.known) {
            jsonw_num(w, "input_usd_per_million", (double)p.input_pusd / 1e6);
            jsonw_num(w, "output_usd_per_million", (double)p.output_pusd / 1e6);
            jsonw_num(w, "request_usd", (double)p.request_pusd / 1e12);
        }
        jsonw_arr(w, "fallback");
        for (int i = 0; shunt_fallback(t, m, i) >= 0; i++)
            jsonw_str(w, NULL, shunt_model_name(t, shunt_fallback(t, m, i)));
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void json_points(struct jsonw *w, const struct shunt_table *t)
{
    jsonw_arr(w, "points");
    for (int i = 0; i < shunt_point_count(t); i++) {
        struct shunt_point_info p = SHUNT_POINT_INFO_INIT;
        shunt_get_point(t, i, &p);
        jsonw_obj(w, NULL);
        jsonw_str(w, "name", shunt_point_name(t, i));
        jsonw_str(w, "kind", p.share ? "share" : p.plan ? "plan" : "lambda");
        if (p.share)
            jsonw_num(w, "threshold", p.threshold);
        jsonw_num(w, "lambda_per_usd", p.lambda_per_usd);
        jsonw_num(w, "mu_per_s", p.mu_per_s);
        jsonw_num(w, "target", p.target);
        jsonw_bool(w, "guarded", p.guarded);
        jsonw_str(w, "default", shunt_model_name(t, p.default_model));
        figures(w, "quality", p.quality, 1);
        figures(w, "cost_usd", p.cost_nusd, 1e-9);
        figures(w, "latency_ms", p.latency_ms, 1);
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* All names of one kind as an array. */
static void json_names(struct jsonw *w, const char *key, const struct shunt_table *t,
                       int (*count)(const struct shunt_table *),
                       const char *(*name)(const struct shunt_table *, int))
{
    jsonw_arr(w, key);
    for (int i = 0; i < count(t); i++)
        jsonw_str(w, NULL, name(t, i));
    jsonw_end(w);
}

static void print_json(const struct shunt_table *t, const struct shunt_table_info *info,
                       const char *path, bool good)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    char sum[24];
    snprintf(sum, sizeof sum, "%016" PRIx64, info->checksum);
    w.pretty = true;
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.inspect/1");
    jsonw_str(&w, "path", path);
    jsonw_int(&w, "format_major", info->major);
    jsonw_int(&w, "format_minor", info->minor);
    jsonw_int(&w, "bytes", (int64_t)info->file_bytes);
    jsonw_str(&w, "checksum", sum);
    jsonw_int(&w, "buckets", INT64_C(1) << info->bits);
    jsonw_int(&w, "kept", info->kept);
    jsonw_int(&w, "recorded_answers", info->selftests);
    jsonw_bool(&w, "recorded_answers_right", good);
    jsonw_str(&w, "encoder", shunt_encoder(t));
    json_models(&w, t);
    json_names(&w, "tiers", t, shunt_tier_count, shunt_tier_name);
    json_names(&w, "tasks", t, shunt_task_count, shunt_task_name);
    json_names(&w, "labels", t, shunt_label_count, shunt_label_name);
    json_names(&w, "rules", t, shunt_rule_count, shunt_rule_name);
    json_names(&w, "ensembles", t, shunt_ensemble_count, shunt_ensemble_name);
    json_names(&w, "votes", t, shunt_vote_count, shunt_vote_name);
    json_points(&w, t);
    jsonw_obj(&w, "metadata");
    const char *key, *value;
    size_t k, n;
    for (int i = 0; shunt_metadata_at(t, i, &key, &k, &value, &n) == 0; i++) {
        AUTO_FREE char *name = mem_strndup(key, k);
        jsonw_strn(&w, name, value, n);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    fwrite(b.data, 1, b.len, stdout);
    putchar('\n');
    buf_deinit(&b);
}

static void text_models(const struct shunt_table *t)
{
    struct out *o = out_new(
        OUT_ALIGNED, stdout, 6,
        (const char *const[]){"model", "tier", "in $/M", "out $/M", "$/request", "fallback"});
    for (int m = 0; m < shunt_model_count(t); m++) {
        struct shunt_price p = SHUNT_PRICE_INIT;
        struct buf chain = BUF_INIT(0);
        shunt_get_price(t, m, &p);
        out_str(o, shunt_model_name(t, m));
        out_str(o, shunt_tier_name(t, shunt_model_tier(t, m)));
        if (p.known) {
            out_num(o, (double)p.input_pusd / 1e6, 3);
            out_num(o, (double)p.output_pusd / 1e6, 3);
            out_num(o, (double)p.request_pusd / 1e12, 6);
        } else {
            out_null(o);
            out_null(o);
            out_null(o);
        }
        for (int i = 0; shunt_fallback(t, m, i) >= 0; i++)
            buf_addf(&chain, "%s%s", i ? ", " : "", shunt_model_name(t, shunt_fallback(t, m, i)));
        out_str(o, chain.len ? chain.data : NULL);
        buf_deinit(&chain);
    }
    out_end(o);
}

static void out_figure(struct out *o, double x, double unit, int decimals)
{
    if (x < 0)
        out_null(o);
    else
        out_num(o, x * unit, decimals);
}

static void text_points(const struct shunt_table *t)
{
    struct out *o = out_new(OUT_ALIGNED, stdout, 8,
                            (const char *const[]){"point", "lambda/$", "mu/s", "default", "quality",
                                                  "+-", "$/1k", "ms"});
    for (int i = 0; i < shunt_point_count(t); i++) {
        struct shunt_point_info p = SHUNT_POINT_INFO_INIT;
        shunt_get_point(t, i, &p);
        out_str(o, shunt_point_name(t, i));
        if (p.share)
            out_str(o, "share");
        else
            out_num(o, p.lambda_per_usd, 3);
        out_num(o, p.mu_per_s, 3);
        out_str(o, shunt_model_name(t, p.default_model));
        out_figure(o, p.quality[0], 1, 4);
        out_figure(o, p.quality[1] < 0 ? -1 : (p.quality[2] - p.quality[1]) / 2, 1, 4);
        out_figure(o, p.cost_nusd[0], 1e-6, 4);
        out_figure(o, p.latency_ms[0], 1, 0);
    }
    out_end(o);
}

static void text_names(const char *what, const struct shunt_table *t,
                       int (*count)(const struct shunt_table *),
                       const char *(*name)(const struct shunt_table *, int))
{
    if (count(t) == 0)
        return;
    printf("%-9s", what);
    for (int i = 0; i < count(t); i++)
        printf("%s %s", i ? "," : "", name(t, i));
    putchar('\n');
}

static void print_text(const struct shunt_table *t, const struct shunt_table_info *info,
                       const char *path, bool good)
{
    printf("table     %s\n", path);
    printf("format    %u.%u, %" PRIu64 " bytes, checksum %016" PRIx64 "\n", info->major,
           info->minor, info->file_bytes, info->checksum);
    printf("encoder   hashed, 2^%u buckets, %u with weights\n", info->bits, info->kept);
    if (shunt_encoder(t))
        printf("vector    %s%s\n", shunt_encoder(t),
               info->vector_optional ? " (routes without one too)" : " (needed)");
    printf("answers   %u recorded, %s\n", info->selftests, good ? "all right" : "NOT right");
    text_names("tiers", t, shunt_tier_count, shunt_tier_name);
    text_names("tasks", t, shunt_task_count, shunt_task_name);
    text_names("labels", t, shunt_label_count, shunt_label_name);
    text_names("rules", t, shunt_rule_count, shunt_rule_name);
    text_names("ensembles", t, shunt_ensemble_count, shunt_ensemble_name);
    text_names("votes", t, shunt_vote_count, shunt_vote_name);
    putchar('\n');
    text_models(t);
    if (shunt_point_count(t)) {
        putchar('\n');
        text_points(t);
    }
    const char *key, *value;
    size_t k, n;
    for (int i = 0; shunt_metadata_at(t, i, &key, &k, &value, &n) == 0; i++)
        printf("%s%.*s=%.*s\n", i ? "" : "\n", (int)k, key, (int)n, value);
}

int cmd_inspect(int argc, char **argv, struct err *e)
{
    bool json = false;
    const struct opt opts[] = {
        OPT_FLAG(0, "json", &json, "print one JSON object"),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt inspect", "[options] TABLE",
                                    "Show what a compiled table holds, and check it.", NULL};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc != 1)
        return err_set(e, ERR_USAGE, "%s (see shunt inspect -h)",
                       argc ? "more than one table is named" : "no table is named");

    struct shunt_table *t = NULL;
    rc = cli_table_open(argv[0], &t, e);
    if (rc)
        return rc;
    struct shunt_table_info info = SHUNT_TABLE_INFO_INIT;
    shunt_get_table(t, &info);
    bool good = shunt_selftest(t) == SHUNT_OK;
    if (json)
        print_json(t, &info, argv[0], good);
    else
        print_text(t, &info, argv[0], good);
    shunt_close(t);
    return good ? ERR_OK
                : err_set(e, ERR_FORMAT,
                          "'%s' does not give its own recorded answers; compile it again", argv[0]);
}
