/* Operating points as JSON in policy.params; infinities are written as the string "inf". */
#include "store/policy.h"

#include "core/buf.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "core/vec.h"
#include "store/db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_num(struct jsonw *w, const char *key, double v)
{
    if (isinf(v))
        jsonw_str(w, key, v > 0 ? "inf" : "-inf");
    else
        jsonw_num(w, key, v);
}

static double get_num(const struct json *j)
{
    const char *s = json_str(j);
    if (s)
        return s[0] == '-' ? (double)-INFINITY : (double)INFINITY;
    return json_num(j, (double)NAN);
}

static void put_estimate(struct jsonw *w, const char *key, const struct estimate *x)
{
    jsonw_arr(w, key);
    put_num(w, NULL, x->value);
    put_num(w, NULL, x->lo);
    put_num(w, NULL, x->hi);
    jsonw_end(w);
}

static struct estimate get_estimate(const struct json *j)
{
    return (struct estimate){get_num(json_at(j, 0)), get_num(json_at(j, 1)),
                             get_num(json_at(j, 2))};
}

static void put_names(struct jsonw *w, const char *key, char *const *name, size_t n)
{
    jsonw_arr(w, key);
    for (size_t i = 0; i < n; i++)
        jsonw_str(w, NULL, name[i]);
    jsonw_end(w);
}

static void put_nums(struct jsonw *w, const char *key, const double *v, size_t n)
{
    jsonw_arr(w, key);
    for (size_t i = 0; i < n; i++)
        jsonw_num(w, NULL, v[i]);
    jsonw_end(w);
}

static void write_value(struct jsonw *w, const struct point_value *v)
{
    jsonw_obj(w, "value");
    put_num(w, "margin", v->margin);
    put_names(w, "models", v->model, v->models);
    put_names(w, "tasks", v->task, v->tasks);
    put_nums(w, "weights", v->weight, v->models * (1 + v->models));
    put_nums(w, "task_weights", v->task_weight, v->tasks * v->models);
    jsonw_end(w);
}

static char **get_names(const struct json *j, size_t n)
{
    char **name = mem_array(n, sizeof *name);
    for (size_t i = 0; i < n; i++) {
        const char *s = json_str(json_at(j, i));
        name[i] = mem_strdup(s ? s : "");
    }
    return name;
}

static double *get_nums(const struct json *j, size_t n)
{
    double *v = mem_array(n, sizeof *v);
    size_t i = 0;
    for (const struct json *x = json_first(j); x && i < n; x = json_next(x))
        v[i++] = json_num(x, 0);
    return v;
}

static struct point_value *read_value(const struct json *j)
{
    if (!j || json_type(j) != JSON_OBJECT)
        return NULL;
    struct point_value *v = mem_zalloc(sizeof *v);
    v->margin = get_num(json_get(j, "margin"));
    v->models = json_count(json_get(j, "models"));
    v->tasks = json_count(json_get(j, "tasks"));
    v->model = get_names(json_get(j, "models"), v->models);
    v->task = get_names(json_get(j, "tasks"), v->tasks);
    v->weight = get_nums(json_get(j, "weights"), v->models * (1 + v->models));
    v->task_weight = get_nums(json_get(j, "task_weights"), v->tasks * v->models);
    return v;
}

void point_value_free(struct point_value *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->models; i++)
        free(v->model[i]);
    for (size_t i = 0; i < v->tasks; i++)
        free(v->task[i]);
    free(v->model);
    free(v->task);
    free(v->weight);
    free(v->task_weight);
    free(v);
}

