package program

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process has used.
type Usage struct {
	Peak   int64 // the most memory it had since it started, or since ResetPeak, in bytes
	Memory int64 // the memory it has, in bytes
	CPU    time.Duration
}

// Used is what the process has used since it started.
func (p *Program) Used() Usage { return usageOf(p.cmd.Process.Pid) }

// ResetPeak has the kernel forget the most memory that the process had.
func (p *Program) ResetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}

// OwnUsage is that of this process: of the metric store and the senders beside the program.
func OwnUsage() Usage { return usageOf(os.Getpid()) }

var (
	peak    = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
	current = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
)

func usageOf(pid int) (u Usage) {
	of := fmt.Sprintf("/proc/%d/", pid)
	if status, err := os.ReadFile(of + "status"); err == nil {
		u.Peak, u.Memory = kilobytes(peak, status), kilobytes(current, status)
	}
	stat, err := os.ReadFile(of + "stat")
	fields := strings.Fields(string(stat[strings.LastIndex(string(stat), ")")+1:]))
	if err != nil || len(fields) < 13 {
		return u
	}
	const perSecond = 100 // the kernel's USER_HZ
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	u.CPU = time.Duration(user+system) * time.Second / perSecond
	return u
}

func kilobytes(of *regexp.Regexp, status []byte) int64 {
	found := of.FindSubmatch(status)
	if found == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(found[1]), 10, 64)
	return n * 1024
}

// Machine is how many processors there are, and how many programs want one now.
func Machine() string {
	average, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return fmt.Sprintf("%d cores", runtime.NumCPU())
	}
	return fmt.Sprintf("%d cores, load %s", runtime.NumCPU(), strings.Fields(string(average))[0])
}
