// Package crashpoint names the moments at which a crash is most telling, so
// that `make reliability` can have the program die exactly there.
//
// What people are given knows nothing of it: Reach does nothing there and
// takes no room. Built with the tag crashpoints, a program that is started with
// PUSHBACK_CRASH_AT=<point>:<n> kills itself with SIGKILL when it comes to the
// point for the n-th time. No deferred call runs and nothing is flushed: it is
// the kill -9 that anybody else could have sent, at a moment nobody else could hit.
//
// The road not taken is go.etcd.io/gofail, which rewrites the sources before a
// build: a line a point is all we need.
//
// See adr/0050.
package crashpoint

// Point is a moment, named for what is about to be, or has just been, true.
type Point string

// Every point there is. Before means inside the transaction, with nothing
// committed; after, with everything committed and nobody told of it.
const (
	BeforeEvent   Point = "before the event's commit"
	AfterEvent    Point = "after the event's commit"
	BeforeIntent  Point = "before the intent's commit"  // the order, with the verdict it stands on
	AfterIntent   Point = "after the intent's commit"   // no job carries it yet
	BeforeClaim   Point = "before the claim's commit"   // the order may be sent
	AfterClaim    Point = "after the claim's commit"    // the order is being sent
	BeforeSend    Point = "before the hook is called"   // the last moment at which nothing has happened
	AfterSend     Point = "after the hook has answered" // the only one who knows is about to die
	BeforeOutcome Point = "before the outcome's commit"
	AfterOutcome  Point = "after the outcome's commit"
)

// Points are the points in the order in which a rollback comes to them.
var Points = []Point{
	BeforeEvent, AfterEvent, BeforeIntent, AfterIntent, BeforeClaim, AfterClaim,
	BeforeSend, AfterSend, BeforeOutcome, AfterOutcome,
}

// EnvVariable is the environment variable that arms a point.
const EnvVariable = "PUSHBACK_CRASH_AT"
