/* The `hedge` of a model: when a slow try gets a second one beside it. What it means is
 * collect/hedge.h's.
 */
#include "core/config.h"
#include "core/config_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool config_hedge_parse(const char *text, struct config_hedge *out)
{
    bool percentile = *text == 'p';
    const char *digits = text + percentile;
    char *end;
    if (strspn(digits, "0123456789.") == 0)
        return false;
    double v = strtod(digits, &end);
    if (!percentile && *end == 's')
        end++;
    if (*end != '\0' || !isfinite(v) ||
        (percentile ? v < CONFIG_HEDGE_LEAST || v > 99.9 : v < .001 || v > 86400))
        return false;
    *out = percentile ? (struct config_hedge){0, v} : (struct config_hedge){v, 0};
    return true;
}

int config_read_hedge(struct reader *r, const struct json *node, void *target)
{
    struct config_hedge *out = target;
    double seconds = json_num(node, -1);
    if (json_type(node) == JSON_NUMBER && seconds >= .001 && seconds <= 86400) {
        *out = (struct config_hedge){seconds, 0};
        return 0;
    }
    if (json_str(node) && config_hedge_parse(json_str(node), out))
        return 0;
    return config_refuse(r, node,
                         "'hedge' takes seconds, or a percentile of the answers' times from p50 to"
                         " p99.9");
}
