# shunt merge, --shard, and the job scripts of collect/examples/: parts put together are the whole.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
export TEST_KEY=k

grep -v '"parent"' "$BUILD/support/prompts.jsonl" | awk 'NR % 30 == 1' | head -n 150 >prompts.jsonl
grep '"parent"' "$BUILD/support/prompts.jsonl" | head -n 8 >children
# the parents of those, before them
sed 's/.*"parent":"\([^"]*\)".*/"id":"\1"/' children | sort -u >ids
grep -F -f ids "$BUILD/support/prompts.jsonl" | grep -v '"parent"' >parents
cat parents children >>prompts.jsonl
awk '!seen[$0]++' prompts.jsonl >once && mv once prompts.jsonl
provider_start
config
sql() { sqlite3 "$1" "$2"; }
# All that collecting, grading and embedding left, by what it is about; no row numbers, no times.
dump() {
    sql "$1" "SELECT p.ext_id, p.task, p.messages, p.reference, p.grader, p.stage, q.ext_id, p.grp, p.split FROM prompt p
        LEFT JOIN prompt q ON q.id = p.parent ORDER BY 1;
      SELECT m.name, m.provider, m.tier, c.hash, c.current FROM model m JOIN model_config c ON c.model = m.id ORDER BY 1, 4;
      SELECT m.name, x.component, x.pico_usd FROM price x JOIN model m ON m.id = x.model ORDER BY 1, 2;
      SELECT p.ext_id, m.name, r.sample, r.request_hash, r.text, r.finish, r.input_tokens, r.output_tokens, r.mean_logprob,
        b.body IS NOT NULL, s.grader, s.value FROM reply r JOIN prompt p ON p.id = r.prompt JOIN model_config c ON
        c.id = r.model_config JOIN model m ON m.id = c.model LEFT JOIN reply_body b ON b.reply = r.id LEFT JOIN score s ON
        s.reply = r.id ORDER BY 1, 2, 3;
      SELECT p.ext_id, m.name, a.status, a.error_class, r.request_hash FROM attempt a JOIN prompt p ON p.id = a.prompt JOIN
        model_config c ON c.id = a.model_config JOIN model m ON m.id = c.model LEFT JOIN reply r ON r.id = a.reply ORDER BY 1, 2;
      SELECT p.ext_id, e.name, e.dimensions, hex(v.vector) FROM embedding v JOIN prompt p ON p.id = v.prompt JOIN encoder e ON
        e.id = v.encoder ORDER BY 1"
}
part() { # STORE SHARD...
    store=$1
    shift
    shunt import --store "$store" prompts.jsonl && shunt collect --store "$store" --jobs 16 "$@" &&
        shunt embed --store "$store" --encoder sim "$@" && shunt grade --store "$store"
}
ok "one run" 0 part one.db
for i in 0 1 2; do ok "shard $i of 3" 0 part s$i.db --shard $i/3; done
N=$(sql one.db "SELECT count(*) FROM reply")
total=0
for i in 0 1 2; do
    n=$(sql s$i.db "SELECT count(*) FROM reply")
    try "shard $i has about a third" test "$((n * 5))" -gt "$N"
    total=$((total + n))
done
is "and no prompt is in two" "$total" "$N"
ok "a shard has nothing more to ask" 0 shunt collect --store s1.db --shard 1/3 --json
out_has '"not_asked":0'
ok "merge" 0 shunt merge s0.db s1.db s2.db -o all.db --tsv
dump one.db >one.txt
dump all.db >all.txt
try "a dump that says something" test "$(wc -l <one.txt)" -gt 1000
if cmp -s one.txt all.txt; then pass "the parts together are the whole"; else
    fail "the parts together are the whole" "$(diff one.txt all.txt | head -n 6)"; fi
is "the file is sound" "$(sql all.db 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok
ok "again, in another order, into the same file" 0 shunt merge s2.db one.db s0.db -o all.db --tsv
# The one run has tries of its own; all else was there.
is "only tries are added" "$(awk -F'\t' 'NR > 1 && $4 > 0 { print $2, $4 }' out)" "attempt $N"
sql all.db "SELECT count(*) FROM attempt" >before
ok "and again" 0 shunt merge s2.db one.db s0.db -o all.db --json
is "no try is added twice" "$(sql all.db 'SELECT count(*) FROM attempt')" "$(cat before)"
ok "a store into itself" 0 shunt merge one.db -o one.db
dump one.db >same.txt
try "is what it was" cmp one.txt same.txt
ok "the merged store has nothing to ask" 0 shunt collect --store all.db --json
out_has '"requests":0'

