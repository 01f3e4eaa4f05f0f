package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/pushback/pushback/internal/strictyaml"
)

// Freeze is a named set of windows in which conditions may forbid acting:
// `when: '!freeze("friday")'`. The operators name them in pushback.yml.
type Freeze []Window

// Window begins whenever Cron says so, by the wall clock of Zone, and lasts
// for Duration.
type Window struct {
	Cron     Cron          `yaml:"cron" required:"true"`
	Zone     Zone          `yaml:"zone"` // UTC where empty
	Duration time.Duration `yaml:"duration" required:"true"`
}

// Cron is a schedule of five fields, or @daily, @weekly and the like.
type Cron string

// Zone is a name of the IANA time zone database.
type Zone string

// Holds says whether any window is open at this moment.
func (f Freeze) Holds(now time.Time) bool {
	for _, w := range f {
		if w.holds(now) {
			return true
		}
	}
	return false
}

// maxClockShift is more than any time zone moves its clocks at once: the wall clock may
// differ by this much from the time that has passed.
const maxClockShift = 3 * time.Hour

// holds walks the schedule on the wall clock, as if the zone never changed
// it, and maps each beginning back to a moment. The library, given a zone,
// skips a time that falls into the hour lost in spring; a freeze at 02:30 would
// then not hold on that day.
func (w Window) holds(now time.Time) bool {
	zone, err := w.Zone.location()
	if err != nil {
		return false
	}
	schedule, err := w.Cron.schedule()
	if err != nil {
		return false
	}
	from, until := wallClock(now.Add(-w.Duration-maxClockShift).In(zone)), wallClock(now.Add(maxClockShift).In(zone))
	for at := schedule.Next(from); !at.IsZero() && !at.After(until); at = schedule.Next(at) {
		first, last := momentsShowing(at, zone)
		if !first.After(now) && now.Before(last.Add(w.Duration)) {
			return true
		}
	}
	return false
}

// momentsShowing are when the wall clock of a zone shows a time: twice in the hour
// that is repeated in autumn, and, for the hour lost in spring, the moment
// the lost time stands for. A freeze holds from the first to the end of the
// last: acting an hour too early is worse than an hour too late.
func momentsShowing(at time.Time, zone *time.Location) (first, last time.Time) {
	one := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, zone)
	first, last = one, one
	for _, shift := range []time.Duration{-time.Hour, -30 * time.Minute, 30 * time.Minute, time.Hour} {
		other := one.Add(shift)
		switch {
		case !wallClock(other).Equal(at):
		case shift < 0:
			first = other
		default:
			last = other
		}
	}
	return first, last
}

// wallClock is the local time as shown by a clock, as a time without a zone.
func wallClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// UnmarshalText refuses what the library panics on (TZ= forms), what has no
// fixed times (@every), and a schedule that never occurs.
func (c *Cron) UnmarshalText(text []byte) error {
	schedule, err := Cron(text).schedule()
	if err != nil {
		return err
	}
	leap := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	if schedule.Next(leap).IsZero() {
		return &strictyaml.ValueError{Message: "this schedule never occurs", Hint: "the day does not exist in that month"}
	}
	*c = Cron(text)
	return nil
}

func (c Cron) schedule() (cron.Schedule, error) {
	text := string(c)
	if strings.Contains(text, "=") || strings.Contains(text, "@every") || len(text) > 100 {
		return nil, &strictyaml.ValueError{
			Message: "not a schedule of five fields",
			Hint:    `write it as "30 16 * * FRI", and the zone under zone:`,
		}
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return nil, &strictyaml.ValueError{
			Message: fmt.Sprintf("not a schedule: %v", err),
			Hint:    `five fields: minute hour day month weekday, as in "30 16 * * FRI"`,
		}
	}
	return schedule, nil
}

// UnmarshalText refuses zones this machine does not know.
func (z *Zone) UnmarshalText(text []byte) error {
	if _, err := Zone(text).location(); err != nil {
		return &strictyaml.ValueError{
			Message: fmt.Sprintf("unknown time zone %q", string(text)),
			Hint:    "use a name such as Europe/Berlin or UTC",
		}
	}
	*z = Zone(text)
	return nil
}

// location never gives time.Local, because the zone of the machine must not
// decide whether Pushback may act.
func (z Zone) location() (*time.Location, error) {
	if z == "Local" {
		return nil, fmt.Errorf("the zone must be named")
	}
	return time.LoadLocation(string(z))
}
