/* Texts that must not be in the traffic: a benchmark's questions, another set's test prompts.
 *
 * A prompt is contaminated when its normalised text (core/utf8.h) is that of a text in the files,
 * or when it is a near duplicate of one (minhash.h). Files, plain or gzip:
 *
 *   .jsonl .ndjson .json   one JSON a line: a string, or an object with messages, prompt, text,
 *                          eval_prompt, question or input (the first of these that is there)
 *   .csv                   with a column of one of these names, or a single column
 *   others                 one text a line
 */
#ifndef DATASETS_DECONTAMINATE_H
#define DATASETS_DECONTAMINATE_H

#include "core/fs.h"

#include <stddef.h>

struct decon;
/* Reads all files. jaccard: .5 to 1, or 0 for equal texts only. ERR_IO, ERR_FORMAT (file and line;
 * a file without any text), ERR_USAGE (jaccard). *out on success. */
int decon_open(const struct str_vec *paths, double jaccard, struct decon **out, struct err *e);
void decon_free(struct decon *d);

/* Is text in the files? *where: "FILE:LINE", borrowed; *jaccard: 1 for an equal text. */
bool decon_find(const struct decon *d, const char *text, size_t len, const char **where,
                double *jaccard);

#endif
