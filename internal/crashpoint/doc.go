// Package crashpoint names the points of a rollback at which a crash does the most
// harm, so that `make reliability` can crash the program exactly there.
//
// In an ordinary build Reach does nothing. Built with the tag crashpoints, a
// program that is started with PUSHBACK_CRASH_AT=<point>:<n> kills itself with
// SIGKILL when it reaches the point for the n-th time. As with any kill -9, no
// deferred call runs and nothing is flushed. With <point>:<n>:stop it stops itself with
// SIGSTOP, and goes on from there when it gets SIGCONT.
//
// go.etcd.io/gofail was not used, because it rewrites the source before a build;
// here each point needs one line.
//
// See adr/0050.
package crashpoint

// Point is a point in the program, named after the step that comes next or has just
// been done.
type Point string

// All points. Before a commit means inside the transaction, with nothing committed.
// After a commit means that everything is committed and nothing else has happened.
const (
	BeforeEvent   Point = "before the event's commit"
	AfterEvent    Point = "after the event's commit"
	BeforeIntent  Point = "before the intent's commit"  // the order with its verdict
	AfterIntent   Point = "after the intent's commit"   // no job exists for the order yet
	BeforeClaim   Point = "before the claim's commit"   // the order may be sent
	AfterClaim    Point = "after the claim's commit"    // the order is being sent
	BeforeSend    Point = "before the hook is called"   // the last point at which the deploy tool has not changed anything
	AfterSend     Point = "after the hook has answered" // the answer is not stored yet
	BeforeOutcome Point = "before the outcome's commit"
	AfterOutcome  Point = "after the outcome's commit"
)

// AfterReport is reached when another tool has a report, and its id is not stored yet.
const AfterReport Point = "after a report is written"

// AfterAnswer is reached when a tool has the answer to a deployment that it holds back, and that is not stored yet.
const AfterAnswer Point = "after a deployment is answered"

// The points of a backup and of a restore.
const (
	InBackup      Point = "in the middle of a backup"
	BeforeBackup  Point = "before a backup gets its name"
	InRestore     Point = "in the middle of a restore"
	BeforeRestore Point = "before a restored database is decided on"
	AfterRestore  Point = "after a restored database is decided on"
	BeforeSwap    Point = "before a restored database takes its place"
)

// RestorePoints are the points of a backup and of a restore, in their order.
var RestorePoints = []Point{InBackup, BeforeBackup, InRestore, BeforeRestore, AfterRestore, BeforeSwap}

// Points are all points, in the order in which a rollback reaches them.
var Points = []Point{
	BeforeEvent, AfterEvent, BeforeIntent, AfterIntent, BeforeClaim, AfterClaim,
	BeforeSend, AfterSend, BeforeOutcome, AfterOutcome,
}

// EnvVariable is the environment variable that names the point of the crash.
const EnvVariable = "PUSHBACK_CRASH_AT"
