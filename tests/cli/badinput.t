# Bad input: one line that names the thing and the remedy, the documented status, nothing half-written.
. "$(dirname "$0")/lib.sh"
F=$ROOT/tests/fixtures/import

# bad NAME STATUS TEXT COMMAND...: exit status, one line on stderr with TEXT, nothing on stdout, and
# no store new.db left behind.
bad() {
    what=$1 want=$2 text=$3
    shift 3
    rm -f new.db*
    ok "$what" "$want" "$@"
    err_has "$text"
    err_lines 1
    if [ -s out ]; then fail "$what: stdout is empty" "$(head -3 out)"; else pass "$what: stdout is empty"; fi
    if ls new.db* >/dev/null 2>&1; then fail "$what: no store is left" "$(ls new.db*)"; else pass "$what: no store is left"; fi
}
# refused TEXT LINE...: an import of these lines is refused.
refused() {
    text=$1
    shift
    printf '%s\n' "$@" >bad.jsonl
    bad "refuses: $text" 4 "$text" shunt import --store new.db bad.jsonl
}

# --- files
bad "no such file" 3 "cannot open 'none.jsonl': No such file" shunt import --store new.db none.jsonl
bad "no such folder" 3 "cannot open 'none'" shunt import --store new.db --format outcomes none
mkdir empty half
bad "a folder without CSVs" 3 "no .csv in 'empty'" shunt import --store new.db empty
bad "a folder without prompts" 3 "no prompts.jsonl or prompts.jsonl.gz in 'empty'" shunt import --store new.db -f outcomes empty
cp "$F/outcomes/prompts.jsonl" half
bad "a folder without outcomes" 3 "no outcomes.jsonl or outcomes.jsonl.gz in 'half'" shunt import --store new.db half
: >empty.jsonl
bad "an empty data set" 4 "'empty.jsonl' holds no prompts" shunt import --store new.db empty.jsonl
printf '\n  \n' >blank.jsonl
bad "a blank data set" 4 "'blank.jsonl' holds no prompts" shunt import --store new.db blank.jsonl
: >half/outcomes.jsonl
bad "no outcomes" 4 "outcomes.jsonl' holds no outcomes" shunt import --store new.db half
bad "a file where a folder is wanted" 2 "is not a folder, which the routellm form is" shunt import --store new.db -f routellm empty.jsonl
bad "a folder where a file is wanted" 2 "'empty' is a folder" shunt import --store new.db -f jsonl empty
bad "an unknown format" 2 "did you mean 'routellm'?" shunt import --store new.db -f routelm empty
bad "no path" 2 "give a PATH" shunt import --store new.db
bad "no store named" 2 "which store?" shunt import empty.jsonl
bad "a store in no folder" 3 "nowhere/new.db" shunt import --store nowhere/new.db "$F/traffic.jsonl"

# --- stores
echo "this is a text file, long enough to be looked at as a database header, and no SQLite" >text.db
bad "not SQLite" 4 "'text.db' is not a SQLite file" shunt import --store text.db "$F/traffic.jsonl"
try "the file is as it was" grep -q "this is a text file" text.db
verbs='grade
split
prices
status
train
eval
compile -o t.shunt
forecast --requests-per-day 1000
gate --baseline a --candidate b'
each_verb() { # STORE STATUS TEXT
    while read -r verb; do bad "$verb --store $1" "$2" "$3" shunt $verb --store "$1"; done <<X
$verbs
X
}
each_verb none.db 3 "there is no store 'none.db'"
each_verb text.db 4 "is not a SQLite file"
shunt import --store good.db "$F/traffic.jsonl" >/dev/null
cp good.db newer.db
# user_version: big-endian at byte 60 of the file
printf '\000\000\003\347' | dd of=newer.db bs=1 seek=60 conv=notrunc 2>/dev/null
each_verb newer.db 6 "'newer.db' has schema version 999"
head -c 6000 good.db >cut.db
each_verb cut.db 4 "'cut.db'"
try "no table was written" test ! -e t.shunt
bad "import into a newer store" 6 "use a newer shunt" shunt import --store newer.db "$F/traffic.jsonl"

