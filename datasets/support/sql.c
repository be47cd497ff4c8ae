/* SQL: a question over one of three small schemas, a reference SELECT, and rows
 * to run both on (in the grader only). Questions are in sql_questions.c. */
#include "sql.h"

#include <stdio.h>
#include <string.h>

static const char *const creates[SCHEMAS] = {
    "CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT, city TEXT, plan TEXT);\n"
    "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INTEGER, placed TEXT, status TEXT, "
    "total_cents INTEGER);\n"
    "CREATE TABLE items(order_id INTEGER, product TEXT, qty INTEGER, unit_cents INTEGER);\n",
    "CREATE TABLE homes(id INTEGER PRIMARY KEY, city TEXT, plan TEXT);\n"
    "CREATE TABLE devices(id INTEGER PRIMARY KEY, home_id INTEGER, model TEXT, battery INTEGER);\n"
    "CREATE TABLE events(device_id INTEGER, day TEXT, kind TEXT);\n",
    "CREATE TABLE agents(id INTEGER PRIMARY KEY, name TEXT, team TEXT);\n"
    "CREATE TABLE tickets(id INTEGER PRIMARY KEY, agent_id INTEGER, opened TEXT, closed TEXT, "
    "priority INTEGER, topic TEXT);\n",
};

static const char *const statuses[] = {"paid", "shipped", "returned", NULL};
static const char *const kinds[] = {"motion", "offline", "alarm", NULL};
static const char *const teams[] = {"chat", "phone", "field", NULL};
static const char *const topics[] = {"billing", "setup", "fault", "delivery", NULL};

/* Few different values, so that filters and groups catch several rows. */
struct pools {
    const char *city[3], *plan[3], *product[4];
};

static void draw_pools(struct gen *g, struct pools *p)
{
    int at = rnd_int(&g->r, 0, list_len(cities) - 1);
    for (int i = 0; i < 3; i++)
        p->city[i] = cities[(at + i * 5) % list_len(cities)];
    for (int i = 0; i < 3; i++)
        p->plan[i] = plans[1 + (i + at) % 4].name;
    const struct product *bought[4];
    some_products(g, bought, 4);
    for (int i = 0; i < 4; i++)
        p->product[i] = bought[i]->name;
}

static void day_text(struct gen *g, int from, int span, char out[11])
{
    date_iso(from + rnd_int(&g->r, 0, span), out);
}

static void shop_rows(struct gen *g, const struct pools *p, struct text *t)
{
    int names = list_len(first_names), at = rnd_int(&g->r, 0, names - 1);
    text_add(t, "INSERT INTO customers VALUES");
    for (int i = 1; i <= 6; i++)
        text_addf(t, "%s(%d,'%s','%s','%s')", i > 1 ? "," : "", i, first_names[(at + i) % names],
                  p->city[rnd_int(&g->r, 0, 2)], p->plan[rnd_int(&g->r, 0, 2)]);
    text_add(t, ";INSERT INTO orders VALUES");
    for (int i = 1; i <= 10; i++) {
        char day[11];
        day_text(g, date_from(2025, 11, 10), 90, day);
        /* Customer 6 never orders. */
        text_addf(t, "%s(%d,%d,'%s','%s',%d)", i > 1 ? "," : "", i, rnd_int(&g->r, 1, 5), day,
                  any(g, statuses), rnd_int(&g->r, 20, 600) * 100 + rnd_int(&g->r, 0, 99));
    }
    text_add(t, ";INSERT INTO items VALUES");
    for (int i = 0; i < 16; i++)
        text_addf(t, "%s(%d,'%s',%d,%d)", i ? "," : "", i < 10 ? i + 1 : rnd_int(&g->r, 1, 10),
                  p->product[rnd_int(&g->r, 0, 3)], rnd_int(&g->r, 1, 6),
                  rnd_int(&g->r, 12, 240) * 100 - 5);
    text_char(t, ';');
}

static void home_rows(struct gen *g, const struct pools *p, struct text *t)
{
    text_add(t, "INSERT INTO homes VALUES");
    for (int i = 1; i <= 5; i++)
        text_addf(t, "%s(%d,'%s','%s')", i > 1 ? "," : "", i, p->city[rnd_int(&g->r, 0, 2)],
                  p->plan[rnd_int(&g->r, 0, 2)]);
    text_add(t, ";INSERT INTO devices VALUES");
    for (int i = 1; i <= 11; i++)
        text_addf(t, "%s(%d,%d,'%s',%d)", i > 1 ? "," : "", i, rnd_int(&g->r, 1, 4),
                  p->product[rnd_int(&g->r, 0, 3)], rnd_int(&g->r, 2, 100));
    text_add(t, ";INSERT INTO events VALUES");
    for (int i = 0; i < 16; i++) {
        char day[11];
        day_text(g, date_from(2026, 1, 3), 50, day);
        text_addf(t, "%s(%d,'%s','%s')", i ? "," : "", rnd_int(&g->r, 1, 9), day, any(g, kinds));
    }
    text_char(t, ';');
}

