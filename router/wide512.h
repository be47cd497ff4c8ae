/* From a text to the sums over its rows in one go, for x86-64 with AVX-512 as of Ice Lake and
 * Zen 4 (VBMI2, BITALG, GFNI; variant.h). The same integers as encode.c and rows.c give. For
 * predict.c. */
#ifndef SHUNT_WIDE512_H
#define SHUNT_WIDE512_H

#include "router/internal.h"
#include "router/variant.h"

#ifdef SHUNT_HAS_512

/* sum[k] = sum of column k over the distinct rows that text has in rows, which is t->rows or its
 * second set; k < columns of the shape, and up to the next multiple of 16 something. feature
 * [SHUNT_FEATURES] gets the surface features. Returns the number of rows. At most 105 KB of stack.
 */
uint32_t shunt_sum_text_512(const struct shunt_table *t, const int16_t *rows, const char *text,
                            size_t bytes, int32_t *sum, int32_t *feature);

/* Logits of one set of heads into z [columns], from these sums and features (heads512.c); first is
 * the set's first column, taskw its task's weights or NULL. What columns beyond the heads get means
 * nothing. */
void shunt_logits_512(const struct shunt_table *t, uint32_t first, const int32_t *taskw,
                      const int32_t *feature, const int32_t *sum, uint32_t kept, double *z);

/* shunt_sigmoids, for n rounded up to a multiple of 8. */
void shunt_sigmoids_512(double *z, uint32_t n);

#endif
#endif