# --- lines
refused "bad.jsonl:2: column 8" '{"id":"a","prompt":"x"}' '{"id": }'
refused "bad.jsonl:1: not a JSON object" '["id"]'
refused "bad.jsonl:1: no 'id'" '{"prompt":"x"}'
refused "bad.jsonl:1: neither 'prompt' nor 'messages'" '{"id":"a"}'
refused "bad.jsonl:1: both 'prompt' and 'messages'" '{"id":"a","prompt":"x","messages":[]}'
refused "'messages' must be an array" '{"id":"a","messages":[]}'
refused "messages[0].role is 'usr'" '{"id":"a","messages":[{"role":"usr","content":"x"}]}'
refused "messages[0].role is missing" '{"id":"a","messages":[{"content":"x"}]}'
refused "messages[0].content has a part that is not text" '{"id":"a","messages":[{"role":"user","content":[{"type":"image"}]}]}'
refused "the prompt has no text" '{"id":"a","prompt":" "}'
refused "id 'a' is already that of bad.jsonl:1" '{"id":"a","prompt":"x"}' '{"id":"a","prompt":"y"}'
refused "'timestamp' must be RFC 3339" '{"id":"a","prompt":"x","timestamp":"yesterday"}'
refused "'timestamp' must be RFC 3339" '{"id":"a","prompt":"x","timestamp":1700000000}'
refused "'complexity' is 'hard', not simple, moderate or complex" '{"id":"a","prompt":"x","complexity":"hard"}'
refused "'split' is 'dev', not train, validation or test" '{"id":"a","prompt":"x","split":"dev"}'
refused "'weight' must be a number above 0" '{"id":"a","prompt":"x","weight":0}'
refused "'task' must be a string" '{"id":"a","prompt":"x","task":7}'
refused "'user' must be a string or a whole number" '{"id":"a","prompt":"x","user":[]}'
refused "parent 'p' of 'a' is not known" '{"id":"a","prompt":"x","parent":"p","stage":"s"}'
refused "'parent' and 'stage' go together" '{"id":"a","prompt":"x","stage":"s"}'
refused "unknown grader 'numerik', did you mean 'numeric'?" '{"id":"a","prompt":"x","grader":"numerik","reference":1}'
refused "a 'numeric' grader needs a 'reference'" '{"id":"a","prompt":"x","grader":"numeric"}'
refused "the reference of a 'numeric' grader must be a number" '{"id":"a","prompt":"x","grader":"numeric","reference":"ten"}'
refused "the schema keyword 'oneOf' is not supported" '{"id":"a","prompt":"x","grader":{"type":"is-json","schema":{"oneOf":[]}}}'
refused "the SQL schema of a grader does not run" '{"id":"a","prompt":"x","grader":{"type":"is-sql","schema":"CREATE TABL"},"reference":"SELECT 1"}'
refused "column 22" '{"id":"a","prompt":"x\u0000y"}'
refused "belong together" '{"id":"a","prompt":"Same text","split":"train"}' '{"id":"b","prompt":"same  text","split":"test"}'
refused "'a' (train) and 'c' (test)" '{"id":"a","prompt":"x","group":"g","split":"train"}' '{"id":"c","prompt":"y","group":"g","split":"test"}'
printf '{"id":"a","prompt":"fine"}\n{"id":"b","prompt":"caf\351"}\n' >bad.jsonl
bad "invalid UTF-8" 4 "bad.jsonl:2:24: not UTF-8" shunt import --store new.db bad.jsonl
{ printf '{"id":"a","prompt":"'; head -c 10000000 /dev/zero | tr '\0' 'x'; printf '"}\n'; } >long.jsonl
bad "a line of 10 MB" 4 "'long.jsonl' line 1 is longer than the limit of 8388608 bytes" shunt import --store new.db long.jsonl
gzip -c long.jsonl >long.jsonl.gz
bad "the same as gzip" 4 "'long.jsonl.gz' line 1 is longer" shunt import --store new.db long.jsonl.gz
gzip -c "$F/traffic.jsonl" | head -c 500 >cut.jsonl.gz
bad "a cut gzip file" 4 "'cut.jsonl.gz' is a damaged gzip file" shunt import --store new.db cut.jsonl.gz

