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

// overrides stores what the rule changes for some services. Each is tried on a
// copy of the rule, so that a mistake is found now and not when that service
// deploys.
func (r *reader) overrides(at string, w written, rule *Rule) {
	for i, o := range w.Overrides {
		path := fmt.Sprintf("%s.overrides[%d]", at, i)
		override := Override{Service: o.Service, Set: map[string]string{}}
		if o.Service == "" {
			r.at(path+".service", codeWidening, "an empty service would match every service", `write "*" if that is meant`)
		}
		r.glob(path+".service", o.Service)
		for _, key := range slices.Sorted(maps.Keys(o.Set)) {
			override.Set[key] = string(o.Set[key])
			tried := rule.clone()
			if err := tried.set(key, override.Set[key]); err != nil {
				r.at(path+".set."+key, err.code, err.message, err.hint)
			}
			r.warnOfLargeSetting(path+".set."+key, key, override.Set[key], *rule)
		}
		rule.Override = append(rule.Override, override)
	}
}

// settings changes settings of the rule itself in the form of an override, for a
// rule that uses one of the library or extends another.
func (r *reader) settings(at string, w written, rule *Rule) {
	for _, key := range slices.Sorted(maps.Keys(w.Set)) {
		if err := rule.set(key, string(w.Set[key])); err != nil {
			r.at(at+".set."+key, err.code, err.message, err.hint)
		}
		r.warnOfLargeSetting(at+".set."+key, key, string(w.Set[key]), *rule)
	}
}

// warnOfLargeSetting is warnOfLargeEffect for an effect that is set.
func (r *reader) warnOfLargeSetting(at, key, value string, rule Rule) {
	name, setting, _ := strings.Cut(key, ".")
	s, ok := rule.signal(name)
	var a amount
	if !ok || len(s.AnyOf) == 0 || a.UnmarshalText([]byte(value)) != nil {
		return
	}
	of := amountFamily(s.AnyOf[0])
	if setting == "min_effect.slow" {
		of = fraction
	}
	if setting == "min_effect" || setting == "min_effect.slow" {
		r.warnOfLargeEffect(at, a, of)
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

// withOverrides is the rule as it holds for one service; later overrides win.
func (r Rule) withOverrides(service string) Rule {
	out := r.clone()
	for _, o := range r.Override {
		if o.Service == "" || !matches(o.Service, service) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(o.Set)) {
			// It was tried when the rule was loaded.
			_ = out.set(key, o.Set[key])
		}
	}
	return out
}

// clone is a copy that shares nothing with r that set may change.
func (r Rule) clone() Rule {
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
func (r *Rule) set(key, value string) *problem {
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
		return &problem{codeBadOverride, fmt.Sprintf("this rule has no signal %q", name), nearest(name, names)}
	}
	return r.Signals[i].set(rest, value)
}

func (r *Rule) setTime(key, value string) *problem {
	times := map[string]*time.Duration{"settle": &r.Settle, "bake": &r.Bake, "every": &r.Every, "tick": &r.Tick}
	target, ok := times[key]
	if !ok {
		return &problem{codeBadOverride, fmt.Sprintf("%q cannot be overridden", key), "settle, bake, every, tick, and <signal>.<setting> can"}
	}
	d, err := lengthOf(value)
	if err != nil {
		return err
	}
	if d < time.Second && key != "settle" || d > 7*24*time.Hour {
		return &problem{codeOutOfRange, "this must be from 1s to 7d", ""}
	}
	*target = d
	return nil
}

// settable are the settings of a signal that an override may change.
var settable = []string{"slow", "min_effect", "min_effect.mean", "min_effect.slow", "min_events", "limit", "worse", "lost", "if_unmatched", "combine"}

func (s *Signal) set(key, value string) *problem {
	if len(s.AnyOf) == 0 {
		return nil // that it has no expression is reported already
	}
	switch key {
	case "slow":
		return s.setSlow(value)
	case "min_effect", "min_effect.mean", "min_effect.slow", "limit":
		return s.setAmount(key, value)
	case "min_events":
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(n >= 1) || n > 1e12 {
			return &problem{codeWidening, "min_events must be at least 1", ""}
		}
		s.MinEvents = n
	case "worse":
		s.Worse = detector.Worse(value)
		return checkWord("direction", value, directions)
	case "lost":
		s.ActOnLost = value == "act"
		return checkWord("answer to a lost signal", value, []string{"act", "tell"})
	case "combine":
		s.Combine = detector.Combine(value)
		return checkCombine(s.Combine, s.AnyOf)
	case "if_unmatched":
		s.SkipUnmatched = value == "skip"
		return checkWord("answer to a signal without series", value, []string{"skip", "tell"})
	default:
		return &problem{codeBadOverride, fmt.Sprintf("a signal has no setting %q that can be overridden", key), nearest(key, settable)}
	}
	return nil
}

func (s *Signal) setSlow(value string) *problem {
	d, err := lengthOf(value)
	switch {
	case err != nil:
		return err
	case s.AnyOf[0].Histogram == "":
		return &problem{codeSignalForm, "slow belongs to a histogram", ""}
	case d == 0:
		return &problem{codeWidening, "slow must be longer than 0s", ""}
	}
	s.Slow = d
	return nil
}

func (s *Signal) setAmount(key, value string) *problem {
	var a amount
	if err := a.UnmarshalText([]byte(value)); err != nil {
		return problemOf(err)
	}
	of, target := amountFamily(s.AnyOf[0]), &s.MinEffect.Main
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
		return &problem{codeBadOverride, "mean and slow belong to a histogram", "write min_effect"}
	}
	e, err := a.effect(of)
	*target = e
	return err
}

func lengthOf(value string) (time.Duration, *problem) {
	var d strictyaml.Duration
	if err := d.UnmarshalText([]byte(value)); err != nil {
		return 0, problemOf(err)
	}
	return time.Duration(d), nil
}

func checkWord(what, word string, known []string) *problem {
	if slices.Contains(known, word) {
		return nil
	}
	return &problem{codeUnknownWord, fmt.Sprintf("unknown %s %q", what, word), nearest(word, known)}
}
