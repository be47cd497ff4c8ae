# shunt gate: exit status by verdict, what it writes, what it refuses; and a real model update.
. "$(dirname "$0")/lib.sh"

# A made-up benchmark: b equals a but for 3 of 400, c fails task odd half of the time, d is never asked
# the same prompts.
mkdir o
awk 'BEGIN {
    for (i = 0; i < 400; i++) {
        t = i % 2 ? "odd" : "even"
        printf "{\"prompt_id\":\"p%d\",\"dataset\":\"d\",\"task\":\"%s\",\"prompt\":\"question number %d\"}\n", i, t, i > "o/prompts.jsonl"
        s = i % 5 ? 1 : 0
        f = "{\"prompt_id\":\"p%d\",\"model\":\"%s\",\"sample\":0,\"score\":%g,\"cost_usd\":%g,\"latency_ms\":%d}\n"
        if (i < 390) {
            printf f, i, "a", s, 0.002, 100 > "o/outcomes.jsonl"
            printf f, i, "b", i < 3 ? 1 - s : s, 0.001, 50 > "o/outcomes.jsonl"
            printf f, i, "c", i % 4 == 1 ? 0 : s, 0.001, 50 > "o/outcomes.jsonl"
        } else printf f, i, "d", s, 0.001, 50 > "o/outcomes.jsonl"
    }
}'
ok "import" 0 shunt import --store s.db --format outcomes o
ok "a model against itself passes" 0 shunt gate --store s.db --baseline a --candidate model:a
out_has "pass: a 0.8000"
ok "a small change within the margin passes" 0 shunt gate --store s.db --baseline a --candidate b --max-drop 0.02
ok "and is undecided at a tighter one" 10 shunt gate --store s.db --baseline a --candidate b --max-drop 0.003
out_has "more prompts are needed for 80 % power"
ok "a fall fails" 1 shunt gate --store s.db --baseline a --candidate c --junit j.xml --markdown m.md
out_has "fallen task: odd 0.800 -> 0.400"
out_lacks "even 0"
try "JUnit counts one failure" grep -q '<testsuites tests="3" failures="1" errors="0"' j.xml
try "Markdown says so" grep -q '^### shunt gate failed' m.md
try "the XML is well formed" /usr/bin/python3 -c 'import xml.dom.minidom as m; m.parse("j.xml")'
ok "a wide margin passes the mean" 0 shunt gate --store s.db --baseline a --candidate c --max-drop 0.3
out_has "fallen task: odd"
ok "but with --slices the task fails it" 1 shunt gate --store s.db --baseline a --candidate c --max-drop 0.3 --slices --json
out_has '"schema":"shunt.gate/1","verdict":"fail","mean_verdict":"pass"'
out_has '"lost":'
ok "Markdown on stdout" 1 shunt gate --store s.db --baseline a --candidate c --markdown -
out_has "| odd | 195 | 0.8000 | 0.4000 |"
ok "nothing to compare is no pass" 10 shunt gate --store s.db --baseline a --candidate d
out_has "nothing was compared: no prompt has a score of both 'a' and 'd'"

ok "an unknown model" 2 shunt gate --store s.db --baseline a --candidate aa
err_has "aa"
err_lines 1
ok "two names are needed" 2 shunt gate --store s.db --baseline a
ok "a table is no model" 2 shunt gate --store s.db --baseline a --candidate table:x
ok "a drop is 0 to 1" 2 shunt gate --store s.db --baseline a --candidate b --max-drop 2
ok "no store" 3 shunt gate --store none.db --baseline a --candidate b
err_lines 1
ok "a policy needs a router" 2 shunt gate --store s.db --baseline a --candidate policy:best
err_has "shunt train"
ok "a report that cannot be written" 3 shunt gate --store s.db --baseline a --candidate b --junit no/such/j.xml

if [ -d "$SHARED/datasets/llmdrift" ]; then
    ok "llmdrift is imported" 0 shunt import --store drift.db --format outcomes "$SHARED/datasets/llmdrift"
    ok "gpt-4 of June fails against March" 1 shunt gate --store drift.db --baseline gpt-4-0314 --candidate gpt-4-0613 --max-drop 0.02
    out_has "happy 0.836 -> 0.352"
    out_has "leetcode_easy 0.520 -> 0.100"
    out_has "prime 0.840 -> 0.511"
    ok "March against itself passes" 0 shunt gate --store drift.db --baseline gpt-4-0314 --candidate gpt-4-0314 --max-drop 0.02
else
    skip "a real model update" "no $SHARED/datasets/llmdrift"
fi
done_testing
