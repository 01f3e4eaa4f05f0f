package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/strictyaml"
)

// overrides keeps what the rule changes for some services, after trying each
// on a copy: a mistake must be found now and not when that service deploys.
func (r *reader) overrides(at string, w written, rule *Rule) {
	for i, o := range w.Overrides {
		path := fmt.Sprintf("%s.overrides[%d]", at, i)
		kept := Override{Service: o.Service, Set: map[string]string{}}
		if o.Service == "" {
			r.at(path+".service", codeWidening, "an empty service would match every service", `write "*" where that is meant`)
		}
		r.glob(path+".service", o.Service)
		for _, key := range slices.Sorted(maps.Keys(o.Set)) {
			kept.Set[key] = string(o.Set[key])
			trial := rule.copied()
			if err := trial.set(key, kept.Set[key]); err != nil {
				r.at(path+".set."+key, err.code, err.message, err.hint)
			}
		}
		rule.Override = append(rule.Override, kept)
	}
}

// settings are what a rule changes of itself, in an override's own words: for
// a rule that uses one of the library, or extends another.
func (r *reader) settings(at string, w written, rule *Rule) {
	for _, key := range slices.Sorted(maps.Keys(w.Set)) {
		if err := rule.set(key, string(w.Set[key])); err != nil {
			r.at(at+".set."+key, err.code, err.message, err.hint)
		}
	}
}

// mergeSettings are the settings of base, with those of own in their place.
func mergeSettings(own, base map[string]setting) map[string]setting {
	if base == nil {
		return own
	}
	all := maps.Clone(base)
	maps.Copy(all, own)
	return all
}

// overridden is the rule as it holds for one service; later overrides win.
func (r Rule) overridden(service string) Rule {
	out := r.copied()
	for _, o := range r.Override {
		if o.Service == "" || !matches(o.Service, service) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(o.Set)) {
			// It was tried at load; what fails now changes nothing.
			_ = out.set(key, o.Set[key])
		}
	}
	return out
}

// copied shares nothing with r that set may change.
func (r Rule) copied() Rule {
	r.Signals = slices.Clone(r.Signals)
	return r
}

func (r Rule) signal(name string) (Signal, bool) {
	i := slices.IndexFunc(r.Signals, func(s Signal) bool { return s.Name == name })
	if i < 0 {
		return Signal{}, false
	}
	return r.Signals[i], true
}

// set changes one setting: "bake", or "latency.slow".
func (r *Rule) set(key, value string) *complaint {
	name, rest, dotted := strings.Cut(key, ".")
	if !dotted {
		return r.setTime(key, value)
	}
	i := slices.IndexFunc(r.Signals, func(s Signal) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, s := range r.Signals {
			names = append(names, s.Name)
		}
		return &complaint{codeBadOverride, fmt.Sprintf("this rule has no signal %q", name), nearest(name, names)}
	}
	return r.Signals[i].set(rest, value)
}

func (r *Rule) setTime(key, value string) *complaint {
	times := map[string]*time.Duration{"settle": &r.Settle, "bake": &r.Bake, "every": &r.Every, "tick": &r.Tick}
	target, ok := times[key]
	if !ok {
		return &complaint{codeBadOverride, fmt.Sprintf("%q cannot be overridden", key), "settle, bake, every, tick, and <signal>.<setting> can"}
	}
	d, err := lengthOf(value)
	if err != nil {
		return err
	}
	if d < time.Second && key != "settle" || d > 7*24*time.Hour {
		return &complaint{codeOutOfRange, "this must be from 1s to 7d", ""}
	}
	*target = d
	return nil
}

// settable are the settings of a signal that an override may change.
var settable = []string{"slow", "min_effect", "min_effect.mean", "min_effect.slow", "min_events", "limit", "worse", "lost", "if_unmatched"}

func (s *Signal) set(key, value string) *complaint {
	switch key {
	case "slow":
		return s.setSlow(value)
	case "min_effect", "min_effect.mean", "min_effect.slow", "limit":
		return s.setAmount(key, value)
	case "min_events":
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(n >= 1) || n > 1e12 {
			return &complaint{codeWidening, "min_events must be at least 1", ""}
		}
		s.MinEvents = n
	case "worse":
		s.Worse = detector.Worse(value)
		return among("direction", value, directions)
	case "lost":
		s.ActOnLost = value == "act"
		return among("answer to a lost signal", value, []string{"act", "tell"})
	case "if_unmatched":
		s.SkipUnmatched = value == "skip"
		return among("answer to a signal without series", value, []string{"skip", "tell"})
	default:
		return &complaint{codeBadOverride, fmt.Sprintf("a signal has no setting %q that can be overridden", key), nearest(key, settable)}
	}
	return nil
}

func (s *Signal) setSlow(value string) *complaint {
	d, err := lengthOf(value)
	switch {
	case err != nil:
		return err
	case s.AnyOf[0].Histogram == "":
		return &complaint{codeSignalForm, "slow belongs to a histogram", ""}
	case d == 0:
		return &complaint{codeWidening, "slow must be longer than nothing", ""}
	}
	s.Slow = d
	return nil
}

func (s *Signal) setAmount(key, value string) *complaint {
	var a amount
	if err := a.UnmarshalText([]byte(value)); err != nil {
		return complaintOf(err)
	}
	of, target := family(s.AnyOf[0]), &s.MinEffect.Main
	if key == "limit" {
		l, err := a.limit(of)
		s.Limit = l
		return err
	}
	if of == "histogram" {
		of = "mean"
		if key == "min_effect.slow" || key == "min_effect" && a.unit == points {
			of, target = fraction, &s.MinEffect.Slow
		}
	} else if key != "min_effect" {
		return &complaint{codeBadOverride, "mean and slow belong to a histogram", "write min_effect"}
	}
	e, err := a.effect(of)
	*target = e
	return err
}

func lengthOf(value string) (time.Duration, *complaint) {
	var d strictyaml.Duration
	if err := d.UnmarshalText([]byte(value)); err != nil {
		return 0, complaintOf(err)
	}
	return time.Duration(d), nil
}

func among(what, word string, known []string) *complaint {
	if slices.Contains(known, word) {
		return nil
	}
	return &complaint{codeUnknownWord, fmt.Sprintf("unknown %s %q", what, word), nearest(word, known)}
}
