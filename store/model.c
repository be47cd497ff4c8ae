/* Models, configurations by content hash, prices and the cost of a reply. */
#include "store/model.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/mem.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

const char *const price_component_names[PRICE_COMPONENTS] = {
    "input", "output", "cached_read", "cache_write", "cache_write_1h", "reasoning", "request",
};

int model_put(struct store *s, struct model *m, struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "INSERT INTO model(name, provider, protocol, tier, context) VALUES(?1,?2,?3,?4,?5)"
        " ON CONFLICT(name) DO UPDATE SET provider=coalesce(?2, provider),"
        " protocol=coalesce(?3, protocol), tier=coalesce(?4, tier), context=coalesce(?5, context)",
        e);
    if (st) {
        db_text(st, 1, m->name);
        db_text(st, 2, m->provider);
        db_text(st, 3, m->protocol);
        db_text(st, 4, m->tier);
        db_ref(st, 5, m->context);
    }
    int rc = db_run(s, st, "write a model", e);
    if (rc)
        return rc;
    st = db_get(s, "SELECT id FROM model WHERE name = ?", e);
    if (!st)
        return ERR_DB;
    db_text(st, 1, m->name);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "read a model", e);
    m->id = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return 0;
}

int model_list(struct store *s, struct model **out, size_t *n, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s, "SELECT id, name, provider, protocol, tier, context FROM model ORDER BY name", e);
    if (!st)
        return ERR_DB;
    struct model *list = NULL;
    size_t count = 0;
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        list = mem_rearray(list, count + 1, sizeof *list);
        list[count++] = (struct model){
            sqlite3_column_int64(st, 0),    mem_strdup(db_get_text(st, 1)),
            mem_strdup(db_get_text(st, 2)), mem_strdup(db_get_text(st, 3)),
            mem_strdup(db_get_text(st, 4)), sqlite3_column_int64(st, 5),
        };
    }
    sqlite3_reset(st);
    if (step != SQLITE_DONE) {
        model_list_free(list, count);
        return db_fail(s, "read models", e);
    }
    *out = list;
    *n = count;
    return 0;
}

void model_list_free(struct model *m, size_t n)
{
    for (size_t i = 0; m && i < n; i++) {
        free(m[i].name);
        free(m[i].provider);
        free(m[i].protocol);
        free(m[i].tier);
    }
    free(m);
}

/* The hash is of the JSON with sorted keys, so that the order in a file does not make a new one. */
static void config_hash(const char *json, char hex[65])
{
    struct json *tree = NULL;
    if (json_parse(json, strlen(json), &tree, NULL)) {
        sha256_hex(json, strlen(json), hex);
        return;
    }
    struct buf sorted = BUF_INIT(0);
    json_write_sorted(&sorted, tree);
    sha256_hex(sorted.data, sorted.len, hex);
    buf_deinit(&sorted);
    json_free(tree);
}

int model_config_put(struct store *s, int64_t model, const char *config_json, bool current,
                     int64_t *id, struct err *e)
{
    char hash[65];
    if (!strcmp(config_json, "import"))
        memcpy(hash, "import", 7);
    else
        config_hash(config_json, hash);
    sqlite3_stmt *st = db_get(s,
                              "INSERT INTO model_config(model, hash, config) VALUES(?,?,?)"
                              " ON CONFLICT DO NOTHING",
                              e);
    if (st) {
        db_int(st, 1, model);
        db_text(st, 2, hash);
        db_text(st, 3, !strcmp(config_json, "import") ? "{}" : config_json);
    }
    int rc = db_run(s, st, "write a configuration", e);
    if (rc)
        return rc;
    st = db_get(s, "SELECT id FROM model_config WHERE model = ? AND hash = ?", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    db_text(st, 2, hash);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "read a configuration", e);
    *id = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    if (!current)
        return 0;
    st = db_get(
        s, "UPDATE model_config SET current = (id = ?1) WHERE model = ?2 AND current <> (id = ?1)",
        e);
    if (st) {
        db_int(st, 1, *id);
        db_int(st, 2, model);
    }
    return db_run(s, st, "write the current configuration", e);
}

