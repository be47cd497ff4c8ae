# TLS and HTTP/2: nghttpx in front of the loopback provider, with a private authority made here.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
for p in nghttpx openssl sqlite3; do command -v $p >/dev/null || skip_all "$p is not installed (nghttp2-proxy, openssl)"; done
export TEST_KEY=k

# --- an authority, and certificates of it: a right one, one for another host, one of the past
authority() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.pem" -days 2 \
        -subj "/CN=$1" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}
certificate() { # NAME AUTHORITY SUBJECT-ALT-NAME DAYS
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" &&
        printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$3" >"$1.ext" &&
        openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$4" -extfile "$1.ext" -out "$1.pem"
}
{
    authority ours && authority theirs && certificate right ours IP:127.0.0.1,DNS:localhost 2 &&
        certificate host ours DNS:models.example 2 && certificate past ours IP:127.0.0.1 -1 &&
        certificate alien theirs IP:127.0.0.1 2
} >openssl.out 2>&1 || { fail "certificates are made" "$(tail -n 5 openssl.out)"; done_testing; }

# front NAME OPTIONS...: nghttpx with that certificate, on a free port in TLS; it cannot take port 0, so a port that
# is free now is tried, and another one where somebody was quicker.
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'; }
front() {
    name=$1
    shift
    for _ in 1 2 3 4 5; do
        TLS=$(free_port)
        nghttpx --conf=/dev/null --no-ocsp --workers=1 -f"127.0.0.1,$TLS" -b"127.0.0.1,$PORT" --accesslog-file="$name.log" \
            --accesslog-format='$request $status' --errorlog-file="$name.err" "$@" "$name.key" "$name.pem" >nghttpx.out 2>&1 &
        FRONT=$!
        PIDS="$PIDS $FRONT"
        n=0
        while kill -0 $FRONT 2>/dev/null && [ $n -lt 400 ]; do
            perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0])' "$TLS" && return
            n=$((n + 1))
            sleep 0.05
        done
    done
    fail "nghttpx starts" "$(tail -n 3 nghttpx.out "$name.err" 2>&1)"
    done_testing
}
secure() { # HOST: the config with all addresses behind TLS
    config
    sed "s|$BASE|https://$1:$TLS|" shunt.yaml >tls.yaml
}
head -n 40 "$BUILD/support/prompts.jsonl" | grep -v '"parent"' >prompts.jsonl
N=$(wc -l <prompts.jsonl)
for s in plain s alien; do shunt import --store $s.db prompts.jsonl >/dev/null 2>&1; done
replies() { sqlite3 "$1" "SELECT p.ext_id, m.name, r.request_hash, r.text, r.output_tokens FROM reply r JOIN prompt p ON p.id =
    r.prompt JOIN model_config c ON c.id = r.model_config JOIN model m ON m.id = c.model ORDER BY 1, 2"; }

provider_start
config
ok "without TLS, to compare" 0 shunt collect --store plain.db
front right
secure 127.0.0.1
ok "a certificate of the authority that was named" 0 env SSL_CERT_FILE=ours.pem shunt collect --store s.db --config tls.yaml --jobs 32
ok "embeddings too" 0 env SSL_CERT_FILE=ours.pem shunt embed --store s.db --config tls.yaml --encoder sim
replies plain.db >plain.txt
replies s.db >s.txt
is "three replies a prompt" "$(sqlite3 s.db 'SELECT count(*) FROM reply')" $((3 * N))
try "the same replies as without" cmp plain.txt s.txt
try "over HTTP/2" grep -q '^POST /v1/chat/completions HTTP/2 200' right.log
is "all of it" "$(grep -vc ' HTTP/2 200$' right.log)" 0
secure localhost
ok "by its name as well" 0 env SSL_CERT_FILE=ours.pem shunt collect --store s.db --config tls.yaml --samples 2 --models nano
kill $FRONT
if nghttpx --help | grep -q -- --alpn-list; then only=--alpn-list=http/1.1; else only=--npn-list=http/1.1; fi
front right $only
secure 127.0.0.1
ok "HTTP/1.1 where the server has no other" 0 env SSL_CERT_FILE=ours.pem shunt collect --store s.db --config tls.yaml --samples 2 --models flash
try "is what was spoken" grep -q '^POST /v1beta/models/sim-flash:generateContent HTTP/1.1 200' right.log

# --- refused, each time before anything is sent
requests() { stat_of requests; }
refused() { # NAME CA
    before=$(requests)
    ok "$1 is refused" 5 env ${2:+SSL_CERT_FILE=$2} shunt collect --store alien.db --config tls.yaml --retries 3
    if grep -qiE 'certificate|subject name|SSL' err; then pass "$1: the message says so"; else
        fail "$1: the message says so" "$(tail -n 3 err)"; fi
    is "$1: nothing was sent" "$(($(requests) - before))" 0
    is "$1: nothing was stored" "$(sqlite3 alien.db 'SELECT count(*) FROM reply')" 0
}
refused "an authority nobody named" ""
refused "the certificate of another authority" theirs.pem
kill $FRONT
for kind in alien host past; do
    front $kind
    secure 127.0.0.1
    case $kind in
    alien) refused "a certificate of a stranger" ours.pem ;;
    host) refused "a certificate for another host" ours.pem ;;
    past) refused "a certificate of the past" ours.pem ;;
    esac
    kill $FRONT
done
done_testing
