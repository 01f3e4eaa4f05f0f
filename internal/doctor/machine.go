package doctor

import (
	"fmt"
	"math"
	"time"

	"github.com/pushback/pushback/watch"
)

const (
	// noticedSkew is how far a clock may be off before the ticks of a look lie beside its samples.
	noticedSkew = 5 * time.Second
	// refusedSkew is how far ahead a metric store's newest sample is refused, which is the adapter's limit.
	refusedSkew = 2 * time.Minute
)

// Clock compares the clock of something with that of this machine. skew is positive where the
// other is ahead, and uncertain how exactly that is known.
func Clock(what string, skew, uncertain time.Duration) Check {
	off := max(skew.Abs()-uncertain, 0)
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	next := "timedatectl set-ntp true   # on the host whose clock is wrong"
	switch text := fmt.Sprintf("the clock of %s is %s %s this machine's", what, skew.Abs().Round(time.Second), direction); {
	case off >= refusedSkew:
		return Of(ClockArea, "", Fail, next, "%s; samples are read at the wrong time", text)
	case off >= noticedSkew:
		return Of(ClockArea, "", Warn, next, "%s", text)
	}
	return Of(ClockArea, "", OK, "", "the clock of %s agrees with this machine's to %s", what, (skew.Abs() + uncertain).Round(100*time.Millisecond))
}

// lateLook is how long after its time a look may begin at a daemon that is busy and well.
const lateLook = time.Minute

// Looks says whether the looks of the open watches are late. running says whether a daemon
// answers; without one, they wait.
func Looks(open []watch.Watch, running bool, now time.Time, serve string) Check {
	var late []string
	oldest := time.Duration(0)
	for _, w := range open {
		if behind := now.Sub(w.Next); behind > lateLook+w.Every {
			late, oldest = append(late, w.ID), max(oldest, behind)
		}
	}
	switch {
	case len(late) == 0:
		return Of(Daemon, "looks", OK, "", "%s open, no look is late", watches(len(open)))
	case !running:
		return Of(Daemon, "looks", Fail, serve, "%s waits for a look since %s, because no daemon runs", watches(len(late)), rounded(oldest))
	}
	return Of(Daemon, "looks", Fail, "pushback status   # names what does not work", "the looks of %s are late, by up to %s", watches(len(late)), rounded(oldest))
}

func watches(n int) string {
	if n == 1 {
		return "1 watch"
	}
	return fmt.Sprintf("%d watches", n)
}

func rounded(d time.Duration) time.Duration { return d.Round(time.Second) }

const (
	fullDisk     = 100e6 // bytes, below which a write may fail at any moment
	smallDisk    = 1e9
	fullSoonDays = 30
)

// Disk judges the free space of the data folder's disk, and how long it lasts. growth is that of
// the database in bytes a day, 0 where it is not known yet.
func Disk(folder string, free, total, database, growth int64) Check {
	next := "df -h " + folder + "   # make room, or write a shorter retention: into pushback.yml"
	text := fmt.Sprintf("%s free of %s on the disk of %s", bytes(free), bytes(total), folder)
	if database > 0 {
		text += "; the database takes " + bytes(database)
	}
	days := math.Inf(1)
	if growth > 0 {
		days = float64(free) / float64(growth)
		text += fmt.Sprintf(" and grows by %s a day", bytes(growth))
	}
	switch {
	case free < fullDisk:
		return Of(DiskArea, "", Fail, next, "%s", text)
	case days < fullSoonDays:
		return Of(DiskArea, "", Warn, next, "%s; the disk is full in %.0f days", text, days)
	case free < smallDisk:
		return Of(DiskArea, "", Warn, next, "%s", text)
	}
	return Of(DiskArea, "", OK, "", "%s", text)
}

func bytes(n int64) string {
	if n >= 1e10 {
		return fmt.Sprintf("%.0f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
