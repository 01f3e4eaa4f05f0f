package situation

import (
	"testing"

	"github.com/pushback/pushback/sources"
)

// TestSameThing: the same version going to another region is no suspect. Another flag
// set to the same share is one.
func TestSameThing(t *testing.T) {
	f := func(name string, want bool, edit func(*sources.Change)) {
		t.Helper()
		a := sources.Change{Service: "cart", Environment: "production", Region: "eu", Kind: sources.Flag, Group: "a"}
		b := a
		edit(&b)
		if got := sameThing(a, b); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	f("another region", true, func(c *sources.Change) { c.Region = "us" })
	f("another flag", false, func(c *sources.Change) { c.Group = "e" })
	f("an experiment", false, func(c *sources.Change) { c.Kind = sources.Experiment })
	f("another service", false, func(c *sources.Change) { c.Service = "payments" })
	if unnamed := (sources.Change{Service: "cart", Kind: sources.Flag}); sameThing(unnamed, unnamed) {
		t.Error("two flags without a name count as one")
	}
}
