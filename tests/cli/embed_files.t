# shunt embed from files: vectors of prompts (JSON Lines, .npy) and static word vectors.
. "$(dirname "$0")/lib.sh"

cat >prompts.jsonl <<'X'
{"id":"a","prompt":"Red apple, red apple"}
{"id":"b","prompt":"A GREEN pear"}
{"id":"c","prompt":"xyzzy"}
X
fresh() { rm -f s.db s.db-*; shunt import -q --store s.db prompts.jsonl >/dev/null; }

# --- JSON Lines
fresh
printf '{"id":"a","embedding":[1,2.5]}\n\n{"prompt_id":"b","vector":[-1e-3,0]}\n' >v.jsonl
ok "vectors come in" 0 shunt embed --store s.db --encoder mine --import v.jsonl --json
out_is '{"schema":"shunt.embed/1","encoder":"mine","dimensions":2,"prompts":3,"added":2,"replaced":0,"missing":1}'
err_has "1 of 3 prompts have no vector of 'mine'"
printf '{"id":"c","embedding":[1,1]}\n{"id":"a","embedding":[3,4]}\n' | gzip >w.jsonl.gz
ok "more of them, and other ones, from gzip" 0 shunt embed --store s.db --encoder mine --import w.jsonl.gz --json
out_has '"added":1,"replaced":1,"missing":0'
refused() { # NAME TEXT LINE
    printf '%s\n' "$3" >bad.jsonl
    ok "$1" 4 shunt embed --store s.db --encoder fresh --import bad.jsonl
    err_has "$2"
    err_lines 1
}
good='{"id":"a","embedding":[1,2]}
'
refused "an unknown id" "row 2: the store has no prompt 'zz'" "$good"'{"id":"zz","embedding":[1,2]}'
refused "another length" "row 2: the vector of prompt 'b' has 3 components, not 2" "$good"'{"id":"b","embedding":[1,2,3]}'
refused "something that is no number" "row 2: component 1 of the vector of prompt 'b' is no finite float32" "$good"'{"id":"b","embedding":[1,null]}'
refused "a number too large" "component 0 of the vector of prompt 'b' is no finite float32" "$good"'{"id":"b","embedding":[1e39,1]}'
refused "not a number" "bad.jsonl:2" "$good"'{"id":"b","embedding":[NaN,1]}'
refused "a prompt twice" "prompt 'a' has a vector further up already" "$good$good"
refused "no vector" "bad.jsonl:1: no 'embedding' (an array of numbers) for prompt 'a'" '{"id":"a"}'
refused "no id" "bad.jsonl:1: no 'id'" '{"embedding":[1]}'
refused "an empty vector" "vectors have 1 to 65536 components, not 0" '{"id":"a","embedding":[]}'
refused "no lines" "holds no vectors" ''
ok "after errors nothing is stored" 2 shunt train --store s.db --encoder endpoint:fresh
printf '{"id":"a","embedding":[1,2,3]}\n' >long.jsonl
ok "other dimensions under the same name" 6 shunt embed --store s.db --encoder mine --import long.jsonl
err_has "another name"
ok "no name" 2 shunt embed --store s.db --import v.jsonl
ok "no file" 3 shunt embed --store s.db --encoder n --import none.jsonl
ok "ids without need" 2 shunt embed --store s.db --encoder n --import v.jsonl --ids prompts.jsonl
ok "both kinds at once" 2 shunt embed --store s.db --encoder n --import v.jsonl --vectors v.jsonl

