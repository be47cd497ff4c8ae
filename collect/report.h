/* What a run comes to in the end. */
#ifndef COLLECT_REPORT_H
#define COLLECT_REPORT_H

#include "collect/collect.h"

/* The exit code of a finished run, with *e saying what is missing. */
int collect_verdict(const struct collect_summary *s, struct err *e);

#endif