int price_put(struct store *s, const struct price *p, struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "INSERT INTO price(model, component, service_tier, min_context, from_ms, pico_usd, source)"
        " VALUES(?,?,?,?,?,?,?) ON CONFLICT(model, component, service_tier, min_context, from_ms)"
        " DO UPDATE SET pico_usd = excluded.pico_usd, source = excluded.source",
        e);
    if (st) {
        db_int(st, 1, p->model);
        db_text(st, 2, price_component_names[p->component]);
        db_text(st, 3, p->service_tier ? p->service_tier : "standard");
        db_int(st, 4, p->min_context);
        db_int(st, 5, p->from_ms);
        db_int(st, 6, p->pico_usd);
        db_text(st, 7, p->source);
    }
    return db_run(s, st, "write a price", e);
}

int price_now(struct store *s, int64_t model, int64_t input_tokens, struct price_now *out,
              struct err *e)
{
    for (int c = 0; c < PRICE_COMPONENTS; c++)
        out->pico_usd[c] = MONEY_UNKNOWN;
    /* The last row of a component wins: the highest context tier reached, then the latest date. */
    sqlite3_stmt *st = db_get(s,
                              "SELECT component, pico_usd FROM price WHERE model = ?1 AND"
                              " service_tier = 'standard' AND min_context <= ?2 AND from_ms <= ?3"
                              " ORDER BY min_context, from_ms",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    db_int(st, 2, input_tokens > 0 ? input_tokens : 0);
    db_int(st, 3, clock_unix_ms());
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW)
        for (int c = 0; c < PRICE_COMPONENTS; c++)
            if (!strcmp(db_get_text(st, 0), price_component_names[c]))
                out->pico_usd[c] = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return step == SQLITE_DONE ? 0 : db_fail(s, "read prices", e);
}

int64_t price_cost(const struct price_now *p, const struct usage *u)
{
    const int64_t *pico = p->pico_usd;
    if (pico[PRICE_INPUT] == MONEY_UNKNOWN || pico[PRICE_OUTPUT] == MONEY_UNKNOWN || u->input < 0 ||
        u->output < 0)
        return MONEY_UNKNOWN;
    int64_t cached = u->cached > 0 ? u->cached : 0;
    int64_t write = u->cache_write > 0 ? u->cache_write : 0;
    int64_t write_1h = u->cache_write_1h > 0 ? u->cache_write_1h : 0;
    int64_t reasoning = u->reasoning > 0 ? u->reasoning : 0;
    int64_t plain = u->input - cached - write - write_1h;
    int64_t spoken = u->output - reasoning;
    if (plain < 0 || spoken < 0) /* a provider that counts otherwise: better unknown than wrong */
        return MONEY_UNKNOWN;
    int64_t p_read =
        pico[PRICE_CACHED_READ] != MONEY_UNKNOWN ? pico[PRICE_CACHED_READ] : pico[PRICE_INPUT];
    int64_t p_write =
        pico[PRICE_CACHE_WRITE] != MONEY_UNKNOWN ? pico[PRICE_CACHE_WRITE] : pico[PRICE_INPUT];
    int64_t p_1h =
        pico[PRICE_CACHE_WRITE_1H] != MONEY_UNKNOWN ? pico[PRICE_CACHE_WRITE_1H] : p_write;
    int64_t p_reason =
        pico[PRICE_REASONING] != MONEY_UNKNOWN ? pico[PRICE_REASONING] : pico[PRICE_OUTPUT];
    int64_t fee = pico[PRICE_REQUEST] != MONEY_UNKNOWN ? pico[PRICE_REQUEST] : 0;
    money_wide total = (money_wide)plain * pico[PRICE_INPUT] + (money_wide)cached * p_read +
                       (money_wide)write * p_write + (money_wide)write_1h * p_1h +
                       (money_wide)spoken * pico[PRICE_OUTPUT] + (money_wide)reasoning * p_reason +
                       fee;
    return money_round(total, 1000);
}