static void desk_rows(struct gen *g, struct text *t)
{
    int names = list_len(first_names), at = rnd_int(&g->r, 0, names - 1);
    text_add(t, "INSERT INTO agents VALUES");
    for (int i = 1; i <= 5; i++)
        text_addf(t, "%s(%d,'%s','%s')", i > 1 ? "," : "", i, first_names[(at + i * 2) % names],
                  any(g, teams));
    text_add(t, ";INSERT INTO tickets VALUES");
    for (int i = 1; i <= 15; i++) {
        char open[11], done[16] = "NULL";
        int day = date_from(2026, 1, 2) + rnd_int(&g->r, 0, 45);
        date_iso(day, open);
        if (rnd_chance(&g->r, 70)) {
            char iso[11];
            date_iso(day + rnd_int(&g->r, 0, 12), iso);
            snprintf(done, sizeof done, "'%s'", iso);
        }
        text_addf(t, "%s(%d,%d,'%s',%s,%d,'%s')", i > 1 ? "," : "", i, rnd_int(&g->r, 1, 4), open,
                  done, rnd_int(&g->r, 1, 4), any(g, topics));
    }
    text_char(t, ';');
}

static void sql_slots(struct gen *g, const struct pools *p, struct slots *s)
{
    char day[11];
    slots_init(s);
    /* Loose: the same text must go into the SQL without marks. */
    slot_loose(s, "city", p->city[rnd_int(&g->r, 0, 2)]);
    slot_loose(s, "plan", p->plan[rnd_int(&g->r, 0, 2)]);
    slot_loose(s, "product", p->product[rnd_int(&g->r, 0, 3)]);
    int st = rnd_int(&g->r, 0, 2);
    slot_loose(s, "status", statuses[st]);
    slot_loose(s, "status2", statuses[(st + 1) % 3]);
    int k = rnd_int(&g->r, 0, 2);
    slot_loose(s, "kind", kinds[k]);
    slot_loose(s, "kind2", kinds[(k + 1) % 3]);
    slot_loose(s, "team", any(g, teams));
    slot_loose(s, "topic", any(g, topics));
    day_text(g, date_from(2025, 12, 5), 30, day);
    slot_loose(s, "day", day);
    day_text(g, date_from(2026, 1, 10), 20, day);
    slot_loose(s, "day2", day);
    slot(s, "n", "%d", rnd_int(&g->r, 2, 3));
    slot(s, "low", "%d", rnd_int(&g->r, 4, 12) * 5);
    slot(s, "usd", "%d", rnd_int(&g->r, 5, 30) * 10);
    slot(s, "cents", "%d", 0);
    slot(s, "p", "%d", rnd_int(&g->r, 2, 3));
}

/* The words of the question keep the values: wrap them for the voice. */
static void keep_all(struct slots *s, bool loose)
{
    for (int i = 0; i < s->n; i++)
        s->at[i].loose = loose;
}

void make_sql(struct gen *g, enum level level, struct item *it)
{
    item_init(it, "sql");
    it->brief = true;
    int k;
    do {
        k = rnd_int(&g->r, 0, sql_question_count - 1);
    } while (level_of_steps(sql_questions[k].steps) != level);
    const struct sql_question *q = &sql_questions[k];
    struct pools p;
    struct slots s;
    struct text rows = {0}, sql = {0}, schema = {0};
    draw_pools(g, &p);
    sql_slots(g, &p, &s);
    if (q->schema == SCHEMA_SHOP)
        shop_rows(g, &p, &rows);
    else if (q->schema == SCHEMA_HOME)
        home_rows(g, &p, &rows);
    else
        desk_rows(g, &rows);

    int f = family_pick(g, list_len(q->ask));
    keep_all(&s, false);
    fill(g, &it->user, q->ask[f], &s);
    keep_all(&s, true);
    fill(g, &sql, q->sql, &s);
    it->family = k * 5 + f;
    it->steps = q->steps;
    it->level = level;
    text_add(&it->system,
             "Write one SQLite SELECT for this schema; dates are YYYY-MM-DD, money is in cents. "
             "Return the "
             "columns asked for, in that order, and nothing else. Reply with the SQL only.\n");
    text_add(&it->system, creates[q->schema]);
    text_json(&it->reference, sql.s);
    text_add(&schema, creates[q->schema]);
    text_add(&schema, rows.s);
    text_add(&it->grader, "{\"type\":\"is-sql\",\"schema\":");
    text_json(&it->grader, schema.s);
    text_addf(&it->grader, ",\"ordered\":%s}", q->ordered ? "true" : "false");
    text_free(&rows);
    text_free(&sql);
    text_free(&schema);
}
