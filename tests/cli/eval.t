# shunt eval: controls without a router, all policies with one, rules from the config, what is stored,
# what is refused; and the public data against figures computed elsewhere.
. "$(dirname "$0")/lib.sh"
num() { /usr/bin/python3 -c 'import json,sys
j = json.load(open("out"))
for k in sys.argv[1].split("."): j = j[k]
lo, hi = float(sys.argv[2]), float(sys.argv[3])
sys.exit(0 if lo <= j <= hi else "%s is %s" % (sys.argv[1], j))' "$@"; }
between() { name="$1 lies in $2..$3"; if why=$(num "$1" "$2" "$3" 2>&1); then pass "$name"; else fail "$name" "$why"; fi; }
kinds() { /usr/bin/python3 -c 'import json
j = json.load(open("out"))
print(" ".join(sorted({p["kind"] for p in j["policies"]})))'; }

# A made-up benchmark: `cheap` can do what says "easy", `dear` does nearly all.
mkdir o
awk 'BEGIN {
    srand(7)
    split("apple pear plum fig lime kiwi mango peach grape melon", fruit, " ")
    for (i = 0; i < 900; i++) {
        easy = i % 2
        printf "{\"prompt_id\":\"p%d\",\"dataset\":\"d\",\"task\":\"t%d\",\"prompt\":\"%s %s %s number %d\"}\n", i, i % 3,
            easy ? "easy" : "hard", fruit[int(rand() * 10) + 1], fruit[int(rand() * 10) + 1], i > "o/prompts.jsonl"
        f = "{\"prompt_id\":\"p%d\",\"model\":\"%s\",\"sample\":0,\"score\":%d,\"cost_usd\":%g,\"latency_ms\":%d,\"mean_logprob\":%g}\n"
        c = rand() < (easy ? .95 : .2)
        d = rand() < .93
        printf f, i, "cheap", c, 0.0001, 80 + 40 * rand(), c ? -.1 - .1 * rand() : -.15 - rand() > "o/outcomes.jsonl"
        printf f, i, "dear", d, 0.002, 300 + 100 * rand(), -.1 > "o/outcomes.jsonl"
    }
}'
ok "import" 0 shunt import --store s.db --format outcomes o
ok "controls without a router" 0 shunt eval --store s.db --json
try "their kinds" test "$(kinds)" = "cascade constant mix oracle single task_means"
out_has '"split":"cross-fit"'
out_has 'no router is trained yet'
ok "train" 0 shunt train --store s.db --cross-fit 3 --quiet
ok "all policies" 0 shunt eval --store s.db --json --point budget=0.0008 --point share=0.5
try "their kinds" test "$(kinds)" = "cascade constant mix oracle plan point router single task_means"
between metrics.apgr .7 1.3
between metrics.aiq .8 1
between metrics.cost_share_at_best_single .3 .8
between metrics.quality_at_lambda_0 .9 1
out_has '"verdict","text":"routing adds 0.'
cp out first
ok "the same again" 0 shunt eval --store s.db --json --point budget=0.0008 --point share=0.5
try "the same bytes" cmp out first
# Points of plans are points: forecast, gate and the table know them.
usd() { /usr/bin/python3 -c 'import json
j = json.load(open("'"$1"'"))
print("%.6f" % [p["'"$2"'"] for p in j["policies"] if p["name"] == "plan:balanced"][0])'; }
ok "a forecast of plans" 0 shunt forecast --store s.db --requests-per-day 1000 --json
out_has '"name":"plan:balanced","kind":"plan"'
cp out f.json
try "costs what eval says" test "$(usd f.json usd_per_day)" = "$(usd first cost_usd_per_1k)"
try "and gives what it says" test "$(usd f.json quality)" = "$(usd first quality)"
ok "a plan against itself passes" 0 shunt gate --store s.db --baseline policy:plan:balanced --candidate policy:plan:balanced
ok "plans may cheapen the best model" 0 shunt gate --store s.db --baseline model:dear --candidate policy:plan:balanced --max-drop 0.05 --json
out_has '"candidate":"policy:plan:balanced"'
ok "no such plan" 2 shunt gate --store s.db --baseline model:dear --candidate policy:plan:none
err_has "no operating point 'plan:none' (plan:balanced, plan:cheap)"
err_lines 1
ok "a table with plans" 0 shunt compile --store s.db -o s.shunt --quiet
ok "is inspected" 0 shunt inspect s.shunt --json
out_has '"kind": "plan"'
ok "and explains whom a plan asks first" 0 shunt explain s.shunt "hard apple plum number 3" --task t1
out_has "plan:balanced"
ok "a table for people" 0 shunt eval --store s.db
out_has "advice: route with 'balanced'"
out_has "best single model here: dear"
ok "rows for programs" 0 shunt eval --store s.db --csv
out_has "name,kind,prompts,quality,quality_lo"
printf 'store: s.db\nmodels: [{name: cheap}, {name: dear}]\nrules:\n  - {name: e, any: [EASY], then: {model: cheap}}\n' >shunt.yaml
ok "rules and store from the config" 0 shunt eval --json --point budget=0.0008,share=0.5
try "a rules row" test "$(kinds)" = "cascade constant mix oracle plan point router rules single task_means"
rm shunt.yaml
ok "one model only" 0 shunt eval --store s.db --models cheap --json
out_has "is the only model, and the router is that constant"
if shunt compile -h >/dev/null 2>&1; then
    ok "which leaves the points of all models" 0 shunt compile --store s.db -o s.shunt
    ok "as they were" 0 shunt inspect s.shunt
    out_has "share=0.5"
    out_has "budget=0.0008"
fi
ok "points are in the store" 0 shunt gate --store s.db --baseline policy:best --candidate policy:balanced --max-drop 0.1
ok "status counts" 0 shunt status --store s.db --tsv

ok "an unknown model" 2 shunt eval --store s.db --models cheap,deer
err_has "deer"
ok "an unknown router" 2 shunt eval --store s.db --router nobody
ok "an unknown point" 2 shunt eval --store s.db --point fast
err_has "no operating point 'fast'"
ok "too few resamples" 2 shunt eval --store s.db --resamples 10
ok "no store" 3 shunt eval --store none.db
err_lines 1
ok "two shapes" 2 shunt eval --store s.db --json --csv

D=$SHARED/datasets
if [ -d "$D/cascades" ]; then
    ok "cascades is imported" 0 shunt import --store c.db --format outcomes "$D/cascades"
    ok "its controls" 0 shunt eval --store c.db --json
    between metrics.aiq_singles .8120 .8128
    between metrics.aiq_task_means .8275 .8305
    between metrics.aiq_task_means_raw .8265 .8295
    between metrics.cost_share_task_means .58 .70
    between metrics.quality_at_best_single_cost_task_means .847 .854
    between metrics.oracle_quality .96235 .96245
    out_has '"best_single":"llama3.1-405b"'
    ok "llmdrift is imported" 0 shunt import --store d.db --format outcomes "$D/llmdrift"
    ok "its controls" 0 shunt eval --store d.db --json
    between metrics.aiq_singles .7345 .7355
    between metrics.aiq_task_means .744 .749
    between metrics.aiq_task_means_raw .740 .745
    between metrics.oracle_quality .96895 .96905
    ok "MMLU is imported" 0 shunt import --store m.db --format routellm "$D/routellm/mmlu"
    ok "its controls" 0 shunt eval --store m.db --json
    between metrics.apgr_task_means .672 .682
    between metrics.cpt50_task_means .26 .30
    between metrics.cpt80_task_means .54 .58
    between metrics.oracle_quality .8586 .8588
    out_has '"aiq_singles":null,"aiq_singles_ci":null'
else
    skip "the public data" "no $D"
fi
done_testing
