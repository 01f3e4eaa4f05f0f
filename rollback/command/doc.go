// Package command rolls back by running a program.
//
// There is no shell and no template. The program is an argument list, in which
// only a whole argument is replaced: `$target_version` is, `--to=$target_version`
// is not, and New says so. A value that begins with a dash is refused, because
// the program would take it for an option. The brief comes on standard input,
// its parts once more as PUSHBACK_* in an environment that holds nothing else
// but PATH and what the configuration adds.
//
// Exit 0 is done, any other exit failed. A program that was still running at
// the timeout is ended with its whole process group, TERM first and KILL five
// seconds later; like one that died of a signal, it leaves the outcome
// unknown.
//
// What this cannot do: a program outlives a kill -9 of Pushback, and one that
// makes a session of its own outlives the timeout too. The process group is
// told through rollback.Started as soon as it is known.
//
// A second program, verify, may say which version runs. There is no dry run of
// the first: a script that overlooked an argument such as --dry-run would roll
// back. What would be run is told instead.
package command
