package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rollback"
)

// guardsFile is the section as it is written. rollback.DefaultLimits has the defaults.
type guardsFile struct {
	RollbacksPer  time.Duration  `yaml:"rollbacks_per"`
	MaxAge        time.Duration  `yaml:"max_age"`
	ApproveWithin time.Duration  `yaml:"approve_within"`
	Freezes       []string       `yaml:"freezes"`
	FreezeFile    string         `yaml:"freeze_file"`
	Confounded    confoundedFile `yaml:"confounded"`
	Fleet         fleetFile      `yaml:"fleet"`
}

type confoundedFile struct {
	Within    time.Duration `yaml:"within"`
	StandsOut float64       `yaml:"stands_out"`
}

type fleetFile struct {
	Watches  int           `yaml:"watches"`
	Services int           `yaml:"services"`
	Share    share         `yaml:"share"`
	Within   time.Duration `yaml:"within"`
	Hold     time.Duration `yaml:"hold"`
}

// share is a fraction that is written in percent.
type share float64

// UnmarshalText reads "20%".
func (s *share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	parsed, err := strconv.ParseFloat(number, 64)
	if err != nil || !percent {
		return &strictyaml.ValueError{Message: fmt.Sprintf("%.20q is not a percentage", text), Hint: "write it as 20%"}
	}
	*s = share(parsed / 100)
	return nil
}

// String writes the share in percent.
func (s share) String() string { return strconv.FormatFloat(100*float64(s), 'g', 4, 64) + "%" }

// guards reads the section. Each limit has a range, so that no setting turns a guard
// off.
func (l *loader) guards(data string) Guards {
	f, d := l.file.Guards, rollback.DefaultLimits()
	day := 24 * time.Hour
	for i, name := range f.Freezes {
		if _, ok := l.file.Freezes[name]; !ok {
			l.wrong(fmt.Sprintf("guards.freezes[%d]", i), UnknownName, nearest(name, "freezes", l.file.Freezes), "there is no freeze window %q under freezes", name)
		}
	}
	return Guards{
		Limits: rollback.Limits{
			Cooldown:         lasting(l, "rollbacks_per", f.RollbacksPer, d.Cooldown, 10*time.Second, 30*day),
			MaxAge:           lasting(l, "max_age", f.MaxAge, d.MaxAge, 10*time.Minute, day),
			ApproveWithin:    lasting(l, "approve_within", f.ApproveWithin, d.ApproveWithin, 5*time.Minute, day),
			ConfoundedWithin: lasting(l, "confounded.within", f.Confounded.Within, d.ConfoundedWithin, time.Minute, 6*time.Hour),
			StandsOut:        within(l, "confounded.stands_out", f.Confounded.StandsOut, d.StandsOut, 1.5, 10),
			Fleet: rollback.FleetLimits{
				Watches:  within(l, "fleet.watches", f.Fleet.Watches, d.Fleet.Watches, 5, 10000),
				Services: within(l, "fleet.services", f.Fleet.Services, d.Fleet.Services, 1, 1000),
				Share:    float64(within(l, "fleet.share", f.Fleet.Share, share(d.Fleet.Share), 0.05, 0.9)),
				Within:   lasting(l, "fleet.within", f.Fleet.Within, d.Fleet.Within, time.Minute, time.Hour),
				Hold:     lasting(l, "fleet.hold", f.Fleet.Hold, d.Fleet.Hold, 10*time.Minute, day),
			},
		},
		Freezes:    slices.Clone(f.Freezes),
		FreezeFile: l.path(cmp.Or(f.FreezeFile, filepath.Join(data, "freeze"))),
	}
}

// lasting is within for durations, whose limits are then written as 6h.
func lasting(l *loader, key string, v, standard, least, most time.Duration) time.Duration {
	return time.Duration(within(l, key, strictyaml.Duration(v), strictyaml.Duration(standard), strictyaml.Duration(least), strictyaml.Duration(most)))
}

// within returns the value of a key under guards, or the standard value where the key
// is absent. It notes a value that is not from least to most.
func within[T cmp.Ordered](l *loader, key string, v, standard, least, most T) T {
	at := "guards." + key
	if !l.places.Has(at) {
		return standard
	}
	if (v < least || v > most) && !l.noted(at) {
		l.wrong(at, OutOfRange, "", "this must be from %v to %v", least, most)
	}
	return v
}

// noted reports whether a mistake was found at a path already. A value that cannot be
// read must not also be called out of range.
func (l *loader) noted(path string) bool {
	place := l.places.Value(path)
	return slices.ContainsFunc(l.found, func(d Diagnostic) bool { return d.Line == place.Line && d.Column == place.Column })
}
