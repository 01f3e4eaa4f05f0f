package rules

import "time"

// Schedule is when something is done repeatedly: at the times of Cron, by the wall
// clock of Zone.
type Schedule struct {
	Cron Cron `yaml:"cron"`
	Zone Zone `yaml:"zone"` // UTC where empty
}

// Next is the first time after a moment; zero if there is none. A time in
// the hour lost in spring is the moment it stands for, and one in the hour
// repeated in autumn comes once.
func (s Schedule) Next(after time.Time) time.Time {
	zone, err := s.Zone.location()
	if err != nil {
		return time.Time{}
	}
	schedule, err := s.Cron.schedule()
	if err != nil {
		return time.Time{}
	}
	from := wallClock(after.Add(-maxClockShift).In(zone))
	for at := schedule.Next(from); !at.IsZero(); at = schedule.Next(at) {
		if first, _ := momentsShowing(at, zone); first.After(after) {
			return first
		}
	}
	return time.Time{}
}

// lookbacks are how far back Latest looks. It tries the short ones first, which is
// enough for a frequent schedule.
var lookbacks = []time.Duration{time.Hour, 24 * time.Hour, 32 * 24 * time.Hour}

// Latest is the last time after one moment and not after now, as far back as
// a month; zero if there was none. What was due several times since is done
// once.
func (s Schedule) Latest(after, now time.Time) time.Time {
	latest := time.Time{}
	for _, reach := range lookbacks {
		from := now.Add(-reach)
		if from.Before(after) {
			from = after
		}
		for at := s.Next(from); !at.IsZero() && !at.After(now); at = s.Next(at) {
			latest = at
		}
		if !latest.IsZero() || from.Equal(after) {
			break
		}
	}
	return latest
}
