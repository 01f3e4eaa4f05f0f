package load

import (
	"fmt"
	"time"
)

// lateWatch is how late a watch may begin.
const lateWatch = time.Second

// Kept reports whether every event was accepted and every watch began in time.
func (r Result) Kept() bool {
	return r.Refused == 0 && r.Unwatched == 0 && r.Watches.Most < lateWatch
}

// String is the result as a row of docs/testing.md.
func (r Result) String() string {
	return fmt.Sprintf("| %s | %d of %d for %s | %.0f/s | %s | %s | %d MiB | %.0f %% | %s |",
		r.Dialect, r.Accepted, r.Rate, r.For, float64(r.Accepted)/r.Took.Seconds(), r.Answers, r.Watches,
		r.Memory>>20, 100*r.CPU.Seconds()/r.Took.Seconds(), r.Machine)
}
