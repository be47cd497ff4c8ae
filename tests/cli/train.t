# shunt train and shunt compile: summaries, what is refused and how, reproducible bytes, real data.
. "$(dirname "$0")/lib.sh"

# 300 made-up prompts: "big" is always right, "small" on what does not mention a proof.
mkdir data
awk 'BEGIN {
    srand(3)
    for (i = 0; i < 300; i++) {
        hard = i % 3 == 0
        printf "{\"prompt_id\":\"p%d\",\"task\":\"%s\",\"prompt\":\"%s number %d, in %d words\"}\n", i,
            i % 2 ? "a" : "b", hard ? "Give a proof of claim" : "Say hello to guest", i % 50, i % 7 > "data/prompts.jsonl"
        printf "{\"prompt_id\":\"p%d\",\"model\":\"small\",\"sample\":0,\"score\":%d,\"cost_usd\":0.0001,\"latency_ms\":100}\n", i,
            hard ? (rand() < 0.1) : (rand() < 0.9) > "data/outcomes.jsonl"
        printf "{\"prompt_id\":\"p%d\",\"model\":\"big\",\"sample\":0,\"score\":1,\"cost_usd\":0.002,\"latency_ms\":900}\n", i > "data/outcomes.jsonl"
    }
}'
ok "import" 0 shunt import --store s.db --format outcomes data

# --- refusals: one line, the documented status, no router
bad() { # NAME STATUS TEXT COMMAND...
    what=$1 want=$2 text=$3
    shift 3
    ok "$what" "$want" "$@"
    err_has "$text"
    err_lines 1
}
bad "no splits" 2 "run 'shunt split', or give --cross-fit K" shunt train --store s.db
bad "no store" 3 "there is no store 'none.db'" shunt train --store none.db --cross-fit 5
try "and none is made" test ! -e none.db
bad "one fold" 2 "--cross-fit takes 2 to 1000 folds, not 1" shunt train --store s.db --cross-fit 1
bad "an unknown model" 2 "did you mean 'small'?" shunt train --store s.db --cross-fit 5 --models smal
bad "an unknown encoder" 2 "--encoder takes hashed" shunt train --store s.db --cross-fit 5 --encoder bert
bad "a bad C" 2 "--c-grid takes numbers" shunt train --store s.db --cross-fit 5 --c-grid 0.1,x
bad "C twice" 2 "--c-grid has 1 twice" shunt train --store s.db --cross-fit 5 --c-grid 1,1
bad "a negative seed" 2 "--seed takes a whole number" shunt train --store s.db --cross-fit 5 --seed=-1
bad "an operand" 2 "takes no operand 'x'" shunt train --store s.db --cross-fit 5 x
bad "compile without a router" 2 "run 'shunt train'" shunt compile --store s.db -o t.shunt
bad "compile without -o" 2 "give -o FILE" shunt compile --store s.db
head -c 4096 /dev/zero >zero.db
bad "not SQLite" 4 "'zero.db'" shunt train --store zero.db --cross-fit 5

# --- training
ok "train" 0 shunt train --store s.db --cross-fit 5 -q
out_has "router r1: 300 prompts, 5 folds"
out_has "constant" "a model that is always right is a constant"
err_lines 0
bad "compile without points" 2 "run 'shunt eval' first" shunt compile --store s.db -o t.shunt
try "no table is made" test ! -e t.shunt
ok "train as JSON" 0 shunt train --store s.db --cross-fit 5 --seed 2 --router second --json
out_has '"schema":"shunt.train-summary/1"'
out_has '"router":"second"'
ok "train as CSV" 0 shunt train --store s.db --cross-fit 5 --csv --c-grid 1 --jobs 1
out_has "model,prompts,mean_score,log_loss,task_means,base_rate,ece,c,shrinkage,calibration"
ok "train by splits" 0 sh -c 'shunt split --store s.db >/dev/null && shunt train --store s.db --router bysplits'
out_has "log loss on test"
ok "one model only" 0 shunt train --store s.db --cross-fit 3 --models big --router single
out_has "one model only: the router is that model"

# --- one more model beside a router
ok "a router of one model" 0 shunt train --store s.db --cross-fit 5 --models small --router one
ok "a model beside it" 0 shunt train --store s.db --add-model big --from one --router two
out_has "router two: the 2 models of one with big added"
ok "which eval takes" 0 shunt eval --store s.db --router two
ok "a model fitted anew" 0 shunt train --store s.db --add-model small --from two --json
out_has '"schema":"shunt.train-add/1"'
out_has '"replaced":true'
bad "beside no router" 2 "has no router 'nope'" shunt train --store s.db --add-model big --from nope
bad "an unknown model beside" 2 "did you mean 'big'?" shunt train --store s.db --add-model bigg
bad "its folds are the router's" 2 "leave out --cross-fit" shunt train --store s.db --add-model big --cross-fit 5
bad "its C too" 2 "leave out --c-grid" shunt train --store s.db --add-model big --c-grid 1
bad "--from alone" 2 "give both" shunt train --store s.db --from one

