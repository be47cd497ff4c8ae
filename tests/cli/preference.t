# Votes between models: import, what is refused, an older store, merge, training, and routing by them.
. "$(dirname "$0")/lib.sh"

bad() { # NAME STATUS TEXT COMMAND...
    what=$1 want=$2 text=$3
    shift 3
    ok "$what" "$want" "$@"
    err_has "$text"
    err_lines 1
}

# 400 prompts: "big" is preferred where a proof is asked for, "small" where it is not.
awk 'BEGIN {
    srand(4)
    for (i = 0; i < 400; i++) {
        hard = i % 3 == 0
        p = rand() < 0.85 ? hard : !hard
        winner = rand() < 0.1 ? "tie" : (i % 2 ? (p ? "model_a" : "model_b") : (p ? "model_b" : "model_a"))
        printf "{\"id\":\"p%d\",\"task\":\"%s\",\"prompt\":\"%s number %d, in %d words\",\"model_a\":\"%s\",\"model_b\":\"%s\",\"winner\":\"%s\"}\n",
            i, i % 2 ? "a" : "b", hard ? "Give a proof of claim" : "Say hello to guest", i % 50, i % 7,
            i % 2 ? "big" : "small", i % 2 ? "small" : "big", winner
    }
}' >votes.jsonl

# --- import
ok "import" 0 shunt import --store s.db --format preferences votes.jsonl
out_is "400 new prompts, 0 already there
400 new votes, 0 already there, between 2 models"
ok "the same again changes nothing" 0 shunt import --store s.db --format preferences --json votes.jsonl
out_has '"votes_new":0,"votes_known":400'
printf '{"id":"q","prompt":"x","votes":[{"model_a":"big","model_b":"small","winner":0.75},{"model_a":"big","model_b":"third","winner":"both_bad"}]}\n' |
    gzip >more.jsonl.gz
ok "several votes a prompt" 0 shunt import --store m.db --format preferences --json more.jsonl.gz
out_has '"votes_new":2'
line() { # WHAT TEXT LINE
    printf '{"id":"x","prompt":"y",%s}\n' "$3" >bad.jsonl
    bad "$1" 4 "$2" shunt import --store new.db --format preferences bad.jsonl
    try "and no store stays behind" test ! -e new.db
}
line "no winner" "bad.jsonl:1: 'winner' must be a, b, tie" '"model_a":"m","model_b":"n"'
line "another winner" "'winner' must be a, b, tie" '"model_a":"m","model_b":"n","winner":"m"'
line "more than a vote" "'winner' must be a, b, tie" '"model_a":"m","model_b":"n","winner":1.5'
line "one model" "'model_b' must name a model" '"model_a":"m","winner":"a"'
line "a model against itself" "'m' stands against itself" '"model_a":"m","model_b":"m","winner":"a"'
line "votes and a winner" "both 'winner' and 'votes' are given" '"votes":[],"winner":"a"'
line "no votes" "'votes' must be an array" '"votes":[]'
line "a vote that is none" "votes[0] is not an object" '"votes":[1]'
bad "a folder" 2 "is a folder; the preferences form is one file" shunt import --store new.db --format preferences .
ok "votes are nothing to the jsonl form" 0 shunt import --store j.db votes.jsonl
err_has "key 'model_a' is not known and ignored"
bad "so there are none" 2 "has no votes; run 'shunt import --format preferences FILE'" shunt train --store j.db --cross-fit 5 --preferences
ok "status counts votes" 0 shunt status --store s.db --tsv
out_has "preference	400"

# --- an older store gets the table; a merge brings votes along
if command -v sqlite3 >/dev/null; then
    cp j.db old.db
    sqlite3 old.db "DROP TABLE preference; PRAGMA user_version=6"
    ok "a store of schema 6 takes votes" 0 shunt import --store old.db --format preferences votes.jsonl
    try "all of them" test "$(sqlite3 old.db 'SELECT count(*) FROM preference')" = 400
    try "and is sound" test "$(sqlite3 old.db 'PRAGMA integrity_check; PRAGMA foreign_key_check')" = ok
    ok "merge" 0 shunt merge s.db m.db -o all.db
    try "votes of both" test "$(sqlite3 all.db 'SELECT count(*) FROM preference')" = 402
    try "between the right models" test "$(sqlite3 all.db "SELECT a.name || b.name || outcome FROM preference JOIN model a ON a.id = model_a
        JOIN model b ON b.id = model_b JOIN prompt p ON p.id = prompt WHERE p.ext_id = 'q' ORDER BY 1" | tr '\n' ' ')" = "bigsmall0.75 bigthird0.5 "
    ok "again" 0 shunt merge s.db m.db -o all.db
    try "adds none" test "$(sqlite3 all.db 'SELECT count(*) FROM preference')" = 402
