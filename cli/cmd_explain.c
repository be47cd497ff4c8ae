/* shunt explain: why a table decides as it does about one text. What moved each model's
 * probability, the rule that fired, and the utilities at every operating point. */
#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/table.h"
#include "core/buf.h"
#include "core/fs.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "store/text_vector.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODELS_SHOWN = 12 };

struct subject {
    const struct shunt_table *t;
    struct shunt_request r;
    struct explain x;
    size_t top;
    float *vector;                /* of the text, or NULL */
    double *quality, *latency_ms; /* [models] */
    int64_t *cost_nusd;
};

/* What stands at one operating point. */
struct view {
    struct shunt_point_info info;
    struct shunt_decision d;
    int status; /* of the decision */
    int first;  /* model that a plan asks first, -1: none */
};

static struct view view_point(const struct subject *s, int point)
{
    struct view v = {.info = SHUNT_POINT_INFO_INIT, .d = SHUNT_DECISION_INIT, .first = -1};
    struct shunt_request r = s->r;
    struct shunt_plan p = SHUNT_PLAN_INIT;
    struct shunt_step step = SHUNT_STEP_INIT;
    if (point >= 0) {
        r.point = shunt_point_name(s->t, point);
        shunt_get_point(s->t, point, &v.info);
    }
    v.status = shunt_route(s->t, &r, &v.d);
    if (v.status == SHUNT_OK && shunt_plan_begin(&p, s->t, &r) == SHUNT_OK &&
        shunt_plan_next(&p, NULL, &step) == SHUNT_OK)
        v.first = step.model;
    return v;
}

/* quality - lambda * cost - mu * latency; NaN where an unknown one counts. */
static double utility(const struct subject *s, const struct view *v, int m)
{
    double u = s->quality[m];
    if (v->info.lambda_per_usd > 0)
        u -= s->cost_nusd[m] < 0 ? (double)NAN
                                 : v->info.lambda_per_usd * (double)s->cost_nusd[m] / 1e9;
    if (v->info.mu_per_s > 0)
        u -= s->latency_ms[m] < 0 ? (double)NAN : v->info.mu_per_s * s->latency_ms[m] / 1e3;
    return u;
}

static void text_models(const struct subject *s)
{
    struct out *o = out_new(OUT_ALIGNED, stdout, 5,
                            (const char *const[]){"model", "tier", "quality", "$", "ms"});
    for (int m = 0; m < shunt_model_count(s->t); m++) {
        out_str(o, shunt_model_name(s->t, m));
        out_str(o, shunt_tier_name(s->t, shunt_model_tier(s->t, m)));
        out_num(o, s->quality[m], 4);
        out_num(o, s->cost_nusd[m] < 0 ? (double)NAN : (double)s->cost_nusd[m] / 1e9, 9);
        out_num(o, s->latency_ms[m] < 0 ? (double)NAN : s->latency_ms[m], 0);
    }
    out_end(o);
}

/* One column a model, behind names. */
static struct out *wide_table(const struct subject *s, size_t first, const char *const *names,
                              const char **all)
{
    int models = shunt_model_count(s->t);
    int shown = models < MODELS_SHOWN ? models : MODELS_SHOWN;
    memcpy(all, names, first * sizeof *all);
    for (int m = 0; m < shown; m++)
        all[first + (size_t)m] = shunt_model_name(s->t, m);
    return out_new(OUT_ALIGNED, stdout, first + (size_t)shown, all);
}

static void text_terms(const struct subject *s)
{
    const char *all[1 + MODELS_SHOWN];
    struct out *o = wide_table(s, 1, (const char *const[]){"logit of"}, all);
    for (size_t i = 0; i < s->x.term.n && i < s->top; i++) {
        out_str(o, s->x.term.v[i].name);
        for (size_t m = 0; m < s->x.models && m < MODELS_SHOWN; m++)
            out_num(o, s->x.term.v[i].logit[m], 4);
    }
    if (s->x.term.n > s->top) {
        out_str(o, "(others)");
        for (size_t m = 0; m < s->x.models && m < MODELS_SHOWN; m++) {
            double sum = 0;
            for (size_t i = s->top; i < s->x.term.n; i++)
                sum += s->x.term.v[i].logit[m];
            out_num(o, sum, 4);
        }
    }
    out_end(o);
}

