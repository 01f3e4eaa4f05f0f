package backtest

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// maxListed is how many alarms the text shows; JSON has them all.
const maxListed = 20

// Text writes scores for people, one block for each rule. The error is the
// writer's.
func Text(w io.Writer, scores []Score) error {
	for i, s := range scores {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(w, strings.Join(s.lines(), "\n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func (s Score) lines() []string {
	lines := []string{fmt.Sprintf("%s: %s; %s", s.Rule, s.Changes.summary("change"), s.Placebos.summary("placebo"))}
	add := func(label, format string, args ...any) {
		lines = append(lines, fmt.Sprintf("  %-16s %s", label, fmt.Sprintf(format, args...)))
	}
	if s.FalseAlarms != nil {
		add("false alarms", "%s: %d of %d placebos were likely or worse", s.FalseAlarms.percent(), s.Placebos.Alarmed, s.Placebos.Judged)
		add("false rollbacks", "%s: %d of %d might have acted", s.FalseRollbacks.percent(), s.Placebos.MightAct, s.Placebos.Judged)
	}
	if s.PagesAMonth != nil {
		add("at this pace", "%.4g changes a month: %s false pages, %s false rollbacks a month", s.Pace, s.PagesAMonth.text(), s.ActsAMonth.text())
	}
	if s.Changes.Judged > 0 {
		add("caught", "%s", s.alarmSummary())
	}
	add("has earned", "%s: %s", s.Earned, s.Why)
	lines = append(lines, s.plot()...)
	for i, c := range s.Alarms {
		if i == maxListed {
			lines = append(lines, fmt.Sprintf("  and %d more; --json has them all", len(s.Alarms)-maxListed))
			break
		}
		lines = append(lines, "  "+c.line())
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func (c Count) summary(what string) string {
	if c.Watched == 0 {
		return "no " + what + "s"
	}
	return fmt.Sprintf("%d %ss watched, %d judged", c.Watched, what, c.Judged)
}

func (s Score) alarmSummary() string {
	text := fmt.Sprintf("%d of %d changes were likely or worse, %d of them might have been acted on", s.Changes.Alarmed, s.Changes.Judged, s.Changes.MightAct)
	if s.Median > 0 {
		text += fmt.Sprintf("; half of them within %s", roundedDuration(s.Median))
	}
	return text
}

// percent writes a share: 0.8 % (95 % 0.3 to 2.0).
func (r Rate) percent() string {
	return fmt.Sprintf("%.1f %% (95 %% %.1f to %.1f)", 100*r.Value, 100*r.Low, 100*r.High)
}

func (r Rate) text() string {
	return fmt.Sprintf("%.2g (%.2g to %.2g)", r.Value, r.Low, r.High)
}

// line describes one alarm:
//
//	2026-11-20 10:00Z cart v42 (d1): certain after 4 min by errors 0.005 → 0.031
func (c Alarm) line() string {
	what := strings.Join(strings.Fields(c.Service+" "+c.Version), " ")
	return fmt.Sprintf("%s %s (%s): %s after %s by %s %.4g → %.4g", c.At.UTC().Format("2006-01-02 15:04Z"), what, c.Change,
		c.Grade, roundedDuration(c.Seconds), c.Signal, c.Effect.Forecast, c.Effect.After)
}

// roundedDuration writes seconds as s, min or h.
func roundedDuration(seconds float64) string {
	switch d := time.Duration(seconds * float64(time.Second)); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
}

// bars are the characters of a plot, from the lowest to the highest.
var bars = []rune("▁▂▃▄▅▆▇█")

// plotColumns is the greatest width of a plot, in characters.
const plotColumns = 40

// plot draws the shares of changes and of placebos that have alarmed by the end of
// each tick, on one scale. A good rule rises in the first row and stays flat in the
// second.
func (s Score) plot() []string {
	rows := []struct {
		label string
		count Count
	}{{"changes", s.Changes}, {"placebos", s.Placebos}}
	highest := 0.0
	for _, r := range rows {
		highest = max(highest, r.count.share(len(r.count.ByTick)))
	}
	if highest == 0 {
		return nil
	}
	lines := []string{"  alarmed by the end of each tick:"}
	for _, r := range rows {
		if r.count.Judged > 0 {
			lines = append(lines, fmt.Sprintf("  %16s %s %.1f %%", r.label, r.count.bars(highest), 100*r.count.share(len(r.count.ByTick))))
		}
	}
	return lines
}

// share returns the share of the judged that have alarmed by the end of a tick.
func (c Count) share(tick int) float64 {
	if c.Judged == 0 || tick == 0 {
		return 0
	}
	return float64(c.ByTick[tick-1]) / float64(c.Judged)
}

func (c Count) bars(highest float64) string {
	columns := min(len(c.ByTick), plotColumns)
	var b strings.Builder
	for i := range columns {
		tick := (i + 1) * len(c.ByTick) / columns
		b.WriteRune(bars[int(c.share(tick)/highest*float64(len(bars)-1)+0.5)])
	}
	return b.String()
}
