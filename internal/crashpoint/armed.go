//go:build crashpoints

package crashpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// The point of the crash, how many more times it must be reached before it, and whether
// the process stops there instead.
var (
	armed, left, stops = parse(os.Getenv(EnvVariable))
	countdown          atomic.Int64
)

func init() { countdown.Store(left) }

// parse reads "<point>:<n>:stop"; n is 1 if it is missing.
func parse(s string) (p Point, n int64, stops bool) {
	parts := strings.Split(s+"::", ":")
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		n = 1
	}
	return Point(parts[0]), n, parts[2] == "stop"
}

// Reach kills or stops the process if p is the armed point and was reached often enough.
// A killed one does not return, so that no later code runs before the process dies.
func Reach(p Point) {
	if p != armed || countdown.Add(-1) != 0 {
		return
	}
	if stops {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		time.Sleep(stopping)
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// stopping is more than the kernel takes to stop every thread.
const stopping = 20 * time.Millisecond