static void text_points(const struct subject *s)
{
    const char *all[4 + MODELS_SHOWN];
    struct out *o =
        wide_table(s, 4, (const char *const[]){"utility at", "answers", "because", "plan"}, all);
    int points = shunt_point_count(s->t);
    for (int p = points ? 0 : -1; p < points; p++) {
        struct view v = view_point(s, p);
        out_str(o, p < 0 ? "(no point)" : shunt_point_name(s->t, p));
        out_str(o, v.status ? "nobody" : v.d.model_name);
        out_str(o, v.status ? shunt_strerror(v.status) : shunt_reason_name(v.d.reason));
        out_str(o, shunt_model_name(s->t, v.first));
        for (int m = 0; m < shunt_model_count(s->t) && m < MODELS_SHOWN; m++)
            out_num(o, utility(s, &v, m), 4);
    }
    out_end(o);
}

static void print_text(const struct subject *s, const struct shunt_decision *d)
{
    printf("answers     %s (%s)\n", d->model_name, shunt_reason_name(d->reason));
    printf("rule        %s\n", d->rule_name ? d->rule_name : "-");
    printf("complexity  %.4f, tier %s%s%s\n", d->complexity, shunt_tier_name(s->t, d->tier),
           d->complexity_class >= 0 ? ", label " : "",
           d->complexity_class >= 0 ? shunt_label_name(s->t, d->complexity_class) : "");
    printf("n-grams     %u known, of %llu bytes\n\n", d->kept, (unsigned long long)d->text_bytes);
    text_models(s);
    putchar('\n');
    text_terms(s);
    putchar('\n');
    text_points(s);
    if (shunt_model_count(s->t) > MODELS_SHOWN)
        printf("\nThe first %d of %d models are shown; --json has all.\n", MODELS_SHOWN,
               shunt_model_count(s->t));
}

static void num_or_null(struct jsonw *w, const char *key, double v)
{
    if (isnan(v))
        jsonw_null(w, key);
    else
        jsonw_num(w, key, v);
}

