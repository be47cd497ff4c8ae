# One HTTP request to this machine without curl: source it after lib.sh. Needs perl-base.
#
#   http PORT VERB PATH BODY [HEADER...]    # BODY - is stdin; the reply's body on stdout, its status in the file `status`
http() {
    perl -MIO::Socket::INET -e '
        my ($port, $verb, $path, $body, @headers) = @ARGV;
        if ($body eq "-") { local $/; $body = <STDIN>; }
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die "nobody listens\n";
        my $more = join "", map { "$_\r\n" } @headers;
        print $s "$verb $path HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            . "Content-Length: " . length($body) . "\r\n$more\r\n$body";
        local $/;
        my $t = <$s>;
        open my $f, ">", "status";
        print $f $t =~ m{^HTTP/1\.\d (\d+)} ? $1 : "none";
        $t =~ s/^.*?\r\n\r\n//s;
        print $t;' "$@"
}
