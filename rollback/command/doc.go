// Package command rolls back by running a program.
//
// There is no shell and no template. The program is an argument list, in which only a
// whole argument is a placeholder: `$target_version` is replaced,
// `--to=$target_version` is not, and New returns an error for it. A value that begins
// with a dash is refused, because the program would take it for an option. The program
// gets the brief on standard input. Its values are also in environment variables named
// PUSHBACK_*; besides them the environment has PATH and what the configuration adds.
//
// Exit 0 means done, any other exit means failed. If the program still runs at the
// timeout, its whole process group gets SIGTERM, and SIGKILL five seconds later. The
// outcome is then unknown, as it is if a signal ends the program.
//
// Two limits: if Pushback is killed, the program goes on; and a program that starts a
// session of its own goes on after the timeout. Do reports the process group as soon as
// it is known, so that people can find it.
//
// A second program, verify, may print the version that runs. There is no dry run of the
// first program, because a script that ignored an argument such as --dry-run would roll
// back. DryRun says what would be run.
package command
