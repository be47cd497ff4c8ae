/* What one run of train is asked beside its router, and what was found. */
#ifndef CLI_STUDIES_H
#define CLI_STUDIES_H

#include "cli/study.h"
#include "cli/study_curve.h"
#include "cli/study_label.h"

struct studies_asked {
    bool encoders;      /* compare the encoders of the store */
    bool encoders_said; /* by an option, so that it must be answered */
    bool controls, curve;
    int64_t label_next; /* how many; 0: none */
    bool label_said;
    double label_usd; /* of grading one reply */
};
struct studies {
    struct study_table encoders, controls; /* n 0: not asked for */
    struct curve curve;                    /* n 0: not asked for */
    bool labels;
    struct label_wishes label;
};

/* Options that do not fit together: ERR_USAGE. one_table: --csv or --tsv, which print one. */
int studies_check(struct studies_asked *asked, bool one_table, struct err *e);
/* router: as it was stored. What was not asked for by an option and cannot be answered is a note.
 */
int studies_run(struct store *s, const char *router, const struct training *t,
                const struct train_options *o, const struct studies_asked *asked,
                struct studies *out, struct err *e);
bool studies_any(const struct studies *x);
void studies_json(const struct studies *x, struct jsonw *w); /* members of the open object */
int studies_print(const struct studies *x, enum out_shape shape, FILE *f);
void studies_deinit(struct studies *x);

#endif
