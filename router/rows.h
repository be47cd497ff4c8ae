/* What a table's weights make of a text. For predict.c; see variant.h for the second names. */
#ifndef SHUNT_ROWS_H
#define SHUNT_ROWS_H

#include "router/internal.h"
#include "router/variant.h"

/* Replace the buckets that have a row by where it begins in rows, dropping the others; returns how
 * many. */
uint32_t shunt_find_rows(const struct shunt_table *t, const int16_t *rows, uint32_t *bucket,
                         uint32_t count);
uint32_t shunt_find_rows_wide(const struct shunt_table *t, const int16_t *rows, uint32_t *bucket,
                              uint32_t count);

/* sum[k] = sum over n rows of rows[row + k], k < columns (a multiple of 8). */
void shunt_sum_rows(const int16_t *rows, const uint32_t *row, uint32_t n, unsigned columns,
                    int32_t *sum);
void shunt_sum_rows_wide(const int16_t *rows, const uint32_t *row, uint32_t n, unsigned columns,
                         int32_t *sum);

/* sum[k] = sum over the features of weight[i * stride + k] * feature[i]. */
void shunt_sum_features(const int32_t *weight, size_t stride, const int32_t *feature,
                        unsigned columns, int64_t *sum);
void shunt_sum_features_wide(const int32_t *weight, size_t stride, const int32_t *feature,
                             unsigned columns, int64_t *sum);

#endif
