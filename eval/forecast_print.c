/* A forecast as a table, as rows for spreadsheets, and as JSON; amounts in decimal US dollars. */
#include "eval/forecast.h"

#include "core/jsonw.h"
#include "core/mem.h"

#include <math.h>
#include <string.h>

void forecast_usd(money_wide nusd, int decimals, char out[64])
{
    money_wide unit = 1;
    for (int k = decimals; k < 9; k++)
        unit *= 10;
    const bool negative = nusd < 0;
    money_wide a = negative ? -nusd : nusd, q = a / unit;
    const money_wide rest = a % unit * 2;
    if (rest > unit || (rest == unit && q % 2 != 0))
        q++;
    char digits[64];
    int n = 0;
    for (; n <= decimals || q > 0; q /= 10) {
        if (n == decimals && decimals > 0)
            digits[n++] = '.';
        digits[n++] = (char)('0' + (int)(q % 10));
        if (n > 60)
            break;
    }
    int at = 0;
    bool zero = true;
    for (int k = 0; k < n; k++)
        zero = zero && (digits[k] == '0' || digits[k] == '.');
    if (negative && !zero)
        out[at++] = '-';
    while (n > 0)
        out[at++] = digits[--n];
    out[at] = '\0';
}

static void json_span(struct jsonw *w, const char *key, const struct span *s, bool interval)
{
    char text[64], ci[64];
    forecast_usd(s->value, 9, text);
    jsonw_raw(w, key, text);
    snprintf(ci, sizeof ci, "%s_ci", key);
    if (!interval) {
        jsonw_null(w, ci);
        return;
    }
    jsonw_arr(w, ci);
    forecast_usd(s->lo, 9, text);
    jsonw_raw(w, NULL, text);
    forecast_usd(s->hi, 9, text);
    jsonw_raw(w, NULL, text);
    jsonw_end(w);
}

static void json_pair(struct jsonw *w, const char *key, double value, double lo, double hi)
{
    char ci[64];
    snprintf(ci, sizeof ci, "%s_ci", key);
    jsonw_num(w, key, value);
    if (isnan(lo) || isnan(hi)) {
        jsonw_null(w, ci);
        return;
    }
    jsonw_arr(w, ci);
    jsonw_num(w, NULL, lo);
    jsonw_num(w, NULL, hi);
    jsonw_end(w);
}

