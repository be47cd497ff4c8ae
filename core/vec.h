/* A growing array of any type, in one macro.
 *
 *   VEC(struct row) rows = {0};
 *   VEC_PUSH(&rows, r);              rows.v[0 .. rows.n-1]
 *   VEC_FREE(&rows);
 *
 * For a named type: struct row_vec VEC_BODY(struct row);
 */
#ifndef CORE_VEC_H
#define CORE_VEC_H

#include "core/mem.h"

#include <stdlib.h>

#define VEC_BODY(type)                                                                             \
    {                                                                                              \
        type *v;                                                                                   \
        size_t n, cap;                                                                             \
    }
#define VEC(type) struct VEC_BODY(type)

#define VEC_RESERVE(vec, want)                                                                     \
    do {                                                                                           \
        size_t vec_want_ = (want);                                                                 \
        if (vec_want_ > (vec)->cap) {                                                              \
            (vec)->cap = vec_want_ > (vec)->cap * 2 ? vec_want_ : (vec)->cap * 2;                  \
            if ((vec)->cap < 8)                                                                    \
                (vec)->cap = 8;                                                                    \
            (vec)->v = mem_rearray((vec)->v, (vec)->cap, sizeof *(vec)->v);                        \
        }                                                                                          \
    } while (0)

#define VEC_PUSH(vec, item)                                                                        \
    do {                                                                                           \
        VEC_RESERVE((vec), (vec)->n + 1);                                                          \
        (vec)->v[(vec)->n++] = (item);                                                             \
    } while (0)

#define VEC_FREE(vec)                                                                              \
    do {                                                                                           \
        free((vec)->v);                                                                            \
        (vec)->v = NULL;                                                                           \
        (vec)->n = (vec)->cap = 0;                                                                 \
    } while (0)

#endif
