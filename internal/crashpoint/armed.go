//go:build crashpoints

package crashpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// The point of the crash, and how many more times it must be reached before it.
var (
	armed, left = parse(os.Getenv(EnvVariable))
	countdown   atomic.Int64
)

func init() { countdown.Store(left) }

// parse reads "<point>:<n>"; n is 1 if it is missing.
func parse(s string) (Point, int64) {
	name, n, _ := strings.Cut(s, ":")
	times, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		times = 1
	}
	return Point(name), times
}

// Reach kills the process if p is the armed point and was reached often enough. It
// does not return then, so that no later code runs before the process dies.
func Reach(p Point) {
	if p != armed || countdown.Add(-1) != 0 {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