static void write_point(struct jsonw *w, const struct point *p)
{
    jsonw_obj(w, NULL);
    put_num(w, "lambda_per_usd", p->lambda_per_usd);
    put_num(w, "mu_per_s", p->mu_per_s);
    put_num(w, "share", p->share);
    put_num(w, "threshold", p->threshold);
    jsonw_str(w, "weak", p->weak);
    jsonw_str(w, "strong", p->strong);
    put_num(w, "z", p->z);
    jsonw_str(w, "default", p->default_model);
    put_num(w, "edge0", p->edge[0]);
    put_num(w, "edge1", p->edge[1]);
    jsonw_arr(w, "cells");
    for (size_t i = 0; i < p->cell_count; i++) {
        jsonw_obj(w, NULL);
        jsonw_str(w, "task", p->cells[i].task);
        jsonw_arr(w, "pass");
        for (int k = 0; k < 3; k++)
            jsonw_bool(w, NULL, p->cells[i].pass[k]);
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
    if (p->max_calls > 0)
        jsonw_int(w, "max_calls", p->max_calls);
    if (p->value)
        write_value(w, p->value);
    put_estimate(w, "quality", &p->quality);
    put_estimate(w, "cost_usd_per_1k", &p->cost_usd_per_1k);
    put_estimate(w, "latency_ms", &p->latency_ms);
    jsonw_str(w, "note", p->note);
    jsonw_end(w);
}

int point_put(struct store *s, int64_t router, const struct point *p, struct err *e)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    write_point(&w, p);
    sqlite3_stmt *st = db_get(s,
                              "INSERT INTO policy(router, name, kind, params) VALUES(?,?,?,?)"
                              " ON CONFLICT(router, name) DO UPDATE SET kind = excluded.kind,"
                              " params = excluded.params",
                              e);
    if (st) {
        db_int(st, 1, router);
        db_text(st, 2, p->name);
        db_text(st, 3, p->kind);
        db_text(st, 4, b.data);
    }
    int rc = db_run(s, st, "write an operating point", e);
    buf_deinit(&b);
    return rc;
}

static void read_point(const struct json *j, const char *name, const char *kind, struct point *p)
{
    *p = (struct point){
        .name = mem_strdup(name),
        .kind = mem_strdup(kind),
        .lambda_per_usd = get_num(json_get(j, "lambda_per_usd")),
        .mu_per_s = get_num(json_get(j, "mu_per_s")),
        .share = get_num(json_get(j, "share")),
        .threshold = get_num(json_get(j, "threshold")),
        .weak = mem_strdup(json_str(json_get(j, "weak"))),
        .strong = mem_strdup(json_str(json_get(j, "strong"))),
        .z = get_num(json_get(j, "z")),
        .default_model = mem_strdup(json_str(json_get(j, "default"))),
        .edge = {get_num(json_get(j, "edge0")), get_num(json_get(j, "edge1"))},
        .quality = get_estimate(json_get(j, "quality")),
        .cost_usd_per_1k = get_estimate(json_get(j, "cost_usd_per_1k")),
        .latency_ms = get_estimate(json_get(j, "latency_ms")),
        .note = mem_strdup(json_str(json_get(j, "note"))),
        .max_calls = (int64_t)json_num(json_get(j, "max_calls"), 0),
        .value = read_value(json_get(j, "value")),
    };
    const struct json *cells = json_get(j, "cells");
    p->cells = mem_array(json_count(cells), sizeof *p->cells);
    for (const struct json *c = json_first(cells); c; c = json_next(c)) {
        struct point_cell *cell = &p->cells[p->cell_count++];
        cell->task = mem_strdup(json_str(json_get(c, "task")));
        for (size_t k = 0; k < 3; k++)
            cell->pass[k] = json_bool(json_at(json_get(c, "pass"), k), false);
    }
}

int point_load(struct store *s, int64_t router, struct point **out, size_t *n, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s, "SELECT name, kind, params FROM policy WHERE router = ? ORDER BY id", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, router);
    VEC(struct point) rows = {0};
    int step = SQLITE_DONE, rc = 0;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        struct json *j = NULL;
        const char *text = db_get_text(st, 2);
        rc = json_parse(text, strlen(text), &j, e);
        if (rc)
            break;
        struct point p;
        read_point(j, db_get_text(st, 0), db_get_text(st, 1), &p);
        VEC_PUSH(&rows, p);
        json_free(j);
    }
    sqlite3_reset(st);
    if (!rc && step != SQLITE_DONE)
        rc = db_fail(s, "read operating points", e);
    if (rc) {
        point_free(rows.v, rows.n);
        return rc;
    }
    *out = rows.v;
    *n = rows.n;
    return 0;
}

void point_free(struct point *p, size_t n)
{
    for (size_t i = 0; p && i < n; i++) {
        free(p[i].name);
        free(p[i].kind);
        free(p[i].weak);
        free(p[i].strong);
        free(p[i].default_model);
        free(p[i].note);
        for (size_t c = 0; c < p[i].cell_count; c++)
            free(p[i].cells[c].task);
        free(p[i].cells);
        point_value_free(p[i].value);
    }
    free(p);
}

int point_clear(struct store *s, int64_t router, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "DELETE FROM policy WHERE router = ?", e);
    if (st)
        db_int(st, 1, router);
    return db_run(s, st, "clear operating points", e);
}
