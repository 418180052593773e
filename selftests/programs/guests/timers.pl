# SPDX-License-Identifier: GPL-2.0-or-later
# Guest: Perl's sleep, alarm, select, fork, pipes and signals. Same output for any $UNIT.
use strict;
use warnings;
use Time::HiRes qw(sleep time alarm clock_gettime CLOCK_MONOTONIC);
use POSIX ":sys_wait_h";

$| = 1;
my $unit = $ENV{UNIT};
my $start = clock_gettime(CLOCK_MONOTONIC);

sub at { return sprintf("%.0f", (clock_gettime(CLOCK_MONOTONIC) - $start) / $unit); }

my $wall = time;
sleep(2 * $unit);
printf("slept %s, wall %.0f\n", at(), (time - $wall) / $unit);
select(undef, undef, undef, $unit);
print "select at ", at(), "\n";

eval {
	local $SIG{ALRM} = sub { die "alarm\n" };
	alarm($unit);
	sleep(100 * $unit);
};
print "died of $@at ", at(), "\n";

pipe(my $reader, my $writer) or die;
my @children;
for my $n (3, 1, 2) {
	my $pid = fork() // die;
	if (!$pid) {
		sleep($n * $unit);
		syswrite($writer, "child $n\n");
		exit($n);
	}
	push @children, $pid;
}
close($writer);
print while <$reader>;
for my $pid (@children) {
	waitpid($pid, 0);
	print "status ", $? >> 8, "\n";
}
print "children done at ", at(), "\n";

my $pid = fork() // die;
if (!$pid) {
	$SIG{TERM} = sub { exit(17) };
	sleep($unit) while 1;
}
sleep(1.5 * $unit);
print "still runs ", waitpid($pid, WNOHANG), "\n";
kill("TERM", $pid);
waitpid($pid, 0);
print "ended with ", $? >> 8, "\n";
my $text = `echo backticks; exit 2`;
print $text, "status ", $? >> 8, "\n";
open(my $sorted, "-|", "printf 'b\\na\\n' | sort") or die;
print <$sorted>;
close($sorted);
exit(12);