static void json_points(struct jsonw *w, const struct subject *s)
{
    int points = shunt_point_count(s->t);
    jsonw_arr(w, "points");
    for (int p = points ? 0 : -1; p < points; p++) {
        struct view v = view_point(s, p);
        jsonw_obj(w, NULL);
        jsonw_str(w, "point", shunt_point_name(s->t, p));
        jsonw_str(w, "model", v.status ? NULL : v.d.model_name);
        jsonw_str(w, "reason", v.status ? NULL : shunt_reason_name(v.d.reason));
        jsonw_str(w, "error", v.status ? shunt_strerror(v.status) : NULL);
        jsonw_str(w, "plan_first", shunt_model_name(s->t, v.first));
        jsonw_obj(w, "utility");
        for (int m = 0; m < shunt_model_count(s->t); m++)
            num_or_null(w, shunt_model_name(s->t, m), utility(s, &v, m));
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void print_json(const struct subject *s, const struct shunt_decision *d)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    w.pretty = true;
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.explain/1");
    jsonw_str(&w, "model", d->model_name);
    jsonw_str(&w, "reason", shunt_reason_name(d->reason));
    jsonw_str(&w, "rule", d->rule_name);
    jsonw_num(&w, "complexity", d->complexity);
    jsonw_str(&w, "complexity_class", shunt_label_name(s->t, d->complexity_class));
    jsonw_str(&w, "tier", shunt_tier_name(s->t, d->tier));
    jsonw_int(&w, "known_ngrams", d->kept);
    jsonw_arr(&w, "models");
    for (int m = 0; m < shunt_model_count(s->t); m++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "name", shunt_model_name(s->t, m));
        jsonw_num(&w, "quality", s->quality[m]);
        num_or_null(&w, "cost_usd",
                    s->cost_nusd[m] < 0 ? (double)NAN : (double)s->cost_nusd[m] / 1e9);
        num_or_null(&w, "latency_ms", s->latency_ms[m] < 0 ? (double)NAN : s->latency_ms[m]);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_arr(&w, "terms");
    for (size_t i = 0; i < s->x.term.n; i++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "term", s->x.term.v[i].name);
        jsonw_arr(&w, "logit");
        for (size_t m = 0; m < s->x.models; m++)
            jsonw_num(&w, NULL, s->x.term.v[i].logit[m]);
        jsonw_end(&w);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    json_points(&w, s);
    jsonw_end(&w);
    fwrite(b.data, 1, b.len, stdout);
    putchar('\n');
    buf_deinit(&b);
}

static int explain(struct subject *s, bool json, struct err *e)
{
    struct shunt_decision d = SHUNT_DECISION_INIT;
    size_t models = (size_t)shunt_model_count(s->t);
    AUTO_FREE double *quality = mem_array(models, sizeof *quality);
    AUTO_FREE double *latency = mem_array(models, sizeof *latency);
    AUTO_FREE int64_t *cost = mem_array(models, sizeof *cost);
    s->quality = quality;
    s->latency_ms = latency;
    s->cost_nusd = cost;
    int status = shunt_predict(s->t, &s->r, quality, cost, latency, NULL);
    if (status == SHUNT_OK)
        status = shunt_route(s->t, &s->r, &d);
    if (status == SHUNT_OK)
        status = explain_text(s->t, &s->r, &s->x);
    if (status)
        return err_set(e, ERR_USAGE, "%s", shunt_strerror(status));
    if (json)
        print_json(s, &d);
    else
        print_text(s, &d);
    explain_deinit(&s->x);
    return ERR_OK;
}

/* ---- the vector of a table that takes one ---- */

/* A JSON array, or an object with one as embedding or vector. */
static int read_vector(const char *path, struct subject *s, struct err *e)
{
    AUTO_FREE char *text = NULL;
    size_t len;
    struct json *j = NULL;
    int rc = fs_read_all(path, (size_t)64 << 20, &text, &len, e);
    if (rc == ERR_OK && json_parse(text, len, &j, e) != ERR_OK)
        return err_wrap(e, ERR_FORMAT, "'%s'", path);
    if (rc != ERR_OK)
        return rc;
    const struct json *v = json_type(j) == JSON_OBJECT ? json_get(j, "embedding") : j;
    v = v ? v : json_get(j, "vector");
    const size_t n = json_count(v);
    s->vector = mem_array(n, sizeof *s->vector);
    size_t i = 0;
    for (const struct json *x = json_type(v) == JSON_ARRAY ? json_first(v) : NULL;
         x != NULL && rc == ERR_OK; x = json_next(x)) {
        const double number = json_num(x, (double)NAN);
        if (!(fabs(number) <= (double)FLT_MAX))
            rc = err_set(e, ERR_FORMAT, "'%s': number %zu of the vector is no finite float32", path,
                         i + 1);
        else
            s->vector[i++] = (float)number;
    }
    if (rc == ERR_OK && i == 0)
        rc = err_set(e, ERR_FORMAT,
                     "'%s' holds no vector: a JSON array of numbers, or an object with one as "
                     "embedding, is wanted",
                     path);
    json_free(j);
    s->r.vector_len = i;
    return rc;
}

/* The vector that the table's encoder gave a prompt of the same text. */
static int stored_vector(const char *path, const char *id, struct subject *s, struct err *e)
{
    struct store *store = NULL;
    struct encoder enc;
    AUTO_FREE char *name = mem_strdup(id); /* NAME/DIMENSIONS/HASH */
    char *dims = strrchr(name, '/');
    if (dims != NULL) {
        *dims = '\0';
        dims = strrchr(name, '/');
    }
    if (dims != NULL)
        *dims = '\0';
    int rc = store_open(path, STORE_READ, &store, e);
    if (rc == ERR_OK)
        rc = encoder_find(store, name, &enc, e);
    if (rc == ERR_OK) {
        AUTO_FREE char *have =
            mem_printf("%s/%lld/%.16s", enc.name, (long long)enc.dimensions, enc.hash);
        if (strcmp(have, id) != 0)
            rc = err_set(e, ERR_USAGE, "the table was compiled with encoder '%s', '%s' has '%s'",
                         id, path, have);
    }
    if (rc == ERR_OK) {
        s->r.vector_len = (size_t)enc.dimensions;
        s->vector = mem_array(s->r.vector_len, sizeof *s->vector);
        rc = embedding_of_text(store, &enc, s->r.text, s->r.text_bytes, s->vector, e);
    }
    store_close(store);
    return rc;
}

/* From --vector, else from --store; none where neither was given. */
static int find_vector(const char *file, const char *store, struct subject *s, struct err *e)
{
    const char *id = shunt_encoder(s->t);
    if (file == NULL && store == NULL)
        return ERR_OK;
    if (id == NULL)
        return err_set(e, ERR_USAGE, "the table takes no vector: leave %s out",
                       file != NULL ? "--vector" : "--store");
    int rc = file != NULL ? read_vector(file, s, e) : stored_vector(store, id, s, e);
    s->r.vector = s->vector;
    s->r.encoder = id;
    if (rc == ERR_OK && shunt_predict(s->t, &s->r, NULL, NULL, NULL, NULL) == SHUNT_E_ENCODER)
        rc = err_set(e, ERR_USAGE, "a vector of %zu numbers is not one of encoder '%s'",
                     s->r.vector_len, id);
    return rc;
}

/* A misspelt point cannot be meant; a task that the table does not know may be a new one. */
static int check_names(const struct subject *s, struct err *e)
{
    struct buf list = BUF_INIT(0);
    bool found = s->r.point == NULL;
    for (int p = 0; p < shunt_point_count(s->t); p++) {
        const char *name = shunt_point_name(s->t, p);
        found = found || strcmp(name, s->r.point) == 0;
        buf_addf(&list, "%s%s", p ? ", " : "", name);
    }
    if (!found)
        err_set(e, ERR_USAGE, "the table has no operating point '%s' (%s)", s->r.point,
                list.len ? list.data : "it has none");
    buf_clear(&list);
    bool known = s->r.task == NULL;
    for (int k = 0; k < shunt_task_count(s->t); k++) {
        const char *name = shunt_task_name(s->t, k);
        known = known || strcmp(name, s->r.task) == 0;
        buf_addf(&list, "%s%s", k ? ", " : "", name);
    }
    if (found && !known)
        log_note("the table knows no task '%s', and decides as without one (%s)", s->r.task,
                 list.len ? list.data : "it has none");
    buf_deinit(&list);
    return found ? ERR_OK : ERR_USAGE;
}

int cmd_explain(int argc, char **argv, struct err *e)
{
    bool json = false;
    int64_t top = 15;
    const char *vector = NULL, *store = NULL;
    struct subject s = {.r = SHUNT_REQUEST_INIT};
    const struct opt opts[] = {
        OPT_STR(0, "point", &s.r.point, "NAME", "operating point of the decision"),
        OPT_STR(0, "task", &s.r.task, "NAME", "task of the text"),
        OPT_STR(0, "user-class", &s.r.user_class, "NAME", "user class, for rules"),
        OPT_STR(0, "vector", &vector, "FILE",
                "the text's vector, a JSON array, for a table that takes one"),
        OPT_STR('s', "store", &store, "FILE",
                "a store that has the vector of a prompt with the same text"),
        OPT_INT(0, "top", &top, "N", "terms shown (default 15)"),
        OPT_FLAG(0, "json", &json, "print one JSON object, with all terms"),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt explain", "[options] TABLE TEXT",
                                    "Show why a table decides as it does about one text.",
                                    "TEXT of - reads standard input.\n"};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc != 2)
        return err_set(e, ERR_USAGE, "a table and a text are wanted (see shunt explain -h)");
    if (top < 0)
        return err_set(e, ERR_USAGE, "--top %lld is negative", (long long)top);
    s.top = (size_t)top;

    AUTO_FREE char *input = NULL;
    s.r.text = argv[1];
    s.r.text_bytes = strlen(argv[1]);
    if (strcmp(argv[1], "-") == 0) {
        rc = fs_read_all("-", SHUNT_TEXT_MAX, &input, &s.r.text_bytes, e);
        s.r.text = input;
    }
    struct shunt_table *t = NULL;
    if (rc == ERR_OK)
        rc = cli_table_open(argv[0], &t, e);
    s.t = t;
    if (rc == ERR_OK)
        rc = check_names(&s, e);
    if (rc == ERR_OK)
        rc = find_vector(vector, store, &s, e);
    if (rc == ERR_OK)
        rc = explain(&s, json, e);
    shunt_close(t);
    free(s.vector);
    return rc;
}
