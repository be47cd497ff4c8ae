/* Between datasets/prices*.c. */
#ifndef DATASETS_PRICES_PRIVATE_H
#define DATASETS_PRICES_PRIVATE_H

#include "core/json.h"
#include "datasets/prices.h"

/* Adds what a map of LiteLLM's form holds; entries without a usable price are counted as skipped.
 */
void price_book_litellm(const struct json *map, struct price_book *b);

/* A string, or a number as its shortest decimal text; "" for anything else. */
void price_member_text(const struct json *j, struct buf *out);

#endif
