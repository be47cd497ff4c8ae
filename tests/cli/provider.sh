# The loopback provider for shell tests; source it after lib.sh. Needs perl-base for HTTP.
#
#   provider_start --rate-500 0.1     # sets PORT, BASE; latency 0 unless given; ended with the test
#   provider_stop
#   stat_of completed                 # a number out of GET /stats
#   config                            # writes shunt.yaml: three models, one a protocol, and an encoder
provider_start() {
    rm -f port
    "$BUILD/provider" --data "${DATA:-prompts.jsonl}" --port 0 --port-file port --latency-scale 0 "$@" \
        >provider.out 2>provider.err &
    PROVIDER=$!
    PIDS="$PIDS $PROVIDER"
    n=0
    while [ ! -s port ]; do
        n=$((n + 1))
        if [ $n -gt 400 ] || ! kill -0 $PROVIDER 2>/dev/null; then
            fail "the provider starts" "$(cat provider.err)"
            done_testing
        fi
        sleep 0.05
    done
    PORT=$(cat port)
    BASE=http://127.0.0.1:$PORT
}
provider_stop() { kill "$PROVIDER" 2>/dev/null; wait "$PROVIDER" 2>/dev/null; PIDS=; }
# s.db anew, with prompts.jsonl
fresh() { rm -f s.db s.db-*; shunt import --store s.db prompts.jsonl >/dev/null 2>&1; }
stat_of() {
    perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or die;
        print $s "GET /stats HTTP/1.0\r\nHost: localhost\r\n\r\n";
        local $/; my $t = <$s>;
        print $t =~ /"$ARGV[1]":(\d+)/ ? "$1\n" : "none\n";' "$PORT" "$1"
}
# until CONDITION...: tries it for up to 30 s
until_true() {
    n=0
    until "$@"; do
        n=$((n + 1))
        [ $n -lt 600 ] || return 1
        sleep 0.05
    done
}
config() {
    cat >shunt.yaml <<X
models:
  - {name: nano, model: sim-nano, base_url: "$BASE", tier: small, max_tokens: 256, temperature: 0,
     prices: {input: 0.1, output: 0.4}, params: {logprobs: true, top_logprobs: 3}}
  - {name: swift, provider: anthropic, model: sim-swift, base_url: "$BASE", api_key_env: TEST_KEY,
     tier: small, max_tokens: 256, temperature: 0, prices: {input: 0.25, output: 1.25}}
  - {name: flash, provider: gemini, model: sim-flash, base_url: "$BASE", api_key_env: TEST_KEY,
     tier: large, max_tokens: 256, temperature: 0, prices: {input: 0.3, output: 2.5},
     params: {logprobs: true}}
tiers: [small, large]
encoders:
  - {name: sim, base_url: "$BASE", model: sim-embed, dimensions: 64, batch: 16}
X
}
# rows TABLE: how many rows a table of s.db has
rows() { shunt status --store s.db --tsv | awk -F'\t' -v t="$1" '$1 == t { print $2 }'; }
