package rules

import "time"

// Schedule is when something is done again and again: whenever Cron says so,
// by the wall clock of Zone.
type Schedule struct {
	Cron Cron `yaml:"cron"`
	Zone Zone `yaml:"zone"` // UTC where empty
}

// Next is the first time after a moment; zero where it never comes. A time in
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
	from := wall(after.Add(-slack).In(zone))
	for at := schedule.Next(from); !at.IsZero(); at = schedule.Next(at) {
		if first, _ := moments(at, zone); first.After(after) {
			return first
		}
	}
	return time.Time{}
}

// reaches are how far back Latest looks, a short way first: what comes every
// minute came a minute ago.
var reaches = []time.Duration{time.Hour, 24 * time.Hour, 32 * 24 * time.Hour}

// Latest is the last time after one moment and not after now, as far back as
// a month; zero where there was none. Times missed in between are no matter:
// what was due three times is done once.
func (s Schedule) Latest(after, now time.Time) time.Time {
	latest := time.Time{}
	for _, reach := range reaches {
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
