# shunt report: files, exit status, and that an error writes nothing.
. "$(dirname "$0")/lib.sh"

ok "no folder" 2 shunt report --store none.db
err_has "-o DIR"
err_lines 1
ok "no store" 3 shunt report --store none.db -o rep
err_lines 1
try "nothing is written without a store" test ! -e rep
echo "not a database, but long enough to be taken for one by its size" >junk.db
ok "not a store" 4 shunt report --store junk.db -o rep
try "nothing is written from junk" test ! -e rep

# A small store by import: two models, scores and costs, two tasks.
mkdir data
awk 'BEGIN { for (i = 0; i < 240; i++) {
    t = i % 2 ? "sums" : "words"
    printf("{\"prompt_id\":\"p%d\",\"task\":\"%s\",\"prompt\":\"%s number %d of the kind %d\"}\n",
        i, t, t, i, i % 7) > "data/prompts.jsonl"
    for (m = 0; m < 2; m++)
        printf("{\"prompt_id\":\"p%d\",\"model\":\"%s\",\"score\":%d,\"cost_usd\":%.6f,\"latency_ms\":%d}\n",
            i, m ? "large" : "small", (m ? i % 9 != 0 : i % 7 < 4), m ? 0.002 : 0.0003,
            100 + 50 * m + i % 10) > "data/outcomes.jsonl" } }'
ok "import" 0 shunt import --store s.db --format outcomes data
ok "nothing evaluated yet" 2 shunt report --store s.db -o rep
err_has "run 'shunt eval' first"
err_lines 1
try "nothing is written before eval" test ! -e rep

ok "train" 0 shunt train --store s.db --cross-fit 4 --c-grid 1
ok "a router that is not evaluated" 2 shunt report --store s.db -o rep
err_has "router 'r1'"
err_has "run 'shunt eval' first"
ok "eval" 0 shunt eval --store s.db
ok "report" 0 shunt report --store s.db -o rep/deep --title 'A <b> title' --simulated
out_is "rep/deep/index.html"
for f in index.html report.md report.csv report.json cost-quality.svg share-quality.svg calibration.svg; do
    try "$f is there" test -s "rep/deep/$f"
done
try "no temporary file is left" sh -c '! ls -A rep/deep | grep -q tmp'
cp rep/deep/index.html out
out_has '<h1>A &lt;b&gt; title</h1>'
out_has 'Replies and latencies are simulated'
out_has 'cross-fitted in 4 folds'
out_lacks '<script'
out_lacks 'plan.aiq'
out_lacks 'a plan may look at a reply'
cp rep/deep/report.json first.json
ok "again" 0 shunt report --store s.db -o rep/deep --title 'A <b> title' --simulated
try "the same store gives the same bytes" cmp first.json rep/deep/report.json
ok "a router that is not there" 2 shunt report --store s.db -o rep2 --router r7
err_has "no router 'r7'"
mkdir empty
ok "without gnuplot" 3 env PATH="$WORK/empty" "$BUILD/shunt" report --store s.db -o rep2
err_has "install gnuplot-nox"
try "nothing is written without gnuplot" test ! -e rep2
ok "--no-figures needs none" 0 env PATH="$WORK/empty" "$BUILD/shunt" report --store s.db -o rep2 --no-figures
try "no figure is written" sh -c '! ls rep2 | grep -q svg'
echo x >file
ok "a folder that is a file" 3 shunt report --store s.db -o file --no-figures
err_lines 1
done_testing
