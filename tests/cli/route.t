# shunt-route, and `shunt route` where it is built: lines in, decisions out; bad input.
. "$(dirname "$0")/lib.sh"
T=$ROOT/tests/fixtures/router-1.0.shunt

# filter NAME STATUS INPUT ARGS...: feeds printf's INPUT to shunt-route
filter() {
    name=$1 want=$2 input=$3
    shift 3
    printf "$input" | shunt-route "$@" >out 2>err
    got=$?
    if [ "$got" = "$want" ]; then pass "$name"; else
        fail "$name" "exit status $got, expected $want" "$(head -n 5 err)"; fi
}
lines() { n=$(wc -l <out); if [ "$n" = "$1" ]; then pass "$1 line(s) out"; else fail "$1 line(s) out" "$n"; fi; }

filter "a plain prompt" 0 'What is 12 * 7?\n' "$T"
lines 1
out_has '{"id":1,"model":"'
out_has '"point":"balanced"}'
filter "a last line without its end" 0 'one\ntwo' "$T"
lines 2
filter "empty lines are prompts" 0 '\n\n\n' "$T"
lines 3
filter "nothing" 0 '' "$T"
lines 0
filter "records and prompts mixed" 0 '{"prompt":"x","id":"a"}\n{"no":1}\n{"messages":[{"role":"user","content":"y"}],"id":7}\n' "$T"
lines 3
out_has '{"id":"a",'
out_has '{"id":2,'
out_has '{"id":7,'
filter "--plain takes a record as text" 0 '{"prompt":"x","id":"a"}\n' --plain "$T"
out_has '{"id":1,'
filter "--jsonl wants records" 9 '{"prompt":"x"}\nplain\n{"prompt":"y","id":"z"}\n' --jsonl "$T"
lines 3
out_has '{"id":2,"error":"line 2: not JSON'
out_has '{"id":"z","model"'
err_has '1 of 3 lines'
filter "a rule forces" 0 'my lawyer says\n' "$T"
out_has '"rule":"legal","reason":"rule"'
filter "--point" 0 'x\n' --point best "$T"
out_has '"point":"best"}'
filter "a record's point" 0 '{"prompt":"x","point":"best"}\n' "$T"
out_has '"point":"best"}'
filter "a record's unknown point" 9 '{"prompt":"x","point":"none","id":4}\n' "$T"
out_has '{"id":4,"error":"line 1: the table has no operating point of that name"}'
filter "--lambda" 0 'x\n' --lambda 1e9 "$T"
out_has '"model":"small"'
filter "allowed models" 0 '{"prompt":"x","allowed":["large"]}\n' "$T" --lambda 0
out_has '"model":"large"'
out_has '"reason":"mask"'
filter "no allowed model" 9 '{"prompt":"x","allowed":[]}\n' "$T"
out_has 'no model is left'
filter "invalid UTF-8" 9 'a\377b\nx\n' "$T"
out_has '{"id":1,"error":"line 1 is not UTF-8 (byte 2)"}'
out_has '{"id":2,"model"'
filter "an escaped NUL" 9 '{"prompt":"a\\u0000"}\n' --jsonl "$T"
filter "CR LF" 0 'my lawyer\r\n' "$T"
out_has '"rule":"legal"'

filter "--events" 0 '{"prompt":"my lawyer","id":"a\\u0022b"}\nplain\n{"prompt":"x","id":17}\n' --events "$T"
lines 3
out_has '"gen_ai.operation.name":"chat","gen_ai.request.model":"large","time_unix_nano":'
out_has '"shunt.request.id":"a\"b"'
out_has '"shunt.rule":"legal"'
out_has '"shunt.request.id":"2"'
out_has '"shunt.request.id":"17"'
if command -v python3 >/dev/null; then
    cp out events
    ok "events are JSON" 0 python3 -c 'import json; print(len([json.loads(l) for l in open("events")]))'
    out_is 3
fi

# Lengths: 10 MiB is a line, a byte more is not, and what follows is routed.
head -c 8388608 /dev/zero | tr '\0' x >text8m
{ cat text8m; echo; echo short; } | shunt-route "$T" >out 2>err
try "8 MiB of text" test $? = 0
lines 2
{ cat text8m; echo x; echo short; } | shunt-route "$T" >out 2>err
try "8 MiB and a byte" test $? = 9
out_has 'line 1: the text is longer than 8 MiB'
{ cat text8m text8m; echo; echo short; printf 'last'; } | shunt-route "$T" >out 2>err
try "a line of 16 MiB" test $? = 9
lines 3
out_has '{"id":1,"error":"line 1 is longer than 10 MiB"}'
out_has '{"id":3,"model"'
cat text8m text8m | shunt-route "$T" >out 2>err
try "16 MiB without any line" test $? = 9
lines 1

