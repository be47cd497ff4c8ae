# shunt embed against the loopback provider.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"

head -n 400 "$BUILD/support/prompts.jsonl" | grep -v '"parent"' | head -n 200 >prompts.jsonl
N=$(wc -l <prompts.jsonl)

provider_start
config
fresh
ok "the first ten" 0 shunt embed --store s.db --encoder sim --limit 10 --json
out_has '{"schema":"shunt.embed/1"'
is "ten vectors" "$(rows embedding)" 10
ok "ten again are there already" 0 shunt embed --store s.db --encoder sim --limit 10 --json
is "nothing is sent" "$(json requests)" 0
ok "the rest" 0 shunt embed --store s.db --encoder sim --json
is "only what was missing" "$(json ok)" "$((N - 10))"
is "in batches of the config" "$(json requests)" "$(((N - 10 + 15) / 16))"
is "every prompt has a vector" "$(rows embedding)" "$N"
is "of the configured length" "$(json dimensions)" 64
is "tokens are counted" "$([ "$(json tokens)" -gt 1000 ] && echo counted)" counted
ok "a table by default" 0 shunt embed --store s.db --encoder sim
out_has "already_there"
# The address of a local server may change; the vectors are the same ones.
provider_stop
provider_start
config
ok "another port is the same encoder" 0 shunt embed --store s.db --encoder sim --json
is "and knows its vectors" "$(json already_there)" "$N"
sed 's/sim-embed, dimensions: 64/sim-embed/' shunt.yaml >free.yaml
ok "other settings under the same name" 6 shunt embed --store s.db --config free.yaml --encoder sim
err_has "another name"
fresh
ok "the length is learned from the first reply" 0 shunt embed --store s.db --config free.yaml --encoder sim --batch 7 --json
is "64 of them" "$(json dimensions)" 64
fresh
sed 's/dimensions: 64/dimensions: 32/' shunt.yaml >short.yaml
ok "a length the endpoint cannot give" 9 shunt embed --store s.db --config short.yaml --encoder sim --batch 3 --limit 3
err_has "gets no vector"
is "nothing is stored" "$(rows embedding)" 0
ok "an unknown encoder" 2 shunt embed --store s.db --encoder sin
err_has "did you mean 'sim'"
ok "no encoder" 2 shunt embed --store s.db
err_has "--encoder NAME"
provider_stop

provider_start --rate-429 0.1 --rate-500 0.1 --rate-cut 0.1 --rate-malformed 0.1 --rate-hang 0.03 --retry-after 0
config
fresh
ok "faults are ridden out" 0 shunt embed --store s.db --encoder sim --batch 4 --timeout 1 --retries 9 --json
is "every vector arrived" "$(rows embedding)" "$N"
is "with retries" "$([ "$(json retries)" -gt 5 ] && echo some)" some
provider_stop
fresh
ok "nobody listens" 5 shunt embed --store s.db --encoder sim --retries 1
err_has "could not be asked"

provider_start --latency-scale 4
config
env --default-signal=INT shunt embed --store s.db --encoder sim --batch 4 --jobs 2 >out 2>err &
pid=$!
enough() { [ "$(rows embedding)" -ge 12 ]; }
until_true enough
kill -INT $pid
wait $pid
is "Ctrl-C ends with 9" $? 9
err_has "to go on: shunt embed"
is "part is stored" "$([ "$(rows embedding)" -lt "$N" ] && echo part)" part
ok "running it again finishes" 0 shunt embed --store s.db --encoder sim --jobs 8
is "every vector is there" "$(rows embedding)" "$N"
provider_stop
done_testing
