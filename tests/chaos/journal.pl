# The request hashes of the replies that stand whole in a journal of shunt collect, one a line.
#
#   perl journal.pl STORE-replies
use strict;
use Digest::SHA qw(sha256_hex);
open my $f, "<", $ARGV[0] or exit 0;
binmode $f;
local $/;
my $text = <$f>;
while ($text =~ /\Gshunt-(\w+) (\d+) ([0-9a-f]{16})\n/gc) {
    my ($kind, $len, $sum, $at) = ($1, $2, $3, pos $text);
    my $record = substr $text, $at, $len;
    last if length $record < $len || substr(sha256_hex($record), 0, 16) ne $sum;
    print "$1\n" if $kind eq "reply" && $record =~ /^[^\n]* ([0-9a-f]{64}) /;
    pos $text = $at + $len;
}
