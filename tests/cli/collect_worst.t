# shunt collect against servers that misbehave: it ends, says why, and stores nothing wrong.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"

printf '%s\n' '{"id":"a","prompt":"one"}' '{"id":"b","prompt":"two"}' >prompts.jsonl
shunt import --store s.db prompts.jsonl >/dev/null 2>&1

# A server that reads a request and answers with what the mode says.
cat >server.pl <<'X'
use strict;
use IO::Socket::INET;
use POSIX ();
my ($mode, $file) = @ARGV;
my $s = IO::Socket::INET->new(Listen => 16, LocalAddr => "127.0.0.1", LocalPort => 0, ReuseAddr => 1) or die;
open(my $f, ">", "$file.tmp") or die; print $f $s->sockport, "\n"; close $f; rename "$file.tmp", $file;
$SIG{PIPE} = "IGNORE";
my $ok = '{"model":"m","choices":[{"message":{"content":"fine"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}';
sub whole { my ($status, $body, $more) = @_; "HTTP/1.1 $status\r\nConnection: close\r\n" . ($more || "") . "Content-Length: " . length($body) . "\r\n\r\n$body" }
my ($n, $last, $used, $refused) = (0, 0, 0, 0);
while (my $c = $s->accept) {
    my ($head, $len) = ("", 0);
    while (my $line = <$c>) { last if $line =~ /^\r?\n$/; $head .= $line; $len = $1 if $line =~ /^content-length:\s*(\d+)/i; }
    my $body = ""; read($c, $body, $len) if $len;
    $n++;
    if ($mode eq "huge") {
        print $c "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000000\r\n\r\n";
        for (1 .. 100) { print $c "x" x 1000000 or last; }
    } elsif ($mode eq "garbage") { print $c "\x00\xff\x13garbage\r\n\r\n";
    } elsif ($mode eq "headers") { print $c "HTTP/1.1 200 OK\r\n"; for (1 .. 4000) { print $c "X-$_: " . ("y" x 1000) . "\r\n" or last; }
    } elsif ($mode eq "redirect") { print $c whole("302 Found", "", "Location: http://127.0.0.1:" . $s->sockport . "/stolen\r\n");
        open(my $g, ">>", "seen"); print $g $head; close $g;
    } elsif ($mode eq "html") { print $c whole("200 OK", "<html>please log in</html>");
    } elsif ($mode eq "empty") { print $c whole("200 OK", "");
    } elsif ($mode eq "deep") { print $c whole("200 OK", "[" x 100000);
    } elsif ($mode eq "nul") { print $c whole("200 OK", '{"choices":[{"message":{"content":"a\u0000b"},"finish_reason":"stop"}]}');
    } elsif ($mode eq "late") { print $c whole("429 Too Many Requests", "{}", "Retry-After: 100000\r\n");
    } elsif ($mode eq "once") { print $c $n % 2 ? whole("429 Too Many Requests", "{}", "Retry-After: 0\r\nRetry-After-Ms: 20\r\n") : whole("200 OK", $ok);
    } elsif ($mode eq "bucket") { # five requests in each tenth of a second
        my $slot = int((POSIX::times())[0] / 10);
        ($last, $used) = ($slot, 0) if $slot != $last;
        $refused++ if $used >= 5;
        print $c $used++ < 5 ? whole("200 OK", $ok) : whole("429 Too Many Requests", "{}", "retry-after-ms: 100\r\n");
        open(my $g, ">", "refused"); print $g $refused, "\n"; close $g;
    } elsif ($mode eq "norretry") { print $c whole("500 Oops", "{}", "x-should-retry: false\r\n");
    } elsif ($mode eq "echo") { my ($key) = $head =~ /^authorization:\s*(.*?)\r/im; print $c whole("400 Bad", "{\"error\":{\"message\":\"you sent $key\"}}");
    } else { print $c whole("200 OK", $ok); }
    close $c;
}
X
serve() {
    rm -f port
    perl server.pl "$1" port 2>server.err &
    PIDS="$PIDS $!"
    SERVER=$!
    until_true test -s port
    cat >shunt.yaml <<X
models: [{name: m, base_url: "http://127.0.0.1:$(cat port)", api_key_env: TEST_KEY}]
X
}
stop() { kill $SERVER 2>/dev/null; wait $SERVER 2>/dev/null; PIDS=; }
export TEST_KEY=key-never-to-be-seen
# against MODE STATUS TEXT: one run with one retry, nothing stored
against() {
    serve "$1"
    ok "$1: ends with $2" "$2" shunt collect --store s.db --retries 1 --timeout 20
    err_has "$3" "$1: says '$3'"
    is "$1: no reply is stored" "$(rows reply)" 0
    stop
}
against huge 9 "too_large: the reply is larger than 32 MiB"
against garbage 5 "network:"
against headers 5 "network:"
against redirect 9 "redirects are not followed"
if grep -q "/stolen" seen; then fail "the key goes nowhere else"; else pass "the key goes nowhere else"; fi
against html 9 "malformed: the reply is not JSON"
against empty 9 "malformed: the reply is not JSON: it is empty"
against deep 9 "malformed"
against late 9 "rate_limit: HTTP 429"
against echo 9 "you sent Bearer ***"
before=$(rows attempt)
against norretry 9 "server: HTTP 500"
is "x-should-retry: false is obeyed" "$(($(rows attempt) - before))" 2
serve nul
ok "a NUL in a reply does not lose it" 0 shunt collect --store s.db --limit 1
is "it is stored" "$(rows reply)" 1
stop
serve once
ok "retry-after-ms is obeyed" 0 shunt collect --store s.db --jobs 1 --json
out_has '"retries":1'
stop
i=0
while [ $i -lt 150 ]; do i=$((i + 1)); echo "{\"id\":\"p$i\",\"prompt\":\"question $i\"}"; done >many.jsonl
shunt import --store many.db many.jsonl >/dev/null 2>&1
serve bucket
ok "a rate limit costs no reply" 0 shunt collect --store many.db --jobs 32 --retries 1 --json
out_has '"ok":150'
is "and little is turned away ($(cat refused))" "$([ "$(cat refused)" -le 60 ] && echo little)" little
stop
# A certificate that nobody vouches for is refused at once; one that is trusted by name is not.
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout key.pem -out cert.pem >/dev/null 2>&1
    openssl s_server -accept 0 -cert cert.pem -key key.pem -www >tls.out 2>&1 &
    SERVER=$!
    PIDS="$PIDS $SERVER"
    until_true grep -q '^ACCEPT' tls.out
    tls=$(sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' tls.out)
    echo "models: [{name: m, base_url: \"https://localhost:$tls\", api_key_env: TEST_KEY}]" >tls.yaml
    before=$(rows attempt)
    ok "an unknown certificate is refused" 5 shunt collect --store s.db --config tls.yaml --models m --samples 3
    err_has "certificate"
    is "without a second try" "$(($(rows attempt) - before))" "$(shunt status --store s.db --tsv | awk '$1 == "prompt" { print $2 * 3 - 2 }')"
    # The server does not know POST and never answers: heard, trusted, and timed out.
    ok "a trusted one is not" 5 env SSL_CERT_FILE=cert.pem shunt collect --store s.db --config tls.yaml \
        --samples 2 --jobs 1 --retries 0 --timeout 2
    err_has "timeout:"
    if grep -q certificate err; then fail "it is trusted" "$(cat err)"; else pass "it is trusted"; fi
    stop
else
    skip "certificates" "openssl is not installed"
fi
if grep -aq "never-to-be-seen" s.db s.db-wal err out 2>/dev/null; then fail "no key anywhere"; else pass "no key anywhere"; fi

# the store itself
printf 'not a database, but long enough to be looked at as one' >bad.db
ok "a store that is none" 4 shunt collect --store bad.db
err_lines 1
printf 'models: [{name: m, bas_url: x}]\n' >typo.yaml
ok "a key of the config that is none" 4 shunt collect --store s.db --config typo.yaml
err_has "base_url"
ok "two models of one name" 4 sh -c 'printf "models: [{name: m}, {name: m}]\n" >two.yaml; shunt collect --store s.db --config two.yaml'
ok "a model named twice" 2 shunt collect --store s.db --models m,m
for bad in "--jobs 0" "--samples 0" "--retries -1" "--timeout 0" "--timeout nan" "--max-spend -1" "--limit -1" "--per-model -1" "extra"; do
    ok "refuses $bad" 2 shunt collect --store s.db $bad
    err_lines 1
done
done_testing
