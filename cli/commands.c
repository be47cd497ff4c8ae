/* The command table, in the order of the pipeline. Add a row here with each new cmd_*.c. */
#include "cli/cli.h"

#include <stddef.h>

const struct command commands[] = {
    {"init", cmd_init, "write a first shunt.yaml"},
    {"import", cmd_import, "traffic, or public replies and scores, into a store"},
    {"split", cmd_split, "divide prompts into train, validation and test"},
    {"prices", cmd_prices, "show or set what the models cost"},
    {"collect", cmd_collect, "replies of every model to every prompt, never asked twice"},
    {"grade", cmd_grade, "score replies by their prompts' graders"},
    {"embed", cmd_embed, "vectors of the prompts, from an endpoint or a file"},
    {"train", cmd_train, "fit a router on the scores, with held-out predictions"},
    {"eval", cmd_eval, "compare every policy, with intervals and a verdict"},
    {"compile", cmd_compile, "write a router and its operating points as a table"},
    {"report", cmd_report, "a page with figures, and the numbers as Markdown, CSV, JSON"},
    {"card", cmd_card, "the model card of a router: data, figures, prices, limits"},
    {"forecast", cmd_forecast, "what every policy would cost a day, a month, a year"},
    {"gate", cmd_gate, "did the candidate become worse? exit 0, 1, or 10"},
    {"route", cmd_route, "decide for each line which model should answer it"},
    {"inspect", cmd_inspect, "what a compiled table holds"},
    {"explain", cmd_explain, "why a table decides as it does about one text"},
    {"diff", cmd_diff, "what changed between two tables, and which decisions move"},
    {"merge", cmd_merge, "several stores into one"},
    {"status", cmd_status, "what a store holds"},
    {NULL, NULL, NULL},
};
