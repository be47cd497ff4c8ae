# The demo, whole: every stage on the shipped data against the loopback provider, in a few seconds.
. "$(dirname "$0")/lib.sh"

SHUNT_DEMO_LIMIT=${SHUNT_SANITIZED:+500}
SHUNT_DEMO_LIMIT=${SHUNT_DEMO_LIMIT:-1500}
export SHUNT_DEMO_LIMIT SHUNT_BUILD="$BUILD"
ok "the demo runs through" 0 sh "$ROOT/datasets/support/demo.sh" "$WORK/demo"
[ -s err ] && sed 's/^/# /' err | tail -n 3
out_has "verdict:" "it ends with a verdict"
out_has "balanced" "it shows the operating points"
out_has '"id":"fire"' "it routes three prompts"
out_has '"rule":"legal-words"' "a rule fires"
out_has "report/index.html" "it names the report"
try "the report is there" test -s demo/report/index.html
try "the table is there" test -s demo/support.shunt
try "replies simulated are called so" grep -qi simulated demo/report/index.html

# Everything again on the same store: nothing is asked twice, and the same seed gives the same table.
S=demo/support.db
ok "train again" 0 shunt train -q --store $S --router r1
ok "eval again" 0 shunt eval -q --store $S --config demo/shunt.yaml --json
cp out eval.json
ok "compile again" 0 shunt compile -q --store $S --config demo/shunt.yaml --router r1 -o again.shunt
if cmp -s demo/support.shunt again.shunt; then pass "the same store and seed give the same bytes"; else
    fail "the same store and seed give the same bytes" "$(cmp demo/support.shunt again.shunt 2>&1)"; fi
for key in '"schema":"shunt.eval/1"' '"split":"test"' '"policies":' '"metrics":' '"kind":"single"' '"kind":"constant"' \
    '"kind":"mix"' '"kind":"task_means"' '"kind":"oracle"' '"kind":"rules"' '"kind":"router"' '"kind":"point"' \
    '"kind":"cascade"' '"quality_ci":' '"cost_usd_per_1k_ci":' '"latency_p95_ms":' '"aiq_ci":' '"apgr":' '"best_single":'; do
    if grep -qF -- "$key" eval.json; then pass "eval --json has $key"; else fail "eval --json has $key" "$(head -c 300 eval.json)"; fi
done
ok "status" 0 shunt status --store $S
out_has "prediction"
done_testing
