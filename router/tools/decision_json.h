/* A decision as one line of JSON, for shunt-route and `shunt route` alike. No I/O. */
#ifndef ROUTER_TOOLS_DECISION_JSON_H
#define ROUTER_TOOLS_DECISION_JSON_H

#include <stddef.h>

#include "router/shunt.h"

/* Growing text. After a failed allocation `failed` stays set and adding does nothing. */
struct line_out {
    char *data;
    size_t len, cap;
    int failed;
};

void line_add(struct line_out *o, const char *bytes, size_t n);
void line_adds(struct line_out *o, const char *s);
__attribute__((format(printf, 2, 3))) void line_addf(struct line_out *o, const char *fmt, ...);
/* s with quotes and escapes; NULL writes null. s must be UTF-8. */
void line_quote(struct line_out *o, const char *s);

/* Append d and a line feed:
 *   {"id":..,"model":..,"tier":..,"model_tier":..,"complexity":..,"complexity_class":..,"quality":..,"cost_usd":..,
 *    "latency_ms":..,"runner_up":..,"rule":..,"reason":..,"point":..}
 * id is JSON text (id_bytes long), or with id NULL the line's number. Unknown values are null. */
void decision_json(struct line_out *o, const struct shunt_table *t, const struct shunt_decision *d,
                   const char *id, size_t id_bytes, size_t line);

/* Append {"id":..,"error":..} and a line feed. */
void error_json(struct line_out *o, const char *id, size_t id_bytes, size_t line,
                const char *error);

#endif
