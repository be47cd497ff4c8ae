/* The price map that LiteLLM publishes: an object keyed by model, members like
 * "input_cost_per_token_above_200k_tokens_batches": 2.5e-06, in USD per token. The tier is in the
 * member's name: a base, then "_above_Nk_tokens", then "_batches", "_flex" or "_priority". Members
 * that are no such name (audio, images, per second) are read over, so are values that are no
 * amount.
 */
#include "datasets/prices_private.h"

#include <stdlib.h>
#include <string.h>

static const struct base {
    const char *name;
    enum price_component component;
} bases[] = {
    /* the longer of two that begin alike first */
    {"cache_creation_input_token_cost_above_1hr", PRICE_CACHE_WRITE_1H},
    {"cache_creation_input_token_cost", PRICE_CACHE_WRITE},
    {"cache_read_input_token_cost", PRICE_CACHED_READ},
    {"input_cost_per_token_cache_hit", PRICE_CACHED_READ},
    {"input_cost_per_token", PRICE_INPUT},
    {"output_cost_per_token", PRICE_OUTPUT},
    {"output_cost_per_reasoning_token", PRICE_REASONING},
    {"input_cost_per_request", PRICE_REQUEST},
};

/* "_above_200k_tokens": the whole request is repriced when its input exceeds that many tokens. */
static const char *read_tier(const char *p, int64_t *min_context)
{
    static const char above[] = "_above_", tail[] = "k_tokens";
    if (strncmp(p, above, sizeof above - 1) != 0)
        return p;
    char *end;
    long k = strtol(p + sizeof above - 1, &end, 10);
    if (k <= 0 || k > 1000000 || strncmp(end, tail, sizeof tail - 1) != 0)
        return p;
    *min_context = k * 1000 + 1;
    return end + sizeof tail - 1;
}

static bool read_service(const char *p, const char **tier)
{
    static const char *const names[][2] = {{"_batches", "batch"},
                                           {"_batch_requests", "batch"},
                                           {"_flex", "flex"},
                                           {"_priority", "priority"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(p, names[i][0]) == 0) {
            *tier = names[i][1];
            return true;
        }
    }
    return *p == '\0';
}

static bool read_name(const char *name, struct price_row *row, const char **tier)
{
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        size_t n = strlen(bases[i].name);
        if (strncmp(name, bases[i].name, n) != 0)
            continue;
        row->component = bases[i].component;
        row->min_context = 0;
        *tier = NULL;
        return read_service(read_tier(name + n, &row->min_context), tier);
    }
    return false;
}

void price_book_litellm(const struct json *map, struct price_book *b)
{
    struct buf text = BUF_INIT(0);
    for (const struct json *entry = json_first(map); entry; entry = json_next(entry)) {
        size_t before = b->rows.n;
        if (strcmp(json_key(entry), "sample_spec") == 0)
            continue;
        for (const struct json *m = json_first(entry); m; m = json_next(m)) {
            struct price_row row = {0};
            const char *tier;
            if (!read_name(json_key(m), &row, &tier))
                continue;
            price_member_text(m, &text);
            if (!money_parse(text.data, 12, &row.pico_usd) || row.pico_usd < 0)
                continue;
            row.model = mem_strdup(json_key(entry));
            row.service_tier = mem_strdup(tier);
            VEC_PUSH(&b->rows, row);
        }
        b->skipped += b->rows.n == before;
    }
    buf_deinit(&text);
}
