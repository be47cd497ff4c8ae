/* The project's own JSONL: prompts, with references and graders where the traffic has them. */
#include "datasets/import_private.h"

#include <string.h>

static int see_prompt(struct import *im, const struct json *line, const struct import_at *at,
                      struct err *e)
{
    struct import_prompt ip;
    size_t index;
    import_prompt_init(&ip);
    int rc = import_prompt_read(im, line, at, &ip, e);
    if (rc == 0)
        rc = import_prompt_store(im, &ip, at, &index, e);
    import_prompt_deinit(&ip);
    return rc;
}

int import_jsonl(struct import *im, struct err *e)
{
    int rc = import_each_line(im, im->o->path, see_prompt, e);
    return rc ? rc : import_check_any(im, im->o->path, e);
}
