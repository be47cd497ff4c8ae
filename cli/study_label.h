/* shunt train --label-next: the prompts worth a label, as a table. */
#ifndef CLI_STUDY_LABEL_H
#define CLI_STUDY_LABEL_H

#include "core/jsonw.h"
#include "core/out.h"
#include "train/label_next.h"

void label_json(const struct label_wishes *x, struct jsonw *w);
int label_print(const struct label_wishes *x, enum out_shape shape, FILE *f);

#endif
