/* What a report says, in the order in which a busy reader wants it. */
#ifndef REPORTS_CONTENT_H
#define REPORTS_CONTENT_H

#include "reports/data.h"
#include "reports/doc.h"

struct report_options {
    const char *title;  /* NULL: "Routing report: STORE" */
    const char *router; /* NULL: the newest */
    bool figures;
    bool simulated; /* say that replies and latencies are simulated */
};

/* Builds the whole document. Errors of the figures (reports/figures.h). doc_deinit in any case. */
int content_build(const struct report_data *d, const struct report_options *o, struct doc *doc,
                  struct err *e);

/* Private to this folder: the parts. */
void content_verdict(const struct report_data *d, struct doc *doc);
void content_tiles(const struct report_data *d, struct doc *doc);
void content_policies(const struct report_data *d, struct doc *doc);
void content_comparisons(const struct report_data *d, struct doc *doc);
void content_metrics(const struct report_data *d, struct doc *doc);
void content_points(const struct report_data *d, struct doc *doc);
void content_heat(const struct report_data *d, struct doc *doc);
void content_router(const struct report_data *d, struct doc *doc);
void content_data(const struct report_data *d, struct doc *doc);
void content_notes(const struct report_data *d, const struct report_options *o, struct doc *doc);
/* "route", "wait" (do not route yet), "nothing" (routing adds nothing), "none" (no router). */
const char *content_answer(const struct report_data *d);
/* 1 - cost(point)/cost(constant) with its paired interval; VALUE_NONE. */
struct value content_saving(const struct report_data *d, const char *point);
/* "cross-fitted in 5 folds", "test split"; heap. */
char *content_scheme(const struct report_data *d);

#endif