# --- .npy: version 1 of the format, written by hand (64-byte header as numpy pads it)
npy() { # FILE DESCR ORDER SHAPE, the numbers on stdin
    header="{'descr': '$2', 'fortran_order': $3, 'shape': $4, }"
    { printf '\223NUMPY\001\000\166\000'; printf '%-117s\n' "$header"; cat; } >"$1"
}
# float32 little endian: 1 = 00 00 80 3f, 2 = 00 00 00 40, -0.5 = 00 00 00 bf
rows='\000\000\200\077\000\000\000\100\000\000\000\277\000\000\200\077'
fresh
printf 'a\r\nb\n' >ids.txt
printf "$rows" | npy v.npy '<f4' False '(2, 2)'
ok "float32 rows" 0 shunt embed --store s.db --encoder np --import v.npy --ids ids.txt --json
out_has '"dimensions":2,"prompts":3,"added":2'
# float64: 1 = 3ff0..., 2 = 4000...
printf '\0\0\0\0\0\0\360\077\0\0\0\0\0\0\0\100' | npy w.npy '<f8' False '(1, 2)'
printf '{"id":"c"}\n' >ids.jsonl
ok "float64 rows, ids of JSON Lines" 0 shunt embed --store s.db --encoder np --import w.npy --ids ids.jsonl --json
out_has '"added":1,"replaced":0,"missing":0'
bad_npy() { # NAME TEXT STATUS
    ok "$1" "$3" shunt embed --store s.db --encoder bad --import bad.npy --ids ids.txt
    err_has "$2"
}
printf "$rows" | npy bad.npy '>f4' False '(2, 2)'; bad_npy "big endian" "astype('<f4')" 4
printf "$rows" | npy bad.npy '<f4' True '(2, 2)'; bad_npy "Fortran order" "ascontiguousarray" 4
printf "$rows" | npy bad.npy '<f4' False '(4,)'; bad_npy "one dimension" "not two-dimensional" 4
printf "$rows" | npy bad.npy '<f4' False '(2, 2, 1)'; bad_npy "three dimensions" "not two-dimensional" 4
printf "$rows" | npy bad.npy '<f4' False '(2, 3)'; bad_npy "a file cut off" "cut off in row 2 of 2, prompt 'b'" 4
printf "$rows" | npy bad.npy '<f4' False '(1, 2)'; bad_npy "more ids than rows" "more than 1 ids" 4
printf "$rows$rows" | npy bad.npy '<f4' False '(2, 2)'; bad_npy "numbers left over" "longer than its header says" 4
printf "$rows$rows" | npy bad.npy '<f4' False '(4, 2)'; bad_npy "more rows than ids" "has 2 ids, 'bad.npy' has 4 rows" 4
printf '\000\000\300\177\000\000\000\100\000\000\000\277\000\000\200\077' | npy bad.npy '<f4' False '(2, 2)'
bad_npy "NaN" "row 1: component 0 of the vector of prompt 'a' is no finite float32" 4
printf "$rows" | npy bad.npy '<f4' False '(2, 99999999999)'; bad_npy "dimensions beyond reason" "1 to 65536 components" 4
printf 'no numpy at all' >bad.npy; bad_npy "another format" "not a .npy file" 4
printf '\223NUMPY\011\000\166\000' >bad.npy; bad_npy "a version of the future" "version 9" 4
printf '\223NUMPY\001\000\166\000{' >bad.npy; bad_npy "a header cut off" "cut off in its header" 4
ok ".npy without ids" 2 shunt embed --store s.db --encoder bad --import v.npy
err_has "--ids"
if command -v python3 >/dev/null && python3 -c 'import numpy' 2>/dev/null; then
    python3 -c 'import numpy; numpy.save("np.npy", numpy.arange(6, dtype="f4").reshape(3, 2))'
    ok "what NumPy itself writes" 0 shunt embed --store s.db --encoder real --import np.npy --ids prompts.jsonl --json
    out_has '"added":3,"replaced":0,"missing":0'
else
    skip "what NumPy itself writes" "no numpy here"
fi

# --- word vectors
fresh
printf '4 2\nthe 9 9\nred 1 0\napple 0 1\n. . . 5 5\ngreen 2 2\n' >w2v.txt
ok "word vectors" 0 shunt embed --store s.db --encoder words --vectors w2v.txt --json
out_is '{"schema":"shunt.embed/1","encoder":"words","dimensions":2,"prompts":3,"weights":"equal","words":5,"words_used":3,"tokens_known_share":0.625000,"prompts_without_known_word":1}'
err_has "1 of 3 prompts hold no word of 'w2v.txt' and got zeros"
ok "again" 0 shunt embed --store s.db --encoder words --vectors w2v.txt
out_has "0.6250"
ok "other weights are another encoder" 6 shunt embed --store s.db --encoder words --vectors w2v.txt --weights rank
err_has "another name"
ok "which has another name" 0 shunt embed --store s.db --encoder ranked --vectors w2v.txt --weights rank
tail -n +2 w2v.txt | gzip >glove.txt.gz
ok "no heading, gzip" 0 shunt embed --store s.db --encoder glove --vectors glove.txt.gz --json
out_has '"words_used":3'
bad_words() { # NAME TEXT CONTENT
    printf "$3" >bad.txt
    ok "$1" 4 shunt embed --store s.db --encoder badwords --vectors bad.txt
    err_has "$2"
}
bad_words "a short line" "bad.txt:2: fewer than 2 numbers behind the word" 'red 1 2\ngreen 1\n'
bad_words "no number" "bad.txt:1: number 2 of word 'red' is no finite float32" 'red 1 x\n'
bad_words "infinity" "is no finite float32" 'red 1 inf\n'
bad_words "no numbers" "bad.txt:1: not a word and its numbers" 'red\n'
bad_words "nothing" "holds no word vectors" ''
bad_words "a binary file" "a NUL in the line" '3 2\nred \000\000\n'
ok "weights that are none" 2 shunt embed --store s.db --encoder x --vectors w2v.txt --weights idf

