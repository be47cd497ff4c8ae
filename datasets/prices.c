/* Price books: our own forms, --set, and writing to the store. LiteLLM's map is prices_litellm.c's.
 */
#include "datasets/prices.h"

#include "core/clock.h"
#include "core/csv.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/opt.h"
#include "datasets/prices_private.h"

#include <stdio.h>
#include <string.h>

void price_book_deinit(struct price_book *b)
{
    for (size_t i = 0; i < b->rows.n; i++) {
        free(b->rows.v[i].model);
        free(b->rows.v[i].service_tier);
    }
    VEC_FREE(&b->rows);
    free(b->source);
    *b = (struct price_book){0};
}

void price_text(enum price_component c, int64_t pico_usd, char out[40])
{
    int digits = c == PRICE_REQUEST ? 12 : 6;
    int64_t unit = c == PRICE_REQUEST ? 1000000000000 : 1000000;
    if (pico_usd == MONEY_UNKNOWN) {
        snprintf(out, 40, "-");
        return;
    }
    int n = snprintf(out, 40, "%lld.%0*lld", (long long)(pico_usd / unit), digits,
                     (long long)(pico_usd % unit));
    while (n > 0 && out[n - 1] == '0')
        out[--n] = '\0';
    if (n > 0 && out[n - 1] == '.')
        out[n - 1] = '\0';
}

