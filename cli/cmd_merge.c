/* shunt merge: several stores into one. */
#include "cli/cli.h"

#include "core/fs.h"
#include "core/log.h"
#include "core/mem.h"
#include "store/merge.h"

#include <stdio.h>

struct shape {
    bool json, csv, tsv;
};

static int print(const struct merge_count *count, const char *const *inputs, size_t n,
                 const struct shape *sh, struct err *e)
{
    struct out *o = out_new(out_shape_of(sh->json, sh->csv, sh->tsv), stdout, 4,
                            (const char *const[]){"input", "table", "rows", "added"});
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < MERGE_TABLES; k++) {
            if (!sh->json && count[i].rows[k] == 0)
                continue;
            out_str(o, inputs[i]);
            out_str(o, merge_tables[k]);
            out_int(o, count[i].rows[k]);
            out_int(o, count[i].added[k]);
        }
    return out_end(o) ? err_set(e, ERR_IO, "cannot write to stdout") : ERR_OK;
}

static const char epilog[] =
    "Rows are the same by what they are about: prompts by id, models by name, replies by the hash "
    "of\n"
    "their request. Merging again adds nothing. Rows that are the same and say something else are\n"
    "refused. Routers and evaluations are not merged: they were computed from a part. A FILE that\n"
    "exists is added to; it is replaced in one step, or stays as it was.\n\n"
    "  shunt collect --store shard0.db --shard 0/2 &   shunt collect --store shard1.db --shard "
    "1/2\n"
    "  shunt merge shard0.db shard1.db -o all.db\n\n"
    "Exit status: 0 done, 2 usage, 3 no such file, 4 bad format or a conflict, 6 database.\n";

int cmd_merge(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    const char *output = NULL;
    bool keep_first = false;
    struct shape sh = {0};
    const struct opt opts[] = {
        OPT_STR('o', "output", &output, "FILE", "the store to write, or to add to"),
        OPT_FLAG(0, "keep-first", &keep_first,
                 "where replies, scores or prices differ, keep those that came first"),
        OPT_FLAG(0, "json", &sh.json, "one JSON object a row"),
        OPT_FLAG(0, "csv", &sh.csv, "comma separated"),
        OPT_FLAG(0, "tsv", &sh.tsv, "tab separated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt merge", "-o FILE [options] STORE...",
                                    "Put several stores into one.", epilog};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (!output)
        return err_set(e, ERR_USAGE, "where to? give -o FILE");
    if (argc == 0)
        return err_set(e, ERR_USAGE, "which stores? name those that %s is to hold", output);
    rc = cli_common_apply(&c, false, e);
    if (rc)
        return rc;
    struct merge_count *count = mem_array((size_t)argc, sizeof *count);
    const char *const *inputs = (const char *const *)argv;
    rc = store_merge(output, inputs, (size_t)argc, keep_first, count, e);
    int64_t left = 0;
    for (int i = 0; !rc && i < argc; i++)
        left += count[i].conflicts;
    if (left)
        log_warn("%lld rows say something else than what came first; those were kept",
                 (long long)left);
    if (!rc)
        rc = print(count, inputs, (size_t)argc, &sh, e);
    free(count);
    return rc;
}
