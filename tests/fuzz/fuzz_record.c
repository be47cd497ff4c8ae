/* Any bytes as a line of shunt-route's input, and the request it makes, routed. Reads the golden
 * table from tests/fixtures/, so it runs from the repository's root. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/tools/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct shunt_table *t;
    if (!t && shunt_open("tests/fixtures/router-1.1.shunt", &t)) {
        fputs("run this from the repository's root: it needs tests/fixtures/router-1.1.shunt\n",
              stderr);
        exit(3);
    }
    char *line = malloc(size ? size : 1); /* exact, so that reading beyond it shows */
    if (!line)
        return 0;
    memcpy(line, data, size);
    struct record r;
    record_init(&r);
    for (int again = 0; again < 2; again++) { /* its memory is used again */
        enum record_kind kind = record_read(&r, t, line, size);
        if (kind == RECORD_OK) {
            struct shunt_decision d = SHUNT_DECISION_INIT;
            if (shunt_route(t, &r.request, &d) == SHUNT_OK &&
                (d.model < 0 || d.model >= shunt_model_count(t)))
                abort();
        } else if (!memchr(r.error, 0, sizeof r.error) || r.error[0] == 0) {
            abort(); /* a refusal says why */
        }
    }
    record_deinit(&r);
    free(line);
    return 0;
}