static void json_unknown(struct jsonw *w)
{
    static const char *const keys[] = {"usd_per_day", "usd_per_month", "usd_per_year",
                                       "saving_usd_per_year"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        jsonw_null(w, keys[k]);
}

void forecast_json(const struct forecast *f, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.forecast/1");
    jsonw_int(&w, "requests_per_day", f->option.requests_per_day);
    jsonw_num(&w, "growth_per_month", f->option.growth);
    jsonw_fix(&w, "days_per_month", 30.4375, 4);
    jsonw_int(&w, "prompts", (int64_t)f->prompts);
    jsonw_int(&w, "groups", (int64_t)f->groups);
    jsonw_int(&w, "seed", f->option.seed);
    jsonw_int(&w, "resamples", (int64_t)f->option.resamples);
    jsonw_str(&w, "best_single", f->line.v[f->best].name);
    jsonw_arr(&w, "policies");
    for (size_t k = 0; k < f->line.n; k++) {
        const struct forecast_line *l = &f->line.v[k];
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "name", l->name);
        jsonw_str(&w, "kind", l->kind);
        json_pair(&w, "quality", l->quality, l->quality_lo, l->quality_hi);
        json_pair(&w, "cost_usd_per_1k", l->usd_per_1k, l->usd_per_1k_lo, l->usd_per_1k_hi);
        if (l->missing) {
            jsonw_int(&w, "cost_missing", (int64_t)l->missing);
            json_unknown(&w);
        } else {
            json_span(&w, "usd_per_day", &l->day, f->interval);
            json_span(&w, "usd_per_month", &l->month, f->interval);
            json_span(&w, "usd_per_year", &l->year, f->interval);
            if (l->compared)
                json_span(&w, "saving_usd_per_year", &l->saving_year, f->interval);
            else
                jsonw_null(&w, "saving_usd_per_year");
        }
        json_pair(&w, "saving_share", l->saving, l->saving_lo, l->saving_hi);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    buf_addc(out, '\n');
}

static void put_usd(struct out *o, money_wide nusd, bool known, int decimals)
{
    char text[64];
    if (!known) {
        out_null(o);
        return;
    }
    forecast_usd(nusd, decimals, text);
    out_right(o, text);
}

static void put_range(struct out *o, const struct span *s, bool known, int decimals)
{
    char lo[64], hi[64], text[160];
    if (!known) {
        out_null(o);
        return;
    }
    forecast_usd(s->lo, decimals, lo);
    forecast_usd(s->hi, decimals, hi);
    snprintf(text, sizeof text, "[%s, %s]", lo, hi);
    out_right(o, text);
}

/* One column a number, for spreadsheets. */
static int rows(const struct forecast *f, enum out_shape shape, FILE *to)
{
    struct out *o = out_new(
        shape, to, 18,
        (const char *const[]){"name", "kind", "quality", "quality_lo", "quality_hi", "usd_per_day",
                              "usd_per_day_lo", "usd_per_day_hi", "usd_per_month",
                              "usd_per_month_lo", "usd_per_month_hi", "usd_per_year",
                              "usd_per_year_lo", "usd_per_year_hi", "saving_usd_per_year",
                              "saving_usd_per_year_lo", "saving_usd_per_year_hi", "saving_share"});
    for (size_t k = 0; k < f->line.n; k++) {
        const struct forecast_line *l = &f->line.v[k];
        const struct span *spans[] = {&l->day, &l->month, &l->year, &l->saving_year};
        out_str(o, l->name);
        out_str(o, l->kind);
        out_num(o, l->quality, 6);
        out_num(o, l->quality_lo, 6);
        out_num(o, l->quality_hi, 6);
        for (int s = 0; s < 4; s++) {
            const bool known = s < 3 ? l->missing == 0 : l->compared;
            put_usd(o, spans[s]->value, known, 9);
            put_usd(o, spans[s]->lo, known && f->interval, 9);
            put_usd(o, spans[s]->hi, known && f->interval, 9);
        }
        out_num(o, l->saving, 6);
    }
    return out_end(o);
}

int forecast_table(const struct forecast *f, enum out_shape shape, FILE *to)
{
    if (shape != OUT_ALIGNED)
        return rows(f, shape, to);
    fprintf(to, "%lld requests a day", (long long)f->option.requests_per_day);
    if (f->option.growth > 0 || f->option.growth < 0)
        fprintf(to, ", %+g %% a month", 100 * f->option.growth);
    fprintf(to,
            "; costs of %zu prompts in %zu groups; savings against %s, the best single model; US "
            "dollars\n\n",
            f->prompts, f->groups, f->line.v[f->best].name);
    struct out *o = out_new(OUT_ALIGNED, to, 9,
                            (const char *const[]){"policy", "kind", "quality", "a day", "a month",
                                                  "a year", "95 %", "saving a year", "95 %"});
    for (size_t k = 0; k < f->line.n; k++) {
        const struct forecast_line *l = &f->line.v[k];
        out_str(o, l->name);
        out_str(o, l->kind);
        out_num(o, l->quality, 4);
        put_usd(o, l->day.value, l->missing == 0, 2);
        put_usd(o, l->month.value, l->missing == 0, 2);
        put_usd(o, l->year.value, l->missing == 0, 2);
        put_range(o, &l->year, l->missing == 0 && f->interval, 0);
        AUTO_FREE char *saving = NULL;
        if (l->compared) {
            char usd[64];
            forecast_usd(l->saving_year.value, 2, usd);
            saving = isnan(l->saving) ? mem_strdup(usd)
                                      : mem_printf("%s (%.1f %%)", usd, 100 * l->saving);
        }
        out_right(o, saving);
        put_range(o, &l->saving_year, l->compared && f->interval, 0);
    }
    int rc = out_end(o);
    for (size_t k = 0; k < f->line.n; k++)
        if (f->line.v[k].missing)
            fprintf(to, "%s: the cost of %zu prompts is unknown\n", f->line.v[k].name,
                    f->line.v[k].missing);
    return rc || ferror(to) ? -1 : 0;
}
