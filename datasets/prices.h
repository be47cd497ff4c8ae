/* Price books -> store.price.
 *
 * Three sources: "MODEL:input=0.15,output=0.60" from a command line; our own book, JSON or CSV with
 * the fields model, component, usd_per_mtok (usd_per_request for component "request") and, where
 * wanted, service_tier, min_context, from; and the map of model prices that LiteLLM publishes (an
 * object keyed by model, USD per token). Prices are pico-dollars a token from here on.
 */
#ifndef DATASETS_PRICES_H
#define DATASETS_PRICES_H

#include "core/fs.h"
#include "store/model.h"

struct price_row {
    char *model;
    char *service_tier; /* NULL: standard */
    enum price_component component;
    int64_t min_context; /* input tokens from which it holds */
    int64_t from_ms;     /* 0: always */
    int64_t pico_usd;
};

struct price_book {
    char *source;    /* kept with every price */
    int64_t skipped; /* entries of a map that hold no usable price */
    struct price_row_vec VEC_BODY(struct price_row) rows;
};
void price_book_deinit(struct price_book *b);

/* Reads a file by its content: .csv, a JSON array or {"prices": [...]}, else LiteLLM's map. ERR_IO,
 * ERR_FORMAT (names file and entry), also when it holds no price. */
int price_book_read(const char *path, struct price_book *b, struct err *e);

/* The words of --set, a list split at commas: "M:input=1", "output=2", "N:request=0.01". Amounts
 * are USD per million tokens, for request USD. ERR_USAGE. */
int price_book_set(const struct str_vec *words, int64_t from_ms, int64_t min_context,
                   struct price_book *b, struct err *e);

struct price_applied {
    int64_t written, models;
    int64_t elsewhere; /* models of the book that the store does not have */
};
/* Writes the book's rows in one transaction. add: models that the store lacks are added; else, with
 * strict, they are ERR_USAGE with the nearest name, and without strict counted. */
int price_book_apply(struct store *s, const struct price_book *b, bool add, bool strict,
                     struct price_applied *out, struct err *e);

/* "2.5": pico-dollars a token as USD per million tokens, exact; "-" when unknown. For the request
 * component USD. */
void price_text(enum price_component c, int64_t pico_usd, char out[40]);

#endif
