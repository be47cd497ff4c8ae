/* A result for people (aligned table) and for programs (JSON, schema shunt.eval/1). */
#ifndef EVAL_PRINT_H
#define EVAL_PRINT_H

#include "core/buf.h"
#include "core/out.h"
#include "eval/result.h"

#include <stdio.h>

/* One object and a line end, appended. What does not apply is null. */
void eval_json(const struct eval_result *r, struct buf *out);
/* Cost, quality and latency of every policy but the sweeps' rows; then, for OUT_ALIGNED, the
 * metrics, the comparisons and the sentences. 0, or -1 when writing failed. */
int eval_table(const struct eval_result *r, enum out_shape shape, FILE *f);

#endif
