package reliability

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestLimitsFollowWhatTheCoresGave(t *testing.T) {
	since := coreTime{ran: 2 * time.Second, waited: time.Second}
	for _, c := range []struct {
		now  coreTime
		want time.Duration
	}{
		{coreTime{12 * time.Second, time.Second}, 25 * time.Second},      // it waited for nothing
		{coreTime{12 * time.Second, 11 * time.Second}, 50 * time.Second}, // it had a core half of the time
		{coreTime{7 * time.Second, 3500 * time.Millisecond}, 37500 * time.Millisecond},
		{since, 25 * time.Second}, // it did nothing
	} {
		if got := c.now.stretched(25*time.Second, since); got != c.want {
			t.Errorf("after %v a limit of 25 s is %s, want %s", c.now, got, c.want)
		}
	}
}

func TestCoreTimeIsOfAllThreads(t *testing.T) {
	d := &daemon{name: "this test", cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	before := d.coreTime()
	if before == (coreTime{}) {
		t.Skip("this kernel keeps no account of threads")
	}
	done := make(chan struct{})
	go func() { // on a thread of its own while this one waits
		defer close(done)
		for x, n := 1.0, 0; n < 50_000_000; n++ {
			x = x*0.999 + 1
			sink = x
		}
	}()
	<-done
	if after := d.coreTime(); after.ran <= before.ran {
		t.Errorf("ran for %s before the work and %s after it", before.ran, after.ran)
	}
}

// sink keeps the compiler from leaving the work out.
var sink float64
