/* The `output` mapping of a model: what is done to its replies before they are graded. Doing it is
 * collect/normal.c's.
 */
#include "core/config_read.h"

#include <string.h>

static int check_rename(struct reader *r, const struct json *node)
{
    if (json_type(node) != JSON_OBJECT)
        return config_refuse(r, node, "'rename' takes a mapping, not %s", config_type_name(node));
    for (const struct json *v = json_first(node); v != NULL; v = json_next(v)) {
        if (json_str(v) == NULL || *json_str(v) == '\0')
            return config_refuse(r, v, "'rename' of '%s' takes the new name of the key",
                                 json_key(v));
        for (const struct json *w = json_first(node); w != v; w = json_next(w)) {
            if (strcmp(json_str(w), json_str(v)) == 0)
                return config_refuse(r, v, "two keys would both be named '%s'", json_str(v));
        }
    }
    return 0;
}

int config_read_output(struct reader *r, const struct json *node, void *target)
{
    struct {
        bool strip_fences;
        const char *pick;
        const struct json *rename;
    } seen = {0};
    const struct field fields[] = {
        {"strip_fences", FIELD_BOOL, (size_t)((char *)&seen.strip_fences - (char *)&seen), false, 0,
         0, NULL},
        {"pick", FIELD_TEXT, (size_t)((char *)&seen.pick - (char *)&seen), false, 0, 0, NULL},
        {"rename", FIELD_OBJECT, (size_t)((char *)&seen.rename - (char *)&seen), false, 0, 0, NULL},
    };
    int rc = config_read_object(r, node, "'output'", fields, sizeof fields / sizeof *fields, &seen);
    if (rc == 0 && seen.rename != NULL)
        rc = check_rename(r, seen.rename);
    if (rc == 0 && json_type(node) == JSON_OBJECT)
        *(const struct json **)target = node;
    return rc;
}
