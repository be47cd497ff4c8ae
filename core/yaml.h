/* YAML in (shunt.yaml; JSON is valid YAML): text -> the same tree as core/json.h. The one door to
 * libyaml. Scalars follow YAML's core schema: null, true/false, numbers, else strings; quoted ones
 * are strings. Anchors and aliases are refused, so are duplicate keys; errors carry line and
 * column.
 */
#ifndef CORE_YAML_H
#define CORE_YAML_H

#include "core/err.h"
#include "core/json.h"

int yaml_load(const char *path, struct json **out, struct err *e);
int yaml_parse(const char *name, const char *text, size_t len, struct json **out, struct err *e);
/* Where a node of a tree made here began ("line 3 column 5"); "" when not known. */
const char *yaml_where(const struct json *root, const struct json *node, char out[48]);
/* The same for the key of an object's member. */
const char *yaml_where_key(const struct json *member, char out[48]);

#endif