# Answers come before the next question: no buffering over a pipe.
mkfifo to from
shunt-route "$T" <to >from 2>err &
PIDS="$PIDS $!"
exec 5>to 6<from
echo one >&5
if read -r answer <&6; then pass "answers line by line"; else fail "answers line by line"; fi
echo two >&5
if read -r answer <&6; then pass "and again"; else fail "and again"; fi
exec 5>&- 6<&-

yes 'a prompt' | head -n 200000 | { shunt-route "$T"; echo $? >status; } 2>err | head -n 1 >out
lines 1
try "the reader may leave" test "$(cat status)" = 0
try "quietly" test ! -s err
printf 'x\n' | shunt-route "$T" >/dev/full 2>err
try "a full disk is an I/O error" test $? = 3
err_has "cannot write standard output"

ok "no table named" 2 shunt-route
err_has "no table is named"
ok "two tables named" 2 shunt-route "$T" "$T"
ok "an unknown option" 2 shunt-route --no-such "$T"
err_has "unknown option '--no-such'"
ok "a mistyped one" 2 shunt-route --plian "$T"
err_has "unknown option '--plian'; did you mean '--plain'?"
ok "and one with a value" 2 shunt-route --taks=sums "$T"
err_has "unknown option '--taks'; did you mean '--task'?"
ok "far from all" 2 shunt-route --completely-different-and-longer-than-any "$T"
err_has "unknown option '--completely-different"
ok "a letter" 2 shunt-route -z "$T"
err_has "unknown option '-z'"
ok "no value" 2 shunt-route "$T" --task
err_has "option '--task' needs a value"
ok "a value too many" 2 shunt-route --plain=yes "$T"
err_has "option '--plain' takes no value"
ok "a lambda that is none" 2 shunt-route --lambda -1 "$T"
err_has "'-1' is no number"
ok "an unknown point" 2 shunt-route --point cheapest "$T"
err_has "it has best, balanced"
ok "--help" 0 shunt-route --help
out_has "usage: shunt-route"
ok "--version" 0 shunt-route --version
ok "no such file" 3 shunt-route none.shunt
err_has "none.shunt"
err_lines 1
: >empty.shunt
ok "an empty file" 4 shunt-route empty.shunt
err_has "'empty.shunt': the file is empty; compile it again"
err_lines 1
head -c 1000 "$T" >cut.shunt
ok "a truncated table" 4 shunt-route cut.shunt
err_has "truncated: 1000 of"
{ head -c 2000 "$T"; printf X; tail -c +2002 "$T"; } >flipped.shunt
ok "a changed byte" 4 shunt-route flipped.shunt
err_has "checksum"
printf 'SQLite format 3\0' >db
ok "another kind of file" 4 shunt-route db
err_has "not a shunt table"
ok "a folder" 3 shunt-route .

# shunt route is the same code.
if [ -x "$BUILD/shunt" ] && shunt --list-commands | grep -qx route; then
    for args in "" "--plain" "--jsonl" "--point best" "--lambda 3 --mu .1" "--task sums"; do
        printf 'hello\n{"prompt":"x","id":"q"}\nmy lawyer\n' >in
        # shellcheck disable=SC2086
        shunt-route $args "$T" <in >a 2>err; x=$?
        shunt route $args "$T" <in >b 2>err; y=$?
        if [ $x = $y ] && cmp -s a b; then pass "shunt route $args agrees"; else
            fail "shunt route $args agrees" "exit $x and $y" "$(diff a b | head -n 4)" "$(head -n 3 err)"; fi
    done
    ok "shunt route without the file" 3 shunt route none.shunt
    err_lines 1
    ok "shunt route with a cut file" 4 shunt route cut.shunt
    err_lines 1
    ok "shunt inspect" 0 shunt inspect "$T"
    out_has "medium"
    out_has "balanced"
    out_has "fixture of the tests"
    ok "shunt inspect --json" 0 shunt inspect --json "$T"
    out_has 'shunt.inspect/1'
    ok "shunt inspect of a cut file" 4 shunt inspect cut.shunt
else
    skip "shunt route agrees with shunt-route" "shunt is not built"
fi
done_testing