# --- encoders beside each other
ok "no vectors, nothing to compare" 0 shunt train --store s.db --cross-fit 5 --router plain
out_lacks "encoders on the same folds"
ok "and it says so where asked" 0 shunt train --store s.db --cross-fit 5 --router plain --compare-encoders
err_has "there is nothing to compare with: shunt embed"
awk 'BEGIN { srand(5); for (i = 0; i < 300; i++)
    printf "{\"id\":\"p%d\",\"embedding\":[%f,%f,1]}\n", i, i % 3 == 0, rand() }' >v.jsonl
head -n 299 v.jsonl >some.jsonl
ok "vectors of some prompts" 0 shunt embed --store s.db --encoder part --import some.jsonl
ok "are left out" 0 shunt train --store s.db --cross-fit 5 --router plain
err_has "left out of the comparison: part: 1 of 300 prompts have no vector"
ok "vectors of all" 0 shunt embed --store s.db --encoder tell --import v.jsonl
ok "every encoder by default" 0 shunt train --store s.db --cross-fit 5 --router plain
out_has "encoders on the same folds, * the router's own"
try "hashed, the vectors, both" test "$(grep -cE '^(hashed \*|endpoint:tell|hashed\+endpoint:tell) ' out)" = 3
ok "not where one was chosen" 0 shunt train --store s.db --cross-fit 5 --router plain --encoder endpoint:tell
out_lacks "encoders on the same folds"
ok "not where told so" 0 shunt train --store s.db --cross-fit 5 --router plain --no-compare-encoders
out_lacks "encoders on the same folds"
ok "asked for" 0 shunt train --store s.db --cross-fit 5 --router plain --encoder endpoint:tell --compare-encoders --csv
out_has "encoder,numbers,metric,value,lo,hi,less_hashed,less_hashed_lo,less_hashed_hi"
out_has "endpoint:tell,3,log_loss,"
ok "as JSON" 0 shunt train --store s.db --cross-fit 5 --router plain --json
out_has '"encoders":[{"name":"hashed","trained":true,"numbers":0,"fit_seconds":'
out_has '{"name":"hashed+endpoint:tell","trained":false,"numbers":3,'

# --- a search over features
ok "search features" 0 shunt train --store s.db --cross-fit 3 --router searched --search full --no-compare-encoders
out_has "features searched: surface"
ok "quick is the default" 0 shunt train --store s.db --cross-fit 3 --router quick --search quick --no-compare-encoders
out_lacks "features searched"
ok "what was searched compiles" 0 sh -c 'shunt eval --store s.db --router searched && shunt compile --store s.db --router searched -o searched.shunt'
bad "another search" 2 "--search takes quick or full, not 'half'" shunt train --store s.db --cross-fit 3 --search half
bad "a search for a head beside a router" 2 "leave out --search" shunt train --store s.db --add-model big --search full

# --- controls
ok "the controls" 0 shunt train --store s.db --cross-fit 5 --router controls --controls --no-compare-encoders
out_has "the router and its controls on the same folds"
for row in "router \\*" "nearest neighbours, k [0-9]+" "task means" "best constant" "random mix at its cost" "random" "hull of single models"; do
    try "row: $row" grep -qE "^$row  " out
done
ok "as CSV" 0 shunt train --store s.db --cross-fit 5 --router controls --controls --csv
out_has "best constant,,quality_at_lambda_0,"
ok "as JSON" 0 shunt train --store s.db --cross-fit 5 --router controls --controls --json
out_has '"controls":[{"name":"router","trained":true,"fit_seconds":'
bad "controls beside a router" 2 "leave out --controls" shunt train --store s.db --add-model big --controls

