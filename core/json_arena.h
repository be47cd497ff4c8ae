/* The memory of a parsed JSON tree in one piece, or a few: cJSON asks for each node and each string
 * alone. For core/json.c only.
 */
#ifndef CORE_JSON_ARENA_H
#define CORE_JSON_ARENA_H

#include <stddef.h>

/* What cJSON allocates in this thread until json_arena_end comes from one arena, whose first piece
 * is for a text of len bytes. */
void json_arena_begin(size_t len);
void json_arena_end(void);
/* The same for a copy of n bytes, between the two; a NUL is added. */
char *json_arena_text(const char *text, size_t n);
/* Frees an arena by the address that it gave out first. */
void json_arena_free(void *first);

#endif
