# shunt grade and shunt prices from the command line.
. "$(dirname "$0")/lib.sh"
F=$ROOT/tests/fixtures/import

mkdir data
cat >data/prompts.jsonl <<'X'
{"id":"1","task":"sum","prompt":"1 + 1","reference":2,"grader":"numeric"}
{"id":"2","task":"sql","prompt":"count","reference":"SELECT count(*) FROM t","grader":{"type":"is-sql","schema":"CREATE TABLE t(x); INSERT INTO t VALUES(1),(2)"}}
{"id":"3","task":"word","prompt":"a word","reference":"rail","grader":"equals"}
{"id":"4","task":"word","prompt":"no grader"}
{"id":"5","task":"word","prompt":"a pattern","grader":{"type":"regex","pattern":"("}}
X
cat >data/outcomes.jsonl <<'X'
{"prompt_id":"1","model":"m","score":0.5,"response":"It is 2."}
{"prompt_id":"2","model":"m","score":0.5,"response":"```sql\nSELECT 2;\n```"}
{"prompt_id":"3","model":"m","score":0.5,"response":"  rail\n"}
{"prompt_id":"4","model":"m","score":0.5,"response":"anything"}
{"prompt_id":"5","model":"m","score":0.5,"response":"anything"}
{"prompt_id":"1","model":"n","score":0.5,"response":"3"}
{"prompt_id":"2","model":"n","score":0.5,"response":"DROP TABLE t"}
X
ok "import with graders" 0 shunt import --store g.db data
ok "grade" 0 shunt grade --store g.db
out_is "6 replies graded

model  task  replies  scored  mean_score  errors  refused  no_reference
m      sql         1       1      1.0000       0        0             0
m      sum         1       1      1.0000       0        0             0
m      word        2       1      1.0000       1        0             0
n      sql         1       1      0.0000       0        1             0
n      sum         1       1      0.0000       0        0             0"
err_has "1 replies could not be judged; the first: prompt '5': the pattern is wrong at byte 1"
ok "nothing is left to grade" 0 shunt grade --store g.db
out_is "0 replies graded"
err_has "nothing is left to judge" "and says why"
ok "regrade" 0 shunt grade --store g.db --regrade --json
out_has '{"schema":"shunt.grade/1","replies":6,"errors":1,"refused":1,"no_reference":0,'
ok "as CSV" 0 shunt grade --store g.db --regrade --csv
out_has "n,sql,1,1,0.0000,0,1,0"
ok "no store" 3 shunt grade --store none.db
err_has "there is no store 'none.db'"
ok "an argument too many" 2 shunt grade --store g.db extra

# --- prices
ok "no prices yet" 0 shunt prices --store g.db --csv
out_has "m,,,,,,,"
ok "set some" 0 shunt prices --store g.db --set 'm:input=0.15,output=0.6,request=0.001,n:input=2.5' --csv
out_has "m,0.15,0.6,,,,,0.001"
out_has "n,2.5,,,,,,"
ok "a price to come is not in force" 0 shunt prices --store g.db --set m:input=9 --from 2999-01-01 --csv
out_has "m,0.15,0.6"
ok "JSON keeps the decimals" 0 shunt prices --store g.db --json
out_has '{"model":"m","input_usd_per_mtok":0.15,"output_usd_per_mtok":0.6,'
ok "an unknown model" 2 shunt prices --store g.db --set mm:input=1
err_has "no model 'mm' in the store"
ok "is added when asked" 0 shunt prices --store g.db --set mm:input=1 --add --csv
out_has "mm,1,"
ok "an unknown component" 2 shunt prices --store g.db --set m:inputs=1
err_has "did you mean 'input'?"
ok "a negative price" 2 shunt prices --store g.db --set m:input=-1
ok "no amount" 2 shunt prices --store g.db --set m:input
for f in json csv; do
    cp g.db p-$f.db
    ok "the example price book reads: $f" 0 shunt prices --store p-$f.db --import "$ROOT/datasets/prices/example.$f" --add --csv
    out_has "large,2.5," "dated and large-context prices wait: $f"
    out_has "search,,,,,,,0.005"
done
done_testing