# --- learning curve, what to label next
ok "a learning curve" 0 shunt train --store s.db --cross-fit 5 --router curve --curve --no-compare-encoders
out_has "learning curve: nested fractions of what trains"
out_has "advice: "
try "three sizes" test "$(grep -cE "^ *(0.2500|0.5000|1.0000) " out)" = 3
ok "the curve as CSV" 0 shunt train --store s.db --cross-fit 5 --router curve --curve --csv
out_has "fraction,repeats,labels,log_loss,task_means,gain,gain_lo,gain_hi,seconds"
ok "as JSON" 0 shunt train --store s.db --cross-fit 5 --router curve --curve --label-next 5 --json
out_has '"drop_at_2_times":{"value":'
out_has '"label_next":{"candidates":0'
printf '{"id":"n%d","task":"a","prompt":"Give a proof of claim number %d, in 3 words"}\n' 1 1 2 2 3 3 >more.jsonl
cp s.db more.db
ok "prompts without a reply" 0 shunt import --store more.db more.jsonl
ok "are listed" 0 shunt train --store more.db --cross-fit 5 --label-next 2 --label-cost 0.01 --no-compare-encoders
out_has "to label next: 2 of 3 prompts that lack a score of some model"
ok "as TSV" 0 shunt train --store more.db --cross-fit 5 --label-next 2 --tsv
try "a header and two rows" test "$(wc -l <out)" = 3
bad "no prompt to label" 2 "--label-next takes 1 to 1000000" shunt train --store s.db --cross-fit 5 --label-next 0
bad "a negative cost" 2 "--label-cost takes US dollars from 0" shunt train --store s.db --cross-fit 5 --label-next 1 --label-cost=-1
bad "a cost of nothing" 2 "give both" shunt train --store s.db --cross-fit 5 --label-cost 1
bad "two tables as CSV" 2 "print one table" shunt train --store s.db --cross-fit 5 --label-next 1 --curve --csv
bad "a curve beside a router" 2 "leave out --curve" shunt train --store s.db --add-model big --curve
mkdir few && head -n 60 data/prompts.jsonl >few/prompts.jsonl && grep -E '"p([0-9]|[1-5][0-9])"' data/outcomes.jsonl >few/outcomes.jsonl
ok "sixty prompts" 0 shunt import --store few.db --format outcomes few
bad "are too few for a curve" 2 "too few for a learning curve" shunt train --store few.db --cross-fit 5 --curve -q

# --- compile
ok "eval" 0 shunt eval --store s.db
ok "train again" 0 shunt train --store s.db --cross-fit 5 --router r1
ok "eval r1" 0 shunt eval --store s.db --router r1
ok "compile" 0 shunt compile --store s.db --router r1 -o t.shunt
out_has "t.shunt: router r1, 2 models in 2 tiers"
ok "compile again" 0 shunt compile --store s.db --router r1 -o u.shunt --json
out_has '"best_model_changed_share":0'
try "the same bytes" cmp t.shunt u.shunt
echo "Give a proof of claim number 5, in 3 words" | shunt-route t.shunt --plain >d1
echo "Say hello to guest number 5, in 3 words" | shunt-route t.shunt --plain >d2
try "a hard prompt is of the big tier" grep -q '"tier":"big"' d1
try "an easy prompt is of the small tier" grep -q '"tier":"small"' d2
cp t.shunt before
bad "compile of an unknown router" 2 "has no router 'nope'" shunt compile --store s.db --router nope -o t.shunt
bad "compile into no folder" 3 "cannot write" shunt compile --store s.db --router r1 -o nowhere/t.shunt
printf 'rulez: []\n' >bad.yaml
bad "a bad config" 4 "bad.yaml" shunt compile --store s.db --router r1 -o t.shunt --config bad.yaml
printf 'models:\n  - {name: huge}\nrules:\n  - {name: r, any: [x], then: {model: huge}}\n' >rule.yaml
bad "a rule for another model" 2 "rule 'r' asks for model 'huge'" shunt compile --store s.db --router r1 -o t.shunt --config rule.yaml
try "the old table is as it was" cmp t.shunt before
try "no temporary file is left" sh -c '! ls t.shunt.* u.shunt.* 2>/dev/null'

# --- real replies: fractional scores of twenty samples, and two models of nine
if [ -d "$SHARED/datasets/date-understanding" ]; then
    shunt import --store d.db --format outcomes "$SHARED/datasets/date-understanding" >/dev/null
    ok "twenty samples a prompt" 0 shunt train --store d.db --cross-fit 5 --json
    out_has '"mean_score":0.672'
    shunt import --store c.db --format outcomes "$SHARED/datasets/cascades" >/dev/null
    ok "cascades" 0 shunt train --store c.db --cross-fit 3 --models gpt-4o,llama3.1-8b --c-grid 1 --csv
    awk -F, 'NR > 1 && $4 + 0.012 > $5 { bad = 1 } END { exit bad || NR != 3 }' out &&
        pass "heads beat the task means by .012 of log loss" || fail "heads beat the task means by .012 of log loss" "$(cat out)"
    # Two hundred folds take minutes; the first signal ends them cleanly whenever it comes.
    ok "an interrupted training says so" 9 timeout --preserve-status -s INT 1 shunt train --store c.db --cross-fit 200 --router half
    err_has "interrupted; nothing was stored"
    bad "and stores nothing" 2 "has no router 'half'" shunt compile --store c.db --router half -o t.shunt
else
    skip "real data" "$SHARED/datasets is absent"
fi
done_testing