# --- and train takes them
mkdir -p t
awk 'BEGIN { srand(3); for (i = 0; i < 240; i++) { hard = i % 2; split(hard ? "prove integral theorem lemma" : "hello weather name colour", w, " ")
    printf "{\"id\":\"p%d\",\"prompt\":\"%s %s %d\"}\n", i, w[i % 4 + 1], w[int(i / 2) % 4 + 1], i >"t/prompts.jsonl"
    for (m = 0; m < 2; m++) printf "{\"prompt_id\":\"p%d\",\"model\":\"m%d\",\"score\":%d,\"cost_usd\":%g}\n", i, m, m || !hard || rand() < .1, m ? .01 : .001 >"t/outcomes.jsonl" } }'
printf 'prove 1 0\nintegral 1 .1\ntheorem 1 .2\nlemma 1 0\nhello 0 1\nweather 0 .9\nname .1 1\ncolour 0 1\n' >eight.txt
ok "labelled traffic" 0 shunt import -q --store t.db t
ok "its word vectors" 0 shunt embed --store t.db --encoder eight --vectors eight.txt
for encoder in endpoint:eight hashed+endpoint:eight; do
    ok "train on $encoder" 0 shunt train -q --store t.db --encoder $encoder --cross-fit 3
    ok "eval" 0 shunt eval -q --store t.db --json
    aiq=$(tr ',{' '\n\n' <out | sed -n 's/^"aiq":\([-0-9.e]*\).*/\1/p' | head -n 1)
    try "$encoder tells hard from easy ($aiq)" awk -v v="${aiq:-0}" 'BEGIN { exit !(v > .85) }'
done

# --- and a table holds them
ok "a table that wants vectors" 0 shunt compile --store t.db -o want.shunt
first=$(sed -n '1s/.*"prompt":"\([^"]*\)".*/\1/p' t/prompts.jsonl)
ok "is explained without, by the heads that do without" 0 shunt explain want.shunt "$first" --json
out_lacks '"term": "vector"'
cp out without
ok "with the vector that the store has" 0 shunt explain want.shunt "$first" --store t.db --json
out_has '"term": "vector"'
cp out stored
try "which makes a difference" sh -c '! cmp -s stored without'
printf '{"embedding":[0, 1]}' >v.json
ok "with one of a file" 0 shunt explain want.shunt "$first" --vector v.json --json
cp out filed
printf '[0, 1.0]' >v.json
ok "with a plain array" 0 shunt explain want.shunt "$first" --vector v.json --json
try "the same" cmp out filed
printf '[0, 1, 2]' >v.json
ok "of another length" 2 shunt explain want.shunt "$first" --vector v.json
err_has "a vector of 3 numbers is not one of encoder 'eight/2/"
printf '[0, "x"]' >v.json
ok "of no numbers" 4 shunt explain want.shunt "$first" --vector v.json
err_has "number 2 of the vector"
printf '{}' >v.json
ok "none" 4 shunt explain want.shunt "$first" --vector v.json
err_has "holds no vector"
ok "a text that no prompt has" 2 shunt explain want.shunt "nobody asked this" --store t.db
err_has "no prompt in 't.db' with this text has a vector of encoder 'eight'"
ok "a store without the encoder" 2 shunt explain want.shunt "$first" --store s.db
ok "no such file" 3 shunt explain want.shunt "$first" --vector none.json
ok "a table that has the words" 0 shunt compile --store t.db -o words.shunt --vectors eight.txt --json
out_has '"words":8,'
printf '{"text":"prove theorem lemma","point":"best"}\n' >line
ok "it routes text alone" 0 sh -c "shunt-route words.shunt <line"
out_has '"model":"m1"'
ok "and explains it" 0 shunt explain words.shunt "prove Theorem" --json
out_has '"term": "word:Theorem"'
ok "what is not these vectors' file is refused" 2 shunt compile --store t.db -o words.shunt --vectors w2v.txt
err_lines 1
sed 's/hello 0 1/hello 0 2/' eight.txt >other.txt
ok "nor one that was changed" 2 shunt compile --store t.db -o words.shunt --vectors other.txt
err_has "were not made of this file by 'shunt embed --vectors'"
ok "no such file" 3 shunt compile --store t.db -o words.shunt --vectors none.txt
ok "a table that takes none says so" 2 shunt explain words.shunt "prove" --vector v.json
err_has "takes no vector: leave --vector out"
ok "the table is as it was" 0 shunt explain words.shunt "prove Theorem"
ok "a router of text" 0 shunt train -q --store t.db --cross-fit 3
ok "and its points" 0 shunt eval -q --store t.db
ok "has no use for vectors" 2 shunt compile --store t.db -o n.shunt --vectors eight.txt
err_has "uses no vectors"
done_testing
