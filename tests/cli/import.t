# shunt import: the three forms, what the summaries say, and that a second import changes nothing.
. "$(dirname "$0")/lib.sh"
F=$ROOT/tests/fixtures/import

# --- our own JSONL
ok "traffic is imported" 0 shunt import --store a.db "$F/traffic.jsonl"
out_is "9 new prompts, 0 already there"
ok "again" 0 shunt import --store a.db "$F/traffic.jsonl"
out_is "0 new prompts, 9 already there"
gzip -c "$F/traffic.jsonl" >t.jsonl.gz
ok "gzip, and from stdin" 0 sh -c 'gzip -dc t.jsonl.gz | shunt import --store b.db -'
out_is "9 new prompts, 0 already there"
ok "gzip as a file, format named" 0 shunt import --store c.db --format jsonl t.jsonl.gz
ok "one object with --json" 0 shunt import --store c.db --json t.jsonl.gz
out_is '{"schema":"shunt.import/1","format":"jsonl","prompts_new":0,"prompts_known":9,"prompts_left_out":0,"splits_given":1,"replies_new":0,"replies_known":0,"scores":0,"models":[]}'
ok "status counts the rows" 0 shunt status --store a.db --tsv
out_has "prompt	9"
printf '{"id":"x","prompt":"Hello","refrence":"a","zzz":1}\n{"id":"y","prompt":"Ho","zzz":2}\n' >keys.jsonl
ok "unknown keys are noted once" 0 shunt import --store d.db keys.jsonl
err_has "keys.jsonl:1: key 'refrence' is not known and ignored, did you mean 'reference'?"
err_lines 2
ok "and refused when strict" 4 shunt import --store e.db --strict keys.jsonl
err_has "keys.jsonl:1: unknown key 'refrence', did you mean 'reference'?"

# --- outcomes
ok "outcomes are imported" 0 shunt import --store o.db --format outcomes "$F/outcomes"
out_is "3 new prompts, 0 already there
7 new replies, 0 already there; 6 scores of 2 models

model  replies  scores  mean_score  mean_cost_usd
small        4       4      0.3750       0.000013
large        3       2      1.0000       0.002000"
ok "again" 0 shunt import --store o.db "$F/outcomes/"
out_has "0 new prompts, 3 already there"
out_has "0 new replies, 7 already there"
ok "as JSON" 0 shunt import --store o.db --json "$F/outcomes"
out_has '{"name":"small","replies":4,"scores":4,"mean_score":0.375,"mean_cost_usd":1.33e-05}'
ok "as CSV" 0 shunt import --store o.db --csv "$F/outcomes"
out_has "model,replies,scores,mean_score,mean_cost_usd"
mkdir zipped
for f in prompts outcomes; do gzip -c "$F/outcomes/$f.jsonl" >zipped/$f.jsonl.gz; done
ok "both files as gzip" 0 shunt import --store z.db zipped
out_has "3 new prompts, 0 already there"

# --- RouteLLM's CSVs
ok "CSVs are imported" 0 shunt import --store r.db --format routellm "$F/routellm"
out_is "4 new prompts, 0 already there, 1 left out as contaminated
7 new replies, 0 already there; 7 scores of 2 models

model        replies  scores  mean_score  mean_cost_usd
lab/weak-7b        4       4      0.5000  -
strong-1           3       3      0.6667  -"
err_has "column 'note' is neither True/False nor a model's texts and is ignored"
ok "again" 0 shunt import --store r.db -q "$F/routellm"
out_has "0 new prompts, 4 already there"
err_lines 0

# --- splits follow groups
ok "split" 0 shunt split --store o.db --json --train .4 --validation .3 --test .3
out_has '"prompts":{"train":1,"validation":1,"test":1}'
mv out first
ok "the same again" 0 shunt split --store o.db --json --train .4 --validation .3 --test .3
try "and the same output" cmp out first
ok "splits of a.db" 0 shunt split --store a.db --csv
out_has "choice,0,0,1" "a given split is kept"

