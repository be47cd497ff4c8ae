/* shunt init: a first shunt.yaml with comments, never over an existing file. */
#include "cli/cli.h"

#include "core/fs.h"
#include "core/log.h"

#include <string.h>

static const char first_config[] =
    "# shunt.yaml: what `shunt collect`, `embed`, `eval` and `compile` need to know (man 5 "
    "shunt).\n"
    "store: shunt.db\n"
    "\n"
    "# From the cheapest up; a model names its tier.\n"
    "tiers: [small, large]\n"
    "\n"
    "# Prices are US dollars per million tokens. Keys are read from the variable named here.\n"
    "models:\n"
    "  - name: small\n"
    "    provider: openai\n"
    "    base_url: https://api.openai.com\n"
    "    api_key_env: OPENAI_API_KEY\n"
    "    model: gpt-4o-mini\n"
    "    tier: small\n"
    "    max_tokens: 512\n"
    "    temperature: 0\n"
    "    prices: {input: 0.15, output: 0.60, cached_read: 0.075}\n"
    "  - name: large\n"
    "    provider: openai\n"
    "    base_url: https://api.openai.com\n"
    "    api_key_env: OPENAI_API_KEY\n"
    "    model: gpt-4o\n"
    "    tier: large\n"
    "    max_tokens: 512\n"
    "    temperature: 0\n"
    "    prices: {input: 2.50, output: 10.00, cached_read: 1.25}\n"
    "\n"
    "# Rules come before the classifier.\n"
    "rules:\n"
    "  - {name: legal, any: [lawsuit, attorney, subpoena], then: {tier: large}}\n"
    "\n"
    "targets: {tier_quality: 0.8}\n";

int cmd_init(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    bool force = false;
    const struct opt opts[] = {
        OPT_FLAG('f', "force", &force, "write over an existing file"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {
        "shunt init", "[options] [FILE]",
        "Write a first configuration (shunt.yaml) with comments; shunt(5) has every key.", NULL};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    rc = cli_common_apply(&c, false, e);
    if (rc)
        return rc;
    if (argc > 1)
        return err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt init -h)", argv[1]);

    const char *path = argc ? argv[0] : "shunt.yaml";
    if (fs_exists(path) && !force)
        return err_set(e, ERR_USAGE, "'%s' is there already; --force writes over it", path);
    rc = fs_write_atomic(path, first_config, strlen(first_config), e);
    if (!rc)
        log_note("wrote '%s'; put in your models and prices, then: shunt import, shunt collect",
                 path);
    return rc;
}
