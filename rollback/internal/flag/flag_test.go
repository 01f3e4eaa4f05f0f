package flag_test

import (
	"testing"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/rollback/internal/flag"
)

func TestParse(t *testing.T) {
	f := func(version string, want flag.Value, good bool) {
		t.Helper()
		got, err := flag.Parse(version)
		if (err == nil) != good || good && got != want {
			t.Errorf("%q: %+v, %v", version, got, err)
		}
	}
	share := func(n int) flag.Value { return flag.Value{Kind: flag.Share, Thousandths: n} }
	f("off", flag.Value{Kind: flag.Off}, true)
	f("on", flag.Value{Kind: flag.On}, true)
	f("treatment", flag.Value{Kind: flag.Variation, Name: "treatment"}, true)
	f("25%", share(25_000), true)
	f("33.333%", share(33_333), true)
	f("0.5%", share(500), true)
	f("0%", share(0), true)
	f("100%", share(100_000), true)
	for _, bad := range []string{"", "%", "101%", "-1%", "+1%", "1e1%", "1.%", ".5%", "1.2345%", "1,5%", "1 %", "0x1%", "100.001%", "1.2.3%"} {
		f(bad, flag.Value{}, false)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"off", "on", "25%", "33.333%", "treatment", "%", "9999%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, version string) {
		v, err := flag.Parse(version)
		if err != nil {
			return
		}
		if v.Thousandths < 0 || v.Thousandths > 100_000 {
			t.Errorf("%q is %+v", version, v)
		}
		if again, err := flag.Parse(v.String()); err != nil || again != v {
			t.Errorf("%q is %+v, formatted %q, parsed again as %+v, %v", version, v, v, again, err)
		}
	})
}

func TestPlace(t *testing.T) {
	plan := hooktest.Warrant(t).Plan()
	plan.Change.Group = "new-cart"
	f := func(settings flag.Place, want string) {
		t.Helper()
		place, err := settings.WithDefaults()
		if err == nil {
			place, err = place.Resolve(plan, "Toggle")
		}
		got := place.Project + ": " + place.String()
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%+v: %s, want %s", settings, got, want)
		}
	}
	f(flag.Place{}, "default: flag new-cart in production")
	f(flag.Place{Project: "shop", Environment: "prod", Flag: "$service"}, "shop: flag "+plan.Change.Service+" in prod")
	f(flag.Place{Flag: "x$group"}, `flag: "x$group": a placeholder is the whole text between two slashes`)
	f(flag.Place{Flag: "a b"}, rollback.ErrNotSent.Error()+`: flag: "a b" is not a valid name in Toggle`)
	plan.Change.Group = ""
	f(flag.Place{}, rollback.ErrNotSent.Error()+": flag: the change has no group")
}

func TestFixedTarget(t *testing.T) {
	for to, want := range map[flag.To]string{"": "off", flag.ToOff: "off", flag.ToPrevious: ""} {
		if got := to.FixedTarget(); got != want {
			t.Errorf("to: %q restores %q, want %q", to, got, want)
		}
	}
}
