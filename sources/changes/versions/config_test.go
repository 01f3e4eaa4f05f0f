package versions

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

func TestNewRefuses(t *testing.T) {
	f := func(want string, change func(*Config)) {
		t.Helper()
		c := Config{Query: "up"}
		c.SetDefaults()
		change(&c)
		if _, err := New(changes.Options{}, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f("query is missing", func(c *Config) { c.Query = "" })
	f("two labels", func(c *Config) { c.Version = c.Service })
	f("every:", func(c *Config) { c.Every = time.Millisecond })
	f("quiet:", func(c *Config) { c.Quiet = c.Every })
	f("within:", func(c *Config) { c.Within = time.Second })
	f("within:", func(c *Config) { c.Within = -1 })
	f("services:", func(c *Config) { c.Services = []string{"[a"} })
	f("version_pattern: this is no", func(c *Config) { c.VersionPattern = "(?=a)" })
	f("version_pattern: name the part", func(c *Config) { c.VersionPattern = ".*:(.+)" })
}

func TestRead(t *testing.T) {
	c := Config{
		Query: "up", Service: "job", Version: "image", VersionPattern: `[^:]+:(?<version>[^@]+)(@.*)?`, Environment: "production",
		EnvironmentLabel: "ns", RegionLabel: "region", Environments: map[string]string{"prd": "production"}, Every: time.Minute, Quiet: time.Hour,
	}
	checked, err := c.check()
	if err != nil {
		t.Fatal(err)
	}
	series := func(value float64, pairs ...string) sources.Series {
		s := sources.Series{Labels: map[string]string{}, Samples: []sources.Sample{{T: 1000, V: value}}}
		for i := 0; i < len(pairs); i += 2 {
			s.Labels[pairs[i]] = pairs[i+1]
		}
		return s
	}
	byTime, skipped := checked.read([]sources.Series{
		series(2, "job", "cart", "image", "r.example/cart:v1", "ns", "prd", "region", "eu"),
		series(3, "job", "cart", "image", "r.example/cart:v1@sha256:aa", "ns", "production", "region", "eu"),
		series(1, "job", "cart", "image", "r.example/cart:v2", "region", "eu"),
		series(0, "job", "cart", "image", "r.example/cart:v3"),
		series(1, "job", "cart", "image", "no tag"),
		series(1, "image", "r.example/cart:v1"),
		series(1, "job", "cart\u200b", "image", "r.example/cart:v1"),
	})
	slot := sources.Slot{Service: "cart", Environment: "production", Region: "eu", Kind: sources.Deploy}
	if got := byTime[1000][slot]; len(byTime) != 1 || len(byTime[1000]) != 1 || got["v1"] != 5 || got["v2"] != 1 || skipped != 3 {
		t.Errorf("%v, %d skipped", byTime, skipped)
	}
}

func FuzzVersionPattern(f *testing.F) {
	f.Add(".*:(?<version>.+)", "r.example/cart:v1")
	f.Fuzz(func(t *testing.T, pattern, label string) {
		c := Config{Query: "up", VersionPattern: pattern}
		c.SetDefaults()
		checked, err := c.check()
		if err != nil {
			return
		}
		if _, version, ok := checked.nameOf(map[string]string{"job": "cart", "version": label}); ok && sources.CheckName(version) != nil {
			t.Fatalf("%q is no name", version)
		}
	})
}
