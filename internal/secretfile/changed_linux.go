package secretfile

import (
	"syscall"
	"time"
)

// changeTime is when the file was last changed in any way. Its field has another name on macOS.
func changeTime(stat *syscall.Stat_t) time.Time { return time.Unix(stat.Ctim.Unix()) }
