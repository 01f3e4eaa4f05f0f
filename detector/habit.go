package detector

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// A batch that runs every night lies within the horizon of one placebo in thirty. A tail through
// all placebos is too short for it, and a change just before the batch looked like a regression,
// however many nights the history has. So a scan knows its habits: times of the day at which
// the placebos of most days came as far.
//
// See adr/0075.

// Habit is what the placebos of most days came to at one time of the day (UTC).
type Habit struct {
	Slot int     `json:"slot"` // of the day, from 0
	G    float64 `json:"g"`    // their median
}

// A slot is a third of the horizon, or leastSlot. A placebo is compared with its own slot and both neighbours,
// so that a batch may begin some minutes earlier or later. A habit explains what exceeds it by
// habitMargin of its distance from Q80. As least p it gives habitP, for that is the share of days
// that did as much. Only what would be suspect is kept, and the mostHabits largest of it. What one day did is no habit, be it the only one that
// is known: yesterday's outage would hide what a change does today.
const (
	slotsInHorizon = 3
	leastSlot      = 5 * time.Minute
	habitMargin    = 0.15
	habitP         = 0.5
	mostHabits     = 48
	daysOfHabit    = 2
)

// slotOf is how long the slots of a plan are.
func slotOf(tick time.Duration, after int) time.Duration {
	return max(tick*time.Duration(after)/slotsInHorizon, leastSlot)
}

// slotsOfDay is how many slots a day has; 0 where the horizon is so long that times of the day
// say little.
func slotsOfDay(tick time.Duration, after int) int {
	slot := slotOf(tick, after)
	if tick > day || day/slot < 4*slotsInHorizon { // tick > day: the product above may have overflown
		return 0
	}
	return int((day + slot - 1) / slot)
}

// timeOfDay is how much of its day has passed at a moment.
func timeOfDay(at time.Time) time.Duration {
	at = at.UTC()
	return at.Sub(at.Truncate(day))
}

// habits are those of placebos at some ticks, by their G.
func (l learner) habits(at []int, g []float64, s *Scan) []Habit {
	slots := slotsOfDay(l.tick, l.after)
	if slots == 0 || s.constant() {
		return nil
	}
	moment := func(i int) time.Time { return l.start.Add(time.Duration(at[i]) * l.tick).UTC() }
	first := moment(0).Truncate(day)
	days := slices.Repeat([]float64{math.Inf(-1)}, (1+int(moment(len(at)-1).Sub(first)/day))*slots)
	for i, v := range g {
		m := moment(i)
		largest := &days[int(m.Sub(first)/day)*slots+int(timeOfDay(m)/slotOf(l.tick, l.after))]
		*largest = max(*largest, v)
	}
	return habitsOf(days, slots, s.level(DefaultThresholds.Suspect))
}

// habitsOf are the slots, in order, in which most days came to more than least, and both of two.
// Of days, which lie end to end, the largest G of each slot is known; −Inf where there was no
// placebo.
func habitsOf(days []float64, slots int, least float64) []Habit {
	var habits []Habit
	came := make([]float64, 0, len(days)/slots)
	for slot := range slots {
		came = came[:0]
		for from := 0; from < len(days); from += slots {
			v := max(days[from+(slot+slots-1)%slots], days[from+slot], days[from+(slot+1)%slots])
			if !math.IsInf(v, -1) {
				came = append(came, v)
			}
		}
		slices.Sort(came)
		if n := len(came); n >= daysOfHabit && came[(n-1)/2] > least {
			habits = append(habits, Habit{Slot: slot, G: round6(came[(n-1)/2])})
		}
	}
	slices.SortStableFunc(habits, func(a, b Habit) int { return cmp.Compare(b.G, a.G) })
	habits = habits[:min(len(habits), mostHabits)]
	slices.SortFunc(habits, func(a, b Habit) int { return a.Slot - b.Slot })
	return habits
}

// habitAt is up to which g a change at a moment does what most days do then; −Inf where they do
// nothing.
func (s *Scan) habitAt(from time.Time, p *Plan) float64 {
	if slotsOfDay(p.Tick, p.After) == 0 {
		return math.Inf(-1)
	}
	slot := int(timeOfDay(from) / slotOf(p.Tick, p.After))
	for _, h := range s.Habits {
		if h.Slot == slot {
			return h.G + habitMargin*(h.G-s.Q80)
		}
	}
	return math.Inf(-1)
}

// noteHabit says that a change does what most days do at this time, where it would be suspect otherwise.
func (t *trial) noteHabit() {
	f := t.follow(t.finding.d)
	if f == nil || f.g > f.habit || f.scan.P(f.g) > t.plan.Thresholds.Suspect {
		return
	}
	t.note(fmt.Sprintf("%s did as much at this time of the day (%s UTC) on most days of its history.", t.signal.Name, t.look.From.UTC().Format("15:04")))
}