# --- decontamination: equal texts, near ones, stages, outcomes
cat >traffic.jsonl <<'X'
{"id":"e","prompt":"What is  the capital of FRANCE?"}
{"id":"n","prompt":"Please tell me in one short sentence what the capital of the kingdom of Belgium is today, and since which year it has been so."}
{"id":"k","prompt":"Nothing like any of it"}
{"id":"r","prompt":"Write a report about rails"}
{"id":"r.1","prompt":"Find sources about rails","parent":"r","stage":"retrieve"}
X
printf 'what is the capital of France?\nwrite a report about rails\n' >lines.txt
printf 'id,question\n1,"please tell me in one short sentence, what the capital of the kingdom of Belgium is today, and since which year it has been"\n' | gzip >near.csv.gz
printf '{"messages":[{"role":"system","content":"x"},{"role":"user","content":"nothing like ANY of it"}]}\n"a string"\n' >all.jsonl
ok "contaminated prompts are left out" 0 shunt import --store x.db --decontaminate lines.txt --decontaminate near.csv.gz traffic.jsonl
out_is "1 new prompts, 0 already there, 4 left out as contaminated
left out: e, the text of lines.txt:1
left out: n, Jaccard 0.95 with near.csv.gz:2
left out: r, the text of lines.txt:2
left out: r.1, a stage of r"
ok "equal texts only" 0 shunt import --store y.db --json --near-duplicates 0 --decontaminate near.csv.gz,lines.txt traffic.jsonl
out_has '"prompts_new":2'
out_has '"left_out":[{"id":"e","like":"lines.txt:1","jaccard":1.0000,"in_store_from_before":false}'
ok "what is in the store stays, with a warning" 0 shunt import --store y.db --decontaminate all.jsonl traffic.jsonl
err_has "1 prompts that are to be left out came with an earlier import and stay"
ok "nothing is left" 4 shunt import --store v.db --decontaminate lines.txt,near.csv.gz,all.jsonl traffic.jsonl
err_has "every prompt of 'traffic.jsonl' is among the texts to leave out"
try "and no store stays behind" test ! -e v.db
awk '/"(prompt_id|id)"/' "$F/outcomes/prompts.jsonl" | head -n 1 >one.jsonl
ok "outcomes of a prompt go with it" 0 shunt import --store w.db --json --format outcomes --decontaminate one.jsonl "$F/outcomes"
out_has '"prompts_new":2'
out_has '"replies_new":4'
ok "CSVs of others too" 0 shunt import -q --store u.db --json --decontaminate "$F/routellm/yard_switches.csv" "$F/routellm"
out_has '"left_out":[{"id":"yard_switches:1","like":"yard_switches.csv:2"'
ok "a file that is not there" 3 shunt import --store v.db --decontaminate none.txt traffic.jsonl
printf '{"a":1}\n' >bad.jsonl
ok "a line without a text" 4 shunt import --store v.db --decontaminate bad.jsonl traffic.jsonl
err_has "bad.jsonl:1: no text to compare with"
: >void.txt
ok "an empty file" 4 shunt import --store v.db --decontaminate void.txt traffic.jsonl
err_has "'void.txt' holds no text to compare with"
ok "a similarity that means nothing, again" 2 shunt import --store v.db --decontaminate lines.txt --near-duplicates 2 traffic.jsonl

# --- near duplicates are joined when asked, and told
nearly() { awk 'BEGIN { for (i = 0; i < 40; i++) printf "{\"id\":\"n%d\",\"timestamp\":\"2026-01-%02dT00:00:00Z\",\"prompt\":\"%s\"}\n", i, i % 28 + 1,
    i < 4 ? "Why is the invoice of last month higher than the one of the month before, case " i "?" : "Prompt " i }'; }
nearly >near.jsonl
ok "prompts that are nearly the same" 0 shunt import --store n.db near.jsonl
ok "are not joined unasked" 0 shunt split --store n.db --json
out_has '"joined":{"equal_text":0,"group_key":0,"staged_request":0,"near_duplicate":0}'
ok "and are when asked" 0 shunt split --store n.db --near-duplicates .8
out_has "1 group of several prompts is kept whole; joined by near duplicate 3"
out_has "n0                   4      1"
ok "which the store remembers" 0 shunt split --store n.db --by-time --json
out_has '"near_duplicate":3}'
out_has '"largest_groups":[{"first":"n0","prompts":4,"tasks":1,"split":"train","joined_by":["near_duplicate"]}]'
out_has '"test":["2026-01-2'
ok "an import says what it did not compare" 0 shunt import --store n.db traffic.jsonl
err_has "run shunt split --near-duplicates again"
ok "until told otherwise" 0 shunt split --store n.db --near-duplicates 0
out_has "no two prompts had to be kept together"
ok "a similarity that means nothing" 2 shunt split --store n.db --near-duplicates 80
err_has "--near-duplicates takes 0.5 to 1, or 0 to forget, not 80"
printf '{"id":"a","prompt":"x"}\n{"id":"b" "prompt":"y"}\n' >cut.jsonl
ok "a damaged line" 4 shunt import --store cut.db cut.jsonl
err_has "cut.jsonl:2: column 11: " "named once, with its column"
done_testing
