package reliability

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// coreTime is what a process had of the cores since it began, over all its threads.
type coreTime struct {
	ran    time.Duration // on a core
	waited time.Duration // able to run, while others had the cores
}

// coreTime adds up what the kernel accounts for the threads of a daemon; zero where it keeps no account, or
// the daemon has ended. Go ends hardly any thread, so that nothing worth counting is lost with one.
//
// Source: https://www.kernel.org/doc/html/latest/scheduler/sched-stats.html (/proc/<pid>/schedstat).
func (d *daemon) coreTime() (all coreTime) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", d.cmd.Process.Pid))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil { // the thread has just ended
			continue
		}
		var one coreTime
		if _, err := fmt.Sscan(string(text), &one.ran, &one.waited); err == nil {
			all.ran, all.waited = all.ran+one.ran, all.waited+one.waited
		}
	}
	return all
}

// stretched is how long something may take since then that takes limit where the process gets
// every core it asks for. A daemon that is slow of its own does not wait, and gets nothing more.
func (now coreTime) stretched(limit time.Duration, since coreTime) time.Duration {
	ran, waited := now.ran-since.ran, now.waited-since.waited
	if ran <= 0 || waited <= 0 {
		return limit
	}
	return time.Duration(float64(limit) * float64(ran+waited) / float64(ran)).Round(100 * time.Millisecond)
}