static int component_of(const char *word, enum price_component *out, struct err *e, int code)
{
    for (int c = 0; c < PRICE_COMPONENTS; c++) {
        if (strcmp(word, price_component_names[c]) == 0) {
            *out = (enum price_component)c;
            return ERR_OK;
        }
    }
    const char *near = opt_nearest(word, price_component_names, PRICE_COMPONENTS);
    return err_set(e, code,
                   "unknown price component '%.40s'%s%s%s (input, output, cached_read, cache_write,"
                   " cache_write_1h, reasoning, request)",
                   word, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* An amount as text -> pico-dollars; false: no amount of at least 0. */
static bool amount(enum price_component c, const char *text, int64_t *pico)
{
    return money_parse(text, c == PRICE_REQUEST ? 12 : 6, pico) && *pico >= 0;
}

/* ---- --set ---- */

int price_book_set(const struct str_vec *words, int64_t from_ms, int64_t min_context,
                   struct price_book *b, struct err *e)
{
    AUTO_FREE char *model = NULL;
    if (!b->source)
        b->source = mem_strdup("set by hand");
    for (size_t i = 0; i < words->n; i++) {
        AUTO_FREE char *word = mem_strdup(words->v[i]);
        char *value = strchr(word, '=');
        if (!value)
            return err_set(
                e, ERR_USAGE,
                "--set wants MODEL:COMPONENT=USD, as in m:input=0.15,output=0.6, not '%s'",
                words->v[i]);
        *value++ = '\0';
        char *component = strrchr(word, ':'); /* a model's name may hold colons */
        if (component) {
            *component++ = '\0';
            free(model);
            model = mem_strdup(word);
        } else {
            component = word;
        }
        if (!model || !*model)
            return err_set(e, ERR_USAGE, "--set: which model? '%s' names none", words->v[i]);
        struct price_row row = {.from_ms = from_ms, .min_context = min_context};
        int rc = component_of(component, &row.component, e, ERR_USAGE);
        if (rc)
            return rc;
        if (!amount(row.component, value, &row.pico_usd))
            return err_set(e, ERR_USAGE, "--set %s: '%s' is no amount of dollars from 0 on",
                           words->v[i], value);
        row.model = mem_strdup(model);
        VEC_PUSH(&b->rows, row);
    }
    return ERR_OK;
}

/* ---- our own book ---- */

/* One entry, its fields as text (NULL: absent). */
struct entry {
    const char *model, *component, *usd_per_mtok, *usd_per_request, *service_tier, *min_context,
        *from;
};

static int entry_add(struct price_book *b, const struct entry *x, struct err *e)
{
    if (!x->model || !*x->model || !x->component)
        return err_set(e, ERR_FORMAT, "a price needs 'model' and 'component'");
    struct price_row row = {0};
    int rc = component_of(x->component, &row.component, e, ERR_FORMAT);
    if (rc)
        return rc;
    bool request = row.component == PRICE_REQUEST;
    const char *text = request ? x->usd_per_request : x->usd_per_mtok;
    if (!text || (request ? x->usd_per_mtok : x->usd_per_request))
        return err_set(e, ERR_FORMAT, "a price of component '%s' is given as '%s' and nothing else",
                       x->component, request ? "usd_per_request" : "usd_per_mtok");
    if (!amount(row.component, text, &row.pico_usd))
        return err_set(e, ERR_FORMAT, "'%.40s' is no amount of dollars from 0 on", text);
    if (x->min_context &&
        (!money_parse(x->min_context, 0, &row.min_context) || row.min_context < 0))
        return err_set(e, ERR_FORMAT, "'min_context' is '%.40s', not a number of tokens",
                       x->min_context);
    if (x->from && !clock_parse(x->from, &row.from_ms))
        return err_set(e, ERR_FORMAT, "'from' is '%.40s', not a date as in 2026-03-01", x->from);
    row.model = mem_strdup(x->model);
    if (x->service_tier && strcmp(x->service_tier, "standard") != 0)
        row.service_tier = mem_strdup(x->service_tier);
    VEC_PUSH(&b->rows, row);
    return ERR_OK;
}

static const char *const fields[] = {
    "model", "component", "usd_per_mtok", "usd_per_request", "service_tier", "min_context", "from"};
enum { FIELDS = sizeof fields / sizeof *fields };

static const char **entry_field(struct entry *x, size_t i)
{
    const char **at[FIELDS] = {
        &x->model,        &x->component,   &x->usd_per_mtok, &x->usd_per_request,
        &x->service_tier, &x->min_context, &x->from};
    return at[i];
}

static int field_find(const char *name, size_t *i, struct err *e)
{
    for (*i = 0; *i < FIELDS; ++*i)
        if (strcmp(name, fields[*i]) == 0)
            return ERR_OK;
    const char *near = opt_nearest(name, fields, FIELDS);
    return err_set(e, ERR_FORMAT, "unknown field '%.40s'%s%s%s", name,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* A JSON member as text: strings as they are, numbers as the shortest decimal. */
void price_member_text(const struct json *j, struct buf *out)
{
    buf_clear(out);
    if (json_str(j))
        buf_adds(out, json_str(j));
    else if (json_type(j) == JSON_NUMBER)
        json_number(out, json_num(j, 0));
}

static int read_entry(struct price_book *b, const struct json *j, struct err *e)
{
    struct entry x = {0};
    struct buf text[FIELDS];
    for (size_t i = 0; i < FIELDS; i++)
        buf_init(&text[i], 0);
    int rc = json_type(j) == JSON_OBJECT ? ERR_OK : err_set(e, ERR_FORMAT, "not an object");
    for (const struct json *m = json_first(j); m && rc == ERR_OK; m = json_next(m)) {
        size_t i;
        rc = field_find(json_key(m), &i, e);
        if (rc == ERR_OK && json_type(m) != JSON_NULL) {
            price_member_text(m, &text[i]);
            *entry_field(&x, i) = text[i].data;
        }
    }
    if (rc == ERR_OK)
        rc = entry_add(b, &x, e);
    for (size_t i = 0; i < FIELDS; i++)
        buf_deinit(&text[i]);
    return rc;
}

static int read_book(const char *path, const struct json *list, struct price_book *b, struct err *e)
{
    size_t i = 0;
    for (const struct json *j = json_first(list); j; j = json_next(j), i++) {
        int rc = read_entry(b, j, e);
        if (rc)
            return err_wrap(e, rc, "'%s' price %zu", path, i + 1);
    }
    return ERR_OK;
}

static int read_csv(const char *path, struct csv *c, struct price_book *b, struct err *e)
{
    char **cell;
    size_t n, of[FIELDS], columns = 0;
    int rc = csv_next(c, &cell, &n, e);
    if (rc < 0)
        return rc;
    for (; rc == 1 && columns < n; columns++) {
        rc = columns < FIELDS ? field_find(cell[columns], &of[columns], e)
                              : err_set(e, ERR_FORMAT, "more columns than there are fields");
        if (rc)
            return err_wrap(e, rc, "'%s' line 1", path);
        rc = 1;
    }
    while ((rc = csv_next(c, &cell, &n, e)) == 1) {
        struct entry x = {0};
        if (n != columns)
            return err_set(e, ERR_FORMAT, "'%s' line %zu: %zu columns, the header has %zu", path,
                           csv_line(c), n, columns);
        for (size_t i = 0; i < n; i++)
            if (*cell[i])
                *entry_field(&x, of[i]) = cell[i];
        rc = entry_add(b, &x, e);
        if (rc)
            return err_wrap(e, rc, "'%s' line %zu", path, csv_line(c));
    }
    return rc;
}

static const size_t book_max = 64u << 20;

int price_book_read(const char *path, struct price_book *b, struct err *e)
{
    int rc;
    size_t n = strlen(path);
    free(b->source);
    b->source = mem_strdup(fs_base(path));
    if (n > 4 && strcmp(path + n - 4, ".csv") == 0) {
        struct csv *c = NULL;
        rc = csv_open(path, book_max, &c, e);
        if (rc == ERR_OK)
            rc = read_csv(path, c, b, e);
        csv_close(c);
    } else {
        AUTO_FREE char *text = NULL;
        size_t len;
        struct json *j = NULL;
        rc = fs_read_all(path, book_max, &text, &len, e);
        if (rc)
            return rc;
        rc = json_parse(text, len, &j, e);
        if (rc)
            rc = err_wrap(e, rc, "'%s'", path);
        else if (json_type(j) == JSON_ARRAY)
            rc = read_book(path, j, b, e);
        else if (json_type(json_get(j, "prices")) == JSON_ARRAY)
            rc = read_book(path, json_get(j, "prices"), b, e);
        else
            price_book_litellm(j, b);
        json_free(j);
    }
    if (rc == ERR_OK && b->rows.n == 0)
        rc = err_set(e, ERR_FORMAT, "'%s' holds no prices (see man shunt-prices for the forms)",
                     path);
    return rc;
}

/* ---- into the store ---- */

static int unknown_model(const struct model *models, size_t n, const char *name, struct err *e)
{
    const char **names = mem_array(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = models[i].name;
    const char *near = opt_nearest(name, names, n);
    int rc =
        near ? err_set(e, ERR_USAGE,
                       "no model '%s' in the store, did you mean '%s'? (--add adds it)", name, near)
             : err_set(e, ERR_USAGE, "no model '%s' in the store (--add adds it)", name);
    free(names);
    return rc;
}

static int64_t model_id(const struct model *models, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(models[i].name, name) == 0)
            return models[i].id;
    return 0;
}

static int apply_rows(struct store *s, const struct price_book *b, bool add, bool strict,
                      const struct model *models, size_t n, struct price_applied *out,
                      struct err *e)
{
    struct strmap *priced = strmap_new(), *elsewhere = strmap_new();
    int rc = ERR_OK;
    for (size_t i = 0; i < b->rows.n && rc == ERR_OK; i++) {
        const struct price_row *row = &b->rows.v[i];
        int64_t id = model_id(models, n, row->model);
        if (!id && add) {
            struct model m = {.name = row->model};
            rc = model_put(s, &m, e);
            id = m.id;
        } else if (!id && strict) {
            rc = unknown_model(models, n, row->model, e);
        } else if (!id) {
            strmap_add(elsewhere, row->model, NULL);
        }
        if (rc || !id)
            continue;
        struct price p = {id,           row->component, row->service_tier, row->min_context,
                          row->from_ms, row->pico_usd,  b->source};
        rc = price_put(s, &p, e);
        strmap_add(priced, row->model, NULL);
        out->written++;
    }
    out->models = (int64_t)strmap_count(priced);
    out->elsewhere = (int64_t)strmap_count(elsewhere);
    strmap_free(priced);
    strmap_free(elsewhere);
    return rc;
}

int price_book_apply(struct store *s, const struct price_book *b, bool add, bool strict,
                     struct price_applied *out, struct err *e)
{
    *out = (struct price_applied){0};
    struct model *models = NULL;
    size_t n = 0;
    int rc = store_begin(s, e);
    if (rc)
        return rc;
    rc = model_list(s, &models, &n, e);
    if (rc == ERR_OK)
        rc = apply_rows(s, b, add, strict, models, n, out, e);
    model_list_free(models, n);
    if (rc == ERR_OK)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    return rc;
}