# --- outcomes and CSVs
outcome() {
    text=$1
    mkdir -p oc
    cp "$F/outcomes/prompts.jsonl" oc
    printf '%s\n' "$2" >oc/outcomes.jsonl
    bad "refuses an outcome: $text" 4 "$text" shunt import --store new.db oc
}
outcome "outcomes.jsonl:1: prompt 'q9' is not in the prompts file" '{"prompt_id":"q9","model":"m","score":1}'
outcome "'score' must be a number from 0 to 1" '{"prompt_id":"q1","model":"m","score":2}'
outcome "'score' must be a number from 0 to 1" '{"prompt_id":"q1","model":"m","score":"1"}'
outcome "no 'model'" '{"prompt_id":"q1","score":1}'
outcome "'cost_usd' must be an amount" '{"prompt_id":"q1","model":"m","score":1,"cost_usd":"free"}'
outcome "'cost_usd' must be an amount" '{"prompt_id":"q1","model":"m","score":1,"cost_usd":-1}'
outcome "'sample' must be a whole number" '{"prompt_id":"q1","model":"m","score":1,"sample":-1}'
outcome "a second outcome of 'q1' by 'm', sample 0" '{"prompt_id":"q1","model":"m","score":1}
{"prompt_id":"q1","model":"m","score":0}'
sheet() {
    text=$1
    mkdir -p cs
    printf "$2" >cs/a.csv
    bad "refuses a CSV: $text" 4 "$text" shunt import --store new.db -f routellm cs
}
sheet "must be a header that begins with 'prompt'" 'question,m\nx,True\n'
sheet "no column of True and False" 'prompt,m\nx,maybe\n'
sheet "a.csv:3: 'm' is 'maybe', not True or False" 'prompt,m\nx,True\ny,maybe\n'
sheet "a.csv:2: 3 columns, the header has 2" 'prompt,m\nx,True,False\n'
sheet "two columns are called 'm'" 'prompt,m,m\nx,True,False\n'
sheet "never ends" 'prompt,m\n"x,True\n'
sheet "not UTF-8" 'prompt,m\nx\377,True\n'
sheet "hold no prompts" 'prompt,m\n'

# --- a failed import changes nothing in a store that was there
shunt status --store good.db --tsv | grep -v '^run' >before
printf '{"id":"new-1","prompt":"fine"}\n{"id":"new-2"}\n' >bad.jsonl
ok "a bad second line" 4 shunt import --store good.db bad.jsonl
shunt status --store good.db --tsv | grep -v '^run' >after
try "nothing of it was written" cmp before after
printf '{"id":"t-1","prompt":"another text"}\n' >bad.jsonl
ok "an id with other messages" 4 shunt import --store good.db bad.jsonl
err_has "bad.jsonl:1: prompt 't-1' is in the store with other messages"

# --- splits and price books
ok "shares that do not add up" 2 shunt split --store good.db --train .5
err_has "must add up to 1, not 0.9"
ok "by time without timestamps" 4 shunt split --store good.db --by-time
err_has "has no timestamp"
printf '{"id":"a","prompt":"only one"}\n' >one.jsonl
shunt import --store one.db one.jsonl >/dev/null
ok "too few groups" 4 shunt split --store one.db
err_has "1 groups of prompts are too few"
book() {
    text=$1
    printf "$2" >book.json
    ok "refuses a price book: $text" 4 shunt prices --store good.db --import book.json --add
    err_has "$text"
    err_lines 1
}
book "'book.json': column" '{'
book "holds no prices" '{}'
book "holds no prices" '[]'
book "'book.json' price 2: unknown price component 'inptu', did you mean 'input'?" '[{"model":"m","component":"input","usd_per_mtok":1},{"model":"m","component":"inptu","usd_per_mtok":1}]'
book "'usd_per_mtok' and nothing else" '[{"model":"m","component":"input","usd_per_request":1}]'
book "is no amount" '[{"model":"m","component":"input","usd_per_mtok":"cheap"}]'
book "unknown field 'usd_per_mtk', did you mean 'usd_per_mtok'?" '[{"model":"m","component":"input","usd_per_mtk":1}]'
book "not a date" '[{"model":"m","component":"input","usd_per_mtok":1,"from":"soon"}]'
ok "no price book" 3 shunt prices --store good.db --import none.json
done_testing
