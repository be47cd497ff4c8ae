# shunt explain and shunt diff: a decision taken apart, two tables compared.
. "$(dirname "$0")/lib.sh"
A=$ROOT/tests/fixtures/router-1.0.shunt
B=$ROOT/tests/fixtures/router-1.1.shunt

ok "explain" 0 shunt explain "$B" "my lawyer wants 12 * 7" --task sums
out_has "large (rule)"
out_has "legal"
out_has "feature:log_bytes"
out_has "bias"
out_has "balanced"
out_has "utility at"
ok "explain --json" 0 shunt explain --json "$B" "What is 12 * 7?" --task sums --point best
out_has '"shunt.explain/1"'
out_has '"task:sums"'
# All terms of a model sum to its logit: the fixture has no calibration, so to its probability.
if command -v python3 >/dev/null; then
    cat >sum.py <<'P'
import json, math, sys
x = json.load(open(sys.argv[1]))
for m, model in enumerate(x["models"]):
    z = sum(t["logit"][m] for t in x["terms"])
    p = 1 / (1 + math.exp(-z))
    assert abs(p - model["quality"]) < 1e-6, (model, p)
names = [t["term"] for t in x["terms"]]
assert x["known_ngrams"] + 16 + 1 + 1 == len(names), names
for point in x["points"]:
    u = {k: v for k, v in point["utility"].items() if v is not None}
    if point["reason"] == "utility":
        assert max(u, key=u.get) == point["model"], point
P
    cp out x.json
    ok "terms sum to the probability" 0 python3 sum.py x.json
    for text in "" "a b a b a" "Write a poem about $(seq 1 300 | tr '\n' ' ')" "été 日本語 x"; do
        shunt explain --json "$B" "$text" --task chat >x.json
        ok "and of '$(printf %.12s "$text")'" 0 python3 sum.py x.json
    done
else
    skip "terms sum to the probability" "no python3"
fi
if command -v python3 >/dev/null; then
    grep -v known_ngrams sum.py >sum2.py
    for text in "" "The lawyer, the THE word is what?" "résumé x1 12 12"; do
        shunt explain --json "$ROOT/tests/fixtures/router-1.2.shunt" "$text" --task chat >x.json
        ok "with word vectors and ranges, '$(printf %.12s "$text")'" 0 python3 sum2.py x.json
    done
    try "words are named" grep -q '"word:12"' x.json
fi
printf 'my lawyer' | shunt explain "$B" - >out 2>err
out_has "large (rule)"
ok "--top 1" 0 shunt explain --top 1 "$B" "a b c"
out_has "(others)"
ok "an unknown point" 2 shunt explain "$B" x --point none
err_has "best"
ok "an unknown task is told" 0 shunt explain "$B" x --task none
err_has "knows no task 'none'"
ok "no text" 2 shunt explain "$B"
ok "no table" 3 shunt explain none.shunt x
err_lines 1
ok "no table at all" 4 shunt explain "$ROOT/Makefile" x
err_lines 1

ok "diff of a table and itself" 0 shunt diff "$A" "$A" --exit-code
out_is "the tables are the same, byte by byte"
ok "diff" 0 shunt diff "$A" "$B"
out_has "checksum"
out_lacks "model"
printf 'one two three\n{"prompt":"my lawyer","id":1}\n{"prompt":"12 * 7","task":"sums"}\n' >traffic
ok "diff --traffic" 0 shunt diff "$A" "$B" --traffic traffic
out_has "0 of 3 decisions move"
out_lacks "requests"
ok "diff --exit-code" 1 shunt diff "$A" "$B" --exit-code
err_lines 0
ok "diff --json" 0 shunt diff --json "$A" "$B" --traffic traffic --point best
out_has '"shunt.diff/1"'
out_has '"moved": 0'
ok "diff of one table" 2 shunt diff "$A"
ok "diff at an unknown point" 2 shunt diff "$A" "$B" --point none
ok "diff without traffic's file" 3 shunt diff "$A" "$B" --traffic none
err_lines 1
ok "diff without a table" 3 shunt diff "$A" none.shunt
done_testing
