# Runs a command and ends it with a signal after a random time, unless it ends before.
#
#   perl kill.pl SEED NUMBER MIN_MS MAX_MS SIGNAL COMMAND...     # the time is a function of SEED and NUMBER
#
# Prints "killed", or the exit status.
use strict;
use Time::HiRes qw(usleep);
my ($seed, $number, $min, $max, $signal, @command) = @ARGV;
srand($seed * 1000003 + $number);
my $ms = $min + rand($max - $min);
$ENV{ASAN_OPTIONS} .= ":detect_leaks=0" if $ENV{ASAN_OPTIONS}; # its tracer complains when it is killed too
my $pid = fork // die "cannot fork\n";
if ($pid == 0) { exec @command or die "cannot run $command[0]\n"; }
usleep(1000 * $ms);
kill $signal, $pid;
waitpid($pid, 0);
print $? & 127 ? "killed\n" : ($? >> 8) . "\n";