# --- conflicts: named, and nothing is written
cp all.db kept.db
conflict() { # NAME SQL TEXT [OPTIONS]
    rm -f bad.db
    cp s0.db bad.db
    sql bad.db "$2"
    ok "$1" 4 shunt merge bad.db -o all.db
    err_has "$3"
    err_lines 1
    if cmp -s all.db kept.db; then pass "$1: nothing is written"; else
        dump all.db >now.txt; dump kept.db >then.txt
        try "$1: nothing is written" cmp now.txt then.txt; fi
    try "$1: no file is left over" sh -c '! ls all.db.merge* 2>/dev/null'
}
conflict "another prompt of the same id" "UPDATE prompt SET messages = '[]' WHERE id = 3" "prompt '"
conflict "another model of the same name" "UPDATE model SET provider = 'else' WHERE name = 'flash'" "model 'flash'"
conflict "another encoder of the same name" "UPDATE encoder SET dimensions = 65" "encoder 'sim'"
conflict "another reply to the same request" "UPDATE reply SET text = 'no' WHERE id = 5" "the reply of '"
conflict "another price" "UPDATE price SET pico_usd = 7 WHERE component = 'input'" "the input price of model"
conflict "another score" "UPDATE score SET value = 0.25" "the score of a reply"
conflict "another current configuration" "UPDATE model_config SET hash = 'x' WHERE current = 1" "current configuration of model"
cp s0.db bad.db && sql bad.db "UPDATE reply SET text = 'no' WHERE id = 5"
ok "the first one is kept when asked" 0 shunt merge bad.db -o all.db --keep-first
err_has "1 rows say something else"
dump all.db >now.txt && dump kept.db >then.txt
try "and the store is as it was" cmp now.txt then.txt
cp s0.db bad.db && sql bad.db "UPDATE prompt SET ext_id = 'copy-' || ext_id, split = 'test'; DELETE FROM attempt"
cp s0.db left.db && sql left.db "UPDATE prompt SET split = 'train'"
ok "one text on both sides of the split" 4 shunt merge bad.db left.db -o split.db
err_has "both sides of the split"
try "makes no store" test ! -e split.db
ok "no such store" 3 shunt merge none.db -o all.db
ok "not a store" 4 shunt merge prompts.jsonl -o all.db
ok "no output" 2 shunt merge one.db
ok "no input" 2 shunt merge -o all.db
for bad in 3/3 -1/3 1 1/0 a/b 1/3x; do ok "--shard $bad" 2 shunt collect --store one.db --shard=$bad; done

# --- the job scripts, as their schedulers would run them
E=$ROOT/collect/examples
for i in 0 1 2 3; do
    PROMPTS=prompts.jsonl CONFIG=shunt.yaml OUT=slurm SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_COUNT=4 \
        COLLECT_OPTIONS="--jobs 16" sh "$E/slurm-array.sh" >job.out 2>job.err || fail "task $i" "$(tail -n 3 job.err)"
done
shunt merge slurm/*.db -o slurm.db >/dev/null
is "a Slurm array collects everything" "$(sql slurm.db 'SELECT count(*) FROM reply')" "$N"
try "it says how many tasks" grep -q '^#SBATCH --array=0-7$' "$E/slurm-array.sh"
# What the manifest's container runs, with its volume here.
mkdir data && cp prompts.jsonl shunt.yaml data
awk '/^            - \|$/ { on = 1; next } on && !/^              / { on = 0 } on' "$E/kubernetes-job.yaml" |
    sed "s|/data|$WORK/data|g" >pod.sh
try "the manifest has a script" test "$(wc -l <pod.sh)" -ge 4
for i in 0 1 2; do
    JOB_COMPLETION_INDEX=$i SHARDS=3 sh -euc "$(cat pod.sh)" >job.out 2>job.err || fail "index $i" "$(tail -n 3 job.err)"
done
shunt merge data/shards/*.db -o data/all.db >/dev/null
is "an indexed Job collects everything" "$(sql data/all.db 'SELECT count(*) FROM reply')" "$N"
for want in 'kind: Job' 'completionMode: Indexed' 'completions: 8' 'parallelism: 8' 'value: "8"' 'restartPolicy: Never'; do
    try "the manifest says $want" grep -qF "$want" "$E/kubernetes-job.yaml"
done
# Our own reader of YAML takes it: what it refuses is the first key, not the form.
ok "the manifest is YAML" 4 shunt collect --store one.db --config "$E/kubernetes-job.yaml"
err_has "apiVersion"
done_testing