else
    skip "an older store, a merge" "sqlite3 is not installed"
fi

# --- training
bad "scores there are none" 2 "has no scored reply" shunt train --store s.db --cross-fit 5
ok "train" 0 shunt train --store s.db --cross-fit 5 --preferences
out_has "400 held-out votes: log loss"
awk '/held-out votes/ { for (i = 1; i <= NF; i++) { if ($i == "by" && $(i + 1) ~ /heads/) h = $(i - 1); if ($i == "by" && $(i + 1) == "ratings" && !r) r = $(i - 1) } }
    END { exit !(h + 0.1 < r) }' out && pass "prompts tell who wins" || fail "prompts tell who wins" "$(tail -n 3 out)"
ok "as CSV" 0 shunt train --store s.db --cross-fit 5 --preferences --csv
out_has "model,votes,won,rating,elo"
ok "as JSON" 0 shunt train --store s.db --cross-fit 5 --preferences --json
out_has '"preferences":{"votes":400,'
bad "a curve is of scores" 2 "leave it out with --preferences" shunt train --store s.db --cross-fit 5 --preferences --curve
bad "two models or more" 2 "no vote is between two of these models" shunt train --store s.db --cross-fit 5 --preferences --models big
bad "no scores to choose points by" 2 "votes are no scores" shunt eval --store s.db

# --- votes to train on, scores to choose points and to judge by: routed by what people preferred
awk '{ sub(/,"model_a".*/, ""); n++; split($0, x, "\"id\":\""); sub(/"id":"p/, "\"id\":\"t"); print $0 ",\"split\":\"" (n % 2 ? "test" : "validation") "\"}" }' votes.jsonl |
    sed 's/"prompt":"/&Please: /' >graded.jsonl
mkdir graded && sed 's/"id"/"prompt_id"/' graded.jsonl >graded/prompts.jsonl
awk '{ match($0, /"t[0-9]+"/); id = substr($0, RSTART, RLENGTH); hard = /proof/
    printf "{\"prompt_id\":%s,\"model\":\"big\",\"sample\":0,\"score\":%d,\"cost_usd\":0.002}\n", id, hard
    printf "{\"prompt_id\":%s,\"model\":\"small\",\"sample\":0,\"score\":%d,\"cost_usd\":0.0001}\n", id, !hard }' graded.jsonl >graded/outcomes.jsonl
sed 's/"winner"/"split":"train","winner"/' votes.jsonl >train.jsonl
ok "votes to train on" 0 shunt import --store r.db --format preferences train.jsonl
ok "scores to judge by" 0 shunt import --store r.db --format outcomes graded
ok "train by splits" 0 shunt train --store r.db --preferences --router bt
ok "eval" 0 shunt eval --store r.db --router bt --json
awk '{ if (match($0, /"quality_at_lambda_0":[{]?"?v?a?l?u?e?"?:?[0-9.]+/)) { v = substr($0, RSTART, RLENGTH); sub(/.*:/, "", v) } } END { exit !(v > 0.9) }' out &&
    pass "who is preferred is right" || fail "who is preferred is right" "$(head -c 600 out)"
ok "compile" 0 shunt compile --store r.db --router bt -o t.shunt
echo "Please: Give a proof of claim number 5, in 3 words" | shunt-route t.shunt --plain --point best >d1 2>err
echo "Please: Say hello to guest number 5, in 3 words" | shunt-route t.shunt --plain --point best >d2 2>err
try "a proof goes to big" grep -q '"model":"big"' d1
try "a greeting goes to small" grep -q '"model":"small"' d2
done_testing
