/* What a run comes to, while it goes on and in the end. */
#ifndef COLLECT_REPORT_H
#define COLLECT_REPORT_H

#include "collect/collect.h"
#include "collect/purse.h"
#include "core/bars.h"

/* Draws the bars, one a model in the order of s, where that is due. failed: over all models. */
void collect_show(struct bars *b, const struct collect_summary *s, const struct purse *p,
                  int64_t failed);

/* The exit code of a finished run, with *e saying what is missing. */
int collect_verdict(const struct collect_summary *s, struct err *e);

#endif
