/* Lines of a JSONL file -> checked JSON objects; keys that nobody knows are told once. What the
 * keys mean is import_prompt.c's and import_outcomes.c's affair.
 */
#include "datasets/import_private.h"

#include "core/fs.h"
#include "core/log.h"
#include "core/opt.h"
#include "core/utf8.h"

#include <string.h>

static int line_parse(const char *path, size_t number, const char *line, size_t len,
                      struct json **out, struct err *e)
{
    size_t good = utf8_check(line, len);
    if (good < len)
        return err_set(
            e, ERR_FORMAT,
            "%s:%zu:%zu: not UTF-8 from this byte of the line on (convert the file to UTF-8)", path,
            number, good + 1);
    int rc = json_parse(line, len, out, e);
    if (rc)
        return err_wrap(e, rc, "%s:%zu", path, number);
    if (json_type(*out) != JSON_OBJECT) {
        json_free(*out);
        *out = NULL;
        return err_set(e, ERR_FORMAT, "%s:%zu: not a JSON object (JSON Lines: one object a line)",
                       path, number);
    }
    return ERR_OK;
}

int import_each_line(struct import *im, const char *path,
                     int (*see)(struct import *im, const struct json *line,
                                const struct import_at *at, struct err *e),
                     struct err *e)
{
    struct fs_lines *lines;
    int rc = fs_lines_open(path, IMPORT_TEXT_MAX, &lines, e);
    if (rc)
        return rc;
    char *line;
    size_t len;
    while ((rc = fs_lines_next(lines, &line, &len, e)) == 1) {
        size_t number = fs_lines_number(lines);
        if (strspn(line, " \t\r\f\v") == len)
            continue;
        struct json *tree = NULL;
        struct import_at at = {path, number};
        rc = line_parse(path, number, line, len, &tree, e);
        if (rc == 0)
            rc = see(im, tree, &at, e);
        json_free(tree);
        if (rc == 0)
            rc = import_tick(im, e);
        if (rc)
            break;
    }
    fs_lines_close(lines);
    return rc;
}

static bool key_known(const char *key, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

int import_check_keys(struct import *im, const struct json *object, const char *const *keys,
                      size_t n, const struct import_at *at, struct err *e)
{
    for (const struct json *m = json_first(object); m; m = json_next(m)) {
        const char *key = json_key(m);
        if (key_known(key, keys, n))
            continue;
        const char *near = opt_nearest(key, keys, n);
        if (im->o->strict)
            return err_set(e, ERR_FORMAT, "%s:%zu: unknown key '%s'%s%s%s", at->path, at->line, key,
                           near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
        int added;
        strmap_add(im->ignored, key, &added);
        if (added)
            log_note("%s:%zu: key '%s' is not known and ignored%s%s%s", at->path, at->line, key,
                     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return ERR_OK;
}

char *import_find(const char *dir, const char *name)
{
    AUTO_FREE char *plain = fs_join(dir, name);
    AUTO_FREE char *zipped = mem_printf("%s.gz", plain);
    char **which = fs_exists(plain) ? &plain : fs_exists(zipped) ? &zipped : NULL;
    if (!which)
        return NULL;
    char *found = *which;
    *which = NULL; /* moved to the caller */
    return found;
}
