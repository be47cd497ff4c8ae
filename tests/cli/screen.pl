# A terminal of COLUMNS x LINES: reads what a program wrote to it and prints the screen, trailing
# blanks cut, after each BEL-less drawing that was a write of its own: with -a after every redraw
# (a cursor that goes up or to the left), else only the last. Knows CR, LF, ESC[nA, ESC[K, ESC[J.
use strict;
my $all = $ARGV[0] eq "-a" ? shift : 0;
my ($w, $h) = @ARGV;
my @row = ("");
my ($y, $x) = (0, 0);
local $/;
my $in = <STDIN>;
sub show {
    my @top = @row;
    splice(@top, 0, @top - $h) if @top > $h;
    s/\s+$// for @top;
    print join("\n", @top), "\n", "-" x 8, "\n";
}
sub put {
    my $c = shift;
    if ($x >= $w) { $x = 0; $y++; }
    $row[$y] = "" unless defined $row[$y];
    $row[$y] .= " " while length($row[$y]) < $x;
    substr($row[$y], $x++, 1) = $c;
}
my $drawn = 0;
while (length $in) {
    if ($in =~ s/^\x1b\[(\d+)A//) { show() if $all && $drawn; $y -= $1; $y = 0 if $y < 0; }
    elsif ($in =~ s/^\x1b\[K//) { $row[$y] = "" unless defined $row[$y]; $row[$y] = substr($row[$y], 0, $x); $drawn = 1; }
    elsif ($in =~ s/^\x1b\[J//) { $row[$y] = "" unless defined $row[$y]; $row[$y] = substr($row[$y], 0, $x); splice(@row, $y + 1); }
    elsif ($in =~ s/^\x1b//) { die "an escape that nobody knows\n"; }
    elsif ($in =~ s/^\r//) { $x = 0; }
    elsif ($in =~ s/^\n//) { $y++; $row[$y] = "" unless defined $row[$y]; }
    else { $in =~ s/^(.)//s; put($1); }
}
show();
